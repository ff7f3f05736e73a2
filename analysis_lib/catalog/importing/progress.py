"""Lines that tell how far an import is: rows, and the time that is left."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

Say = Callable[[str], None]
_EVERY_S = 2.0
_SORTING = 0.4  # of the work on a row; the rest is encoding and writing it


class RowProgress:
    """Tells of rows sorted and written, at most every two seconds.

    Parameters
    ----------
    say : callable
        Called with one line; sometimes from another thread.
    total : int
        Rows of all tables.
    """

    def __init__(self, say: Say, *, total: int) -> None:
        self._say = say
        self._total = total
        self._written = 0
        self._sorted = 0.0
        self._started = self._told = time.monotonic()
        self._lock = threading.Lock()

    def begin(self, table: str, rows: int) -> None:
        """Begin a table.

        Parameters
        ----------
        table : str
            Its name.
        rows : int
            Rows that it will have.
        """
        self._say(f"writing {table}: {rows:,} rows")

    @contextmanager
    def sorting(self, connection: duckdb.DuckDBPyConnection, *, rows: int) -> Iterator[None]:
        """Tell how far the engine's sort is, while it sorts.

        Parameters
        ----------
        connection : DuckDBPyConnection
            Which sorts.
        rows : int
            That it sorts.

        Yields
        ------
        None
            While the sort runs.
        """
        before, done = self._sorted, threading.Event()

        def watch() -> None:
            while not done.wait(_EVERY_S):
                self._sorted = before + rows * max(connection.query_progress(), 0.0) / 100
                self._tell()

        watcher = threading.Thread(target=watch, name="progress", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            self._sorted = before + rows

    def add(self, rows: int) -> None:
        """Count rows that are written.

        Parameters
        ----------
        rows : int
            Since the last call.
        """
        self._written += rows
        self._tell()

    def _tell(self) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._told < _EVERY_S:
                return
            self._told = now
        done = _SORTING * self._sorted + (1 - _SORTING) * self._written
        left = f", about {_length((now - self._started) * (self._total - done) / done)} left" if done else ""
        self._say(f"{self._sorted:,.0f} of {self._total:,} rows sorted, {self._written:,} written{left}")


def _length(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
