"""Several cohorts in one bucket: the tables are read once, then each cohort's steps are run on them.

All rows of a person lie in one bucket, so a bucket is answered alone and the counts of buckets add up.
"""

# ruff: noqa: S608 - made of our words, of circepy's, and of whole numbers; texts go in quoted

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.catalog.engine import raise_if_interrupted
from analysis_lib.cohort.circe.query import CohortSql, Step
from analysis_lib.cohort.circe.statistics import Satisfied, StepCount

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

__all__ = ["CohortPart", "CohortsTask", "run_cohorts"]


@dataclass(frozen=True, eq=False)
class CohortsTask:
    """All that one bucket's part of some cohorts needs.

    Parameters
    ----------
    cohorts : tuple of CohortSql
        What to run.
    loading : tuple of str
        Statements that fill the tables they read.
    codesets : pyarrow.Table
        ``codeset_id`` and ``concept_id``.
    files : BucketFiles
        Where the bucket's rows are.
    """

    cohorts: tuple[CohortSql, ...]
    loading: tuple[str, ...]
    codesets: "pa.Table"
    files: BucketFiles


@dataclass(frozen=True, eq=False)
class CohortPart:
    """One bucket's part of one cohort.

    Parameters
    ----------
    frame : DataFrame
        ``subject_id`` (int64), ``cohort_start_date``, ``cohort_end_date`` (datetime64), in order of person and date.
    counts : tuple of StepCount
        What was left after each step.
    events, persons : Counter
        Qualified events, and persons by their best event, by the inclusion rules that are satisfied.
    failure : str, default ""
        Type of the engine's error, if it stopped; its text is not kept, since it may quote a row.
    """

    frame: "pd.DataFrame"
    counts: tuple[StepCount, ...]
    events: Counter[Satisfied]
    persons: Counter[Satisfied]
    failure: str = ""


def run_cohorts(task: CohortsTask) -> list[CohortPart]:
    """Build one bucket's part of each cohort.

    Parameters
    ----------
    task : CohortsTask
        What to build.

    Returns
    -------
    list of CohortPart
        In the order of the task; an engine's error stops only the cohort that it comes from.
    """
    with open_bucket(task.files) as connection:
        connection.execute("CREATE SCHEMA cdm")
        connection.execute("CREATE MACRO dateadd(part, days, start_day) AS start_day + days::INTEGER")
        connection.register("given_codesets", task.codesets)
        connection.execute("CREATE TEMP TABLE codesets AS SELECT * FROM given_codesets")
        for statement in task.loading:
            connection.execute(statement)
        return [_run_one(connection, cohort) for cohort in task.cohorts]


def _run_one(connection: "duckdb.DuckDBPyConnection", cohort: CohortSql) -> CohortPart:
    import duckdb

    try:
        return _run(connection, cohort)
    except (duckdb.Error, RuntimeError, ValueError) as error:
        raise_if_interrupted(error)
        # Not chained, and the text dropped: the engine's own words may quote a row.
        return CohortPart(_empty(), (), Counter(), Counter(), failure=type(error).__name__)


def _run(connection: "duckdb.DuckDBPyConnection", cohort: CohortSql) -> CohortPart:
    counts: list[StepCount] = []
    for step in cohort.entry:
        counts += _fill(connection, step)
        if step.table == "entry_events" and not _rows(connection, step.table):
            return _nobody(cohort)
    events, persons = Counter[Satisfied](), Counter[Satisfied]()
    if cohort.rules:
        connection.execute(_NO_EVENTS_SQL)
        for step in cohort.rules:
            connection.execute(f"INSERT INTO {step.table} {step.sql}")
        connection.execute(_JUDGED_SQL)
        events, persons = (_counter(connection, source) for source in ("judged_events", _BEST_SQL))
        counts += _cumulative(connection, cohort.rules)
    satisfying = _SATISFYING_SQL.format(rules=len(cohort.rules)) if cohort.rules else "SELECT * FROM qualified_events"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE satisfying_events AS {satisfying}")
    for step in cohort.exit:
        counts += _fill(connection, step)
    frame = connection.execute("SELECT * FROM final_cohort ORDER BY ALL").df()
    return CohortPart(frame, tuple(counts), events, persons)


def _fill(connection: "duckdb.DuckDBPyConnection", step: Step) -> list[StepCount]:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {step.table} AS {step.sql}")
    if not step.rule:
        return []
    person = "subject_id" if step.table == "final_cohort" else "person_id"
    found = connection.execute(f"SELECT count(DISTINCT {person}), count(*) FROM {step.table}").fetchall()
    return [StepCount(step.rule, *found[0])]


def _rows(connection: "duckdb.DuckDBPyConnection", table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def _nobody(cohort: CohortSql) -> CohortPart:
    steps = [*cohort.entry, *cohort.rules, *cohort.exit]
    counts = tuple(StepCount(step.rule, 0, 0) for step in steps if step.rule)
    return CohortPart(_empty(), counts, Counter(), Counter())


def _empty() -> "pd.DataFrame":
    import pandas as pd

    columns = {"subject_id": "int64", "cohort_start_date": "datetime64[us]", "cohort_end_date": "datetime64[us]"}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})


def _counter(connection: "duckdb.DuckDBPyConnection", source: str) -> Counter[Satisfied]:
    rows = connection.execute(f"SELECT satisfied, count(*) FROM {source} GROUP BY satisfied").fetchall()
    return Counter({tuple(satisfied): number for satisfied, number in rows})


def _cumulative(connection: "duckdb.DuckDBPyConnection", rules: Sequence[Step]) -> list[StepCount]:
    """Count who satisfies the first rule, the first two, and so on."""
    rows = connection.execute(_HELD_SQL).fetchall()
    return [
        StepCount(
            step.rule,
            sum(persons for held, persons, _ in rows if held > number),
            sum(records for held, _, records in rows if held > number),
        )
        for number, step in enumerate(rules)
    ]


_NO_EVENTS_SQL = """
    CREATE OR REPLACE TEMP TABLE inclusion_events (inclusion_rule_id INTEGER, person_id BIGINT, event_id BIGINT)
"""
_JUDGED_SQL = """
    CREATE OR REPLACE TEMP TABLE judged_events AS
    SELECT q.*, coalesce(i.satisfied, []) AS satisfied
    FROM qualified_events AS q
    LEFT JOIN (
        SELECT person_id, event_id, list_sort(list(DISTINCT inclusion_rule_id)) AS satisfied
        FROM inclusion_events GROUP BY person_id, event_id
    ) AS i USING (person_id, event_id)
"""
_BEST_SQL = """(
    SELECT * FROM judged_events
    QUALIFY row_number() OVER (
        PARTITION BY person_id ORDER BY len(satisfied) DESC, coalesce(satisfied[1], 0), start_date, event_id
    ) = 1
)"""
_SATISFYING_SQL = "SELECT * EXCLUDE (satisfied) FROM judged_events WHERE len(satisfied) = {rules}"
# Rules are numbered from 0 and sorted, so the n-th one is rule n - 1 just as long as none before it is missing.
_HELD_SQL = """
    WITH events AS (
        SELECT person_id, len(list_filter(satisfied, lambda rule, place: rule = place - 1)) AS held FROM judged_events
    ),
    persons AS (SELECT max(held) AS held FROM events GROUP BY person_id)
    SELECT held, sum(persons)::BIGINT, sum(records)::BIGINT FROM (
        SELECT held, 0 AS persons, count(*) AS records FROM events GROUP BY held
        UNION ALL SELECT held, count(*), 0 FROM persons GROUP BY held
    ) GROUP BY held
"""
