"""Splitting follow-up: every day lies in one cell, and nothing is lost."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError
from analysis_lib.models.rates import incidence_rates, split_follow_up

COLUMNS: dict[str, Any] = {"start": "start", "time": "days", "event": "event"}


def _people(births: list[str], starts: list[str], days: list[int], events: list[bool]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person_id": range(1, len(days) + 1),
            "birth": pd.to_datetime(pd.Series(births)),
            "start": pd.to_datetime(pd.Series(starts)),
            "days": days,
            "event": events,
        }
    )


def _age(birth: date, day: date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def test_a_person_of_leap_day_turns_older_on_1_march_in_common_years() -> None:
    people = _people(["1960-02-29"], ["2000-02-27"], [400], [True])
    found = split_follow_up(people, birth="birth", age_bands=[0, 40, 41], **COLUMNS).frame
    assert found["age_band"].astype(str).to_list() == ["0-39", "40", "41+"]
    assert found["start"].dt.strftime("%Y-%m-%d").to_list() == ["2000-02-27", "2000-02-29", "2001-03-01"]
    assert found["days"].to_list() == [2, 366, 32]
    assert found["event"].to_list() == [False, False, True]


def test_follow_up_that_begins_or_ends_on_an_edge_has_no_piece_of_no_days() -> None:
    """In 2000 (a leap year that 1900 was not); on the birthday; on New Year's Day; on the last day before either."""
    people = _people(
        ["1960-03-01", "1960-02-29", "1960-01-01", "1960-01-01"],
        ["2000-03-01", "2000-02-28", "2000-01-01", "1999-12-31"],
        [1, 2, 366, 1],
        [True, True, True, True],
    )
    found = split_follow_up(people, birth="birth", age_bands=[40], calendar_bands="year", entry_bands=[0, 1], **COLUMNS)
    cells = found.frame[["person_id", "age_band", "calendar_period", "time_since_entry", "days", "event"]]
    assert [tuple(map(str, row)) for row in cells.itertuples(index=False)] == [
        ("1", "40+", "2000", "0", "1", "True"),
        ("2", "<40", "2000", "0", "1", "False"),
        ("2", "40+", "2000", "1+", "1", "True"),
        ("3", "40+", "2000", "0", "1", "False"),
        ("3", "40+", "2000", "1+", "365", "True"),
        ("4", "<40", "1999", "0", "1", "True"),
    ]


def test_the_event_lies_in_the_cell_of_its_day() -> None:
    people = _people(["1970-06-15"] * 2, ["2010-12-01"] * 2, [31, 32], [True, True])
    found = split_follow_up(people, calendar_bands="year", **COLUMNS).frame
    cells = found.groupby(["calendar_period", "person_id"], observed=True)[["days", "event"]].sum()
    assert cells.loc[("2010", 1)].to_list() == [31, 1]
    assert cells.loc[("2010", 2)].to_list() == [31, 0]
    assert cells.loc[("2011", 2)].to_list() == [1, 1]


def test_a_year_of_birth_stands_for_new_years_day() -> None:
    people = _people(["1960-01-01"], ["1999-12-30"], [5], [False]).assign(birth=1960)
    found = split_follow_up(people, birth="birth", age_bands=[0, 40], **COLUMNS).frame
    assert found["days"].to_list() == [2, 3]


def test_time_since_entry_counts_from_an_origin_of_ones_own() -> None:
    people = _people(["1960-01-01"], ["2000-01-11"], [30], [False]).assign(origin=pd.Timestamp("2000-01-01"))
    found = split_follow_up(people, entry_bands=[0, 15, 30], origin="origin", **COLUMNS).frame
    assert found["time_since_entry"].astype(str).to_list() == ["0-14", "15-29", "30+"]
    assert found["days"].to_list() == [5, 15, 10]


