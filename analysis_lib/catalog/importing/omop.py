"""Importing an OMOP database into a release of the catalog."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import duckdb

from analysis_lib.catalog.buckets import HASH_NAME, MAX_BUCKETS
from analysis_lib.catalog.dataset import Dataset
from analysis_lib.catalog.engine import open_engine
from analysis_lib.catalog.importing.building import MEMORY_LIMIT, Build, Settings
from analysis_lib.catalog.importing.csv_files import CsvOptions
from analysis_lib.catalog.importing.opening import open_source
from analysis_lib.catalog.importing.progress import Say
from analysis_lib.catalog.importing.sources import OmopSource
from analysis_lib.catalog.paths import data_folder
from analysis_lib.catalog.releases import (
    KEY_DIGITS,
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
from analysis_lib.errors import DamagedReleaseError, ImportRefusedError

IMPORT_VERSION = 7
"""Raised when the same source would give other rows or bytes than before."""


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
    delimiter: str | None = None,
    quote: str | None = None,
    encoding: str | None = None,
    progress: Say | None = None,
) -> ImportResult:
    """Import an OMOP database as a new release of a data set.

    Every row that names a person is kept, persons unknown to the person table included; rows of a person's table that
    name nobody are left out and counted. What was repaired and what is wrong is in the release's quality report.

    Parameters
    ----------
    source : path or str
        An OMOP CDM v5.3 or v5.4: a DuckDB file, a folder of CSV or Parquet files, or the URL of a PostgreSQL database
        (``postgresql://USER@HOST/DATABASE``; the password is better kept in PGPASSWORD or the password file).
    name : str
        The data set: 1 to 63 of a-z, 0-9, ``-`` and ``_``.
    data : path, optional
        The data folder, as in `open_catalog`.
    title : str, optional
        What people see; what the source calls itself when left out.
    schema : str, optional
        The database's schema; the one that holds a `person` table when left out.
    bucket_count : int, optional
        Buckets of the persons' tables; chosen from the number of rows when left out.
    delimiter, quote : str, optional
        The signs of CSV files; told from their header lines when left out. An empty quote means files without quoting.
    encoding : str, optional
        The encoding of CSV files, such as ``cp949``; when left out it is UTF-8, UTF-16 by its mark, or Korean.
    progress : callable, optional
        Called with one line for each step, and every two seconds while rows are written.

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
    signs = CsvOptions(delimiter=delimiter, quote=quote, encoding=encoding)
    settings = Settings(name, title=title, schema=schema, bucket_count=bucket_count, csv=astuple(signs))
    return run_import(source, settings, data=data, say=progress or (lambda _line: None))


def run_import(
    source: str | os.PathLike[str], settings: Settings, *, data: str | os.PathLike[str] | None, say: Say
) -> ImportResult:
    """Import with settings of which some are for benchmarks only; else as `import_omop`.

    Parameters
    ----------
    source : path or str
        The source.
    settings : Settings
        How the release is to be.
    data : path or None
        The data folder.
    say : callable
        Told of every step.

    Returns
    -------
    ImportResult
        The release, and whether it is new.
    """
    name, count = check_name(settings.name), settings.bucket_count
    if count is not None and not 1 <= count <= MAX_BUCKETS:
        raise ImportRefusedError(f"bucket_count must be in 1 to {MAX_BUCKETS}; got {count}. Leave it out.")
    folder = data_folder(data)
    opened = open_source(source, schema=settings.schema, csv=CsvOptions(*settings.csv))
    say("reading the source's checksum")
    identity = opened.identity()
    with import_lock(folder, name):
        if identity is not None and (existing := _find_import(folder / name, _import_key(identity, settings))):
            return ImportResult(Dataset.open(existing), created=False)
        with incoming_folder(folder, name) as incoming, _no_values_in_errors():
            path, created = _import(opened, settings, incoming=incoming, folder=folder, say=say)
    return ImportResult(Dataset.open(path), created=created)


def _import(source: OmopSource, settings: Settings, *, incoming: Path, folder: Path, say: Say) -> tuple[Path, bool]:
    """Build a release in `incoming` and publish it, unless what was read turns out to be there already."""
    # Out of the release's own folder, and inside the import's: gone with it whatever happens.
    spill, built = incoming / "spill", incoming / "release"
    built.mkdir()
    build = Build(source, settings, say=say)
    with closing(
        open_engine(temp_directory=str(spill), memory_limit=MEMORY_LIMIT, preserve_insertion_order="false")
    ) as connection:
        source.attach(connection, scratch=incoming / "scratch", say=say)
        # Its progress is asked for, never drawn.
        # In a kernel without ipywidgets the engine refuses to count; the import then runs without that line.
        with suppress(duckdb.InvalidInputException):
            connection.execute("SET enable_progress_bar_print = false")
            connection.execute("SET enable_progress_bar = true")
        key = _import_key(source.identity() or str(source.facts()["sha256"]), settings)
        if source.identity() is None and (existing := _find_import(folder / settings.name, key)):
            return existing, False
        entries = build.write(connection, built)
    shutil.rmtree(incoming / "scratch", ignore_errors=True)  # room for what checking may spill
    manifest = build.manifest(entries, root=built, spill=spill, key=key)
    source.check_unchanged()
    return publish(built, data=folder, manifest=manifest), True


def _import_key(identity: str, settings: Settings) -> str:
    chosen = {name: value for name, value in asdict(settings).items() if name != "name"}
    facts = {"sha256": identity, "version": IMPORT_VERSION, "hash": HASH_NAME, **chosen}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _find_import(folder: Path, key: str) -> Path | None:
    """Find the release that an equal import made, and finish that import if it died before moving the pointer."""
    for release in releases_in(folder):
        path = folder / release
        if not release.endswith(f"-{key[:KEY_DIGITS]}"):
            continue  # another source's, whatever state it is in
        damaged = check_release(path)
        if damaged:
            raise DamagedReleaseError(
                f"this source was imported before as release {release}, which is damaged; {len(damaged)} files: "
                f"{', '.join(list(damaged)[:5])}. Remove {path} and import again."
            )
        if read_manifest(path)[0].import_key != key:
            continue
        if _points_before(folder, path):
            point_to(folder, release)
        return path
    return None


def _points_before(folder: Path, path: Path) -> bool:
    """Whether the pointer leads to a release that is older than `path`, or to none that can be read."""
    try:
        pointed = latest_release(folder)
        return pointed is None or read_manifest(folder / pointed)[0].created < read_manifest(path)[0].created
    except DamagedReleaseError:
        return True


@contextmanager
def _no_values_in_errors() -> Iterator[None]:
    """Reword the engine's errors: their texts quote values, so they may not even be kept as a cause."""
    try:
        yield
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException):
        raise  # about names in our own SQL: a fault of ours, not of the source
    except duckdb.Error as error:
        if "no space left" in str(error).lower():
            raise OSError(errno.ENOSPC, "no space left for what the engine sorts or copies") from None
        kind = type(error).__name__
        raise ImportRefusedError(
            f"the source could not be read to its end; the engine stopped with {kind}. "
            "The file may be damaged, or memory or disk space ran out: check both, then import again."
        ) from None
