"""Pointwise limits of curves, on the scale on which they are symmetric."""

from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Transform", "normal_quantile", "probability_limits"]

FloatArray = npt.NDArray[np.float64]
Transform = Literal["log", "log-log", "plain"]


def normal_quantile(level: float) -> float:
    """Find how many standard errors reach from the middle to a limit.

    Parameters
    ----------
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    float
        1.96 for 0.95.
    """
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))


def probability_limits(
    estimate: FloatArray, relative_se: FloatArray, *, transform: Transform, level: float
) -> tuple[FloatArray, FloatArray]:
    """Find the limits of probabilities, cut to [0, 1].

    Parameters
    ----------
    estimate : ndarray of float64
        Probabilities.
    relative_se : ndarray of float64
        Standard error of each divided by it: the standard error of its logarithm.
    transform : {"log", "log-log", "plain"}
        Scale on which the interval is symmetric.
    level : float
        Coverage.

    Returns
    -------
    low, high : ndarray of float64
        Limits; where the estimate is 0 or 1 they are what the formula makes of it, for the caller to judge.
    """
    z = normal_quantile(level)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if transform == "plain":
            low, high = estimate - z * estimate * relative_se, estimate + z * estimate * relative_se
        elif transform == "log":
            low, high = estimate * np.exp(-z * relative_se), estimate * np.exp(z * relative_se)
        else:
            reach = z * relative_se / np.log(estimate)  # below zero, as the logarithm is
            low, high = estimate ** np.exp(-reach), estimate ** np.exp(reach)
    return np.clip(low, 0, 1), np.clip(high, 0, 1)
