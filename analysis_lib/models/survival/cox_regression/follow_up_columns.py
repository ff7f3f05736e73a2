"""Columns of follow-up, part by part: times, events, case weights, offsets, each checked; and names of strata."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import listed
from analysis_lib.models.survival.event_causes import event_causes

__all__ = ["CoxColumns", "causes_of", "events_of", "names_of_strata", "numbers_of", "times_of"]

FloatArray = npt.NDArray[np.float64]
TimeArray = npt.NDArray[np.float64] | npt.NDArray[np.int32]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: A weight or an offset beyond this is a mistake, and its sums are beyond double precision.
_LARGEST = 1e100


@dataclass(frozen=True)
class CoxColumns:
    """Which column plays which part.

    Attributes
    ----------
    stop, event : str
        End of follow-up, and whether or with what it ended.
    right : str
        Right side of the formula.
    covariates : tuple of str
        Columns in it.
    start : str or None
        Beginning of follow-up.
    cause : object
        The value of `event` that counts; None where it is bool or 0/1.
    competing : bool
        Whether the other causes are wanted too, as for subdistribution hazards.
    censored : str or int or None
        The value of `event` that means that nothing happened, where causes compete.
    strata : tuple of str
        Columns whose combinations have a baseline hazard each.
    weights, offset, cluster : str or None
        Case weights, known part of the predictor, and which rows belong together.
    """

    stop: str
    event: str
    right: str
    covariates: tuple[str, ...]
    start: str | None = None
    cause: object = None
    competing: bool = False
    censored: str | int | None = None
    strata: tuple[str, ...] = ()
    weights: str | None = None
    offset: str | None = None
    cluster: str | None = None

    @property
    def beside_covariates(self) -> tuple[str, ...]:
        """All columns but the covariates, each once."""
        single = (self.stop, self.event, self.start, self.weights, self.offset, self.cluster)
        return tuple(dict.fromkeys([*(name for name in single if name is not None), *self.strata]))


def times_of(column: pd.Series, *, name: str) -> TimeArray:
    """Read times.

    Parameters
    ----------
    column : Series
        Numbers, or timedeltas, which become days; none missing.
    name : str
        Of the column.

    Returns
    -------
    ndarray of float64 or int32
        Finite.

    Raises
    ------
    ModelInputError
        If the type cannot be used, or a time is infinite.
    """
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        values = column.to_numpy() / np.timedelta64(1, "D")
    elif column.dtype == np.int32:  # ten million days: half the memory
        return np.asarray(column.to_numpy())
    elif pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64)
    else:
        raise ModelInputError(
            f"follow-up must be a number or a timedelta; column '{name}' is {column.dtype}. "
            "Subtract the dates first: time = end date - index date."
        )
    if not np.isfinite(values).all():
        raise ModelInputError(
            f"follow-up must be finite; column '{name}' has {int((~np.isfinite(values)).sum()):,} infinite values. "
            "Give open-ended follow-up its last observed day."
        )
    return np.asarray(values, dtype=np.float64)


def events_of(column: pd.Series, *, name: str) -> BoolArray:
    """Read whether follow-up ended with the event.

    Parameters
    ----------
    column : Series
        Bool or 0/1; none missing.
    name : str
        Of the column.

    Returns
    -------
    ndarray of bool
        True for the event.

    Raises
    ------
    ModelInputError
        If the type cannot be used, or there are other numbers.
    """
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=np.bool_)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise ModelInputError(
            f"the event must be bool or 0/1; column '{name}' is {column.dtype}. "
            "Compare it first: data['outcome'] == 'bleed'; or name the value that counts: cause=\"bleed\"."
        )
    values = column.to_numpy()
    is_event = values == 1
    others = ~(is_event | (values == 0))
    if others.any():
        raise ModelInputError(
            f"the event must be bool or 0/1; column '{name}' holds other numbers in {int(others.sum()):,} rows. R's "
            f"coding 1/2 becomes data['{name}'] == 2; of competing events name the one that counts, such as cause=1."
        )
    return np.asarray(is_event)


def causes_of(column: pd.Series, asked: CoxColumns) -> tuple[BoolArray, BoolArray | None]:
    """Read which rows ended with the cause asked for, and which with another.

    Parameters
    ----------
    column : Series
        Any values; a missing one is censored.
    asked : CoxColumns
        The cause.

    Returns
    -------
    event : ndarray of bool, shape (n,)
        Ended with it.
    competing : ndarray of bool, shape (n,) or None
        Ended with another; None where that was not asked.

    Raises
    ------
    ModelInputError
        If no row has the cause, or the causes cannot be told apart.
    """
    if asked.competing:
        codes, labels, _ = event_causes(column, name=asked.event, censored=asked.censored)
        if str(asked.cause) not in labels:
            raise ModelInputError(
                f"no row has the cause asked for; column '{asked.event}' has {listed(labels)}. Name one of them."
            )
        event = codes == 1 + labels.index(str(asked.cause))
        return event, (codes > 0) & ~event
    found = (column == asked.cause).fillna(False).to_numpy(dtype=np.bool_)
    return found, None


def numbers_of(column: pd.Series, *, name: str, part: str) -> FloatArray:
    """Read case weights or an offset.

    Parameters
    ----------
    column : Series
        Numbers; none missing.
    name : str
        Of the column.
    part : {"weight", "offset"}
        What it is; weights must not be negative.

    Returns
    -------
    ndarray of float64
        Finite.

    Raises
    ------
    ModelInputError
        If the type cannot be used, or a value is infinite or negative.
    """
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_complex_dtype(column.dtype):
        raise ModelInputError(f"the {part} must be a number; column '{name}' is {column.dtype}. Convert it first.")
    values = column.to_numpy(dtype=np.float64)
    wrong = ~(np.abs(values) < _LARGEST) if part == "offset" else ~((values >= 0) & (values < _LARGEST))
    if wrong.any():
        allowed = "finite" if part == "offset" else "finite and not negative"
        raise ModelInputError(
            f"the {part} must be {allowed}; column '{name}' is not in {int(wrong.sum()):,} rows. Mend how it was made, "
            "or set these missing."
        )
    return np.asarray(values, dtype=np.float64)


def names_of_strata(columns: Sequence[pd.Series]) -> tuple[IntArray, tuple[str, ...]]:
    """Number the combinations of some columns' values.

    Parameters
    ----------
    columns : sequence of Series
        At least one, equally long, none missing.

    Returns
    -------
    code : ndarray of int64, shape (n,)
        From 0, in order of the values.
    names : tuple of str
        Such as ``site=3, sex=male``; only combinations that have rows.
    """
    factors = [pd.factorize(column, sort=True) for column in columns]
    combined = np.zeros(len(columns[0]), dtype=np.int64)
    for codes, known in factors:
        combined = combined * len(known) + codes
    present, code = np.unique(combined, return_inverse=True)
    labels: list[list[str]] = []
    rest = present
    for (_, known), column in zip(reversed(factors), reversed(columns), strict=True):
        labels.append([f"{column.name}={known[place]}" for place in rest % len(known)])
        rest = rest // len(known)
    return code.astype(np.int64), tuple(", ".join(reversed(parts)) for parts in zip(*labels, strict=True))
