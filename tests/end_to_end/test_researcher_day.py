"""A researcher's day in a real browser: sign in, run the study, read the published number."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(300)]


def test_a_wrong_password_lets_nobody_in(person, hub):
    stranger = person("researcher-1")
    hub_passwords = dict(hub.passwords)
    try:
        hub.passwords["researcher-1"] = "not the password"
        stranger.sign_in()
    finally:
        hub.passwords.update(hub_passwords)
    expect(stranger.page.get_by_text("Invalid username or password")).to_be_visible()
    assert "/hub/login" in stranger.page.url


def test_the_pages_say_that_nothing_isolates_users(person):
    researcher = person("researcher-1")
    researcher.page.goto(researcher.hub.url)
    expect(researcher.page.get_by_text("no isolation")).to_be_visible()


def test_the_launcher_offers_the_cohort_analysis_kernel_with_its_version(person):
    researcher = person("researcher-1")
    researcher.open_lab()
    card = researcher.page.locator('.jp-LauncherCard[data-category="Notebook"]')
    expect(card.filter(has_text=re.compile(r"Cohort analysis \d+\.\d+"))).to_be_visible()


def test_the_status_bar_shows_memory(person):
    researcher = person("researcher-1")
    researcher.open_lab()
    memory = researcher.page.locator("#jp-main-statusbar").get_by_text(re.compile(r"Mem: \d"))
    expect(memory).to_be_visible(timeout=30_000)
