"""Schoenfeld residuals, and the test whether hazards are proportional."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.models.survival.cox_regression.event_means import event_means
from analysis_lib.models.survival.cox_regression.fitted import FittedCox
from analysis_lib.models.survival.cox_regression.global_tests import distance

__all__ = ["Schoenfeld", "TimeTransform", "drift_test", "schoenfeld_residuals", "transformed_times"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
TimeTransform = Literal["km", "rank", "identity", "log"]


@dataclass(frozen=True)
class Schoenfeld:
    """Residuals of the rows with an event, by stratum and time.

    Attributes
    ----------
    row : ndarray of int64, shape (d,)
        Rows of the likelihood.
    position : ndarray of int64, shape (d,)
        Event time of each.
    residual : ndarray of float64, shape (d, p)
        Covariates less their mean over the risk set, on the scale of the standardised covariates.
    """

    row: IntArray
    position: IntArray
    residual: FloatArray


def schoenfeld_residuals(fit: FittedCox) -> Schoenfeld:
    """Compare everyone who has the event with those at risk [1]_.

    Parameters
    ----------
    fit : FittedCox
        The model.

    Returns
    -------
    Schoenfeld
        Case weights count in the means only.

    References
    ----------
    .. [1] Schoenfeld D. (1982). Partial residuals for the proportional hazards regression model. Biometrika 69(1),
       239-241.
    """
    sets, mean = fit.likelihood.sets, event_means(fit.likelihood, fit.at_top).mean
    rows, parts = [], []
    for first, x in fit.likelihood.rows():
        died = np.flatnonzero(sets.died[first : first + x.shape[1]])
        rows.append(first + died)
        parts.append(x[:, died].T - mean[sets.last[first + died]])
    row, residual = np.concatenate(rows), np.concatenate(parts)
    order = np.lexsort((fit.numbers[row], sets.last[row]))
    return Schoenfeld(row[order], sets.last[row[order]].astype(np.int64), residual[order])


def transformed_times(fit: FittedCox, transform: TimeTransform) -> FloatArray:
    """Say on which scale of time a coefficient may drift, at each event time.

    Parameters
    ----------
    fit : FittedCox
        The model.
    transform : {"km", "rank", "identity", "log"}
        ``km`` is one minus the Kaplan-Meier estimate just before the time, of all rows together.

    Returns
    -------
    ndarray of float64, shape (k,)
        As R's `cox.zph` has it.

    Raises
    ------
    ModelInputError
        If logarithms are wanted of times that are not positive.
    """
    times, ends = fit.likelihood.sets.times, fit.likelihood.sets.ends
    if transform == "identity":
        return times
    if transform == "log":
        if not times.min() > 0:
            raise ModelInputError(
                'the logarithm of a time needs times > 0; found event times that are not. Use transform="km".'
            )
        return np.asarray(np.log(times))
    at = np.searchsorted(ends.times, times)
    if transform == "rank":
        return np.asarray((np.cumsum(ends.ending) - (ends.ending - 1) / 2)[at])
    at_risk = np.cumsum(ends.ending[::-1])[::-1] - np.cumsum(ends.starting[::-1])[::-1]
    survival = np.cumprod(1 - ends.dying / np.maximum(at_risk, 1))
    return np.asarray(1 - np.concatenate([[1.0], survival])[at])


def drift_test(
    fit: FittedCox, scale_of_time: FloatArray, *, groups: Sequence[Sequence[int]]
) -> tuple[FloatArray, FloatArray]:
    """Test whether coefficients drift along a scale of time: the score test of its product with the covariates [1]_.

    Parameters
    ----------
    fit : FittedCox
        The model.
    scale_of_time : ndarray of float64, shape (k,)
        At each event time.
    groups : sequence of sequence of int
        Coefficients tested together; all of them are tested last.

    Returns
    -------
    chi2 : ndarray of float64, shape (groups + 1,)
        Test statistics; missing where there is nothing to test, as with one event time.
    information : ndarray of float64, shape (p, p)
        Of the coefficients themselves.

    References
    ----------
    .. [1] Grambsch P. M., Therneau T. M. (1994). Proportional hazards tests and diagnostics based on weighted
       residuals. Biometrika 81(3), 515-526.
    """
    likelihood, here, sets = fit.likelihood, fit.at_top, fit.likelihood.sets
    g = scale_of_time - float(np.average(scale_of_time, weights=sets.deaths))
    p, died = likelihood.covariates, sets.died
    case = np.ones(died.size) if likelihood.weight is None else likelihood.weight
    of_died = np.zeros(died.size)
    of_died[died] = case[died] * g[sets.last[died]]
    drift_of_died, _ = likelihood.moments(lambda rows: of_died[rows])
    blocks, expected = [], np.zeros(p)
    for power in range(3):
        first, second = likelihood.moments(likelihood.exposures(here, per_time=g**power))
        blocks.append(second - likelihood.products_of_means(here, per_time=g**power))
        if power == 1:
            expected = first
    full = np.block([[blocks[0], blocks[1]], [blocks[1], blocks[2]]])
    score = np.concatenate([np.zeros(p), drift_of_died - expected])
    chi2 = []
    for group in [*groups, range(p)]:
        kept = np.concatenate([np.arange(p), p + np.asarray(group)])
        chi2.append(distance(score[kept], full[np.ix_(kept, kept)]))
    return np.asarray(chi2), blocks[0]
