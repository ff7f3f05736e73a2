"""A range at the head of a comment is read strictly, and prose is never taken for one."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_config.errors import ParametersCellError
from hub_config.reports.parameters.dates import day_from, day_upto, is_date, is_datetime, with_offset
from hub_config.reports.parameters.declarations import read_parameters
from hub_config.reports.parameters.ranges import Range, RangeError, read_range
from hub_config.reports.parameters.values import ParameterType, why_not


@pytest.mark.parametrize(
    ("comment", "kind", "text", "help_text"),
    [
        ("0 to 3650; covariates are read this far back", "int", "0 to 3650", "covariates are read this far back"),
        ("0 to 3650 days; how far back", "int", "0 to 3650 days", "how far back"),
        ("0 to 3650. How far back", "int", "0 to 3650", "How far back"),
        ("0 to 3650", "int", "0 to 3650", ""),
        ("0 to 3650.", "int", "0 to 3650", ""),
        (">= 0; persons", "int", ">= 0", "persons"),
        (">=0 persons; at least", "int", ">= 0 persons", "at least"),
        ("< 5", "int", "< 5", ""),
        ("-5 to -1; below zero", "int", "-5 to -1", "below zero"),
        ("0 < x <= 1; share of the persons", "float", "0 < x <= 1", "share of the persons"),
        ("0<x<1", "float", "0 < x < 1", ""),
        ("0 <= x <= 1", "float", "0 to 1", ""),
        ("0.5 to 2.5; ratio", "float", "0.5 to 2.5", "ratio"),
        ("0 to 100 %; share", "float", "0 to 100 %", "share"),
        ("1e-6 to 0.1; how exact", "float", "1e-06 to 0.1", "how exact"),
        ("0 to 30 일; 관찰 기간", "int", "0 to 30 일", "관찰 기간"),
        ("1900-01-01 to today; index date", "date", "1900-01-01 to today", "index date"),
        ("<= today; index date", "datetime", "<= today", "index date"),
        ("at most 200 characters; a remark", "str", "at most 200 characters", "a remark"),
        ("1 to 20 characters", "str", "1 to 20 characters", ""),
        ("exactly 2 characters", "str", "exactly 2 characters", ""),
        # Prose
        ("1 to 1 matching of cases and controls", "int", "", None),
        ("1 to 1 matching. Then more", "int", "", None),
        ("0 to 10 points", "int", "", None),
        ("5 days", "int", "", None),
        ("1. the first step", "int", "", None),
        ("at most 10 items are drawn", "str", "", None),
        ("between 0 and 1", "float", "", None),
        ("from 0 to 1; share", "float", "", None),
        ("0 to 10, roughly; days", "int", "", None),
        ("0 to 10, 20 to 30; days", "int", "", None),
        ("0  to 10; two spaces", "int", "", None),
        ("0 to 10; is no range", "choice", "", None),
        ("0 to 10; is no range", "bool", "", None),
        ("> 5; is no range", "Dataset", "", None),
        ("< see below", "int", "", None),
        ("", "int", "", None),
    ],
)
def test_only_a_head_that_is_a_range_to_its_end_is_one(comment: str, kind: str, text: str, help_text: str | None):
    found, rest = read_range(comment, kind=kind)
    assert (found.text, rest) == (text, comment if help_text is None else help_text)


@pytest.mark.parametrize(
    ("comment", "kind", "why"),
    [
        ("> 5 are drawn", "int", "begins like a range"),
        (">= 18 only adults", "int", "begins like a range"),
        ("0 < x <= 1 is the share", "float", "begins like a range"),
        ("10 to 0; days", "int", "before it begins"),
        ("0 < x <= 0", "float", "before it begins"),
        ("2026-01-01 to 2025-01-01", "date", "before it begins"),
        ("5 to 2 characters", "str", "before it begins"),
        ("0 to 0.5; share", "int", "does not fit the type int"),
        ("0 to today; days", "int", "does not fit the type int"),
        ("0 to today; days", "float", "does not fit the type float"),
        ("0 to 5; days", "date", "does not fit a date"),
        ("2026-02-30 to today", "date", "does not fit a date"),
        ("0 to 5; code", "str", "numbers or dates"),
        ("at most 5 items", "int", "only a list"),
        ("at most 5 characters", "int", "only a text"),
        ("0 to 1e999", "float", "too large"),
    ],
)
def test_a_range_that_cannot_be_meant_is_refused(comment: str, kind: str, why: str):
    with pytest.raises(RangeError, match=why):
        read_range(comment, kind=kind)
    if kind != "date":
        default = {"int": "1", "float": "1.0", "str": "'a'"}[kind]
        with pytest.raises(ParametersCellError, match=why):
            read_parameters(f"x: {kind} = {default}  # {comment}")


def test_a_list_has_a_range_for_its_items_and_one_for_their_number():
    found, rest = read_range("0 to 9 points, 1 to 3 items; scores", kind="int", is_list=True)
    assert (found.text, rest) == ("0 to 9 points, 1 to 3 items", "scores")
    declared = ParameterType("list", item="int", range=found)
    assert why_not(declared, [0, 9]) is None
    assert "a list of 4" in (why_not(declared, [1, 2, 3, 4]) or "")
    assert "found a list of 0" in (why_not(declared, []) or "")
    assert "a number above that as item 2" in (why_not(declared, [1, 10]) or "")


def test_lengths_of_texts_count_characters_not_bytes():
    found, _ = read_range("at most 3 characters, at most 2 items", kind="str", is_list=True)
    declared = ParameterType("list", item="str", range=found)
    assert why_not(declared, ["병동가", "😀😀😀"]) is None
    assert "text of 4 characters as item 1" in (why_not(declared, ["병동가나"]) or "")


def test_today_is_the_day_of_the_check():
    declared = ParameterType("date", range=read_range("2020-01-01 to today", kind="date")[0])
    assert why_not(declared, "2026-05-02", today=dt.date(2026, 5, 2)) is None
    assert "a later one" in (why_not(declared, "2026-05-03", today=dt.date(2026, 5, 2)) or "")
    assert "an earlier one" in (why_not(declared, "2019-12-31", today=dt.date(2026, 5, 2)) or "")


def test_a_datetime_is_compared_by_the_day_that_is_written():
    declared = ParameterType("datetime", range=read_range("<= 2026-05-02", kind="datetime")[0])
    assert why_not(declared, "2026-05-02T23:59:59.999999-11:00") is None
    assert why_not(declared, "2026-05-03T00:00+14:00") is not None


@given(comment=st.text(alphabet="0123456789to <>=x.;,-%itemscharactersatmost ", max_size=40))
def test_any_comment_is_a_range_or_help_or_refused_and_a_range_is_read_back_as_itself(comment: str):
    for kind, is_list in (("int", False), ("float", False), ("date", False), ("str", True)):
        try:
            found, rest = read_range(comment, kind=kind, is_list=is_list)
        except RangeError:
            continue
        if found == Range():
            assert rest == comment
        else:
            assert read_range(found.text + ";", kind=kind, is_list=is_list) == (found, "")


@given(day=st.dates(), low=st.dates())
def test_patterns_of_ranges_compare_as_dates_do(day: dt.date, low: dt.date):
    import re

    assert bool(re.search(day_from(low.isoformat()), day.isoformat())) == (day >= low)
    assert bool(re.search(day_upto(low.isoformat()), day.isoformat())) == (day <= low)


def test_every_day_of_leap_years_and_centuries_is_a_date_and_no_other():
    for year in (1, 4, 1900, 2000, 2023, 2024, 2100, 2400, 9999):
        for month in range(14):
            for day in range(33):
                try:
                    exists = bool(dt.date(year, month, day))
                except ValueError:
                    exists = False
                assert is_date(f"{year:04}-{month:02}-{day:02}") == exists
    assert not is_date("0000-01-01")
    assert not is_date("2024-01-01\n")
    assert not is_date("٢٠٢٤-01-01")


@given(at=st.datetimes(timezones=st.none() | st.timezones()))
def test_every_datetime_in_iso_form_is_one(at: dt.datetime):
    assert is_datetime(at.isoformat())


@pytest.mark.parametrize(
    "text",
    ["2026-01-01", "2026-01-01 07:00", "2026-01-01T24:00", "2026-01-01T07", "20260101T0700", "2026-01-01T07:00+9",
     "2026-01-01T07:00:60", "2026-02-30T07:00", "2026-01-01T07:00\n", "2026-01-01T07:00+09:00[Asia/Seoul]", ""],
)  # fmt: skip
def test_other_forms_of_a_datetime_are_none(text: str):
    assert not is_datetime(text)


def test_the_offset_of_the_zone_is_written_behind_a_time_that_has_none():
    from zoneinfo import ZoneInfo

    assert with_offset("2026-03-01T07:00", ZoneInfo("Asia/Seoul")) == "2026-03-01T07:00:00+09:00"
    assert with_offset("2026-03-01T07:00Z", ZoneInfo("Asia/Seoul")) == "2026-03-01T07:00Z"
    # The hour that is skipped, and the first of the hour that comes twice.
    assert with_offset("2026-03-08T02:30", ZoneInfo("America/New_York")) == "2026-03-08T02:30:00-05:00"
    assert with_offset("2026-11-01T01:30", ZoneInfo("America/New_York")) == "2026-11-01T01:30:00-04:00"
