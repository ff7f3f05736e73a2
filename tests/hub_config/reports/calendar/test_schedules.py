"""Schedules as TOML, JSON and forms write them."""

import inspect
import pickle
import re
import tomllib
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from hub_config.reports.calendar import Schedule, next_slots
from hub_config.reports.calendar.errors import ScheduleError

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "schedules.md"


def test_a_schedule_is_read_from_toml_and_written_for_json():
    table = tomllib.loads(
        """
        rule = "first working day of the month at 07:00"
        zone = "Asia/Seoul"
        first_at = 2026-12-01
        until = 2027-12-31
        holidays = [2027-01-01, 2027-02-08, 2027-01-01]
        """
    )
    schedule = Schedule.from_table(table)
    assert schedule.first_at == datetime.fromisoformat("2026-12-01T00:00")
    assert schedule.holidays == (date(2027, 1, 1), date(2027, 2, 8))
    written = schedule.to_table()
    assert written == {
        "rule": "first working day of the month at 07:00",
        "zone": "Asia/Seoul",
        "first_at": "2026-12-01T00:00",
        "until": "2027-12-31",
        "holidays": ["2027-01-01", "2027-02-08"],
    }
    assert Schedule.from_table(written) == schedule
    assert hash(Schedule.from_table(written)) == hash(schedule)


def test_a_schedule_without_a_zone_takes_the_projects():
    assert Schedule.from_table({"cron": "0 7 * * *"}, zone="Asia/Seoul").zone == "Asia/Seoul"
    assert Schedule.from_table({"cron": "0 7 * * *", "zone": "UTC"}, zone="Asia/Seoul").zone == "UTC"


def test_several_lines_are_read_each_as_what_it_is():
    lines = ("0 7 * * 1-5", "15th day of the month at 09:00", "*/15 8 * * *", "every Sunday at 07:00")
    schedules = Schedule.from_lines(lines, zone="Asia/Seoul", until="2027-12-31", holidays=["2027-01-01"])
    assert [schedule.cron or schedule.rule for schedule in schedules] == list(lines)
    assert {(one.zone, one.until, one.holidays) for one in schedules} == {
        ("Asia/Seoul", date(2027, 12, 31), (date(2027, 1, 1),))
    }
    assert Schedule.from_lines((), zone="UTC") == ()


@pytest.mark.parametrize(
    ("line", "field", "rule"),
    [
        ("0 7 * *", "cron", "cron-fields"),
        ("0 7 * * MONDAY", "cron", "cron-syntax"),
        ("@daily", "cron", "cron-nickname"),
        ("15th day of the month", "rule", "rule-sentence"),
        ("매일 07:00", "rule", "rule-sentence"),
        ("", "rule", "rule-not-text"),
        (7, "rule", "rule-not-text"),
        (None, "cron", "schedule-one"),
    ],
)
def test_a_line_that_is_refused_is_named(line, field, rule):
    with pytest.raises(ScheduleError, match=rf"^line 2, {field}: ") as refused:
        Schedule.from_lines(["0 7 * * *", line], zone="Asia/Seoul")
    assert (refused.value.line, refused.value.field, refused.value.rule) == (2, field, rule)
    assert pickle.loads(pickle.dumps(refused.value)).line == 2


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


def test_examples_of_the_reference_page_are_schedules():
    blocks = [block.split("```")[0] for block in PAGE.read_text(encoding="utf-8").split("```toml\n")[1:]]
    assert len(blocks) >= 3
    for block in blocks:
        schedule = Schedule.from_table(tomllib.loads(block)["schedule"], zone="Asia/Seoul")
        assert next_slots(schedule, datetime(2026, 11, 27, tzinfo=UTC))


GOOD = {"cron": "0 7 * * *", "zone": "Asia/Seoul"}

REFUSED = [
    ({"zone": "Asia/Seoul"}, "cron", "schedule-one"),
    ({**GOOD, "rule": "every day at 07:00"}, "cron", "schedule-one"),
    ({**GOOD, "timezone": "Asia/Seoul"}, "schedule", "schedule-key"),
    ({**GOOD, 3: 4}, "schedule", "schedule-key"),
    ("0 7 * * *", "schedule", "schedule-table"),
    ([], "schedule", "schedule-table"),
    (None, "schedule", "schedule-table"),
    # zones
    ({"cron": "0 7 * * *"}, "zone", "zone-unknown"),
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


@pytest.mark.parametrize(("table", "field", "rule"), REFUSED, ids=[str(number) for number in range(len(REFUSED))])
def test_what_is_no_schedule_is_refused_by_field_and_rule(table, field, rule):
    with pytest.raises(ScheduleError) as refused:
        Schedule.from_table(table)
    assert refused.value.code == "REPORT-SCHEDULE"
    assert (refused.value.field, refused.value.rule) == (field, rule)
    message = str(refused.value)
    assert message.startswith(f"{field}: ")
    assert "; found " in message
    assert len(message) < 400
    value = table.get(field) if isinstance(table, dict) else None
    assert not (isinstance(value, str) and len(value) > 5 and value in message)


def test_an_unknown_key_is_refused_with_the_known_ones():
    with pytest.raises(ScheduleError, match="Known: cron, first_at, holidays, rule, until, zone"):
        Schedule.from_table({**GOOD, "tz": "Asia/Seoul"})


def test_a_zone_with_a_slip_is_refused_with_what_looks_like_it():
    with pytest.raises(ScheduleError, match="look alike: Asia/Seoul"):
        Schedule(cron="0 7 * * *", zone="Asia/Soul")
