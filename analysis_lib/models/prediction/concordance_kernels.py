"""Counts of concordant pairs in follow-up data, compiled."""

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["pairs_as_earlier", "pairs_as_later"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def _add(tree: FloatArray, place: int, amount: float) -> None:  # noqa: PLR0917 - compiled: arguments by place
    """Add to one leaf of a tree of sums."""
    index = place + 1
    while index < tree.size:
        tree[index] += amount
        index += index & -index


@njit(cache=True, nogil=True)
def _sum_below(tree: FloatArray, place: int) -> float:
    """Sum the leaves before `place`."""
    total = 0.0
    index = place
    while index > 0:
        total += tree[index]
        index -= index & -index
    return total


@njit(cache=True, nogil=True)
def pairs_as_earlier(  # noqa: PLR0917 - compiled functions take their arguments by place
    first_of_time: IntArray, event: npt.NDArray[np.bool_], rank: IntArray, weight: FloatArray, n_ranks: int
) -> tuple[FloatArray, FloatArray]:
    """Add up, for each row with an event, the pairs with those followed longer.

    A pair is comparable where the earlier time is an event and the other was then still at risk, or was censored at
    the very same time. It is concordant where the earlier one has the higher risk; equal risks count half.

    Parameters
    ----------
    first_of_time : ndarray of int64
        Where each distinct time begins, rows being ordered by rising time; and the number of rows at the end.
    event : ndarray of bool, shape (n,)
        Whether the time is that of an event.
    rank : ndarray of int64, shape (n,)
        Rank of the risk among the distinct ones, from 0.
    weight : ndarray of float64, shape (n,)
        Weight of the pairs in which the row has the earlier event; 0 for none.
    n_ranks : int
        Distinct risks.

    Returns
    -------
    concordant, comparable : ndarray of float64, shape (n,)
        Weighted counts.
    """
    concordant = np.zeros(event.size)
    comparable = np.zeros(event.size)
    tree = np.zeros(n_ranks + 1)
    inserted = 0.0
    for place in range(first_of_time.size - 2, -1, -1):
        rows = range(first_of_time[place], first_of_time[place + 1])
        for row in rows:
            if not event[row]:
                _add(tree, rank[row], 1.0)
                inserted += 1.0
        for row in rows:
            if weight[row] > 0:
                below = _sum_below(tree, rank[row])
                tied = _sum_below(tree, rank[row] + 1) - below
                concordant[row] = weight[row] * (below + 0.5 * tied)
                comparable[row] = weight[row] * inserted
        for row in rows:
            if event[row]:
                _add(tree, rank[row], 1.0)
                inserted += 1.0
    return concordant, comparable


@njit(cache=True, nogil=True)
def pairs_as_later(  # noqa: PLR0917 - compiled functions take their arguments by place
    first_of_time: IntArray, event: npt.NDArray[np.bool_], rank: IntArray, weight: FloatArray, n_ranks: int
) -> tuple[FloatArray, FloatArray]:
    """Add up, for each row, the pairs with those who had the event before it.

    Parameters
    ----------
    first_of_time : ndarray of int64
        Where each distinct time begins, rows being ordered by rising time; and the number of rows at the end.
    event : ndarray of bool, shape (n,)
        Whether the time is that of an event.
    rank : ndarray of int64, shape (n,)
        Rank of the risk among the distinct ones, from 0.
    weight : ndarray of float64, shape (n,)
        Weight of the pairs in which the row has the earlier event; 0 for none.
    n_ranks : int
        Distinct risks.

    Returns
    -------
    concordant, comparable : ndarray of float64, shape (n,)
        Weighted counts.
    """
    concordant = np.zeros(event.size)
    comparable = np.zeros(event.size)
    tree = np.zeros(n_ranks + 1)
    total = 0.0
    for place in range(first_of_time.size - 1):
        rows = range(first_of_time[place], first_of_time[place + 1])
        for row in rows:
            if event[row]:
                _count_before(tree, rank[row], total, concordant, comparable, row)
        for row in rows:
            if weight[row] > 0:
                _add(tree, rank[row], weight[row])
                total += weight[row]
        # Who was censored on the day of an event was still there when it happened.
        for row in rows:
            if not event[row]:
                _count_before(tree, rank[row], total, concordant, comparable, row)
    return concordant, comparable


@njit(cache=True, nogil=True)
def _count_before(  # noqa: PLR0917 - compiled functions take their arguments by place
    tree: FloatArray, rank: int, total: float, concordant: FloatArray, comparable: FloatArray, row: int
) -> None:
    """Count one row's pairs with the events inserted so far."""
    upto = _sum_below(tree, rank + 1)
    tied = upto - _sum_below(tree, rank)
    concordant[row] = total - upto + 0.5 * tied
    comparable[row] = total
