"""The rows of one bucket as tables of an engine: how cohorts and features read a release.

All rows of a person lie in one bucket, so a bucket is answered alone, and what buckets answer adds up.
"""

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

    connection = open_engine(threads="1", memory_limit=f"{memory_per_bucket()}B")
    try:
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
