"""Residuals of a Cox model, as tables."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.survival.cox_regression.event_means import score_residuals
from analysis_lib.models.survival.cox_regression.fitted import FittedCox
from analysis_lib.models.survival.cox_regression.partial_likelihood import Ties
from analysis_lib.models.survival.cox_regression.schoenfeld import schoenfeld_residuals

__all__ = ["ResidualKind", "residuals_of"]

FloatArray = npt.NDArray[np.float64]
ResidualKind = Literal["martingale", "deviance", "score", "dfbeta", "schoenfeld", "scaled schoenfeld"]


def residuals_of(
    fit: FittedCox, kind: ResidualKind, *, terms: list[str], ties: Ties, covariance: pd.DataFrame
) -> pd.DataFrame:
    """Work out residuals; see `CoxResult.residuals`.

    Parameters
    ----------
    fit : FittedCox
        The model.
    kind : str
        Which residuals.
    terms : list of str
        Names of the coefficients.
    ties : {"efron", "breslow", "exact"}
        Handling of tied event times.
    covariance : DataFrame
        Inverse of the information, on the scale of the data.

    Returns
    -------
    DataFrame
        Indexed by the number of the row.

    Raises
    ------
    ModelInputError
        If there are none where ties are exact.
    """
    if kind in {"martingale", "deviance"}:
        values = martingale_residuals(fit)
        if kind == "deviance":
            values = _made_symmetric(values, fit.likelihood.sets.died)
        return _by_row(fit, {kind: values})
    if ties == "exact":
        raise ModelInputError(
            f'there are no {kind} residuals where ties are exact; found ties="exact". Use ties="efron".'
        )
    if kind in {"score", "dfbeta"}:
        share = np.empty((fit.likelihood.sets.last.size, len(terms)))
        for row, block in score_residuals(fit.likelihood, fit.at_top):
            share[row : row + block.shape[1]] = block.T * fit.scale
        if kind == "dfbeta":
            share = share @ covariance.to_numpy()
        elif fit.likelihood.weight is not None:
            with np.errstate(invalid="ignore"):
                share = np.nan_to_num(share / fit.likelihood.weight[:, None])
        return _by_row(fit, dict(zip(terms, share.T, strict=True)))
    found = schoenfeld_residuals(fit)
    residual = found.residual * fit.scale
    if kind == "scaled schoenfeld":
        residual = residual @ covariance.to_numpy() * len(residual) + fit.top.point / fit.scale
    sets = fit.likelihood.sets
    frame = pd.DataFrame(residual, columns=terms)
    frame.insert(0, "time", sets.times[found.position], allow_duplicates=True)
    frame.insert(
        0, "stratum", np.asarray(fit.strata, dtype=object)[sets.stratum[found.position]], allow_duplicates=True
    )
    return frame.set_index(pd.Index(fit.numbers[found.row], name="row"))


def martingale_residuals(fit: FittedCox) -> FloatArray:
    """Subtract the expected events of each row from those that happened.

    Parameters
    ----------
    fit : FittedCox
        The model.

    Returns
    -------
    ndarray of float64, shape (n,)
        Rows of the likelihood, without case weights.
    """
    sets, case = fit.likelihood.sets, fit.likelihood.weight
    expected = fit.likelihood.exposures(fit.at_top)(slice(None))
    if case is not None:
        expected = np.divide(expected, case, out=np.zeros_like(expected), where=case > 0)
    return np.asarray(sets.died - expected)


def _made_symmetric(martingale: FloatArray, died: npt.NDArray[np.bool_]) -> FloatArray:
    log = np.log(np.where(died, died - martingale, 1.0))
    return np.asarray(np.sign(martingale) * np.sqrt(np.maximum(-2 * (martingale + log), 0.0)))


def _by_row(fit: FittedCox, columns: dict[str, FloatArray]) -> pd.DataFrame:
    index = pd.Index(fit.numbers, name="row")
    return pd.DataFrame(columns, index=index).sort_index()
