"""Take the README's pictures from a real hub in a real browser: `./dev screenshots`."""

import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from end_to_end.find_chromium import FLAGS, HOW_TO_GET_IT, find_chromium  # noqa: E402
from end_to_end.live_hub import running_hub  # noqa: E402
from end_to_end.person import Person  # noqa: E402
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright  # noqa: E402

IMAGES = ROOT / "docs" / "images"
LAB_WINDOW = {"width": 1360, "height": 850}
REPORT_WINDOW = {"width": 1100, "height": 1420}
SCHEDULED_WINDOW = {"width": 1180, "height": 1000}
RUN_MS = 300_000


def main() -> int:
    """Take all pictures."""
    found = find_chromium()
    if found is None:
        print(HOW_TO_GET_IT, file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_hub(Path(folder) / "home") as hub,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=str(found), args=FLAGS)
        take_lab(Person("researcher-1", new_page(browser, LAB_WINDOW), hub))
        take_report(Person("researcher-2", new_page(browser, REPORT_WINDOW), hub))
        take_scheduled(Person("researcher-1", new_page(browser, SCHEDULED_WINDOW), hub))
        browser.close()
    return 0


def new_page(browser: Browser, window: dict[str, int]) -> Page:
    """Open a window with cookies of its own."""
    return browser.new_context(viewport=window).new_page()


def take_lab(person: Person) -> None:
    """JupyterLab with the tutorial run, at its survival curve."""
    person.open_lab()
    person.open_in_file_browser("tutorials", "01-first-study.ipynb")
    person.run_all_cells()
    bring_to_the_top(person.notebook.get_by_role("heading", name="Draw the curve"))
    person.page.screenshot(path=IMAGES / "lab-tutorial.png")


def take_report(person: Person) -> None:
    """The report, on a page of its own, at its results."""
    person.open_reports()
    page = person.page
    page.get_by_role("link", name=re.compile("Set up a run.*Comparative safety", re.DOTALL)).first.click()
    page.get_by_role("button", name="Run the report").click()
    expect(page.locator("#state")).to_have_text("Succeeded", timeout=RUN_MS)
    address = page.get_by_role("link", name="Open on its own page").get_attribute("href")
    page.goto(person.hub.url.rstrip("/") + str(address))
    bring_to_the_top(page.get_by_role("heading", name="What happened to them"))
    page.screenshot(path=IMAGES / "report.png")


def take_scheduled(person: Person) -> None:
    """A scheduled report of the demo's project, after one round of its runs."""
    person.sign_in(at="services/reports/projects/demo/reports/monthly-quality")
    page = person.page
    address = page.url
    page.get_by_role("button", name="Run now").click()
    page.wait_for_url(re.compile("/(batches|runs)/"))
    page.goto(address)
    succeeded = page.locator(".state.succeeded")
    while succeeded.count() < 2:  # `timeout` of the whole is the caller's
        page.wait_for_timeout(1_000)
        page.reload()
    page.screenshot(path=IMAGES / "scheduled-report.png")


def bring_to_the_top(target: Locator) -> None:
    """Scroll until the page has stopped moving: Lab gives cells their height only as they are reached."""
    before = None
    while before != (now := target.bounding_box()):
        before = now
        target.evaluate("element => element.scrollIntoView({block: 'start'})")
        target.page.wait_for_timeout(700)


if __name__ == "__main__":
    sys.exit(main())
