"""What it costs that weights for censoring are estimated: each person's share in the error of the weights."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

__all__ = ["EstimatedCensoring", "estimated_censoring"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class EstimatedCensoring:
    """How the rows moved the Kaplan-Meier estimate that weights were read from.

    A weight is one over the share not censored before a time, a product over the times of censoring before it. Whoever
    was at risk then, or was censored then, had a part in it: also the rows that have no weight themselves.

    Attributes
    ----------
    place : ndarray of int64, shape (m,)
        Where each row with a weight stands among all rows.
    upto : ndarray of int64, shape (m,)
        How many times of censoring its weight is a product of.
    through : ndarray of int64, shape (n,)
        At how many times of censoring each of all rows was still there.
    censored : ndarray of int64, shape (c,)
        The rows censored before the horizon.
    censored_at : ndarray of int64, shape (c,)
        At which of the times of censoring.
    at_risk, leaving : ndarray of float64, shape (k,)
        Rows there at each time of censoring, after its events; and the rows censored at it.
    person : ndarray of int64, shape (n,), or None
        Whose each of all rows is; None where each is a person of its own.
    """

    place: IntArray
    upto: IntArray
    through: IntArray
    censored: IntArray
    censored_at: IntArray
    at_risk: FloatArray
    leaving: FloatArray
    person: IntArray | None

    def where(self, inside: BoolArray) -> "EstimatedCensoring":
        """Keep some of the rows with a weight; their weights stay those of all rows.

        Parameters
        ----------
        inside : ndarray of bool, shape (m,)
            Which.

        Returns
        -------
        EstimatedCensoring
            Of these.
        """
        return replace(self, place=self.place[inside], upto=self.upto[inside])

    def shared(self, contribution: FloatArray) -> FloatArray:
        """Add to what the weighted rows contribute to an estimate's error what all rows contribute by the weights.

        This is the derivative of the estimate by the case weight of each row, exactly: the infinitesimal jackknife of
        the whole procedure, estimation of the weights included. For an AUROC it is, up to the last term, the
        decomposition of Blanche and others [1]_.

        Parameters
        ----------
        contribution : ndarray of float64, shape (m,)
            Weight times influence of each row that has a weight.

        Returns
        -------
        ndarray of float64, shape (n,)
            Of each of all rows.

        References
        ----------
        .. [1] Blanche P., Dartigues J.-F., Jacqmin-Gadda H. (2013). Estimating and comparing time-dependent areas under
           receiver operating characteristic curves for censored event times with competing risks. Stat. Med. 32(30),
           5381-5397.
        """
        times = self.at_risk.size
        later = np.bincount(self.upto, contribution, minlength=times + 1)[::-1].cumsum()[::-1][1:]
        gain = later / (self.at_risk - self.leaving)
        loss = np.concatenate(([0.0], np.cumsum(gain * self.leaving / self.at_risk)))
        found: FloatArray = -loss[self.through]
        found[self.place] += contribution
        found[self.censored] += gain[self.censored_at]
        return found


def estimated_censoring(
    time: FloatArray, event: BoolArray, *, known: BoolArray, horizon: float, person: IntArray | None
) -> EstimatedCensoring:
    """Note who was at risk, and who was censored, when the weights were estimated.

    Parameters
    ----------
    time : ndarray of float64, shape (n,)
        Follow-up; somebody's reaches the horizon.
    event : ndarray of bool, shape (n,)
        Whether it ended with the event; events come before censorings of the same time.
    known : ndarray of bool, shape (n,)
        Who has a weight.
    horizon : float
        Weights are read at the time, or at the horizon where that is earlier.
    person : ndarray of int64, shape (n,), or None
        Whose each row is.

    Returns
    -------
    EstimatedCensoring
        For rows in this order.
    """
    is_censored = ~event & (time < horizon)
    times, censored_at, leaving = np.unique(time[is_censored], return_inverse=True, return_counts=True)
    upto = np.searchsorted(times, np.minimum(time[known], horizon), side="left")
    through = np.where(event, np.searchsorted(times, time, side="left"), np.searchsorted(times, time, side="right"))
    still_there = np.bincount(through, minlength=times.size + 1)[::-1].cumsum()[::-1][1:]
    return EstimatedCensoring(
        place=np.flatnonzero(known),
        upto=upto,
        through=through,
        censored=np.flatnonzero(is_censored),
        censored_at=censored_at.astype(np.int64),
        at_risk=still_there.astype(np.float64),
        leaving=leaving.astype(np.float64),
        person=person,
    )
