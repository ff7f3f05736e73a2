"""When each row is at risk: from times of entry and exit to positions among the event times of its stratum."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis_lib.models.rows.follow_up import TIE_TOLERANCE

__all__ = ["RiskSets", "TimeCounts", "merged_times", "risk_sets"]

FloatArray = npt.NDArray[np.float64]
TimeArray = npt.NDArray[np.float64] | npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]
IndexArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

#: Whole numbers in a range up to this are looked up in a table instead of being sorted.
_TABLE = 1 << 22
#: Rows looked at in one go: a temporary copy of them is small.
_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class TimeCounts:
    """Rows by time, strata together; times at which nothing happens are left out.

    Attributes
    ----------
    times : ndarray of float64, shape (t,)
        Ascending.
    ending, starting, dying : ndarray of int64, shape (t,)
        Rows whose follow-up ends there, begins there, and ends there with the event.
    """

    times: FloatArray
    ending: IntArray
    starting: IntArray
    dying: IntArray


@dataclass(frozen=True)
class RiskSets:
    """The event times, and which of them each row is at risk at.

    Attributes
    ----------
    last : ndarray of int32, shape (n,)
        Position of the last event time of its stratum that the row is followed up to; -1 if there is none.
    before : ndarray of int32, shape (n,) or (0,)
        Position of the last event time of its stratum at which the row had not entered yet; -1 if there is none. Empty
        where nobody enters late. A row is at risk at the event times after `before` up to `last`.
    died : ndarray of bool, shape (n,)
        Whether follow-up ended with the event.
    times : ndarray of float64, shape (k,)
        Distinct event times, stratum by stratum.
    begin : ndarray of int64, shape (strata + 1,)
        Where each stratum's event times begin; the last entry is k.
    deaths : ndarray of int32, shape (k,)
        Events at each time.
    weight_of_deaths : ndarray of float64, shape (k,)
        Sum of their case weights.
    ends : TimeCounts
        How many rows end, begin and have the event at each time, strata together.
    """

    last: IndexArray
    before: IndexArray
    died: BoolArray
    times: FloatArray
    begin: IntArray
    deaths: IndexArray
    weight_of_deaths: FloatArray
    ends: "TimeCounts"

    @property
    def stratum(self) -> IntArray:
        """Number of the stratum of each event time."""
        return np.repeat(np.arange(self.begin.size - 1), np.diff(self.begin))

    def reordered(self, order: IntArray) -> "RiskSets":
        """Put the rows into another order.

        Parameters
        ----------
        order : ndarray of int, shape (n,)
            Which row comes where.

        Returns
        -------
        RiskSets
            Of the same rows.
        """
        before = self.before[order] if self.before.size else self.before
        return RiskSets(
            self.last[order],
            before,
            self.died[order],
            self.times,
            self.begin,
            self.deaths,
            self.weight_of_deaths,
            self.ends,
        )


def merged_times(stop: TimeArray, start: TimeArray | None = None) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Rank times; those that differ by rounding only get one rank.

    Parameters
    ----------
    stop, start : ndarray of float64, shape (n,)
        Ends and, where rows enter late, beginnings of follow-up.

    Returns
    -------
    stop_rank : ndarray of int32, shape (n,)
        Rank of each end.
    start_rank : ndarray of int32, shape (n,) or (0,)
        Rank of each beginning on the same scale.
    times : ndarray of float64
        The time of each rank, ascending.
    """
    both = stop if start is None else np.concatenate([stop, start])
    low, high = float(both.min()), float(both.max())
    if high - low < _TABLE and low == np.floor(low) and _are_whole(both):
        rank = np.subtract(both, low, out=np.empty(both.size, dtype=np.int32), casting="unsafe")
        times = low + np.arange(int(high - low) + 1, dtype=np.float64)
    else:
        order = np.argsort(both)
        ascending = both[order].astype(np.float64)
        is_new = np.empty(ascending.size, dtype=np.bool_)
        is_new[0] = True
        np.greater(np.diff(ascending), TIE_TOLERANCE * np.abs(ascending[1:]), out=is_new[1:])
        rank = np.empty(ascending.size, dtype=np.int32)
        rank[order] = np.cumsum(is_new, dtype=np.int32) - np.int32(1)
        times = ascending[is_new]
    return rank[: stop.size], rank[stop.size :], times


