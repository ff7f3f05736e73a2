"""Greedy matching on a sorted score, compiled: only neighbours are looked at, so a million persons take seconds."""

import heapq
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["match_closest", "match_in_order"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@njit(cache=True, nogil=True)
def match_closest(  # noqa: C901, PLR0917 - one loop that numba compiles as a whole
    score: FloatArray, treated: BoolArray, free: BoolArray, rank: IntArray, caliper: float
) -> Any:
    """Match one to one, always the closest pair that is left.

    The closest pair of a treated and an untreated person are neighbours among those left: anybody between them would be
    closer to one of the two.

    Parameters
    ----------
    score : ndarray of float64
        Rising.
    treated, free : ndarray of bool
        Arm, and whether the person may be matched.
    rank : ndarray of int64
        Decides between pairs equally close.
    caliper : float
        Largest distance.

    Returns
    -------
    ndarray of int64
        Place of the match of each treated person, or -1.
    """
    n = score.size
    before, after = np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    match = np.full(n, -1, dtype=np.int64)
    left = free.copy()
    last = -1
    pairs = [(0.0, np.int64(0), np.int64(0), np.int64(0))]
    pairs.pop()
    for at in range(n):
        if not free[at]:
            continue
        before[at] = last
        if last >= 0:
            after[last] = at
            if treated[last] != treated[at] and score[at] - score[last] <= caliper:
                pairs.append((score[at] - score[last], min(rank[last], rank[at]), np.int64(last), np.int64(at)))
        last = at
    heapq.heapify(pairs)
    while len(pairs) > 0:
        _, _, low, high = heapq.heappop(pairs)
        if not (left[low] and left[high]):
            continue
        left[low] = left[high] = False
        if treated[low]:
            match[low] = high
        else:
            match[high] = low
        outer, inner = before[low], after[high]
        if outer >= 0:
            after[outer] = inner
        if inner >= 0:
            before[inner] = outer
        if outer >= 0 and inner >= 0 and treated[outer] != treated[inner]:
            distance = score[inner] - score[outer]
            if distance <= caliper:
                heapq.heappush(pairs, (distance, min(rank[outer], rank[inner]), np.int64(outer), np.int64(inner)))
    return match


@njit(cache=True, nogil=True)
def _root(towards: IntArray, at: int) -> int:
    """Find the next free place in one direction, and shorten the way for the next who asks."""
    end = at
    while towards[end] != end:
        end = towards[end]
    while towards[at] != end:
        towards[at], at = end, towards[at]
    return end


@njit(cache=True, nogil=True)
def match_in_order(  # noqa: PLR0917
    score: FloatArray, treated: BoolArray, free: BoolArray, order: IntArray, caliper: float
) -> Any:
    """Match one to one, each treated person in turn with the nearest untreated one that is left.

    Parameters
    ----------
    score : ndarray of float64
        Rising.
    treated, free : ndarray of bool
        Arm, and whether the person may be matched.
    order : ndarray of int64
        Places of the treated, in turn.
    caliper : float
        Largest distance.

    Returns
    -------
    ndarray of int64
        Place of the match of each treated person, or -1.
    """
    n = score.size
    match = np.full(n, -1, dtype=np.int64)
    # Place n and place -1 (held as n + 1) stand for "nobody in this direction".
    down, up = np.arange(n + 2), np.arange(n + 2)
    for at in range(n):
        if treated[at] or not free[at]:
            down[at] = at - 1 if at > 0 else n + 1
            up[at] = at + 1
    for person in order:
        if not free[person]:
            continue
        low, high = _root(down, person), _root(up, person)
        below = score[person] - score[low] if low < n else np.inf
        above = score[high] - score[person] if high < n else np.inf
        nearest, chosen = (below, low) if below <= above else (above, high)
        if nearest > caliper:
            continue
        match[person] = chosen
        down[chosen] = chosen - 1 if chosen > 0 else n + 1
        up[chosen] = chosen + 1
    return match
