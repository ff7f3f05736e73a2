"""A DuckDB file as a source."""

import hashlib
import os
from pathlib import Path
from typing import Any

import duckdb

from analysis_lib.catalog.importing.conforming import printable
from analysis_lib.catalog.importing.sources import Say, SourceTable, shut
from analysis_lib.catalog.quoting import quoted, text_literal
from analysis_lib.errors import SourceError

_MAGIC_AT = 8  # a DuckDB file begins with a checksum of 8 bytes, then the word DUCK
_MAGIC = b"DUCK"
_VIEWS = "SELECT view_name FROM duckdb_views() WHERE database_name = 'source' AND schema_name = ? AND NOT internal"
_STAMP = ("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino")


class DuckDBSource:
    """The tables of one schema of one DuckDB file.

    Parameters
    ----------
    path : path
        The file.
    schema : str, optional
        Its schema; the one that holds a `person` table when left out.
    """

    def __init__(self, path: str | os.PathLike[str], *, schema: str | None = None) -> None:
        self.path = Path(path)
        self._schema = schema
        self._stat = _check_duckdb_file(self.path)
        self._sha256: str | None = None

    def identity(self) -> str:
        """Name the content: the sha256 of the file.

        Returns
        -------
        str
            In hexadecimal.
        """
        return str(self.facts()["sha256"])

    def attach(self, connection: duckdb.DuckDBPyConnection, *, scratch: Path, say: Say) -> None:  # noqa: ARG002 - see OmopSource
        """Attach the file read-only, then shut the connection's other doors.

        Parameters
        ----------
        connection : DuckDBPyConnection
            An empty in-memory database.
        scratch : Path
            Not used: the engine reads the file where it lies.
        say : callable
            Not used.
        """
        try:
            connection.execute(f"ATTACH {text_literal(str(self.path))} AS source (READ_ONLY, TYPE duckdb)")
        except duckdb.Error as error:
            raise SourceError(f"the source cannot be opened; {_reason(error)}.") from error
        shut(connection)

    def tables(self, connection: duckdb.DuckDBPyConnection) -> dict[str, SourceTable]:
        """List the tables of the schema that holds `person`, by lower-case name.

        Parameters
        ----------
        connection : DuckDBPyConnection
            Where `attach` was called.

        Returns
        -------
        dict of str to SourceTable
            Tables and views.
        """
        rows = connection.execute(
            "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE database_name = 'source' AND NOT internal ORDER BY schema_name, table_name, column_index"
        ).fetchall()
        found: dict[str, dict[str, list[tuple[str, str]]]] = {}
        for schema, table, column, kind in rows:
            found.setdefault(schema, {}).setdefault(table, []).append((column, kind))
        schema = self._choose_schema({name: {t.lower() for t in tables} for name, tables in found.items()})
        names = [table.lower() for table in found[schema]]
        alike = sorted({printable(name) for name in names if names.count(name) > 1})
        if alike:
            raise SourceError(f"names of tables differ only in case; found {', '.join(alike)}. Rename one of each.")
        for (view,) in connection.execute(_VIEWS, [schema]).fetchall():
            found[schema][view] = _columns_of_view(connection, f"source.{quoted(schema)}.{quoted(view)}", name=view)
        return {
            table.lower(): SourceTable(
                name=table.lower(),
                from_clause=f"source.{quoted(schema)}.{quoted(table)}",
                columns=tuple(columns),
            )
            for table, columns in found[schema].items()
        }

    def _choose_schema(self, tables: dict[str, set[str]]) -> str:
        with_person = sorted(schema for schema, names in tables.items() if "person" in names)
        if self._schema is not None:
            if self._schema in with_person:
                return self._schema
            raise SourceError(
                f"the schema asked for holds no person table; schemas with one: {', '.join(with_person) or 'none'}. "
                "Check --schema."
            )
        if len(with_person) == 1:
            return with_person[0]
        if with_person:
            raise SourceError(
                f"several schemas hold a person table; found: {', '.join(with_person)}. Say which with --schema."
            )
        n_tables = sum(len(names) for names in tables.values())
        raise SourceError(
            f"the source has no person table; found {n_tables} other tables. "
            "An OMOP database has one: check that this is the right file."
        )

    def facts(self) -> dict[str, Any]:
        """Describe the file for the manifest.

        Returns
        -------
        dict
            `kind`, `file_name`, `bytes`, `sha256`.
        """
        if self._sha256 is None:
            try:
                with self.path.open("rb") as file:
                    self._sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise _unreadable(self.path, error) from None
        return {
            "kind": "duckdb",
            "file_name": self.path.name,
            "bytes": self._stat.st_size,
            "sha256": self._sha256,
        }

    def check_unchanged(self) -> None:
        """Refuse when the file changed since this source was made."""
        try:
            now = self.path.stat()
            same = all(getattr(now, name) == getattr(self._stat, name) for name in _STAMP)
        except OSError:
            same = False
        if not same:
            raise SourceError(
                "the source changed while it was read; its size or time is another now, or it is gone. "
                "Import again when nobody writes to it, or import a copy."
            )


def _columns_of_view(connection: duckdb.DuckDBPyConnection, view: str, *, name: str) -> list[tuple[str, str]]:
    """List what a view gives today, which may not be what it gave when it was made."""
    try:
        rows = connection.execute(f"DESCRIBE SELECT * FROM {view}").fetchall()
    except duckdb.Error as error:
        raise SourceError(
            f"view {printable(name)} cannot be read from the file alone; the engine stopped with "
            f"{type(error).__name__}. Make it a table, or drop it: other files and databases are not read."
        ) from None
    return [(str(row[0]), str(row[1])) for row in rows]


def _check_duckdb_file(path: Path) -> os.stat_result:
    """Refuse what is not a whole, closed DuckDB file, before the engine sees it."""
    try:
        stat = path.stat()
        if not path.is_file():
            raise SourceError(f"the source is not a file; found {_kind(path)}. Give the path of a DuckDB file.")
        with path.open("rb") as file:
            head = file.read(_MAGIC_AT + len(_MAGIC))
    except OSError as error:
        raise _unreadable(path, error) from error
    if head[_MAGIC_AT:] != _MAGIC:
        raise SourceError(
            f"the source is not a DuckDB file; its {stat.st_size:,} bytes begin with another mark. "
            "Give a file made by DuckDB."
        )
    log = path.with_name(path.name + ".wal")
    if log.exists() and log.stat().st_size:
        raise SourceError(
            f"the source is not closed; changes still wait in {log.name} beside it. "
            "Close the program that writes it, or run CHECKPOINT in it."
        )
    return stat


def _unreadable(path: Path, error: OSError) -> SourceError:
    return SourceError(
        f"the source cannot be read; {error.strerror or type(error).__name__}: {path.name}. "
        "Check the path and its permissions."
    )


def _kind(path: Path) -> str:
    return "a folder" if path.is_dir() else "something that is neither file nor folder"


def _reason(error: duckdb.Error) -> str:
    """Say why DuckDB could not open a file, without repeating its words, which may quote content."""
    words = str(error).lower()
    if "lock" in words:
        return "another process has it open for writing. Close that one first"
    if "version" in words:
        return f"it was written by another version than the DuckDB {duckdb.__version__} installed here. Export it anew"
    if "encrypt" in words:
        return "it is encrypted. Import a decrypted copy"
    return f"DuckDB {duckdb.__version__} says {type(error).__name__}: it is truncated or damaged. Take a fresh copy"
