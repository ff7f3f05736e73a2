"""Schedules: how they are read, and what is refused."""

import inspect
import pickle
import re
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from hub_config.reports.calendar import Schedule, next_slots
from hub_config.reports.calendar.errors import ScheduleError

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "schedules.md"


def test_values_come_as_text_or_as_dates_and_are_kept_in_one_form():
    schedule = Schedule(
        rule="first  working day of the month at 07:00",
        zone="Asia/Seoul",
        first_at="2026-12-01",
        until=date(2027, 12, 31),
        holidays=["2027-02-08", date(2027, 1, 1), "2027-01-01"],
    )
    assert schedule.rule == "first working day of the month at 07:00"
    assert schedule.first_at == datetime.fromisoformat("2026-12-01T00:00")
    assert schedule.until == date(2027, 12, 31)
    assert schedule.holidays == (date(2027, 1, 1), date(2027, 2, 8))
    assert hash(schedule) == hash(pickle.loads(pickle.dumps(schedule)))


@pytest.mark.parametrize(
    ("text", "is_cron"),
    [
        ("0 7 * * 1-5", True),
        ("*/15 8 * * *", True),
        ("0,30 2 * * *", True),
        ("15th day of the month at 09:00", False),
        ("every Sunday at 07:00", False),
    ],
)
def test_a_text_is_read_as_what_it_is(text, is_cron):
    days = (date(2027, 1, 1),)
    schedule = Schedule.from_text(text, zone="Asia/Seoul", until=date(2027, 12, 31), holidays=days)
    assert (schedule.cron, schedule.rule) == ((text, None) if is_cron else (None, text))
    assert (schedule.zone, schedule.until, schedule.holidays) == ("Asia/Seoul", date(2027, 12, 31), days)


@pytest.mark.parametrize(
    ("text", "field", "rule"),
    [
        ("0 7 * *", "cron", "cron-fields"),
        ("0 7 * * MONDAY", "cron", "cron-syntax"),
        ("@daily", "cron", "cron-nickname"),
        ("15th day of the month", "rule", "rule-sentence"),
        ("every day 07:00", "rule", "rule-sentence"),
        ("매일 07:00", "rule", "rule-sentence"),
        ("", "rule", "rule-not-text"),
        (7, "rule", "rule-not-text"),
    ],
)
def test_a_text_is_refused_as_what_it_was_meant_to_be(text, field, rule):
    with pytest.raises(ScheduleError, match=rf"^{field}: ") as refused:
        Schedule.from_text(text, zone="Asia/Seoul")
    assert (refused.value.field, refused.value.rule) == (field, rule)


def test_the_reference_page_names_every_rule_that_can_be_broken():
    room = Path(inspect.getfile(Schedule)).parent
    written = {rule for file in room.glob("*.py") for rule in re.findall(r'rule="([a-z-]+)"', file.read_text("utf-8"))}
    written |= {"first-at-date", "until-date", "holidays-date"}
    assert len(written) > 30
    assert {rule for rule in written if f"`{rule}`" not in PAGE.read_text(encoding="utf-8")} == set()


def test_schedules_slots_and_refusals_pass_from_one_process_to_another(seoul):
    slots = next_slots(seoul, datetime(2026, 11, 27, tzinfo=UTC), n=2)
    assert pickle.loads(pickle.dumps((seoul, slots))) == (seoul, slots)
    with pytest.raises(ScheduleError) as refused:
        Schedule(cron="0 7 30 2 *", zone="UTC")
    again = pickle.loads(pickle.dumps(refused.value))
    assert (str(again), again.field, again.rule) == (str(refused.value), "cron", "cron-never")


def test_a_schedule_cannot_be_changed(seoul):
    with pytest.raises(AttributeError):
        seoul.zone = "UTC"


GOOD = {"cron": "0 7 * * *", "zone": "Asia/Seoul"}

