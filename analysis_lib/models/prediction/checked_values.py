"""Checks of the columns that predictions are judged by: outcomes, risks, weights, groups and persons."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import one_value_a_cell
from analysis_lib.models.rows.source import known_persons
from analysis_lib.tables import level_in_words

__all__ = [
    "ALL",
    "binary_column",
    "check_one_risk",
    "checked_number",
    "complete_cases",
    "group_numbers",
    "number_column",
    "person_numbers",
    "risk_column",
    "weight_column",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

#: The row of a result that is about everybody.
ALL = "all"
#: More groups than this are a mistake: an id or a measurement was named.
MOST_GROUPS = 50


def complete_cases(frame: pd.DataFrame, names: Sequence[str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Leave out the rows that lack a value.

    Parameters
    ----------
    frame : DataFrame
        All rows.
    names : sequence of str
        Columns that must not be missing.

    Returns
    -------
    frame : DataFrame
        The complete rows, with a fresh index.
    exclusions : dict of str to int
        Rows left out, by reason.

    Raises
    ------
    ModelInputError
        If no row is left.
    """
    missing = frame[list(names)].isna()
    exclusions = {f"{name} missing": int(missing[name].sum()) for name in names if missing[name].any()}
    kept = frame[~missing.any(axis=1)] if exclusions else frame
    if kept.empty:
        found = f"{len(frame):,} rows, all of them with a missing value" if len(frame) else "an empty table"
        raise ModelInputError(f"no row is left to analyse; found {found}. Check how the columns were made.")
    return kept.reset_index(drop=True), exclusions


def binary_column(column: pd.Series, *, name: str) -> BoolArray:
    """Read who had the outcome.

    Parameters
    ----------
    column : Series
        Without missing values.
    name : str
        Its name, for messages.

    Returns
    -------
    ndarray of bool
        True where it happened.

    Raises
    ------
    ModelInputError
        If it is neither bool nor 0/1.
    """
    column = column.infer_objects()  # bools beside missing values are objects, also once these are gone
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=np.bool_)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise ModelInputError(
            f"the outcome must be bool or 0/1; column '{name}' is {column.dtype}. Compare it first: "
            f"data['{name}'] == 'yes'."
        )
    values = column.to_numpy(dtype=np.float64)
    wrong = ~np.isin(values, (0.0, 1.0))
    if wrong.any():
        raise ModelInputError(
            f"the outcome must be bool or 0/1; column '{name}' holds other numbers in {int(wrong.sum()):,} rows. "
            f"R's coding 1/2 becomes data['{name}'] == 2."
        )
    return np.asarray(values == 1.0, dtype=np.bool_)


def number_column(column: pd.Series, *, name: str) -> FloatArray:
    """Read finite numbers.

    Parameters
    ----------
    column : Series
        Without missing values.
    name : str
        Its name, for messages.

    Returns
    -------
    ndarray of float64
        The numbers.

    Raises
    ------
    ModelInputError
        If they are no numbers or not finite.
    """
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_complex_dtype(column.dtype):
        raise ModelInputError(f"column '{name}' must hold numbers; found {column.dtype}. Convert it first.")
    values = np.ascontiguousarray(column.to_numpy(dtype=np.float64))
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise ModelInputError(f"column '{name}' must be finite; found {bad:,} infinite values. Look how it was made.")
    return values


def risk_column(column: pd.Series, *, name: str, probabilities: bool) -> FloatArray:
    """Read predicted risks.

    Parameters
    ----------
    column : Series
        Without missing values.
    name : str
        Its name, for messages.
    probabilities : bool
        Whether they must lie in [0, 1].

    Returns
    -------
    ndarray of float64
        The risks.

    Raises
    ------
    ModelInputError
        If they are no finite numbers, or lie outside [0, 1].
    """
    values = number_column(column, name=name)
    outside = int(((values < 0) | (values > 1)).sum()) if probabilities else 0
    if outside:
        raise ModelInputError(
            f"a predicted risk must lie between 0 and 1; column '{name}' has {outside:,} values outside. Turn scores "
            "and log odds into probabilities first; `roc` and `precision_recall` take any number."
        )
    return values


