"""How times are written on all pages."""

import datetime as dt
import re
from pathlib import Path

import pytest

import hub_config.reports.service as service
from hub_config.reports.calendar import Schedule
from hub_config.reports.service.moments import due_times, moment_text, time_element


@pytest.mark.parametrize(
    ("written", "zone", "text"),
    [
        ("2026-11-26T22:00:00.000Z", "Asia/Seoul", "2026-11-27 07:00 Asia/Seoul"),
        ("2026-11-26T22:00:00+00:00", "UTC", "2026-11-26 22:00 UTC"),
        ("2026-11-26T22:00:00", "Asia/Seoul", "2026-11-27 07:00 Asia/Seoul"),
        ("2026-07-01T12:00:00.000Z", "Europe/Berlin", "2026-07-01 14:00 Europe/Berlin"),
        ("2026-10-25T00:30:00.000Z", "Europe/Berlin", "2026-10-25 02:30 Europe/Berlin (UTC+02:00)"),
        ("2026-10-25T01:30:00.000Z", "Europe/Berlin", "2026-10-25 02:30 Europe/Berlin (UTC+01:00)"),
        ("2026-03-29T01:30:00.000Z", "Europe/Berlin", "2026-03-29 03:30 Europe/Berlin"),
        (None, "UTC", ""),
        ("", "UTC", ""),
        ("yesterday", "UTC", ""),
    ],
)
def test_a_moment_is_told_by_the_clock_of_the_zone_which_is_named(written, zone, text):
    assert moment_text(written, zone) == text


def test_the_instant_itself_stands_beside_it_for_programs():
    written = "2026-11-26T22:00:00.000Z"
    assert time_element(written, "Asia/Seoul") == (
        f'<time datetime="{written}">2026-11-27 07:00 <span class="zone">Asia/Seoul</span></time>'
    )
    assert time_element('"><script>', "UTC") == ""


def test_next_times_name_their_zone_too():
    seoul = Schedule(cron="0 7 * * 1-5", zone="Asia/Seoul")
    times = due_times([seoul], dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC), language="en")
    assert times[0] == (
        '<time datetime="2026-11-29T22:00:00+00:00">Mon 2026-11-30 07:00 UTC+09:00 '
        '<span class="zone">Asia/Seoul</span></time>'
    )
    assert len(times) == 5
    assert due_times([], dt.datetime(2026, 11, 27, tzinfo=dt.UTC), language="ko") == []


def test_no_page_writes_times_in_another_way():
    for page in (Path(service.__file__).parent / "page_templates").glob("*.html"):
        assert not re.search(r"<time\b|\|minute", page.read_text(encoding="utf-8")), page.name


def test_what_follows_quickly_is_told_to_the_second():
    assert moment_text("2026-11-27T01:02:03.9Z", "Asia/Seoul", to_the_second=True) == "2026-11-27 10:02:03 Asia/Seoul"
