"""Counting concordant pairs: of someone who has the event and someone then at risk who has not, who had more risk?"""

# ruff: noqa: PLR0917  # numba compiles no keyword-only parameters

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ()  # inner loops, for the modules of this room

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def _add(tree: FloatArray, rank: int, weight: float) -> None:
    """Add to one rank of a tree of partial sums (Fenwick 1994)."""
    i = rank + 1
    while i < tree.size:
        tree[i] += weight
        i += i & (-i)


@njit(cache=True, nogil=True)
def _below(tree: FloatArray, rank: int) -> float:
    """Add up the ranks below one."""
    total = 0.0
    i = rank
    while i > 0:
        total += tree[i]
        i -= i & (-i)
    return total


@njit(cache=True, nogil=True)
def _add_rows(
    tree: FloatArray, rows: IntArray, rank: IntArray, weight: FloatArray, died: npt.NDArray[np.bool_], dead: bool
) -> float:
    """Add the rows that died, or those that did not; give their weight."""
    total = 0.0
    for i in rows:
        if died[i] == dead:
            _add(tree, rank[i], weight[i])
            total += weight[i]
    return total


@njit(cache=True, nogil=True)
def _leaving_at(last: IndexArray, leaving: IntArray, k: int) -> IntArray:
    """Find the rows that leave at an event time."""
    low, high = 0, leaving.size
    while low < high:
        middle = (low + high) // 2
        if last[leaving[middle]] < k:
            low = middle + 1
        else:
            high = middle
    end = low
    while end < leaving.size and last[leaving[end]] == k:
        end += 1
    return leaving[low:end]


@njit(cache=True, nogil=True)
def pairs_of_deaths(
    rank: IntArray,
    ranks: IntArray,
    weight: FloatArray,
    last: IndexArray,
    before: IndexArray,
    died: npt.NDArray[np.bool_],
    leaving: IntArray,
    entering: IntArray,
    begin: IntArray,
    pairs: FloatArray,
) -> None:
    """Add, for each row with the event, the weight of rows then at risk with lower, higher and the same risk.

    `pairs` has shape (n, 3): concordant, discordant, tied. `rank` orders the predicted risks within a stratum, of which
    each has `ranks` different ones. `leaving` and `entering` sort the rows by `last` and by `before`, without those at
    -1 and without rows that are never at risk; each stratum's event times lie between two entries of `begin`.
    """
    into = entering.size - 1
    for s in range(begin.size - 2, -1, -1):  # backwards, so that those at risk are there already
        tree, total = np.zeros(ranks[s] + 1), 0.0
        for k in range(begin[s + 1] - 1, begin[s] - 1, -1):
            while into >= 0 and before[entering[into]] == k:
                i = entering[into]
                _add(tree, rank[i], -weight[i])
                total -= weight[i]
                into -= 1
            rows = _leaving_at(last, leaving, k)
            total += _add_rows(tree, rows, rank, weight, died, False)
            for i in rows:
                if died[i]:
                    lower, not_higher = _below(tree, rank[i]), _below(tree, rank[i] + 1)
                    pairs[i, 0] += lower
                    pairs[i, 1] += total - not_higher
                    pairs[i, 2] += not_higher - lower
            total += _add_rows(tree, rows, rank, weight, died, True)


@njit(cache=True, nogil=True)
def _see(tree: FloatArray, total: float, rank: int, sign: float, pairs: FloatArray) -> None:
    """Compare a row at risk with the deaths so far."""
    lower, not_higher = _below(tree, rank), _below(tree, rank + 1)
    pairs[0] += sign * (total - not_higher)
    pairs[1] += sign * lower
    pairs[2] += sign * (not_higher - lower)


@njit(cache=True, nogil=True)
def pairs_of_those_at_risk(
    rank: IntArray,
    ranks: IntArray,
    weight: FloatArray,
    last: IndexArray,
    before: IndexArray,
    died: npt.NDArray[np.bool_],
    leaving: IntArray,
    entering: IntArray,
    begin: IntArray,
    pairs: FloatArray,
) -> None:
    """Add, for each row, the weight of the deaths while it was at risk; arguments as for `pairs_of_deaths`."""
    into = 0
    for s in range(begin.size - 1):
        tree, total = np.zeros(ranks[s] + 1), 0.0
        for k in range(begin[s], begin[s + 1]):
            rows = _leaving_at(last, leaving, k)
            for i in rows:
                if died[i]:
                    _see(tree, total, rank[i], 1.0, pairs[i])
            total += _add_rows(tree, rows, rank, weight, died, True)
            for i in rows:
                if not died[i]:
                    _see(tree, total, rank[i], 1.0, pairs[i])
            while into < entering.size and before[entering[into]] == k:
                _see(tree, total, rank[entering[into]], -1.0, pairs[entering[into]])
                into += 1
