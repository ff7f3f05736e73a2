"""PostgreSQL's types on their way into DuckDB: sent in a form that loses nothing, made into the same value there."""

import re

from analysis_lib.catalog.importing.conversions import Conversion, convert
from analysis_lib.catalog.spec import VERSIONS, FieldSpec, cdm_tables

_AS_THEY_ARE = {"int2", "int4", "int8", "float4", "float8", "bool", "text", "varchar"}
# The driver gives infinite dates and times as real, absurd ones, so they travel as values that stand for them: days
# that no date has, the first time that PostgreSQL knows, and a time near the last that 64 bits of microseconds hold.
_INFINITE_DAYS = 2_147_483_647
_FIRST_TIME = "4713-01-01 00:00:00 BC"
_LAST_TIME = "294246-01-01 00:00:00"
_FIRST_TIME_ENGINE = "4713-01-01 (BC) 00:00:00"


def on_server(column: str, kind: str) -> str:
    """Write what the server sends for a column.

    Parameters
    ----------
    column : str
        Its name, quoted.
    kind : str
        PostgreSQL's name of its type; empty for a type that PostgreSQL does not have itself.

    Returns
    -------
    str
        SQL for PostgreSQL.
    """
    if kind in _AS_THEY_ARE:
        return column
    if kind == "oid":
        return f"{column}::bigint"
    if kind == "date":
        days = f"{column} - '1970-01-01'::date"
        return _infinite_as(column, rest=days, first=f"(-{_INFINITE_DAYS})", last=str(_INFINITE_DAYS), kind="date")
    if kind in {"timestamp", "timestamptz"}:
        utc = f"({column} AT TIME ZONE 'UTC')" if kind == "timestamptz" else column
        return (
            f"CASE WHEN {utc} >= '{_LAST_TIME}'::timestamp THEN '{_LAST_TIME}'::timestamp "
            f"WHEN {utc} = '-infinity'::timestamp THEN '{_FIRST_TIME}'::timestamp ELSE {utc} END"
        )
    return f"{column}::text"


def _infinite_as(column: str, *, rest: str, first: str, last: str, kind: str) -> str:
    return f"CASE {column} WHEN 'infinity'::{kind} THEN {last} WHEN '-infinity'::{kind} THEN {first} ELSE {rest} END"


def in_engine(column: str, kind: str) -> str:
    """Write what DuckDB makes of what the server sent.

    Parameters
    ----------
    column : str
        The column as it arrives.
    kind : str
        As in `on_server`.

    Returns
    -------
    str
        SQL for DuckDB. Infinite dates stay infinite: the import counts them as unreadable.
    """
    if kind == "date":
        return (
            f"CASE {column} WHEN {_INFINITE_DAYS} THEN CAST('infinity' AS DATE) "
            f"WHEN -{_INFINITE_DAYS} THEN CAST('-infinity' AS DATE) ELSE DATE '1970-01-01' + {column} END"
        )
    if kind in {"timestamp", "timestamptz"}:
        return (
            f"CASE WHEN {column} >= TIMESTAMP '{_LAST_TIME}' THEN CAST('infinity' AS TIMESTAMP) "
            f"WHEN {column} = TIMESTAMP '{_FIRST_TIME_ENGINE}' THEN CAST('-infinity' AS TIMESTAMP) ELSE {column} END"
        )
    return column


def convert_numeric(column: str, *, table: str, column_name: str) -> Conversion | None:
    """Choose what a numeric column, which has no fixed size, becomes, and count what would be lost.

    Parameters
    ----------
    column : str
        The column, quoted; it holds PostgreSQL's exact text.
    table, column_name : str
        Lower-case names, for the model's type.

    Returns
    -------
    Conversion or None
        To a whole number where the model has one or the name ends in id, else to a float; None where the model has
        neither, so that a code such as 250.00 keeps its zeros.
    """
    known = {
        field.type
        for version in VERSIONS
        if table in cdm_tables(version)
        for field in cdm_tables(version)[table].fields
        if field.name == column_name
    }
    if known and not known & {"int", "float"}:
        return None
    if "int" in known or (not known and re.search(r"(^|_)id$", column_name) is not None):
        # Exact, unlike a float's text, so that zeros behind the point are no sign of lost digits.
        digits = f"CASE WHEN contains({column}, '.') THEN regexp_replace({column}, '\\.0+$', '') ELSE {column} END"
        return convert(f"({digits})", "VARCHAR", field=FieldSpec(column_name, "int"))
    return convert(column, "VARCHAR", field=FieldSpec(column_name, "float"))
