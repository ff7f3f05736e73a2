"""The rows of one bucket as tables of an engine: how cohorts and features read a release.

All rows of a person lie in one bucket, so a bucket is answered alone, and what buckets answer adds up.
"""

import itertools
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis_lib.catalog.engine import open_engine
from analysis_lib.compute.machine import memory_per_bucket
from analysis_lib.errors import BucketFailedError

if TYPE_CHECKING:
    import duckdb

    from analysis_lib.catalog.dataset import Dataset

__all__ = ["BucketFiles", "open_bucket"]


@dataclass(frozen=True)
class BucketFiles:
    """The files of the tables that a task reads, of one bucket.

    Parameters
    ----------
    tables : mapping of str to tuple of str
        Paths by table.
    """

    tables: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, dataset: "Dataset", *, tables: tuple[str, ...], bucket: int) -> "BucketFiles":
        """Look up the files of `tables` in one bucket of a release.

        Parameters
        ----------
        dataset : Dataset
            The release.
        tables : tuple of str
            Names of tables of persons.
        bucket : int
            Which bucket.

        Returns
        -------
        BucketFiles
            Their paths.
        """
        return cls({table: tuple(map(str, dataset.bucket_paths(table, bucket))) for table in tables})


@contextmanager
def open_bucket(files: BucketFiles) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open an engine that sees the files of one bucket as tables.

    One thread each, and a core's share of the memory: buckets run beside one another, so the cores are already in use.
    A thread keeps its engine for its next bucket, since starting one costs as much as reading a small bucket; what was
    made in it is gone with the bucket.

    Parameters
    ----------
    files : BucketFiles
        What it sees.

    Yields
    ------
    DuckDBPyConnection
        In memory, with a view per table.

    Raises
    ------
    BucketFailedError
        If the engine stops.
    """
    import duckdb

    engine = _engine_of_this_thread()
    connection = engine.cursor()  # has temporary tables of its own
    name = f"bucket_{next(_NUMBERS)}"  # a thread may open a bucket while it has another one open
    try:
        connection.execute("SET TimeZone = 'UTC'")  # holds for one connection only
        connection.execute(f"ATTACH ':memory:' AS {name}")
        connection.execute(f"USE {name}")
        for table, paths in files.tables.items():
            connection.read_parquet(list(paths), hive_partitioning=False).create_view(table)
        yield connection
    except duckdb.Error as error:
        # Not chained: the engine's own words may quote a row.
        raise BucketFailedError(
            f"reading one bucket stopped; found {type(error).__name__} from the engine, with the tables "
            f"{', '.join(files.tables)}. Run 'cohorthub data check', and free memory."
        ) from None
    finally:
        connection.close()
        _clear(engine, name)


_KEPT = threading.local()
_NUMBERS = itertools.count()


def _engine_of_this_thread() -> "duckdb.DuckDBPyConnection":
    """Give the engine that this thread keeps, or a new one where it has none, or where the memory's share changed."""
    limit = f"{memory_per_bucket()}B"
    kept: tuple[str, duckdb.DuckDBPyConnection] | None = getattr(_KEPT, "engine", None)
    if kept is None or kept[0] != limit or getattr(_KEPT, "process", None) != os.getpid():
        kept = (limit, open_engine(threads="1", memory_limit=limit))
        _KEPT.engine, _KEPT.process = kept, os.getpid()
    return kept[1]


def _clear(engine: "duckdb.DuckDBPyConnection", name: str) -> None:
    """Take away all that one bucket left in the engine; an engine that cannot be cleared is not used again."""
    import duckdb

    try:
        engine.execute(f"DETACH {name}")
    except duckdb.Error:
        _KEPT.engine = None
        engine.close()
