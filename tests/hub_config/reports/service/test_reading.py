"""What readers find: the newest success at its own address, what changed, and a sweep in one table."""

import csv
import io

import pytest

from .planted import write_definition, write_project, write_runs

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(180)]


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
    write_project(place)
    write_definition(place)
    (first,) = write_runs(place, 10, day=1)
    (second,) = write_runs(place, 12, day=2)
    (failed,) = write_runs(place, 99, day=3, state="failed")
    sweep = write_runs(place, 1, 2.5, -3, day=4, definition=None, title="=A sweep")
    return {"first": first, "second": second, "failed": failed, "sweep": sweep}


LATEST = "projects/wards/reports/monthly/latest"


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
        (lead, "projects/wards/reports/never/latest"),
        (lead, "projects/none/reports/monthly/latest"),
        (stranger, f"compare?a={planted['first']}&b={planted['second']}"),
        (lead, f"compare?a={planted['first']}"),
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
    assert reader.page.locator("table caption").all_inner_texts() == ["숫자"]
    reader.page.goto(f"{reader.place.pages}?lang=en")


def test_a_sweep_is_one_table_that_spreadsheets_can_have(reader, planted):
    reader.page.goto(f"{reader.place.pages}runs/{planted['sweep'][1]}")
    reader.page.click("text=All runs of this request")
    rows = reader.page.locator("tbody tr")
    assert [row.locator("th").inner_text() for row in rows.all()] == [f"ward=<i>W{n}</i>" for n in range(3)]
    assert [row.locator("td").last.inner_text() for row in rows.all()] == ["1", "2.5", "-3"]
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
