"""The product-limit estimate of one group, its standard error and its limits, from counts at distinct times."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.models.survival.cumulated_sums import cumulated
from analysis_lib.models.survival.influence import Growth, WeightedRows
from analysis_lib.models.survival.limits import Transform, probability_limits
from analysis_lib.models.survival.risk_sets import RiskSets

__all__ = ["greenwood_terms", "product_limit", "product_limit_growth", "survival_table"]

FloatArray = npt.NDArray[np.float64]


def product_limit(n_risk: npt.NDArray[np.generic], n_event: npt.NDArray[np.generic]) -> FloatArray:
    """Multiply the chances of passing each time without the event.

    Parameters
    ----------
    n_risk, n_event : ndarray, shape (m,)
        At risk just before, and events at, each distinct time.

    Returns
    -------
    ndarray of float64, shape (m,)
        Survival after each time.
    """
    at_risk = np.asarray(n_risk, dtype=np.longdouble)
    passed = np.maximum(at_risk - np.asarray(n_event, dtype=np.longdouble), 0) / at_risk
    return np.cumprod(passed).astype(np.float64)


def greenwood_terms(n_risk: npt.NDArray[np.generic], n_event: npt.NDArray[np.generic]) -> FloatArray:
    """What each time adds to the variance of the logarithm of survival.

    Parameters
    ----------
    n_risk, n_event : ndarray, shape (m,)
        At risk just before, and events at, each distinct time.

    Returns
    -------
    ndarray of float64, shape (m,)
        Greenwood's terms; 0 where everybody has the event, since survival is then 0 without doubt.
    """
    at_risk, events = np.asarray(n_risk, dtype=np.float64), np.asarray(n_event, dtype=np.float64)
    left = at_risk * (at_risk - events)
    return np.divide(events, left, out=np.zeros_like(left), where=left > 0)


def product_limit_growth(n_risk: FloatArray, n_event: FloatArray) -> Growth:
    """Influence of a row on the logarithm of survival.

    Parameters
    ----------
    n_risk, n_event : ndarray of float64, shape (m,)
        Sums of weights at risk just before, and with the event at, each distinct time.

    Returns
    -------
    Growth
        For `WeightedRows`.
    """
    left = n_risk - n_event
    jump = np.zeros((2, n_risk.size))
    np.divide(-1.0, left, out=jump[1], where=left > 0)
    return Growth(cumulated(greenwood_terms(n_risk, n_event)), jump)


def survival_table(
    risk: RiskSets, *, transform: Transform, level: float, influences: WeightedRows | None = None
) -> pd.DataFrame:
    """Write the curve of one group.

    Parameters
    ----------
    risk : RiskSets
        With one cause.
    transform : {"log", "log-log", "plain"}
        Scale of the interval.
    level : float
        Coverage.
    influences : WeightedRows, optional
        The rows, where their weights are no counts.

    Returns
    -------
    DataFrame
        One row per distinct time: ``time``, ``n_risk``, ``n_event``, ``n_censor``, ``survival``, ``se``, ``ci_low``,
        ``ci_high``.
    """
    n_event = risk.n_event[0]
    survival = product_limit(risk.n_risk, n_event)
    if influences is None:
        variance = cumulated(greenwood_terms(risk.n_risk, n_event))
    else:
        growth = product_limit_growth(np.asarray(risk.n_risk, dtype=np.float64), np.asarray(n_event, dtype=np.float64))
        variance = influences.products(growth, growth)
    log_se = np.sqrt(np.maximum(variance, 0.0))
    low, high = probability_limits(survival, log_se, transform=transform, level=level)
    certain, ended = survival == 1, survival == 0
    low[certain], high[certain] = 1.0, 1.0
    low[ended], high[ended] = np.nan, np.nan
    return pd.DataFrame(
        {
            "time": risk.time,
            "n_risk": risk.n_risk,
            "n_event": n_event,
            "n_censor": risk.n_censor,
            "survival": survival,
            "se": survival * log_se,
            "ci_low": low,
            "ci_high": high,
        },
        copy=False,
    )
