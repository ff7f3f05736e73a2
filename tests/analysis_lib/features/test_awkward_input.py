"""Frames, folders and sets that nobody should give: refused with the reason, or answered as anything else."""

import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import ConceptSet, TimeAtRisk
from analysis_lib.compute import cluster
from analysis_lib.errors import EmptyConceptSetError, FeatureInputError, StorageError, UnitError
from analysis_lib.features import Count, Flag, Value, baseline, outcome

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


def test_a_washout_is_a_number_of_days(dataset: Dataset, members: pd.DataFrame) -> None:
    with pytest.raises(FeatureInputError, match="washout_days"):
        outcome(members, BLEED, dataset=dataset, washout_days=True)


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
