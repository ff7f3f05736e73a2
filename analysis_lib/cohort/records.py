"""Dated records of some concepts, and the observation period that holds a date: SQL for what follows a cohort."""

# ruff: noqa: S608 - made of whole numbers and of names of the model

from analysis_lib.catalog.spec import cdm_tables

__all__ = ["OBSERVED_SQL", "events_sql"]

CDM_VERSION = "5.4"  # concept, start and end columns of the event tables are the same in 5.3

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
        An event table of the model.
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
        f"SELECT person_id, {start} AS index_date, {end} AS event_end_date, {table.key} AS record_id FROM {domain} "
        f"WHERE {table.concept} IN ({listed}) AND {table.start} IS NOT NULL"
    )
