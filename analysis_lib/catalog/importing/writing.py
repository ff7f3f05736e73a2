"""Writing one table of a release: streamed from the engine in order, split into its buckets."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from analysis_lib.catalog.buckets import bucket_sql
from analysis_lib.catalog.importing.conforming import ConformedTable
from analysis_lib.catalog.parquet import WrittenFile, arrow_schema, describe_file, write_parquet
from analysis_lib.catalog.quoting import quoted

_BUCKET = "__bucket"
_BATCH_ROWS = 122_880


def write_table(
    connection: duckdb.DuckDBPyConnection, table: ConformedTable, *, root: Path, bucket_count: int
) -> list[WrittenFile]:
    """Write one table's files.

    A person's table gets exactly one file for each bucket, an empty one included, so that a reader never has to ask
    whether a file is there; a table that belongs to no person gets one file.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Where the source is attached. It sorts, spilling to disk when memory is short.
    table : ConformedTable
        What to write.
    root : Path
        The folder of the release being built.
    bucket_count : int
        Buckets of the release.

    Returns
    -------
    list of WrittenFile
        In bucket order.
    """
    spec = table.spec
    schema = arrow_schema(spec.fields)
    folder = root / spec.name
    if spec.person is None:
        batches = (batch for _, batch in _stream(connection, table, bucket="0", ordered_by=spec.sort_columns))
        return [_write_file(folder / "all.parquet", batches, root=root, schema=schema, sorted_by=spec.sort_columns)]
    stream = _stream(
        connection,
        table,
        bucket=bucket_sql(quoted(spec.person), count=bucket_count),
        ordered_by=(_BUCKET, *spec.sort_columns),
    )
    pieces = _Pieces(stream)
    return [
        _write_file(
            folder / f"bucket-{bucket:04d}.parquet",
            pieces.of_bucket(bucket),
            root=root,
            schema=schema,
            sorted_by=spec.sort_columns,
        )
        for bucket in range(bucket_count)
    ]


def _write_file(
    path: Path, batches: Iterable[pa.RecordBatch], *, root: Path, schema: pa.Schema, sorted_by: tuple[str, ...]
) -> WrittenFile:
    rows = write_parquet(path, batches, schema=schema, sorted_by=sorted_by)
    return describe_file(path, root=root, rows=rows)


def _stream(
    connection: duckdb.DuckDBPyConnection, table: ConformedTable, *, bucket: str, ordered_by: tuple[str, ...]
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the rows in order, each batch of one bucket only."""
    columns = ", ".join(f"{value} AS {quoted(name)}" for name, value in table.select)
    # Without a unique key rows can tie; the rest of the columns then fixes the order, so that equal sources give
    # equal bytes.
    rest = () if table.key_is_unique else tuple(c for c in table.spec.columns if c not in ordered_by)
    order = ", ".join(f"{quoted(name)} NULLS FIRST" for name in (*ordered_by, *rest))
    query = (
        f"SELECT *, {bucket} AS {_BUCKET} FROM "
        f"(SELECT {columns} FROM {table.from_clause} WHERE {table.where}) ORDER BY {order}"
    )
    for batch in connection.sql(query).to_arrow_reader(_BATCH_ROWS):
        numbers = batch.column(_BUCKET).to_numpy()
        rows = batch.drop_columns([_BUCKET])
        start = 0
        while start < len(numbers):
            bucket_here = int(numbers[start])
            stop = int(numbers.searchsorted(bucket_here, side="right"))
            yield bucket_here, rows.slice(start, stop - start)
            start = stop


class _Pieces:
    """A stream ordered by bucket, handed out one bucket at a time."""

    def __init__(self, stream: Iterator[tuple[int, pa.RecordBatch]]) -> None:
        self._stream = stream
        self._next = next(stream, None)

    def of_bucket(self, bucket: int) -> Iterator[pa.RecordBatch]:
        """Yield the batches of `bucket`; buckets have to be asked for in order."""
        while self._next is not None and self._next[0] == bucket:
            yield self._next[1]
            self._next = next(self._stream, None)
