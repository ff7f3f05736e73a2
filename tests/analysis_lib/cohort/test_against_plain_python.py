"""The SQL against the same rules written once more in plain Python, person by person, on generated people."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import (
    CohortDefinition,
    ConceptSet,
    EntryEvent,
    PriorObservation,
    TimeAtRisk,
    Washout,
    build_cohort,
    follow_up,
)
from analysis_lib.cohort.exits import EndOfObservation, FixedDuration
from analysis_lib.errors import EmptyResultWarning, InvalidDefinitionError

MakeRelease = Callable[..., Dataset]
Record = tuple[int, int, date, date | None]  # person, concept, start, end
Row = tuple[int, date, date]

MEANT = {10: {10, 11, 12}, 20: {20}, 30: {30, 31}}  # what the concepts of the small vocabulary stand for
DAY_0 = date(2010, 1, 1)

# Few days: records then meet on one day, on the edges of observation, in the same era, again and again.
days = st.integers(0, 40).map(lambda day: DAY_0 + timedelta(days=day))
histories = st.fixed_dictionaries(
    {
        "drugs": st.lists(st.tuples(st.sampled_from([10, 11, 20]), days, st.none() | st.integers(-2, 10)), max_size=5),
        "bleeds": st.lists(st.tuples(st.sampled_from([30, 31, 40]), days, st.none()), max_size=3),
        "observed": st.lists(st.tuples(days, st.integers(0, 15)), min_size=1, max_size=3),
    }
)
# Many people and several questions for each release, because writing a release costs more than asking it.
populations = st.lists(histories, min_size=1, max_size=25)

rules = st.lists(
    st.integers(0, 12).map(PriorObservation)
    | st.builds(
        Washout,
        st.sampled_from([ConceptSet("drug", [10]), ConceptSet("other drug", [20])]),
        st.just("drug_era"),
        st.none() | st.integers(0, 20),
    ),
    max_size=3,
).map(tuple)
occurrences = st.sampled_from(["first", "every"])
exits = st.just(EndOfObservation()) | st.builds(
    FixedDuration, st.integers(0, 12), st.sampled_from(["entry_start", "entry_end"])
)
definitions = st.builds(
    CohortDefinition,
    name=st.just("drug users"),
    entry=st.builds(EntryEvent, st.just(ConceptSet("drug", [10])), st.just("drug_era"), occurrences),
    inclusion_rules=rules,
    exit=exits,
    entries_per_person=occurrences,
)
times_at_risk = st.builds(
    TimeAtRisk,
    starts_after_days=st.integers(0, 5),
    ends=st.sampled_from(["observation_end", "cohort_end"]),
    at_most_days=st.none() | st.integers(1, 12),
)


def _observed(person: int, day: date, of: list[Any]) -> Any:
    holding = [
        (start, -length, number)
        for number, (owner, start, length) in enumerate(of)
        if owner == person and start <= day <= start + timedelta(days=length)
    ]
    if not holding:
        return None
    start, minus_length, _ = min(holding)
    return start, start + timedelta(days=-minus_length)


def _periods(person: int, day: date, of: list[Any]) -> list[tuple[date, date]]:
    """List the observation periods that hold a day: an event counts once in each, the earliest and longest first."""
    held = [
        (start, start + timedelta(days=length))
        for owner, start, length in of
        if owner == person and start <= day <= start + timedelta(days=length)
    ]
    return sorted(held, key=lambda period: (period[0], -period[1].toordinal()))


def reference_cohort(definition: CohortDefinition, drugs: list[Any], observed: list[Any]) -> list[Row]:
    found: list[Row] = []
    for person in sorted({record[0] for record in drugs}):
        records = sorted(
            (start, number, None if length is None else start + timedelta(days=length))
            for number, (owner, concept, start, length) in enumerate(drugs)
            if owner == person and concept in MEANT[10]
        )
        if definition.entry.occurrence == "first":
            records = records[:1]
        entries = [
            (start, _left(definition, start, end, period))
            for start, _, end in records
            for period in _periods(person, start, observed)
            if all(_keeps(rule, person, start, period, drugs) for rule in definition.inclusion_rules)
        ]
        if definition.entries_per_person == "first":
            entries = entries[:1]
        # Who would leave before entering, or at no known day, is not in.
        found += [(person, *stay) for stay in _joined([(s, e) for s, e in entries if e is not None and e >= s])]
    return found


def _keeps(rule: Any, person: int, index: date, period: tuple[date, date], drugs: list[Any]) -> bool:
    if isinstance(rule, PriorObservation):
        return (index - period[0]).days >= rule.days
    meant = MEANT[rule.concept_set.items[0].concept_id]
    gaps = [(index - start).days for owner, concept, start, _ in drugs if owner == person and concept in meant]
    return not any(gap > 0 and (rule.days is None or gap <= rule.days) for gap in gaps)


def _left(definition: CohortDefinition, start: date, end: date | None, period: tuple[date, date]) -> date | None:
    leave = definition.exit
    if isinstance(leave, EndOfObservation):
        return period[1]
    day = start if leave.after == "entry_start" else end
    return None if day is None else min(day + timedelta(days=leave.days), period[1])


def _joined(entries: list[tuple[date, date]]) -> list[tuple[date, date]]:
    stays: list[tuple[date, date]] = []
    for start, end in sorted(entries):
        if stays and start <= stays[-1][1]:
            stays[-1] = (stays[-1][0], max(stays[-1][1], end))
        else:
            stays.append((start, end))
    return stays


def reference_follow_up(
    cohort: list[Row], at_risk: TimeAtRisk, bleeds: list[Any], observed: list[Any], *, prior: str
) -> list[tuple[int, date, int, int]]:
    found = []
    for person, index, cohort_end in cohort:
        last = _observed(person, index, observed)[1]
        if at_risk.ends == "cohort_end":
            last = min(last, cohort_end)
        first = index + timedelta(days=at_risk.starts_after_days)
        if at_risk.at_most_days is not None:
            last = min(last, first + timedelta(days=at_risk.at_most_days - 1))
        dates = [start for owner, concept, start, _ in bleeds if owner == person and concept in MEANT[30]]
        if last < first or (prior == "exclude" and any(day < first for day in dates)):
            continue
        events = sorted(day for day in dates if first <= day <= last)
        end = events[0] if events else last
        found.append((person, index, (end - first).days + 1, int(bool(events))))
    return found


def _text(header: str, rows: list[tuple[Any, ...]]) -> str:
    return "\n".join([header, *(" ".join("-" if value is None else str(value) for value in row) for row in rows)])


def _tables(n_persons: int, drugs: list[Any], bleeds: list[Any], observed: list[Any]) -> dict[str, str]:
    def dated(records: list[Any]) -> list[tuple[Any, ...]]:
        return [
            (person, concept, start, None if length is None else start + timedelta(days=length))
            for person, concept, start, length in records
        ]

    return {
        "person": _text("person", [(number,) for number in range(1, n_persons + 1)]),
        "observation_period": _text(
            "person from to", [(person, start, start + timedelta(days=length)) for person, start, length in observed]
        ),
        "drug_era": _text("person concept from to", dated(drugs)),
        "condition_occurrence": _text("person concept from to", dated(bleeds)),
    }


def _rows(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    as_days = frame.copy()
    for column in frame.select_dtypes("datetime"):
        as_days[column] = frame[column].dt.date
    return list(as_days.itertuples(index=False, name=None))


def _with_person(population: list[Any], kind: str) -> list[Any]:
    return [(person, *record) for person, history in enumerate(population, start=1) for record in history[kind]]


@pytest.mark.filterwarnings("ignore::analysis_lib.errors.EmptyResultWarning")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    population=populations,
    questions=st.lists(
        st.tuples(definitions, times_at_risk, st.sampled_from(["exclude", "allow"])), min_size=3, max_size=3
    ),
    bucket_count=st.sampled_from([1, 3]),
)
def test_cohort_and_follow_up_are_what_plain_python_finds(
    make_release: MakeRelease, population: list[Any], questions: list[Any], bucket_count: int
) -> None:
    drugs, bleeds, observed = (_with_person(population, kind) for kind in ("drugs", "bleeds", "observed"))
    dataset = make_release(_tables(len(population), drugs, bleeds, observed), bucket_count=bucket_count)
    for definition, at_risk, prior in questions:
        cohort = build_cohort(definition, dataset)
        expected = reference_cohort(definition, drugs, observed)
        assert _rows(cohort.frame.drop(columns="cohort_definition_id")) == expected
        assert cohort.attrition["persons"].iloc[-1] == len({person for person, *_ in expected})
        assert cohort.attrition["persons"].is_monotonic_decreasing
        try:
            followed = follow_up(cohort, outcome=ConceptSet("bleed", [30]), time_at_risk=at_risk, prior_outcome=prior)
        except InvalidDefinitionError:  # times at risk that overlap are refused, and only of who entered twice
            assert cohort.frame["subject_id"].duplicated().any()
            return
        assert _rows(followed.frame) == reference_follow_up(expected, at_risk, bleeds, observed, prior=prior)


def test_the_order_of_rows_and_the_number_of_buckets_change_nothing(make_release: MakeRelease) -> None:
    lines = [f"{n} {10 + n % 2} 2010-01-{1 + n % 20:02d} 2010-02-01" for n in range(1, 60)]
    observed = "person from to\n" + "\n".join(f"{n} 2009-06-01 2010-{1 + n % 12:02d}-15" for n in range(1, 60))
    people_of = "person\n" + "\n".join(map(str, range(1, 60)))
    entry = EntryEvent(ConceptSet("drug", [10]), "drug_era")
    frames = []
    for order, bucket_count in ((lines, 1), (lines[::-1], 4), (sorted(lines), 7)):
        eras = "person concept from to\n" + "\n".join(order)
        dataset = make_release(
            {"person": people_of, "observation_period": observed, "drug_era": eras}, bucket_count=bucket_count
        )
        frames.append(build_cohort(CohortDefinition("users", entry), dataset).frame)
    assert len(frames[0]) > 40
    pd.testing.assert_frame_equal(frames[0], frames[1])
    pd.testing.assert_frame_equal(frames[0], frames[2])


def test_an_empty_cohort_warns_with_its_attrition(make_release: MakeRelease) -> None:
    tables = {"person": "person\n1", "observation_period": "person from to\n1 2010-01-01 2010-12-31"}
    definition = CohortDefinition("drug users", EntryEvent(ConceptSet("drug", [10]), "drug_era"))
    with pytest.warns(
        EmptyResultWarning, match=r"(?s)'drug users' is empty; found 0 persons.*First drug era of drug\s+0"
    ):
        cohort = build_cohort(definition, make_release(tables))
    assert cohort.frame.dtypes.astype(str).to_dict()["subject_id"] == "int64"
    with pytest.warns(EmptyResultWarning, match="the study population is empty"):
        assert follow_up(cohort, outcome=ConceptSet("bleed", [30])).n_persons == 0
