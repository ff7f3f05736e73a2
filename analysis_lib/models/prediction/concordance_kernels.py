"""Counts of concordant pairs in follow-up data, compiled."""

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["pairs_as_earlier", "pairs_as_later"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def _add(tree: FloatArray, rank: int, amount: float) -> None:  # noqa: PLR0917 - compiled: arguments by place
    """Add to one rank of a tree of sums (Fenwick 1994)."""
    index = rank + 1
    while index < tree.size:
        tree[index] += amount
        index += index & -index


@njit(cache=True, nogil=True)
def _below(tree: FloatArray, rank: int) -> float:
    """Sum the ranks below one."""
    total = 0.0
    while rank > 0:
        total += tree[rank]
        rank -= rank & -rank
    return total


@njit(cache=True, nogil=True)
def pairs_as_earlier(  # noqa: PLR0917 - compiled functions take their arguments by place
    first_of_time: IntArray, event: npt.NDArray[np.bool_], rank: IntArray, n_ranks: int
) -> tuple[FloatArray, FloatArray]:
    """Count, for each row with an event, the pairs with those followed longer.

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
    n_ranks : int
        Distinct risks.

    Returns
    -------
    concordant, comparable : ndarray of float64, shape (n,)
        Counts; 0 for rows without an event.
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
            if event[row]:
                concordant[row] = 0.5 * (_below(tree, rank[row]) + _below(tree, rank[row] + 1))
                comparable[row] = inserted
        for row in rows:
            if event[row]:
                _add(tree, rank[row], 1.0)
                inserted += 1.0
    return concordant, comparable


@njit(cache=True, nogil=True)
def _add_both(trees: FloatArray, rank: int, first: float, second: float) -> None:  # noqa: PLR0917 - compiled
    """Add to one rank of two trees that lie side by side, so that both are fetched at once."""
    index = rank + 1
    while index < trees.shape[0]:
        trees[index, 0] += first
        trees[index, 1] += second
        index += index & -index


@njit(cache=True, nogil=True)
def _below_both(trees: FloatArray, rank: int) -> tuple[float, float]:
    """Sum the ranks below one, of both trees."""
    first, second = 0.0, 0.0
    while rank > 0:
        first += trees[rank, 0]
        second += trees[rank, 1]
        rank -= rank & -rank
    return first, second


@njit(cache=True, nogil=True)
def pairs_as_later(  # noqa: PLR0917 - compiled functions take their arguments by place
    first_of_time: IntArray, event: npt.NDArray[np.bool_], rank: IntArray, weight: FloatArray, n_ranks: int
) -> tuple[FloatArray, FloatArray]:
    """Add up, for each row, the pairs with those who had the event before it, for two weights at once.

    Parameters
    ----------
    first_of_time : ndarray of int64
        Where each distinct time begins, rows being ordered by rising time; and the number of rows at the end.
    event : ndarray of bool, shape (n,)
        Whether the time is that of an event.
    rank : ndarray of int64, shape (n,)
        Rank of the risk among the distinct ones, from 0.
    weight : ndarray of float64, shape (n, 2)
        Weights of the pairs in which the row has the earlier event.
    n_ranks : int
        Distinct risks.

    Returns
    -------
    concordant, comparable : ndarray of float64, shape (n, 2)
        Weighted counts.
    """
    concordant = np.zeros((event.size, 2))
    comparable = np.zeros((event.size, 2))
    trees = np.zeros((n_ranks + 1, 2))
    totals = np.zeros(2)
    for place in range(first_of_time.size - 1):
        rows = range(first_of_time[place], first_of_time[place + 1])
        for row in rows:
            if event[row]:
                _count_before(trees, rank[row], totals, concordant[row], comparable[row])
        for row in rows:
            if event[row]:
                _add_both(trees, rank[row], weight[row, 0], weight[row, 1])
                totals += weight[row]
        # Who was censored on the day of an event was still there when it happened.
        for row in rows:
            if not event[row]:
                _count_before(trees, rank[row], totals, concordant[row], comparable[row])
    return concordant, comparable


@njit(cache=True, nogil=True)
def _count_before(  # noqa: PLR0917 - compiled functions take their arguments by place
    trees: FloatArray, rank: int, totals: FloatArray, concordant: FloatArray, comparable: FloatArray
) -> None:
    """Count one row's pairs with the events inserted so far."""
    lower, upto = _below_both(trees, rank), _below_both(trees, rank + 1)
    for column in range(2):
        concordant[column] = totals[column] - 0.5 * (lower[column] + upto[column])
        comparable[column] = totals[column]
