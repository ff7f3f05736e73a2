"""A column as the loops over rows take it: numbers or codes of levels, piece by piece as they lie in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ALL_KNOWN", "CodedColumn", "CodedPiece", "NumberColumn", "NumberPiece", "widened"]

#: The bitmap of a piece that has all its values.
ALL_KNOWN = np.empty(0, dtype=np.uint8)


@dataclass(frozen=True)
class NumberPiece:
    """Numbers that lie next to one another in memory.

    Attributes
    ----------
    values : ndarray of float64 or int64
        Anything where missing.
    bits : ndarray of uint8
        Arrow's bitmap of those that have a value; empty if all have. NaN is missing whatever it says.
    offset : int
        Where in the bitmap the piece begins.
    """

    values: npt.NDArray[Any]
    bits: npt.NDArray[np.uint8]
    offset: int = 0

    def __post_init__(self) -> None:
        _fix(self, "values", "bits")

    def missing(self) -> npt.NDArray[np.bool_]:
        """Mark the rows without a value.

        Returns
        -------
        ndarray of bool
            One per row.
        """
        lacking = np.isnan(self.values) if self.values.dtype.kind == "f" else np.zeros(self.values.size, dtype=bool)
        return lacking | ~_unpacked(self.bits, offset=self.offset, size=self.values.size)


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers.

    Attributes
    ----------
    pieces : callable
        Begins to read the column from its first row; gives `NumberPiece` by `NumberPiece`.
    n_rows : int
        Rows of the column.
    in_memory : bool
        Whether reading it again costs nothing.
    """

    pieces: Callable[[], Iterator[NumberPiece]]
    n_rows: int
    in_memory: bool


@dataclass(frozen=True)
class CodedPiece:
    """Levels that lie next to one another in memory, as numbers.

    Attributes
    ----------
    codes : ndarray of int32
        Negative where missing.
    bits : ndarray of uint8
        Arrow's bitmap of those that have a value; empty if all have.
    offset : int
        Where in the bitmap the piece begins.
    renamed : ndarray of int64
        Number of each code among all levels of the column; negative for what is no level.
    """

    codes: npt.NDArray[np.int32]
    bits: npt.NDArray[np.uint8]
    offset: int
    renamed: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        _fix(self, "codes", "bits", "renamed")

    def levels(self) -> npt.NDArray[np.int32]:
        """Number each row's level as the column does.

        Returns
        -------
        ndarray of int32
            Negative where missing.
        """
        known = (self.codes >= 0) & _unpacked(self.bits, offset=self.offset, size=self.codes.size)
        found = np.full(self.codes.size, -1, dtype=np.int32)
        found[known] = self.renamed[self.codes[known]]
        return found


@dataclass(frozen=True)
class CodedColumn:
    """A column of categories, text or truth values.

    Attributes
    ----------
    pieces : tuple of CodedPiece
        The rows in order.
    levels : tuple
        What the numbers stand for, in the order of the table.
    truth : bool
        Whether the levels are False and True.
    """

    pieces: tuple[CodedPiece, ...]
    levels: tuple[Any, ...]
    truth: bool = False


def widened(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give the two types that the loops are compiled for; whole numbers past int64 become floats.

    Parameters
    ----------
    values : ndarray
        Numbers.

    Returns
    -------
    ndarray of int64 or float64
        Not copied where it is one already.
    """
    if values.dtype.kind in "iu" and not (values.dtype == np.uint64 and values.size and values.max() >= 2**63):
        return np.ascontiguousarray(values.astype(np.int64, copy=False))
    return np.ascontiguousarray(values.astype(np.float64, copy=False))


def _unpacked(bits: npt.NDArray[np.uint8], *, offset: int, size: int) -> npt.NDArray[np.bool_]:
    if not bits.size:
        return np.ones(size, dtype=np.bool_)
    return np.unpackbits(bits, count=offset + size, bitorder="little")[offset:].astype(np.bool_)


def _fix(piece: Any, *names: str) -> None:
    """Look at arrays as fixed ones: Arrow's are, and the loops are compiled once for each kind that they meet."""
    for name in names:
        view = getattr(piece, name).view()
        view.flags.writeable = False
        object.__setattr__(piece, name, view)
