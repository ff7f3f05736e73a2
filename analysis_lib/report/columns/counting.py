"""Whole numbers of a small span, such as ages and counts: counted value by value, and everything follows."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.report.columns.levels import with_overall
from analysis_lib.report.columns.number_facts import (
    QUARTILES,
    NumberFacts,
    NumberRows,
    RankFacts,
    WantedNumbers,
    between,
    rank_of,
    with_nan,
)
from analysis_lib.report.columns.pieces import NumberPiece

__all__ = ["counted_few", "counted_values", "facts_of_counts"]

FloatArray = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

#: Whole numbers that span no more are counted value by value.
_SPAN = 2**16
#: Counts of one column, over all groups: more would not fit the processor's cache.
_MOST_COUNTS = 2**20
#: Whole numbers beyond are not all floats, and their places among the counts would be off.
_EXACT = 2**53
#: Squares of larger numbers do not fit a float, and those of numbers that are all smaller than its inverse vanish.
_LARGEST = 1e150


def _refuse(low: float, high: float, *, infinite: int, name: str) -> None:
    if infinite:
        raise ModelInputError(
            f"numbers described must be finite; column '{name}' has {infinite:,} infinite "
            "ones. Mend the division that made them, or set them missing."
        )
    largest = max(abs(low), abs(high)) if low <= high else 0.0
    if largest > _LARGEST or 0 < largest < 1 / _LARGEST:
        raise ModelInputError(
            f"numbers described must lie within {1 / _LARGEST:g} and {_LARGEST:g}, or their squares are lost; those of "
            f"column '{name}' do not. "
            "Use another unit, or set missing what stands for a missing value."
        )


def _extent(pieces: Iterable[NumberPiece], name: str) -> tuple[float, float, bool]:
    from analysis_lib.report.columns.kernels import extent

    low, high, infinite, whole = np.inf, -np.inf, 0, True
    for piece in pieces:
        found = extent(piece.values, piece.bits, piece.offset)
        low, high, infinite, whole = min(low, found[0]), max(high, found[1]), infinite + found[2], whole and found[3]
    _refuse(low, high, infinite=infinite, name=name)
    return low, high, whole


def counted_values(rows: NumberRows, *, n_groups: int, name: str) -> tuple[Counts, FloatArray] | None:
    """Count each value by group.

    Parameters
    ----------
    rows : NumberRows
        Numbers and their groups.
    n_groups : int
        How many groups there are.
    name : str
        The column, for messages.

    Returns
    -------
    tuple of ndarray or None
        Counts by group and value, the missing last, and the values; None if there are too many values to count so.

    Raises
    ------
    ModelInputError
        If a number is infinite, or too large or small to be squared.
    """
    from analysis_lib.report.columns.kernels import count_whole

    low, high, whole = _extent(rows.pieces, name)
    if low > high:
        low = high = 0.0
    few = high - low < _SPAN and (high - low + 2) * n_groups <= _MOST_COUNTS
    if not whole or not few or max(abs(low), abs(high)) >= _EXACT:
        return None
    least, span = int(low), int(high) - int(low) + 1
    counts = np.zeros((n_groups, span + 1), dtype=np.int64)
    first = 0
    for piece in rows.pieces:
        count_whole(piece.values, piece.bits, piece.offset, rows.groups, first, least, counts)
        first += piece.values.size
    return counts, least + np.arange(span, dtype=np.float64)


def counted_few(rows: NumberRows, *, n_groups: int, name: str) -> tuple[Counts, FloatArray] | None:
    """Count each value by group, as `counted_values` does, without compiled loops.

    Parameters
    ----------
    rows : NumberRows
        Numbers and their groups.
    n_groups : int
        How many groups there are.
    name : str
        The column, for messages.

    Returns
    -------
    tuple of ndarray or None
        As `counted_values`.

    Raises
    ------
    ModelInputError
        If a number is infinite, or too large or small to be squared.
    """
    values = with_nan(rows.pieces)
    known = values[~np.isnan(values)]
    infinite = int(np.isinf(known).sum())
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    _refuse(low, high, infinite=infinite, name=name)
    if not (known == np.floor(known)).all() or high - low >= min(_SPAN, _MOST_COUNTS / n_groups):
        return None
    span = int(high) - int(low) + 1
    counts = np.zeros((n_groups, span + 1), dtype=np.int64)
    places = np.where(np.isnan(values), span, np.nan_to_num(values) - low).astype(np.int64)
    np.add.at(counts, (rows.groups, places), 1)
    return counts, int(low) + np.arange(span, dtype=np.float64)


def facts_of_counts(counts: Counts, values: FloatArray, *, wanted: WantedNumbers) -> NumberFacts:
    """Derive everything from counts of values, without rounding.

    Parameters
    ----------
    counts : ndarray of int64, shape (groups, values + 1)
        The missing last.
    values : ndarray of float64
        Whole numbers, ascending by one.
    wanted : WantedNumbers
        What is asked.

    Returns
    -------
    NumberFacts
        Exact.
    """
    ranks = _ranks_of_counts(counts[:, :-1]) if wanted.ranks else None
    if wanted.overall:
        counts = with_overall(counts)
    held, missing = counts[:, :-1], counts[:, -1]
    n = held.sum(axis=1)
    low = int(values[0])
    mean, squares = np.full(n.size, np.nan), np.zeros(n.size)
    for group in np.flatnonzero(n):
        # Whole numbers, added without any rounding however many there are.
        total, at = int(n[group]), np.flatnonzero(held[group])
        steps, times = at.tolist(), held[group, at].tolist()
        first = sum(step * count for step, count in zip(steps, times, strict=True))
        second = sum(step * step * count for step, count in zip(steps, times, strict=True))
        mean[group] = (low * total + first) / total
        squares[group] = (second * total - first * first) / total
    return NumberFacts(
        n=n,
        missing=missing,
        mean=mean,
        squares=squares,
        quartiles=_quartiles_of_counts(held, values) if wanted.quartiles else None,
        yes=_ones(held, values),
        ranks=ranks,
    )


def _ones(held: Counts, values: FloatArray) -> Counts | None:
    if not held.any() or values[0] < 0 or values[-1] > 1:
        return None
    return held[:, -1] if values[-1] == 1 else np.zeros(held.shape[0], dtype=np.int64)


def _quartiles_of_counts(held: Counts, values: FloatArray) -> FloatArray:
    found = np.full((held.shape[0], 3), np.nan)
    for group, counts in enumerate(held):
        upto = np.cumsum(counts)
        if upto[-1]:
            for place, share in enumerate(QUARTILES):
                at, below = rank_of(int(upto[-1]), share)
                low, high = values[np.searchsorted(upto, [at, min(at + 1, upto[-1] - 1)], side="right")]
                found[group, place] = between(float(low), float(high), part=below)
    return found


def _ranks_of_counts(held: Counts) -> RankFacts:
    every = held.sum(axis=0)
    mean_rank = np.cumsum(every) - (every - 1) / 2
    times = every.astype(np.float64)
    return RankFacts(held.sum(axis=1), held @ mean_rank, float((times**3 - times).sum()))
