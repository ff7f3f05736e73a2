"""Matching treated persons to untreated ones of nearly the same score, without replacement."""

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice

__all__ = ["ORDERS", "Order", "exchangeable_sets", "matched_sets"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Order = Literal["closest", "largest"]
ORDERS: tuple[str, ...] = get_args(Order)


def matched_sets(
    score: FloatArray,
    treated: BoolArray,
    *,
    caliper: float,
    ratio: int,
    order: Order,
    seed: int,
    persons: "pd.Series | None" = None,
) -> IntArray:
    """Make sets of one treated and up to `ratio` untreated persons.

    Round by round: first every treated person may get one match, then those who have one may get a second, and so on.

    Parameters
    ----------
    score : ndarray of float64, shape (n,)
        What is matched on; finite.
    treated : ndarray of bool, shape (n,)
        Arm.
    caliper : float
        Largest distance within a set; infinity for none.
    ratio : int
        Most untreated persons in a set.
    order : {"closest", "largest"}
        Which pair is made next: the closest that is left, or that of the treated person with the largest score left.
    seed : int
        Decides between equals.
    persons : Series, optional
        Identifiers: equals are drawn by them, so that the order of the rows decides nothing. Where there are none,
        equals are drawn by their rows.

    Returns
    -------
    ndarray of int64, shape (n,)
        Number of each person's set, from 0 in order of the treated persons' rows, or -1.

    Raises
    ------
    ModelInputError
        If an argument cannot be meant.
    """
    from analysis_lib.models.effectiveness.matching_kernels import match_closest, match_in_order

    checked_choice(order, "order", known=ORDERS)
    if isinstance(ratio, bool) or not isinstance(ratio, int) or ratio < 1:
        raise ModelInputError(f"ratio must be a whole number, 1 or more; found {ratio}. 1 makes pairs.")
    if not caliper >= 0:
        raise ModelInputError(f"the caliper must be 0 or more; found {caliper:g}. The usual one is 0.2.")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ModelInputError("seed must be a whole number, 0 or more; found another. 0 is as good as any.")
    rank = _drawn_order(score.size, persons, seed=seed)
    place = np.lexsort((rank, score))
    sorted_score, is_treated, sorted_rank = score[place], treated[place], rank[place]
    turn = np.lexsort((sorted_rank, -sorted_score))
    turn = turn[is_treated[turn]]
    sets = np.full(score.size, -1, dtype=np.int64)
    free = np.ones(score.size, dtype=np.bool_)
    for number in range(ratio):
        if order == "closest":
            match = match_closest(sorted_score, is_treated, free, sorted_rank, float(caliper))
        else:
            match = match_in_order(sorted_score, is_treated, free, turn, float(caliper))
        found = np.flatnonzero(match >= 0)
        if found.size == 0:
            break
        if number == 0:
            sets[found] = found
            free[is_treated & (match < 0)] = False
        sets[match[found]] = found
        free[match[found]] = False
        free[is_treated] = False
        free[found] = True
    back = np.full(score.size, -1, dtype=np.int64)
    back[place] = np.where(sets >= 0, place[np.maximum(sets, 0)], -1)
    inside = back >= 0
    back[inside] = np.unique(back[inside], return_inverse=True)[1]
    return back


def _drawn_order(n: int, persons: "pd.Series | None", *, seed: int) -> IntArray:
    """Draw an order of the persons; the same persons get the same one in whatever order their rows come."""
    drawn = np.random.default_rng(seed).permutation(n).astype(np.int64)
    if persons is None:
        return drawn
    named = persons if pd.api.types.is_numeric_dtype(persons.dtype) else persons.astype(str)
    rank = np.empty(n, dtype=np.int64)
    rank[np.argsort(named.to_numpy(), kind="stable")] = drawn
    return rank


def exchangeable_sets(score: FloatArray, treated: BoolArray, *, sets: IntArray) -> tuple[int, int]:
    """Count matched sets that a draw among equals decided.

    Parameters
    ----------
    score : ndarray of float64, shape (n,)
        What was matched on.
    treated : ndarray of bool, shape (n,)
        Arm.
    sets : ndarray of int64, shape (n,)
        Number of each person's set, or -1.

    Returns
    -------
    tuple of int
        Sets with a person for whom another one of the same arm and score, from elsewhere, would have done as well; and
        sets where such a one was left without a match.
    """
    alike = np.unique(np.column_stack([score, treated]), axis=0, return_inverse=True)[1].reshape(-1)
    size = np.bincount(alike)
    unmatched = np.bincount(alike, weights=sets < 0)
    kept = np.flatnonzero(sets >= 0)
    # Equals inside one set, as in 1 to many, are no choice: both are taken.
    together = np.unique(np.column_stack([alike[kept], sets[kept]]), axis=0, return_counts=True)
    pairs, inside = together
    elsewhere = size[pairs[:, 0]] > inside
    left = unmatched[pairs[:, 0]] > 0
    return int(np.unique(pairs[elsewhere, 1]).size), int(np.unique(pairs[left, 1]).size)
