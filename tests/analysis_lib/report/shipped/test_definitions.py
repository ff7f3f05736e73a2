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


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidDefinitionError, match=", ".join(SHIPPED)):
        definition_named("first_stroke")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidDefinitionError, match="cannot be read"):
        definition_named(str(tmp_path / "none.json"))
