"""The largest or smallest of some numbers in each risk set."""

# ruff: noqa: PLR0917  # numba compiles no keyword-only parameters

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ()  # inner loops, for the modules of this room


@njit(cache=True, nogil=True)
def paint(
    score: npt.NDArray[np.float64],
    order: npt.NDArray[np.int64],
    first: npt.NDArray[np.int64],
    last: npt.NDArray[np.int32],
    times: int,
) -> npt.NDArray[np.float64]:
    """Give each event time the score of the first row in `order` that is at risk there: from `first` to `last`.

    Each time is painted once; `following` leads over those painted already to the next bare one.
    """
    found = np.full(times, np.nan)
    following = np.arange(times + 1)
    for position in range(order.size):
        i = order[position]
        k = first[i]
        while True:
            root = k
            while following[root] != root:
                root = following[root]
            while following[k] != root:
                following[k], k = root, following[k]
            k = root
            if k > last[i]:
                break
            found[k] = score[i]
            following[k] = k + 1
    return found
