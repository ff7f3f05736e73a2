"""Relative dates: what each word says, at the ends of months, years and weeks, and what is refused."""

import calendar
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_config.reports.calendar import check_text, resolve
from hub_config.reports.calendar.errors import RelativeDateError, ScheduleError

SLOT = datetime(2026, 11, 1, 22, tzinfo=UTC)  # in Seoul it is 07:00 on 2 November, a Monday


def _at(text: str, kind: str = "str", *, at: datetime = SLOT, zone: str = "Asia/Seoul") -> str:
    return resolve(text, at=at, zone=zone, kind=kind)


@pytest.mark.parametrize(
    ("text", "as_str", "as_date", "as_datetime"),
    [
        ("{today}", "2026-11-02", "2026-11-02", "2026-11-02T00:00:00+09:00"),
        ("{today.end}", "2026-11-02", "2026-11-02", "2026-11-02T23:59:59+09:00"),
        ("{day:0}", "2026-11-02", "2026-11-02", "2026-11-02T00:00:00+09:00"),
        ("{day:-1}", "2026-11-01", "2026-11-01", "2026-11-01T00:00:00+09:00"),
        ("{day:+1}", "2026-11-03", "2026-11-03", "2026-11-03T00:00:00+09:00"),
        ("{week}", "2026-W45", "2026-11-02", "2026-11-02T00:00:00+09:00"),
        ("{week:-1}", "2026-W44", "2026-10-26", "2026-10-26T00:00:00+09:00"),
        ("{week:-1.end}", "2026-11-01", "2026-11-01", "2026-11-01T23:59:59+09:00"),
        ("{month:-1}", "2026-10", "2026-10-01", "2026-10-01T00:00:00+09:00"),
        ("{month:-1.start}", "2026-10-01", "2026-10-01", "2026-10-01T00:00:00+09:00"),
        ("{month:-1.end}", "2026-10-31", "2026-10-31", "2026-10-31T23:59:59+09:00"),
        ("{month:-9.end}", "2026-02-28", "2026-02-28", "2026-02-28T23:59:59+09:00"),
        ("{month:-33.end}", "2024-02-29", "2024-02-29", "2024-02-29T23:59:59+09:00"),
        ("{month:2}", "2027-01", "2027-01-01", "2027-01-01T00:00:00+09:00"),
        ("{quarter}", "2026-Q4", "2026-10-01", "2026-10-01T00:00:00+09:00"),
        ("{quarter:-1}", "2026-Q3", "2026-07-01", "2026-07-01T00:00:00+09:00"),
        ("{quarter:-1.end}", "2026-09-30", "2026-09-30", "2026-09-30T23:59:59+09:00"),
        ("{quarter:-4.start}", "2025-10-01", "2025-10-01", "2025-10-01T00:00:00+09:00"),
        ("{year:-1}", "2025", "2025-01-01", "2025-01-01T00:00:00+09:00"),
        ("{year:-1.end}", "2025-12-31", "2025-12-31", "2025-12-31T23:59:59+09:00"),
    ],
)
def test_a_word_says_what_its_parameter_takes(text, as_str, as_date, as_datetime):
    assert (_at(text), _at(text, "date"), _at(text, "datetime")) == (as_str, as_date, as_datetime)


def test_the_day_is_that_of_the_schedules_zone():
    assert _at("{today}", zone="UTC") == "2026-11-01"
    assert _at("{month:-1}", zone="America/New_York") == "2026-10"
    assert _at("{month:-1}", at=datetime(2026, 10, 31, 16, tzinfo=UTC)) == "2026-10"
    assert _at("{month:-1}", at=datetime(2026, 10, 31, 14, tzinfo=UTC)) == "2026-09"


def test_a_moment_has_the_offset_of_its_own_day():
    # Clocks in Berlin were set back in October and forward in March.
    at = datetime(2026, 11, 2, 6, tzinfo=UTC)
    assert _at("{month:-1.start}", "datetime", at=at, zone="Europe/Berlin") == "2026-10-01T00:00:00+02:00"
    assert _at("{month:-1.end}", "datetime", at=at, zone="Europe/Berlin") == "2026-10-31T23:59:59+01:00"


