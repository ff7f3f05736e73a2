"""What circepy's whole script finds in a whole, unbucketed database: the other side of the comparison.

It shares nothing with the engine but circepy: codesets, steps and temporary tables are the script's own, changed into
DuckDB's dialect by macros and a few words. The order of events that start on one day, which the script leaves open, is
the one that the engine states.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from circe.api import BuildExpressionQueryOptions, build_cohort_query, cohort_expression_from_json

Row = tuple[int, str, str]

# circepy 0.3.0 gives Specimen and VisitDetail an alias out of scope, and forgets that a device was asked for first.
WRONG_IN_CIRCEPY = ("Specimen", "VisitDetail", "DeviceExposure")

_MACROS = (
    "CREATE OR REPLACE TEMP MACRO dateadd(part, days, day_0) AS CAST(day_0 AS DATE) + CAST(days AS INTEGER)",
    "CREATE OR REPLACE TEMP MACRO datefromparts(y, m, d) AS make_date(y, m, d)",
    "CREATE OR REPLACE TEMP MACRO datediff(part, day_0, day_1) AS day_1 - day_0",
)
_EVENT = "E.start_date, E.end_date, E.visit_occurrence_id"
_PERIOD = "OP.observation_period_start_date, OP.observation_period_end_date DESC"
_ORDERS = (
    (r"(ORDER BY E\.sort_date (?:ASC|DESC), E\.event_id)\)", rf"\1, {_EVENT}, {_PERIOD})"),
    (r"(order by pe\.start_date (?:ASC|DESC))\)", r"\1, pe.event_id)"),
    (r"(partition by person_id order by start_date (?:ASC|DESC))\)", r"\1, event_id)"),
)


def official_script(document: Mapping[str, Any]) -> str:
    """Write circepy's script for a document, in DuckDB's dialect."""
    options = BuildExpressionQueryOptions()
    options.cdm_schema = options.vocabulary_schema = "main"
    options.target_table, options.cohort_id = "cohort_found", 1
    script = build_cohort_query(cohort_expression_from_json(json.dumps(document)), options)
    for pattern, replacement in _ORDERS:
        script = re.sub(pattern, replacement, script)
    script = re.sub(
        r"\{(\d+) != 0\}\?\{(.*?)\}", lambda found: found[2] if found[1] != "0" else "", script, flags=re.DOTALL
    )
    # DuckDB's power is a float; so many rules fit into it that no bit is lost here, and no id goes through it.
    script = re.sub(r"--[^\n]*|UPDATE STATISTICS[^;]*;|TRUNCATE TABLE[^;]*;", "", script)
    return re.sub(r"CREATE TABLE #", "CREATE TEMP TABLE ", script)


def official_rows(connection: duckdb.DuckDBPyConnection, document: Mapping[str, Any]) -> list[Row]:
    """Run the script and give subject, start and end, sorted."""
    for macro in _MACROS:
        connection.execute(macro)
    connection.execute("DROP TABLE IF EXISTS cohort_found")
    connection.execute(
        "CREATE TEMP TABLE cohort_found (cohort_definition_id INTEGER, subject_id BIGINT, cohort_start_date DATE, "
        "cohort_end_date DATE)"
    )
    for statement in filter(str.strip, official_script(document).split(";")):
        made = re.search(r"\bINTO #(\w+)", statement, flags=re.IGNORECASE)
        if made and not statement.lstrip().upper().startswith("INSERT"):
            body = statement[: made.start()] + statement[made.end() :]
            connection.execute(f"CREATE TEMP TABLE {made[1]} AS {body.replace('#', '')}")
        else:
            connection.execute(statement.replace("#", ""))
    found = connection.execute(
        "SELECT subject_id, cohort_start_date::VARCHAR, cohort_end_date::VARCHAR FROM cohort_found"
    )
    return sorted(found.fetchall())


def official_cohorts(path: Path, documents: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Run the scripts of all documents that circepy does not get wrong."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return {
            name: official_rows(connection, document)
            for name, document in documents.items()
            if not any(f'"{domain}"' in json.dumps(document) for domain in WRONG_IN_CIRCEPY)
        }
