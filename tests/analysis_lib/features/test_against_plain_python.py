"""Every variable against the same rule written once more in plain Python, row by row, on generated people."""

import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import ConceptSet
from analysis_lib.features import Count, DaysSince, Demographic, DrugExposure, Flag, Value, Visits, baseline, kdigo_aki
from analysis_lib.windows import Window

ReleaseOf = Callable[..., Dataset]
ORIGIN = date(2010, 1, 1)
BLEED, DRUG = ConceptSet("bleed", [30]), ConceptSet("drug", [10])
CREATININE, STAY = ConceptSet("creatinine", [50]), ConceptSet("stay", [9201])
DIALYSIS = ConceptSet("dialysis", [60])
# Real ids exceed 2^53 and can be negative.
PERSONS = [-5, 1, 2**53 + 1, 2**62 + 3]
FACTORS = {8840: 1.0, 8749: 113.120 / 1e4}

persons = st.sampled_from(PERSONS)
days = st.integers(0, 30)
indexes = st.lists(st.tuples(persons, days), min_size=0, max_size=8)
bleeds = st.lists(st.tuples(persons, st.sampled_from([30, 31, 10]), days), max_size=15)
lasting = st.lists(st.tuples(persons, days, st.none() | st.integers(-2, 9)), max_size=12)
creatinines = st.lists(
    st.tuples(
        persons,
        st.sampled_from([50, 51]),
        days,
        st.none() | st.integers(0, 23),
        st.none() | st.sampled_from([0.8, 0.9, 1.0, 1.2, 1.3, 1.5, 1.8, 2.0, 3.0, 4.0, 4.1]),
        st.sampled_from([8840, 8749]),
    ),
    max_size=20,
)
windows = st.builds(
    lambda first, length, closed: Window(first, first + length, closed),
    st.integers(-12, 10),
    st.integers(2, 15),
    st.sampled_from(["both", "left", "right", "neither"]),
) | st.sampled_from([Window(None, -1), Window(None, 0), Window(0, None), Window(None, None), Window(0, 0)])
slow = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def at(number: int) -> date:
    return ORIGIN + timedelta(days=number)


def frame_of(rows: list[tuple[int, int]]) -> pd.DataFrame:
    dates = pd.to_datetime([at(day) for _, day in rows]) if rows else pd.to_datetime([])
    return pd.DataFrame(
        {"subject_id": pd.array([p for p, _ in rows], dtype="int64"), "cohort_start_date": dates.as_unit("us")}
    ).drop_duplicates(ignore_index=True)


def people() -> dict[str, list[Any]]:
    return {
        "person": [(person, 1950, 8532) for person in PERSONS],
        "observation_period": [(n, person, at(5), at(25)) for n, person in enumerate(PERSONS)],
    }


def number(value: Any) -> float:
    return math.nan if value is None else float(value)


def same(found: pd.Series, expected: list[Any]) -> None:
    numbers = [number(None if pd.isna(value) else value) for value in found]
    assert numbers == pytest.approx([number(value) for value in expected], nan_ok=True)


@slow
@given(index=indexes, records=bleeds, window=windows, buckets=st.sampled_from([1, 4]))
def test_flags_counts_and_days_agree(release_of: ReleaseOf, index: Any, records: Any, window: Window, buckets: int):
    tables = people() | {"condition_occurrence": [(n, p, c, at(d)) for n, (p, c, d) in enumerate(records)]}
    dataset = release_of(tables, bucket_count=buckets)
    rows = frame_of(index)
    found = baseline(
        rows,
        Flag(BLEED, window),
        Count(BLEED, window),
        Count(BLEED, window, of="days"),
        DaysSince(BLEED, window),
        DaysSince(BLEED, window, take="first", name="first"),
        Demographic("days_observed_before"),
        dataset=dataset,
    ).to_pandas()
    assert found[["subject_id", "cohort_start_date"]].equals(rows)
    gaps = [
        [(at(d) - when.date()).days for p, c, d in records if p == person and c in (30, 31)]
        for person, when in rows.itertuples(index=False)
    ]
    inside = [[gap for gap in gap_list if gap in window] for gap_list in gaps]
    assert found["had_bleed"].tolist() == [bool(g) for g in inside]
    assert found["records_of_bleed"].tolist() == [len(g) for g in inside]
    assert found["days_of_bleed"].tolist() == [len(set(g)) for g in inside]
    same(found["days_since_bleed"], [-max(g) if g else None for g in inside])
    same(found["first"], [-min(g) if g else None for g in inside])
    observed = [(when.date() - at(5)).days if at(5) <= when.date() <= at(25) else None for when in rows.iloc[:, 1]]
    same(found["days_observed_before"], observed)


