"""Tests that all coefficients of a Cox model are zero."""

import numpy as np
import numpy.typing as npt

from analysis_lib.models.survival.cox_regression.event_means import clustered_scores
from analysis_lib.models.survival.cox_regression.fitted import FittedCox

__all__ = ["global_tests"]

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
        "wald": float(coefficients @ np.linalg.solve(covariance, coefficients)),
        "score": float(start.gradient @ np.linalg.solve(start.information, start.gradient)),
    }
    if robust:
        at_zero = fit.likelihood.evaluate(np.zeros(coefficients.size))
        middle = clustered_scores(fit.likelihood, at_zero, group=fit.cluster)
        found["robust score"] = float(start.gradient @ np.linalg.solve(middle, start.gradient))
    return found
