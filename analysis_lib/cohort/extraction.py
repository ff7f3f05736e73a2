"""A cohort definition as DuckDB SQL inside one bucket.

All rows of a person lie in one bucket, so a bucket is answered alone and the counts of buckets add up. The SQL is made
of whole numbers and of words from closed lists (checked in `fields`); paths go in as values, never as text.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.catalog.spec import cdm_tables
from analysis_lib.cohort.language.concepts import ConceptSet, resolve_all
from analysis_lib.cohort.language.definition import (
    CohortDefinition,
    EntryEvent,
    FixedDuration,
    InclusionRule,
    PriorObservation,
    in_words,
)
from analysis_lib.cohort.language.fields import count_of_days

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

    from analysis_lib.catalog import Dataset

CDM_VERSION = "5.4"  # concept, start and end columns of the event tables are the same in 5.3


class StepCount(NamedTuple):
    """What is left after one step: a line of the attrition table."""

    rule: str
    persons: int
    records: int


@dataclass(frozen=True)
class CohortTask:
    """All that one bucket's part of a cohort needs; small and picklable.

    Parameters
    ----------
    definition : CohortDefinition
        Who is meant.
    concept_ids : mapping of ConceptSet to tuple of int
        The definition's concept sets, resolved.
    files : BucketFiles
        Where the bucket's rows are.
    """

    definition: CohortDefinition
    concept_ids: Mapping[ConceptSet, tuple[int, ...]]
    files: BucketFiles


def cohort_tasks(definition: CohortDefinition, dataset: "Dataset") -> list[CohortTask]:
    """Split a definition into one task per bucket of a release.

    Parameters
    ----------
    definition : CohortDefinition
        Who is meant.
    dataset : Dataset
        The release.

    Returns
    -------
    list of CohortTask
        In the order of the buckets.
    """
    concept_ids = resolve_all(definition.concept_sets, dataset)
    tables = tuple(dict.fromkeys(["observation_period", *definition.domains]))
    return [
        CohortTask(definition, concept_ids, BucketFiles.of(dataset, tables=tables, bucket=bucket))
        for bucket in range(dataset.bucket_count)
    ]


def extract(task: CohortTask) -> "tuple[pd.DataFrame, list[StepCount]]":
    """Build one bucket's part of a cohort.

    Parameters
    ----------
    task : CohortTask
        What to build.

    Returns
    -------
    tuple of DataFrame and list of StepCount
        Columns ``subject_id`` (int64), ``cohort_start_date`` and ``cohort_end_date`` (datetime64), in order of person
        and date; and what was left after each step.
    """
    with open_bucket(task.files) as connection:
        counts = [_run_step(connection, step) for step in _steps(task)]
        joined = _run_step(connection, ("Records that share a day joined", _joined_sql(task.definition)))
        if task.definition.entries_per_person == task.definition.entry.occurrence == "every":
            counts.append(joined)
        frame = connection.execute(
            "SELECT person_id AS subject_id, index_date AS cohort_start_date, end_date AS cohort_end_date "
            "FROM entries ORDER BY person_id, index_date"
        ).df()
    return frame, counts


def _run_step(connection: "duckdb.DuckDBPyConnection", step: tuple[str, str]) -> StepCount:
    rule, sql = step
    connection.execute(f"CREATE OR REPLACE TEMP TABLE entries AS {sql}")
    ((persons, records),) = connection.execute("SELECT count(DISTINCT person_id), count(*) FROM entries").fetchall()
    return StepCount(rule, persons, records)


def _steps(task: CohortTask) -> Iterator[tuple[str, str]]:
    """Give each step's name and its SQL; each reads what the one before it left in the table `entries`."""
    definition = task.definition
    entry = definition.entry
    yield f"{in_words(entry.domain).capitalize()} of {entry.concept_set.name}", _entry_sql(entry, task.concept_ids)
    if entry.occurrence == "first":
        yield "The person's first", _EARLIEST_SQL
    yield "Inside an observation period", OBSERVED_SQL
    for rule in definition.inclusion_rules:
        yield _rule_name(rule), _rule_sql(rule, task.concept_ids)
    if entry.occurrence == "every" and definition.entries_per_person == "first":
        yield "The first remaining entry", _EARLIEST_SQL


_EARLIEST_SQL = """
    SELECT * FROM entries
    QUALIFY row_number() OVER (PARTITION BY person_id ORDER BY index_date, event_end_date, record_id) = 1
"""

