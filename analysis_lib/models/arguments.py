"""Checks of arguments that several functions of this room share, and how their messages list names."""

import difflib
from collections.abc import Callable, Hashable, Sequence
from functools import wraps
from numbers import Real
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError

__all__ = [
    "checked_choice",
    "checked_columns",
    "checked_kind",
    "checked_level",
    "checked_number",
    "checked_numbers",
    "checked_parts",
    "columns_by_name",
    "in_percent",
    "listed",
    "one_value_a_cell",
]

P = ParamSpec("P")
R = TypeVar("R")

#: Arguments that name columns, wherever they occur.
_COLUMNS = frozenset(
    {"age", "birth", "by", "cluster", "covariates", "entry", "event", "exposure", "frequency_weights", "n"}
    | {"n_events", "offset", "outcome", "predictors", "sampling_weights", "start", "strata", "subgroups", "time"}
    | {"treatment", "weights"}
)

#: A message names this many columns of the data, not the thousands that some have.
MOST_COLUMNS = 30


def checked_choice(value: str, name: str, *, known: Sequence[str]) -> str:
    """Refuse a word that is none of the known ones.

    Parameters
    ----------
    value : str
        What the caller gave.
    name : str
        The argument.
    known : sequence of str
        What it may be.

    Returns
    -------
    str
        `value`.

    Raises
    ------
    ModelInputError
        If `value` is not known.
    """
    if value not in known:
        raise ModelInputError(f"{name} must be one of {listed(known)}; found {value!r}. Use one of these.")
    return value


def columns_by_name(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function refuse values where it takes the name of a column, before a message can print them.

    Parameters
    ----------
    function : callable
        With arguments that name columns, by keyword.

    Returns
    -------
    callable
        The same, with that check.
    """

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        for name in _COLUMNS.intersection(kwargs):
            value = kwargs[name]
            if isinstance(value, pd.Series | pd.DataFrame) or (
                isinstance(value, np.ndarray) and value.dtype.kind not in "OUT"
            ):
                raise ModelInputError(
                    f"{name} names a column of the data; found values, in a {type(value).__name__}. Put them into the "
                    f"data, data.assign({name}=...), and write {name}='{name}'."
                )
        return function(*args, **kwargs)

    return checked


def checked_columns(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Refuse a column that the data lack.

    Parameters
    ----------
    names : sequence of str
        Columns asked for.
    known : sequence of str
        Columns of the data.

    Returns
    -------
    list of str
        `names`.

    Raises
    ------
    ModelInputError
        If one is not known; the nearest known name is suggested. If one is no name, but values.
    """
    for name in names:
        if not isinstance(name, Hashable):
            raise ModelInputError(
                f"one column is named here, as text; found a {type(name).__name__}. Put values, or what joins several "
                "columns, into the data as a column, and give its name."
            )
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"Did you mean '{near[0]}'? " if near else ""
            more = f" and {len(known) - MOST_COLUMNS:,} more" if len(known) > MOST_COLUMNS else ""
            raise ModelInputError(
                f"there is no column '{name}'; found {', '.join(known[:MOST_COLUMNS])}{more}. {hint}Name a column of "
                "the data."
            )
    return list(names)


def checked_parts(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Refuse unknown columns, and a column that plays two parts in one analysis.

    Parameters
    ----------
    names : sequence of str
        Columns asked for, one per part: time, event, groups and so on.
    known : sequence of str
        Columns of the data.

    Returns
    -------
    list of str
        `names`.

    Raises
    ------
    ModelInputError
        If one is not known or named twice.
    """
    checked = checked_columns(names, known)
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if list(names).count(name) > 1})
        raise ModelInputError(
            f"a column has two parts to play; found {', '.join(twice)} more than once among time, event, groups and "
            "covariates. Name each column once."
        )
    return checked


def checked_level(level: Any) -> float:
    """Refuse a coverage outside (0, 1).

    Parameters
    ----------
    level : float
        Coverage of an interval.

    Returns
    -------
    float
        `level`.

    Raises
    ------
    ModelInputError
        If it is 0 or less, 1 or more, or no number.
    """
    if not isinstance(level, Real):
        raise ModelInputError(f"level must be a number; found {type(level).__name__}. For 95 % write 0.95.")
    if not 0 < float(level) < 1:
        raise ModelInputError(f"level must lie between 0 and 1; found {level:g}. For 95 % write 0.95.")
    return float(level)


def checked_number(value: Any, name: str) -> float:
    """Refuse what is no number.

    Parameters
    ----------
    value : float
        What the caller gave.
    name : str
        The argument.

    Returns
    -------
    float
        `value`.

    Raises
    ------
    ModelInputError
        If it is text, a column, or nothing.
    """
    if not isinstance(value, Real):
        raise ModelInputError(f"{name} must be a number; found {type(value).__name__}. Give one.")
    return float(value)


def checked_numbers(values: Any, name: str) -> npt.NDArray[np.float64]:
    """Refuse what are no numbers.

    Parameters
    ----------
    values : array-like of float
        What the caller gave.
    name : str
        The argument.

    Returns
    -------
    ndarray of float64
        `values`.

    Raises
    ------
    ModelInputError
        If they cannot be read as numbers.
    """
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ModelInputError(f"{name} must be numbers; found others. Convert them first.") from None


def checked_kind(value: object, name: str, *, kind: type | tuple[type, ...], hint: str) -> None:
    """Refuse an object that is none of what an argument takes; None passes.

    Parameters
    ----------
    value : object
        What the caller gave.
    name : str
        The argument.
    kind : type or tuple of type
        What it may be.
    hint : str
        What to give instead, as a sentence without a full stop.

    Raises
    ------
    ModelInputError
        If it is something else.
    """
    if value is not None and not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        raise ModelInputError(
            f"{name} must be {' or '.join(each.__name__ for each in kinds)}; found {type(value).__name__}. {hint}."
        )


def one_value_a_cell(column: pd.Series) -> pd.Series:
    """Refuse a column whose cells hold several values: such have no levels.

    Parameters
    ----------
    column : Series
        Of any type, under its name.

    Returns
    -------
    Series
        `column`.

    Raises
    ------
    ModelInputError
        If a cell holds a list, a mapping or an array.
    """
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) == "mixed":
        several = next((type(cell).__name__ for cell in column if not isinstance(cell, Hashable)), "")
        if several:
            raise ModelInputError(
                f"a cell holds one value; column '{column.name}' has a {several} in some. Make a column of what is "
                "meant, such as the first element."
            )
    return column


def in_percent(level: float) -> str:
    """Write a coverage as it was asked for: 0.995 is "99.5%", never rounded to a level nobody chose.

    Parameters
    ----------
    level : float
        In (0, 1).

    Returns
    -------
    str
        With the percent sign.
    """
    return f"{100 * level:g}%"


def listed(names: Sequence[str], *, limit: int = 8) -> str:
    """Write names for a message, the first few only.

    Parameters
    ----------
    names : sequence of str
        Column or term names.
    limit : int, default 8
        How many to write out.

    Returns
    -------
    str
        Such as ``'age', 'sex' and 3 more``.
    """
    shown = ", ".join(f"'{name}'" for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
