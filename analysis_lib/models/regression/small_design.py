"""Rows of a formula, in memory as one matrix: for the models whose data are small."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_columns
from analysis_lib.models.regression.collinearity import refuse_collinear_matrix
from analysis_lib.models.rows import Data, DesignPlan, Rows, design_plan, open_rows, parse_formula

__all__ = ["INTERCEPT", "SmallDesign", "numbered", "refuse_unfit", "small_design"]

FloatArray = npt.NDArray[np.float64]
INTERCEPT = "Intercept"
_LARGEST = 1e100


@dataclass(frozen=True, eq=False)
class SmallDesign:
    """All complete cases of a formula.

    Attributes
    ----------
    plan : DesignPlan
        Terms, words, levels, exclusions.
    matrix : ndarray of float64, shape (n, p)
        The design, one column per term.
    response : ndarray of float64, shape (n,)
        The left side.
    extra : DataFrame
        The other columns asked for, same rows.
    persons : dict of str to int
        Distinct persons in total.
    """

    plan: DesignPlan
    matrix: FloatArray
    response: FloatArray
    extra: pd.DataFrame
    persons: dict[str, int]

    @property
    def terms(self) -> list[str]:
        """Names of the columns."""
        return list(self.plan.terms)

    @property
    def words(self) -> tuple[str, ...]:
        """The same for readers."""
        return self.plan.words

    @property
    def levels(self) -> Mapping[str, tuple[str, ...]]:
        """Levels of each category, the reference first."""
        return self.plan.levels


def small_design(
    formula: str, data: Data, *, extra: Sequence[str] = (), most_numbers: int = 200_000_000
) -> SmallDesign:
    """Read a formula's rows into memory.

    Parameters
    ----------
    formula : str
        Such as ``"y ~ x + C(sex)"``.
    data : DataFrame, Dask frame, Features or path
        What `open_rows` takes.
    extra : sequence of str, optional
        Further columns: clusters, strata, offsets.
    most_numbers : int, default 200,000,000
        Rows times columns that are read at most.

    Returns
    -------
    SmallDesign
        Complete cases in their original order.

    Raises
    ------
    ModelInputError
        If the formula or the data cannot be used, or are too large for the memory.
    """
    rows = open_rows(data)
    parsed = parse_formula(formula, rows.columns)
    wanted = checked_columns(list(dict.fromkeys(extra)), rows.columns)
    plan = design_plan(
        parsed.right,
        rows,
        response=parsed.response,
        response_columns=parsed.response_columns,
        columns=parsed.columns,
        extra=wanted,
    )
    if plan.n * len(plan.terms) > most_numbers:
        raise ModelInputError(
            f"this model is for data that fit into memory; found {plan.n:,} rows of {len(plan.terms)} columns. Use glm "
            "with cluster=, or a sample."
        )
    matrices, responses, extras, persons = [], [], [], []
    person = rows.person_column
    for frame in _frames(rows, plan, person=person):
        found = plan.prepare(frame[list(plan.columns)])
        matrices.append(found.matrix().T)
        responses.append(found.response)
        complete = frame[frame[list(plan.columns)].notna().all(axis=1)]
        extras.append(complete[wanted])
        persons.append(complete[person] if person else None)
    count = plan.n if person is None else int(pd.concat(persons).nunique())
    matrix, response = np.ascontiguousarray(np.concatenate(matrices)), np.concatenate(responses)
    if not max(np.abs(matrix).max(initial=0.0), np.abs(response).max(initial=0.0)) < _LARGEST:
        raise ModelInputError(
            f"a regression takes numbers up to {_LARGEST:g}, whose squares can be added up; found larger ones. Use "
            "another unit."
        )
    return SmallDesign(
        plan=plan,
        matrix=matrix,
        response=response,
        extra=pd.concat(extras, ignore_index=True) if wanted else pd.DataFrame(index=range(plan.n)),
        persons={"all": count},
    )


def _frames(rows: Rows, plan: DesignPlan, *, person: str | None) -> "list[pd.DataFrame]":
    names = [*plan.columns, *([person] if person and person not in plan.columns else [])]
    return list(rows.read(names))


def numbered(column: pd.Series, *, name: str, sort: bool = False) -> tuple[npt.NDArray[np.intp], pd.Index]:
    """Number the groups of a column.

    Parameters
    ----------
    column : Series
        Labels of any kind.
    name : str
        The column.
    sort : bool, default False
        Whether groups are numbered by value, not by appearance.

    Returns
    -------
    numbers : ndarray of int, shape (n,)
        Group of each row.
    known : Index
        Labels in that order.

    Raises
    ------
    ModelInputError
        If the labels cannot be told apart or put in order.
    """
    try:
        codes, known = pd.factorize(column, sort=sort)
    except TypeError as error:
        raise ModelInputError(
            f"groups must be numbers or texts of one kind; column '{name}' is {column.dtype} with others among them. "
            "Convert it to text."
        ) from error
    return codes, pd.Index(known)


def refuse_unfit(matrix: FloatArray, terms: Sequence[str]) -> None:
    """Refuse a design with too few rows, or with columns that the ones before them give.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, p)
        The design.
    terms : sequence of str
        Its columns.

    Raises
    ------
    ModelInputError
        If the coefficients cannot be told apart.
    """
    if len(matrix) <= len(terms):
        raise ModelInputError(
            f"there must be more rows than coefficients; found {len(matrix):,} rows and {len(terms)} coefficients. Use "
            "fewer covariates."
        )
    centred = matrix - matrix.mean(axis=0) if INTERCEPT in terms else matrix.copy()
    if INTERCEPT in terms:
        centred[:, list(terms).index(INTERCEPT)] = 1.0
    refuse_collinear_matrix(np.ascontiguousarray(centred.T), terms)
