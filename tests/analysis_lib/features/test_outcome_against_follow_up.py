"""Outcomes beside `follow_up` on drawn people, and the order of the source's rows, which means nothing."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import Cohort, CohortDefinition, ConceptSet, EntryEvent, TimeAtRisk, build_cohort, follow_up
from analysis_lib.errors import FeatureInputError, InvalidDefinitionError
from analysis_lib.features import Count, DaysSince, DrugExposure, Flag, Value, baseline, kdigo_aki, outcome
from analysis_lib.windows import Window

ReleaseOf = Callable[..., Dataset]
ORIGIN = date(2010, 1, 1)
BLEED, DRUG, CREATININE = ConceptSet("bleed", [30]), ConceptSet("drug", [10]), ConceptSet("creatinine", [50])
PERSONS = [-5, 1, 2, 3, 2**53 + 1, 2**62 + 3]

persons = st.sampled_from(PERSONS)
days = st.integers(0, 30).map(lambda day: ORIGIN + timedelta(days=day))
spans = st.tuples(persons, days, st.integers(0, 12))
at_risks = st.builds(
    TimeAtRisk,
    starts_after_days=st.integers(0, 4),
    ends=st.sampled_from(["observation_end", "cohort_end"]),
    at_most_days=st.none() | st.integers(1, 9),
)
questions = st.tuples(at_risks, st.sampled_from(["exclude", "allow"]))
# Few people and days, so that bleeds, entries and ends of observation meet on one day again and again.
few_persons = st.sampled_from(PERSONS[:4])
few_days = st.integers(0, 12).map(lambda day: ORIGIN + timedelta(days=day))
few_spans = st.tuples(few_persons, few_days, st.integers(0, 12))
slow = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def anybody(release_of: ReleaseOf) -> Cohort:
    dataset = release_of(
        {
            "person": [(1, 1950, 8532)],
            "observation_period": [(1, 1, "2010-01-01", "2010-12-31")],
            "condition_occurrence": [(1, 1, 30, "2010-05-01")],
        }
    )
    return build_cohort(CohortDefinition("anybody", EntryEvent(BLEED, "condition_occurrence")), dataset)


def members_of(rows: list[tuple[int, date, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["subject_id", "cohort_start_date", "length"]).astype({"subject_id": "int64"})
    starts = pd.to_datetime(frame["cohort_start_date"]).dt.as_unit("us")
    ends = starts + pd.to_timedelta(frame.pop("length"), unit="D")
    frame = frame.assign(cohort_start_date=starts, cohort_end_date=ends.dt.as_unit("us"), cohort_definition_id=1)
    return frame.drop_duplicates(["subject_id", "cohort_start_date"], ignore_index=True)


@slow
@given(
    entries=st.lists(few_spans, min_size=8, max_size=16),
    bleeds=st.lists(st.tuples(few_persons, st.sampled_from([30, 31, 10]), few_days), min_size=2, max_size=12),
    observed=st.lists(few_spans, min_size=5, max_size=12),
    asked=st.lists(questions, min_size=8, max_size=8),
    buckets=st.sampled_from([1, 4]),
)
@pytest.mark.filterwarnings("ignore::analysis_lib.errors.EmptyResultWarning")
def test_outcome_agrees_with_follow_up(
    release_of: ReleaseOf, anybody: Cohort, entries: Any, bleeds: Any, observed: Any, asked: Any, buckets: int
) -> None:
    dataset = release_of(
        {
            "person": [(person, 1950, 8532) for person in PERSONS],
            "observation_period": [
                (n, person, start, start + timedelta(days=2 * length))
                for n, (person, start, length) in enumerate(observed)
            ],
            "condition_occurrence": [(n, *row) for n, row in enumerate(bleeds)],
        },
        bucket_count=buckets,
    )
    frame = members_of(entries)
    # `follow_up` takes a cohort, whose people are observed on the index date.
    held = {(person, start, length) for person, start, length in observed}
    inside = [
        any(person == p and s <= when.date() <= s + timedelta(days=2 * length) for p, s, length in held)
        for person, when in frame[["subject_id", "cohort_start_date"]].itertuples(index=False)
    ]
    frame = frame[inside].sort_values(["subject_id", "cohort_start_date"], ignore_index=True)
    # One row per person in half of the questions, so that few are refused for overlaps.
    for number, (at_risk, prior) in enumerate(asked):
        rows = frame.drop_duplicates("subject_id", ignore_index=True) if number % 2 else frame
        cohort = replace(anybody, dataset=dataset, frame=rows)
        try:
            expected = follow_up(cohort, outcome=BLEED, time_at_risk=at_risk, prior_outcome=prior).frame
        except InvalidDefinitionError:
            with pytest.raises(FeatureInputError, match="overlap"):
                outcome(rows, BLEED, dataset=dataset, time_at_risk=at_risk, prior_outcome=prior)
            continue
        found = outcome(rows, BLEED, dataset=dataset, time_at_risk=at_risk, prior_outcome=prior).frame
        shared = ["subject_id", "cohort_start_date", "time_at_risk_days", "event"]
        assert found[shared].to_numpy().tolist() == expected[shared].to_numpy().tolist()
        assert (found["event_date"].notna() == (found["event"] == 1)).all()
        assert ((found["end_reason"] == "event") == (found["event"] == 1)).all()


@settings(slow, max_examples=5)
@given(
    entries=st.lists(spans, min_size=1, max_size=8),
    bleeds=st.lists(st.tuples(persons, st.sampled_from([30, 31]), days), max_size=10),
    drugs=st.lists(spans, max_size=8),
    values=st.lists(st.tuples(persons, days, st.sampled_from([0.8, 1.2, 1.9, 3.0])), max_size=16),
    seed=st.integers(0, 2**16),
)
def test_the_order_of_the_rows_changes_nothing(
    release_of: ReleaseOf, entries: Any, bleeds: Any, drugs: Any, values: Any, seed: int
) -> None:
    tables: dict[str, list[Any]] = {
        "person": [(person, 1950, 8532) for person in PERSONS],
        "observation_period": [(n, p, ORIGIN, ORIGIN + timedelta(days=40)) for n, p in enumerate(PERSONS)],
        "condition_occurrence": [(n, *row) for n, row in enumerate(bleeds)],
        "drug_exposure": [(n, p, 11, day, day + timedelta(days=length)) for n, (p, day, length) in enumerate(drugs)],
        "measurement": [(n, p, 50, day, None, value, 8840) for n, (p, day, value) in enumerate(values)],
    }
    shuffled = {table: random.Random(seed).sample(rows, len(rows)) for table, rows in tables.items()}
    members, window = members_of(entries), Window(-20, 10)
    columns = [Flag(BLEED, window), Count(BLEED, window), DaysSince(BLEED, window), DrugExposure(DRUG, window)]
    columns += [Value(CREATININE, window, take=take, unit="mg/dL") for take in ("first", "last", "max", "mean")]
    answers = []
    for source, buckets in ((tables, 1), (shuffled, 3)):
        dataset = release_of(source, bucket_count=buckets)
        stages = kdigo_aki(members, CREATININE, dataset=dataset).to_pandas()
        followed = outcome(members, BLEED, dataset=dataset, prior_outcome="allow", overlaps="allow").frame
        answers.append([baseline(members, *columns, dataset=dataset).to_pandas(), stages, followed])
    for one, other in zip(*answers, strict=True):
        pd.testing.assert_frame_equal(one, other)