def test_a_day_without_a_midnight_begins_when_its_clocks_were_changed():
    at = datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert _at("{today}", "datetime", at=at, zone="Asia/Beirut") == "2026-03-29T01:00:00+03:00"
    assert _at("{day:-1.end}", "datetime", at=at, zone="Asia/Beirut") == "2026-03-28T23:59:59+02:00"


def test_the_slot_and_now_are_date_times_in_the_zone():
    now = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
    assert _at("{slot}", "datetime") == "2026-11-02T07:00:00+09:00"
    assert _at("{now}", "datetime") == "2026-11-02T07:00:00+09:00"
    assert resolve("{now}", at=SLOT, zone="Asia/Seoul", kind="datetime", now=now) == "2026-11-02T10:30:00+09:00"
    assert resolve("{today}", at=SLOT, zone="Asia/Seoul", kind="str", now=now + timedelta(days=9)) == "2026-11-02"


def test_dates_may_stand_anywhere_in_text():
    assert _at("Ward 7, {month:-1.start} to {month:-1.end}") == "Ward 7, 2026-10-01 to 2026-10-31"
    assert _at("{year}{quarter}") == "20262026-Q4"


def test_braces_are_written_twice_and_other_text_is_left_alone():
    assert _at("{{month:-1}}") == "{month:-1}"
    assert _at("{{{month:-1}}}") == "{2026-10}"
    assert _at("") == ""
    assert _at("%s $HOME {{}} \\n") == "%s $HOME {} \\n"
    assert _at("2026-10-01", "date") == "2026-10-01"
    assert _at("a {{b}}", "datetime") == "a {b}"


def test_iso_weeks_belong_to_the_year_of_their_thursday():
    assert _at("{week}", at=datetime(2027, 1, 1, tzinfo=UTC), zone="UTC") == "2026-W53"
    assert _at("{week}", at=datetime(2024, 12, 30, tzinfo=UTC), zone="UTC") == "2025-W01"
    assert _at("{week:-1}", at=datetime(2027, 1, 6, tzinfo=UTC), zone="UTC") == "2026-W53"


def test_text_is_checked_before_there_is_a_slot():
    assert check_text("{month:-1.end}", kind="date") is True
    assert check_text("2026-10-01", kind="date") is False
    assert check_text("{{x}}", kind="str") is False
    with pytest.raises(RelativeDateError):
        check_text("{months:-1}", kind="str")


REFUSED = [
    ("{", "str", "relative-brace"),
    ("}", "str", "relative-brace"),
    ("{today", "str", "relative-brace"),
    ("today}", "str", "relative-brace"),
    ("{today}}", "str", "relative-brace"),
    ("{{today}", "str", "relative-brace"),
    ("{{{", "str", "relative-brace"),
    ("{}", "str", "relative-word"),
    ("{ }", "str", "relative-word"),
    ("{0}", "str", "relative-word"),
    ("{Today}", "str", "relative-word"),
    ("{ today }", "str", "relative-word"),
    ("{yesterday}", "str", "relative-word"),
    ("{month-1}", "str", "relative-word"),
    ("{month: -1}", "str", "relative-word"),
    ("{month:-1.5}", "str", "relative-word"),
    ("{month:--1}", "str", "relative-word"),
    ("{month:}", "str", "relative-word"),
    ("{month:-1.first}", "str", "relative-word"),
    ("{month:-1.end.end}", "str", "relative-word"),
    ("{month:-1!r}", "str", "relative-word"),
    ("{month:-1:>10}", "str", "relative-word"),
    ("{today:-1}", "str", "relative-word"),
    ("{slot.start}", "str", "relative-word"),
    ("{slot:-1}", "str", "relative-word"),
    ("{hour:-1}", "str", "relative-word"),
    ("{slot.__class__}", "str", "relative-word"),
    ("{today.__init__.__globals__}", "str", "relative-word"),
    ("{__import__('os').system('id')}", "str", "relative-word"),
    ("{month:-１}", "str", "relative-word"),
    ("{달:-1}", "str", "relative-word"),
    ("{month:-1\n}", "str", "relative-word"),
    ("{day:-100000}", "str", "relative-word"),
    ("{day:-99999}", "str", "relative-far"),
    ("{week:10401}", "str", "relative-far"),
    ("{month:-2401}", "str", "relative-far"),
    ("{quarter:801}", "str", "relative-far"),
    ("{year:-201}", "str", "relative-far"),
    ("{year:" + "9" * 10_000 + "}", "str", "relative-text"),
    ("{year:" + "9" * 1_000 + "}", "str", "relative-word"),
    ("{month:-1}-15", "date", "relative-alone"),
    (" {today}", "date", "relative-alone"),
    ("{today}{today}", "date", "relative-alone"),
    ("{today} 07:00", "datetime", "relative-alone"),
    ("{slot}", "date", "relative-moment"),
    ("{now}", "date", "relative-moment"),
    ("{today}", "int", "relative-kind"),
    ("{today}", "", "relative-kind"),
    (None, "str", "relative-text"),
    (20261102, "date", "relative-text"),
    ("a" * 4_001, "str", "relative-text"),
]


