"""Repeated keys are counted as plain SQL counts them, however the keys lie."""

import duckdb
import pytest

from analysis_lib.catalog.engine import open_engine
from analysis_lib.catalog.importing import keys

DENSE = "SELECT i % 900 AS k FROM range(1000) t(i)"
NEGATIVE = "SELECT -5000 + i AS k FROM range(1000) t(i) UNION ALL SELECT -4999"
SCATTERED = "SELECT hash(i % 5000)::HUGEINT % 9007199254740992 * 1000 AS k FROM range(6000) t(i)"
EXTREMES = "SELECT unnest([-9223372036854775808, 9223372036854775807, 0, 0, NULL, NULL]) AS k"
TEXTS = "SELECT unnest(['a', 'b', 'a', NULL]) AS k"
FEW = "SELECT 1 AS k"
NONE = "SELECT 1 AS k WHERE false"


@pytest.mark.parametrize("rows", [DENSE, NEGATIVE, SCATTERED, EXTREMES, TEXTS, FEW, NONE])
@pytest.mark.parametrize("at_once", [100, 400_000_000])
def test_repeats_are_those_that_sql_counts(monkeypatch: pytest.MonkeyPatch, rows: str, at_once: int) -> None:
    monkeypatch.setattr(keys, "_SLOTS", at_once)
    monkeypatch.setattr(keys, "_DISTINCT_AT_ONCE", at_once)
    with open_engine() as connection:
        connection.execute(f"CREATE TABLE t AS {rows}")
        expected = connection.execute("SELECT count(k) - count(DISTINCT k) FROM t").fetchall()[0][0]
        value = "k" if rows == TEXTS else "CAST(k AS BIGINT)"
        assert keys.count_repeats(connection, value=value, from_clause="t") == expected


def test_a_key_that_cannot_be_counted_is_an_error_of_the_engine() -> None:
    with open_engine() as connection, pytest.raises(duckdb.Error):
        keys.count_repeats(connection, value="k", from_clause="nowhere")
