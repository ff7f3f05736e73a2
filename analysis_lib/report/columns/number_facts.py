"""What is known of numbers by group, and the few steps that all ways to it share."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis_lib.report.columns.pieces import NumberPiece

__all__ = [
    "QUARTILES",
    "NumberFacts",
    "NumberRows",
    "RankFacts",
    "WantedNumbers",
    "between",
    "rank_of",
    "ranks_of",
    "with_nan",
]

FloatArray = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Groups = npt.NDArray[np.uint8]

QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class NumberFacts:
    """What is known of a column of numbers, by group; with everybody first where that was asked for.

    Attributes
    ----------
    n, missing : ndarray of int64, shape (groups,)
        Rows with and without a value.
    mean : ndarray of float64, shape (groups,)
        NaN where there is no value.
    squares : ndarray of float64, shape (groups,)
        Sum of squared differences from the mean.
    quartiles : ndarray of float64, shape (groups, 3), or None
        First quartile, median and third quartile by R's type 7; None if not asked for.
    yes : ndarray of int64, shape (groups,), or None
        Ones, where all values are 0 or 1; None for other numbers.
    ranks : RankFacts or None
        What tests on ranks need; None if not asked for.
    """

    n: Counts
    missing: Counts
    mean: FloatArray
    squares: FloatArray
    quartiles: FloatArray | None
    yes: Counts | None
    ranks: "RankFacts | None" = None

    @property
    def variance(self) -> FloatArray:
        """Variances with n - 1; NaN where a group has fewer than two values."""
        return np.where(self.n > 1, self.squares / np.maximum(self.n - 1, 1), np.nan)


@dataclass(frozen=True)
class RankFacts:
    """Ranks of numbers over all groups, without everybody as a group.

    Attributes
    ----------
    n : ndarray of int64, shape (groups,)
        Values by group.
    rank_sums : ndarray of float64, shape (groups,)
        Sums of ranks, tied values sharing the mean of theirs.
    ties : float
        Sum of ``t**3 - t`` over runs of `t` equal values.
    """

    n: Counts
    rank_sums: FloatArray
    ties: float


@dataclass(frozen=True)
class WantedNumbers:
    """What is asked of a column.

    Attributes
    ----------
    n_groups : int
        How many groups there are.
    overall : bool
        Whether everybody comes first, as a group of its own.
    quartiles, ranks : bool
        Whether to find quartiles, and to sum ranks.
    """

    n_groups: int
    overall: bool
    quartiles: bool
    ranks: bool


@dataclass(frozen=True)
class NumberRows:
    """Numbers, and the group of each.

    Attributes
    ----------
    pieces : iterable of NumberPiece
        Can be gone through again and again.
    groups : ndarray of uint8
        Group of each row.
    """

    pieces: Iterable[NumberPiece]
    groups: Groups


def rank_of(n: int, share: float) -> tuple[int, float]:
    """Find the order statistic below a quantile, and how far above it the quantile lies.

    Parameters
    ----------
    n : int
        How many values.
    share : float
        In [0, 1].

    Returns
    -------
    tuple of int and float
        Counted from 0, and in [0, 1).
    """
    place = (n - 1) * share
    return int(place), place - int(place)


def between(low: float, high: float, *, part: float) -> float:
    """Interpolate as numpy does, so that both give the same bits.

    Parameters
    ----------
    low, high : float
        Neighbouring order statistics.
    part : float
        How far above the lower the quantile lies.

    Returns
    -------
    float
        The quantile by R's type 7.
    """
    gap = high - low
    return high - gap * (1 - part) if part >= 0.5 else low + gap * part


def with_nan(pieces: Iterable[NumberPiece]) -> FloatArray:
    """Put pieces together, with NaN where a value is missing.

    Parameters
    ----------
    pieces : iterable of NumberPiece
        In order.

    Returns
    -------
    ndarray of float64
        One number per row.
    """
    parts = []
    for piece in pieces:
        values = piece.values.astype(np.float64)
        values[piece.missing()] = np.nan
        parts.append(values)
    return np.concatenate(parts) if parts else np.empty(0)


def ranks_of(values: FloatArray, groups: Groups, *, n_groups: int) -> RankFacts:
    """Rank numbers of all groups together, and sum the ranks of each.

    Parameters
    ----------
    values : ndarray of float64
        None missing.
    groups : ndarray of uint8
        Group of each.
    n_groups : int
        How many groups there are.

    Returns
    -------
    RankFacts
        Tied values share the mean of their ranks.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if values.size else np.empty(0, int)
    times = np.diff(np.append(starts, values.size))
    mean_rank = np.repeat(starts + (times + 1) / 2, times)
    sums: FloatArray = np.bincount(groups[order], weights=mean_rank, minlength=n_groups).astype(np.float64)
    length = times.astype(np.float64)
    return RankFacts(np.bincount(groups, minlength=n_groups).astype(np.int64), sums, float((length**3 - length).sum()))
