"""From a data frame to follow-up times and events: the checks that all survival methods share."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_parts
from analysis_lib.models.rows.source import Data, open_rows

__all__ = ["SurvivalRows", "event_flags", "follow_up_times", "merged_near_ties", "person_counts", "survival_rows"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Times nearer to each other than this, relative to their size, are one time: 57.3 - 50.1 and 7.2 differ in the last
#: bits, and would otherwise break a tie. R does the same, but relative to the mean of all times, and so takes
#: thousands of different times for ties where follow-up is heavily skewed or there are millions of rows.
TIE_TOLERANCE = 1e-9
#: More groups than this are a mistake: an id or a measurement was named.
MOST_GROUPS = 50


@dataclass(frozen=True)
class SurvivalRows:
    """The complete cases of one analysis.

    Attributes
    ----------
    time : ndarray of float64, shape (n,)
        Follow-up, > 0.
    event : ndarray of bool, shape (n,)
        Whether follow-up ended with the event.
    frame : DataFrame
        The same rows with the columns asked for, index dropped.
    persons : Series
        Whose each row is: the column ``subject_id`` or ``person_id`` where there is one, else each row is a person.
    exclusions : dict of str to int
        Rows left out by reason.
    n_excluded : int
        Rows left out, each counted once.
    """

    time: FloatArray
    event: BoolArray
    frame: pd.DataFrame
    persons: pd.Series
    exclusions: dict[str, int]
    n_excluded: int


def survival_rows(data: Data, *, time: str, event: str, others: Sequence[str] = ()) -> SurvivalRows:
    """Take the complete cases of `data` and check what no survival method can use.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per follow-up; what `open_rows` takes.
    time, event : str
        Columns with the length of follow-up (numbers or timedeltas, the latter in days) and with whether it ended
        with the event (bool or 0/1).
    others : sequence of str, optional
        Further columns that must not be missing.

    Returns
    -------
    SurvivalRows
        Rows in their original order.

    Raises
    ------
    ModelInputError
        If a column is unknown or of a type that cannot be used, a time is not positive, or no row is left.
    """
    rows = open_rows(data)
    wanted = checked_parts([time, event, *others], rows.columns)
    person = rows.person_column
    read = rows.frame([*wanted, *([person] if person and person not in wanted else [])])
    frame = read[wanted]
    missing = frame.isna()
    exclusions = {f"{name} missing": int(missing[name].sum()) for name in wanted if missing[name].any()}
    complete = ~missing.any(axis=1)
    kept = frame.loc[complete].reset_index(drop=True)
    if kept.empty:
        raise ModelInputError(
            f"no row is left to analyse; found {len(frame):,} rows, {len(frame) - len(kept):,} of them with a missing "
            "value. Check the attrition of the cohort and how the columns were made."
        )
    return SurvivalRows(
        time=merged_near_ties(follow_up_times(kept[time], name=time)),
        event=event_flags(kept[event], name=event),
        frame=kept,
        persons=_persons(read, person)[complete.to_numpy()].reset_index(drop=True),
        exclusions=exclusions,
        n_excluded=len(frame) - len(kept),
    )


def follow_up_times(column: pd.Series, *, name: str) -> FloatArray:
    """Read lengths of follow-up.

    Parameters
    ----------
    column : Series
        Numbers or timedeltas, none missing.
    name : str
        The column's name, for messages.

    Returns
    -------
    ndarray of float64, shape (n,)
        The lengths; timedeltas in days.

    Raises
    ------
    ModelInputError
        If they are of another type, infinite, or not positive.
    """
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        values = column.to_numpy() / np.timedelta64(1, "D")
    elif pd.api.types.is_any_real_numeric_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64)
    else:
        raise ModelInputError(
            f"follow-up must be a number or a timedelta; column '{name}' is {column.dtype}. "
            "Subtract the dates first: time = end date - index date."
        )
    lowest, highest = (float(values.min()), float(values.max())) if values.size else (1.0, 1.0)
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise ModelInputError(
            f"follow-up must be finite; column '{name}' has {int((~np.isfinite(values)).sum()):,} infinite values. "
            "Give open-ended follow-up its last observed day."
        )
    if lowest <= 0:
        raise ModelInputError(
            f"follow-up must be > 0; column '{name}' is zero in {int((values == 0).sum()):,} rows and negative in "
            f"{int((values < 0).sum()):,}. Count the index day as the first day (add 1), or leave these rows out "
            "and say so."
        )
    return np.asarray(values, dtype=np.float64)


def _is_real(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_complex_dtype(column.dtype)


def merged_near_ties(values: FloatArray) -> FloatArray:
    """Give times that differ by rounding only the same value.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Times.

    Returns
    -------
    ndarray of float64, shape (n,)
        The same times, each in a row of near ties being the first of them.
    """
    distinct, position = np.unique(values, return_inverse=True)
    if distinct.size < 2 or (distinct == np.floor(distinct)).all():
        return values
    gap = np.diff(distinct)
    is_new = np.concatenate(([True], gap > TIE_TOLERANCE * distinct[1:]))
    merged: FloatArray = distinct[is_new][np.cumsum(is_new) - 1][position]
    return merged


def event_flags(column: pd.Series, *, name: str) -> BoolArray:
    """Read whether follow-up ended with the event.

    Parameters
    ----------
    column : Series
        Bool or 0/1, none missing.
    name : str
        The column's name, for messages.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for an event.

    Raises
    ------
    ModelInputError
        If they are of another type or have other values.
    """
    # True and False are objects in a column that had gaps; none are missing here.
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.infer_dtype(column) == "boolean":
        return column.to_numpy(dtype=np.bool_)
    if not _is_real(column):
        raise ModelInputError(
            f"the event must be bool or 0/1; column '{name}' is {column.dtype}. "
            "Compare it first: data['outcome'] == 'bleed'."
        )
    values = column.to_numpy(dtype=np.float64)
    if not np.isin(values, (0.0, 1.0)).all():
        raise ModelInputError(
            f"the event must be bool or 0/1; column '{name}' holds other numbers in "
            f"{int((~np.isin(values, (0.0, 1.0))).sum()):,} rows. R's coding 1/2 becomes data['{name}'] == 2."
        )
    return np.asarray(values == 1.0, dtype=np.bool_)


def _persons(read: pd.DataFrame, column: str | None) -> pd.Series:
    return pd.Series(np.arange(len(read))) if column is None else read[column]


def person_counts(rows: SurvivalRows, groups: pd.Series | None = None) -> dict[str, int]:
    """Count the distinct persons behind a result, in total, with the event, and by group.

    Parameters
    ----------
    rows : SurvivalRows
        The complete cases.
    groups : Series, optional
        Group labels of the same rows, under the name of their column.

    Returns
    -------
    dict of str to int
        Keys ``all`` and ``events``, then ``COLUMN=LABEL`` and ``COLUMN=LABEL, events`` for each group.
    """
    ids, event = rows.persons, pd.Series(rows.event)
    counts = {"all": int(ids.nunique()), "events": int(ids[event].nunique())}
    if groups is not None:
        labels = groups.reset_index(drop=True).astype(str)
        for label in sorted(labels.unique()):
            inside = labels == label
            counts[f"{groups.name}={label}"] = int(ids[inside].nunique())
            counts[f"{groups.name}={label}, events"] = int(ids[inside & event].nunique())
    return counts


def group_labels(
    rows: SurvivalRows, by: str | None, *, default: str = "all"
) -> tuple[npt.NDArray[np.object_], tuple[str, ...]]:
    """Name the group of each row.

    Parameters
    ----------
    rows : SurvivalRows
        Complete cases; their frame has the column `by`.
    by : str or None
        Column with the groups; None puts all rows into one.
    default : str, default "all"
        Label of that one group.

    Returns
    -------
    labels : ndarray of str, shape (n,)
        Group of each row.
    groups : tuple of str
        Groups that have rows: in a category's own order, else sorted by value.

    Raises
    ------
    ModelInputError
        If the column has more groups than can be told apart.
    """
    if by is None:
        return np.full(len(rows.frame), default, dtype=object), (default,)
    column = rows.frame[by]
    codes, known = pd.factorize(column, sort=True)
    if len(known) > MOST_GROUPS:
        raise ModelInputError(
            f"groups are compared a few at a time; column '{by}' makes {len(known):,}, the most is {MOST_GROUPS}. "
            "Is it a measurement? Cut it into groups first, with pd.cut."
        )
    names = [str(level) for level in known]
    return np.asarray(names, dtype=object)[codes], tuple(names)
