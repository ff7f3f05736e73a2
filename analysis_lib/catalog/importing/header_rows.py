"""Headers that became rows: of a table that holds nothing else, and between the rows of files put together."""

import re

import duckdb

from analysis_lib.catalog.importing.sources import SourceTable
from analysis_lib.catalog.quoting import quoted, text_literal
from analysis_lib.catalog.spec import TableSpec

_GENERIC_COLUMN = re.compile(r"column_?\d+")
_COLUMN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def header_row(
    connection: duckdb.DuckDBPyConnection, table: SourceTable, *, spec: TableSpec | None, n_rows: int
) -> tuple[str, ...] | None:
    """Read the names in a table's only row, when that row is the table's header.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Where the source is attached.
    table : SourceTable
        The table.
    spec : TableSpec or None
        The model's table of that name.
    n_rows : int
        Its rows.

    Returns
    -------
    tuple of str, or None
        The names, lower-case; None for a row of data, and for any other number of rows.
    """
    if n_rows != 1 or any(kind != "VARCHAR" and name not in table.kept_texts for name, kind in table.columns):
        return None
    texts = ", ".join(quoted(table.kept_texts.get(name, name)) for name, _ in table.columns)
    row = connection.execute(f"SELECT {texts} FROM {table.from_clause}").fetchall()[0]
    names = tuple(str(value).strip().lower() for value in row)
    if spec is not None:
        known = sum(name in spec.columns for name in names)
        return names if 2 * known > len(names) else None
    generic = all(_GENERIC_COLUMN.fullmatch(column.lower()) for column, _ in table.columns)
    return names if generic and all(_COLUMN_NAME.fullmatch(name) for name in names) else None


def is_header_sql(table: SourceTable, spec: TableSpec) -> str | None:
    """Write what tells a header line among the rows: every column of ids that holds texts holds its own name.

    Parameters
    ----------
    table : SourceTable
        The table.
    spec : TableSpec
        Its columns.

    Returns
    -------
    str or None
        SQL that is true or false, never null; None where no column of ids can hold a text.
    """
    ids = {field.name for field in spec.fields if field.is_id}
    texts = {
        column.lower(): quoted(table.kept_texts.get(column, column))
        for column, kind in table.columns
        if column.lower() in ids and (column in table.kept_texts or kind == "VARCHAR")
    }
    same = " AND ".join(f"lower(trim({text})) = {text_literal(name)}" for name, text in texts.items())
    return f"coalesce({same}, false)" if texts else None
