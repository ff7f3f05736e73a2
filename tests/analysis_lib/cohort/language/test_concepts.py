from collections.abc import Callable

import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, build_cohort
from analysis_lib.cohort.language.concepts import ConceptSetItem
from analysis_lib.errors import EmptyConceptSetError, InvalidDefinitionError, UnknownConceptError

MakeRelease = Callable[..., Dataset]


@pytest.fixture(scope="module")
def vocabulary(make_release: MakeRelease) -> Dataset:
    return make_release({"person": "person\n1", "observation_period": "person from to\n1 2010-01-01 2010-12-31"})


def test_a_concept_stands_for_itself_and_everything_below_it(vocabulary: Dataset) -> None:
    assert ConceptSet("drug", [10]).resolve(vocabulary) == (10, 11, 12)


def test_a_concept_without_its_own_line_in_the_vocabulary_stands_for_itself_all_the_same(vocabulary: Dataset) -> None:
    assert ConceptSet("tablet", [11]).resolve(vocabulary) == (11,)


def test_descendants_can_be_left_out(vocabulary: Dataset) -> None:
    assert ConceptSet("drug", [ConceptSetItem(10, include_descendants=False)]).resolve(vocabulary) == (10,)
    assert ConceptSet("other", [20]).including(10, descendants=False).resolve(vocabulary) == (10, 20)


def test_what_is_excluded_wins_over_what_is_included(vocabulary: Dataset) -> None:
    assert ConceptSet("drug", [10, 12]).excluding(12).resolve(vocabulary) == (10, 11)
    assert ConceptSet("drug", [10]).excluding(10, descendants=False).resolve(vocabulary) == (11, 12)


def test_a_set_that_excludes_all_it_includes_is_refused(vocabulary: Dataset) -> None:
    with pytest.raises(EmptyConceptSetError, match="found 1 included, all of them excluded again"):
        ConceptSet("tablet", [11]).excluding(10).resolve(vocabulary)


def test_an_unknown_concept_is_refused_and_named(vocabulary: Dataset) -> None:
    with pytest.raises(UnknownConceptError, match=r"'drug' names concepts .* found 2 unknown: 97 and 98\."):
        ConceptSet("drug", [10, 97]).excluding(98).resolve(vocabulary)


def test_an_unknown_concept_stops_a_cohort_before_anything_is_counted(vocabulary: Dataset) -> None:
    with pytest.raises(UnknownConceptError):
        build_cohort(CohortDefinition("none", EntryEvent(ConceptSet("none", [99]), "drug_era")), vocabulary)


def test_a_set_can_take_its_name_from_the_vocabulary(vocabulary: Dataset) -> None:
    named = ConceptSet.of_concept(31, vocabulary)
    assert named == ConceptSet("stomach_bleed", [31])
    with pytest.raises(UnknownConceptError, match="unknown: 99"):
        ConceptSet.of_concept(99, vocabulary)
    with pytest.raises(InvalidDefinitionError):
        ConceptSet.of_concept("31 OR 1=1", vocabulary)  # type: ignore[arg-type]


def test_order_repetition_and_kind_of_writing_change_nothing() -> None:
    assert ConceptSet("a", [12, 10, 10]) == ConceptSet("a", [ConceptSetItem(10), ConceptSetItem(12)])
    assert str(ConceptSet("a", [12, 10]).excluding(11, descendants=False)) == (
        "a (concept 10 and its descendants and concept 12 and its descendants, without concept 11)"
    )
