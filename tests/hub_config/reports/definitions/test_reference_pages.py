"""The reference pages say what is true: their examples are read, and no field, type or rule is left out."""

import datetime as dt
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from hub_config.projects import Project
from hub_config.reports.calendar import next_slots
from hub_config.reports.definitions import Definition, check_in_project, expand, read_definition
from hub_config.reports.definitions.faults import _models_in
from hub_config.reports.definitions.in_project import schedules_of
from hub_config.reports.parameters import read_parameters
from hub_config.reports.parameters.values import SCALARS

DOCS = Path(__file__).resolve().parents[4] / "docs"
PARAMETERS = (DOCS / "reference" / "parameters.md").read_text(encoding="utf-8")
DEFINITIONS = (DOCS / "reference" / "report-definitions.md").read_text(encoding="utf-8")
SCHEDULES = (DOCS / "reference" / "schedules.md").read_text(encoding="utf-8")
HOW_TO = (DOCS / "how-to" / "write-a-report.md").read_text(encoding="utf-8")


def example(page: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", page, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize("page", [PARAMETERS, HOW_TO], ids=["parameters", "write-a-report"])
def test_the_examples_of_parameters_are_read_and_run(page: str):
    found = read_parameters(example(page, "python"))
    assert len(found) >= 8
    assert any(one.type.range.unit == "days" for one in found)
    exec(example(page, "python"), {})


def test_every_type_and_every_way_to_write_a_range_is_on_the_page():
    assert all(f"`{kind}`" in PARAMETERS for kind in SCALARS)
    written = re.findall(r"^\| (`(?:[0-9<>]|at ).*?) \|", PARAMETERS, re.MULTILINE)
    assert len(written) == 6
    for word in re.findall("`([^`]+)`", " ".join(written)):
        kind = "date" if "today" in word else "str" if "characters" in word or "items" in word else "float"
        default = {"date": '["2020-01-01", "2020-01-02"]', "str": '["a", "b"]', "float": "[1, 1]"}[kind]
        default = default.replace("1, 1", "0.5, 0.5") if word in {"< 1", "0 < x <= 1"} else default
        (found,) = read_parameters(f'x: "list[{kind}]" = {default}  # {word}; help')
        assert found.help == "help"
        assert found.type.range.text


def test_the_example_of_a_definition_is_one_and_makes_its_runs():
    found = read_definition(example(DEFINITIONS, "toml"), "toml")
    cell = read_parameters('ward: str = "A"\nmonth: str = ""\nindex_from: "date" = "2020-01-01"')
    at = dt.datetime(2026, 11, 1, 22, tzinfo=dt.UTC)
    assert [(one.label, one.parameters["month"]) for one in expand(found, cell, at=at, zone="Asia/Seoul")] == [
        ("ward=A", "2026-10"),
        ("ward=B", "2026-10"),
    ]
    assert len(schedules_of(found, zone="Asia/Seoul")) == 1
    project = Project(
        name="wards", title="Wards", members={"kim": "lead"}, notify={"team": {"email": "team@example.org"}}
    )
    assert check_in_project(found, project) == []


def test_the_examples_of_schedules_are_fields_of_a_definition_that_is_due():
    blocks = re.findall(r"```toml\n(.*?)```", SCHEDULES, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        found = read_definition(f'name = "x"\ntitle = "X"\ntemplate = "data_quality"\n{block}', "toml")
        schedules = schedules_of(found, zone="Asia/Seoul")
        assert next_slots(schedules, dt.datetime(2026, 11, 27, tzinfo=dt.UTC))


def test_every_field_and_every_event_of_a_definition_is_on_the_page():
    def fields(model: type[BaseModel]) -> list[str]:
        inner = [one for field in model.model_fields.values() for one in _models_in(field.annotation)]
        return [*model.model_fields, *(name for one in inner for name in fields(one))]

    missing = [name for name in fields(Definition) if name not in re.findall(r"[a-z_]+", DEFINITIONS)]
    assert missing == []


def test_every_rule_that_code_names_is_on_the_page():
    room = Path(__file__).resolve().parents[4] / "hub_config" / "reports" / "definitions"
    source = "\n".join(path.read_text(encoding="utf-8") for path in room.glob("*.py"))
    rules = set(re.findall(r'rule="([a-z-]+)"', source)) | set(
        re.findall(r'(?:Problem|_problem)\(\s*(?:f?"[^"]*"|[a-z_]+), "([a-z-]+)"', source)
    )
    assert len(rules) > 15
    assert [rule for rule in sorted(rules) if f"`{rule}`" not in DEFINITIONS] == []
