"""What only the project can judge: schedules, limits, targets, alerts, and files that lie in its folder."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from hub_config.projects import Project
from hub_config.reports.calendar import next_slots
from hub_config.reports.definitions import Definition, DefinitionError, check_in_project, read_definition, schedules_of
from hub_config.reports.definitions.template_paths import find_in_project, locate_template

PROJECT = Project(
    name="wards",
    title="Wards",
    timezone="Asia/Seoul",
    members={"kim": "lead"},
    limits={"cell_seconds": 60, "run_seconds": 600, "max_priority": 3},
    notify={"quality-team": {"email": "team@example.org"}},
)


def definition(**more: Any) -> Definition:
    return read_definition(json.dumps({"name": "x", "title": "X", "template": "comparative_safety"} | more), "json")


def test_cron_and_sentences_are_schedules_of_the_zone_until_the_last_day_without_holidays():
    cron, rule = schedules_of(
        definition(
            schedule=["0 7 * * 1-5", "15th day of the month or the next working day at 09:00"],
            until="2027-01-06",
            holidays=["2027-01-01", "2027-01-05"],
        ),
        zone="Asia/Seoul",
    )
    start = dt.datetime(2026, 12, 31, tzinfo=dt.UTC)
    assert [slot.local.isoformat() for slot in next_slots(cron, start, n=5)] == [
        "2027-01-04T07:00:00+09:00",
        "2027-01-06T07:00:00+09:00",
    ]
    assert (rule.zone, rule.cron) == ("Asia/Seoul", None)
    (elsewhere,) = schedules_of(definition(schedule="0 7 * * *", timezone="Europe/Berlin"), zone="Asia/Seoul")
    assert elsewhere.zone == "Europe/Berlin"


def test_a_definition_that_the_project_allows_has_no_problems():
    good = definition(
        schedule="every working day at 07:00",
        alerts=["events > 20"],
        recipients=[{"target": "quality-team"}],
        limits={"cell_seconds": 60},
        priority=3,
    )
    assert check_in_project(good, PROJECT) == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"schedule": "0 7 * *"}, "schedule[1]"),
        ({"schedule": ["0 7 * * *", "61 7 * * *"]}, "schedule[2]"),
        ({"schedule": "Kim Min-ji at 07:00"}, "schedule[1]"),
        ({"schedule": "0 7 30 2 *"}, "schedule[1]"),
        ({"recipients": [{"target": "quality-taem"}]}, "recipients[1].target"),
        ({"limits": {"cell_seconds": 61}}, "limits.cell_seconds"),
        ({"limits": {"run_seconds": 601}}, "limits.run_seconds"),
        ({"priority": 4}, "priority"),
        ({"alerts": ["events >"]}, "alerts[1]"),
        ({"alerts": ["Kim Min-ji"]}, "alerts[1]"),
    ],
)
def test_what_the_project_does_not_allow_is_told_by_field(more: dict[str, Any], field: str):
    (problem,) = check_in_project(definition(**more), PROJECT)
    assert problem.field == field
    assert problem.rule
    assert "Kim" not in str(problem)


def test_a_shipped_name_and_a_file_of_the_project_are_found(tmp_path: Path):
    (tmp_path / "templates").mkdir()
    file = tmp_path / "templates" / "병동 quality.ipynb"
    file.write_text("{}")
    assert locate_template("templates/병동 quality.ipynb", folder=tmp_path) == file
    assert locate_template("comparative_safety", folder=tmp_path).name == "comparative_safety.ipynb"
    with pytest.raises(DefinitionError, match=r"known are comparative_safety|known are .*comparative_safety"):
        locate_template("comparative_safty", folder=tmp_path)


def test_links_and_whatever_else_leaves_the_folder_are_refused(tmp_path: Path):
    outside, folder = tmp_path / "outside", tmp_path / "project"
    outside.mkdir()
    folder.mkdir()
    (outside / "x.ipynb").write_text("{}")
    (folder / "link.ipynb").symlink_to(outside / "x.ipynb")
    (folder / "linked").symlink_to(outside)
    (folder / "folder.ipynb").mkdir()
    words = ["link.ipynb", "linked/x.ipynb", "../outside/x.ipynb", str(outside / "x.ipynb"), "folder.ipynb",
             "missing.ipynb", "a\0.ipynb", "{x}.ipynb", "link.ipynb/../x.ipynb"]  # fmt: skip
    for word in words:
        with pytest.raises(DefinitionError, match=r"template: found a path that cannot be used"):
            find_in_project(word, folder=folder, field="template", suffix=".ipynb")
