"""The rows that a penalised fit uses: read from a design or taken from arrays, and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_columns, listed
from analysis_lib.models.regression.penalised.columns import Columns, DenseColumns, SparseColumns
from analysis_lib.models.regression.penalised.partial_likelihood import FollowUp, order_of_risk_sets
from analysis_lib.models.rows.design import DesignPlan

__all__ = ["Cases", "checked_cases", "columns_of", "labels_of", "named", "numbers_of", "read_design"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cases:
    """The rows that are fitted.

    Attributes
    ----------
    columns : Columns
        Covariates.
    terms : tuple of str
        Their names.
    response, weights, offset : ndarray of float64, shape (n,)
        Outcome; weight, > 0; known part of the linear predictor.
    factors : ndarray of float64, shape (p,)
        Penalty factors.
    persons : ndarray, shape (n,)
        Whose each row is.
    fold : ndarray, shape (n,), or None
        Fold of each row, where given.
    follow_up : FollowUp or None
        For Cox's model; rows are then in the order of its risk sets.
    """

    columns: Columns
    terms: tuple[str, ...]
    response: FloatArray
    weights: FloatArray
    offset: FloatArray
    factors: FloatArray
    persons: npt.NDArray[Any]
    fold: npt.NDArray[Any] | None
    follow_up: FollowUp | None = None


def read_design(plan: DesignPlan, parts: Sequence[Any]) -> tuple[Columns, FloatArray, pd.DataFrame]:
    """Read a design into memory.

    Parameters
    ----------
    plan : DesignPlan
        The design.
    parts : sequence of callable
        Each reads its rows.

    Returns
    -------
    columns : Columns
        Covariates, without the intercept.
    response : ndarray of float64, shape (n,)
        Outcome; missing where the plan has none.
    others : DataFrame
        The other columns, such as weights.

    Raises
    ------
    ModelInputError
        If there is no intercept or no covariate.
    """
    if "Intercept" not in plan.terms:
        raise ModelInputError("a penalised model has an intercept; found a formula without. Take '- 1' or '+ 0' out.")
    inside = [index for index, term in enumerate(plan.terms) if term != "Intercept"]
    if not inside:
        raise ModelInputError("a penalised model needs a covariate; found none. Name one on the right side.")
    values, response = np.empty((len(inside), plan.n)), np.empty(plan.n)
    others: list[pd.DataFrame] = []
    first = 0
    for part in parts:
        ready = plan.prepare(part(plan.columns))
        last = first + ready.size
        values[:, first:last] = ready.matrix()[inside]
        response[first:last] = ready.response if plan.response else np.nan
        others.append(pd.DataFrame(dict(ready.extra)))
        first = last
    return DenseColumns(values), response, pd.concat(others, ignore_index=True)


def columns_of(matrix: Any) -> Columns:
    """Take a matrix as covariates; a sparse one stays sparse.

    Parameters
    ----------
    matrix : scipy.sparse array or ndarray
        Numbers, finite.

    Returns
    -------
    Columns
        A copy.

    Raises
    ------
    ModelInputError
        If it is no matrix of finite numbers.
    """
    import scipy.sparse as sp

    if not (sp.issparse(matrix) or isinstance(matrix, np.ndarray)) or matrix.ndim != 2:
        raise ModelInputError(
            f"the matrix must have rows and columns; found {type(matrix).__name__}. Give a scipy.sparse or numpy array."
        )
    if 0 in matrix.shape:
        raise ModelInputError(f"the matrix must not be empty; found shape {matrix.shape}. Look at how it was made.")
    if np.dtype(matrix.dtype).kind not in "biuf":
        raise ModelInputError(f"the matrix must hold numbers; found {matrix.dtype}. Convert it to float64.")
    sparse = sp.issparse(matrix)
    found: Any = sp.csc_array(matrix, dtype=np.float64) if sparse else np.array(matrix.T, dtype=np.float64, order="C")
    cells = found.data if sparse else found
    if not np.isfinite(cells).all():
        raise ModelInputError(
            f"covariates must be finite and not missing; found {int((~np.isfinite(cells)).sum()):,} cells that are "
            "not. Fill or leave out, and say so."
        )
    if not sparse:
        return DenseColumns(found)
    if not found.has_canonical_format or (found.data == 0).any():
        found = found.copy()  # the caller's own stays as it is
        found.sum_duplicates()
        found.eliminate_zeros()
    return SparseColumns(found)


def named(names: Sequence[str], p: int) -> tuple[str, ...]:
    """Check the names of covariates.

    Parameters
    ----------
    names : sequence of str
        Names.
    p : int
        Covariates.

    Returns
    -------
    tuple of str
        One for each, all different.

    Raises
    ------
    ModelInputError
        If there are too few or many, or one twice.
    """
    found = tuple(str(name) for name in names)
    if len(found) != p:
        raise ModelInputError(f"each covariate needs a name; found {len(found):,} names and {p:,} columns. Name all.")
    if len(set(found)) < p:
        raise ModelInputError(
            f"names must differ; found {p - len(set(found)):,} that are there more than once. Add the concept id."
        )
    return found


def labels_of(values: Any, name: str, *, n: int) -> npt.NDArray[Any]:
    """Check an array of labels, such as persons.

    Parameters
    ----------
    values : array of shape (n,)
        Labels.
    name : str
        The argument.
    n : int
        Rows.

    Returns
    -------
    ndarray, shape (n,)
        None missing.

    Raises
    ------
    ModelInputError
        If there is not one for each row.
    """
    found = np.asarray(values)
    if found.shape != (n,):
        raise ModelInputError(
            f"{name} must have one entry per row; found shape {found.shape} for {n:,} rows. Align them."
        )
    if pd.isna(found).any():
        raise ModelInputError(f"{name} must not be missing; found {int(pd.isna(found).sum()):,}. Fill or leave out.")
    return found


def numbers_of(values: Any, name: str, *, n: int) -> FloatArray:
    """Check an array of numbers, such as weights.

    Parameters
    ----------
    values : array of shape (n,)
        Numbers.
    name : str
        The argument.
    n : int
        Rows.

    Returns
    -------
    ndarray of float64, shape (n,)
        None missing.

    Raises
    ------
    ModelInputError
        If there is not one number for each row.
    """
    found = labels_of(values, name, n=n)
    if found.dtype.kind not in "biuf":
        raise ModelInputError(f"{name} must hold numbers; found {found.dtype}. Convert it first.")
    return found.astype(np.float64)


def checked_cases(
    columns: Columns,
    *,
    terms: tuple[str, ...],
    response: FloatArray,
    weights: FloatArray | None,
    offset: FloatArray | None,
    penalty_factors: Mapping[str, float] | None,
    persons: npt.NDArray[Any],
    fold: npt.NDArray[Any] | None,
    family: str,
    follow_up: FollowUp | None = None,
) -> Cases:
    """Check what goes with the covariates, leave out rows of weight 0, and order those of a Cox model.

    Parameters
    ----------
    columns : Columns
        Covariates.
    terms : tuple of str
        Their names.
    response : ndarray of float64
        Outcome.
    weights, offset : ndarray of float64 or None
        Ones and zeros when None.
    penalty_factors : mapping of str to float or None
        By term.
    persons : ndarray
        Whose each row is.
    fold : ndarray or None
        Fold of each row.
    family : str
        Distribution.
    follow_up : FollowUp, optional
        In the order of the rows, for Cox's model.

    Returns
    -------
    Cases
        Checked.

    Raises
    ------
    ModelInputError
        If one of them cannot be used.
    """
    factors = _factors(terms, penalty_factors or {})
    offset = np.zeros(columns.n) if offset is None else offset
    if not np.isfinite(offset).all():
        raise ModelInputError(
            f"the offset must be finite; it is not in {int((~np.isfinite(offset)).sum()):,} rows. Look at the "
            "logarithm that made it."
        )
    if weights is None:
        weights = np.ones(columns.n)
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ModelInputError(
            f"weights must be 0 or more and finite; found {int((~((weights >= 0) & (weights < np.inf))).sum()):,} that "
            "are not. Look at how they were made."
        )
    used = weights > 0
    if not used.any():
        raise ModelInputError("some weights must be more than 0; found none. Look at how they were made.")
    _refuse_too_large(columns, terms, weights=weights)
    cases = Cases(columns, terms, response, weights, offset, factors, persons, fold, follow_up)
    if not used.all():
        cases = _taken(cases, np.flatnonzero(used))
    if cases.follow_up is not None:
        cases = _taken(cases, order_of_risk_sets(cases.follow_up.time, cases.follow_up.stratum))
    _check_response(cases.response, family)
    if cases.follow_up is not None and not cases.follow_up.compares(cases.response):
        strata = np.unique(cases.follow_up.stratum).size
        raise ModelInputError(
            f"nobody is at risk beside somebody with the event; found {strata:,} strata of {cases.response.size:,} "
            "rows. Use coarser strata."
        )
    return cases


def _taken(cases: Cases, rows: npt.NDArray[np.int64]) -> Cases:
    """Take rows by their positions."""
    return replace(
        cases,
        columns=cases.columns.take(rows),
        response=cases.response[rows],
        weights=cases.weights[rows],
        offset=cases.offset[rows],
        persons=cases.persons[rows],
        fold=None if cases.fold is None else cases.fold[rows],
        follow_up=None if cases.follow_up is None else cases.follow_up.take(rows),
    )


def _factors(terms: tuple[str, ...], given: Mapping[str, float]) -> FloatArray:
    checked_columns(list(given), terms)
    wrong = [term for term, factor in given.items() if not factor >= 0]
    if wrong:
        raise ModelInputError(f"penalty factors must be 0 or more; found others for {listed(wrong)}. Use 0 to 1.")
    return np.array([float(given.get(term, 1.0)) for term in terms])


def _refuse_too_large(columns: Columns, terms: Sequence[str], *, weights: FloatArray) -> None:
    """Refuse covariates whose squares overflow: they would seem to say nothing."""
    with np.errstate(over="ignore", invalid="ignore"):
        _, spread = columns.moments(weights / weights.sum())
    if too_large := [term for term, value in zip(terms, spread, strict=True) if not np.isfinite(value)]:
        raise ModelInputError(
            f"a covariate's squares must be within double precision; found larger ones in {listed(too_large)}. "
            "Give it in a larger unit."
        )


def _check_response(response: FloatArray, family: str) -> None:
    if not np.isfinite(response).all():
        raise ModelInputError(
            f"the outcome must be finite; it is not in {int((~np.isfinite(response)).sum()):,} rows. Leave them out."
        )
    if family == "binomial" and not np.isin(response, (0.0, 1.0)).all():
        raise ModelInputError(
            f"the outcome of a logistic model must be bool or 0/1; found other numbers in "
            f"{int((~np.isin(response, (0.0, 1.0))).sum()):,} rows. Compare it first: data['arm'] == 'treated'."
        )
    if family == "poisson" and (response < 0).any():
        raise ModelInputError(
            f"counts must be 0 or more; found {int((response < 0).sum()):,} below. Look at how they were made."
        )
    if family == "cox":
        if not np.isin(response, (0.0, 1.0)).all():
            raise ModelInputError(
                f"the event must be 0/1; found other numbers in {int((~np.isin(response, (0.0, 1.0))).sum()):,} rows. "
                "Compare it first: outcome == 'bleed'."
            )
        if not response.any():
            raise ModelInputError(f"a Cox model needs events; found none in {response.size:,} rows. Look at the event.")
        return
    if response.size == 0 or response.min() == response.max():
        raise ModelInputError(
            f"the outcome must vary; found one value in all {response.size:,} rows. Look at how the rows were selected."
        )
