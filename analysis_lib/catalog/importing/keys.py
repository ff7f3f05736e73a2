"""Counting how often a key is there again, in memory that does not grow with the table."""

import duckdb
import numpy as np

_SLOTS = 400_000_000  # bytes: one for each possible value of a stretch of keys
_DISTINCT_AT_ONCE = 8_000_000
_BATCH_ROWS = 1_000_000


def count_repeats(connection: duckdb.DuckDBPyConnection, *, value: str, from_clause: str) -> int:
    """Count the rows whose key another row has already.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Where the table can be read.
    value : str
        SQL of the key.
    from_clause : str
        What stands after FROM.

    Returns
    -------
    int
        Keys that are there, less the different ones among them.
    """
    n, low, high = connection.execute(f"SELECT count(k), min(k), max(k) FROM (SELECT {value} AS k FROM {from_clause})"
    ).fetchall()[0]  # fmt: skip
    if n < 2:
        return 0
    if isinstance(low, int) and high - low < max(8 * n, 1_000_000):
        stretches = range(low, high + 1, _SLOTS)
        different = sum(
            _marked(connection, value, from_clause=from_clause, low=start, high=min(start + _SLOTS - 1, high))
            for start in stretches
        )
    else:
        different = _hashed(connection, value, from_clause=from_clause, parts=1 + n // _DISTINCT_AT_ONCE)
    return int(n) - different


def _marked(connection: duckdb.DuckDBPyConnection, value: str, *, from_clause: str, low: int, high: int) -> int:
    """Count different keys of a dense stretch: mark each, then count the marks."""
    marks = np.zeros(high - low + 1, dtype=np.uint8)
    query = (
        f"SELECT CAST(k - ({low}) AS INTEGER) AS place FROM (SELECT {value} AS k FROM {from_clause}) "
        f"WHERE k BETWEEN {low} AND {high}"
    )
    for batch in connection.sql(query).to_arrow_reader(_BATCH_ROWS):
        marks[batch.column(0).to_numpy()] = 1
    return int(np.count_nonzero(marks))


def _hashed(connection: duckdb.DuckDBPyConnection, value: str, *, from_clause: str, parts: int) -> int:
    """Count different keys of a scattered stretch, some of them at a time."""
    query = "SELECT count(DISTINCT k) FROM (SELECT {value} AS k FROM {table}) WHERE hash(k) % {parts} = {part}"
    counts = (
        connection.execute(query.format(value=value, table=from_clause, parts=parts, part=part)).fetchall()[0][0]
        for part in range(parts)
    )
    return int(sum(counts))
