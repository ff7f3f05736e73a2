"""Lines that tell how far an import is: rows, and the time that is left."""

import time
from collections.abc import Callable

Say = Callable[[str], None]
_EVERY_S = 2.0


class RowProgress:
    """Tells of rows written, at most every two seconds.

    Parameters
    ----------
    say : callable
        Called with one line.
    total : int
        Rows of all tables.
    """

    def __init__(self, say: Say, *, total: int) -> None:
        self._say = say
        self._total = total
        self._done = 0
        self._started = self._told = time.monotonic()

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

    def add(self, rows: int) -> None:
        """Count rows that are written.

        Parameters
        ----------
        rows : int
            Since the last call.
        """
        self._done += rows
        now = time.monotonic()
        if now - self._told < _EVERY_S:
            return
        self._told = now
        left = (now - self._started) * (self._total - self._done) / max(self._done, 1)
        self._say(f"{self._done:,} of {self._total:,} rows written, about {_length(left)} left")


def _length(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
