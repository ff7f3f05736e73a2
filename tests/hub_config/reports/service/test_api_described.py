"""What the pages and the API's own description say about the API is true."""

import datetime as dt
import re
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from hub_config.projects import personal_project
from hub_config.reports.calendar import next_slots
from hub_config.reports.definitions import check_against_template, expand, read_definition, schedules_of
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.parameters import KnownNames, read_parameters, resolve_parameters
from hub_config.reports.service.api import metrics, openapi_document
from hub_config.reports.service.api.openapi import ENDPOINTS
from hub_config.reports.service.scopes import CUSTOM_SCOPES, Scope
from hub_config.reports.templates.templates import inspect_template, shipped_templates

DOCS = Path(__file__).resolve().parents[4] / "docs"
REFERENCE = (DOCS / "reference" / "reports-api.md").read_text(encoding="utf-8")
GUIDE = (DOCS / "how-to" / "schedule-a-report.md").read_text(encoding="utf-8")
NOW = dt.datetime(2026, 11, 27, 6, 30, tzinfo=dt.UTC)


def block(language):
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found
    return found[1]


def test_the_guides_definition_is_due_when_it_says_and_runs_for_twelve_wards():
    definition = read_definition(block("toml"), "toml")
    slots = next_slots(schedules_of(definition, zone="UTC"), NOW, n=5)
    said = re.findall(r"^  (\S+ \S+)  Asia/Seoul$", block("console"), re.MULTILINE)
    assert said == [slot.local.isoformat(sep=" ") for slot in slots]
    runs = expand(definition, read_parameters(block("python")), at=slots[0].at, zone="Asia/Seoul")
    assert [run.parameters["ward"] for run in runs] == list("ABCDEFGHIJKL")
    assert {run.parameters["month"] for run in runs} == {"2026-11"}


def test_the_description_is_openapi_and_each_operation_is_named_once():
    document = openapi_document("/services/reports/api/v1/")
    OpenAPIV31SpecValidator(document).validate()
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert sorted(names) == sorted({endpoint.name for endpoint in ENDPOINTS})


@pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if one.body is not None], ids=lambda one: one.name)
def test_each_body_has_an_example_that_is_taken(endpoint):
    assert endpoint.example is not None
    if endpoint.parses_body:
        endpoint.body.model_validate(endpoint.example)
    templates = {path.stem: inspect_template(path) for path in shipped_templates()}
    names = KnownNames({"gibleed": ["2026-01-01-0123456789"]}, [], [])
    if endpoint.name == "writeDefinition":
        definition = parse_definition(endpoint.example)
        project = personal_project("kim")
        assert schedules_of(definition, zone=project.timezone)
        parameters = templates[definition.template].parameters
        assert not check_against_template(definition, parameters, at=NOW, zone="Asia/Seoul", choices=names)
    if endpoint.name == "runTemplate":
        chosen = templates[endpoint.example["template"]]
        assert resolve_parameters(chosen, texts={}, values=endpoint.example["parameters"], at=NOW, choices=names)


def test_the_reference_names_every_scope_status_and_figure():
    assert all(f"`{scope}`" in REFERENCE for scope in (*CUSTOM_SCOPES, *Scope))
    for status in {one for endpoint in ENDPOINTS for one in endpoint.refusals} | {400, 401, 403, 405, 429, 503}:
        assert re.search(rf"^\| .*\b{status}\b", REFERENCE, re.MULTILINE), status
    source = Path(metrics.__file__).read_text(encoding="utf-8")
    for name in re.findall(r'(?:_gauge\(|BEGINNING \+ )"(\w+)"', source):
        assert f"cohorthub_reports_{name}" in REFERENCE or f"…_{name.removeprefix('keeper_')}" in REFERENCE, name


def test_what_changes_something_needs_a_scope_that_reading_does_not_give():
    for endpoint in ENDPOINTS:
        assert (endpoint.method == "GET") == (endpoint.scope is Scope.READ), endpoint.name
