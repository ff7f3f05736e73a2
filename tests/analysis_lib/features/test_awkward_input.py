"""Frames, folders and sets that nobody should give: refused with the reason, or answered as anything else."""

import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, TimeAtRisk, build_cohort
from analysis_lib.compute import cluster
from analysis_lib.errors import EmptyConceptSetError, FeatureInputError, StorageError, UnitError, UnknownPersonWarning
from analysis_lib.features import Count, DrugExposure, Flag, Value, baseline, kdigo_aki, outcome
from analysis_lib.windows import ANY_TIME, ON_INDEX, Window

ReleaseOf = Callable[..., Dataset]
BLEED = ConceptSet("bleed", [30])
PERSONS = [-7, 1, 2, 2**60 + 1]


@pytest.fixture(scope="module")
def dataset(release_of: ReleaseOf) -> Dataset:
    return release_of(
        {
            "person": [(person, 1950, 8532) for person in PERSONS],
            "observation_period": [(n, person, "2010-01-01", "2010-12-31") for n, person in enumerate(PERSONS)],
            "condition_occurrence": [(1, 1, 30, "2010-05-01"), (2, 1, 31, "2010-08-01"), (3, -7, 31, "2010-07-01")],
            "measurement": [(1, 1, 50, "2010-05-01", None, 1.0, 8840)],
        },
        bucket_count=4,
    )


@pytest.fixture
def members() -> pd.DataFrame:
    ids = pd.array(PERSONS, dtype="int64")
    return pd.DataFrame({"subject_id": ids, "cohort_start_date": pd.Timestamp("2010-06-01").as_unit("us")})


def test_ids_that_are_no_int64_are_refused(dataset: Dataset, members: pd.DataFrame) -> None:
    for kind in ("float64", "Float64", "str", "object"):
        with pytest.raises(FeatureInputError, match="integers"):
            baseline(members.astype({"subject_id": kind}), Flag(BLEED), dataset=dataset)
    wrapping = members.assign(subject_id=np.array([1, 2, 3, 2**63 + 5], dtype="uint64"))
    with pytest.raises(FeatureInputError, match="found 1 beyond"):
        baseline(wrapping, Flag(BLEED), dataset=dataset)
    small = members[1:3].astype({"subject_id": "uint8"})
    assert baseline(small, Flag(BLEED), dataset=dataset).compute()["had_bleed"].tolist() == [True, False]


@pytest.mark.parametrize("column", ["subject_id", "cohort_start_date", "cohort_end_date"])
def test_a_column_that_is_there_twice_is_named(dataset: Dataset, members: pd.DataFrame, column: str) -> None:
    frame = members.assign(cohort_end_date=members["cohort_start_date"])
    with pytest.raises(FeatureInputError, match=f"twice: {column}"):
        baseline(pd.concat([frame, frame[[column]]], axis=1), Flag(BLEED), dataset=dataset)


def test_a_cohort_end_has_to_be_a_date_in_every_row(dataset: Dataset, members: pd.DataFrame) -> None:
    until_end = TimeAtRisk(ends="cohort_end")
    with pytest.raises(FeatureInputError, match="cohort_end_date must be dates"):
        outcome(members.assign(cohort_end_date="2010-07-01"), BLEED, dataset=dataset, time_at_risk=until_end)
    open_ended = members.assign(cohort_end_date=[pd.Timestamp("2010-07-01"), *[pd.NaT] * 3])
    with pytest.raises(FeatureInputError, match="found 3 missing"):
        outcome(open_ended, BLEED, dataset=dataset, time_at_risk=until_end)
    assert outcome(open_ended, BLEED, dataset=dataset).n_persons == 3


def test_one_person_at_risk_twice_is_one_person(dataset: Dataset, members: pd.DataFrame) -> None:
    twice = pd.concat([members[2:3], members[2:3].assign(cohort_start_date=pd.Timestamp("2010-03-01"))])
    with pytest.raises(FeatureInputError, match="found 1 person with"):
        outcome(twice, BLEED, dataset=dataset)
    assert len(outcome(twice, BLEED, dataset=dataset, overlaps="allow")) == 2


