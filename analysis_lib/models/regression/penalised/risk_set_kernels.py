"""Sums over risk sets for a penalised Cox model, compiled."""

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["cumulate_hazard", "cumulated_at_risk"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def cumulated_at_risk(  # noqa: PLR0917
    time: FloatArray,
    stratum: IntArray,
    event: FloatArray,
    eta: FloatArray,
    weights: FloatArray,
    relative: FloatArray,
    steps: FloatArray,
    reference: FloatArray,
) -> float:
    """Fill relative hazards and the steps of the baseline hazard; return the deviance's half.

    Rows are ordered by stratum and then from the longest follow-up to the shortest. Hazards are relative to the largest
    one met so far, so that nothing overflows, and no risk set vanishes beside somebody who left early.

    Parameters
    ----------
    time, stratum, event, eta, weights : ndarray, shape (n,)
        Follow-up, number of the stratum, 1.0 for an event, linear predictor, weight.
    relative : ndarray of float64, shape (n,)
        Filled: weight times relative hazard.
    steps : ndarray of float64, shape (n,)
        Filled: the step of the hazard at the last row of each time, else zero.
    reference : ndarray of float64, shape (n,)
        Filled: the linear predictor that both are relative to.

    Returns
    -------
    float
        Sum of deaths * (log(at risk) - log(deaths)) less the linear predictors of those with the event.
    """
    loss, row, n = 0.0, 0, time.size
    at_risk, highest = 0.0, -np.inf
    while row < n:
        begin, deaths, seen = row, 0.0, 0.0
        if begin == 0 or stratum[begin] != stratum[begin - 1]:
            at_risk, highest = 0.0, -np.inf
        while row < n and time[row] == time[begin] and stratum[row] == stratum[begin]:
            if eta[row] > highest:
                at_risk *= np.exp(highest - eta[row])
                highest = eta[row]
            reference[row] = highest
            relative[row] = weights[row] * np.exp(eta[row] - highest)
            at_risk += relative[row]
            steps[row] = 0.0
            if event[row] == 1.0:
                deaths += weights[row]
                seen += weights[row] * eta[row]
            row += 1
        if deaths > 0.0:
            steps[row - 1] = deaths / at_risk
            loss += deaths * (np.log(at_risk) + highest - np.log(deaths)) - seen
    return loss


@njit(cache=True, nogil=True)
def cumulate_hazard(  # noqa: PLR0917
    stratum: IntArray,
    event: FloatArray,
    weights: FloatArray,
    steps: FloatArray,
    reference: FloatArray,
    residual: FloatArray,
    relative: FloatArray,
) -> None:
    """Turn relative hazards into expected events, in place, and fill the martingale residuals.

    Parameters
    ----------
    stratum, event, weights : ndarray, shape (n,)
        As for `cumulated_at_risk`.
    steps, reference : ndarray of float64, shape (n,)
        Steps of the hazard and what they are relative to, as filled there.
    residual : ndarray of float64, shape (n,)
        Filled: weighted events less expected ones.
    relative : ndarray of float64, shape (n,)
        Relative hazards; becomes expected events.
    """
    hazard = 0.0
    for row in range(event.size - 1, -1, -1):
        if row < event.size - 1:
            if stratum[row] != stratum[row + 1]:
                hazard = 0.0
            elif reference[row] != reference[row + 1]:
                hazard *= np.exp(reference[row] - reference[row + 1])
        hazard += steps[row]
        relative[row] *= hazard
        residual[row] = weights[row] * event[row] - relative[row]