@settings(max_examples=60, deadline=None)
@given(
    people=st.lists(
        st.tuples(st.integers(0, 30_000), st.integers(0, 9_000), st.integers(1, 2_500), st.booleans()),
        min_size=1,
        max_size=6,
    ),
    ages=st.sets(st.integers(0, 110), min_size=1, max_size=6),
    years=st.sets(st.integers(1990, 2040), min_size=1, max_size=5),
    since=st.sets(st.integers(-10, 3_000), min_size=1, max_size=4),
)
def test_every_day_lies_in_the_cell_that_counting_day_by_day_gives(
    people: list[tuple[int, int, int, bool]], ages: set[int], years: set[int], since: set[int]
) -> None:
    zero = date(1920, 1, 1)
    births = [zero + timedelta(days=birth) for birth, *_ in people]
    starts = [birth + timedelta(days=later + 18_000) for birth, (_, later, *_) in zip(births, people, strict=True)]
    frame = _people(
        [str(day) for day in births],
        [str(day) for day in starts],
        [days for *_, days, _ in people],
        [event for *_, event in people],
    )
    age_edges, year_edges, since_edges = sorted(ages), sorted(years), sorted(since)
    found = split_follow_up(
        frame, birth="birth", age_bands=age_edges, calendar_bands=year_edges, entry_bands=since_edges, **COLUMNS
    ).frame
    assert int(found["days"].sum()) == int(frame["days"].sum())
    assert int(found["event"].sum()) == int(frame["event"].sum())

    def band(edges: list[int], value: int) -> str:
        """The label of the band that holds a value."""
        place = int(np.searchsorted(edges, value, side="right"))
        if place == 0:
            return f"<{edges[0]}"
        if place == len(edges):
            return f"{edges[-1]}+"
        low, high = edges[place - 1], edges[place] - 1
        return f"{low}" if low == high else f"{low}-{high}"

    for piece in found.to_dict("records"):
        person = int(piece["person_id"]) - 1
        for offset in {0, int(piece["days"]) // 2, int(piece["days"]) - 1}:
            day = piece["start"].date() + timedelta(days=offset)
            assert piece["age_band"] == band(age_edges, _age(births[person], day))
            assert piece["calendar_period"] == band(year_edges, day.year)
            assert piece["time_since_entry"] == band(since_edges, (day - starts[person]).days)


def test_rates_by_the_bands_are_those_of_the_pieces_and_count_persons_once() -> None:
    people = _people(["1960-05-05", "1950-01-31"], ["2010-01-01"] * 2, [1_000, 500], [True, False])
    split = split_follow_up(people, birth="birth", age_bands=[0, 50, 60], calendar_bands="year", **COLUMNS)
    rates = split.rates(by="calendar_period", per=100)
    same = incidence_rates(split.frame, time="days", event="event", by="calendar_period", per=100)
    pd.testing.assert_frame_equal(rates.table, same.table)
    assert rates.table["persons"].to_list() == [2, 2, 1]
    assert rates.table["events"].to_list() == [0, 0, 1]
    assert split.rates().table.index.names == ["age_band", "calendar_period"]
    assert rates.persons["all"] == 2


def test_rows_with_a_missing_value_are_left_out_and_counted() -> None:
    people = _people(["1960-05-05", None, "1950-01-31"], ["2010-01-01"] * 3, [10, 10, 10], [True] * 3)  # type: ignore[list-item]
    split = split_follow_up(people, birth="birth", age_bands=[0, 50], **COLUMNS)
    assert split.exclusions == {"birth missing": 1}
    assert split.rates().n_excluded == 1
    assert "Left out: 1 rows" in repr(split)


PEOPLE = _people(["1960-05-05"], ["2010-01-01"], [10], [True])


@pytest.mark.parametrize(
    ("frame", "arguments", "words"),
    [
        (PEOPLE, {}, "nothing to split by"),
        (PEOPLE, {"age_bands": [0, 50]}, "need the date or year of birth"),
        (PEOPLE, {"age_bands": [50, 0], "birth": "birth"}, "must rise"),
        (PEOPLE, {"age_bands": [0.5], "birth": "birth"}, "list of whole numbers"),
        (PEOPLE, {"age_bands": 5, "birth": "birth"}, "list of whole numbers"),
        (PEOPLE, {"calendar_bands": "month"}, "list of whole numbers"),
        (PEOPLE, {"calendar_bands": "year", "keep": ["nobody"]}, "no column 'nobody'"),
        (PEOPLE.assign(days=0), {"calendar_bands": "year"}, "whole days from 1"),
        (PEOPLE.assign(days=1.5), {"calendar_bands": "year"}, "whole days from 1"),
        (PEOPLE.assign(days=1e12), {"calendar_bands": "year"}, "whole days from 1"),
        (PEOPLE.assign(days="kv7"), {"calendar_bands": "year"}, "number of days"),
        (PEOPLE.assign(start="2010-01-01"), {"calendar_bands": "year"}, "must be datetime64"),
        (PEOPLE.assign(start=pd.Timestamp("2010", tz="Asia/Seoul")), {"calendar_bands": "year"}, "without a time zone"),
        (PEOPLE.assign(event=2), {"calendar_bands": "year"}, "bool or 0/1"),
        (PEOPLE.assign(birth=50), {"age_bands": [0, 50], "birth": "birth"}, "year of birth must be"),
        (PEOPLE.assign(birth=2011), {"age_bands": [0, 50], "birth": "birth"}, "before birth"),
        (
            PEOPLE.assign(age_band="x"),
            {"age_bands": [0], "birth": "birth", "keep": ["age_band"]},
            "column of their own",
        ),
        (PEOPLE.head(0), {"calendar_bands": "year"}, "no row is left"),
    ],
)
def test_what_cannot_be_split_is_refused_without_a_value(frame: Any, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelInputError, match=words) as caught:
        split_follow_up(frame, **COLUMNS, **arguments)
    assert "kv7" not in str(caught.value)