@pytest.mark.parametrize("days", [True, 0, 2**31, 10**40])
def test_a_number_of_days_is_one_that_a_calendar_has(dataset: Dataset, members: pd.DataFrame, days: int) -> None:
    with pytest.raises(FeatureInputError, match="washout_days"):
        outcome(members, BLEED, dataset=dataset, washout_days=days)
    if days:
        with pytest.raises(FeatureInputError, match="max_gap_days"):
            DrugExposure(ConceptSet("drug", [10]), count="eras", max_gap_days=days)


def test_people_of_another_data_set_are_refused(release_of: ReleaseOf, dataset: Dataset, members: pd.DataFrame) -> None:
    other = release_of(
        {
            "person": [(1, 1950, 8532)],
            "observation_period": [(1, 1, "2010-01-01", "2010-12-31")],
            "condition_occurrence": [(1, 1, 30, "2010-05-01")],
        }
    )
    elsewhere = build_cohort(CohortDefinition("bleed", EntryEvent(BLEED, "condition_occurrence")), other)
    with pytest.raises(FeatureInputError, match="comes from another data set"):
        baseline(elsewhere, Flag(BLEED), dataset=dataset)
    with pytest.raises(FeatureInputError, match="comes from another data set"):
        outcome(members, elsewhere, dataset=dataset)


def test_ids_that_the_release_does_not_know_are_counted(dataset: Dataset, members: pd.DataFrame) -> None:
    strangers = members.assign(subject_id=pd.array([1, 5, 6, 7], dtype="int64"))
    with pytest.warns(UnknownPersonWarning, match="found 3 such"):
        found = baseline(strangers, Flag(BLEED), dataset=dataset).to_pandas()
    assert found["had_bleed"].tolist() == [True, False, False, False]


@pytest.mark.parametrize("kind", [pa.Table.from_pandas, lambda frame: frame.to_dict("records")])
def test_what_is_no_pandas_frame_is_named(dataset: Dataset, members: pd.DataFrame, kind: Callable[..., Any]) -> None:
    with pytest.raises(FeatureInputError, match=r"pandas DataFrame; got (pyarrow's Table|builtins's list)"):
        baseline(kind(members), Flag(BLEED), dataset=dataset)


def test_dates_of_arrow_are_refused_with_the_way_out(dataset: Dataset, members: pd.DataFrame) -> None:
    frame = members.astype({"cohort_start_date": pd.ArrowDtype(pa.date32())})
    with pytest.raises(FeatureInputError, match="to_datetime"):
        baseline(frame, Flag(BLEED), dataset=dataset)


def test_a_variable_called_row_is_refused_where_it_would_be_lost(dataset: Dataset, members: pd.DataFrame) -> None:
    features = baseline(members, Flag(BLEED, name="row"), dataset=dataset)
    with pytest.raises(FeatureInputError, match="dimension"):
        features.to_xarray()
    assert "row" in features.to_pandas()


def test_a_stage_may_look_as_far_back_as_there_is(dataset: Dataset, members: pd.DataFrame) -> None:
    found = kdigo_aki(members, ConceptSet("creatinine", [50]), dataset=dataset, after=Window(None, 7)).to_pandas()
    assert found["aki_stage"].isna().sum() >= 3


@pytest.mark.parametrize("supply", [36_526, 2**31 - 1, 2**31, 10**12])
def test_a_supply_of_centuries_stops_nobody_s_exposure(release_of: ReleaseOf, supply: int) -> None:
    drugs = [(1, 1, 10, "2010-05-01", None, supply), (2, 1, 10, "2010-05-03", None, 2)]
    person = {"person": [(1, 1950, 8532)], "observation_period": [(1, 1, "2010-01-01", "2010-12-31")]}
    dataset = release_of({**person, "drug_exposure": drugs})
    index = pd.DataFrame({"subject_id": [1], "cohort_start_date": [pd.Timestamp("2010-06-01")]})
    exposed = DrugExposure(ConceptSet("drug", [10]))
    assert baseline(index, exposed, dataset=dataset).to_pandas()["exposed_days_of_drug"].tolist() == [3]


