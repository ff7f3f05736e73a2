"""What readers find: the newest success at its own address, what changed, and a sweep in one table."""

import csv
import io
import time

import pytest

from .planted import write_definition, write_project, write_runs

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(180)]


OURS = "read-wards"  # the place has other modules' projects too


@pytest.fixture(scope="module")
def lead(sign_in):
    return sign_in("researcher-1")


@pytest.fixture(scope="module")
def reader(sign_in):
    return sign_in("researcher-2")


@pytest.fixture(scope="module")
def stranger(sign_in):
    return sign_in("researcher-3")


@pytest.fixture(scope="module")
def planted(place):
    """Two successes of a definition, a failure after them, and a sweep of three without a definition."""
    write_project(place, OURS)
    time.sleep(1.1)  # the service looks at projects once a second
    write_definition(place, project=OURS)
    (first,) = write_runs(place, 10, day=1, project=OURS)
    (second,) = write_runs(place, 12, day=2, project=OURS)
    (failed,) = write_runs(place, 99, day=3, project=OURS, state="failed")
    sweep = write_runs(place, 1, 2.5, -3, day=4, project=OURS, definition=None, title="=A sweep")
    return {"first": first, "second": second, "failed": failed, "sweep": sweep}


LATEST = f"projects/{OURS}/reports/monthly/latest"


def test_a_reader_finds_the_newest_success_at_its_own_address(reader, planted):
    reader.page.goto(reader.place.pages + LATEST)
    assert reader.page.locator("h1").inner_text() == "Monthly <b>quality</b>"
    assert reader.page.locator("dd", has_text=planted["second"]).count() == 1
    assert reader.page.frame_locator("iframe.result").locator("h1").inner_text() == "Ward quality"
    answer = reader.context.request.get(f"{reader.place.pages}{LATEST}/report.html")
    assert "Ward quality" in answer.text()
    assert answer.headers["content-security-policy"].startswith("sandbox") or "sandbox" in {
        part.strip() for part in answer.headers["content-security-policy"].split(";")
    }


def test_the_newest_success_of_others_and_of_nothing_is_not_found(stranger, lead, planted):
    for visitor, path in (
        (stranger, LATEST),
        (stranger, f"{LATEST}/report.html"),
        (lead, f"projects/{OURS}/reports/never/latest"),
        (lead, "projects/none/reports/monthly/latest"),
        (stranger, f"compare?a={planted['first']}&b={planted['second']}"),
        (lead, "compare"),
        (stranger, f"compare?a={planted['first']}"),
        (lead, "batches/nothing"),
    ):
        assert visitor.context.request.get(visitor.place.pages + path).status == 404, path


def test_a_runs_page_says_what_changed_since_the_last_success(reader, planted):
    reader.page.goto(f"{reader.place.pages}runs/{planted['second']}")
    row = reader.page.locator(".change tbody tr", has_text="Falls")
    assert row.locator("th").inner_text() == "Falls & <script>fall()</script>"
    assert row.locator("td").all_inner_texts() == ["10", "12", "+2", "+20.0%"]
    reader.page.click("text=Compare side by side")
    assert planted["first"] in reader.page.inner_text("main")
    assert reader.page.locator("table caption").all_inner_texts() == ["Numbers"]
    reader.page.click("text=Exchange the two")
    assert reader.page.locator(".change tbody td").all_inner_texts() == ["12", "10", "-2", "-16.7%"]


def test_the_first_success_and_a_failure_are_compared_with_nothing(reader, planted):
    for name in ("first", "failed"):
        reader.page.goto(f"{reader.place.pages}runs/{planted[name]}")
        assert reader.page.locator(".change").count() == 0


def test_a_comparison_speaks_korean(reader, planted):
    reader.page.goto(f"{reader.place.pages}compare?a={planted['first']}&b={planted['second']}&lang=ko")
    assert reader.page.locator("h1").inner_text() == "두 실행 비교"
    assert reader.page.locator("table caption").all_inner_texts() == ["수치"]
    reader.page.goto(f"{reader.place.pages}?lang=en")


def test_a_sweep_is_one_table_that_spreadsheets_can_have(reader, planted):
    reader.page.goto(f"{reader.place.pages}runs/{planted['sweep'][1]}")
    reader.page.click("text=All runs of this request")
    rows = reader.page.locator("tbody tr")
    assert [row.locator("th").inner_text() for row in rows.all()] == [f"ward=<i>W{n}</i>" for n in range(3)]
    assert [row.locator("td").last.inner_text() for row in rows.all()] == ["1", "2.5", "-3"]
    assert [row.locator("td").nth(1).inner_text() for row in rows.all()] == ["W0", "W1", "W2"]
    with reader.page.expect_download() as download:
        reader.page.click("text=Table as CSV")
    content = download.value.path().read_text(encoding="utf-8-sig")
    found = list(csv.DictReader(io.StringIO(content)))
    assert [one["falls"] for one in found] == ["1", "2.5", "-3"]
    assert [one["ward"] for one in found] == ["W0", "W1", "W2"]


