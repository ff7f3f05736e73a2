"""How many are at risk and how many have the event at each distinct time: what every curve and test is made of.

Whole days are counted day by day. Other times are sorted once within each group and cause; nothing is looked up row by
row. Counts are exact; weights are added up in double precision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analysis_lib.models.rows.follow_up import TIE_TOLERANCE
from analysis_lib.models.survival.event_rows import EventRows

__all__ = ["Amounts", "Pile", "RiskSets", "distinct_times", "piles", "risk_sets", "still_at_risk"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
CodeArray = npt.NDArray[np.uint16] | npt.NDArray[np.int64]
Amounts = npt.NDArray[np.int64 | np.float64]

#: Whole days are counted in a table of (cells x days); one larger than this, and than the rows, is sorted instead.
_SMALL_TABLE = 1_000_000
_BLOCK = 65_536


@dataclass(frozen=True)
class Pile:
    """Times of one kind of rows, in order, each with how often it is there.

    Attributes
    ----------
    times : ndarray of float64
        In ascending order; equal ones may follow each other.
    amounts : ndarray of int64 or float64, or None
        Rows, or weight, at each time; None for one row each.
    """

    times: FloatArray
    amounts: Amounts | None

    def at(self, starts: FloatArray) -> Amounts:
        """Add up by distinct time.

        Parameters
        ----------
        starts : ndarray of float64, shape (m,)
            Where each distinct time starts; the first is not after any of the pile's.

        Returns
        -------
        ndarray of int64 or float64, shape (m,)
            Rows, or weight, from each start to before the next.
        """
        if self.amounts is None:
            return np.diff(np.searchsorted(self.times, starts, side="left"), append=self.times.size).astype(np.int64)
        place = np.searchsorted(starts, self.times, side="right") - 1
        return np.bincount(place, self.amounts, minlength=starts.size).astype(self.amounts.dtype)

    def from_start(self, starts: FloatArray) -> Amounts:
        """Add up what lies at each distinct time or after it.

        Parameters
        ----------
        starts : ndarray of float64, shape (m,)
            Where each distinct time starts.

        Returns
        -------
        ndarray of int64 or float64, shape (m,)
            Rows, or weight.
        """
        position = np.searchsorted(self.times, starts, side="left")
        if self.amounts is None:
            return (self.times.size - position).astype(np.int64)
        from_the_end = np.cumsum(self.amounts[::-1])[::-1]
        return np.concatenate((from_the_end, np.zeros(1, self.amounts.dtype)))[position]

    def before(self, times: FloatArray) -> Amounts:
        """Add up what lies before given times; what is there at 0 is there before anything happens.

        Parameters
        ----------
        times : ndarray of float64
            In any order.

        Returns
        -------
        ndarray of int64 or float64
            Rows, or weight, with a time before each.
        """
        position = np.searchsorted(self.times, np.maximum(times, np.nextafter(0.0, 1.0)), side="left")
        if self.amounts is None:
            return position.astype(np.int64)
        return np.concatenate((np.zeros(1, self.amounts.dtype), np.cumsum(self.amounts)))[position]


@dataclass(frozen=True)
class RiskSets:
    """Counts, or sums of weights, at the distinct times of one group.

    Attributes
    ----------
    time : ndarray of float64, shape (m,)
        Distinct times at which somebody's follow-up ends, ascending.
    n_risk : ndarray, shape (m,)
        At risk just before the time.
    n_event : ndarray, shape (causes, m)
        Events by cause at the time.
    n_censor : ndarray, shape (m,)
        Censored at the time.
    """

    time: FloatArray
    n_risk: Amounts
    n_event: Amounts
    n_censor: Amounts


def piles(time: FloatArray, cell: CodeArray, *, n_cells: int, weights: Amounts | None = None) -> list[Pile]:
    """Put the rows of each cell in the order of time.

    Parameters
    ----------
    time : ndarray of float64, shape (n,)
        Times.
    cell : ndarray of uint16 or int64, shape (n,)
        Cell of each row, from 0.
    n_cells : int
        Number of cells.
    weights : ndarray of float64, shape (n,), optional
        Weight of each row.

    Returns
    -------
    list of Pile
        One per cell; a pile may be empty.
    """
    lowest, highest = (float(time.min()), float(time.max())) if time.size else (0.0, 0.0)
    if lowest.is_integer() and highest - lowest < max(_SMALL_TABLE, 2 * time.size) // n_cells:
        span = int(highest - lowest) + 1
        table = _table_of_days(time, cell, shape=(n_cells, span), first=lowest, weights=weights)
        if table is not None:
            return [_pile_of_days(*counted, first=lowest) for counted in zip(*table, strict=True)]
    if n_cells == 1:
        order, bounds = None, np.array([0, time.size])
    else:
        small = cell.astype(np.uint16) if n_cells <= np.iinfo(np.uint16).max else cell
        order = np.argsort(small, kind="stable")  # a radix sort for 16 bits
        bounds = np.concatenate(([0], np.cumsum(np.bincount(cell, minlength=n_cells))))
    grouped = time if order is None else time[order]
    weighted = weights if order is None or weights is None else weights[order]
    return [
        _sorted_pile(grouped[low:high], None if weighted is None else weighted[low:high])
        for low, high in pairwise(bounds)
    ]


def _table_of_days(
    time: FloatArray, cell: CodeArray, *, shape: tuple[int, int], first: float, weights: Amounts | None
) -> tuple[IntArray, Amounts] | None:
    """Count rows, and add up weights, by cell and day; None if a time is no whole day.

    A block of rows at a time stays in the processor's cache: with millions of rows that halves the time.
    """
    n_cells, span = shape
    size = n_cells * span
    rows = np.zeros(size, dtype=np.int64)
    amounts = None if weights is None else np.zeros(size)
    block = max(_BLOCK, 2 * size)
    for begin in range(0, time.size, block):
        here = slice(begin, begin + block)
        since = time[here] - first
        place = since.astype(np.int64)
        if (place != since).any():
            return None
        if n_cells > 1:
            place += np.multiply(cell[here], span, dtype=np.int64)
        rows += np.bincount(place, minlength=size)
        if amounts is not None and weights is not None:
            amounts += np.bincount(place, weights[here], minlength=size)
    if amounts is None or weights is None:
        return rows.reshape(shape), rows.reshape(shape)
    return rows.reshape(shape), amounts.astype(weights.dtype).reshape(shape)


def _pile_of_days(rows: IntArray, amounts: Amounts, *, first: float) -> Pile:
    days = np.flatnonzero(rows)
    return Pile((first + days).astype(np.float64), amounts[days])


def _sorted_pile(time: FloatArray, weights: Amounts | None) -> Pile:
    if weights is None:
        return Pile(np.sort(time), None)
    order = np.argsort(time, kind="stable")
    return Pile(time[order], weights[order])


def distinct_times(gathered: Sequence[Pile]) -> tuple[FloatArray, IntArray]:
    """Find the distinct times of some piles; those that differ by rounding only are one.

    Parameters
    ----------
    gathered : sequence of Pile
        At least one.

    Returns
    -------
    starts : ndarray of float64, shape (m,)
        The first of each run of times that are equal but for rounding, ascending.
    places : ndarray of int64, shape (m,)
        Where each of them is among all entries of the piles, put in order.
    """
    times = gathered[0].times
    if len(gathered) > 1:
        times = np.concatenate([pile.times for pile in gathered])
        times.sort()
    new = np.ones(times.size, dtype=np.bool_)
    np.greater(times[1:] - times[:-1], TIE_TOLERANCE * times[1:], out=new[1:])
    places = np.flatnonzero(new)
    return times[places], places


def risk_sets(rows: EventRows) -> list[RiskSets]:
    """Count by group and distinct time.

    Parameters
    ----------
    rows : EventRows
        Complete cases; strata are not looked at.

    Returns
    -------
    list of RiskSets
        One per group.
    """
    found = _risk_sets(rows, weights=rows.amounts)
    if rows.entry is None or rows.counts_rows:
        return found
    # With late entry a sum of weights is a difference, and its last digits would leave a trace of somebody alive where
    # all who are at risk have the event; the rows themselves are counted exactly.
    for weighed, counted in zip(found, _risk_sets(rows, weights=None), strict=True):
        all_gone = counted.n_risk == counted.n_event.sum(axis=0)
        weighed.n_risk[all_gone] = weighed.n_event.sum(axis=0)[all_gone]
    return found


def _risk_sets(rows: EventRows, *, weights: Amounts | None) -> list[RiskSets]:
    n_ends = len(rows.causes) + 1
    cell = rows.group * np.uint16(n_ends) + rows.cause
    leaving = piles(rows.time, cell, n_cells=len(rows.groups) * n_ends, weights=weights)
    entering = None
    if rows.entry is not None:
        entering = piles(rows.entry, rows.group, n_cells=len(rows.groups), weights=weights)
    return [
        _risk_sets_of(leaving[index * n_ends : (index + 1) * n_ends], None if entering is None else entering[index])
        for index in range(len(rows.groups))
    ]


def _risk_sets_of(leaving: Sequence[Pile], entering: Pile | None) -> RiskSets:
    starts, places = distinct_times(leaving)
    n_event = np.stack([pile.at(starts) for pile in leaving[1:]])
    if all(pile.amounts is None for pile in leaving):
        # Rows in order, one each: where a time is among them says how many have left before.
        total = sum(pile.times.size for pile in leaving)
        n_censor = np.diff(places, append=total) - n_event.sum(axis=0)
        remaining: Amounts = total - places
    else:
        n_censor = leaving[0].at(starts)
        # From the end: the last few at risk are not a difference of two large sums.
        remaining = np.cumsum((n_censor + n_event.sum(axis=0))[::-1])[::-1]
    return RiskSets(starts, still_at_risk(remaining, entering, starts=starts), n_event, n_censor)


def still_at_risk(remaining: Amounts, entering: Pile | None, *, starts: FloatArray) -> Amounts:
    """Count who is at risk just before each distinct time.

    Parameters
    ----------
    remaining : ndarray, shape (m,)
        Whose follow-up ends at each time or later.
    entering : Pile or None
        When they came; None where all were there from the start.
    starts : ndarray of float64, shape (m,)
        The distinct times.

    Returns
    -------
    ndarray, shape (m,)
        At risk; whoever comes at a time is not at risk at that time.
    """
    if entering is None:
        return remaining
    # Still to come: who enters at this very time, but for rounding, or later.
    first = np.searchsorted(starts * (1 - TIE_TOLERANCE), entering.times, side="right")
    amounts = np.ones(entering.times.size, np.int64) if entering.amounts is None else entering.amounts
    coming = np.bincount(first, amounts, minlength=starts.size + 1).astype(amounts.dtype)
    return np.asarray(remaining - np.cumsum(coming[::-1])[::-1][1:])