def test_an_era_is_the_same_whatever_else_is_asked(release_of: ReleaseOf) -> None:
    drugs = [(1, 1, 10, "2010-04-01", "2010-04-30", 0), (2, 1, 10, "2010-05-21", "2010-06-20", 0)]
    person = {"person": [(1, 1950, 8532)], "observation_period": [(1, 1, "2010-01-01", "2010-12-31")]}
    dataset = release_of({**person, "drug_exposure": drugs})
    index = pd.DataFrame({"subject_id": [1], "cohort_start_date": [pd.Timestamp("2010-05-15")]})
    drug = ConceptSet("drug", [10])
    era = DrugExposure(drug, ON_INDEX, count="eras")
    alone = baseline(index, era, dataset=dataset).to_pandas()
    beside = baseline(index, era, DrugExposure(drug, ANY_TIME), dataset=dataset).to_pandas()
    # 1 April to 20 June is one era: the second exposure begins 21 days after the first has ended.
    assert alone["eras_of_drug"].tolist() == beside["eras_of_drug"].tolist() == [1]


def test_a_mean_has_the_same_digits_however_the_data_lie(release_of: ReleaseOf) -> None:
    values = [0.1, 97.3, 1e-7, 3.3333333333, 88.8, 0.7, 1e5 / 3]
    people = list(range(1, 9))
    rows = [(100 * p + n, p, 50 + (n + p) % 2, f"2010-05-{n + 1:02}", None, v * p, 8840)
            for p in people for n, v in enumerate(values)]  # fmt: skip
    tables = {
        "person": [(p, 1950, 8532) for p in people],
        "observation_period": [(p, p, "2010-01-01", "2010-12-31") for p in people],
    }
    index = pd.DataFrame({"subject_id": people, "cohort_start_date": pd.Timestamp("2010-06-01")})
    mean = Value(ConceptSet("creatinine", [50]), take="mean", unit="mg/dL")
    found = [
        baseline(index, mean, dataset=release_of({**tables, "measurement": order}, bucket_count=n)).to_pandas()
        for n, order in ((1, rows), (4, rows[::-1]))
    ]
    assert found[0].iloc[:, 2].tolist() == found[1].iloc[:, 2].tolist()


def test_an_outcome_of_nobody_is_empty(dataset: Dataset, members: pd.DataFrame) -> None:
    found = outcome(members[:0], BLEED, dataset=dataset)
    assert found.attrition["persons"].tolist() == [0, 0, 0, 0]
    assert list(found.frame) == list(outcome(members, BLEED, dataset=dataset).frame)


def test_a_set_that_means_nothing_is_refused(dataset: Dataset, members: pd.DataFrame) -> None:
    for nothing in (ConceptSet("nothing", [], may_be_empty=True), ConceptSet("gone", [30]).excluding(30)):
        with pytest.raises(EmptyConceptSetError):
            baseline(members, Flag(nothing), dataset=dataset).compute()
        with pytest.raises(EmptyConceptSetError):
            outcome(members, nothing, dataset=dataset)


@pytest.mark.parametrize("unit", ["kg", "[iU]/L", "%", "umol/L"])
def test_a_unit_that_cannot_be_reached_is_refused(dataset: Dataset, members: pd.DataFrame, unit: str) -> None:
    with pytest.raises(UnitError, match="found 1 in mg/dL"):
        baseline(members, Value(ConceptSet("creatinine", [50]), unit=unit), dataset=dataset).compute()


@pytest.fixture
def full_disk() -> Iterator[None]:
    """Let no file grow beyond a few hundred bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_nothing_behind_and_is_said(dataset: Dataset, members: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written; the system said: file too large"):
        baseline(members, Flag(BLEED), dataset=dataset).to_parquet(tmp_path / "features")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(dataset: Dataset, members: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="not a directory"):
        baseline(members, Flag(BLEED), dataset=dataset).to_parquet(tmp_path / "file" / "features")


def test_a_cluster_gives_what_threads_give(dataset: Dataset, members: pd.DataFrame, tmp_path: Path) -> None:
    def read() -> list[Any]:
        found = baseline(members, Flag(BLEED), Count(BLEED), dataset=dataset)
        return [found.to_pandas(), outcome(members, BLEED, dataset=dataset).frame]

    here = read()
    with cluster(workers=1):
        there = read()
        baseline(members, Flag(BLEED), dataset=dataset).to_parquet(tmp_path / "features")
    for one, other in zip(here, there, strict=True):
        pd.testing.assert_frame_equal(one, other)
    written = pd.read_parquet(tmp_path / "features").set_index("subject_id")["had_bleed"]
    assert written.to_dict() == dict(zip(PERSONS, [False, True, False, False], strict=True))
