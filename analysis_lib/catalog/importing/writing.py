"""Writing one table of a release: streamed from the engine in order, split into its buckets.

The engine sorts and hands out rows in this thread; files are encoded, compressed, summed and written in others.
"""

import itertools
import queue
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa

from analysis_lib.catalog.buckets import bucket_sql
from analysis_lib.catalog.importing.conforming import ConformedTable
from analysis_lib.catalog.importing.progress import RowProgress
from analysis_lib.catalog.parquet import WrittenFile, arrow_schema, write_parquet
from analysis_lib.catalog.quoting import quoted
from analysis_lib.catalog.spec import TableSpec

_BATCH_ROWS = 122_880
_WAITING_BATCHES = 3  # of 20 MB each where a table is wide
_LOOK_S = 0.5


def write_table(
    connection: duckdb.DuckDBPyConnection,
    table: ConformedTable,
    *,
    root: Path,
    bucket_count: int,
    progress: RowProgress,
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
    progress : RowProgress
        Told of the rows.

    Returns
    -------
    list of WrittenFile
        In bucket order.
    """
    spec = table.spec
    progress.begin(spec.name, table.rows)
    bucketed = spec.person is not None
    bucket = bucket_sql(quoted(spec.person), count=bucket_count) if spec.person else "0"
    names = [f"bucket-{number:04d}.parquet" for number in range(bucket_count)] if bucketed else ["all.parquet"]
    with _Files(spec, root=root, names=names) as files:
        for number, batch in _stream(connection, table, bucket=bucket, bucketed=bucketed, progress=progress):
            files.add(number, batch)
            progress.add(batch.num_rows)
        return files.written()


class _Files:
    """A table's files, written one after the other beside the thread that asks for them."""

    def __init__(self, spec: TableSpec, *, root: Path, names: list[str]) -> None:
        self._spec = spec
        self._root = root
        self._names = names
        self._schema = arrow_schema(spec.fields)
        # Two: while one file is synced to the disk, the next is begun.
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="write")
        self._writing: list[Future[WrittenFile]] = []
        self._batches: queue.Queue[pa.RecordBatch | None] = queue.Queue(_WAITING_BATCHES)

    def __enter__(self) -> "_Files":
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is not None and self._writing and not self._writing[-1].done():
            self._put(None)  # what was begun is closed, so that no thread waits for rows that never come
        self._pool.shutdown(cancel_futures=True)

    def add(self, number: int, batch: pa.RecordBatch) -> None:
        """Hand over rows of one file; files have to come in order."""
        while len(self._writing) <= number:
            self._begin()
        self._put(batch)

    def written(self) -> list[WrittenFile]:
        """End every file, those without rows too, and describe them."""
        while len(self._writing) < len(self._names):
            self._begin()
        self._put(None)
        return [future.result() for future in self._writing]

    def _begin(self) -> None:
        if self._writing:
            self._put(None)
        if len(self._writing) > 1:
            self._writing[-2].result()  # a full disk is noticed here, not at the end
        self._batches = queue.Queue(_WAITING_BATCHES)
        path = self._root / self._spec.name / self._names[len(self._writing)]
        self._writing.append(self._pool.submit(self._write, path, self._batches))

    def _write(self, path: Path, batches: "queue.Queue[pa.RecordBatch | None]") -> WrittenFile:
        rows = iter(batches.get, None)
        return write_parquet(path, rows, root=self._root, schema=self._schema, sorted_by=self._spec.sort_columns)

    def _put(self, batch: pa.RecordBatch | None) -> None:
        while True:
            try:
                self._batches.put(batch, timeout=_LOOK_S)
                return
            except queue.Full:
                if self._writing[-1].done():  # with an error: nobody takes rows any more
                    self._writing[-1].result()
                    return


def _stream(
    connection: duckdb.DuckDBPyConnection,
    table: ConformedTable,
    *,
    bucket: str,
    bucketed: bool,
    progress: RowProgress,
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the rows in order, each batch of one bucket only."""
    needed = {*table.spec.sort_columns, table.spec.person}
    carried = [(name, value) for name, value in table.select if name in needed or name not in table.without_values]
    columns = ", ".join(f"{value} AS {quoted(name)}" for name, value in carried)
    marker = "__bucket"
    while marker in table.spec.columns:
        marker += "_"
    first = (*((marker,) if bucketed else ()), *table.spec.sort_columns)
    # Without a unique key rows can tie; the rest of the columns then fixes the order, so that equal sources give
    # equal bytes.
    rest = () if table.key_is_unique else tuple(name for name, _ in carried if name not in first)
    order = ", ".join(f"{quoted(name)} NULLS FIRST" for name in (*first, *rest))
    # Sixteen bits hold every bucket's number. With the 64 that it is computed in, the engine's sort key grows beyond
    # 40 bytes, and sorting takes three times as long.
    query = (
        f"SELECT *, CAST({bucket} AS USMALLINT) AS {marker} FROM "
        f"(SELECT {columns} FROM {table.from_clause} WHERE {table.where}) ORDER BY {order}"
    )
    with progress.sorting(connection, rows=table.rows):
        reader = connection.sql(query).to_arrow_reader(_BATCH_ROWS)
        first_batch = next(reader, None)  # the engine sorts before it hands out a row
    for batch in () if first_batch is None else itertools.chain((first_batch,), reader):
        numbers = batch.column(marker).to_numpy()
        rows = batch.drop_columns([marker])
        start = 0
        while start < len(numbers):
            bucket_here = int(numbers[start])
            stop = int(numbers.searchsorted(bucket_here, side="right"))
            yield bucket_here, rows.slice(start, stop - start)
            start = stop
