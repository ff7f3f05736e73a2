"""Shares of weighted rows with their intervals, and quantiles of weighted values."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis_lib.models.prediction.predicted_rows import PredictedRows

__all__ = ["ProportionInterval", "flagged_counts", "proportion_limits", "share_limits", "weighted_quantiles"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
ProportionInterval = Literal["wilson", "exact"]


def proportion_limits(
    count: npt.ArrayLike, total: npt.ArrayLike, *, ci: ProportionInterval, level: float
) -> tuple[FloatArray, FloatArray]:
    """Find the limits of shares of independent rows.

    Parameters
    ----------
    count, total : array-like of float
        How many of how many.
    ci : {"wilson", "exact"}
        Wilson's score interval [1]_ or Clopper and Pearson's exact one [2]_.
    level : float
        Coverage.

    Returns
    -------
    low, high : ndarray of float64
        NaN where the total is 0.

    References
    ----------
    .. [1] Wilson E. B. (1927). Probable inference, the law of succession, and statistical inference. J. Am. Stat.
       Assoc. 22(158), 209-212.
    .. [2] Clopper C. J., Pearson E. S. (1934). The use of confidence or fiducial limits illustrated in the case of the
       binomial. Biometrika 26(4), 404-413.
    """
    from scipy.stats import beta, norm

    x, n = np.asarray(count, dtype=np.float64), np.asarray(total, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        if ci == "exact":
            tail = (1 - level) / 2
            low = np.where(x == 0, 0.0, beta.ppf(tail, x, n - x + 1))
            high = np.where(x == n, 1.0, beta.ppf(1 - tail, x + 1, n - x))
            return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)
        z = norm.ppf((1 + level) / 2)
        share = x / n
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # At the ends rounding would leave limits such as 1e-17.
    return np.where(x == 0, 0.0, middle - half), np.where(x == n, 1.0, middle + half)


def share_limits(
    rows: PredictedRows, counted: BoolArray, *, among: BoolArray, ci: ProportionInterval, level: float
) -> tuple[float, float, float]:
    """Find a share with its limits, whatever the rows are.

    Parameters
    ----------
    rows : PredictedRows
        All rows.
    counted : ndarray of bool, shape (n,)
        The numerator, within `among`.
    among : ndarray of bool, shape (n,)
        The denominator.
    ci : {"wilson", "exact"}
        Interval where rows are independent; else it is linearised by person, on the logit scale.
    level : float
        Coverage.

    Returns
    -------
    share, low, high : float
        NaN where nobody is in the denominator.
    """
    from scipy.special import expit, logit
    from scipy.stats import norm

    weights = rows.weights
    x, n = float(weights[counted & among].sum()), float(weights[among].sum())
    if n == 0:
        return float("nan"), float("nan"), float("nan")
    if rows.independent:
        low, high = proportion_limits(x, n, ci=ci, level=level)
        return x / n, float(low), float(high)
    share = x / n
    if share in {0.0, 1.0}:
        persons = int(among.sum()) if rows.person is None else int(np.unique(rows.person[among]).size)
        low, high = proportion_limits(share * persons, persons, ci="exact", level=level)
        return share, float(low), float(high)
    se = np.sqrt(rows.variance(np.where(among, counted - share, 0.0) / n))
    half = float(norm.ppf((1 + level) / 2)) * se / (share * (1 - share))
    return share, float(expit(logit(share) - half)), float(expit(logit(share) + half))


def flagged_counts(rows: PredictedRows, thresholds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Count who is flagged at each threshold: whose risk is at or above it.

    Parameters
    ----------
    rows : PredictedRows
        Their risks and outcomes.
    thresholds : ndarray of float64
        Rising.

    Returns
    -------
    true_positives, false_positives : ndarray of float64
        Weighted counts.
    """
    passed = np.searchsorted(thresholds, rows.risk, side="right")
    counts = []
    for inside in (rows.outcome, ~rows.outcome):
        weight = None if rows.weight is None else rows.weight[inside]
        passing = np.bincount(passed[inside], weight, minlength=thresholds.size + 1).astype(np.float64)
        counts.append(np.cumsum(passing[::-1])[::-1][1:])
    return counts[0], counts[1]


def weighted_quantiles(values: FloatArray, weights: FloatArray | None, *, at: npt.ArrayLike) -> FloatArray:
    """Find quantiles as numpy does, of values that each stand for several.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        In any order.
    weights : ndarray of float64, shape (n,), or None
        How many equal values each stands for.
    at : array-like of float
        Probabilities.

    Returns
    -------
    ndarray of float64
        Linear between neighbours (type 7).
    """
    where = np.asarray(at, dtype=np.float64)
    if weights is None:
        return np.asarray(np.quantile(values, where))
    order = np.argsort(values)
    upto = np.cumsum(weights[order])
    place = np.maximum(upto[-1] - 1, 0.0) * where
    below = np.minimum(np.searchsorted(upto, np.floor(place), side="right"), values.size - 1)
    above = np.minimum(np.searchsorted(upto, np.ceil(place), side="right"), values.size - 1)
    low, high = values[order[below]], values[order[above]]
    return np.asarray(low + (high - low) * (place - np.floor(place)))
