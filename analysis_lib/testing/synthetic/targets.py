"""Where synthetic data are written: a DuckDB file, or a folder of Parquet or CSV files, one a table."""

import gzip
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from analysis_lib.catalog.engine import open_engine
from analysis_lib.catalog.quoting import quoted, text_literal
from analysis_lib.catalog.spec import SQL_TYPES, TableSpec
from analysis_lib.errors import SyntheticDataError

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["duckdb", "parquet", "csv", "csv.gz"]
_ROWS_PER_INSERT = 250_000
FORMATS: tuple[Format, ...] = ("duckdb", "parquet", "csv", "csv.gz")


class Target:
    """A place under another name until it is complete.

    Parameters
    ----------
    path : Path
        What will be there in the end; nothing may be there yet.
    specs : mapping of str to TableSpec
        All tables.
    headers_as_rows : bool
        Whether a table without rows holds its header as its only row.
    """

    def __init__(self, path: Path, *, specs: Mapping[str, TableSpec], headers_as_rows: bool) -> None:
        self.path = path
        self.specs = specs
        self.headers_as_rows = headers_as_rows
        self.rows: dict[str, int] = dict.fromkeys(specs, 0)
        self.unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")

    def write(self, table: str, rows: "pa.Table") -> None:
        """Append rows.

        Parameters
        ----------
        table : str
            A name in `specs`.
        rows : pyarrow.Table
            In the spec's columns.
        """
        if rows.num_rows:
            self.rows[table] += rows.num_rows
            self.append(table, rows)

    def append(self, table: str, rows: "pa.Table") -> None:
        """Append rows, of which there is at least one.

        Parameters
        ----------
        table : str
            A name in `specs`.
        rows : pyarrow.Table
            In the spec's columns.
        """
        raise NotImplementedError

    def finish(self) -> list[str]:
        """Write the tables that have no rows, close, and move everything to its name.

        Returns
        -------
        list of str
            Tables that hold their header as a row.
        """
        empty = [table for table, n in self.rows.items() if not n]
        for table in empty:
            self.empty(table)
        self.close()
        self.unfinished.rename(self.path)
        return empty if self.headers_as_rows else []

    def empty(self, table: str) -> None:
        """Write a table without rows.

        Parameters
        ----------
        table : str
            A name in `specs`.
        """
        self.append(table, nothing(self.specs[table], header=self.headers_as_rows))

    def close(self) -> None:
        """Close what is open."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Close, and remove what was written."""
        with suppress(Exception):
            self.close()
        if self.unfinished.is_dir():
            shutil.rmtree(self.unfinished, ignore_errors=True)
        else:
            self.unfinished.unlink(missing_ok=True)


def nothing(spec: TableSpec, *, header: bool) -> "pa.Table":
    """Make a table without rows, or with its header for its only row.

    Parameters
    ----------
    spec : TableSpec
        Its columns.
    header : bool
        Whether the header is a row.

    Returns
    -------
    pyarrow.Table
        All columns are texts where the header is a row.
    """
    import pyarrow as pa

    from analysis_lib.testing.row_tables import rows_to_arrow

    if header:
        return pa.table({name: [name] for name in spec.columns})
    return rows_to_arrow([], spec.fields)


