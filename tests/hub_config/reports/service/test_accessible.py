"""Whether every page can be read and used: computed in a browser from what it shows, light and dark, in both languages.

The measures are those of WCAG 2.2, level AA: names of fields and links, headings, tables, contrast, targets, focus,
zoom. What they look for stands in ``page_faults.js``.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from .every_page import LEAD, plant
from .served import serve

FAULTS = Path(__file__).with_name("page_faults.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> Iterator[dict[str, str]]:
    with serve(tmp_path_factory.mktemp("accessible") / "home") as served:
        yield {name: served.url + path for name, path in plant(served).items()}


@pytest.fixture(scope="module")
def reader(browser: Browser, pages: dict[str, str]) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 860}, extra_http_headers={"X-Person": LEAD}, reduced_motion="reduce"
    )
    yield context
    context.close()


@pytest.fixture
def page(reader: BrowserContext) -> Iterator[Page]:
    page = reader.new_page()
    yield page
    page.close()


def wrong_here(page: Page, what: str) -> list[str]:
    return list(page.evaluate(f"{FAULTS}.{what}()"))


def everywhere(page: Page, pages: dict[str, str], what: str, *, query: str = "") -> dict[str, list[str]]:
    """What is wrong, by page."""
    found = {}
    for name, address in pages.items():
        page.goto(address + (("&" if "?" in address else "?") + query if query else ""), wait_until="load")
        if wrong := wrong_here(page, what):
            found[name] = wrong
    return found


@pytest.mark.parametrize("language", ["en", "ko"])
def test_everything_has_a_name_and_its_place(page, pages, language):
    assert everywhere(page, pages, "faults", query=f"lang={language}") == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(page, pages, scheme):
    page.emulate_media(color_scheme=scheme)
    assert everywhere(page, pages, "pale") == {}


def test_the_focus_is_seen_wherever_it_goes_and_begins_with_the_way_to_the_content(page, pages):
    for name, address in pages.items():
        page.goto(address)
        page.keyboard.press("Tab")
        if "form-error" not in page.content():
            assert page.evaluate("document.activeElement.className") == "skip", name
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.id") == "content", name
        assert wrong_here(page, "unfocused") == [], name


@pytest.mark.parametrize("width", [640, 320], ids=["twice as large", "four times as large"])
def test_nothing_runs_over_the_edge_when_all_is_larger(page, pages, width):
    page.set_viewport_size({"width": width, "height": 430})
    assert everywhere(page, pages, "wide") == {}


def test_nothing_moves_for_who_does_not_want_it(page, pages):
    assert everywhere(page, pages, "moving") == {}
