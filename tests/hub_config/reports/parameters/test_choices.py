"""Data sets, cohorts and secrets are given by name, and a name that nobody knows is refused with those that exist."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from hub_config.errors import ParameterValueError
from hub_config.reports import Template, inspect_template, resolve_parameters
from hub_config.reports.parameters import KnownNames

from ..conftest import Bench, parameters, text

CELL = """
release: "Dataset" = "gibleed"  # the data
others: "list[Dataset]" = []  # to compare with
cohort: "Cohort | None" = None
token: "Secret" = "registry_token"
seen_at: "datetime" = "2026-03-01T07:00"
upto: "date" = "2020-01-01"  # <= today
"""
KNOWN = KnownNames({"gibleed": ["2026-01-01-aaaaaaaaaa"], "synpuf": []}, ["t2dm", "copd"], ["registry_token"])


@pytest.fixture
def template(bench: Bench) -> Template:
    return inspect_template(bench.template(text("# T"), parameters(CELL)))


def test_names_that_exist_are_taken(template: Template):
    given = {"release": "gibleed@2026-01-01-aaaaaaaaaa", "others": ["synpuf"], "cohort": "copd"}
    resolved = resolve_parameters(template, texts={}, values=given, choices=KNOWN)
    assert {name: resolved[name] for name in given} == given
    assert resolved["token"] == "registry_token"


@pytest.mark.parametrize(
    ("texts", "listed"),
    [
        ({"release": "gibled"}, "one of gibleed, synpuf"),
        ({"release": "gibleed@2020-01-01-bbbbbbbbbb"}, "one of 2026-01-01-aaaaaaaaaa"),
        ({"release": "synpuf@2020-01-01-bbbbbbbbbb"}, "one of none"),
        ({"others": "synpuf,gibled"}, "as item 2"),
        ({"cohort": "asthma"}, "one of copd, t2dm"),
        ({"token": "hunter2"}, "one of registry_token"),
    ],
)
def test_names_that_nobody_knows_are_refused_with_those_that_exist(
    template: Template, texts: dict[str, str], listed: str
):
    with pytest.raises(ParameterValueError, match=listed) as refused:
        resolve_parameters(template, texts=texts, choices=KNOWN)
    assert "hunter2" not in str(refused.value)
    assert resolve_parameters(template, texts=texts)  # nobody is asked


def test_a_default_that_names_what_does_not_exist_is_refused_as_well(template: Template):
    with pytest.raises(ParameterValueError, match=r"'token'.*one of none"):
        resolve_parameters(template, texts={}, choices=KnownNames({"gibleed": []}))


@pytest.mark.parametrize("secret", ["p@ss word", "../../etc/passwd", "a b", "", "x" * 65, "비밀"])
def test_a_secret_itself_is_refused_by_its_looks_and_not_repeated(template: Template, secret: str):
    with pytest.raises(ParameterValueError, match="never the secret itself") as refused:
        resolve_parameters(template, texts={"token": secret})
    assert len(secret) < 4 or secret not in str(refused.value)


def test_the_projects_zone_decides_what_today_is_and_what_a_time_means(template: Template):
    at = dt.datetime(2026, 11, 27, 23, tzinfo=dt.UTC).astimezone(ZoneInfo("Asia/Seoul"))
    resolved = resolve_parameters(template, texts={"upto": "2026-11-28"}, at=at)
    assert (resolved["upto"], resolved["seen_at"]) == ("2026-11-28", "2026-03-01T07:00:00+09:00")
    with pytest.raises(ParameterValueError, match="a later one"):
        resolve_parameters(template, texts={"upto": "2026-11-28"}, at=at.astimezone(dt.UTC))
