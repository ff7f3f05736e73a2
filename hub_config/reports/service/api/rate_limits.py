"""How often one token may ask: a bucket for each, and only so many buckets."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["RateLimit"]


@dataclass
class RateLimit:
    """Counts requests by who sends them.

    Parameters
    ----------
    per_second : float
        So many in the long run.
    burst : float
        So many at once.
    most_keys : int, default 10000
        So many senders are remembered; those heard longest ago are forgotten.
    clock : callable, optional
        Seconds that only go forward.
    """

    per_second: float
    burst: float
    most_keys: int = 10_000
    clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[bytes, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, sender: str) -> float:
        """Count one request.

        Parameters
        ----------
        sender : str
            A token or an address; only its hash is kept.

        Returns
        -------
        float
            0 if it may be answered, else seconds until the next may.
        """
        now, key = self.clock(), hashlib.sha256(sender.encode("utf-8", "replace")).digest()
        left, seen = self._buckets.pop(key, (self.burst, now))
        left = min(self.burst, left + (now - seen) * self.per_second)
        wait = 0.0 if left >= 1 else (1 - left) / self.per_second
        self._buckets[key] = (left - 1 if wait == 0 else left, now)
        while len(self._buckets) > self.most_keys:
            self._buckets.popitem(last=False)
        return wait