class DuckDBTarget(Target):
    """One DuckDB file.

    Parameters
    ----------
    path : Path
        The file.
    specs : mapping of str to TableSpec
        All tables.
    headers_as_rows : bool
        As in `Target`.
    """

    def __init__(self, path: Path, *, specs: Mapping[str, TableSpec], headers_as_rows: bool) -> None:
        super().__init__(path, specs=specs, headers_as_rows=headers_as_rows)
        self._waiting: dict[str, list[pa.Table]] = {}
        self._connection = open_engine(memory_limit="400MB")
        self._connection.execute(f"ATTACH {text_literal(str(self.unfinished))} AS target (TYPE duckdb)")
        for name, spec in specs.items():
            declared = ", ".join(f"{quoted(field.name)} {SQL_TYPES[field.type]}" for field in spec.fields)
            self._connection.execute(f"CREATE TABLE target.{quoted(name)} ({declared})")

    def append(self, table: str, rows: "pa.Table") -> None:
        """Append rows, many at once, since a small insert costs as much again as its rows.

        Parameters
        ----------
        table : str
            A name in `specs`.
        rows : pyarrow.Table
            In the spec's columns.
        """
        waiting = self._waiting.setdefault(table, [])
        waiting.append(rows)
        if sum(part.num_rows for part in waiting) >= _ROWS_PER_INSERT:
            self._insert(table)

    def _insert(self, table: str) -> None:
        """Insert what waits; columns that are all missing are left to the engine."""
        import pyarrow as pa

        rows = pa.concat_tables(self._waiting.pop(table))
        filled = [name for name in rows.column_names if rows.column(name).null_count < rows.num_rows]
        names = ", ".join(map(quoted, filled))
        self._connection.register("incoming", rows.select(filled))
        self._connection.execute(f"INSERT INTO target.{quoted(table)} ({names}) FROM incoming")
        self._connection.unregister("incoming")

    def empty(self, table: str) -> None:
        """Leave the table empty, or hold its header in columns of text.

        Parameters
        ----------
        table : str
            A name in `specs`.
        """
        if not self.headers_as_rows:
            return
        self._connection.register("incoming", nothing(self.specs[table], header=True))
        self._connection.execute(f"CREATE OR REPLACE TABLE target.{quoted(table)} AS FROM incoming")
        self._connection.unregister("incoming")

    def close(self) -> None:
        """Write the last rows down and let go of the file."""
        for table in list(self._waiting):
            self._insert(table)
        self._connection.execute("DETACH target")
        self._connection.close()


class FolderTarget(Target):
    """A folder of files, one a table.

    Parameters
    ----------
    path : Path
        The folder.
    specs : mapping of str to TableSpec
        All tables.
    headers_as_rows : bool
        As in `Target`.
    ending : {"parquet", "csv", "csv.gz"}
        The kind of files.
    """

    def __init__(self, path: Path, *, specs: Mapping[str, TableSpec], headers_as_rows: bool, ending: str) -> None:
        super().__init__(path, specs=specs, headers_as_rows=headers_as_rows)
        self._ending = ending
        self._writers: dict[str, Any] = {}
        self._streams: list[Any] = []
        self.unfinished.mkdir(parents=True)

    def append(self, table: str, rows: "pa.Table") -> None:
        """Append rows to the table's file.

        Parameters
        ----------
        table : str
            A name in `specs`.
        rows : pyarrow.Table
            In the spec's columns.
        """
        if table not in self._writers:
            self._writers[table] = self._open(self.unfinished / f"{table}.{self._ending}", rows.schema)
        if rows.num_rows:
            self._writers[table].write_table(rows)

    def _open(self, file: Path, schema: "pa.Schema") -> Any:
        import pyarrow as pa
        import pyarrow.csv

        if self._ending == "parquet":
            return pa.parquet.ParquetWriter(file, schema, compression="snappy")
        if self._ending == "csv.gz":
            raw = file.open("wb")
            # The fastest level, and no time of writing in the file.
            packed = gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=raw, mtime=0)
            self._streams += [packed, raw]
            return pa.csv.CSVWriter(packed, schema)
        return pa.csv.CSVWriter(str(file), schema)

    def close(self) -> None:
        """Close all files."""
        for part in (*self._writers.values(), *self._streams):
            part.close()
        self._writers, self._streams = {}, []


def open_target(path: Path, kind: Format, *, specs: Mapping[str, TableSpec], headers_as_rows: bool) -> Target:
    """Open a place to write to.

    Parameters
    ----------
    path : Path
        What will be there in the end.
    kind : {"duckdb", "parquet", "csv", "csv.gz"}
        How it is written.
    specs : mapping of str to TableSpec
        All tables.
    headers_as_rows : bool
        As in `Target`.

    Returns
    -------
    Target
        Empty.

    Raises
    ------
    SyntheticDataError
        If something is there already.
    """
    if path.exists():
        raise SyntheticDataError(f"there is something at the target already: {path.name}. Name another one.")
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "duckdb":
        return DuckDBTarget(path, specs=specs, headers_as_rows=headers_as_rows)
    return FolderTarget(path, specs=specs, headers_as_rows=headers_as_rows, ending=kind)
