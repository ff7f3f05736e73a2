"""Who is not heard any more.

No wall clock decides whether a runner lives. Each time it is heard a counter goes up, and whoever watches notes on a
clock that nobody can set when the counter last changed: a service that was stopped, a machine that slept and a clock
that jumps take nobody's run away.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["LEASE_S", "Watch"]

LEASE_S = 8.0  # a runner that was not heard for this long has lost its runs; it is heard once a second
LONGEST_LOOK_S = 2.0  # between two looks of a service that is well


@dataclass
class Watch:
    """What one service has seen of the runs and runners that should be heard.

    Parameters
    ----------
    clock : callable, optional
        Seconds that only go forward.
    """

    clock: Callable[[], float] = time.monotonic
    _seen: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    _looked_at: float | None = None

    def silent(self, counters: Mapping[tuple[str, str], int], *, for_s: float = LEASE_S) -> Sequence[tuple[str, str]]:
        """Say whose counter has not changed for too long.

        Parameters
        ----------
        counters : mapping
            Of everything that should be heard now.
        for_s : float, optional
            What is too long, in seconds.

        Returns
        -------
        sequence
            Keys of `counters`.
        """
        now = self.clock()
        # While nobody looked (the service was stopped, its database away) nobody could be heard either.
        unheard = max(0.0, now - self._looked_at - LONGEST_LOOK_S) if self._looked_at is not None else 0.0
        self._looked_at = now
        if unheard:
            self._seen = {key: (count, since + unheard) for key, (count, since) in self._seen.items()}
        self._seen = {
            key: self._seen[key] if key in self._seen and self._seen[key][0] == count else (count, now)
            for key, count in counters.items()
        }
        return [key for key, (_, since) in self._seen.items() if now - since >= for_s]

    def begin_anew(self) -> None:
        """Give everybody the whole time again: they may have spoken, and it could not be written down."""
        self._seen = {}