# Reads `entries` (person_id, index_date, row_id) and adds the observation period that holds the index date.
OBSERVED_SQL = """
    SELECT e.*, o.observation_period_start_date AS observed_from, o.observation_period_end_date AS observed_to
    FROM entries AS e
    JOIN observation_period AS o
      ON o.person_id = e.person_id
     AND e.index_date BETWEEN o.observation_period_start_date AND o.observation_period_end_date
    QUALIFY row_number() OVER (
        PARTITION BY e.row_id
        ORDER BY o.observation_period_start_date, o.observation_period_end_date DESC, o.observation_period_id
    ) = 1
"""


def events_sql(domain: str, concept_ids: tuple[int, ...]) -> str:
    """Write the query for the dated records of some concepts in one event table.

    Parameters
    ----------
    domain : str
        A table of `DOMAINS`.
    concept_ids : tuple of int
        Concepts, descendants included.

    Returns
    -------
    str
        Columns ``person_id, index_date, event_end_date, record_id``; a missing end, or one before the start, is read
        as the start.
    """
    table = cdm_tables(CDM_VERSION)[domain]
    start = f"CAST({table.start} AS DATE)"
    end = f"greatest(coalesce(CAST({table.end} AS DATE), {start}), {start})" if table.end else start
    listed = ", ".join(str(int(concept_id)) for concept_id in concept_ids)
    return (
        f"SELECT person_id, {start} AS index_date, {end} AS event_end_date, {table.key} AS record_id FROM {domain} "  # noqa: S608
        f"WHERE {table.concept} IN ({listed}) AND {table.start} IS NOT NULL"
    )


def _entry_sql(entry: EntryEvent, concept_ids: Mapping[ConceptSet, tuple[int, ...]]) -> str:
    # Record ids of a dirty source may repeat, so rows get a number of their own to be told apart by.
    return f"SELECT *, row_number() OVER () AS row_id FROM ({events_sql(entry.domain, concept_ids[entry.concept_set])})"  # noqa: S608


def _rule_name(rule: InclusionRule) -> str:
    if isinstance(rule, PriorObservation):
        return f"Observed for {count_of_days(rule.days)} before"
    when = "before" if rule.days is None else f"in the {count_of_days(rule.days)} before"
    return f"No {in_words(rule.domain)} of {rule.concept_set.name} {when}"


def _rule_sql(rule: InclusionRule, concept_ids: Mapping[ConceptSet, tuple[int, ...]]) -> str:
    if isinstance(rule, PriorObservation):
        return f"SELECT * FROM entries WHERE index_date - observed_from >= {int(rule.days)}"  # noqa: S608
    looked_back = "" if rule.days is None else f" AND w.index_date >= e.index_date - {int(rule.days)}"
    return (
        "SELECT e.* FROM entries AS e WHERE NOT EXISTS ("  # noqa: S608
        f"SELECT 1 FROM ({events_sql(rule.domain, concept_ids[rule.concept_set])}) AS w "
        f"WHERE w.person_id = e.person_id AND w.index_date < e.index_date{looked_back})"
    )


def _joined_sql(definition: CohortDefinition) -> str:
    leave = definition.exit
    end_date = "observed_to"
    if isinstance(leave, FixedDuration):
        anchor = "index_date" if leave.after == "entry_start" else "event_end_date"
        end_date = f"least({anchor} + {int(leave.days)}, observed_to)"
    # Gaps and islands: a record begins a new island if every earlier record of the person has ended before it.
    return f"""
        WITH ended AS (SELECT person_id, index_date, {end_date} AS end_date FROM entries),
        marked AS (
            SELECT *, coalesce(index_date > max(end_date) OVER earlier, true)::INTEGER AS begins FROM ended
            WINDOW earlier AS (
                PARTITION BY person_id ORDER BY index_date, end_date ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            )
        ),
        numbered AS (
            SELECT *, sum(begins) OVER (
                PARTITION BY person_id ORDER BY index_date, end_date ROWS UNBOUNDED PRECEDING
            ) AS island
            FROM marked
        )
        SELECT person_id, min(index_date) AS index_date, max(end_date) AS end_date
        FROM numbered GROUP BY person_id, island
    """  # noqa: S608 - the end date is made of a column of ours and a whole number
