"""A report from the Reports page: the form, the run, the result that a non-programmer reads."""

import io
import json
import re
import zipfile

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(600)]

PUBLISHED_HAZARD_RATIO = 1.34612
RUN_MS = 300_000


@pytest.fixture
def researcher(person):
    somebody = person("researcher-2")
    somebody.open_reports()
    return somebody


def test_a_report_runs_from_its_form_and_shows_the_published_hazard_ratio(researcher, person):
    page = researcher.page
    page.get_by_role("link", name=re.compile("Set up a run.*Comparative safety", re.DOTALL)).first.click()
    page.get_by_role("button", name="Run the report").click()
    expect(page.locator("#state")).to_have_text("Succeeded", timeout=RUN_MS)

    result = page.frame_locator("iframe.result")
    expect(result.get_by_text(f"{PUBLISHED_HAZARD_RATIO:.3f}").first).to_be_visible()
    for heading in ("Comparative safety of two drugs", "Who was compared", "How the groups compare"):
        expect(result.get_by_role("heading", name=heading)).to_be_attached()
    expect(result.get_by_text("Breslow").first).to_be_attached()

    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Download the run")).click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as folder:
        files = {name.partition("/")[2]: name for name in folder.namelist()}
        assert {"report.html", "report.ipynb", "outputs.json", "run.json"} <= files.keys()
        outputs = json.loads(folder.read(files["outputs.json"]))["outputs"]
        assert json.loads(folder.read(files["run.json"]))["status"] == "succeeded"
    values = [output["value"] for output in outputs if isinstance(output["value"], float)]
    assert any(abs(value - PUBLISHED_HAZARD_RATIO) < 5e-6 for value in values)

    other = person("researcher-1")
    other.open_reports()
    answer = other.page.goto(page.url)
    assert answer is not None
    assert answer.status == 404, "a run is its owner's"


def test_a_report_is_served_without_the_right_to_run_scripts(researcher):
    page = researcher.page
    answer = page.goto(researcher.hub.url + "services/reports/")
    assert answer is not None
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_wrong_value_is_said_beside_its_field_and_nothing_runs(researcher):
    page = researcher.page
    page.get_by_role("link", name=re.compile("Set up a run.*Comparative safety", re.DOTALL)).first.click()
    page.get_by_label("Washout", exact=False).first.fill("a year")
    page.get_by_role("button", name="Run the report").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Washout", exact=False).first).to_have_value("a year")


def test_nobody_reads_reports_without_signing_in(person):
    stranger = person("nobody")
    stranger.page.goto(stranger.hub.url + "services/reports/")
    expect(stranger.page).to_have_url(re.compile(r"/hub/login"))
