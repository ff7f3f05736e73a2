"""Weights from propensity scores, and how many persons a weighted arm is worth."""

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

__all__ = ["ESTIMANDS", "Estimand", "effective_size", "stratum_weights", "treatment_weights"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Estimand = Literal["ate", "att", "overlap", "matching"]
ESTIMANDS: tuple[str, ...] = get_args(Estimand)


def treatment_weights(score: FloatArray, treated: BoolArray, *, estimand: str, stabilised: bool) -> FloatArray:
    """Weight each person by the inverse probability of the treatment they had, times whom the effect is about.

    Parameters
    ----------
    score : ndarray of float64
        Propensity scores, inside (0, 1).
    treated : ndarray of bool
        Arm.
    estimand : {"ate", "att", "overlap", "matching"}
        Whom the effect is about.
    stabilised : bool
        For "ate", multiply by the prevalence of the arm.

    Returns
    -------
    ndarray of float64
        Positive.
    """
    had = np.where(treated, score, 1 - score)
    tilt = {
        "ate": np.ones_like(score),
        "att": score,
        "overlap": score * (1 - score),
        "matching": np.minimum(score, 1 - score),
    }[estimand]
    weights = tilt / had
    if estimand == "ate" and stabilised:
        weights = weights * np.where(treated, treated.mean(), 1 - treated.mean())
    return np.asarray(weights)


def stratum_weights(
    stratum: npt.NDArray[np.int64], treated: BoolArray, *, kept: BoolArray, estimand: str
) -> FloatArray:
    """Weight each arm within a stratum up to the stratum's size (Hong 2010).

    Parameters
    ----------
    stratum : ndarray of int64
        Stratum of each person, from 1.
    treated : ndarray of bool
        Arm.
    kept : ndarray of bool
        Who is in a stratum with both arms.
    estimand : {"ate", "att"}
        The size that counts: of everybody, or of the treated.

    Returns
    -------
    ndarray of float64
        0 for who is not kept.
    """
    weights = np.zeros(stratum.size)
    for number in np.unique(stratum[kept]):
        inside = stratum == number
        size = inside.sum() if estimand == "ate" else (inside & treated).sum()
        for arm in (inside & treated, inside & ~treated):
            weights[arm] = size / arm.sum()
    return weights


def effective_size(weights: FloatArray) -> float:
    """Give the number of unweighted persons that would be as precise (Kish 1965).

    Parameters
    ----------
    weights : ndarray of float64
        Of one arm.

    Returns
    -------
    float
        ``sum(w) ** 2 / sum(w ** 2)``.
    """
    return float(weights.sum() ** 2 / np.square(weights).sum())