REFUSED = [
    ({"zone": "Asia/Seoul"}, "cron", "schedule-one"),
    ({**GOOD, "rule": "every day at 07:00"}, "cron", "schedule-one"),
    # zones
    *(
        ({**GOOD, "zone": zone}, "zone", "zone-unknown")
        for zone in (
            None,
            "",
            9,
            ["Asia/Seoul"],
            "Seoul",
            "KST",
            "EST",
            "CET",
            "asia/seoul",
            "ASIA/SEOUL",
            "+09:00",
            "UTC+9",
            "GMT+9",
            "Asia/Seoul ",
            "Asia/Soul",
            "Asia",
            "Asia/",
            "../../etc/passwd",
            "/etc/localtime",
            "Asia/../Asia/Seoul",
            "Asia/Seoul\0",
            "localtime",
            "Factory",
            "posixrules",
            "서울",
            "tzdata.zi",
            "zone.tab",
            "A/" * 5_000,
        )
    ),
    # first and last day
    *(
        ({**GOOD, "first_at": value}, "first_at", "first-at-date")
        for value in (
            "",
            "tomorrow",
            "2026-13-01",
            "2026-02-30",
            "26-12-01",
            "2026-12-01T25:00",
            "2026-12-01T07",
            "2026-12-01T07:00Z",
            "2026-12-01T07:00+09:00",
            datetime(2026, 12, 1, tzinfo=UTC),
            20261201,
            True,
            "1969-12-31",
            "3000-01-01",
            ["2026-12-01"],
        )
    ),
    *(
        ({**GOOD, "until": value}, "until", "until-date")
        for value in (
            "",
            "never",
            "2026-02-29",
            "2026-12-01T07:00",
            datetime.fromisoformat("2026-12-01T00:00"),
            2026,
            False,
            "9999-12-31",
            "２０２６-12-01",
        )
    ),
    ({**GOOD, "first_at": "2027-01-01", "until": "2026-12-31"}, "until", "schedule-empty"),
    ({"zone": "UTC", "cron": "0 7 29 2 *", "first_at": "2029-01-01", "until": "2031-12-31"}, "until", "schedule-empty"),
    ({**GOOD, "first_at": "2026-12-01T07:01", "until": "2026-12-01"}, "until", "schedule-empty"),
    ({**GOOD, "first_at": "2026-12-25", "until": "2026-12-25", "holidays": ["2026-12-25"]}, "until", "schedule-empty"),
    # holidays
    ({**GOOD, "holidays": "2026-12-25"}, "holidays", "holidays-list"),
    ({**GOOD, "holidays": None}, "holidays", "holidays-list"),
    ({**GOOD, "holidays": {"2026-12-25": "Christmas"}}, "holidays", "holidays-list"),
    ({**GOOD, "holidays": ["2026-12-25"] * 2_001}, "holidays", "holidays-list"),
    ({**GOOD, "holidays": ["Christmas"]}, "holidays", "holidays-date"),
    ({**GOOD, "holidays": ["2026-12-25", None]}, "holidays", "holidays-date"),
    ({**GOOD, "holidays": [["2026-12-25"]]}, "holidays", "holidays-date"),
    ({**GOOD, "holidays": [datetime(2026, 12, 25, tzinfo=timezone(timedelta(hours=9)))]}, "holidays", "holidays-date"),
]


@pytest.mark.parametrize(("values", "field", "rule"), REFUSED, ids=[str(number) for number in range(len(REFUSED))])
def test_what_is_no_schedule_is_refused_by_field_and_rule(values, field, rule):
    with pytest.raises(ScheduleError) as refused:
        Schedule(**values)
    assert refused.value.code == "REPORT-SCHEDULE"
    assert (refused.value.field, refused.value.rule) == (field, rule)
    message = str(refused.value)
    assert message.startswith(f"{field}: ")
    assert "; found " in message
    assert len(message) < 400
    value = values.get(field)
    assert not (isinstance(value, str) and len(value) > 5 and value in message)


def test_a_zone_with_a_slip_is_refused_with_what_looks_like_it():
    with pytest.raises(ScheduleError, match="look alike: Asia/Seoul"):
        Schedule(cron="0 7 * * *", zone="Asia/Soul")
