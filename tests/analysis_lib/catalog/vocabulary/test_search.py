"""Concepts are found however they are written, with what is recorded under and below them."""

import unicodedata
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis_lib.catalog import Dataset, import_omop
from analysis_lib.catalog.vocabulary.concept_words import Question
from analysis_lib.errors import ConceptWarning

MakeSource = Callable[..., Path]

CONCEPT = (
    "concept_id BIGINT, concept_name VARCHAR, domain_id VARCHAR, vocabulary_id VARCHAR, standard_concept VARCHAR, "
    "concept_code VARCHAR, invalid_reason VARCHAR"
)
HEART_FAILURE, SYSTOLIC, MENIERE, ICD, KCD, OLD = 316139, 443580, 372631, 1569178, 40000001, 40000002
CONCEPTS = [
    (HEART_FAILURE, "Heart failure", "Condition", "SNOMED", "S", "84114007", None),
    (SYSTOLIC, "Systolic heart failure", "Condition", "SNOMED", "S", "417996009", None),
    (MENIERE, "Ménière's disease", "Condition", "SNOMED", "S", "13445001", None),
    (ICD, "Heart failure, unspecified", "Condition", "ICD10CM", None, "I50.9", None),
    (KCD, "Heart failure, unspecified", "Condition", "KCD7", None, "I50.9", None),
    (OLD, "Heart failure (old)", "Condition", "SNOMED", None, "1", "U"),
]
SYNONYMS = [
    (HEART_FAILURE, "심부전", 4175771),
    (SYSTOLIC, unicodedata.normalize("NFD", "수축기 심부전"), 4175771),
    (MENIERE, "メニエール病", 4181524),
    (MENIERE, "ｍｏｒｂｕｓ Menière", 4182503),
]
ANCESTORS = [(HEART_FAILURE, SYSTOLIC), (HEART_FAILURE, SYSTOLIC), (HEART_FAILURE, HEART_FAILURE)]
TABLES = {
    "concept": (CONCEPT, CONCEPTS),
    "concept_synonym": ("concept_id BIGINT, concept_synonym_name VARCHAR, language_concept_id BIGINT", SYNONYMS),
    "concept_ancestor": ("ancestor_concept_id BIGINT, descendant_concept_id BIGINT", ANCESTORS),
    "concept_relationship": (
        "concept_id_1 BIGINT, concept_id_2 BIGINT, relationship_id VARCHAR, invalid_reason VARCHAR",
        [
            (ICD, HEART_FAILURE, "Maps to", None),
            (KCD, HEART_FAILURE, "Maps to", None),
            (HEART_FAILURE, HEART_FAILURE, "Maps to", None),
            (OLD, SYSTOLIC, "Maps to", "D"),
        ],
    ),
    "condition_occurrence": (
        "condition_occurrence_id BIGINT, person_id BIGINT, condition_concept_id BIGINT, condition_start_date DATE",
        [(1, 1, HEART_FAILURE, "2001-01-01"), (2, 1, SYSTOLIC, "2001-01-01"), (3, 2, SYSTOLIC, "2002-01-01")],
    ),
}


@pytest.fixture
def hearts(make_source: MakeSource, tmp_path: Path) -> Dataset:
    return import_omop(make_source(TABLES), name="hearts", data=tmp_path / "data").dataset


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("심부전", HEART_FAILURE),
        ("심부", HEART_FAILURE),
        (unicodedata.normalize("NFD", "심부전"), HEART_FAILURE),
        ("수축기", SYSTOLIC),
        ("심부전 수축기", SYSTOLIC),
        ("HEART failure", HEART_FAILURE),
        ("ｈｅａｒｔ　ｆａｉｌｕｒｅ", HEART_FAILURE),
        ("failure, heart", HEART_FAILURE),
        ("meniere", MENIERE),
        ("Ménière", MENIERE),
        (unicodedata.normalize("NFD", "MÉNIÈRE"), MENIERE),
        ("morbus", MENIERE),
        ("メニエール", MENIERE),
        (str(MENIERE), MENIERE),
        ("84114007", HEART_FAILURE),
        ("SNOMED 84114007", HEART_FAILURE),
    ],
)
def test_a_concept_is_found_however_it_is_written(hearts: Dataset, text: str, first: int) -> None:
    assert hearts.search_concepts(text)["concept_id"].iloc[0] == first


@pytest.mark.parametrize("text", ["%", "'", "heart'; DROP TABLE x", "\x00", "🫀", "9" * 40, "  ", "\\", "$word0"])
def test_no_text_is_an_error(hearts: Dataset, text: str) -> None:
    assert len(hearts.search_concepts(text)) in {0, len(CONCEPTS)}


def test_codes_are_found_with_and_without_point_and_vocabulary_and_say_what_they_map_to(hearts: Dataset) -> None:
    for text in ("I50.9", "i509", "I50"):
        assert set(hearts.search_concepts(text)["concept_id"]) == {ICD, KCD}
    for text in ("ICD10CM I50.9", "I50.9 icd10", "ICD10CM:I50.9"):
        found = hearts.search_concepts(text)
        assert found["concept_id"].tolist() == [ICD]
        assert found["maps_to"].tolist() == ["Heart failure (316139)"]
        assert found["matched"].tolist() == ["code I50.9"]


def test_records_of_a_concept_and_of_those_below_it_are_counted_once(hearts: Dataset) -> None:
    found = hearts.search_concepts("heart failure").set_index("concept_id")
    assert found.index[:2].tolist() == [HEART_FAILURE, SYSTOLIC]
    columns = ["records", "persons", "descendants", "records_with_descendants"]
    assert found.loc[HEART_FAILURE, columns].tolist() == [1, 1, 1, 3]
    assert found.loc[SYSTOLIC, columns].tolist() == [2, 2, 0, 2]
    assert found.index[-1] == OLD
    assert found["maps_to"].isna()[OLD]  # the mapping itself is no longer valid
    assert found["maps_to"].isna()[HEART_FAILURE]  # it stands for itself


def test_an_empty_concept_ancestor_is_said_and_the_search_goes_on(make_source: MakeSource, tmp_path: Path) -> None:
    tables = {**TABLES, "concept_ancestor": (TABLES["concept_ancestor"][0], [])}
    dataset = import_omop(make_source(tables), name="hearts", data=tmp_path / "data").dataset
    with pytest.warns(ConceptWarning, match="no concept_ancestor rows"):
        found = dataset.search_concepts("heart failure")
    assert found["descendants"].sum() == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert dataset.search_concepts("no such words").empty


def test_a_release_without_the_derived_tables_is_searched_all_the_same(hearts: Dataset) -> None:
    before = hearts.search_concepts("심부전")
    for name in ("_concept_words", "_concept_totals"):
        dict.pop(hearts.manifest.derived, name)  # type: ignore[arg-type]
    assert before.equals(hearts.search_concepts("심부전"))


def test_a_data_set_without_any_vocabulary_finds_nothing(make_source: MakeSource, tmp_path: Path) -> None:
    bare = import_omop(make_source(), name="bare", data=tmp_path / "data").dataset
    assert bare.search_concepts("heart").empty
    assert bare.search_concepts().empty


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("I50.9", (("i509", ""),)),
        ("diabetes type 2", ()),
        ("ICD10CM:I50.9", (("icd10cm", "i50.9"), ("i509", "icd10cm"))),
        ("a long text with a code I50", ()),
    ],
)
def test_what_may_be_a_code_is_read_as_one(text: str, codes: tuple[tuple[str, str], ...]) -> None:
    assert Question.of(text).codes == codes
