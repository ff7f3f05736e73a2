"""Propensity scores: how likely each person was to be treated, given what was known before."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_columns
from analysis_lib.models.effectiveness.propensity_scores import PropensityScores
from analysis_lib.models.regression.glm import glm
from analysis_lib.models.regression.penalised import ElasticNetResult, elastic_net, elastic_net_matrix
from analysis_lib.models.rows.design import columns_inside_c
from analysis_lib.models.rows.formula import parse_formula
from analysis_lib.models.rows.source import Data, open_rows

if TYPE_CHECKING:
    import scipy.sparse as sp

__all__ = ["propensity_score", "propensity_score_matrix"]

_SOURCE = "Rosenbaum P. R., Rubin D. B. (1983). Biometrika 70(1), 41-55"


def propensity_score(
    formula: str,
    data: Data,
    *,
    model: Literal["logistic", "lasso"] = "logistic",
    folds: int = 10,
    seed: int = 0,
) -> PropensityScores:
    """Estimate propensity scores [1]_ from a formula.

    Parameters
    ----------
    formula : str
        Such as ``"treated ~ age + C(sex)"``; the left side is one column, bool or 0/1.
    data : DataFrame, Dask frame, Features or path
        One row per person; kept in memory with all its columns, so that outcomes come along. Rows with a missing value
        in a column of the formula are left out and counted.
    model : {"logistic", "lasso"}, default "logistic"
        Maximum likelihood, or the lasso with its penalty chosen by cross-validation.
    folds : int, default 10
        Folds of that cross-validation.
    seed : int, default 0
        Seed of the folds.

    Returns
    -------
    PropensityScores
        To look at, trim, stratify, match or weight by.

    Raises
    ------
    ModelInputError
        If the data cannot be used.
    ConvergenceError
        If the model has no estimate, as when a covariate foretells the treatment.

    References
    ----------
    .. [1] Rosenbaum P. R., Rubin D. B. (1983). The central role of the propensity score in observational studies for
       causal effects. Biometrika 70(1), 41-55.
    """
    checked_choice(model, "model", known=("logistic", "lasso"))
    rows = open_rows(data)
    parsed = parse_formula(formula, rows.columns)
    treatment = parsed.response
    checked_columns([treatment], rows.columns)
    if not parsed.columns:
        raise ModelInputError(
            "a propensity score needs covariates; found none in the formula. Name what was known before treatment."
        )
    frame = rows.frame(rows.columns)
    used = [treatment, *parsed.columns]
    complete = frame[used].notna().all(axis=1)
    kept = frame.loc[complete].reset_index(drop=True)
    kept.attrs = frame.attrs
    treated = _arm(kept[treatment], treatment)
    if model == "logistic":
        fitted = glm(formula, kept, family="binomial")
        score = fitted.predict(kept)["mean"].to_numpy()
        made: Any = fitted
    else:
        made = elastic_net(formula, kept, folds=folds, seed=seed)
        score = made.predict(kept)
    return PropensityScores.of(
        kept,
        treated,
        score=score,
        treatment=treatment,
        covariates=tuple(name for name in parsed.columns),
        matrix=None,
        names=(),
        categories=columns_inside_c(parsed.right, parsed.columns),
        model=made,
        n_before=len(frame),
        exclusions={f"{name} missing": int(frame[name].isna().sum()) for name in used if frame[name].isna().any()},
        method=f"propensity score by {'maximum likelihood' if model == 'logistic' else 'lasso'} logistic regression",
        source=_SOURCE,
        settings={"formula": formula, "model": model, "folds": folds, "seed": seed},
    )


def propensity_score_matrix(
    matrix: "sp.sparray",
    treatment: str,
    *,
    data: pd.DataFrame,
    names: Sequence[str],
    always_in: Sequence[str] = (),
    folds: int = 10,
    seed: int = 0,
    at: Literal["min", "1se"] = "min",
    n_lambdas: int = 100,
    smallest_share: float | None = None,
    penalty_factors: Mapping[str, float] | None = None,
) -> PropensityScores:
    """Estimate propensity scores by lasso on thousands of sparse covariates.

    Parameters
    ----------
    matrix : scipy.sparse array, shape (n, p)
        Covariates, such as the ``matrix`` of every concept recorded before the index date.
    treatment : str
        Column of `data` with the arm, bool or 0/1.
    data : DataFrame
        The same n rows, with what comes along: persons, outcomes.
    names : sequence of str
        A name for each covariate.
    always_in : sequence of str, optional
        Covariates without a penalty.
    folds : int, default 10
        Folds of the cross-validation, by person where `data` names persons.
    seed : int, default 0
        Seed of the folds.
    at : {"min", "1se"}, default "min"
        Which penalty.
    n_lambdas : int, default 100
        Penalties on the path, at most.
    smallest_share : float, optional
        The smallest penalty divided by the largest.
    penalty_factors : mapping of str to float, optional
        Multiplies the penalty of a covariate.

    Returns
    -------
    PropensityScores
        To look at, trim, stratify, match or weight by.

    Raises
    ------
    ModelInputError
        If the data cannot be used.
    """
    checked_choice(at, "at", known=("min", "1se"))
    rows = open_rows(data)
    checked_columns([treatment], rows.columns)
    frame = rows.frame(rows.columns)
    treated = _arm(frame[treatment], treatment)
    persons = frame[rows.person_column].to_numpy() if rows.person_column else None
    made: ElasticNetResult = elastic_net_matrix(
        matrix,
        treated.astype(np.float64),
        names=names,
        persons=persons,
        folds=folds,
        seed=seed,
        n_lambdas=n_lambdas,
        smallest_share=smallest_share,
        penalty_factors={**(penalty_factors or {}), **dict.fromkeys(always_in, 0.0)},
    )
    return PropensityScores.of(
        frame,
        treated,
        score=made.predict(matrix, at=at),
        treatment=treatment,
        covariates=(),
        matrix=matrix,
        names=tuple(str(name) for name in names),
        model=made,
        n_before=len(frame),
        exclusions={},
        method=f"propensity score by lasso logistic regression on {len(made.terms):,} covariates, lambda.{at}",
        source=_SOURCE,
        settings={"treatment": treatment, "folds": folds, "seed": seed, "at": at},
    )


def _arm(column: pd.Series, name: str) -> npt.NDArray[np.bool_]:
    if pd.api.types.infer_dtype(column, skipna=False) == "boolean":  # objects in a column that had gaps
        column = column.astype(bool)
    is_number = pd.api.types.is_numeric_dtype(column.dtype)
    if not is_number or column.isna().any() or not np.isin(column.to_numpy(dtype=np.float64), (0.0, 1.0)).all():
        raise ModelInputError(
            f"the treatment must be bool or 0/1 in every row; column '{name}' is {column.dtype} or holds others. "
            f"Compare it first: data['{name}'] == 'celecoxib'."
        )
    treated = column.to_numpy(dtype=np.float64) == 1.0
    if treated.all() or not treated.any():
        raise ModelInputError(
            f"both arms are needed; found {int(treated.sum()):,} treated of {treated.size:,} in column '{name}'. Look "
            "at how the cohorts were joined."
        )
    return np.asarray(treated)
