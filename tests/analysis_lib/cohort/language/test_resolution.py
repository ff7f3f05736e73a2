"""What concept sets stand for in a vocabulary, and what is said when it is less than they name."""

import warnings
from collections.abc import Callable

import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import ConceptSet
from analysis_lib.cohort.language.concepts import ConceptSetItem
from analysis_lib.cohort.language.resolution import resolve_all
from analysis_lib.errors import ConceptWarning, EmptyConceptSetError, InvalidDefinitionError, UnknownConceptError

MakeRelease = Callable[..., Dataset]
CONCEPTS = """
concept_id concept_name   domain_id vocabulary_id concept_class_id standard_concept concept_code invalid_reason
10         drug           Drug      Test          Ingredient       S                10           -
11         tablet         Drug      Test          Clinical         S                11           -
12         withdrawn      Drug      Test          Clinical         -                12           D
13         source_drug    Drug      Source        Code             -                13           -
14         source_tablet  Drug      Source        Code             -                14           -
15         old_source     Drug      Source        Code             -                15           U
"""
ANCESTORS = """
ancestor_concept_id descendant_concept_id min_levels_of_separation max_levels_of_separation
10 10 0 0
10 11 1 1
10 12 1 1
"""
PEOPLE = {
    "person": "person\n1",
    "observation_period": "person from to\n1 2010-01-01 2010-12-31",
    "drug_exposure": "person concept from to\n1 11 2010-02-01 -\n1 11 2010-03-01 -\n1 12 2010-03-01 -",
}


@pytest.fixture(scope="module")
def vocabulary(make_release: MakeRelease) -> Dataset:
    return make_release({**PEOPLE, "concept": CONCEPTS, "concept_ancestor": ANCESTORS})


def test_descendants_count_only_if_they_are_valid_and_named_concepts_always(vocabulary: Dataset) -> None:
    assert ConceptSet("drug", [10]).resolve(vocabulary) == (10, 11)
    assert ConceptSet("drug", [10, 12]).resolve(vocabulary) == (10, 11, 12)
    # An excluded concept takes its valid descendants only, too.
    assert ConceptSet("drug", [10, 12]).excluding(10).resolve(vocabulary) == (12,)


def test_unknown_concepts_are_said_or_refused(vocabulary: Dataset) -> None:
    some = ConceptSet("drug", [11, 97]).excluding(98)
    with pytest.raises(UnknownConceptError, match="found 2 unknown: 97 and 98"):
        some.resolve(vocabulary)
    with pytest.warns(ConceptWarning, match="2 concepts are not in the vocabulary: 97 and 98"):
        assert some.resolve(vocabulary, unknown_concepts="warn") == (11,)
    with pytest.raises(InvalidDefinitionError, match="Choose one of: refuse, warn"):
        some.resolve(vocabulary, unknown_concepts="ignore")  # type: ignore[arg-type]


def test_an_empty_set_is_said_or_refused(vocabulary: Dataset) -> None:
    empty = ConceptSet("none", (), may_be_empty=True)
    with pytest.raises(EmptyConceptSetError):
        empty.resolve(vocabulary)
    with pytest.warns(ConceptWarning, match="'none' stands for no concept"):
        assert resolve_all([empty], vocabulary, unknown_concepts="warn") == {empty: ()}


def test_deprecated_concepts_are_said(vocabulary: Dataset) -> None:
    with pytest.warns(ConceptWarning, match="'old': 1 concept is deprecated: 12"):
        assert ConceptSet("old", [12]).resolve(vocabulary, unknown_concepts="warn") == (12,)


def test_an_empty_table_of_ancestors_is_said(make_release: MakeRelease) -> None:
    dataset = make_release({**PEOPLE, "concept": CONCEPTS, "concept_ancestor": ANCESTORS.strip().splitlines()[0]})
    with pytest.warns(ConceptWarning, match="has no concept_ancestor rows, so no concept has descendants"):
        assert ConceptSet("drug", [10]).resolve(dataset, unknown_concepts="warn") == (10,)
    assert "concept_ancestor" in ConceptSet("drug", [10]).resolution(dataset).notes[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alone = ConceptSet("drug", [ConceptSetItem(10, include_descendants=False)])
        assert alone.resolve(dataset, unknown_concepts="warn") == (10,)


def test_a_resolution_shows_concepts_with_counts_and_what_is_wrong(vocabulary: Dataset) -> None:
    found = ConceptSet("drug", [10, 12, 13, 97]).resolution(vocabulary)
    assert found.concepts[["concept_id", "records"]].values.tolist() == [[11, 2], [12, 1], [10, 0], [13, 0]]
    assert found.concept_ids == (10, 11, 12, 13)
    assert (found.unknown, found.deprecated, found.non_standard) == ((97,), (12,), (12, 13))
    assert len(found) == 4
    assert "4 concepts" in repr(found)
    assert "97" in repr(found)
    assert "source_drug" in found._repr_html_()


def test_mapped_means_the_source_codes_of_the_concepts(gibleed: Dataset) -> None:
    # GiBleed holds a few "Maps to" relations; each set is compared with them as they stand in the table.
    pairs = gibleed.query(
        "SELECT concept_id_1, concept_id_2 FROM concept_relationship WHERE relationship_id = 'Maps to' "
        "AND concept_id_1 <> concept_id_2 ORDER BY ALL"
    )
    if pairs.empty:
        pytest.skip("the demo data hold no relation of that kind")
    target = int(pairs["concept_id_2"].iloc[0])
    alone = ConceptSet("target", [ConceptSetItem(target, include_descendants=False)])
    mapped = ConceptSet("target", [ConceptSetItem(target, False, False, include_mapped=True)])
    sources = set(pairs.loc[pairs["concept_id_2"] == target, "concept_id_1"])
    assert set(mapped.resolve(gibleed)) - set(alone.resolve(gibleed)) == sources - {target}
