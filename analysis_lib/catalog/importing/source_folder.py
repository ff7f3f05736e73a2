"""A folder of CSV or Parquet files as a source."""

import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb

from analysis_lib.catalog.importing import csv_copying, csv_files
from analysis_lib.catalog.importing.conforming import printable
from analysis_lib.catalog.importing.csv_files import CsvFile, CsvOptions, described, from_clause
from analysis_lib.catalog.importing.csv_values import TEXT_OF
from analysis_lib.catalog.importing.sources import Say, SourceTable, shut
from analysis_lib.catalog.parquet import sha256_of
from analysis_lib.catalog.spec import VERSIONS, cdm_tables
from analysis_lib.errors import SourceError

_PARQUET = ".parquet"
_NUMBERED = re.compile(r"[._-]?(part)?[._-]?\d+$")
_PACKED = (".zip", ".7z", ".rar", ".tar", ".bz2", ".xz", ".zst", ".tgz", ".xlsx", ".sas7bdat")
_SUM_THREADS = 4
_KNOWN = frozenset(name for version in VERSIONS for name in cdm_tables(version))
_WHOLE_NUMBERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"})
_NO_TYPE = '"NULL"'  # of a column without any value, which fits each
_Stamp = tuple[int, int, int, int]


class FolderSource:
    """The tables that lie in a folder, as CSV or Parquet, one file or many for each.

    Parameters
    ----------
    path : path
        The folder. ``measurement.csv``, ``measurement_1.csv`` and ``measurement/part-0.csv.gz`` all are measurements.
    csv : CsvOptions
        What is known of the CSV files.
    """

    def __init__(self, path: str | os.PathLike[str], *, csv: CsvOptions) -> None:
        self.path = Path(path)
        self._csv = csv
        self._files = _files_by_table(self.path)
        self._stamps = self._stamps_now()
        self._sums: dict[str, str] = {}
        self._tables: dict[str, SourceTable] = {}
        self._encodings: dict[str, str] = {}

    def identity(self) -> str:
        """Name the content: the sha256 of the files' names and sums.

        Returns
        -------
        str
            In hexadecimal.
        """
        if not self._sums:
            paths = self._all_files()
            with ThreadPoolExecutor(max_workers=_SUM_THREADS, thread_name_prefix="sha256") as pool:
                self._sums = dict(zip(map(self._shown, paths), pool.map(self._sum_of, paths), strict=True))
        lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(self._sums.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    def attach(self, connection: duckdb.DuckDBPyConnection, *, scratch: Path, say: Say) -> None:
        """Copy what is CSV into Parquet below `scratch`, then shut the engine's doors to all but the two folders.

        Parameters
        ----------
        connection : DuckDBPyConnection
            An empty in-memory database.
        scratch : Path
            A folder for the copies.
        say : callable
            Told which file is read.
        """
        try:
            for name, paths in self._files.items():
                if _kind(paths[0]) == "parquet":
                    _check_types(connection, name, paths=paths)
                    clause = from_clause(paths)
                    self._tables[name] = SourceTable(name, clause, described(connection, clause))
                elif (table := self._copied(connection, name, scratch=scratch / "csv" / name, say=say)) is not None:
                    self._tables[name] = table
        except duckdb.Error as error:
            if isinstance(error, duckdb.OutOfMemoryException) or "No space left" in str(error):
                raise  # no fault of the file: the import says so
            # The engine's words quote lines and paths, so not even its error is kept.
            raise SourceError(
                f"table {name} cannot be read; the engine stopped with {type(error).__name__}. "
                "A file of it is truncated, damaged or of another format than its name says: take a fresh copy."
            ) from None
        connection.execute("DROP TABLE IF EXISTS reject_errors")
        connection.execute("DROP TABLE IF EXISTS reject_scans")
        shut(connection, open_folders=(self.path.resolve(), self.path.absolute(), scratch))

    def tables(self, connection: duckdb.DuckDBPyConnection) -> dict[str, SourceTable]:  # noqa: ARG002 - see OmopSource
        """List the tables, by lower-case name.

        Parameters
        ----------
        connection : DuckDBPyConnection
            Where `attach` was called.

        Returns
        -------
        dict of str to SourceTable
            One for each name of a file or folder.
        """
        if "person" not in self._tables:
            raise SourceError(
                f"the folder has no person table; found {len(self._tables)} other tables. "
                "An OMOP database has one, such as person.csv or person.parquet: check that this is the right folder."
            )
        return self._tables

    def facts(self) -> dict[str, Any]:
        """Describe the folder for the manifest.

        Returns
        -------
        dict
            `kind`, `folder_name`, `files`, `bytes`, `sha256`; `encodings` where a table is not in UTF-8.
        """
        formats = sorted({_kind(path) for path in self._all_files()})
        return {
            "kind": "folder",
            "formats": formats,
            "folder_name": self.path.resolve().name,
            "files": len(self._stamps),
            "bytes": sum(size for size, *_ in self._stamps.values()),
            "sha256": self.identity(),
            **({"encodings": self._encodings} if self._encodings else {}),
        }

    def check_unchanged(self) -> None:
        """Refuse when files were changed, added or taken away since this source was made."""
        try:
            files = _files_by_table(self.path)
            same = files == self._files and self._stamps_now() == self._stamps
        except (SourceError, OSError):
            same = False
        if not same:
            raise SourceError(
                "the source changed while it was read; the size, time or number of its files is another now. "
                "Import again when nobody writes to it, or import a copy."
            )

    def _copied(
        self, connection: duckdb.DuckDBPyConnection, name: str, *, scratch: Path, say: Say
    ) -> SourceTable | None:
        copies: list[Path] = []
        n_lost = 0
        lost: tuple[int, ...] = ()
        for number, path in enumerate(self._files[name]):
            file = csv_files.look_at(path, shown=self._shown(path), table=name, options=self._csv)
            if file is None:
                continue
            say(f"reading {file.shown}{_remark(file)}")
            if file.encoding != "utf-8":
                self._encodings[name] = file.encoding
            target = scratch / f"{number:05d}.parquet"
            copied = csv_copying.copy_to_parquet(connection, file, target=target)
            copies.append(target)
            if copied.n_lines_lost:
                say(f"{file.shown}: {copied.n_lines_lost:,} lines are no rows, from line {copied.lines_lost[0]}")
            n_lost += copied.n_lines_lost
            lost = lost or copied.lines_lost
        if not copies:
            return None
        clause = from_clause(copies)
        columns = described(connection, clause)
        return SourceTable(
            name,
            clause,
            tuple((column, kind) for column, kind in columns if not column.startswith(TEXT_OF)),
            typed=False,
            n_lines_lost=n_lost,
            lines_lost=lost,
            kept_texts={column.removeprefix(TEXT_OF): column for column, _ in columns if column.startswith(TEXT_OF)},
        )

    def _sum_of(self, path: Path) -> str:
        try:
            return sha256_of(path)
        except OSError as error:
            raise SourceError(
                f"{self._shown(path)} cannot be read; {error.strerror or type(error).__name__}. "
                "Check the file and its permissions."
            ) from None

    def _all_files(self) -> list[Path]:
        return [path for paths in self._files.values() for path in paths]

    def _shown(self, path: Path) -> str:
        return printable(path.relative_to(self.path).as_posix())

    def _stamps_now(self) -> dict[Path, _Stamp]:
        stats = {path: path.stat() for path in self._all_files()}
        return {path: (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino) for path, stat in stats.items()}


def _remark(file: CsvFile) -> str:
    return "" if file.encoding == "utf-8" else f" as {file.encoding}"


def _check_types(connection: duckdb.DuckDBPyConnection, name: str, *, paths: list[Path]) -> None:
    """Refuse files of one table that do not agree on a column's type: the engine would turn large ids into floats."""
    found: dict[str, set[str]] = {}
    for path in paths if len(paths) > 1 else ():
        for column, kind in described(connection, from_clause([path])):
            if kind != _NO_TYPE:
                found.setdefault(column.lower(), set()).add("whole number" if kind in _WHOLE_NUMBERS else kind)
    differing = {printable(column): sorted(kinds) for column, kinds in found.items() if len(kinds) > 1}
    if differing:
        listed = "; ".join(f"{column} is {' and '.join(kinds)}" for column, kinds in differing.items())
        raise SourceError(
            f"the files of table {printable(name)} do not agree; found that {listed}. Write them with the same types."
        )


def _files_by_table(root: Path) -> dict[str, list[Path]]:
    """Find which files hold which table, and refuse what could be read in two ways."""
    found: dict[str, list[Path]] = {}
    for path in _walk(root):
        found.setdefault(_table_of(path.relative_to(root)), []).append(path)
    for name, paths in found.items():
        kinds = {_kind(path) for path in paths}
        depths = {"file" if path.parent == root else "folder" for path in paths}
        stems = {(path.parent, _stem(path)) for path in paths}
        # person.csv beside person_1.csv may well be the whole and a part of it.
        whole_and_part = len(paths) > 1 and (root, name) in stems
        if len(kinds) > 1 or len(depths) > 1 or len(stems) < len(paths) or whole_and_part:
            raise SourceError(
                f"table {printable(name)} is there more than once; found as {' and '.join(sorted(kinds))}, as "
                f"{' and '.join(sorted(depths))}, in {len(paths)} files. Leave the ones that should be read."
            )
    return {name: sorted(found[name]) for name in sorted(found)}


def _table_of(path: Path) -> str:
    """Tell the table from a path inside the source: by its folder where that has a table's name, else by its own."""
    own = _bare(_stem(path))
    if len(path.parts) == 1:
        return own
    folders = [_bare(_stem(Path(part))) for part in path.parts[:-1]]
    known = next((depth for depth, name in enumerate((*folders, own)) if name in _KNOWN), None)
    if known is None:
        return folders[0]
    if known > 1:
        # Two releases or two exports side by side would be read as one, every row twice.
        raise SourceError(
            f"a file of table {own} lies deeper than one folder below the source. Give the folder that holds the "
            "tables of one database."
        )
    return (*folders, own)[known]


def _bare(stem: str) -> str:
    bare = _NUMBERED.sub("", stem)
    return bare if stem not in _KNOWN and bare in _KNOWN else stem


def _walk(root: Path) -> list[Path]:
    """List the files that can be read, and refuse links that lead out and formats that cannot."""

    def refuse(error: OSError) -> None:
        raise SourceError(
            f"a folder of the source cannot be read; {error.strerror or type(error).__name__}. Check its permissions."
        ) from None

    files = []
    for folder, folders, names in os.walk(root, onerror=refuse):
        # Marks of other programs, such as _SUCCESS, are not the source's.
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for name in (*folders, *sorted(name for name in names if not name.startswith((".", "_")))):
            path = Path(folder, name)
            _check_place(path, root=root)
            if name not in folders and path.is_file() and _is_data(path, root=root):
                files.append(path)
    return files


def _check_place(path: Path, *, root: Path) -> None:
    parts = path.relative_to(root).parts
    shown = printable("/".join(parts))
    if _kind(path) and not path.is_dir() and not path.is_file():
        what = "a link to nothing" if path.is_symlink() else "no plain file, such as a pipe"
        raise SourceError(f"{shown} is {what}. Put the file itself there.")
    if path.is_symlink() and not path.exists():
        return  # not a table's
    if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
        raise SourceError(
            f"{shown} is a link that leads out of the folder. "
            "Put the file itself there, or give the folder where it lies."
        )
    if path.is_symlink() and path.is_dir():
        raise SourceError(f"{shown} is a link to a folder, which could be read twice. Put the folder itself there.")
    if path.is_dir() and "=" in path.name:
        raise SourceError(
            f"table {printable(parts[0])} lies in partition folders (name=value), whose names hold a column. "
            "Write it without partitions."
        )
    if path.suffix.lower() in _PACKED and _bare(_stem(path)) in _KNOWN:
        raise SourceError(
            f"{shown} cannot be read as it is. Unpack or export it: CSV (plain or .gz) and Parquet are read."
        )


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [_PARQUET]:
        return "parquet"
    last = suffixes[-2:-1] if suffixes[-1:] == [".gz"] else suffixes[-1:]
    return "csv" if last and last[0] in csv_files.SUFFIXES else ""


def _is_data(path: Path, *, root: Path) -> bool:
    """Tell a table from what lies beside it: a text file of no table's name is a note, such as Athena's readme."""
    is_text = path.name.lower().removesuffix(".gz").endswith(".txt")
    return bool(_kind(path)) and (not is_text or _table_of(path.relative_to(root)) in _KNOWN)


def _stem(path: Path) -> str:
    """Take the endings off a name: ``Measurement.CSV.gz`` is measurement."""
    name = path.name.lower()
    for suffix in (*_PACKED, ".gz", _PARQUET, *csv_files.SUFFIXES):
        name = name.removesuffix(suffix)
    return name.removesuffix(".snappy")
