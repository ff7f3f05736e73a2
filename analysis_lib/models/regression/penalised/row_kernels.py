"""What each row adds to the likelihood, compiled; and coordinate descent on a quadratic."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["binomial_rows", "descend", "gaussian_rows", "poisson_rows"]

FloatArray = npt.NDArray[np.float64]

#: Sums are taken over blocks of rows first, so that ten million of them lose no digits.
BLOCK = 4096


@njit(cache=True, nogil=True)
def gaussian_rows(  # noqa: PLR0917
    response: FloatArray, eta: FloatArray, weights: FloatArray, residual: FloatArray, curvature: FloatArray
) -> float:
    """Fill residual and curvature of the linear model; return the deviance.

    Parameters
    ----------
    response, eta, weights : ndarray of float64
        Outcome, linear predictor and weight of each row.
    residual, curvature : ndarray of float64
        Filled in place: first, and minus the second, derivative of the log likelihood.

    Returns
    -------
    float
        Deviance.
    """
    deviance = 0.0
    for start in range(0, response.size, BLOCK):
        block = 0.0
        for row in range(start, min(start + BLOCK, response.size)):
            distance = response[row] - eta[row]
            residual[row] = weights[row] * distance
            curvature[row] = weights[row]
            block += residual[row] * distance
        deviance += block
    return deviance


@njit(cache=True, nogil=True)
def binomial_rows(  # noqa: PLR0917
    response: FloatArray, eta: FloatArray, weights: FloatArray, residual: FloatArray, curvature: FloatArray
) -> float:
    """Fill residual and curvature of the logistic model; return the deviance.

    Parameters
    ----------
    response, eta, weights : ndarray of float64
        Outcome, linear predictor and weight of each row.
    residual, curvature : ndarray of float64
        Filled in place: first, and minus the second, derivative of the log likelihood.

    Returns
    -------
    float
        Deviance.
    """
    deviance = 0.0
    for start in range(0, response.size, BLOCK):
        block = 0.0
        for row in range(start, min(start + BLOCK, response.size)):
            e = np.exp(-abs(eta[row]))
            small = e / (1.0 + e)  # the smaller of the two probabilities, exact in the tail
            probability = small if eta[row] < 0 else 1.0 - small
            if response[row] == 1.0:
                residual[row] = weights[row] * (1.0 - small if eta[row] < 0 else small)
            else:
                residual[row] = -weights[row] * probability
            curvature[row] = weights[row] * small * (1.0 - small)
            # -log(probability of what was seen); log1p keeps the tail
            loss = np.log1p(e) + (max(-eta[row], 0.0) if response[row] == 1.0 else max(eta[row], 0.0))
            block += weights[row] * loss
        deviance += block
    return 2.0 * deviance


@njit(cache=True, nogil=True)
def poisson_rows(  # noqa: PLR0917
    response: FloatArray, eta: FloatArray, weights: FloatArray, residual: FloatArray, curvature: FloatArray
) -> float:
    """Fill residual and curvature of the Poisson model; return the deviance.

    Parameters
    ----------
    response, eta, weights : ndarray of float64
        Outcome, linear predictor and weight of each row.
    residual, curvature : ndarray of float64
        Filled in place: first, and minus the second, derivative of the log likelihood.

    Returns
    -------
    float
        Deviance.
    """
    deviance = 0.0
    for start in range(0, response.size, BLOCK):
        block = 0.0
        for row in range(start, min(start + BLOCK, response.size)):
            mean = np.exp(min(eta[row], 600.0))
            residual[row] = weights[row] * (response[row] - mean)
            curvature[row] = weights[row] * mean
            part = mean - response[row]
            if response[row] > 0.0:
                part += response[row] * (np.log(response[row]) - eta[row])
            block += weights[row] * part
        deviance += block
    return 2.0 * deviance


@njit(cache=True, nogil=True)
def descend(  # noqa: PLR0917
    information: FloatArray,
    gradient: FloatArray,
    point: FloatArray,
    l1: FloatArray,
    l2: FloatArray,
    tolerance: float,
    most_rounds: int,
) -> Any:
    """Minimise a quadratic plus the elastic net penalty, coordinate by coordinate, in place.

    `gradient` is that of the (rising) quadratic without the penalty at `point`; both are kept up to date. Ends when no
    coordinate moves by more than `tolerance`, in units of the gradient, and says whether it did.

    Parameters
    ----------
    information : ndarray of float64
        Second derivatives, shape (k, k).
    gradient, point : ndarray of float64
        Changed in place, shape (k,).
    l1, l2 : ndarray of float64
        Penalties, shape (k,).
    tolerance : float
        Largest step that is still none.
    most_rounds : int
        Rounds after which to give up.

    Returns
    -------
    bool
        Whether it arrived.
    """
    size = point.size
    for _ in range(most_rounds):
        largest = 0.0
        for at in range(size):
            steepness = information[at, at] + l2[at]
            if not steepness > 0.0:
                continue
            pull = gradient[at] + information[at, at] * point[at]
            if pull > l1[at]:
                moved = (pull - l1[at]) / steepness
            elif pull < -l1[at]:
                moved = (pull + l1[at]) / steepness
            else:
                moved = 0.0
            step = moved - point[at]
            if step != 0.0:
                point[at] = moved
                for other in range(size):
                    gradient[other] -= step * information[at, other]
                largest = max(largest, abs(step) * steepness)
        if largest <= tolerance:
            return True
    return False
