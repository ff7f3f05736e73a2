"""Cohort definitions by name or by file."""

import json
from pathlib import Path

import pytest

from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent
from analysis_lib.errors import InvalidDefinitionError
from analysis_lib.report.shipped import definition_named

SHIPPED = {
    "first_heart_failure": "First heart failure",
    "first_osteoarthritis": "First osteoarthritis",
    "new_users_of_celecoxib": "New users of celecoxib",
}
OWN = CohortDefinition("my cohort", EntryEvent(ConceptSet("bleed", [30]), "condition_occurrence"))


@pytest.mark.parametrize(("name", "title"), SHIPPED.items())
def test_definitions_come_with_the_library(name: str, title: str) -> None:
    assert definition_named(name).name == title


def test_a_file_is_read_as_cohorthub_or_as_atlas_writes_it(tmp_path: Path) -> None:
    for name, text in (("own", OWN.to_json()), ("atlas", json.dumps(OWN.to_circe()))):
        path = tmp_path / f"{name}.json"
        path.write_text(text)
        assert definition_named(str(path)).sha256 == OWN.sha256


def test_a_project_has_definitions_of_its_own_which_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("wards", "first_heart_failure", "Not A Name"):
        (tmp_path / f"{name}.json").write_text(OWN.to_json())
    monkeypatch.setenv("COHORTHUB_COHORTS", str(tmp_path))
    assert definition_named("wards").sha256 == definition_named("first_heart_failure").sha256 == OWN.sha256
    assert definition_named("first_osteoarthritis").name == "First osteoarthritis"
    with pytest.raises(InvalidDefinitionError, match="of this project are first_heart_failure, wards"):
        definition_named("Not A Name")
    monkeypatch.setenv("COHORTHUB_COHORTS", str(tmp_path / "none"))
    with pytest.raises(InvalidDefinitionError, match="of this project are none"):
        definition_named("wards")


@pytest.mark.parametrize("name", ["../wards", "a/b", "", "wards\n"])
def test_a_name_does_not_leave_the_projects_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wards.json").write_text(OWN.to_json())
    (tmp_path / "cohorts").mkdir()
    monkeypatch.setenv("COHORTHUB_COHORTS", str(tmp_path / "cohorts"))
    with pytest.raises(InvalidDefinitionError, match="no cohort definition of that name"):
        definition_named(name)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidDefinitionError, match=", ".join(SHIPPED)):
        definition_named("first_stroke")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDefinitionError, match="cannot be read"):
        definition_named(str(tmp_path / "none.json"))
