"""The form of a shipped report: data sets and cohorts are chosen, and a wrong name is refused without a run."""

import re
import urllib.parse

import pytest

from .served import serve


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
