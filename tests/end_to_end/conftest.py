"""One hub and one browser for all end-to-end tests; a picture of the page is kept when a test fails."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from .find_chromium import FLAGS, HOW_TO_GET_IT, find_chromium
from .live_hub import LiveHub, running_hub
from .person import Person

PICTURES = Path(__file__).parent / "failures"
expect.set_options(timeout=20_000)  # a page may share the machine with a cluster
WINDOW = {"width": 1360, "height": 850}


@pytest.fixture(scope="package")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """A hub on a new home, with demo data and accounts."""
    with running_hub(tmp_path_factory.mktemp("end-to-end") / "home") as live:
        yield live


# Not for longer than a module: playwright keeps an event loop running, in which other tests could not start theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; where there is none the tests fail, because nobody reads a skip."""
    found = find_chromium()
    if found is None:
        pytest.fail(HOW_TO_GET_IT, pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(found), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def new_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[[], Page]]:
    """Open windows that share nothing: each has its own cookies."""
    pages: list[Page] = []

    def open_one() -> Page:
        context = browser.new_context(viewport=WINDOW, accept_downloads=True)
        context.set_default_timeout(30_000)
        pages.append(context.new_page())
        return pages[-1]

    yield open_one
    failed = any(getattr(request.node, f"report_{when}", None) == "failed" for when in ("setup", "call"))
    for number, page in enumerate(pages):
        if failed:
            PICTURES.mkdir(exist_ok=True)
            page.screenshot(path=PICTURES / f"{request.node.name}-{number}.png")
        page.context.close()


@pytest.fixture
def person(hub: LiveHub, new_page: Callable[[], Page]) -> Callable[[str], Person]:
    """Put somebody in front of a browser of their own."""
    return lambda name: Person(name, new_page(), hub)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Tell the fixtures how the test went, so that they can keep a picture."""
    report = yield
    setattr(item, f"report_{report.when}", report.outcome)
    return report
