"""Building a release in a folder that nobody sees yet: tables set beside the model's, written, checked."""

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

import analysis_lib
from analysis_lib.catalog.buckets import choose_bucket_count, describe_hash
from analysis_lib.catalog.engine import open_engine
from analysis_lib.catalog.importing.conforming import ConformedTable, choose_version, conform, printable
from analysis_lib.catalog.importing.progress import RowProgress, Say
from analysis_lib.catalog.importing.sources import OmopSource, SourceTable
from analysis_lib.catalog.importing.writing import write_table
from analysis_lib.catalog.manifest import Manifest, TableEntry
from analysis_lib.catalog.quality.checks import BucketChecks
from analysis_lib.catalog.quality.findings import Finding, QualityReport
from analysis_lib.catalog.quoting import quoted
from analysis_lib.catalog.releases import KEY_DIGITS
from analysis_lib.catalog.spec import cdm_tables
from analysis_lib.catalog.vocabulary.concept_tables import derive_concept_tables
from analysis_lib.errors import ImportRefusedError, SourceError

MEMORY_LIMIT = "1GB"
"""What the engine may hold; the rows being encoded, marks of keys and Python itself come on top, within two."""


@dataclass(frozen=True)
class Settings:
    """What a person may choose of an import, and what makes two imports of one source differ."""

    name: str
    title: str | None = None
    schema: str | None = None
    bucket_count: int | None = None
    concept_first: bool = True
    """False for a benchmark of the other order: rows of a person lie together."""
    csv: tuple[str | None, ...] = ()


class Build:
    """One release in the making.

    Parameters
    ----------
    source : OmopSource
        Where the rows come from.
    settings : Settings
        How they are to lie.
    say : callable
        Told of every step.
    """

    def __init__(self, source: OmopSource, settings: Settings, *, say: Say) -> None:
        self._source = source
        self._settings = settings
        self._say = say
        self._findings: list[Finding] = []
        self._about: dict[str, str] = {}
        self._version = ""
        self._count = 0

    def write(self, connection: duckdb.DuckDBPyConnection, root: Path) -> dict[str, TableEntry]:
        """Write all tables.

        Parameters
        ----------
        connection : DuckDBPyConnection
            Where the source is attached.
        root : Path
            The folder of the release being built.

        Returns
        -------
        dict of str to TableEntry
            What was written.
        """
        tables = self._source.tables(connection)
        self._about = _about(connection, tables.get("cdm_source"))
        self._version = choose_version(tables, self._about.get("cdm_version"))
        self._say(f"looking through {len(tables)} tables of an OMOP CDM v{self._version}")
        conformed, findings = _conform_all(connection, tables, version=self._version)
        self._findings += findings
        person_rows = sum(table.rows for table in conformed.values() if table.spec.person)
        self._count = self._settings.bucket_count or choose_bucket_count(person_rows)
        progress = RowProgress(self._say, total=sum(table.rows for table in conformed.values()))
        entries = {}
        for table in conformed.values():
            spec = replace(table.spec, concept_first=self._settings.concept_first)
            ordered = replace(table, spec=spec)
            files = write_table(connection, ordered, root=root, bucket_count=self._count, progress=progress)
            entries[spec.name] = TableEntry(spec, table.rows, table.rows_source, tuple(files))
        return entries

    def manifest(self, entries: dict[str, TableEntry], *, root: Path, spill: Path, key: str) -> Manifest:
        """Check the rows, and describe the release.

        Parameters
        ----------
        entries : dict of str to TableEntry
            From `write`.
        root : Path
            The folder of the release being built.
        spill : Path
            Where the engine may put what does not fit into memory.
        key : str
            The import's key.

        Returns
        -------
        Manifest
            Of the release to be.
        """
        self._say("checking the rows")
        with closing(open_engine(temp_directory=str(spill), memory_limit=MEMORY_LIMIT)) as connection:
            checks = BucketChecks(root, entries)
            self._findings += checks.run(connection)
            derived = derive_concept_tables(connection, entries, root=root)
        now = datetime.now(UTC)
        name = self._settings.name
        return Manifest(
            name=name,
            release=f"{now:%Y-%m-%d}-{key[:KEY_DIGITS]}",
            title=self._settings.title or self._about.get("cdm_source_name") or name,
            kind="omop",
            cdm_version=self._version,
            created=now.isoformat(timespec="microseconds"),
            library_version=analysis_lib.__version__,
            source=self._source.facts(),
            about=self._about,
            bucketing=describe_hash(self._count),
            persons=checks.persons,
            years=checks.years,
            import_key=key,
            tables=entries,
            derived=derived,
            quality=QualityReport(tuple(self._findings)),
        )


def _conform_all(
    connection: duckdb.DuckDBPyConnection, tables: dict[str, SourceTable], *, version: str
) -> tuple[dict[str, ConformedTable], list[Finding]]:
    """Set every table beside the model's, and refuse before anything is written."""
    model = cdm_tables(version)
    conformed: dict[str, ConformedTable] = {}
    findings: list[Finding] = []
    for table in sorted(tables, key=lambda name: (list(model).index(name) if name in model else len(model), name)):
        result, found = conform(connection, tables[table], spec=model.get(table))
        findings += found
        if result is not None:
            conformed[table] = result
    findings += [Finding("table-missing", table, 1, 1, unit="tables") for table in model if table not in tables]
    _refuse_changed_ids(conformed)
    if "person" not in conformed or not conformed["person"].rows:
        n_rows = conformed["person"].rows_source if "person" in conformed else 0
        raise SourceError(
            f"the source's person table holds no person with an id; found {n_rows} rows. "
            "Check that this is the right file."
        )
    return conformed, findings


def _refuse_changed_ids(conformed: dict[str, ConformedTable]) -> None:
    unfaithful = [f"{name}.{column}" for name, table in conformed.items() for column in table.unfaithful_ids]
    if unfaithful:
        raise ImportRefusedError(
            "ids would change: a column of ids holds values that are not whole numbers below 2^53 (floats) or 2^63; "
            f"found in {', '.join(unfaithful)}. Store these columns as 64-bit integers in the source."
        )


def _about(connection: duckdb.DuckDBPyConnection, table: SourceTable | None) -> dict[str, str]:
    """Read what the source says of itself; a fresh database says nothing."""
    if table is None:
        return {}
    wanted = set(cdm_tables("5.4")["cdm_source"].columns)
    columns = [column for column, _ in table.columns if column.lower() in wanted]
    if not columns:
        return {}
    texts = ", ".join(f"CAST({quoted(column)} AS VARCHAR)" for column in columns)
    rows = connection.execute(f"SELECT {texts} FROM {table.from_clause} LIMIT 1").fetchall()
    said = zip(columns, rows[0], strict=True) if rows else ()
    # A header that became a data row says nothing.
    return {column.lower(): printable(text) for column, text in said if text and text.lower() != column.lower()}
