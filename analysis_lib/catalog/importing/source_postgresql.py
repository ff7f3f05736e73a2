"""A PostgreSQL server as a source.

Every table is copied once, in one read-only transaction, into a DuckDB file below the import's scratch folder: a
release shows one moment of the server, and memory stays small. Tables, partitioned tables, views, materialised views
and foreign tables are read. Partitions are read through their parent; what belongs to an extension is not read.

Times with a zone become UTC. Types that the model lacks (uuid, json, money, arrays, bytea, ...) are read as the text
that PostgreSQL writes for them. The password may be in the URL, in PGPASSWORD or in a password file: libpq looks there.
It is in no message, and no error of the server is kept as a cause, because the server quotes values.

Whether the content equals that of an earlier import is known only when everything was read, so `identity` is None;
`facts` then has a fingerprint of the rows that does not depend on their order. Its row hashes are DuckDB's: another
version of DuckDB may give others, and then the same rows make a new release.
"""

import errno
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from analysis_lib.catalog.importing import postgresql_types as types
from analysis_lib.catalog.importing.conforming import printable
from analysis_lib.catalog.importing.postgresql_catalog import ServerTable, choose_schema, list_tables
from analysis_lib.catalog.importing.postgresql_session import Session, host_of, open_session, reworded
from analysis_lib.catalog.importing.sources import Say, SourceTable, shut
from analysis_lib.catalog.quoting import quoted, text_literal

if TYPE_CHECKING:
    import pyarrow as pa

_SCHEMES = ("postgresql://", "postgres://")
_FILE = "postgresql.duckdb"
_TELL_EVERY_S = 5.0


def is_postgresql_url(source: object) -> bool:
    """Tell whether a source is the URL of a PostgreSQL server.

    Parameters
    ----------
    source : object
        What the caller of an import gave.

    Returns
    -------
    bool
        True for a text that begins with ``postgresql://`` or ``postgres://``.
    """
    return isinstance(source, str) and source.lower().startswith(_SCHEMES)


class PostgreSQLSource:
    """The tables of one schema of one PostgreSQL database.

    Parameters
    ----------
    url : str
        As libpq reads it: ``postgresql://user@host:5432/database``.
    schema : str, optional
        Its schema; the one that holds `person` when left out.
    """

    def __init__(self, url: str, *, schema: str | None = None) -> None:
        self._url = url
        self._schema = schema
        self._facts: dict[str, Any] = {"kind": "postgresql", "host": printable(host_of(url))}
        self._tables: dict[str, SourceTable] = {}
        self._sums: dict[str, str] = {}

    def __repr__(self) -> str:
        """Show no URL: it may hold a password."""
        return "PostgreSQLSource(...)"

    def identity(self) -> str | None:
        """Name the content, which only reading everything could.

        Returns
        -------
        None
            Always.
        """
        return None

    def attach(self, connection: duckdb.DuckDBPyConnection, *, scratch: Path, say: Say) -> None:
        """Copy every table into a file below `scratch`, then shut the engine's doors.

        Parameters
        ----------
        connection : DuckDBPyConnection
            An empty in-memory database.
        scratch : Path
            A folder for the copies.
        say : callable
            Told which table is read.
        """
        scratch.mkdir(parents=True, exist_ok=True)
        connection.execute(f"ATTACH {text_literal(str(scratch / _FILE))} AS source (TYPE duckdb)")
        with open_session(self._url) as session:
            tables = list_tables(session, self._describe(session))
            for number, table in enumerate(tables):
                say(f"reading {printable(table.name)} from the server ({number + 1} of {len(tables)} tables)")
                _Copy(session, connection, table=table, number=number, say=say).run()
                shown = _typed_view(connection, table, number=number)
                self._tables[shown.name] = shown
                self._sums[shown.name] = _fingerprint(connection, shown)
        shut(connection)

    def _describe(self, session: Session) -> str:
        """Take the facts, and return the schema to read."""
        version, database, encoding = session.rows(
            "SELECT current_setting('server_version'), current_database()::text, current_setting('server_encoding')"
        )[0]
        schema = choose_schema(session, self._schema)
        self._facts |= {
            "server_version": version.split()[0],
            "database": printable(database),
            "schema": printable(schema),
            "encoding": encoding,
        }
        return schema

    def tables(self, connection: duckdb.DuckDBPyConnection) -> dict[str, SourceTable]:
        """List the tables that were copied, by lower-case name.

        Parameters
        ----------
        connection : DuckDBPyConnection
            Where `attach` was called.

        Returns
        -------
        dict of str to SourceTable
            All tables of the schema that holds `person`.
        """
        del connection  # `attach` has seen everything
        return dict(self._tables)

    def facts(self) -> dict[str, Any]:
        """Describe the server for the manifest; complete after `attach`.

        Returns
        -------
        dict
            `kind`, `host`, `server_version`, `database`, `schema`, `encoding` and `sha256`: of the tables' names,
            types, row counts and sums of row hashes, so that it does not depend on the order of rows. Neither user
            nor password.
        """
        lines = "".join(f"{name}\t{found}\n" for name, found in sorted(self._sums.items()))
        return {**self._facts, "sha256": hashlib.sha256(lines.encode()).hexdigest()}

    def check_unchanged(self) -> None:
        """Do nothing: everything was read in one transaction, which sees one moment."""


