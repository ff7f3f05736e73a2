"""What the reports of a project may name, and that a wrong name is refused before there is a run."""

import re
from typing import Any

import pytest

from hub_config.errors import ParameterValueError
from hub_config.projects import Action
from hub_config.reports import find_template, inspect_template
from hub_config.reports.desk.choices import SHIPPED_COHORTS
from hub_config.reports.desk.run_places import RunPlaces
from hub_config.reports.parameters import json_schema
from hub_config.shipped import notebooks_dir

from .conftest import ANALYST, Bench

REPORTS = sorted(path.stem for path in (notebooks_dir() / "reports").glob("*.ipynb"))


@pytest.fixture
def with_data(bench: Bench) -> Bench:
    """The project may read a data set, and has a cohort definition of its own."""
    project = bench.folder / "project.toml"
    project.write_text('datasets = ["gibleed"]\n' + project.read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("gibleed", "others"):
        release = bench.home / "data" / name / "2026-01-01-0123456789"
        release.mkdir(parents=True)
        (release / "manifest.json").write_text("{}", encoding="utf-8")
    cohorts = bench.folder / "cohorts"
    cohorts.mkdir()
    for name in ("stroke.json", "Upper.json", "a b.json", "notes.txt", ".hidden.json", f"{'l' * 63}.json"):
        (cohorts / name).write_text("{}", encoding="utf-8")
    return bench


@pytest.mark.parametrize("report", REPORTS)
def test_forms_offer_the_data_sets_of_the_project_for_every_shipped_report(report: str, with_data: Bench) -> None:
    names = with_data.desk.known_names(with_data.desk.project("wards", person=ANALYST, action=Action.RUN))
    schema = json_schema(inspect_template(find_template(report)).parameters, choices=names)["properties"]
    assert schema["data_set"]["enum"] == ["gibleed", "gibleed@2026-01-01-0123456789"]
    if report == "cohort_profile":
        assert schema["definition"]["enum"] == sorted([*SHIPPED_COHORTS, "l" * 63, "stroke"])


@pytest.mark.parametrize(
    ("report", "values", "wanted"),
    [
        *((report, {"data_set": "others"}, "one of gibleed") for report in REPORTS),
        ("data_quality", {"data_set": "gibleed@2020-01-01-0123456789"}, "one of 2026-01-01-0123456789"),
        ("cohort_profile", {"definition": "strokes"}, ", ".join(SHIPPED_COHORTS[:2])),
        ("cohort_profile", {"definition": "../stroke"}, "the name of a cohort"),
        ("cohort_profile", {"definition": "stroke.json"}, "the name of a cohort"),
    ],
)
def test_a_wrong_name_is_refused_before_there_is_a_run(
    with_data: Bench, report: str, values: dict[str, Any], wanted: str
) -> None:
    template = inspect_template(find_template(report))
    with pytest.raises(ParameterValueError, match=re.escape(wanted)):
        with_data.desk.run_template(template, project="wards", values=values, person=ANALYST, now=with_data.now)
    assert with_data.runs() == []


def test_a_right_name_is_queued_and_its_run_is_told_where_the_projects_cohorts_lie(with_data: Bench) -> None:
    template = inspect_template(find_template("cohort_profile"))
    with_data.desk.run_template(
        template, project="wards", values={"definition": "stroke"}, person=ANALYST, now=with_data.now
    )
    assert [run.parameters["definition"] for run in with_data.runs()] == ["stroke"]
    place = RunPlaces(with_data.desk.book)("wards")
    assert place is not None
    assert place.environment["COHORTHUB_COHORTS"] == str(with_data.folder / "cohorts")
