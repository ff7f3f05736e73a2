"""A researcher's day in a real browser: sign in, run the study, read the published number, use a cluster."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(600)]

# The Book of OHDSI, chapter 12; Breslow ties.
PUBLISHED_HAZARD_RATIO = "1.346"

START_A_CLUSTER = """\
from analysis_lib.compute import cluster

dask = cluster()
print(dask.dashboard_link)
"""


def test_a_wrong_password_lets_nobody_in(person):
    stranger = person("researcher-1")
    stranger.sign_in(password="not the password")
    expect(stranger.page.get_by_text("Invalid username or password")).to_be_visible()
    expect(stranger.page).to_have_url(re.compile(r"/hub/login"))


def test_the_sign_in_page_says_that_nothing_isolates_users(person):
    stranger = person("nobody yet")
    stranger.page.goto(stranger.hub.url)
    expect(stranger.page.get_by_text("no isolation")).to_be_visible()


def test_lab_offers_the_cohort_analysis_kernel_and_shows_memory(person):
    researcher = person("researcher-1")
    researcher.open_lab()
    researcher.open_launcher()
    card = researcher.launcher.locator('.jp-LauncherCard[data-category="Notebook"]')
    expect(card).to_contain_text(re.compile(r"Cohort analysis\s\d+\.\d+\.\d+"))
    expect(researcher.page.locator("#jp-main-statusbar")).to_contain_text(re.compile(r"Mem:\s+\d"))


def test_the_tutorial_runs_in_lab_and_shows_the_published_hazard_ratio(person):
    researcher = person("researcher-1")
    researcher.open_lab()
    researcher.open_in_file_browser("tutorials", "01-first-study.ipynb")
    researcher.run_all_cells()
    outputs = researcher.notebook.locator(".jp-OutputArea-output", has_text=PUBLISHED_HAZARD_RATIO)
    expect(outputs.first).to_be_visible()
    expect(researcher.notebook.locator(".jp-OutputArea-output img, .jp-OutputArea-output svg").first).to_be_attached()


def test_a_second_researcher_has_a_server_of_their_own_and_no_way_to_the_first(person):
    first, second = person("researcher-1"), person("researcher-2")
    first.open_lab()
    second.open_lab()
    assert "/user/researcher-2/" in second.page.url
    for path in ("lab", "api/contents/tutorials"):
        answer = second.page.goto(first.server(path))
        assert answer is not None
        assert answer.status == 403


def test_the_dask_dashboard_opens_through_ones_own_server_and_for_nobody_else(person):
    researcher, other, stranger = person("researcher-1"), person("researcher-2"), person("nobody")
    researcher.open_lab()
    printed = researcher.run_in_new_notebook(START_A_CLUSTER)
    link = re.search(r"\S*/user/researcher-1/proxy/\S+", printed)
    assert link is not None, printed
    address = researcher.hub.url.rstrip("/") + re.sub(r"^https?://[^/]+", "", link[0])

    researcher.page.goto(address)
    expect(researcher.page).to_have_title(re.compile("Dask"))
    expect(researcher.page.locator(".bk-Canvas, .bk-Figure, canvas").first).to_be_attached()

    other.open_lab()
    answer = other.page.goto(address)
    assert answer is not None
    assert answer.status == 403

    stranger.page.goto(address)
    expect(stranger.page).to_have_url(re.compile(r"/hub/login"))