def _are_whole(values: TimeArray) -> bool:
    """Tell whether all are whole numbers; some at a time, since there may be many."""
    if values.dtype.kind == "i":
        return True
    parts = (values[at : at + _AT_ONCE] for at in range(0, values.size, _AT_ONCE))
    return all(bool((part == np.floor(part)).all()) for part in parts)


def _count(ranks: IndexArray | IntArray, *, size: int, among: BoolArray | None = None) -> IntArray:
    """Count ranks, of some rows or of all."""
    from analysis_lib.models.survival.cox_regression.risk_set_sums import count_ranks

    counts = np.zeros(size, dtype=np.int64)
    count_ranks(ranks, np.ones(ranks.size, dtype=np.bool_) if among is None else among, counts)
    return counts


def risk_sets(
    stop: TimeArray,
    event: BoolArray,
    *,
    start: TimeArray | None = None,
    stratum: IntArray | None = None,
    weight: FloatArray | None = None,
) -> RiskSets:
    """Find the event times of each stratum, and when each row is at risk.

    Parameters
    ----------
    stop : ndarray of float64, shape (n,)
        Ends of follow-up.
    event : ndarray of bool, shape (n,)
        Whether it ended with the event.
    start : ndarray of float64, shape (n,), optional
        Beginnings of follow-up, each before its end; the row is not at risk at that very time.
    stratum : ndarray of int, shape (n,), optional
        Numbers from 0; each stratum has risk sets of its own.
    weight : ndarray of float64, shape (n,), optional
        Case weights.

    Returns
    -------
    RiskSets
        Rows in the order given.
    """
    stop_rank, start_rank, values = merged_times(stop, start)
    strata = 1 if stratum is None else int(stratum.max()) + 1
    span = values.size
    key: IntArray | IndexArray = stop_rank if stratum is None else stop_rank + span * stratum
    key_before: IntArray | IndexArray = start_rank
    if start_rank.size and stratum is not None:
        key_before = start_rank + span * stratum
    weights = None if weight is None else weight[event]
    if span * strata <= max(_TABLE, 4 * stop.size):
        counted = _count(key, size=span * strata, among=event)
        keys = np.flatnonzero(counted)
        position = np.cumsum(counted > 0, dtype=np.int32) - np.int32(1)
        last, before = position[key], position[key_before]
        deaths = counted[keys]
    else:
        keys, deaths = np.unique(key[event], return_counts=True)
        last = (np.searchsorted(keys, key, side="right") - 1).astype(np.int32)
        before = (np.searchsorted(keys, key_before, side="right") - 1).astype(np.int32)
    begin = np.searchsorted(keys, span * np.arange(strata + 1))
    if strata > 1:
        first = begin[stratum]
        last[last < first] = -1
        if before.size:
            before[before < first] = -1
    if weights is None:
        of_deaths: FloatArray = deaths.astype(np.float64)
    else:
        of_deaths = np.bincount(last[event], weights=weights, minlength=keys.size).astype(np.float64)
    return RiskSets(
        last=last,
        before=before if before.size and (before >= 0).any() else np.empty(0, dtype=np.int32),
        died=event,
        times=values[keys % span],
        begin=begin.astype(np.int64),
        deaths=deaths.astype(np.int32),
        weight_of_deaths=of_deaths,
        ends=_counts(stop_rank, start_rank, event=event, values=values),
    )


def _counts(stop_rank: IndexArray, start_rank: IndexArray, *, event: BoolArray, values: FloatArray) -> TimeCounts:
    ending, starting = (_count(ranks, size=values.size) for ranks in (stop_rank, start_rank))
    dying = _count(stop_rank, size=values.size, among=event)
    used = np.flatnonzero(ending + starting)
    return TimeCounts(values[used], ending[used], starting[used], dying[used])
