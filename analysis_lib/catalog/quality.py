"""What a release's rows say about themselves, counted bucket by bucket.

A bucket holds all rows of its persons, so every rule that joins a person's tables is answered inside one bucket, in
memory that does not grow with the release.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import duckdb

from analysis_lib.catalog.findings import Finding
from analysis_lib.catalog.manifest import TableEntry
from analysis_lib.catalog.sources import quoted, text_literal
from analysis_lib.catalog.spec import TableSpec

# Not events seen by an observer: these may rightly lie outside every observation period.
_NOT_OBSERVED = {"observation_period", "payer_plan_period", "death", "cohort"}

# The earliest day the recorded parts of a birth date allow, so that only what is certainly too early is counted.
_PERSON = """
CREATE OR REPLACE TEMP TABLE born AS
SELECT person_id, min(coalesce(
    TRY_CAST(printf('%04d-%02d-%02d', year_of_birth, coalesce(month_of_birth, 1), coalesce(day_of_birth, 1)) AS DATE),
    CAST(birth_datetime AS DATE))) AS birth
FROM {person} GROUP BY person_id
"""
# Of all periods that began by some day, the one that ends last decides whether the day is covered. A period whose end
# is missing covers nothing.
_PERIODS = """
CREATE OR REPLACE TEMP TABLE covered AS
SELECT person_id, period_start, max(period_end) OVER (PARTITION BY person_id ORDER BY period_start) AS covered_until
FROM (SELECT person_id, observation_period_start_date AS period_start, max(observation_period_end_date) AS period_end
      FROM {periods} WHERE observation_period_start_date IS NOT NULL GROUP BY ALL)
"""


class BucketChecks:
    """Counts of broken rules, added up over the buckets of a release.

    Parameters
    ----------
    root : Path
        The release folder.
    tables : mapping of str to TableEntry
        Its tables.
    """

    def __init__(self, root: Path, tables: Mapping[str, TableEntry]) -> None:
        self._root = root
        self._tables = tables
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self.persons = 0
        self.years: tuple[int, int] | None = None

    def run(self, connection: duckdb.DuckDBPyConnection) -> tuple[Finding, ...]:
        """Read every row once and count.

        Parameters
        ----------
        connection : DuckDBPyConnection
            Any; temporary tables are made in it.

        Returns
        -------
        tuple of Finding
            In the order of the tables.
        """
        person = self._tables["person"]
        for bucket in range(len(person.files)):
            self._prepare(connection, bucket)
            for entry in self._tables.values():
                if entry.bucketed and entry.rows:
                    self._count(connection, entry, bucket=bucket)
        for entry in self._tables.values():
            if not entry.bucketed and entry.rows:
                self._count(connection, entry, bucket=0)
        return tuple(
            Finding(rule, table, n, self._tables[table].rows, columns=(column,) if column else ())
            for (rule, table, column), n in self._counts.items()
            if n
        )

    def _file(self, table: str, bucket: int) -> str:
        path = text_literal(str(self._root / self._tables[table].files[bucket].path))
        return f"read_parquet({path}, hive_partitioning = false)"

    def _prepare(self, connection: duckdb.DuckDBPyConnection, bucket: int) -> None:
        connection.execute(_PERSON.format(person=self._file("person", bucket)))
        no_periods = (
            "(SELECT CAST(NULL AS BIGINT) person_id, CAST(NULL AS DATE) observation_period_start_date, "
            "CAST(NULL AS DATE) observation_period_end_date WHERE false)"
        )
        periods = self._file("observation_period", bucket) if "observation_period" in self._tables else no_periods
        connection.execute(_PERIODS.format(periods=periods))
        persons, first, last = connection.execute(
            "SELECT (SELECT count(*) FROM born), year(min(period_start)), "
            "year(max(greatest(covered_until, period_start))) FROM covered SEMI JOIN born USING (person_id)"
        ).fetchall()[0]
        self.persons += persons
        if first is not None:
            known = self.years or (first, last)
            self.years = (min(first, known[0]), max(last, known[1]))

    def _count(self, connection: duckdb.DuckDBPyConnection, entry: TableEntry, *, bucket: int) -> None:
        """Count all rules of one table in one bucket, in one pass."""
        spec = entry.spec
        measures = {
            ("required-value-missing", field.name): f"count(*) FILTER (t.{quoted(field.name)} IS NULL)"
            for field in spec.fields
            if field.required
        } | _event_measures(spec)
        if not measures:
            return
        source = f"{self._file(spec.name, bucket)} t"
        if spec.person is not None:
            source += f" LEFT JOIN born b ON b.person_id = t.{quoted(spec.person)}"
        if ("outside-observation", spec.start or "") in measures:
            source += (
                f" ASOF LEFT JOIN covered c ON c.person_id = t.{quoted(spec.person or '')}"
                f" AND c.period_start <= t.{quoted(spec.start or '')}"
            )
        row = connection.execute(f"SELECT {', '.join(measures.values())} FROM {source}").fetchall()[0]
        for (rule, column), n in zip(measures, row, strict=True):
            self._counts[rule, spec.name, column] += n


def _event_measures(spec: TableSpec) -> dict[tuple[str, str], str]:
    """Write the counts that a table's owner, start and end allow."""
    measures: dict[tuple[str, str], str] = {}
    if spec.person is not None and spec.name != "person":
        measures["owner-unknown", spec.person] = "count(*) FILTER (b.person_id IS NULL)"
    if spec.start is None:
        return measures
    start = f"t.{quoted(spec.start)}"
    if spec.end is not None:
        measures["end-before-start", spec.end] = f"count(*) FILTER (t.{quoted(spec.end)} < {start})"
    if spec.person is not None:
        measures["before-birth", spec.start] = f"count(*) FILTER ({start} < b.birth)"
        if spec.name not in _NOT_OBSERVED:
            measures["outside-observation", spec.start] = (
                f"count(*) FILTER (b.person_id IS NOT NULL AND {start} IS NOT NULL "
                f"AND (c.covered_until IS NULL OR {start} > c.covered_until))"
            )
    return measures
