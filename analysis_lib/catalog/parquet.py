"""Parquet files as a release has them: sorted row groups, page checksums, one sha256 each.

The only module that writes or reads a release's Parquet through pyarrow, so that no read forgets to verify.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from typing_extensions import Buffer

from analysis_lib.catalog.spec import FieldSpec

ROW_GROUP_ROWS = 131_072
"""Smaller groups let a reader skip more rows of other concepts, and cost it more per file (docs/decisions/0006)."""

_TEXTS, _OTHERS = "zstd", "lz4"
"""Ids, dates and numbers are packed by their encoding already: zstd makes them 6 % smaller, and reading a job's rows an
eighth slower. Texts it makes half as large."""
_ZSTD_LEVEL = 1

_ARROW_TYPES = {
    "int": pa.int64(),
    "float": pa.float64(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "text": pa.string(),
}


@dataclass(frozen=True)
class WrittenFile:
    """One file of a release, as the manifest lists it."""

    path: str
    """Relative to the release folder, with forward slashes."""
    rows: int
    bytes: int
    sha256: str


def arrow_schema(fields: Sequence[FieldSpec]) -> pa.Schema:
    """Give the Arrow schema of a table.

    Parameters
    ----------
    fields : sequence of FieldSpec
        The columns, in order.

    Returns
    -------
    pyarrow.Schema
        All columns nullable: a required value that is missing is reported, not dropped.
    """
    return pa.schema([(field.name, _ARROW_TYPES[field.type]) for field in fields])


class _SummedFile:
    """A file that is written from its beginning to its end, its sha256 computed on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sum = hashlib.sha256()
        self._n_bytes = 0
        self.closed = False

    def write(self, data: Buffer) -> int:
        self._sum.update(data)
        n_bytes = memoryview(data).nbytes
        self._n_bytes += n_bytes
        self._file.write(data)
        return n_bytes

    def tell(self) -> int:
        return self._n_bytes

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self.closed = True

    def sha256(self) -> str:
        return self._sum.hexdigest()


def write_parquet(
    path: Path, batches: Iterable[pa.RecordBatch], *, root: Path, schema: pa.Schema, sorted_by: Sequence[str]
) -> WrittenFile:
    """Write one file in row groups of `ROW_GROUP_ROWS`, and sync it to the disk.

    Parameters
    ----------
    path : Path
        A file that does not exist yet; its folder is made.
    batches : iterable of pyarrow.RecordBatch
        Rows in order; may be none.
    root : Path
        The release folder.
    schema : pyarrow.Schema
        The file's schema; batches are cast to it, and a column that they lack holds no value.
    sorted_by : sequence of str
        The order the rows are in, noted in the file.

    Returns
    -------
    WrittenFile
        With the sha256 of the bytes that were written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    order = [pq.SortingColumn(schema.get_field_index(name)) for name in sorted_by]
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    packed = [field.name for field in schema if _is_counted_on(field)]
    rows = 0
    with path.open("xb") as file:
        summed = _SummedFile(file)
        with pq.ParquetWriter(
            summed,
            schema,
            compression={field.name: _TEXTS if field.name in texts else _OTHERS for field in schema},
            compression_level=dict.fromkeys(texts, _ZSTD_LEVEL) or None,
            use_dictionary=[name for name in schema.names if name not in packed] if packed else True,
            column_encoding=dict.fromkeys(packed, "DELTA_BINARY_PACKED") or None,
            write_page_checksum=True,
            write_page_index=True,
            sorting_columns=order or None,
        ) as writer:
            for group in _row_groups(batches, schema):
                writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
                rows += group.num_rows
        file.flush()
        os.fsync(file.fileno())
        return WrittenFile(path.relative_to(root).as_posix(), rows, summed.tell(), summed.sha256())


def _is_counted_on(field: pa.Field) -> bool:
    """Tell whether a column has about as many values as rows: ids of persons and records, and times.

    A dictionary of these grows large and is thrown away. Differences between neighbours, packed, make a file of
    measurements a sixth smaller, take half the time to write and a quarter to read.
    """
    is_id = pa.types.is_int64(field.type) and field.name.endswith("_id") and not field.name.endswith("concept_id")
    return is_id or pa.types.is_timestamp(field.type)


def _completed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """Give a batch the file's columns; one that it lacks holds no value."""
    there = set(batch.schema.names)
    columns = [
        batch.column(field.name).cast(field.type) if field.name in there else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Regroup a stream of batches of any size, so that the bytes written do not depend on the engine's batch size."""
    waiting: list[pa.Table] = []
    n_waiting = 0
    for batch in batches:
        waiting.append(_completed(batch, schema))
        n_waiting += batch.num_rows
        if n_waiting >= ROW_GROUP_ROWS:
            joined = pa.concat_tables(waiting)
            n_whole = n_waiting - n_waiting % ROW_GROUP_ROWS
            for start in range(0, n_whole, ROW_GROUP_ROWS):
                yield joined.slice(start, ROW_GROUP_ROWS).combine_chunks()
            waiting, n_waiting = [joined.slice(n_whole)], n_waiting - n_whole
    if n_waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def read_parquet(paths: Sequence[Path], *, columns: Sequence[str] | None, schema: pa.Schema) -> pa.Table:
    """Read files one after the other, verifying every page's checksum.

    Parameters
    ----------
    paths : sequence of Path
        Files of one table.
    columns : sequence of str or None
        Which columns, in which order; None for all.
    schema : pyarrow.Schema
        The table's schema, for a table of no files.

    Returns
    -------
    pyarrow.Table
        The rows, file by file.

    Raises
    ------
    OSError
        If a page's bytes do not match its checksum.
    """
    wanted = list(schema.names if columns is None else columns)
    tables = [
        pq.read_table(path, columns=wanted, page_checksum_verification=True, partitioning=None, memory_map=False)
        for path in paths
    ]
    if not tables:
        return pa.schema([schema.field(name) for name in wanted]).empty_table()
    return pa.concat_tables(tables).select(wanted)


def sha256_of(path: Path) -> str:
    """Compute the sha256 of a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        In hexadecimal.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
