"""The rows of some buckets as tables of an engine: how cohorts and features read a release.

All rows of a person lie in one bucket, so any group of buckets is answered alone, and what groups answer adds up.
"""

import atexit
import itertools
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis_lib.catalog.engine import open_engine, raise_if_interrupted
from analysis_lib.compute.machine import memory_per_bucket, usable_cores
from analysis_lib.errors import BucketFailedError

if TYPE_CHECKING:
    import duckdb

    from analysis_lib.catalog.dataset import Dataset

__all__ = ["BucketFiles", "open_bucket"]


@dataclass(frozen=True)
class BucketFiles:
    """The files of the tables that a task reads, of one group of buckets.

    Parameters
    ----------
    tables : mapping of str to tuple of str
        Paths by table.
    """

    tables: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, dataset: "Dataset", *, tables: tuple[str, ...], buckets: Sequence[int] = (0,)) -> "BucketFiles":
        """Look up the files of `tables` in some buckets of a release.

        Parameters
        ----------
        dataset : Dataset
            The release.
        tables : tuple of str
            Their names.
        buckets : sequence of int, default (0,)
            Which buckets; tables that belong to no person are the same in all.

        Returns
        -------
        BucketFiles
            Their paths.
        """
        paths = {
            table: [path for bucket in buckets for path in dataset.bucket_paths(table, bucket)] for table in tables
        }
        return cls({table: tuple(dict.fromkeys(map(str, listed))) for table, listed in paths.items()})


@contextmanager
def open_bucket(files: BucketFiles) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open an engine that sees the files of a group of buckets as tables.

    One thread each, and a core's share of the memory: groups run beside one another, so the cores are already in use.
    The engine is kept for the next group, since starting one costs as much as reading a small bucket; what was made in
    it is gone with the group.

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

    kept = _ENGINES.take()
    connection = kept[1].cursor()  # has temporary tables of its own
    name = f"bucket_{next(_NUMBERS)}"
    try:
        connection.execute("SET TimeZone = 'UTC'")  # holds for one connection only
        connection.execute(f"ATTACH ':memory:' AS {name}")
        connection.execute(f"USE {name}")
        for table, paths in files.tables.items():
            connection.read_parquet(list(paths), hive_partitioning=False).create_view(table)
        yield connection
    except (duckdb.Error, RuntimeError) as error:
        raise_if_interrupted(error)
        if not isinstance(error, duckdb.Error):
            raise
        # Not chained: the engine's own words may quote a row.
        raise BucketFailedError(
            f"reading the buckets stopped; found {type(error).__name__} from the engine, with the tables "
            f"{', '.join(files.tables)}. Run 'cohorthub data check', and free memory."
        ) from None
    finally:
        connection.close()
        _ENGINES.give_back(kept, name=name)


_NUMBERS = itertools.count()


@dataclass
class _Engines:
    """Engines that wait for their next group of buckets: no more than work at once, all of one process."""

    waiting: list[tuple[str, "duckdb.DuckDBPyConnection"]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> tuple[str, "duckdb.DuckDBPyConnection"]:
        """Give one that waits, or a new one; those of another memory limit than today's go."""
        limit = f"{memory_per_bucket()}B"
        with self.lock:
            while self.waiting:
                kept = self.waiting.pop()
                if kept[0] == limit:
                    return kept
                kept[1].close()
        return limit, open_engine(threads="1", memory_limit=limit)

    def give_back(self, kept: tuple[str, "duckdb.DuckDBPyConnection"], *, name: str) -> None:
        """Take away all that one group left in the engine; one that cannot be cleared is not used again."""
        import duckdb

        try:
            kept[1].execute(f"DETACH {name}")
        except duckdb.Error:
            kept[1].close()
            return
        with self.lock:
            if len(self.waiting) < usable_cores():
                self.waiting.append(kept)
                return
        kept[1].close()

    def close(self) -> None:
        """Close those that wait."""
        with self.lock:
            while self.waiting:
                self.waiting.pop()[1].close()


_ENGINES = _Engines()
atexit.register(_ENGINES.close)


def _forget_engines() -> None:
    """Leave the engines of the process that this one was forked from: their threads are not here."""
    _FORGOTTEN.append(_ENGINES.waiting)
    _ENGINES.waiting, _ENGINES.lock = [], threading.Lock()


_FORGOTTEN: list[object] = []  # closing them would wait for threads that are not here
os.register_at_fork(after_in_child=_forget_engines)
