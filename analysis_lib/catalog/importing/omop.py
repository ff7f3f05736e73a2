"""Importing an OMOP database into a release of the catalog."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

import analysis_lib
from analysis_lib.catalog.buckets import HASH_NAME, MAX_BUCKETS, choose_bucket_count, describe_hash
from analysis_lib.catalog.concept_tables import derive_concept_tables
from analysis_lib.catalog.dataset import Dataset
from analysis_lib.catalog.engine import open_engine
from analysis_lib.catalog.findings import Finding, QualityReport
from analysis_lib.catalog.importing.conforming import ConformedTable, choose_version, conform, printable
from analysis_lib.catalog.importing.source_duckdb import DuckDBSource
from analysis_lib.catalog.importing.sources import OmopSource, SourceTable
from analysis_lib.catalog.importing.writing import write_table
from analysis_lib.catalog.manifest import Manifest, TableEntry
from analysis_lib.catalog.paths import data_folder
from analysis_lib.catalog.quality import BucketChecks
from analysis_lib.catalog.quoting import quoted
from analysis_lib.catalog.releases import (
    check_name,
    check_release,
    import_lock,
    incoming_folder,
    latest_release,
    point_to,
    publish,
    read_manifest,
    releases_in,
)
from analysis_lib.catalog.spec import cdm_tables
from analysis_lib.errors import DamagedReleaseError, ImportRefusedError, SourceError

IMPORT_VERSION = 5
"""Raised when the same source would give other rows or bytes than before."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class ImportResult:
    """What an import did."""

    dataset: Dataset
    created: bool
    """False when this very source was already there and nothing was changed."""


def import_omop(
    source: str | os.PathLike[str],
    *,
    name: str,
    data: str | os.PathLike[str] | None = None,
    title: str | None = None,
    schema: str | None = None,
    bucket_count: int | None = None,
    progress: Progress | None = None,
) -> ImportResult:
    """Import an OMOP database as a new release of a data set.

    Every row that names a person is kept, persons unknown to the person table included; rows of a person's table that
    name nobody are left out and counted. What was repaired and what is wrong is in the release's quality report.

    Parameters
    ----------
    source : path
        A DuckDB file holding an OMOP CDM v5.3 or v5.4.
    name : str
        The data set: 1 to 63 of a-z, 0-9, ``-`` and ``_``.
    data : path, optional
        The data folder, as in `open_catalog`.
    title : str, optional
        What people see; what the source calls itself when left out.
    schema : str, optional
        The source's schema; the one that holds a `person` table when left out.
    bucket_count : int, optional
        Buckets of the persons' tables; chosen from the number of rows when left out.
    progress : callable, optional
        Called with one line for each step.

    Returns
    -------
    ImportResult
        The release, and whether it is new.

    Raises
    ------
    SourceError
        If the source cannot be read or is no OMOP database.
    ImportRefusedError
        If ids would change: an id column holds values that are not whole numbers a 64-bit integer can carry.
    DatasetNameError, ImportRunningError, StorageError, DamagedReleaseError
        As they say. Nothing that was visible before has changed.
    """
    say = progress or (lambda _line: None)
    check_name(name)
    if bucket_count is not None and not 1 <= bucket_count <= MAX_BUCKETS:
        raise ImportRefusedError(f"bucket_count must be in 1 to {MAX_BUCKETS}; got {bucket_count}. Leave it out.")
    folder = data_folder(data)
    opened = DuckDBSource(source, schema=schema)
    say("reading the source's checksum")
    key = _import_key(opened, title=title, schema=schema, bucket_count=bucket_count)
    with import_lock(folder, name):
        existing = _find_import(folder / name, key)
        if existing is not None:
            return ImportResult(Dataset.open(existing), created=False)
        with incoming_folder(folder, name) as incoming, _no_values_in_errors():
            manifest = _build(opened, incoming, name=name, key=key, title=title, bucket_count=bucket_count, say=say)
            opened.check_unchanged()
            target = publish(incoming, data=folder, manifest=manifest)
    return ImportResult(Dataset.open(target), created=True)


def _import_key(source: OmopSource, **settings: Any) -> str:
    facts = {"sha256": source.facts()["sha256"], "version": IMPORT_VERSION, "hash": HASH_NAME, **settings}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _find_import(folder: Path, key: str) -> Path | None:
    """Find the release that an equal import made, and finish that import if it died before moving the pointer."""
    for release in releases_in(folder):
        path = folder / release
        manifest, _ = read_manifest(path)
        if manifest.import_key != key:
            continue
        damaged = check_release(path)
        if damaged:
            raise DamagedReleaseError(
                f"this source was imported before as release {release}, which is damaged; {len(damaged)} files: "
                f"{', '.join(list(damaged)[:5])}. Remove {path} and import again."
            )
        pointed = latest_release(folder)
        if pointed != release and (pointed is None or _created(folder / pointed) < manifest.created):
            point_to(folder, release)
        return path
    return None


def _created(path: Path) -> str:
    return read_manifest(path)[0].created


@contextmanager
def _no_values_in_errors() -> Iterator[None]:
    """Reword the engine's errors: their texts quote values, so they may not even be kept as a cause."""
    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):
        raise  # about names in our own SQL: a fault of ours, not of the source
    except duckdb.Error as error:
        kind = type(error).__name__
        raise ImportRefusedError(
            f"the source could not be read to its end; the engine stopped with {kind}. "
            "The file may be damaged, or memory or disk space ran out: check both, then import again."
        ) from None


def _build(
    source: OmopSource,
    incoming: Path,
    *,
    name: str,
    key: str,
    title: str | None,
    bucket_count: int | None,
    say: Progress,
) -> Manifest:
    """Write all tables into `incoming` and return the manifest to be."""
    spill = incoming / ".spill"
    with closing(open_engine(temp_directory=str(spill))) as connection:
        source.attach(connection)
        tables = source.tables(connection)
        about = _about(connection, tables.get("cdm_source"))
        version = choose_version(tables, about.get("cdm_version"))
        say(f"looking through {len(tables)} tables of an OMOP CDM v{version}")
        conformed, findings = _conform_all(connection, tables, version=version)
        person_rows = sum(table.rows for table in conformed.values() if table.spec.person)
        count = bucket_count or choose_bucket_count(person_rows)
        entries = {}
        for table in conformed.values():
            say(f"writing {table.spec.name}: {table.rows:,} rows")
            files = write_table(connection, table, root=incoming, bucket_count=count)
            entries[table.spec.name] = TableEntry(table.spec, table.rows, table.rows_source, tuple(files))
    say("checking the rows")
    with closing(open_engine(temp_directory=str(spill))) as connection:
        checks = BucketChecks(incoming, entries)
        findings += checks.run(connection)
        derived = derive_concept_tables(connection, entries, root=incoming)
    if spill.exists():
        spill.rmdir()
    now = datetime.now(UTC)
    return Manifest(
        name=name,
        release=f"{now:%Y-%m-%d}-{key[:10]}",
        title=title or about.get("cdm_source_name") or name,
        kind="omop",
        cdm_version=version,
        created=now.isoformat(timespec="microseconds"),
        library_version=analysis_lib.__version__,
        source=source.facts(),
        about=about,
        bucketing=describe_hash(count),
        persons=checks.persons,
        years=checks.years,
        import_key=key,
        tables=entries,
        derived=derived,
        quality=QualityReport(tuple(findings)),
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
