"""A run in the foreground is refused the names that its kernel would not find, as the service refuses them."""

from pathlib import Path

import pytest

from hub_config.errors import ParameterValueError
from hub_config.projects import personal_project
from hub_config.reports import resolve_parameters
from hub_config.reports.desk.choices import known_names
from hub_config.reports.execution.names_here import NamesHere
from hub_config.reports.parameters.choices import Choices
from hub_config.reports.parameters.names_in_folders import SHIPPED_COHORTS
from hub_config.reports.templates.templates import find_template, inspect_template

from ..conftest import plant_names

RELEASE = "2026-01-01-0123456789"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    plant_names(tmp_path / "home")
    return tmp_path / "home"


def why_refused(values: dict[str, object], choices: Choices) -> str:
    template = inspect_template(find_template("cohort_profile"))
    with pytest.raises(ParameterValueError) as refused:
        resolve_parameters(template, texts={}, values=values, choices=choices)
    return str(refused.value)


@pytest.mark.parametrize(
    "values", [{"data_set": "gibled"}, {"data_set": "gibleed@2026-01-02-0123456789"}, {"definition": "strokes"}]
)
def test_it_says_what_the_service_says(home: Path, values: dict[str, object]) -> None:
    service = known_names(personal_project("kim"), data=home / "data", folder=home)
    assert why_refused(values, NamesHere(home, {})) == why_refused(values, service)


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, {"gibleed", "others"}),
        ({"COHORTHUB_DATA": ""}, {"gibleed", "others"}),
        ({"COHORTHUB_DATASETS": " others , gone"}, {"others"}),
        ({"COHORTHUB_DATASETS": ""}, set()),
        ({"COHORTHUB_DATA": "{elsewhere}"}, {"third"}),
        ({"COHORTHUB_DATA": "{elsewhere}/none"}, set()),
    ],
)
def test_data_sets_are_those_that_the_kernel_will_find(
    home: Path, tmp_path: Path, environment: dict[str, str], found: set[str]
) -> None:
    (tmp_path / "elsewhere" / "third" / RELEASE).mkdir(parents=True)
    (tmp_path / "elsewhere" / "third" / RELEASE / "manifest.json").write_text("{}", encoding="utf-8")
    told = {name: value.format(elsewhere=tmp_path / "elsewhere") for name, value in environment.items()}
    assert NamesHere(home, told).datasets() == {name: [RELEASE] for name in found}


def test_cohorts_are_those_that_come_along_and_ones_own_links_too(home: Path, tmp_path: Path) -> None:
    (home / "cohorts" / "linked.json").symlink_to(home / "cohorts" / "stroke.json")
    (home / "cohorts" / "A b.json").write_text("{}", encoding="utf-8")
    own = {"linked", "stroke"}
    assert set(NamesHere(home, {}).cohorts()) == {*SHIPPED_COHORTS, *own}
    for folder in ("", str(tmp_path / "none")):
        assert set(NamesHere(home, {"COHORTHUB_COHORTS": folder}).cohorts()) == set(SHIPPED_COHORTS)
    assert set(NamesHere(tmp_path, {"COHORTHUB_COHORTS": str(home / "cohorts")}).cohorts()) == {*SHIPPED_COHORTS, *own}


def test_secrets_are_left_to_the_run(home: Path) -> None:
    from hub_config.reports.parameters.choices import why_unknown
    from hub_config.reports.parameters.values import ParameterType

    assert why_unknown(ParameterType("Secret"), "token", choices=NamesHere(home, {})) is None
