"""The Aalen-Johansen estimate of cumulative incidence with competing causes, and its variances.

Notation: at the distinct time t_j, n are at risk, d_k have the event of cause k, d of any cause; S is the product-limit
survival without any event, S- the one just before; F_k adds up S- d_k / n. Both variances at a time t are sums over
t_j <= t of  b_j - 2 G_j c_j + G_j^2 a_j  with G_j = F_k(t) - F_k(t_j): what a change at t_j does to F_k(t) is its own
part, less what those who left can no longer add. They differ in how the counts at one time vary (`_terms`).
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.models.survival.cumulated_sums import cumulated
from analysis_lib.models.survival.influence import Growth, WeightedRows
from analysis_lib.models.survival.limits import Transform, probability_limits
from analysis_lib.models.survival.product_limit import product_limit
from analysis_lib.models.survival.risk_sets import RiskSets

__all__ = ["Variance", "incidence_tables"]

FloatArray = npt.NDArray[np.float64]
Variance = Literal["delta", "aalen", "jackknife"]
#: A variance smaller than this, beside the sums whose difference it is, is made of their last digits.
_ROUNDING = 1e-12


def incidence_tables(
    risk: RiskSets,
    *,
    variance: Variance,
    transform: Transform,
    level: float,
    influences: WeightedRows | None = None,
) -> list[pd.DataFrame]:
    """Write the cumulative incidence of each cause in one group.

    Parameters
    ----------
    risk : RiskSets
        With one row of events per cause.
    variance : {"delta", "aalen", "jackknife"}
        Which variance; the last needs `influences`.
    transform : {"log", "log-log", "plain"}
        Scale of the interval.
    level : float
        Coverage.
    influences : WeightedRows, optional
        The rows, for the infinitesimal jackknife's variance, whatever else `variance` asks for.

    Returns
    -------
    list of DataFrame
        One per cause, with one row per distinct time: ``time``, ``n_risk``, ``n_event``, ``n_censor``,
        ``cumulative_incidence``, ``se``, ``ci_low``, ``ci_high``.
    """
    n_risk = np.asarray(risk.n_risk, dtype=np.float64)
    events = np.asarray(risk.n_event, dtype=np.float64)
    survival = product_limit(risk.n_risk, risk.n_event.sum(axis=0))
    before = np.concatenate(([1.0], survival[:-1]))
    tables = []
    for cause in range(events.shape[0]):
        incidence = cumulated(before * events[cause] / n_risk)
        if influences is None:
            terms = _terms(n_risk, events, cause=cause, survival=survival, before=before, variance=variance)
            squared = _summed(incidence, terms)
            del terms  # as long as the table itself, of which there may be one of millions of times
        else:
            squared = _jackknife(n_risk, events, cause=cause, before=before, incidence=incidence, rows=influences)
        se = np.sqrt(squared, out=squared)
        low, high = _limits(incidence, se, transform=transform, level=level)
        tables.append(
            pd.DataFrame(
                {
                    "time": risk.time,
                    "n_risk": risk.n_risk,
                    "n_event": risk.n_event[cause],
                    "n_censor": risk.n_censor,
                    "cumulative_incidence": incidence,
                    "se": se,
                    "ci_low": low,
                    "ci_high": high,
                },
                copy=False,
            )
        )
    return tables


def _limits(
    incidence: FloatArray, se: FloatArray, *, transform: Transform, level: float
) -> tuple[FloatArray, FloatArray]:
    relative = np.divide(se, incidence, out=np.zeros_like(se), where=incidence > 0)
    low, high = probability_limits(incidence, relative, transform=transform, level=level)
    # Before the first event nothing is known to be uncertain; where all have had it, neither: as for survival.
    certain = (incidence == 0) | (incidence >= 1)
    low[certain] = high[certain] = incidence[certain]
    return low, high


def _terms(
    n_risk: FloatArray, events: FloatArray, *, cause: int, survival: FloatArray, before: FloatArray, variance: Variance
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give a, b and c of the module's formula at each distinct time.

    Delta: the events at one time are multinomial. Aalen's, as Gray writes it: the causes vary by themselves, each
    hypergeometric.
    """
    own, total = events[cause], events.sum(axis=0)
    alive = survival > 0  # where all are gone G is 0, and so is what it multiplies
    if variance == "delta":
        left = np.where(alive, n_risk * (n_risk - total), 1.0)
        a = np.where(alive, total / left, 0.0)
        return a, before**2 * own * (n_risk - own) / n_risk**3, before * own / n_risk**2
    spread = before**2 * events * (n_risk - events) / (n_risk**2 * np.maximum(n_risk - 1, 1))
    spread = np.where((events == 1) & (n_risk == 1), before**2, spread)  # the last one; 0/0 above
    divisor = np.where(alive, survival, 1.0)
    a = np.where(alive, spread.sum(axis=0) / divisor**2, 0.0)
    return a, spread[cause], np.where(alive, spread[cause] / divisor, 0.0)


def _summed(incidence: FloatArray, terms: tuple[FloatArray, FloatArray, FloatArray]) -> FloatArray:
    """Add up the formula at every time by what its sums gain from time to time: no large ones are subtracted."""
    a, b, c = terms
    gain = np.diff(incidence, prepend=0.0)

    def until_before(values: FloatArray) -> FloatArray:
        return np.concatenate(([0.0], cumulated(values)[:-1]))

    sum_a = until_before(a)
    sum_a_g = cumulated(gain * sum_a)  # sum of a G at each time
    sum_a_g2 = cumulated(2 * gain * np.concatenate(([0.0], sum_a_g[:-1])) + gain**2 * sum_a)
    sum_c_g = cumulated(gain * until_before(c))
    return _without_rounding(cumulated(b) + sum_a_g2, 2 * sum_c_g)


def _without_rounding(gained: FloatArray, lost: FloatArray) -> FloatArray:
    """Subtract two sums; a rest that is rounding is nothing, as where all have had the event."""
    rest = gained - lost
    return np.where(rest > _ROUNDING * gained, rest, 0.0)


def _jackknife(
    n_risk: FloatArray,
    events: FloatArray,
    *,
    cause: int,
    before: FloatArray,
    incidence: FloatArray,
    rows: WeightedRows,
) -> FloatArray:
    """Add up squared influences: of each row on F(t), of the form p - F(t) b with p and b that grow with time."""
    left = n_risk - events.sum(axis=0)
    per_left = np.divide(1.0, left, out=np.zeros_like(left), where=left > 0)
    leaving = per_left * events.sum(axis=0) / n_risk
    b = Growth(-cumulated(leaving), np.vstack([np.zeros(n_risk.size), *[per_left] * len(events)]))
    jumps = [incidence * per_left + (before / n_risk if index == cause else 0.0) for index in range(len(events))]
    p = Growth(
        -cumulated(before * events[cause] / n_risk**2 + incidence * leaving), np.vstack([np.zeros(n_risk.size), *jumps])
    )
    return _without_rounding(
        rows.products(p, p) + incidence**2 * rows.products(b, b), 2 * incidence * rows.products(p, b)
    )