def test_the_pages_for_readers_fit_a_telephone(reader, planted):
    reader.page.set_viewport_size({"width": 360, "height": 740})
    batch = reader.place.run(planted["sweep"][0]).batch_id
    for path in (LATEST, f"compare?a={planted['first']}&b={planted['second']}", f"batches/{batch}"):
        reader.page.goto(reader.place.pages + path)
        assert reader.page.evaluate("document.documentElement.scrollWidth") <= 360, path
    reader.page.set_viewport_size({"width": 1280, "height": 860})


def test_a_reader_finds_the_reports_of_their_projects(reader, planted):
    reader.page.goto(reader.place.pages)
    row = reader.page.locator("tr", has_text="Monthly <b>quality</b>").first
    assert row.locator("td").nth(0).inner_text() == "every working day at 07:00, Asia/Seoul"
    assert row.locator(".state").inner_text() == "Failed"
    assert row.locator("td").nth(3).locator("a").get_attribute("href").endswith(LATEST)
    assert reader.page.locator("caption a", has_text="Ward quality").count() == 1
    reader.page.click("caption a")
    assert reader.page.locator("h1").inner_text() == "Ward quality"
    assert reader.page.locator("tbody tr").count() == 1


def test_the_history_is_filtered_without_scripts(sign_in, planted):
    reader = sign_in("researcher-2", java_script_enabled=False)
    page = reader.page
    page.goto(f"{reader.place.pages}history?project={OURS}&definition=monthly")
    assert page.locator("tbody .state").all_inner_texts() == ["Failed", "Succeeded", "Succeeded"]
    page.select_option("#s-state", "succeeded")
    page.fill("#s-until", "2026-11-02")
    page.click("text=Filter")
    assert page.locator("tbody tr").count() == 1
    assert page.locator("tbody a").get_attribute("href").endswith(planted["first"])
    assert page.locator("#s-state").input_value() == "succeeded"
    page.select_option("#s-who", "researcher-1")
    page.fill("#s-since", "2026-11-20")
    page.click("text=Filter")
    assert page.inner_text(".empty p >> nth=0") == "No run fits these filters."


@pytest.mark.parametrize("query", ["state=closing", "since=2026-13-01", "until=9999-12-31", "since=<script>"])
def test_a_filter_that_cannot_be_meant_is_refused(reader, planted, query):
    answer = reader.context.request.get(f"{reader.place.pages}history?{query}")
    assert answer.status == 422
    assert "<script>" not in answer.text()


def test_nobody_finds_runs_of_projects_that_are_not_theirs(stranger, planted):
    for path in (f"history?project={OURS}", "history?definition=monthly", ""):
        text = stranger.context.request.get(stranger.place.pages + path).text()
        assert "Monthly" not in text, path
        assert "Ward quality" not in text, path
    assert stranger.context.request.get(f"{stranger.place.pages}projects/{OURS}").status == 404


def test_a_lead_can_run_a_template_for_a_project_and_a_reader_cannot(lead, reader, planted):
    lead.page.goto(f"{lead.place.pages}new/steady?project={OURS}")
    assert lead.page.locator("#run-for").input_value() == OURS
    reader.page.goto(f"{reader.place.pages}new/steady")
    assert reader.page.locator("#run-for").count() == 0
    token = reader.page.locator("input[name=_xsrf]").first.input_value()
    answer = reader.context.request.post(
        f"{reader.place.pages}new/steady", form={"_xsrf": token, "project": OURS, "p-words": "x"}
    )
    assert answer.status == 422


def test_the_history_can_be_filtered_with_the_keyboard_alone(reader, planted):
    page = reader.page
    page.goto(f"{reader.place.pages}history?project={OURS}")
    page.locator("#s-definition").focus()
    page.keyboard.type("mon")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "s-state"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus can be seen"
    for _ in range(12):  # a field for a day takes several
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "submit":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**definition=monthly**")
    assert page.locator("tbody tr").count() == 3


def test_every_table_and_field_for_readers_has_a_name(reader, planted):
    batch = reader.place.run(planted["sweep"][0]).batch_id
    for path in (
        "",
        "history",
        f"projects/{OURS}",
        f"compare?a={planted['first']}&b={planted['second']}",
        f"batches/{batch}",
    ):
        reader.page.goto(reader.place.pages + path)
        for table in reader.page.locator("main table:has(caption)").all():
            assert table.locator("caption").inner_text().strip(), path
            assert table.locator("thead th:not([scope=col]), tbody th:not([scope=row])").count() == 0, path
        for field in reader.page.locator("main form.search input, main form.search select").all():
            assert reader.page.locator(f"label[for={field.get_attribute('id')}]").count() == 1, path


def test_the_pages_for_readers_tell_the_browser_to_be_careful(reader, planted):
    for path in ("history", f"projects/{OURS}", LATEST, f"compare?a={planted['first']}&b={planted['second']}"):
        headers = reader.context.request.get(reader.place.pages + path).headers
        assert "script-src 'nonce-" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert "no-store" in headers["cache-control"], path
