"""Tests that all coefficients of a Cox model are zero."""

import numpy as np
import numpy.typing as npt

from analysis_lib.models.survival.cox_regression.event_means import clustered_scores
from analysis_lib.models.survival.cox_regression.fitted import FittedCox

__all__ = ["distance", "global_tests"]

FloatArray = npt.NDArray[np.float64]


def global_tests(fit: FittedCox, coefficients: FloatArray, *, covariance: FloatArray, robust: bool) -> dict[str, float]:
    """Work out the statistics.

    Parameters
    ----------
    fit : FittedCox
        The model.
    coefficients : ndarray of float64, shape (p,)
        The estimates.
    covariance : ndarray of float64, shape (p, p)
        Their covariance.
    robust : bool
        Whether the robust score test is wanted.

    Returns
    -------
    dict of str to float
        Chi-square statistics by name.
    """
    start = fit.start
    found = {
        "likelihood ratio": 2 * (fit.top.at.value - start.value),
        "wald": distance(coefficients, covariance),
        "score": distance(start.gradient, start.information),
    }
    if robust:
        at_zero = fit.likelihood.evaluate(np.zeros(coefficients.size))
        middle = clustered_scores(fit.likelihood, at_zero, group=fit.cluster)
        found["robust score"] = distance(start.gradient, middle)
    return found


def distance(vector: FloatArray, matrix: FloatArray) -> float:
    """Work out v' M^-1 v.

    Parameters
    ----------
    vector : ndarray of float64, shape (p,)
        The v.
    matrix : ndarray of float64, shape (p, p)
        The M, symmetric.

    Returns
    -------
    float
        Missing where M has no inverse, as with no more clusters than coefficients.
    """
    spread = np.sqrt(np.diag(matrix))
    if not (spread > 0).all():
        return float("nan")
    correlation = matrix / np.outer(spread, spread)
    if np.linalg.eigvalsh(correlation)[0] < 1e-12:
        return float("nan")
    return float((vector / spread) @ np.linalg.solve(correlation, vector / spread))
