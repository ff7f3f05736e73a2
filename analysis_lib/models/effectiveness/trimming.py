"""Who stays when scores near 0 or 1 are left out: those whom both treatments could have been given."""

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError

__all__ = ["TRIMMINGS", "Trimming", "crump_cutoff", "kept_scores", "preference_scores"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Trimming = Literal["fixed", "crump", "percentiles", "equipoise"]
TRIMMINGS: tuple[str, ...] = get_args(Trimming)
DEFAULT_BOUNDS = {"fixed": (0.1, 0.9), "percentiles": (0.05, 0.95), "equipoise": (0.3, 0.7)}


def preference_scores(score: FloatArray, prevalence: float) -> FloatArray:
    """Take the prevalence of treatment out of propensity scores (Walker et al. 2013).

    Parameters
    ----------
    score : ndarray of float64
        Propensity scores, inside (0, 1).
    prevalence : float
        Share of the treated.

    Returns
    -------
    ndarray of float64
        ``logit(preference) = logit(score) - logit(prevalence)``.
    """
    odds = score / (1 - score) * (1 - prevalence) / prevalence
    return np.asarray(odds / (1 + odds))


def crump_cutoff(score: FloatArray) -> float:
    """Find Crump's cut-off: scores within it and one minus it give the most precise estimate (Crump et al. 2009).

    Parameters
    ----------
    score : ndarray of float64
        Propensity scores, inside (0, 1).

    Returns
    -------
    float
        In [0, 0.5); 0 where nobody should be left out.
    """
    burden = np.sort(1 / (score * (1 - score)))
    means = np.cumsum(burden) / np.arange(1, burden.size + 1)
    if burden[-1] <= 2 * means[-1]:
        return 0.0
    # Of those with burden up to g, the mean is a step function of g; the cut-off is the largest g with g <= 2 * mean,
    # or beyond the last such step the point where twice the mean itself is reached.
    last = int(np.flatnonzero(burden <= 2 * means)[-1])
    limit = float(2 * means[last])
    return float(0.5 - np.sqrt(0.25 - 1 / limit))


def kept_scores(
    score: FloatArray, treated: BoolArray, *, how: str, bounds: tuple[float, float] | None
) -> tuple[BoolArray, str]:
    """Say whom a rule keeps.

    Parameters
    ----------
    score : ndarray of float64
        Propensity scores, inside (0, 1).
    treated : ndarray of bool
        Arm.
    how : {"fixed", "crump", "percentiles", "equipoise"}
        The rule.
    bounds : tuple of float or None
        Its two numbers; the usual ones when None.

    Returns
    -------
    kept : ndarray of bool
        Who stays.
    rule : str
        The rule in words.

    Raises
    ------
    ModelInputError
        If the bounds are no two rising shares, or Crump's rule is given some.
    """
    if how == "crump":
        if bounds is not None:
            raise ModelInputError("Crump's rule finds its own bounds; found some given. Use how='fixed' for your own.")
        cut = crump_cutoff(score)
        return (score >= cut) & (score <= 1 - cut), f"score within {cut:.4f} and {1 - cut:.4f} (Crump)"
    low, high = DEFAULT_BOUNDS[how] if bounds is None else bounds
    if not 0 <= low < high <= 1:
        raise ModelInputError(f"bounds must be two rising shares; found {low:g} and {high:g}. Such as (0.1, 0.9).")
    if how == "fixed":
        return (score >= low) & (score <= high), f"score within {low:g} and {high:g}"
    if how == "equipoise":
        preference = preference_scores(score, float(treated.mean()))
        return (preference >= low) & (preference <= high), f"preference score within {low:g} and {high:g}"
    bottom, top = float(np.quantile(score[treated], low)), float(np.quantile(score[~treated], high))
    rule = f"score from the {100 * low:g}th percentile of the treated to the {100 * high:g}th of the untreated"
    return (score >= bottom) & (score <= top), rule