@slow
@given(index=indexes, drugs=lasting, stays=lasting, window=windows, gap=st.integers(0, 4))
def test_days_nights_and_eras_agree(
    release_of: ReleaseOf, index: Any, drugs: Any, stays: Any, window: Window, gap: int
):
    tables = people() | {
        "drug_exposure": [
            (n, p, 11, at(d), None if length is None else at(d + length), 3 if n % 2 else None)
            for n, (p, d, length) in enumerate(drugs)
        ],
        "visit_occurrence": [
            (n, p, 9201, at(d), None if length is None else at(d + length)) for n, (p, d, length) in enumerate(stays)
        ],
    }
    rows = frame_of(index)
    found = baseline(
        rows,
        DrugExposure(DRUG, window),
        DrugExposure(DRUG, window, count="eras", max_gap_days=gap),
        Visits(STAY, window),
        Visits(STAY, window, count="bed_days"),
        dataset=release_of(tables, bucket_count=4),
    ).to_pandas()
    expected: dict[str, list[int]] = {name: [] for name in found.columns[2:]}
    for person, when in rows.itertuples(index=False):
        zero = (when.date() - ORIGIN).days
        spans = [
            (d - zero, d - zero + (max(length, 0) if length is not None else 2 if n % 2 else 0))
            for n, (p, d, length) in enumerate(drugs)
            if p == person
        ]
        covered = {day for first, last in spans for day in range(first, last + 1)}
        expected["exposed_days_of_drug"].append(sum(day in window for day in covered))
        eras = joined(spans, gap)
        reach = [first <= window.last_day and last >= window.first_day for first, last in eras]
        expected["eras_of_drug"].append(sum(reach))
        own = [(d - zero, d - zero + max(length or 0, 0)) for p, d, length in stays if p == person]
        expected["visits_of_stay"].append(sum(first in window for first, _ in own))
        nights = {night for first, last in own for night in range(first, last)}
        expected["bed_days_of_stay"].append(sum(night in window for night in nights))
    assert found.iloc[:, 2:].to_dict("list") == expected


def joined(spans: list[tuple[int, int]], gap: int) -> list[list[int]]:
    eras: list[list[int]] = []
    for first, last in sorted(spans):
        if eras and first - eras[-1][1] <= gap:
            eras[-1][1] = max(eras[-1][1], last)
        else:
            eras.append([first, last])
    return eras


def measured(rows: Any, person: int, zero: date) -> list[tuple[int, datetime, int, float]]:
    """List day from index, moment, id and mg/dL of a person's creatinines."""
    found = []
    for n, (p, _, d, hour, value, unit) in enumerate(rows):
        if p == person and value is not None:
            when = datetime.combine(at(d), time(hour or 0))
            found.append(((at(d) - zero).days, when, n, value / FACTORS[unit] * FACTORS[unit]))
    return found


def measurement_rows(rows: Any) -> list[Any]:
    return [
        (
            n,
            p,
            concept,
            at(d),
            None if hour is None else datetime.combine(at(d), time(hour)),
            None if value is None else value / FACTORS[unit],
            unit,
        )
        for n, (p, concept, d, hour, value, unit) in enumerate(rows)
    ]


@slow
@given(index=indexes, rows=creatinines, window=windows, buckets=st.sampled_from([1, 4]))
def test_values_in_two_units_agree(release_of: ReleaseOf, index: Any, rows: Any, window: Window, buckets: int):
    dataset = release_of(people() | {"measurement": measurement_rows(rows)}, bucket_count=buckets)
    members = frame_of(index)
    takes = ("first", "last", "min", "max", "mean")
    columns = [Value(CREATININE, window, take=take, unit="mg/dL", substance="creatinine") for take in takes]
    found = baseline(members, *columns, Count(CREATININE, window, domain="measurement"), dataset=dataset).to_pandas()
    for place, (person, when) in enumerate(members.itertuples(index=False)):
        inside = [m for m in measured(rows, person, when.date()) if m[0] in window]
        expected = dict.fromkeys(takes, math.nan)
        if inside:
            values = [value for *_, value in inside]
            expected = {
                "first": min(inside, key=lambda m: (m[1], m[2]))[3],
                "last": max(inside, key=lambda m: (m[1], -m[2]))[3],
                "min": min(values),
                "max": max(values),
                "mean": sum(values) / len(values),
            }
        for take in takes:
            assert found[f"{take}_creatinine"][place] == pytest.approx(expected[take], nan_ok=True)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(index=indexes, rows=creatinines, dialysis=st.lists(st.tuples(persons, days), max_size=2))
def test_kdigo_stages_agree_with_a_row_loop(release_of: ReleaseOf, index: Any, rows: Any, dialysis: Any):
    tables = people() | {
        "measurement": measurement_rows(rows),
        "procedure_occurrence": [(n, p, 60, at(d)) for n, (p, d) in enumerate(dialysis)],
    }
    members = frame_of(index)
    found = kdigo_aki(members, CREATININE, replacement=DIALYSIS, dataset=release_of(tables)).to_pandas()
    expected = []
    for person, when in members.itertuples(index=False):
        own = measured(rows, person, when.date())
        on_dialysis = any(p == person and 0 <= (at(d) - when.date()).days <= 7 for p, d in dialysis)
        expected.append(3 if on_dialysis else row_loop_stage(own))
    same(found["aki_stage"], expected)


def row_loop_stage(own: list[tuple[int, datetime, int, float]]) -> int | None:
    before = [m for m in own if -365 <= m[0] <= -1]
    after = [m for m in own if 0 <= m[0] <= 7]
    stage = None
    highest = max((value for *_, value in after), default=math.nan)
    if before and after:
        last = max(before, key=lambda m: (m[1], -m[2]))[3]
        ratio = highest / last + 1e-9
        stage = 3 if ratio >= 3 else 2 if ratio >= 2 else 1 if ratio >= 1.5 else 0
    for late in after:
        for early in own:
            gap = late[1] - early[1]
            if timedelta(0) < gap <= timedelta(hours=48) and late[3] - early[3] >= 0.3 - 0.001:
                stage = max(stage or 0, 1)
    return 3 if stage and highest >= 4.0 - 0.001 else stage