def check_one_risk(risk: object) -> None:
    """Refuse several predictions, and the risks themselves, where one column is judged.

    Parameters
    ----------
    risk : object
        What the caller gave.

    Raises
    ------
    ModelInputError
        If it is no name.
    """
    if isinstance(risk, list | tuple):
        raise ModelInputError(
            f"one prediction is judged at a time; found {len(risk)} columns in risk=. Call it once for each; "
            "`decision_curve` and `area_difference` compare several."
        )
    if not isinstance(risk, str):
        raise ModelInputError(
            f"risk must be the name of a column; found {type(risk).__name__}. Put the risks into the data first: "
            "data.assign(risk=...)."
        )


def weight_column(column: pd.Series, *, name: str, whole: bool) -> FloatArray:
    """Read weights.

    Parameters
    ----------
    column : Series
        Without missing values.
    name : str
        Its name, for messages.
    whole : bool
        Whether they must be whole numbers.

    Returns
    -------
    ndarray of float64
        The weights, >= 0.

    Raises
    ------
    ModelInputError
        If one is negative, all are 0, or one is a fraction where it may not be.
    """
    values = number_column(column, name=name)
    if (values < 0).any():
        raise ModelInputError(
            f"weights must be >= 0; column '{name}' is negative in {int((values < 0).sum()):,} rows. Look how the "
            "weights were made."
        )
    if not (values > 0).any():
        raise ModelInputError(f"a weight must be > 0 somewhere; column '{name}' holds zeros only. Look at the weights.")
    parts = int((values != np.floor(values)).sum()) if whole else 0
    if parts:
        raise ModelInputError(
            f"frequency weights count rows; column '{name}' holds fractions in {parts:,} rows. Say "
            "weight_kind='sampling' for weights such as inverse probabilities."
        )
    return values


def group_numbers(column: pd.Series, *, name: str) -> tuple[IntArray, tuple[str, ...]]:
    """Number the groups.

    Parameters
    ----------
    column : Series
        Without missing values.
    name : str
        Its name, for messages.

    Returns
    -------
    numbers : ndarray of int64
        Group of each row.
    names : tuple of str
        In a category's own order, else sorted.

    Raises
    ------
    ModelInputError
        If there are more groups than can be told apart, or one is called as everybody is.
    """
    codes, known = pd.factorize(one_value_a_cell(column), sort=True)
    if len(known) > MOST_GROUPS:
        raise ModelInputError(
            f"groups are compared a few at a time; column '{name}' makes {len(known):,}, the most is {MOST_GROUPS}. "
            "Is it a measurement? Cut it into groups first, with pd.cut."
        )
    names = tuple(level_in_words(level) for level in known)
    if ALL in names or len(set(names)) < len(names):
        raise ModelInputError(
            f"each group needs a name of its own, other than '{ALL}'; column '{name}' has two that read alike. Rename "
            "one."
        )
    return codes.astype(np.int64), names


def person_numbers(column: pd.Series | None, *, n: int) -> tuple[IntArray | None, int]:
    """Number the persons, where some have several rows.

    Parameters
    ----------
    column : Series or None
        Whose each row is; None where each row is a person.
    n : int
        Rows.

    Returns
    -------
    numbers : ndarray of int64, or None
        None where nobody has two rows.
    n_persons : int
        Distinct persons.

    Raises
    ------
    ModelInputError
        If a row does not say whose it is.
    """
    if column is None:
        return None, n
    codes, known = pd.factorize(known_persons(column))
    return (None if len(known) == n else codes.astype(np.int64)), len(known)


def checked_number(value: float, name: str, *, low: float, high: float) -> float:
    """Refuse a number outside an open range.

    Parameters
    ----------
    value : float
        What the caller gave.
    name : str
        The argument.
    low, high : float
        It must lie between.

    Returns
    -------
    float
        `value`.

    Raises
    ------
    ModelInputError
        If it is no number, or lies outside.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise ModelInputError(f"{name} must be a number; found {type(value).__name__}. Give one number.")
    if not low < value < high:
        raise ModelInputError(f"{name} must lie between {low:g} and {high:g}; found {value:g}. Choose another.")
    return float(value)
