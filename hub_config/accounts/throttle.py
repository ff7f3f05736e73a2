"""Slow down guessing: after some wrong passwords a name must wait, longer each time."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Throttle"]

FREE_ATTEMPTS = 5
FIRST_WAIT_SECONDS = 2.0
LONGEST_WAIT_SECONDS = 60.0
FORGOTTEN_AFTER_SECONDS = 900.0
NAMES_KEPT = 10_000


@dataclass
class _Record:
    failures: int = 0
    last: float = 0.0


class Throttle:
    """Counts wrong passwords for each name, known or not.

    A name waits at most a minute, so that somebody who guesses cannot lock a person out for long; 60 guesses an hour
    against 93 random bits find nothing.

    Parameters
    ----------
    clock : callable, optional
        Seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def wait_seconds(self, name: str) -> float:
        """Tell how long `name` must wait before its next attempt.

        Parameters
        ----------
        name : str
            What was typed as name.

        Returns
        -------
        float
            Seconds; 0 where an attempt is free.
        """
        record = self._records.get(name)
        if record is None or record.failures < FREE_ATTEMPTS:
            return 0.0
        since = self._clock() - record.last
        if since > FORGOTTEN_AFTER_SECONDS:
            del self._records[name]
            return 0.0
        doubled = FIRST_WAIT_SECONDS * 2.0 ** min(record.failures - FREE_ATTEMPTS, 16)
        return max(0.0, min(doubled, LONGEST_WAIT_SECONDS) - since)

    def begin(self, name: str) -> None:
        """Count an attempt as wrong before it is checked, so that many at once do not slip through together.

        Parameters
        ----------
        name : str
            What was typed as name.
        """
        record = self._records.pop(name, _Record())
        record.failures += 1
        record.last = self._clock()
        self._records[name] = record
        while len(self._records) > NAMES_KEPT:
            self._records.popitem(last=False)

    def succeed(self, name: str) -> None:
        """Forget the wrong passwords of a name that gave the right one.

        Parameters
        ----------
        name : str
            An account's name.
        """
        self._records.pop(name, None)
