"""Outcomes inside one group of buckets."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.cohort import TimeAtRisk
from analysis_lib.features.bucket_tables import TablePlan

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

COLUMNS = [
    "subject_id",
    "cohort_start_date",
    "risk_start_date",
    "risk_end_date",
    "time_at_risk_days",
    "event",
    "event_date",
    "end_reason",
]


@dataclass(frozen=True, eq=False)
class OutcomeTask:
    """All that one group's part of an outcome needs.

    Parameters
    ----------
    members : DataFrame
        ``subject_id``, ``cohort_start_date`` and, where it is known, ``cohort_end_date``.
    plan : TablePlan or None
        Where to look for the outcome's concepts.
    events : DataFrame or None
        Or the outcome's dates: ``subject_id`` and ``cohort_start_date``.
    at_risk : TimeAtRisk
        Which days count.
    washout_days : int or None
        How far back an earlier outcome counts; None for any time.
    files : BucketFiles
        Where the bucket's rows are.
    """

    members: "pd.DataFrame"
    plan: TablePlan | None
    events: "pd.DataFrame | None"
    at_risk: TimeAtRisk
    washout_days: int | None
    files: BucketFiles


def follow_bucket(task: OutcomeTask) -> "pd.DataFrame":
    """Follow the persons of one group of buckets.

    Parameters
    ----------
    task : OutcomeTask
        Whom, and for what.

    Returns
    -------
    DataFrame
        `COLUMNS`, ``row_id`` (the member's number) and ``had_before``; a row per member observed on the index date.
    """
    with open_bucket(task.files) as connection:
        _enter(connection, task)
        return connection.execute(_sql(task)).df()


def _enter(connection: "duckdb.DuckDBPyConnection", task: OutcomeTask) -> None:
    import numpy as np

    rows = task.members.assign(row_id=np.arange(len(task.members), dtype="int64"))
    connection.register("members", rows)
    end = "cohort_end_date::DATE" if "cohort_end_date" in rows else "NULL::DATE"
    connection.execute(
        "CREATE TEMP TABLE entries AS SELECT row_id, subject_id AS person_id, "  # noqa: S608 - our own words
        f"cohort_start_date::DATE AS index_date, {end} AS cohort_end_date FROM members"
    )
    if task.events is not None:
        connection.register("event_frame", task.events)


def _sql(task: OutcomeTask) -> str:
    at_risk = task.at_risk
    first = f"index_date + {int(at_risk.starts_after_days)}"
    horizon = "NULL::DATE" if at_risk.at_most_days is None else f"{first} + {int(at_risk.at_most_days) - 1}"
    cohort_end = "cohort_end_date" if at_risk.ends == "cohort_end" else "NULL::DATE"
    washout = "" if task.washout_days is None else f" AND v.day >= r.first_day - {int(task.washout_days)}"
    return f"""
        WITH events AS ({_events_sql(task)}),
        died AS ({_DEATH_SQL if "death" in task.files.tables else _NO_DEATH_SQL}),
        observed AS (
            SELECT e.*, o.observation_period_end_date AS observed_to
            FROM entries AS e JOIN observation_period AS o
              ON o.person_id = e.person_id
             AND e.index_date BETWEEN o.observation_period_start_date AND o.observation_period_end_date
            QUALIFY row_number() OVER (
                PARTITION BY e.row_id ORDER BY o.observation_period_start_date, o.observation_period_end_date DESC
            ) = 1
        ),
        limits AS (
            SELECT o.*, {first} AS first_day, d.death_date, {cohort_end} AS left_on, {horizon} AS horizon
            FROM observed AS o LEFT JOIN died AS d ON d.person_id = o.person_id
        ),
        risk AS (SELECT *, least(observed_to, death_date, left_on, horizon) AS last_day FROM limits),
        seen AS (
            SELECT r.row_id,
                min(v.day) FILTER (v.day BETWEEN r.first_day AND r.last_day) AS event_date,
                coalesce(bool_or(v.day < r.first_day{washout}), false) AS had_before
            FROM risk AS r LEFT JOIN events AS v ON v.person_id = r.person_id GROUP BY r.row_id
        )
        SELECT r.row_id, r.person_id AS subject_id, r.index_date AS cohort_start_date, r.first_day AS risk_start_date,
            coalesce(s.event_date, r.last_day) AS risk_end_date,
            (coalesce(s.event_date, r.last_day) - r.first_day + 1)::BIGINT AS time_at_risk_days,
            (s.event_date IS NOT NULL)::BIGINT AS event, s.event_date, s.had_before,
            CASE WHEN s.event_date IS NOT NULL THEN 'event'
                 WHEN r.death_date = r.last_day THEN 'death'
                 WHEN r.left_on = r.last_day THEN 'cohort_end'
                 WHEN r.horizon = r.last_day THEN 'horizon'
                 ELSE 'observation_end' END AS end_reason
        FROM risk AS r JOIN seen AS s ON s.row_id = r.row_id ORDER BY r.row_id
    """  # noqa: S608 - made of whole numbers and columns of ours


_DEATH_SQL = "SELECT person_id, min(death_date)::DATE AS death_date FROM death GROUP BY person_id"
_NO_DEATH_SQL = "SELECT NULL::BIGINT AS person_id, NULL::DATE AS death_date WHERE false"


def _events_sql(task: OutcomeTask) -> str:
    if task.plan is None:
        return "SELECT subject_id AS person_id, cohort_start_date::DATE AS day FROM event_frame"
    at = task.plan.columns
    listed = ", ".join(map(str, task.plan.concepts)) or "NULL"
    return (
        f"SELECT t.person_id, {at['start']} AS day FROM {task.plan.table} AS t "  # noqa: S608 - whole numbers
        f"WHERE {at['concept']} IN ({listed}) AND {at['start']} IS NOT NULL"
    )
