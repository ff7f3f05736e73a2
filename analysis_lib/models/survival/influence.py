"""Variances of curves when rows stand for more or less than one: sums of squared influences of the rows.

With sampling weights (inverse probability of treatment, of selection) Greenwood's formula takes the weights for counts
of people and is wrong. The infinitesimal jackknife, R's choice for such weights, asks instead how much the curve moves
with the weight of each row, and adds up the squares. Every influence here is of one shape: it grows with a function of
time while the row is at risk, takes a jump if the row has the event, and stays as it is from then on; so the sums over
all rows are made with a few cumulative sums, never row by time.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis_lib.models.rows.follow_up import TIE_TOLERANCE
from analysis_lib.models.survival.cumulated_sums import cumulated
from analysis_lib.models.survival.event_rows import EventRows

__all__ = ["Growth", "WeightedRows", "weighted_rows"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Growth:
    """How the influences of all rows on one quantity come about.

    Attributes
    ----------
    drift : ndarray of float64, shape (m,)
        What a row that was at risk from the start has gathered up to and including each distinct time.
    jump : ndarray of float64, shape (causes + 1, m)
        What a row adds when it leaves at a time, by how it leaves; the first row, for the censored, is zero.
    """

    drift: FloatArray
    jump: FloatArray


@dataclass(frozen=True)
class WeightedRows:
    """The weighted rows of one group, placed on its distinct times.

    Attributes
    ----------
    first : ndarray of int64, shape (n,)
        First distinct time at which each row is at risk.
    last : ndarray of int64, shape (n,)
        Distinct time at which it leaves.
    cause : ndarray of uint16, shape (n,)
        How it leaves: 0 for censored.
    squared : ndarray of float64, shape (n,)
        What the square of its influence counts: the square of a sampling weight, or how often the row is there.
    """

    first: IntArray
    last: IntArray
    cause: npt.NDArray[np.uint16]
    squared: FloatArray

    def final(self, growth: Growth) -> FloatArray:
        """Find the influence that each row has had when all have left.

        Parameters
        ----------
        growth : Growth
            Of one quantity.

        Returns
        -------
        ndarray of float64, shape (n,)
            Influence per unit of weight.
        """
        return growth.drift[self.last] - self._before(growth.drift) + growth.jump[self.cause, self.last]

    def products(self, one: Growth, other: Growth) -> FloatArray:
        """Add up squared weights times two influences, at each distinct time.

        Parameters
        ----------
        one, other : Growth
            Of two quantities, or twice of the same.

        Returns
        -------
        ndarray of float64, shape (m,)
            The sum over all rows of what they have gathered up to and including the time.
        """
        m = one.drift.size
        squared = self.squared
        gone = np.cumsum(np.bincount(self.last, squared * self.final(one) * self.final(other), minlength=m))
        start_one, start_other = self._before(one.drift), self._before(other.drift)
        present = self._present(squared, m)
        cross = one.drift * self._late(squared * start_other, m) + other.drift * self._late(squared * start_one, m)
        return gone + one.drift * other.drift * present - cross + self._late(squared * start_one * start_other, m)

    def _before(self, drift: FloatArray) -> FloatArray:
        """Read the drift just before each row comes under observation."""
        return np.concatenate(([0.0], drift))[self.first]

    def _present(self, amounts: FloatArray, m: int) -> FloatArray:
        """Add up over the rows that are still at risk after each distinct time, from the end, where few are left."""
        leaving = np.bincount(self.last, amounts, minlength=m + 1)[1 : m + 1]
        still_to_come = np.bincount(self.first, amounts, minlength=m + 1)[1 : m + 1]
        return np.asarray(np.cumsum((leaving - still_to_come)[::-1])[::-1])

    def _late(self, amounts: FloatArray, m: int) -> FloatArray:
        """Add up, from the start, what is 0 for all that were there at the start: nothing until somebody comes late."""
        came = np.bincount(self.first, amounts, minlength=m)[:m]
        left = np.bincount(self.last, amounts, minlength=m)
        return cumulated(came - left)


def weighted_rows(rows: EventRows, group: int, *, starts: FloatArray) -> WeightedRows:
    """Place the rows of a group on its distinct times.

    Parameters
    ----------
    rows : EventRows
        With weights or without.
    group : int
        Place of the group.
    starts : ndarray of float64, shape (m,)
        The group's distinct times.

    Returns
    -------
    WeightedRows
        In their original order.
    """
    inside = rows.group == group
    last = np.searchsorted(starts, rows.time[inside], side="right") - 1
    if rows.entry is None:
        first = np.zeros(last.size, dtype=np.int64)
    else:
        first = np.searchsorted(starts * (1 - TIE_TOLERANCE), rows.entry[inside], side="right").astype(np.int64)
    weights = np.ones(last.size) if rows.weights is None else rows.weights[inside]
    squared = weights if rows.counts_rows else weights**2
    return WeightedRows(first, last.astype(np.int64), rows.cause[inside], squared)
