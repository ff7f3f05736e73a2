"""Predictions of a Cox model for people: linear predictors and survival curves."""

from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.rows.source import Data, open_rows
from analysis_lib.models.survival.cox_regression.baseline_hazard import survival_of
from analysis_lib.models.survival.cox_regression.follow_up_columns import numbers_of

if TYPE_CHECKING:
    from analysis_lib.models.survival.cox_regression.cox_result import CoxResult

__all__ = ["SurvivalInterval", "linear_predictor", "predicted_survival"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
SurvivalInterval = Literal["log", "log-log", "plain"]


def linear_predictor(model: "CoxResult", data: Data | None) -> pd.Series:
    """Work out linear predictors, 0 for someone with the mean of every covariate.

    Parameters
    ----------
    model : CoxResult
        The model.
    data : DataFrame, Features or path, or None
        New people; None for the rows of the model.

    Returns
    -------
    Series
        Indexed by the number of the row.
    """
    fit = model.likelihood
    if data is None:
        return pd.Series(fit.predictor, index=pd.Index(fit.numbers, name="row"), name="lp").sort_index()
    x, offset, _, present = _standardised(model, data, strata=False)
    found = np.full(present.size, np.nan)
    found[present] = x @ fit.top.point + offset
    return pd.Series(found, index=pd.RangeIndex(present.size, name="row"), name="lp")


def predicted_survival(
    model: "CoxResult", data: Data, *, times: FloatArray, ci: SurvivalInterval, level: float
) -> pd.DataFrame:
    """Work out survival curves of new people; see `CoxResult.predict_survival`.

    Parameters
    ----------
    model : CoxResult
        The model.
    data : DataFrame, Features or path
        New people.
    times : ndarray of float64, shape (t,)
        When.
    ci : {"log", "log-log", "plain"}
        Transformation of the interval.
    level : float
        Its coverage.

    Returns
    -------
    DataFrame
        One row per person and time.
    """
    fit = model.likelihood
    x, offset, stratum, present = _standardised(model, data, strata=True)
    scaled = model.covariance.to_numpy() * np.outer(fit.scale, fit.scale)
    shape = (present.size, times.size)
    hazard, se = np.full(shape, np.nan), np.full(shape, np.nan)
    hazard[present], se[present] = survival_of(fit, x, offset=offset, stratum=stratum, times=times, covariance=scaled)
    low, high = _limits(hazard, se, ci=ci, level=level)
    survival = np.exp(-hazard)
    return pd.DataFrame(
        {
            "row": np.repeat(np.arange(shape[0]), times.size),
            "time": np.tile(times, shape[0]),
            "cumulative_hazard": hazard.ravel(),
            "survival": survival.ravel(),
            "se": (se * survival).ravel(),
            "ci_low": low.ravel(),
            "ci_high": high.ravel(),
        }
    )


def _limits(hazard: FloatArray, se: FloatArray, *, ci: SurvivalInterval, level: float) -> tuple[FloatArray, FloatArray]:
    """Put limits around survival; `se` is that of the cumulative hazard. As R: never above 1 or below 0."""
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    survival = np.exp(-hazard)
    if ci == "plain":
        low, high = survival - z * se * survival, survival + z * se * survival
    elif ci == "log":
        low, high = np.exp(-hazard - z * se), np.exp(-hazard + z * se)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.exp(z * se / hazard)
            low, high = np.exp(-hazard * factor), np.exp(-hazard / factor)
        low, high = np.where(hazard == 0, 1.0, low), np.where(hazard == 0, 1.0, high)
    return np.asarray(np.clip(low, 0, 1)), np.asarray(np.clip(high, 0, 1))


def _standardised(
    model: "CoxResult", data: Data, *, strata: bool
) -> tuple[FloatArray, FloatArray, IntArray, BoolArray]:
    """Read the covariates, offset and stratum of new people; and say of whom all are known."""
    fit, columns = model.likelihood, model.columns
    beside = [columns.offset] if columns.offset else []
    beside += [*columns.strata] if strata else []
    frame = open_rows(data).frame(list(dict.fromkeys([*columns.covariates, *beside])))
    present = frame.notna().all(axis=1).to_numpy()
    kept = frame.loc[present]
    first = len(model.plan.terms) - len(model.params)
    whole = model.plan.prepare(kept[list(columns.covariates)], complete=True, response=False).matrix()[first:]
    x = (whole.T - fit.centre) / fit.scale
    offset = np.zeros(len(kept))
    if columns.offset:
        offset = numbers_of(kept[columns.offset], name=columns.offset, part="offset") - fit.offset_centre
    return x, offset, _strata(model, kept) if strata else np.zeros(len(kept), dtype=np.int64), present


def _strata(model: "CoxResult", frame: pd.DataFrame) -> IntArray:
    columns = model.columns.strata
    if not columns or frame.empty:
        return np.zeros(len(frame), dtype=np.int64)
    parts = [frame[name].map(lambda value, name=name: f"{name}={value}") for name in columns]
    names = parts[0].astype(object)
    for part in parts[1:]:
        names = names + ", " + part.astype(object)
    found = pd.Index(model.likelihood.strata).get_indexer(pd.Index(names))
    if (found < 0).any():
        raise ModelInputError(
            f"a stratum has no baseline hazard; {int((found < 0).sum()):,} rows are in strata by "
            f"{', '.join(columns)} that the model does not know. Leave these rows out, or fit the model with them."
        )
    return found.astype(np.int64)
