"""What a release's rows say about themselves, counted bucket by bucket.

A bucket holds all rows of its persons, so every rule that joins a person's tables is answered inside one bucket, in
memory that does not grow with the release.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from analysis_lib.catalog.manifest import TableEntry
from analysis_lib.catalog.quality.findings import Finding
from analysis_lib.catalog.quality.plausible import plausible_ranges, ranges_sql
from analysis_lib.catalog.quality.row_rules import (
    NO_DEATHS,
    NO_PERIODS,
    NO_VISITS,
    OUT_OF_RANGE,
    OVERLAPS,
    PEOPLE,
    count_sql,
    measures_of,
    repeats_sql,
)
from analysis_lib.catalog.quoting import text_literal

_YEARS = """
SELECT (SELECT count(*) FROM people), min(year(period.first)), max(year(greatest(period.first, period.last)))
FROM (SELECT unnest(periods) AS period FROM people)
"""
_Count = tuple[str, str, str, str]


class BucketChecks:
    """Counts of broken rules, added up over the buckets of a release.

    Parameters
    ----------
    root : Path
        The release folder.
    tables : mapping of str to TableEntry
        Its tables.
    today : date, optional
        The day of the import: later dates lie in the future. Today in UTC when left out.
    """

    def __init__(self, root: Path, tables: Mapping[str, TableEntry], *, today: date | None = None) -> None:
        self._root = root
        self._tables = tables
        self._today = (today or datetime.now(UTC).date()).isoformat()
        # (rule, table, column, about) -> rows that break it, and rows judged
        self._broken: Counter[_Count] = Counter()
        self._judged: Counter[_Count] = Counter()
        self.persons = 0
        self.years: tuple[int, int] | None = None

    def run(self, connection: duckdb.DuckDBPyConnection) -> tuple[Finding, ...]:
        """Read every row and count.

        Parameters
        ----------
        connection : DuckDBPyConnection
            Any; temporary tables are made in it.

        Returns
        -------
        tuple of Finding
            Table by table.
        """
        for bucket in range(len(self._tables["person"].files)):
            self._prepare(connection, bucket)
            for entry in self._tables.values():
                if entry.bucketed and entry.rows:
                    self._count(connection, entry, bucket=bucket)
                    self._count_between_rows(connection, entry, bucket=bucket)
        for entry in self._tables.values():
            if not entry.bucketed and entry.rows:
                self._count(connection, entry, bucket=0)
                self._count_repeats(connection, entry, bucket=0)
        return tuple(
            Finding(
                rule, table, n, self._judged[rule, table, column, about], columns=(column,) if column else (),
                about=about,
            )
            for (rule, table, column, about), n in self._broken.items()
            if n
        )  # fmt: skip

    def _file(self, table: str, bucket: int, *, otherwise: str = "") -> str:
        if otherwise and table not in self._tables:
            return otherwise
        path = text_literal(str(self._root / self._tables[table].files[bucket].path))
        return f"read_parquet({path}, hive_partitioning = false)"

    def _prepare(self, connection: duckdb.DuckDBPyConnection, bucket: int) -> None:
        """Make the table of the bucket's people, and count them."""
        connection.execute(
            PEOPLE.format(
                person=self._file("person", bucket),
                death=self._file("death", bucket, otherwise=NO_DEATHS),
                periods=self._file("observation_period", bucket, otherwise=NO_PERIODS),
            )
        )
        persons, first, last = connection.execute(_YEARS).fetchall()[0]
        self.persons += persons
        if first is not None:
            known = self.years or (first, last)
            self.years = (min(first, known[0]), max(last, known[1]))

    def _count(self, connection: duckdb.DuckDBPyConnection, entry: TableEntry, *, bucket: int) -> None:
        """Count all rules that look at one row and its person, in one pass."""
        spec = entry.spec
        measures = measures_of(spec, today=self._today)
        if not measures:
            return
        visits = self._file("visit_occurrence", bucket, otherwise=NO_VISITS) if spec.person else NO_VISITS
        query = count_sql(spec, table=self._file(spec.name, bucket), visits=visits, measures=measures)
        row = connection.execute(query).fetchall()[0]
        for measure, broken, judged in zip(measures, row[::2], row[1::2], strict=True):
            self._add((measure.rule, spec.name, measure.column, ""), broken=broken, judged=judged)

    def _count_between_rows(self, connection: duckdb.DuckDBPyConnection, entry: TableEntry, *, bucket: int) -> None:
        """Count what only several rows, or a list of limits, can show."""
        self._count_repeats(connection, entry, bucket=bucket)
        spec, rows = entry.spec, entry.files[bucket].rows
        table = self._file(spec.name, bucket)
        if spec.name == "observation_period":
            broken = connection.execute(OVERLAPS.format(table=table)).fetchall()[0][0]
            self._add(("period-overlap", spec.name, "observation_period_start_date", ""), broken=broken, judged=rows)
        if spec.name == "measurement":
            query = OUT_OF_RANGE.format(table=table, ranges=ranges_sql())
            for number, broken, judged in connection.execute(query).fetchall():
                limits = plausible_ranges()[number]
                about = f"{limits.name}, outside {limits.low:g} to {limits.high:g} {limits.unit}"
                self._add(("value-out-of-range", spec.name, "value_as_number", about), broken=broken, judged=judged)

    def _count_repeats(self, connection: duckdb.DuckDBPyConnection, entry: TableEntry, *, bucket: int) -> None:
        spec = entry.spec
        repeats = repeats_sql(spec, table=self._file(spec.name, bucket))
        if repeats is not None:
            (n_twice,) = connection.execute(repeats[0]).execute("SELECT count(*) FROM twice").fetchall()[0]
            broken = connection.execute(repeats[1]).fetchall()[0][0] if n_twice else 0
            self._add(("row-duplicate", spec.name, "", ""), broken=broken, judged=entry.files[bucket].rows)

    def _add(self, count: _Count, *, broken: int, judged: int) -> None:
        self._broken[count] += broken
        self._judged[count] += judged