class _Copy:
    """The copying of one table from the server into the file."""

    def __init__(
        self, session: Session, connection: duckdb.DuckDBPyConnection, *, table: ServerTable, number: int, say: Say
    ) -> None:
        self._session = session
        self._connection = connection
        self._table = table
        self._target = _staged(number)
        self._say = say
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Copy; whatever goes wrong becomes one line without a value."""
        import pyarrow as pa

        sent = ", ".join(
            f"{types.on_server(quoted(column), kind)} AS c{n}" for n, (column, kind) in enumerate(self._table.columns)
        )
        made = ", ".join(
            f"{types.in_engine(f'c{n}', kind)} AS {quoted(column)}"
            for n, (column, kind) in enumerate(self._table.columns)
        )
        what = f"table {printable(self._table.name)} cannot be read to its end"
        with (
            reworded(what),
            self._session.stream(f"SELECT {sent} FROM {self._table.from_clause}") as reader,
        ):
            rows = pa.RecordBatchReader.from_batches(reader.schema, self._batches(reader))
            try:
                self._connection.register("incoming_rows", rows)
                self._connection.execute(f"CREATE TABLE {self._target} AS SELECT {made} FROM incoming_rows")
            except duckdb.Error as error:
                # The engine wraps what the server said. Where the server said nothing, the trouble is the engine's own.
                if self._failure is not None:
                    raise self._failure from None
                if "no space left" in str(error).lower():
                    raise OSError(errno.ENOSPC, "no space left for the copy of a server's table") from None
                raise
            finally:
                self._connection.unregister("incoming_rows")

    def _batches(self, reader: "pa.RecordBatchReader") -> Iterator["pa.RecordBatch"]:
        try:
            n_rows, told = 0, time.monotonic()
            for batch in reader:
                n_rows += batch.num_rows
                if time.monotonic() - told >= _TELL_EVERY_S:
                    told = time.monotonic()
                    about = f" of about {self._table.rows_about:,}" if self._table.rows_about > 0 else ""
                    self._say(f"reading {printable(self._table.name)}: {n_rows:,}{about} rows")
                yield batch
        except (Exception, KeyboardInterrupt) as error:  # the engine would make even Ctrl-C an error of its own
            self._failure = error
            raise


def _staged(number: int) -> str:
    return f"source.main.staged_{number}"


def _typed_view(connection: duckdb.DuckDBPyConnection, table: ServerTable, *, number: int) -> SourceTable:
    """Give numeric columns, which arrive as exact text, a number's type wherever no value is lost by it."""
    tried = {
        column: types.convert_numeric(quoted(column), table=table.name.lower(), column_name=column.lower())
        for column, kind in table.columns
        if kind == "numeric"
    }
    conversions = {column: conversion for column, conversion in tried.items() if conversion is not None}
    clause = _staged(number)
    fitting = {}
    if conversions:
        counts = ", ".join(f"count(*) FILTER ({c.unreadable})" for c in conversions.values())
        lost = connection.execute(f"SELECT {counts} FROM {clause}").fetchall()[0]
        fitting = {column: c for (column, c), n in zip(conversions.items(), lost, strict=True) if not n}
    if fitting:
        replaced = ", ".join(f"{c.value} AS {quoted(column)}" for column, c in fitting.items())
        connection.execute(f"CREATE VIEW source.main.typed_{number} AS SELECT * REPLACE ({replaced}) FROM {clause}")
        clause = f"source.main.typed_{number}"
    described = connection.execute(f"DESCRIBE SELECT * FROM {clause}").fetchall()
    return SourceTable(table.name.lower(), clause, tuple((str(row[0]), str(row[1])) for row in described))


def _fingerprint(connection: duckdb.DuckDBPyConnection, table: SourceTable) -> str:
    """Sum two hashes of each row: equal for equal rows in any order."""
    columns = ", ".join(quoted(column) for column, _ in table.columns)
    n_rows, one, two = connection.execute(
        f"SELECT count(*), sum(hash({columns})), sum(hash('second', {columns})) FROM {table.from_clause}"
    ).fetchall()[0]
    return f"{table.columns} {n_rows} {one} {two}"