@pytest.mark.parametrize(("text", "kind", "rule"), REFUSED, ids=[str(number) for number in range(len(REFUSED))])
def test_what_cannot_be_read_is_refused_by_name_without_an_echo(text, kind, rule):
    for act in (lambda: _at(text, kind), lambda: check_text(text, kind=kind)):
        with pytest.raises(RelativeDateError) as refused:
            act()
        assert refused.value.code == "REPORT-RELATIVE-DATE"
        assert (refused.value.field, refused.value.rule) == ("text", rule)
        assert len(str(refused.value)) < 400
        assert "globals" not in str(refused.value)


def test_an_unknown_word_is_refused_with_the_known_ones():
    with pytest.raises(
        RelativeDateError, match=r"\{today\}, \{slot\}, \{now\}, and \{day:-1\}, \{week:-1\}, \{month:-1\}"
    ):
        _at("{months:-1}")


def test_a_slot_without_offset_an_unknown_zone_and_a_day_outside_the_calendar_are_refused():
    with pytest.raises(RelativeDateError, match="no offset"):
        _at("{today}", at=datetime.fromisoformat("2026-11-02T07:00"))
    with pytest.raises(ScheduleError, match="time zone"):
        _at("{today}", zone="Seoul")
    with pytest.raises(RelativeDateError, match="outside the calendar"):
        _at("{year:-200}", at=datetime(150, 1, 1, tzinfo=UTC))
    with pytest.raises(RelativeDateError, match="outside the calendar"):
        _at("{year.end}", at=datetime(9999, 6, 1, tzinfo=UTC))


DAYS = st.datetimes(datetime.fromisoformat("1980-01-01"), datetime.fromisoformat("2090-01-01"), timezones=st.just(UTC))
UNITS = st.sampled_from(["day", "week", "month", "quarter", "year"])


@settings(deadline=None)
@given(at=DAYS, unit=UNITS, by=st.integers(-30, 30))
def test_periods_follow_one_another_without_gap_or_overlap(at, unit, by):
    def day(text: str) -> date:
        return date.fromisoformat(_at(text, "date", at=at, zone="Europe/Berlin"))

    assert day(f"{{{unit}:{by}.end}}") + timedelta(days=1) == day(f"{{{unit}:{by + 1}.start}}")
    assert day(f"{{{unit}.start}}") <= day("{today}") <= day(f"{{{unit}.end}}")


@settings(deadline=None)
@given(at=DAYS, by=st.integers(-60, 60))
def test_a_month_ends_where_the_calendar_says(at, by):
    year, month = map(int, _at(f"{{month:{by}}}", at=at, zone="UTC").split("-"))
    assert (year - at.year) * 12 + month - at.month == by
    assert _at(f"{{month:{by}.end}}", at=at, zone="UTC")[-2:] == f"{calendar.monthrange(year, month)[1]:02d}"


@settings(deadline=None)
@given(text=st.text(max_size=40))
def test_any_text_with_doubled_braces_comes_back_as_it_was(text):
    assert _at(text.replace("{", "{{").replace("}", "}}")) == text
