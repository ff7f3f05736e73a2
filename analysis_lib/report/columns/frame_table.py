"""Columns of a pandas frame, used where they lie."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.models.rows import Rows
from analysis_lib.report.columns.pieces import ALL_KNOWN, CodedColumn, CodedPiece, NumberColumn, NumberPiece, widened
from analysis_lib.report.columns.table import Table, no_table_shows

__all__ = ["FrameTable"]

#: Rows of one piece of a column in memory: what the loops set aside has room for one piece.
_PIECE = 262_144
#: What `pandas.api.types.infer_dtype` calls objects that are numbers, and those that are times.
_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal"})
_DATES = frozenset({"date", "datetime", "datetime64", "time", "timedelta", "timedelta64", "period"})


class FrameTable(Table):
    """Columns of a pandas frame, used where they lie.

    Parameters
    ----------
    rows : Rows
        Names and units.
    frame : DataFrame
        Not copied; its columns are named as in `rows`.
    """

    def __init__(self, rows: Rows, frame: pd.DataFrame) -> None:
        self.rows = rows
        self.frame = frame

    @property
    def n_rows(self) -> int:
        """Rows of the frame."""
        return len(self.frame)

    def series(self, name: str) -> pd.Series:
        """Give a column as it is.

        Parameters
        ----------
        name : str
            A known column.

        Returns
        -------
        Series
            Not copied.
        """
        return self.frame[name]

    def coded(self, name: str) -> CodedColumn:
        """Read a column of groups.

        Parameters
        ----------
        name : str
            A known column.

        Returns
        -------
        CodedColumn
            Levels that occur, in their order.
        """
        try:
            codes, levels = pd.factorize(self.frame[name], sort=True)
        except TypeError as error:  # lists and the like, which have no equals
            raise no_table_shows(name, kind=str(self.frame[name].dtype)) from error
        return _whole(codes, tuple(levels))

    def column(self, name: str) -> NumberColumn | CodedColumn:
        """Look at a column to be described.

        Parameters
        ----------
        name : str
            A known column.

        Returns
        -------
        NumberColumn or CodedColumn
            Numbers, or levels.

        Raises
        ------
        ModelInputError
            If it is of a type that no table shows.
        """
        column = self.frame[name]
        if pd.api.types.is_object_dtype(column.dtype):
            column = _unwrapped(column, name)
        if isinstance(column.dtype, pd.SparseDtype):
            column = pd.Series(np.asarray(column))
        dtype = column.dtype
        if isinstance(dtype, pd.CategoricalDtype):
            # A level that nobody has stays in the table, because the reader expects it.
            return _whole(column.cat.codes.to_numpy(), tuple(column.cat.categories))
        if pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype):
            return self.coded(name)
        if pd.api.types.is_bool_dtype(dtype):
            codes = column.to_numpy(dtype=np.int8, na_value=-1) if column.hasnans else column.to_numpy(dtype=np.int8)
            return _whole(codes, (False, True), truth=True)
        if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
            return _numbers_in_memory(column)
        raise no_table_shows(name, kind=str(dtype))


def _unwrapped(column: pd.Series, name: str) -> pd.Series:
    """Take truth values, numbers and decimals out of a column of objects, as a database driver gives them.

    The same column in a Parquet file has a type of its own, and both must make the same table.
    """
    held = pd.api.types.infer_dtype(column, skipna=True)
    if held == "boolean":
        return column.astype("boolean")
    if held in _DATES:
        raise no_table_shows(name, kind=held)
    if held not in _NUMBERS:
        return column
    known = column.notna().to_numpy(dtype=np.bool_)
    values = np.full(known.size, np.nan)
    values[known] = column.to_numpy()[known].astype(np.float64)
    return pd.Series(values, name=column.name)


def _whole(codes: npt.NDArray[Any], levels: tuple[Any, ...], *, truth: bool = False) -> CodedColumn:
    whole = codes.astype(np.int32, copy=False)
    renamed = np.arange(max(len(levels), 1), dtype=np.int64)
    return CodedColumn((CodedPiece(whole, ALL_KNOWN, 0, renamed),), levels, truth)


def _numbers_in_memory(column: pd.Series) -> NumberColumn:
    """Use a column where it lies; numbers with a mask keep it beside them."""
    bits = ALL_KNOWN
    if isinstance(column.dtype, np.dtype):
        values = column.to_numpy()
    else:
        kind: Any = np.float64 if pd.api.types.is_float_dtype(column.dtype) else np.int64
        values = column.to_numpy(dtype=kind, na_value=0)
        bits = np.packbits(column.notna().to_numpy(dtype=np.bool_), bitorder="little") if column.hasnans else bits
    values = widened(values)

    def pieces() -> Iterator[NumberPiece]:
        for first in range(0, values.size, _PIECE):
            yield NumberPiece(values[first : first + _PIECE], bits, first)

    return NumberColumn(pieces, values.size, in_memory=True)
