"""Columns of follow-up read as numbers: dates, whole days at risk, dates of birth, events."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.rates.cells import is_real

__all__ = ["LONGEST_DAYS", "births", "days", "happened", "lengths"]

IntArray = npt.NDArray[np.int64]
#: Two hundred years.
LONGEST_DAYS = 73_050


def days(column: pd.Series, *, name: str) -> IntArray:
    """Read dates.

    Parameters
    ----------
    column : Series
        Without missing values.
    name : str
        Its name, for messages.

    Returns
    -------
    ndarray of int64
        Days since 1970-01-01.

    Raises
    ------
    ModelInputError
        If the column is no date, or has a time zone.
    """
    if not pd.api.types.is_datetime64_dtype(column.dtype):
        raise ModelInputError(
            f"a date must be datetime64 without a time zone; column '{name}' is {column.dtype}. Convert it with "
            "pd.to_datetime."
        )
    return column.to_numpy().astype("datetime64[D]").astype(np.int64)


def lengths(column: pd.Series, *, name: str) -> IntArray:
    """Read days at risk.

    Parameters
    ----------
    column : Series
        Without missing values.
    name : str
        Its name, for messages.

    Returns
    -------
    ndarray of int64
        1 or more.

    Raises
    ------
    ModelInputError
        If a length is not whole, or not from 1 to two hundred years.
    """
    if pd.api.types.is_timedelta64_dtype(column.dtype):
        values = column.to_numpy() / np.timedelta64(1, "D")
    elif is_real(column) and not pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64)
    else:
        raise ModelInputError(f"follow-up must be a number of days; column '{name}' is {column.dtype}. Convert it.")
    unusable = int((~((values >= 1) & (values <= LONGEST_DAYS) & (values == np.floor(values)))).sum())
    if unusable:
        raise ModelInputError(
            f"follow-up must be whole days from 1 to {LONGEST_DAYS:,}, first and last day both counted; column "
            f"'{name}' has {unusable:,} others. Add 1 to end - start."
        )
    return values.astype(np.int64)


def births(column: pd.Series, *, name: str) -> IntArray:
    """Read dates of birth; a year alone stands for 1 January.

    Parameters
    ----------
    column : Series
        Without missing values.
    name : str
        Its name, for messages.

    Returns
    -------
    ndarray of int64, shape (n, 3)
        Year, month and day.

    Raises
    ------
    ModelInputError
        If the column is neither a date nor a year.
    """
    if is_real(column) and not pd.api.types.is_bool_dtype(column.dtype):
        years = column.to_numpy(dtype=np.float64)
        unusable = int((~((years >= 1800) & (years <= 2200) & (years == np.floor(years)))).sum())
        if unusable:
            raise ModelInputError(
                f"a year of birth must be a whole number from 1800 to 2200; column '{name}' has {unusable:,} others. "
                "Is it an age? Subtract it from the year."
            )
        ones = np.ones(years.size)
        return np.column_stack([years, ones, ones]).astype(np.int64)
    born = days(column, name=name).astype("datetime64[D]")
    months = born.astype("datetime64[M]")
    years_since = born.astype("datetime64[Y]").astype(np.int64)
    return np.column_stack(
        [
            years_since + 1970,
            months.astype(np.int64) - 12 * years_since + 1,
            (born - months).astype(np.int64) + 1,
        ]
    )


def happened(column: pd.Series, *, name: str) -> npt.NDArray[np.bool_]:
    """Read whether the event came.

    Parameters
    ----------
    column : Series
        Without missing values.
    name : str
        Its name, for messages.

    Returns
    -------
    ndarray of bool
        True where it did.

    Raises
    ------
    ModelInputError
        If the column is neither bool nor 0/1.
    """
    if pd.api.types.infer_dtype(column) == "boolean":
        return column.to_numpy(dtype=np.bool_)
    if not is_real(column):
        raise ModelInputError(f"the event must be bool or 0/1; column '{name}' is {column.dtype}. Compare it first.")
    values = column.to_numpy(dtype=np.float64)
    other = int((~np.isin(values, (0.0, 1.0))).sum())
    if other:
        raise ModelInputError(
            f"the event must be bool or 0/1; column '{name}' holds other numbers in {other:,} rows. R's coding 1/2 "
            "becomes == 2."
        )
    return np.asarray(values == 1.0, dtype=np.bool_)
