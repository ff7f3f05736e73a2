"""Concept sets from ATLAS JSON and from CSV, and back."""

import json
from pathlib import Path
from typing import Any

import pytest

from analysis_lib.cohort import ConceptSet
from analysis_lib.cohort.language.concepts import ConceptSetItem
from analysis_lib.errors import CirceError, InvalidDefinitionError

FULL = ConceptSet(
    "drug",
    [ConceptSetItem(10, concept_name="drug"), ConceptSetItem(11, False, True), ConceptSetItem(12, False, False, True)],
)


def test_a_set_survives_atlas() -> None:
    assert ConceptSet.from_atlas(json.dumps(FULL.to_atlas()), name="drug") == FULL
    named = {"id": 4, "name": "drug", "createdBy": "x", "expression": FULL.to_atlas()}
    assert ConceptSet.from_atlas(named) == FULL
    assert ConceptSet.from_atlas(json.dumps(FULL.to_atlas()["items"])).items == FULL.items


def test_an_empty_set_of_atlas_is_accepted() -> None:
    empty = ConceptSet.from_atlas('{"items": []}', name="none")
    assert empty.items == ()
    assert str(empty) == "none (no concept)"


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("{", "must be JSON"),
        ({"items": [{"concept": {"CONCEPT_ID": 1}, "colour": 1}]}, "items[0].colour is not known"),
        ({"items": [{"concept": {"CONCEPT_ID": "x"}}]}, "items[0].concept.CONCEPT_ID must be a whole number"),
        ({"items": [{"concept": {}}]}, "items[0].concept must have a CONCEPT_ID; got none"),
        ({"items": [{"concept": {"CONCEPT_ID": 1}, "isExcluded": "no"}]}, "isExcluded must be true or false"),
        ({"items": 3}, "items must be a list; got int 3"),
    ],
)
def test_what_is_not_known_in_a_document_is_refused(document: Any, says: str) -> None:
    with pytest.raises(CirceError) as refused:
        ConceptSet.from_atlas(document)
    assert says in str(refused.value)


def _file(folder: Path, text: str) -> Path:
    path = folder / "heart failure.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_set_is_read_from_csv(tmp_path: Path) -> None:
    text = (
        "\ufeffConcept ID,Concept Name,Domain,Exclude,Descendants,Mapped\n"
        '10,"drug, oral",Drug,NO,YES,NO\n11,tablet,Drug,TRUE,FALSE,FALSE\n\n12,syrup,Drug,0,0,1\n'
    )
    read = ConceptSet.from_csv(_file(tmp_path, text))
    assert read.name == "heart failure"
    assert [item.meaning for item in read.items] == [item.meaning for item in FULL.items]
    assert read.items[0].concept_name == "drug, oral"


def test_ids_alone_mean_their_descendants_too(tmp_path: Path) -> None:
    path = _file(tmp_path, "concept_id\n10\n12\n10\n")
    assert ConceptSet.from_csv(path, name="drug") == ConceptSet("drug", [10, 12])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must have one column concept_id; found no header"),
        ("a,b\n1,2\n", "must have one column concept_id; found a, b"),
        ("concept_id\nx\n", "concept_id in line 2 of 'heart failure.csv' must be a whole number"),
        ("concept_id\n1.5\n", "must be a whole number"),
        ("concept_id,is_excluded\n1,perhaps\n", "line 2 of 'heart failure.csv' must say true or false"),
        ("concept_id,is_excluded\n1,yes\n", "includes no concept"),
    ],
)
def test_a_csv_that_cannot_be_meant_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InvalidDefinitionError) as refused:
        ConceptSet.from_csv(_file(tmp_path, text))
    assert says in str(refused.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidDefinitionError, match=r"found FileNotFoundError with 'none\.csv'"):
        ConceptSet.from_csv(tmp_path / "none.csv")
