"""Days at risk of entering a cohort, in all who were observed: by calendar year and by age, bucket by bucket."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis_lib.catalog.bucket_groups import group_buckets
from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.catalog.buckets import bucket_of
from analysis_lib.compute import items_at_once, map_buckets

if TYPE_CHECKING:
    from analysis_lib.cohort import Cohort

__all__ = ["AtRiskTask", "count_bucket", "days_at_risk"]


@dataclass(frozen=True, eq=False)
class AtRiskTask:
    """All that one group of buckets needs.

    Attributes
    ----------
    first_entries : DataFrame
        ``subject_id`` and ``entry``, the first index date of each member of the cohort.
    prior_days : int
        Nobody can enter before so many days of observation.
    year_edges, age_edges : tuple of int
        Where bands begin, ascending.
    files : BucketFiles
        Where the rows are.
    """

    first_entries: pd.DataFrame
    prior_days: int
    year_edges: tuple[int, ...]
    age_edges: tuple[int, ...]
    files: BucketFiles


def days_at_risk(
    cohort: "Cohort", *, prior_days: int, year_edges: tuple[int, ...], age_edges: tuple[int, ...]
) -> pd.DataFrame:
    """Add up the days on which somebody could have entered a cohort for the first time.

    Parameters
    ----------
    cohort : Cohort
        Whose first entries are the events.
    prior_days : int
        Nobody can enter before so many days of observation.
    year_edges, age_edges : tuple of int
        Where bands of calendar years and of ages begin, ascending; what lies before the first edge is in no band.

    Returns
    -------
    DataFrame
        ``scale`` (``all``, ``year`` or ``age``), ``band`` (position of the edge), ``days``, ``persons`` (distinct) and
        ``entries``.
    """
    dataset = cohort.dataset
    entries = cohort.frame.groupby("subject_id")["cohort_start_date"].min().rename("entry").reset_index()
    buckets = bucket_of(entries["subject_id"].to_numpy(), count=dataset.bucket_count)
    groups = group_buckets(
        range(dataset.bucket_count), rows=dataset.tables["observation_period"].rows, at_once=items_at_once()
    )
    tasks = [
        AtRiskTask(
            entries[np.isin(buckets, group)],
            prior_days,
            year_edges,
            age_edges,
            BucketFiles.of(dataset, tables=("person", "observation_period"), buckets=group),
        )
        for group in groups
    ]
    parts = pd.concat(map_buckets(count_bucket, tasks))
    return parts.groupby(["scale", "band"], as_index=False)[["days", "persons", "entries"]].sum()


def count_bucket(task: AtRiskTask) -> pd.DataFrame:
    """Count one group of buckets; a person lies in one of them, so that distinct persons add up.

    Parameters
    ----------
    task : AtRiskTask
        Which.

    Returns
    -------
    DataFrame
        As `days_at_risk`.
    """
    with open_bucket(task.files) as connection:
        connection.register("first_entries", task.first_entries)
        connection.execute(_PIECES_SQL, [task.prior_days])
        edges = {"years": list(task.year_edges), "ages": list(task.age_edges)}
        found: pd.DataFrame = connection.execute(_COUNTS_SQL, edges).df()
    return found.astype({"band": "int64", "days": "int64", "persons": "int64", "entries": "int64"})


# Periods of one person that overlap are joined, so that no day counts twice. A person is at risk up to and on the day
# of the first entry. Age is OHDSI's, the calendar year minus the year of birth: it changes with the calendar year.
_PIECES_SQL = """
    CREATE TEMP TABLE pieces AS
    WITH risk AS (
        SELECT o.person_id, e.entry::DATE AS entry, o.observation_period_start_date + ?::INTEGER AS first_day,
            least(o.observation_period_end_date, coalesce(e.entry::DATE, o.observation_period_end_date)) AS last_day
        FROM observation_period AS o
        JOIN (SELECT DISTINCT person_id FROM person) AS p ON p.person_id = o.person_id
        LEFT JOIN first_entries AS e ON e.subject_id = o.person_id
    ),
    ordered AS (
        SELECT *, max(last_day) OVER (
            PARTITION BY person_id ORDER BY first_day, last_day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reached
        FROM risk WHERE first_day <= last_day
    ),
    numbered AS (
        SELECT *, count(*) FILTER (reached IS NULL OR reached < first_day) OVER (
            PARTITION BY person_id ORDER BY first_day, last_day ROWS UNBOUNDED PRECEDING
        ) AS spell
        FROM ordered
    ),
    spells AS (
        SELECT person_id, any_value(entry) AS entry, min(first_day) AS first_day, max(last_day) AS last_day
        FROM numbered GROUP BY person_id, spell
    ),
    years AS (
        SELECT *, unnest(range(year(first_day), year(last_day) + 1)) AS calendar_year FROM spells
    )
    SELECT y.person_id, calendar_year, calendar_year - b.year_of_birth AS age,
        least(last_day, make_date(calendar_year, 12, 31)) - greatest(first_day, make_date(calendar_year, 1, 1)) + 1
            AS days,
        (coalesce(entry = last_day, false) AND year(last_day) = calendar_year)::BIGINT AS entered
    FROM years AS y
    JOIN (SELECT person_id, max(year_of_birth) AS year_of_birth FROM person GROUP BY 1) AS b USING (person_id)
"""
_COUNTS_SQL = """
    SELECT 'all' AS scale, 0 AS band, coalesce(sum(days), 0) AS days, count(DISTINCT person_id) AS persons,
        coalesce(sum(entered), 0) AS entries
    FROM pieces
    UNION ALL
    SELECT 'year', len(list_filter($years::BIGINT[], lambda edge: edge <= calendar_year)) - 1 AS band, sum(days),
        count(DISTINCT person_id), sum(entered)
    FROM pieces GROUP BY 2 HAVING band >= 0
    UNION ALL
    SELECT 'age', len(list_filter($ages::BIGINT[], lambda edge: edge <= age)) - 1 AS band, sum(days),
        count(DISTINCT person_id), sum(entered)
    FROM pieces WHERE age IS NOT NULL GROUP BY 2 HAVING band >= 0
"""
