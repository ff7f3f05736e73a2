"""The baseline hazard, and the survival it gives to people with given covariates."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.models.survival.cox_regression.event_means import event_means
from analysis_lib.models.survival.cox_regression.fitted import FittedCox

__all__ = ["CurveSteps", "baseline_table", "curve_steps", "survival_of"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CurveSteps:
    """What survival curves are made of, cumulated within strata up to each event time.

    Attributes
    ----------
    hazard : ndarray of float64, shape (k,)
        Cumulative hazard at the mean of the covariates and of the offset.
    variance : ndarray of float64, shape (k,)
        Its variance were the coefficients known.
    drift : ndarray of float64, shape (k, p)
        Hazard times mean of the standardised covariates at risk.
    """

    hazard: FloatArray
    variance: FloatArray
    drift: FloatArray


def curve_steps(fit: FittedCox) -> CurveSteps:
    """Cumulate the hazard: Breslow's estimate, or Efron's where ties are Efron's [1]_ [2]_.

    Parameters
    ----------
    fit : FittedCox
        The model.

    Returns
    -------
    CurveSteps
        One entry per event time of each stratum.

    References
    ----------
    .. [1] Breslow N. (1972). Discussion of the paper by D. R. Cox. J. R. Stat. Soc. B 34(2), 216-217.
    .. [2] Therneau T. M., Grambsch P. M. (2000). Modeling Survival Data: Extending the Cox Model. Springer, section
       10.2.
    """
    from analysis_lib.models.survival.cox_regression.risk_set_sums import cumulate

    here = fit.at_top
    increments = np.column_stack([here.terms[:, 0], here.terms[:, 2], event_means(fit.likelihood, here).increment])
    cumulate(increments, fit.likelihood.sets.begin, increments)
    # The sums were taken at exp(predictor - shift); the hazard wanted is that of predictor 0.
    unit = np.exp(-here.shift)
    return CurveSteps(increments[:, 0] * unit, increments[:, 1] * unit**2, increments[:, 2:] * unit)


def baseline_table(fit: FittedCox, *, at_zero: bool) -> pd.DataFrame:
    """Tabulate the baseline hazard.

    Parameters
    ----------
    fit : FittedCox
        The model.
    at_zero : bool
        Whether the baseline is a person whose covariates are all zero, instead of at their mean.

    Returns
    -------
    DataFrame
        One row per stratum and event time: ``stratum``, ``time``, ``n_risk``, ``n_event``, ``cumulative_hazard``,
        ``survival``.
    """
    sets, steps = fit.likelihood.sets, curve_steps(fit)
    hazard = steps.hazard
    if at_zero:
        hazard = hazard * np.exp(-fit.predictor_of_mean)
    names = np.asarray(fit.strata, dtype=object)
    return pd.DataFrame(
        {
            "stratum": names[sets.stratum],
            "time": sets.times,
            "n_risk": _at_risk(fit),
            "n_event": sets.deaths,
            "cumulative_hazard": hazard,
            "survival": np.exp(-hazard),
        }
    )


def _at_risk(fit: FittedCox) -> IntArray:
    sets = fit.likelihood.sets
    count = np.bincount(sets.last[sets.last >= 0], minlength=sets.deaths.size)
    if sets.before.size:
        count -= np.bincount(sets.before[sets.before >= 0], minlength=sets.deaths.size)
    total = np.cumsum(count[::-1])[::-1]
    after = np.append(total, 0)[sets.begin[1:]]
    return np.asarray(total - np.repeat(after, np.diff(sets.begin)))


def survival_of(
    fit: FittedCox,
    x: FloatArray,
    *,
    offset: FloatArray,
    stratum: IntArray,
    times: FloatArray,
    covariance: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Work out cumulative hazards of people with given covariates, with the standard errors.

    Parameters
    ----------
    fit : FittedCox
        The model.
    x : ndarray of float64, shape (m, p)
        Standardised covariates.
    offset : ndarray of float64, shape (m,)
        Offset less its mean.
    stratum : ndarray of int64, shape (m,)
        Stratum of each.
    times : ndarray of float64, shape (t,)
        When.
    covariance : ndarray of float64, shape (p, p)
        Of the coefficients of the standardised covariates.

    Returns
    -------
    hazard, se : ndarray of float64, shape (m, t)
        Missing after the last follow-up of the stratum.
    """
    sets, steps = fit.likelihood.sets, curve_steps(fit)
    relative = np.exp(x @ fit.top.point + offset)
    hazard, variance = np.zeros((len(x), times.size)), np.zeros((len(x), times.size))
    for s in np.unique(stratum):
        begin, end = sets.begin[s], sets.begin[s + 1]
        step = np.searchsorted(sets.times[begin:end], times, side="right")
        cumulated, known, drift = (
            np.concatenate([np.zeros((1, *part.shape[1:])), part[begin:end]])[step]
            for part in (steps.hazard, steps.variance, steps.drift)
        )
        of = np.flatnonzero(stratum == s)
        for row in of:  # one person at a time: a cube of people, times and covariates may be large
            away = drift - cumulated[:, None] * x[row]
            variance[row] = relative[row] ** 2 * (known + np.einsum("ij,jk,ik->i", away, covariance, away))
        hazard[of] = relative[of, None] * cumulated
        late = times > fit.last_time[s]
        hazard[np.ix_(of, late)] = np.nan
        variance[np.ix_(of, late)] = np.nan
    return hazard, np.sqrt(variance)
