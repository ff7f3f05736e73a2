"""The same answer wherever the work runs: one bucket, threads, a Dask cluster."""

import pickle
from collections.abc import Callable

import pandas as pd
import pytest

from analysis_lib.catalog import Dataset, bucket_groups
from analysis_lib.cohort import (
    CohortDefinition,
    ConceptSet,
    EntryEvent,
    Washout,
    baseline_covariates,
    build_cohort,
    study_population,
)
from analysis_lib.cohort.circe.planning import plan_cohorts
from analysis_lib.cohort.circe.running import run_cohorts
from analysis_lib.cohort.language import Event
from analysis_lib.cohort.language.compiled import compile_definition
from analysis_lib.cohort.language.computed import Egfr
from analysis_lib.compute import Cluster, cluster

MakeRelease = Callable[..., Dataset]
BLEED = ConceptSet("bleed", [30])


def _tables(n_persons: int) -> dict[str, str]:
    people = range(1, n_persons + 1)
    return {
        "person": "person\n" + "\n".join(map(str, people)),
        "observation_period": "person from to\n"
        + "\n".join(f"{n} 2009-01-01 2010-{1 + n % 12:02d}-15" for n in people),
        "drug_era": "person concept from to\n"
        + "\n".join(f"{n} {(10, 11, 20)[n % 3]} 2010-01-{1 + n % 20:02d} -" for n in people),
        "condition_occurrence": "person concept from to\n"
        + "\n".join(f"{n} 31 2010-0{1 + n % 5}-10 -" for n in people if n % 4),
    }


def _study(dataset: Dataset, *, on: Cluster | None = None) -> list[pd.DataFrame]:
    cohorts = [
        build_cohort(
            CohortDefinition(
                name,
                EntryEvent(ConceptSet(name, [concept]), "drug_era"),
                (Washout(BLEED, "condition_occurrence", days=9),),
            ),
            dataset,
            on=on,
        )
        for name, concept in (("drug", 10), ("other", 20))
    ]
    study = study_population(*cohorts, outcome=BLEED, on=on)
    return [cohorts[0].frame, study.frame, study.attrition, baseline_covariates(study, prior=[BLEED], on=on)]


def test_one_bucket_threads_and_a_cluster_give_the_same_rows(make_release: MakeRelease) -> None:
    eager = _study(make_release(_tables(120), bucket_count=1))
    spread = make_release(_tables(120), bucket_count=4)
    assert len(eager[1]) > 40
    assert eager[1]["event"].sum() > 10
    with cluster(workers=2, memory_limit="512 MiB") as opened:
        on_cluster = _study(spread, on=opened)
    for alone, threaded, dask in zip(eager, _study(spread), on_cluster, strict=True):
        pd.testing.assert_frame_equal(alone, threaded)
        pd.testing.assert_frame_equal(alone, dask)


def test_a_task_is_small_and_carries_no_rows(make_release: MakeRelease) -> None:
    definition = CohortDefinition("drug", EntryEvent(ConceptSet("drug", [10]), "drug_era"))
    dataset = make_release(_tables(120), bucket_count=4)
    tasks = plan_cohorts([compile_definition(definition)], dataset, at_once=4).tasks
    assert len(tasks) == 4
    assert [
        len(table)
        for table in plan_cohorts([compile_definition(definition)], dataset, at_once=2).tasks[0].files.tables.values()
    ] == [2, 2]
    assert all(len(pickle.dumps(task)) < 10_000 for task in tasks)
    parts = [run_cohorts(pickle.loads(pickle.dumps(task)))[0].frame for task in tasks]
    whole = build_cohort(definition, dataset).frame
    assert len(whole) > 40
    assert sorted(person for part in parts for person in part["subject_id"]) == whole["subject_id"].tolist()


def test_values_that_are_computed_count_among_the_rows_that_a_task_keeps(
    make_release: MakeRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"{p} {100 * p + n} 40 2005-01-{n + 1:02} {n} 8840" for p in range(1, 41) for n in range(9)]
    head = "person measurement_id measurement_concept_id measurement_date value_as_number unit_concept_id"
    dataset = make_release(_tables(40) | {"measurement": "\n".join([head, *rows])}, bucket_count=8)
    computed = Event(Egfr(ConceptSet("creatinine", [40])), "measurement")
    plan = [compile_definition(CohortDefinition("kidney", computed))]
    assert len(plan_cohorts(plan, dataset, at_once=2).tasks) == 2
    monkeypatch.setattr(bucket_groups, "MOST_ROWS", 100)
    assert len(plan_cohorts(plan, dataset, at_once=2).tasks) >= 4
