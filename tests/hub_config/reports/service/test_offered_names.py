"""The form of a report: data sets, cohorts and choices are chosen, and what is wrong is refused without a run."""

import re
import urllib.parse

import pytest

from hub_config.reports.database.history import RunFilter, find_runs

from .served import serve
from .writing.conftest import notebook
from .writing.form_reader import SentForm

CHOICES = """from typing import Literal
ways: list[Literal["breslow", "efron", "exact"]] = ["exact", "efron"]  # how ties are treated
wards: list[Literal["A", "B", "C"]] = ["A"]  # 1 to 2 items; which wards
years: list[Literal[2024, 2025]] | None = None  # which years"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    home = tmp_path_factory.mktemp("names") / "home"
    for name in ("gibleed", "wards"):
        release = home / "data" / name / "2026-01-01-0123456789"
        release.mkdir(parents=True)
        (release / "manifest.json").write_text("{}", encoding="utf-8")
    home.chmod(0o700)
    with serve(home) as served:
        yield served


def options(page, name):
    (select,) = re.findall(rf'<select id="p-{name}".*?</select>', page, flags=re.DOTALL)
    return re.findall(r'value="([^"]*)" (selected)?', select)


@pytest.mark.parametrize("report", ["data_quality", "cohort_profile", "comparative_safety", "quality_indicator"])
def test_the_data_set_is_chosen_from_those_that_there_are(served, report):
    page = served.reader("ada").get(f"new/{report}").text
    names = dict(options(page, "data_set"))
    assert list(names) == ["gibleed", "gibleed@2026-01-01-0123456789", "wards", "wards@2026-01-01-0123456789"]
    assert [name for name, chosen in names.items() if chosen] == ["gibleed"]


def test_a_cohort_is_chosen_and_a_name_that_no_form_offers_is_refused_and_kept(served):
    reader = served.reader("ada")
    page = reader.get("new/cohort_profile").text
    assert dict(options(page, "definition"))["new_users_of_celecoxib"] == "selected"
    token = next(cookie.value for cookie in reader.jar if cookie.name == "_xsrf")
    fields = {
        **dict(re.findall(r'<input type="text" id="p-[a-z_]+" name="(p-[a-z_]+)" value="([^"]*)"', page)),
        "p-data_set": "gibleed", "p-definition": "nobody", "p-unknown_concepts": "refuse",
    }  # fmt: skip
    kind = "application/x-www-form-urlencoded"
    refused = reader.post(
        "new/cohort_profile", urllib.parse.urlencode(fields).encode(), Content_Type=kind, X_XSRFToken=token
    )
    assert refused.status == 422
    assert "one of first_heart_failure, first_osteoarthritis, new_users_of_celecoxib" in refused.words
    assert dict(options(refused.text, "definition"))["nobody"] == "selected"


@pytest.fixture
def choosing(served, tmp_path, monkeypatch):
    (tmp_path / "choosing.ipynb").write_bytes(notebook(CHOICES))
    monkeypatch.setattr(served.service.server.request_callback.settings["shelf"], "folder", tmp_path)
    return served


def send(reader, path, values):
    token = next(cookie.value for cookie in reader.jar if cookie.name == "_xsrf")
    kind = "application/x-www-form-urlencoded"
    body = urllib.parse.urlencode(values, doseq=True).encode()
    return reader.post(path, body, Content_Type=kind, X_XSRFToken=token)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_choices_are_ticked_and_those_that_do_not_fit_are_told_beside_their_group_and_kept(choosing, language):
    reader = choosing.reader("ada", language)
    read = SentForm(reader.get("new/choosing").text)
    first = read.values()
    assert first["p-ways"] == ['"efron"', '"exact"']
    assert first["p-years"] == ["null"]
    for name in ("p-ways", "p-wards", "p-years"):
        assert read.described[name] == f"{name}-help"
        assert f"{name}-help" in read.ids
    sent = first | {"p-ways": ['"breslow"'], "p-wards": [], "p-years": ["null", "2025"]}
    page = send(reader, "new/choosing", sent)
    assert page.status == 422
    read = SentForm(page.text)
    assert read.wrong == {"p-wards", "p-years"}
    assert {"#p-wards", "#p-years"} <= set(read.links)
    assert read.described["p-wards"] == "p-wards-error p-wards-help"
    assert {name: texts for name, texts in read.values().items() if name != "_xsrf"} == {
        name: texts for name, texts in sent.items() if texts and name != "_xsrf"
    }


@pytest.mark.parametrize(
    ("changes", "parameters"),
    [
        ({}, {"ways": ["exact", "efron"], "wards": ["A"], "years": None}),
        (
            {"p-ways": ['"exact"', '"breslow"'], "p-wards": ['"C"', '"A"'], "p-years": ["2025"]},
            {"ways": ["breslow", "exact"], "wards": ["A", "C"], "years": [2025]},
        ),
        ({"p-ways": [], "p-years": []}, {"ways": [], "wards": ["A"], "years": []}),
    ],
)
def test_a_run_gets_just_the_choices_that_are_ticked_and_its_form_shows_them_again(choosing, changes, parameters):
    reader = choosing.reader("ada")
    send(reader, "new/choosing", SentForm(reader.get("new/choosing").text).values() | changes)
    with choosing.database.reading() as connection:
        run = find_runs(connection, RunFilter(projects=["~ada"]), limit=1)[0]
    assert run.parameters == parameters
    again = SentForm(reader.get(f"new/choosing?from={run.id}").text).values()
    send(reader, "new/choosing", again)
    with choosing.database.reading() as connection:
        newest = find_runs(connection, RunFilter(projects=["~ada"]), limit=1)[0]
    assert newest.id != run.id
    assert newest.parameters == parameters
