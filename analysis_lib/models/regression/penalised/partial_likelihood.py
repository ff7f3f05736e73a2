"""The Cox model's part of a penalised fit: follow-up in the order of risk sets, and what it says of each row."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis_lib.models.regression.penalised.risk_set_kernels import cumulate_hazard, cumulated_at_risk

__all__ = ["FollowUp", "baseline_hazard", "cox_rows", "order_of_risk_sets"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FollowUp:
    """How long each row was followed; a fit has its rows in the order of `order_of_risk_sets`.

    Attributes
    ----------
    time : ndarray of float64, shape (n,)
        End of follow-up.
    stratum : ndarray of int64, shape (n,)
        Number of the stratum.
    """

    time: FloatArray
    stratum: IntArray

    def take(self, rows: npt.NDArray[np.bool_] | IntArray) -> "FollowUp":
        """Copy some rows.

        Parameters
        ----------
        rows : ndarray of bool, shape (n,), or of int64
            Which; or their positions.

        Returns
        -------
        FollowUp
            Theirs.
        """
        return FollowUp(self.time[rows], self.stratum[rows])

    def compares(self, event: FloatArray) -> bool:
        """Say whether anybody is at risk beside somebody with the event: without, there is nothing to learn.

        Parameters
        ----------
        event : ndarray of float64, shape (n,)
            1.0 where follow-up ended with the event; rows are in the order of `order_of_risk_sets`.

        Returns
        -------
        bool
            Whether a risk set at an event has two rows or more.
        """
        is_first = np.append(True, self.stratum[1:] != self.stratum[:-1])
        is_tied = np.append((self.time[1:] == self.time[:-1]) & ~is_first[1:], False)
        return bool((event.astype(np.bool_) & (~is_first | is_tied)).any())


def order_of_risk_sets(time: FloatArray, stratum: IntArray) -> IntArray:
    """Order rows by stratum, and within it from the longest follow-up to the shortest: risk sets are then beginnings.

    Parameters
    ----------
    time : ndarray of float64, shape (n,)
        End of follow-up.
    stratum : ndarray of int64, shape (n,)
        Number of the stratum.

    Returns
    -------
    ndarray of int64, shape (n,)
        Positions.
    """
    return np.asarray(np.lexsort((-time, stratum)), dtype=np.int64)


def cox_rows(
    follow_up: FollowUp, event: FloatArray, *, eta: FloatArray, weights: FloatArray, residual: FloatArray,
    curvature: FloatArray,
) -> float:  # fmt: skip
    """Fill residual and curvature of the Cox model with Breslow's ties; return the deviance.

    The residual is the martingale residual. The curvature is the diagonal part of the information alone, which is more
    than all of it: steps are a little short and always downhill, and end at the same optimum.

    Parameters
    ----------
    follow_up : FollowUp
        Of the rows.
    event, eta, weights : ndarray of float64, shape (n,)
        Whether follow-up ended with the event; linear predictor; weight.
    residual, curvature : ndarray of float64, shape (n,)
        Filled in place.

    Returns
    -------
    float
        Twice the log partial likelihood that is missing to the largest possible one, as glmnet defines it.
    """
    steps, reference = np.empty(event.size), np.empty(event.size)
    loss = cumulated_at_risk(follow_up.time, follow_up.stratum, event, eta, weights, curvature, steps, reference)
    cumulate_hazard(follow_up.stratum, event, weights, steps, reference, residual, curvature)
    return 2.0 * loss


def baseline_hazard(time: FloatArray, event: npt.NDArray[np.bool_], *, eta: FloatArray, until: float) -> float:
    """Estimate the cumulative hazard at a linear predictor of zero, by Breslow.

    Parameters
    ----------
    time : ndarray of float64, shape (n,)
        End of follow-up.
    event : ndarray of bool, shape (n,)
        Whether follow-up ended with the event.
    eta : ndarray of float64, shape (n,)
        Linear predictor.
    until : float
        Up to and with this time.

    Returns
    -------
    float
        The hazard.
    """
    n = time.size
    order = order_of_risk_sets(time, np.zeros(n, dtype=np.int64))
    found = FollowUp(time[order], np.zeros(n, dtype=np.int64))
    relative, steps, reference = np.empty(n), np.empty(n), np.empty(n)
    happened = event[order].astype(np.float64)
    cumulated_at_risk(found.time, found.stratum, happened, eta[order], np.ones(n), relative, steps, reference)
    counted = (found.time <= until) & (steps > 0)
    return float((steps[counted] * np.exp(-reference[counted])).sum())
