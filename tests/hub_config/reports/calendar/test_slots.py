"""Slots over changes of clocks: against a slow second way to find them, against Debian's cron, and case by case."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.reports.calendar import Schedule, Slot, load_zone, next_slots, slots_after
from hub_config.reports.calendar.errors import ScheduleError

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "Asia/Seoul",  # none
    "Africa/Casablanca",  # twice a year, by the moon
    "Pacific/Apia",  # a day that was skipped
    "America/St_Johns",  # changed one minute after midnight until 2011
    "Asia/Beirut",  # midnight is missing
    "America/Havana",  # midnight comes twice
    "America/Nuuk",  # the evening before
    "Antarctica/Troll",  # two hours
    "Asia/Kathmandu",  # odd offset
    "UTC",
)

# Weeks in which one of these zones changes.
EVENTFUL = (
    datetime(2011, 12, 28, tzinfo=UTC),
    datetime(2010, 3, 12, tzinfo=UTC),
    datetime(2010, 11, 5, tzinfo=UTC),
    datetime(2025, 2, 21, tzinfo=UTC),
    datetime(2025, 4, 4, tzinfo=UTC),
    datetime(2026, 3, 6, tzinfo=UTC),
    datetime(2026, 3, 27, tzinfo=UTC),
    datetime(2026, 4, 3, tzinfo=UTC),
    datetime(2026, 10, 2, tzinfo=UTC),
    datetime(2026, 10, 23, tzinfo=UTC),
    datetime(2026, 10, 30, tzinfo=UTC),
)


def _field(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    return st.one_of(
        number.map(str),
        st.lists(number, min_size=2, max_size=4, unique=True).map(lambda values: ",".join(map(str, sorted(values)))),
        st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}"),
        st.integers(2, (high - low) // 2).map(lambda step: f"*/{step}"),
    )


MINUTES = st.one_of(st.just("0"), st.just("30"), _field(0, 59), st.just("*"))
HOURS = st.one_of(st.sampled_from(["0", "1", "2", "3", "23", "1-3", "0,2", "*"]), _field(0, 23))
CRONS = st.tuples(MINUTES, HOURS).map(lambda pair: f"{pair[0]} {pair[1]} * * *")
MOMENTS = st.tuples(st.sampled_from(EVENTFUL), st.integers(0, 5 * 86_400), st.sampled_from([0, 1, 999_999])).map(
    lambda parts: parts[0] + timedelta(seconds=parts[1], microseconds=parts[2])
)


def minute_by_minute(schedule: Schedule, start: datetime, end: datetime) -> Iterator[datetime]:
    """Look at every minute of the clock on the wall and say when the schedule is due.

    By the minutes that pass: when the wall shows a minute that is meant. By times of day: when the wall first shows a
    time that is meant or a later one, and not again when the clocks are set back.
    """
    zone = load_zone(schedule.zone)
    minutes, hours = schedule.when.values().minutes, schedule.when.values().hours
    at = start - timedelta(days=1)
    highest = at.astimezone(zone).replace(tzinfo=None)
    while at < end:
        at += timedelta(minutes=1)
        wall = at.astimezone(zone).replace(tzinfo=None)
        if schedule.when.by_wall:
            passed = (wall - highest) // timedelta(minutes=1)
            newly = [highest + timedelta(minutes=step + 1) for step in range(passed)]
            highest = max(highest, wall)
        else:
            newly = [wall]
        if any(new.minute in minutes and new.hour in hours for new in newly) and start < at <= end:
            yield at


def _locals(schedule: Schedule, after: str, n: int) -> list[str]:
    return [f"{slot.local:%d %H:%M} {slot.local:%z}" for slot in next_slots(schedule, _utc(after), n=n)]


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# -- the clocks change ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "cron", "after", "due"),
    [
        # A time that is skipped is due at the moment of the change; the days around are as ever.
        ("Europe/Berlin", "30 2 * * *", "2026-03-28T00:00", ["28 02:30 +0100", "29 03:00 +0200", "30 02:30 +0200"]),
        ("America/New_York", "15 2 * * *", "2026-03-07T12:00", ["08 03:00 -0400", "09 02:15 -0400", "10 02:15 -0400"]),
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00", ["04 02:30 +1100", "05 02:15 +1100"]),
        ("Africa/Casablanca", "30 2 * * *", "2025-04-05T12:00", ["06 03:00 +0100", "07 02:30 +0100"]),
        ("Asia/Beirut", "0 0 * * *", "2026-03-28T00:00", ["29 01:00 +0300", "30 00:00 +0300"]),
        ("Pacific/Apia", "0 7 * * *", "2011-12-29T00:00", ["29 07:00 -1000", "31 00:00 +1400", "31 07:00 +1400"]),
        # A time that comes twice is due the first time.
        ("Europe/Berlin", "30 2 * * *", "2026-10-24T12:00", ["25 02:30 +0200", "26 02:30 +0100"]),
        ("America/New_York", "30 1 * * *", "2026-10-31T12:00", ["01 01:30 -0400", "02 01:30 -0500"]),
        ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T00:00", ["05 01:45 +1100", "06 01:45 +1030"]),
        ("Africa/Casablanca", "30 2 * * *", "2025-02-22T12:00", ["23 02:30 +0100", "24 02:30 +0000"]),
        ("America/Havana", "30 0 * * *", "2025-11-01T12:00", ["02 00:30 -0400", "03 00:30 -0500"]),
        ("America/Nuuk", "30 23 * * *", "2026-10-24T12:00", ["24 23:30 -0100", "25 23:30 -0200"]),
        # Where nothing changes, nothing changes.
        ("Asia/Seoul", "30 2 * * *", "2026-03-28T12:00", ["29 02:30 +0900", "30 02:30 +0900"]),
        # Times that fall on one instant are one slot.
        ("Europe/Berlin", "0,20,40 2 * * *", "2026-03-28T12:00", ["29 03:00 +0200", "30 02:00 +0200"]),
        ("Europe/Berlin", "0 2,3 * * *", "2026-03-28T12:00", ["29 03:00 +0200", "30 02:00 +0200", "30 03:00 +0200"]),
    ],
)
def test_a_time_of_day_is_due_once_on_every_day_whatever_the_clocks_do(zone, cron, after, due):
    assert _locals(Schedule(cron=cron, zone=zone), after, len(due)) == due


@pytest.mark.parametrize(
    ("zone", "cron", "after", "due"),
    [
        # Hours that pass: 23 on the short day, 25 on the long one.
        ("Europe/Berlin", "0 * * * *", "2026-03-29T00:00", ["29 03:00 +0200", "29 04:00 +0200"]),
        ("Europe/Berlin", "0 * * * *", "2026-10-24T23:30", ["25 02:00 +0200", "25 02:00 +0100", "25 03:00 +0100"]),
        (
            "Australia/Lord_Howe",
            "*/30 * * * *",
            "2026-04-04T14:15",
            ["05 01:30 +1100", "05 01:30 +1030", "05 02:00 +1030"],
        ),
        # cronsim 2.8 with this zone begins at 03:30 on both days
        (
            "Australia/Lord_Howe",
            "*/15 3 * * *",
            "2026-04-04T14:45",
            ["05 03:00 +1030", "05 03:15 +1030", "05 03:30 +1030"],
        ),
        (
            "Australia/Lord_Howe",
            "*/15 3 * * *",
            "2026-10-03T14:45",
            ["04 03:00 +1100", "04 03:15 +1100", "04 03:30 +1100"],
        ),
        # Debian's cron leaves out what begins with a star and lies in the gap.
        ("Europe/Berlin", "*/30 2 * * *", "2026-03-28T12:00", ["30 02:00 +0200", "30 02:30 +0200"]),
        ("Pacific/Apia", "0 */12 * * *", "2011-12-29T00:00", ["29 00:00 -1000", "29 12:00 -1000", "31 00:00 +1400"]),
    ],
)
def test_what_begins_with_a_star_is_due_by_the_minutes_that_pass(zone, cron, after, due):
    after = "2011-12-29T09:00" if zone == "Pacific/Apia" else after
    assert _locals(Schedule(cron=cron, zone=zone), after, len(due)) == due


def test_a_skipped_time_says_what_was_meant_and_what_the_clock_shows():
    [slot] = next_slots(Schedule(cron="30 2 29 3 *", zone="Europe/Berlin"), _utc("2026-01-01T00:00"), n=1)
    assert slot.at == _utc("2026-03-29T01:00")
    assert slot.local.isoformat() == "2026-03-29T03:00:00+02:00"
    assert slot.intended == datetime.fromisoformat("2026-03-29T02:30")
    assert slot.by_wall


def test_a_walk_that_begins_in_the_second_of_two_equal_hours_does_not_go_back():
    # 02:15 has come for the second time; cronsim itself would answer 02:30 of the first time
    schedule = Schedule(cron="30 2 * * *", zone="Europe/Berlin")
    assert _locals(schedule, "2026-10-25T01:15", 1) == ["26 02:30 +0100"]


def test_a_country_that_gives_up_changing_its_clocks_keeps_its_mornings():
    # British Columbia stays at UTC-7 from November 2026; data of 2025 do not know it yet.
    schedule = Schedule(cron="0 7 * * *", zone="America/Vancouver")
    assert {slot.local.isoformat()[11:] for slot in next_slots(schedule, _utc("2026-10-28T00:00"), n=60)} == {
        "07:00:00-07:00"
    }


def test_a_change_at_one_minute_past_midnight_does_not_double_the_first_minute():
    # St. John's, 7 November 2010: at 00:01 clocks went back to 23:01 of the day before.
    schedule = Schedule(cron="0 0 * * *", zone="America/St_Johns")
    assert _locals(schedule, "2010-11-06T12:00", 2) == ["07 00:00 -0230", "08 00:00 -0330"]


@settings(max_examples=100, deadline=None)
@given(zone=st.sampled_from(ZONES), cron=CRONS, after=MOMENTS)
def test_slots_are_those_that_looking_at_every_minute_finds(zone, cron, after):
    schedule = Schedule(cron=cron, zone=zone)
    start = after.replace(second=0, microsecond=0)
    end = start + timedelta(days=2)
    assert [slot.at for slot in slots_after(schedule, start, upto=end)] == list(minute_by_minute(schedule, start, end))


@settings(max_examples=300, deadline=None)
@given(zone=st.sampled_from(ZONES), cron=CRONS, after=MOMENTS)
def test_slots_rise_and_none_comes_twice(zone, cron, after):
    slots = next_slots(Schedule(cron=cron, zone=zone), after, n=40)
    assert all(one.at < two.at for one, two in pairwise(slots))
    assert all(slot.at > after for slot in slots)
    assert all(slot.at == slot.local and slot.at.tzinfo is UTC for slot in slots)
    if slots[0].by_wall:
        assert all(one.intended < two.intended for one, two in pairwise(slots))


@settings(max_examples=300, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    when=st.one_of(
        CRONS.map(lambda cron: {"cron": cron}),
        st.sampled_from(
            [
                "every day at 00:00 and 02:30",
                "every working day at 07:00",
                "every Sunday or the next working day at 02:30",
                "every Saturday or the previous working day at 02:30",
                "last working day of the month at 01:30",
                "first working day of the quarter at 02:30",
                "29th day of the month or the next working day at 00:30",
            ]
        ).map(lambda rule: {"rule": rule, "holidays": ["2026-03-30", "2026-03-31", "2026-10-30", "2011-12-31"]}),
    ),
    start=MOMENTS,
    later=st.integers(0, 40 * 86_400),
)
def test_the_same_slots_follow_wherever_a_walk_begins(zone, when, start, later):
    schedule = Schedule(zone=zone, **when)
    middle = start + timedelta(seconds=later)
    end = middle + timedelta(days=3)
    whole = list(slots_after(schedule, start, upto=end)) if later < 5 * 86_400 else []
    if whole:
        assert list(slots_after(schedule, middle, upto=end)) == [slot for slot in whole if slot.at > middle]
    for slot in next_slots(schedule, middle, n=3):
        assert next_slots(schedule, slot.at - timedelta(microseconds=1), n=1) == [slot]
        assert next_slots(schedule, slot.at, n=1) != [slot]


@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    first=st.dates(date(1970, 1, 2), date(2090, 1, 1)),
)
def test_a_daily_schedule_has_one_slot_for_every_day(zone, hour, minute, first):
    schedule = Schedule(rule=f"every day at {hour:02d}:{minute:02d}", zone=zone, first_at=first)
    slots = next_slots(schedule, datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=3), n=400)
    assert [slot.intended.date() for slot in slots] == [first + timedelta(days=day) for day in range(400)]
    assert {slot.intended.time().isoformat("minutes") for slot in slots} == {f"{hour:02d}:{minute:02d}"}
    moved = [slot for slot in slots if slot.local.replace(tzinfo=None) != slot.intended]
    assert len(moved) <= 4
    assert all(slot.local.replace(tzinfo=None) > slot.intended for slot in moved)


# -- first and last day, holidays ------------------------------------------------------------------------------------


def test_the_first_time_and_the_last_day_belong_to_the_schedule():
    schedule = Schedule(cron="0 7,19 * * *", zone="Asia/Seoul", first_at="2026-12-01T19:00", until="2026-12-03")
    walk = slots_after(schedule, _utc("2020-01-01T00:00"))
    assert [f"{slot.local:%d %H}" for slot in walk] == ["01 19", "02 07", "02 19", "03 07", "03 19"]


def test_the_last_day_is_the_zones_day_not_that_of_utc():
    schedule = Schedule(cron="30 23 * * *", zone="America/New_York", first_at="2026-12-30", until="2026-12-31")
    slots = list(slots_after(schedule, _utc("2026-12-01T00:00")))
    assert [slot.at for slot in slots] == [_utc("2026-12-31T04:30"), _utc("2027-01-01T04:30")]


def test_a_first_time_in_the_first_of_two_equal_hours_keeps_both_hours_of_what_runs_by_minutes():
    schedule = Schedule(cron="*/30 * * * *", zone="Europe/Berlin", first_at="2026-10-25T02:30")
    due = ["25 02:30 +0200", "25 02:00 +0100", "25 02:30 +0100", "25 03:00 +0100"]
    assert _locals(schedule, "2026-10-01T00:00", 4) == due


def test_a_last_day_that_the_clocks_show_once_more_is_whole():
    # Nuuk, 24 October 2026: at midnight clocks went back to 23:00 of the 24th.
    schedule = Schedule(cron="*/30 * * * *", zone="America/Nuuk", first_at="2026-10-24T23:00", until="2026-10-24")
    walk = slots_after(schedule, _utc("2026-10-01T00:00"))
    assert [f"{slot.local:%H:%M %z}" for slot in walk] == ["23:00 -0100", "23:30 -0100", "23:00 -0200", "23:30 -0200"]


def test_a_last_day_that_comes_back_after_the_next_has_begun_is_whole():
    # St. John's, 7 November 2010: at 00:01 clocks went back to 23:01 of the 6th.
    schedule = Schedule(cron="*/30 * * * *", zone="America/St_Johns", first_at="2010-11-06T23:00", until="2010-11-06")
    walk = slots_after(schedule, _utc("2010-11-01T00:00"))
    assert [f"{slot.local:%d %H:%M %z}" for slot in walk] == ["06 23:00 -0230", "06 23:30 -0230", "06 23:30 -0330"]


def test_nothing_is_due_on_holidays():
    schedule = Schedule(cron="0 7 * * *", zone="Asia/Seoul", holidays=["2026-12-25", "2027-01-01"])
    due = {slot.local.date() for slot in next_slots(schedule, _utc("2026-12-20T00:00"), n=20)}
    assert date(2026, 12, 24) in due
    assert not due & {date(2026, 12, 25), date(2027, 1, 1)}


def test_a_rare_day_is_found_across_the_century():
    # 29 February that is a fifth Monday; 2100 is no leap year
    schedule = Schedule(cron="0 0 * 2 MON#5", zone="Asia/Seoul")
    years = [slot.local.year for slot in next_slots(schedule, _utc("2020-01-01T00:00"), n=4)]
    assert years == [2044, 2072, 2112, 2140]


def test_a_rare_minute_is_found_as_well():
    schedule = Schedule(cron="*/30 7 29 2 *", zone="Europe/Berlin")
    assert [f"{slot.local:%Y-%m-%d %H:%M}" for slot in next_slots(schedule, _utc("2026-01-01T00:00"), n=3)] == [
        "2028-02-29 07:00",
        "2028-02-29 07:30",
        "2032-02-29 07:00",
    ]


def test_several_schedules_are_due_whenever_one_is_and_once_where_they_agree():
    lines = ["0 7 * * *", "first working day of the month at 07:00 and 19:00", "0,30 2 * * *"]
    schedules = [Schedule.from_text(line, zone="Europe/Berlin", until=date(2026, 4, 1)) for line in lines]
    walk = list(slots_after(schedules, _utc("2026-03-28T23:00")))
    assert [f"{slot.local:%d %H:%M}" for slot in walk] == [
        "29 03:00", "29 07:00", "30 02:00", "30 02:30", "30 07:00", "31 02:00", "31 02:30", "31 07:00",
        "01 02:00", "01 02:30", "01 07:00", "01 19:00",
    ]  # fmt: skip
    middle = walk[4].at
    assert list(slots_after(schedules, middle, upto=walk[8].at)) == walk[5:9]
    assert next_slots([], middle, n=3) == []


@settings(max_examples=100, deadline=None)
@given(zone=st.sampled_from(ZONES), crons=st.lists(CRONS, min_size=1, max_size=4), after=MOMENTS)
def test_schedules_together_have_the_slots_that_each_has_alone(zone, crons, after):
    schedules = [Schedule.from_text(cron, zone=zone) for cron in crons]
    end = after + timedelta(days=1)
    alone = {slot.at for schedule in schedules for slot in slots_after(schedule, after, upto=end)}
    assert [slot.at for slot in slots_after(schedules, after, upto=end)] == sorted(alone)


@pytest.mark.parametrize(
    "after",
    [
        datetime.fromisoformat("2026-01-01T00:00"),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 1, 1, tzinfo=UTC),
        "2026",
    ],
)
def test_an_instant_without_offset_or_far_from_our_time_is_refused_at_once(after, seoul):
    with pytest.raises(ScheduleError) as refused:
        slots_after(seoul, after)
    assert refused.value.rule == "instant"


def test_what_is_due_up_to_now_includes_now(seoul):
    monday = _utc("2026-11-29T22:00")
    assert [slot.at for slot in slots_after(seoul, monday - timedelta(seconds=1), upto=monday)] == [monday]
    assert list(slots_after(seoul, monday, upto=monday)) == []


def test_a_walk_computes_only_what_is_asked_for():
    schedule = Schedule(cron="* * * * *", zone="UTC")
    in_an_hour = takewhile(
        lambda slot: slot.at <= _utc("2026-01-01T01:00"), slots_after(schedule, _utc("2026-01-01T00:00"))
    )
    assert sum(1 for _ in in_an_hour) == 60


def test_slots_can_be_kept_and_compared(seoul):
    slot = next_slots(seoul, _utc("2026-11-27T00:00"), n=1)[0]
    assert slot == Slot(slot.at, slot.local, slot.intended, "Asia/Seoul", by_wall=True)
    assert hash(slot)
