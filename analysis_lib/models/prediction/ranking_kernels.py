"""Sums over rows in the order of their risk, compiled."""

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["ranked_measures"]

FloatArray = npt.NDArray[np.float64]


@njit(cache=True, nogil=True)
def ranked_measures(  # noqa: PLR0917 - compiled functions take their arguments by place
    outcome: npt.NDArray[np.bool_],
    last_of_value: npt.NDArray[np.bool_],
    weight: FloatArray,
    person: npt.NDArray[np.int64],
    drawn: FloatArray,
) -> tuple[float, float]:
    """Compute the area under the ROC curve and the average precision with the persons drawn.

    Parameters
    ----------
    outcome : ndarray of bool, shape (n,)
        By rising risk.
    last_of_value : ndarray of bool, shape (n,)
        Whether the next row has a higher risk.
    weight : ndarray of float64, shape (n,)
        Weight of each row.
    person : ndarray of int64, shape (n,)
        Whose each row is.
    drawn : ndarray of float64
        How often each person was drawn.

    Returns
    -------
    tuple of float
        The area, and the average precision; NaN where one of the classes was not drawn.
    """
    n = outcome.size
    with_outcome = 0.0
    without = 0.0
    area = 0.0
    here_with = 0.0
    here_without = 0.0
    for row in range(n):
        counts = weight[row] * drawn[person[row]]
        if outcome[row]:
            here_with += counts
        else:
            here_without += counts
        if last_of_value[row]:
            area += here_with * (without + 0.5 * here_without)
            with_outcome += here_with
            without += here_without
            here_with = 0.0
            here_without = 0.0
    if with_outcome == 0 or without == 0:
        return np.nan, np.nan
    found = 0.0
    all_found = 0.0
    precision_sum = 0.0
    here_with = 0.0
    for place in range(n):
        row = n - 1 - place
        # From the highest risk down: what ends a value from below begins it from above.
        if last_of_value[row] and place > 0:
            if found + all_found > 0:
                precision_sum += here_with * found / (found + all_found)
            here_with = 0.0
        counts = weight[row] * drawn[person[row]]
        if outcome[row]:
            found += counts
            here_with += counts
        else:
            all_found += counts
    precision_sum += here_with * found / (found + all_found)
    return area / (with_outcome * without), precision_sum / with_outcome
