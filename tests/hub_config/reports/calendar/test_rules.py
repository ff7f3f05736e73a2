"""Rules: the days that hospitals mean, and the sentences that are refused."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.reports.calendar import Schedule, next_slots
from hub_config.reports.calendar.errors import ScheduleError
from hub_config.reports.calendar.rules import Rule, parse_rule

# Public holidays in Korea, January to May 2027.
KOREA_2027 = (
    "2027-01-01",
    "2027-02-06",
    "2027-02-07",
    "2027-02-08",
    "2027-02-09",
    "2027-03-01",
    "2027-05-05",
    "2027-05-13",
)


def _days(rule: str, n: int, *, holidays: tuple[str, ...] = (), after: str = "2026-12-15") -> list[str]:
    schedule = Schedule(rule=rule, zone="Asia/Seoul", holidays=holidays)
    slots = next_slots(schedule, datetime.fromisoformat(after).replace(tzinfo=UTC), n=n)
    return [f"{slot.local:%m-%d}" for slot in slots]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("first working day of the month at 07:00", ["01-04", "02-01", "03-02", "04-01", "05-03"]),
        ("the first weekday of the month at 07:00", ["01-04", "02-01", "03-02", "04-01", "05-03"]),
        ("third working day of the month at 07:00", ["01-06", "02-03", "03-04", "04-05", "05-06"]),
        ("last working day of the month at 18:00", ["12-31", "01-29", "02-26", "03-31", "04-30"]),
        ("second last working day of the month at 18:00", ["12-30", "01-28", "02-25", "03-30", "04-29"]),
        ("second Monday of the month at 07:00", ["01-11", "03-08", "04-12", "05-10", "06-14"]),  # 8 February is free
        ("last Friday of the month at 07:00", ["12-25", "01-29", "02-26", "03-26", "04-30"]),
        ("fifth Monday of the month at 07:00", ["03-29", "05-31", "08-30", "11-29"]),
        ("first working day of the quarter at 07:00", ["01-04", "04-01", "07-01", "10-01"]),
        ("last working day of the quarter at 07:00", ["12-31", "03-31", "06-30", "09-30"]),
        ("last working day of the year at 07:00", ["12-31", "12-31"]),
        ("31st day of the month at 07:00", ["12-31", "01-31", "03-31", "05-31"]),
        ("first day of the month at 07:00", ["02-01", "04-01", "05-01"]),  # 1 January and 1 March are free
        ("first day of the month or the next working day at 07:00", ["01-04", "02-01", "03-02", "04-01", "05-03"]),
        ("first day of the month or the previous working day at 07:00", ["12-31", "02-01", "02-26", "04-01", "04-30"]),
        ("second Monday of the month, or the next working day, at 07:00", ["01-11", "02-10", "03-08"]),
        ("last day of the month or the next working day at 07:00", ["12-31", "02-01", "03-02", "03-31", "04-30"]),
        ("first working day of January and July at 07:00", ["01-04", "07-01", "01-03"]),
        ("15th day of March, June, September and December at 07:00", ["03-15", "06-15", "09-15", "12-15"]),
        ("every working day at 07:00", ["12-16", "12-17", "12-18", "12-21"]),
        ("every Monday and Thursday at 07:00", ["12-17", "12-21", "12-24", "12-28", "12-31", "01-04"]),
        ("EVERY  Saturday and Sunday AT 07:00", ["12-19", "12-20", "12-26"]),
    ],
)
def test_a_rule_means_these_days(rule, days):
    assert _days(rule, len(days), holidays=KOREA_2027, after="2026-12-14T23:00") == days


def test_several_free_days_that_move_to_one_working_day_are_one_slot():
    assert _days("every day or the next working day at 07:00", 4, after="2026-12-17T12:00") == [
        "12-18",
        "12-21",
        "12-22",
        "12-23",
    ]


def test_holidays_that_reach_over_the_end_of_the_month_move_its_last_day_into_the_next():
    free = ("2026-12-31", "2027-01-01")
    assert _days("last day of the month or the next working day at 07:00", 2, holidays=free) == ["01-04", "02-01"]
    # and from the middle of the free days the same is seen
    assert _days("last day of the month or the next working day at 07:00", 1, holidays=free, after="2027-01-02") == [
        "01-04"
    ]


def test_several_times_of_a_day_come_in_order():
    schedule = Schedule(rule="last working day of the month at 19:00, 07:00 and 13:30", zone="Asia/Seoul")
    slots = next_slots(schedule, datetime(2026, 12, 15, tzinfo=UTC), n=4)
    assert [f"{slot.local:%d %H:%M}" for slot in slots] == ["31 07:00", "31 13:30", "31 19:00", "29 07:00"]


REFUSED = [
    ("", "rule-not-text"),
    (12, "rule-not-text"),
    (["every day at 07:00"], "rule-not-text"),
    ("every day", "rule-sentence"),
    ("daily at 07:00", "rule-sentence"),
    ("every 2 weeks at 07:00", "rule-sentence"),
    ("first working day at 07:00", "rule-sentence"),
    ("first working day of the month", "rule-sentence"),
    ("every day at noon", "rule-sentence"),
    ("every day at 07:00; rm -rf /", "rule-sentence"),
    ("매월 첫 근무일 07:00", "rule-sentence"),
    ("every day or the following working day at 07:00", "rule-day"),
    ("every day at 7:00", "rule-time"),
    ("every day at 24:00", "rule-time"),
    ("every day at 07:60", "rule-time"),
    ("every day at 07:00 09:00", "rule-time"),
    ("every day at 07:00 and", "rule-time"),
    ("every day at 07:00:00", "rule-time"),
    ("every day at 07:00 and 07:00", "rule-times"),
    ("every day at " + ", ".join(f"07:{minute:02d}" for minute in range(25)), "rule-times"),
    ("every month at 07:00", "rule-day"),
    ("every Mon at 07:00", "rule-day"),
    ("every Monday and Monday at 07:00", "rule-day"),
    ("every day and Monday at 07:00", "rule-day"),
    ("first week of the month at 07:00", "rule-day"),
    ("0th day of the month at 07:00", "rule-number"),
    ("32nd day of the month at 07:00", "rule-number"),
    ("6th Monday of the month at 07:00", "rule-number"),
    ("24th working day of the month at 07:00", "rule-number"),
    ("2th Monday of the month at 07:00", "rule-number"),
    ("11st day of the month at 07:00", "rule-number"),
    ("sixth working day of the month at 07:00", "rule-number"),
    ("first last day of the month at 07:00", "rule-number"),
    ("6th last day of the month at 07:00", "rule-number"),
    ("last last day of the month at 07:00", "rule-number"),
    ("middle working day of the month at 07:00", "rule-number"),
    ("first working day of the week at 07:00", "rule-period"),
    ("first working day of month at 07:00", "rule-period"),
    ("first working day of Januar at 07:00", "rule-period"),
    ("first working day of May and May at 07:00", "rule-period"),
    ("30th day of February at 07:00", "rule-never"),
    ("31st day of April and June at 07:00", "rule-never"),
    ("22nd working day of February at 07:00", "rule-never"),
    ("every day at 07:00" + " " * 300, "rule-too-long"),
    ("every " + "Monday and " * 10_000 + "Monday at 07:00", "rule-too-long"),
]


@pytest.mark.parametrize(("text", "rule"), REFUSED, ids=[str(number) for number in range(len(REFUSED))])
def test_what_is_no_rule_is_refused_by_name_without_an_echo(text, rule):
    with pytest.raises(ScheduleError) as refused:
        Schedule(rule=text, zone="Asia/Seoul")
    assert refused.value.code == "REPORT-SCHEDULE"
    assert refused.value.field == "rule"
    assert refused.value.rule == rule
    assert len(str(refused.value)) < 500
    assert not (isinstance(text, str) and text.strip() and text in str(refused.value).partition(". ")[0])


FREE = st.frozensets(st.dates(date(2026, 12, 1), date(2027, 3, 31)), max_size=60)
RULES = st.sampled_from(
    [
        "first working day of the month at 07:00",
        "last working day of the month at 07:00",
        "second Monday of the month or the next working day at 07:00",
        "15th day of the month or the previous working day at 07:00",
        "every Friday or the next working day at 07:00",
        "every Monday or the previous working day at 07:00",
    ]
)


@settings(max_examples=200, deadline=None)
@given(text=RULES, holidays=FREE, start=st.dates(date(2026, 11, 15), date(2027, 4, 15)))
def test_days_rise_are_working_days_and_do_not_depend_on_where_one_starts(text, holidays, start):
    rule = parse_rule(text)
    whole = [day for day in _until(rule, date(2026, 11, 1), holidays) if day >= start]
    assert list(_until(rule, start, holidays)) == whole
    assert whole == sorted(set(whole))
    assert all(day.weekday() < 5 and day not in holidays for day in whole)


def _until(rule: Rule, start: date, holidays: frozenset[date]) -> list[date]:
    days = []
    for day in rule.days_from(start, holidays):
        if day > date(2027, 6, 1):
            break
        days.append(day)
    return days


@settings(deadline=None)
@given(
    holidays=FREE, month=st.sampled_from([date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]), nth=st.integers(1, 5)
)
def test_the_nth_working_day_is_found_by_counting(holidays, month, nth):
    word = ["first", "second", "third", "fourth", "fifth"][nth - 1]
    days = [month + timedelta(days=step) for step in range(31)]
    counted = [day for day in days if day.month == month.month and day.weekday() < 5 and day not in holidays]
    rule = parse_rule(f"{word} working day of the month at 07:00")
    found = next(rule.days_from(month, holidays))
    assert found == counted[nth - 1] if len(counted) >= nth else found.month != month.month
