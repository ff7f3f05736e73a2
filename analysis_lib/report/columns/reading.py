"""One column at a time, in pieces that the loops over rows take as they lie in memory: from frames or Parquet files."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.rows import Data, Rows, open_rows
from analysis_lib.models.rows.source import RowGroups

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["CodedColumn", "CodedPiece", "NumberColumn", "NumberPiece", "Table", "open_table"]

_ALL_KNOWN = np.empty(0, dtype=np.uint8)
#: Rows of one piece of a column in memory: what the loops set aside has room for one piece.
_PIECE = 262_144
#: Partitions of a Dask frame that are computed together.
_AT_ONCE = 4
#: No table shows so many levels; beyond, counting how many there are would cost more than it tells.
_LEVELS_COUNTED = 100_000


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
        Number of each code among all levels of the column.
    """

    codes: npt.NDArray[np.int32]
    bits: npt.NDArray[np.uint8]
    offset: int
    renamed: npt.NDArray[np.int64]

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


class Table(ABC):
    """Rows whose columns are read one by one, each as often as asked for, from any thread.

    Attributes
    ----------
    rows : Rows
        Names and units of the columns.
    """

    rows: Rows

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """Rows of every column."""

    @abstractmethod
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

    @abstractmethod
    def coded(self, name: str) -> CodedColumn:
        """Read a column of groups, of any type that has equal values.

        Parameters
        ----------
        name : str
            A known column.

        Returns
        -------
        CodedColumn
            Levels that occur, in their order.
        """

    @abstractmethod
    def series(self, name: str) -> pd.Series:
        """Read a whole column as it is.

        Parameters
        ----------
        name : str
            A known column.

        Returns
        -------
        Series
            With a fresh index.
        """


@contextmanager
def open_table(data: Data, *, names: Callable[[Rows], Sequence[str]]) -> Iterator[Table]:
    """Look at data of any kind column by column.

    A Dask frame is computed once, a few partitions at a time, into files that are gone afterwards: else each column
    would compute all that the frame is made of anew.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        What `open_rows` takes.
    names : callable
        Chooses the columns that will be read; raises if one is unknown.

    Yields
    ------
    Table
        Closed with the block.
    """
    rows = open_rows(data)
    wanted = list(dict.fromkeys(names(rows)))
    if rows.place == "memory":
        yield FrameTable(rows, rows.frame(wanted))
    elif rows.place == "files":
        yield FileTable(rows)
    else:
        with TemporaryDirectory(prefix="cohorthub-table-") as folder:
            _spill(data, Path(folder), names=wanted)
            spilled = open_rows(folder)
            yield FileTable(Rows(rows.columns, spilled.parts, "files", rows.units))


class FrameTable(Table):
    """Columns of a pandas frame, used where they lie.

    Parameters
    ----------
    rows : Rows
        Names and units.
    frame : DataFrame
        The columns that will be asked for.
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
        codes, levels = pd.factorize(self.frame[name], sort=True)
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
        if pd.api.types.is_object_dtype(column.dtype) and pd.api.types.infer_dtype(column, skipna=True) == "boolean":
            column = column.astype("boolean")  # True, False and None, as a database gives them
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
        raise _no_table_shows(name, str(dtype))


class FileTable(Table):
    """Columns of Parquet files, decoded one at a time when asked for.

    Parameters
    ----------
    rows : Rows
        Of Parquet files.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.parts = [part for part in rows.parts if isinstance(part, RowGroups)]

    @cached_property
    def _metadata(self) -> dict[str, Any]:
        """The footers, read once: a file of many row groups has a long one."""
        import pyarrow.parquet as pq

        return {path: pq.read_metadata(path) for path in dict.fromkeys(part.path for part in self.parts)}

    @property
    def n_rows(self) -> int:
        """Rows of all files."""
        return sum(part.n_rows for part in self.parts)

    def _arrays(self, name: str, *, dictionary: bool = False) -> "Iterator[pa.Array]":
        import pyarrow.parquet as pq

        for path, parts in groupby(self.parts, key=lambda part: part.path):
            kept = [name] if dictionary else None
            with pq.ParquetFile(path, metadata=self._metadata[path], read_dictionary=kept) as file:
                for part in parts:
                    # Other columns are being read in other threads; Arrow's own would compete with them.
                    table = file.read_row_groups(list(part.groups), columns=[name], use_threads=False)
                    yield from table.column(0).chunks

    def _type(self, name: str) -> "pa.DataType":
        return self._metadata[self.parts[0].path].schema.to_arrow_schema().field(name).type

    def series(self, name: str) -> pd.Series:
        """Read a whole column as pandas has it.

        Parameters
        ----------
        name : str
            A known column.

        Returns
        -------
        Series
            With a fresh index.
        """
        import pyarrow as pa

        found: pd.Series = pa.chunked_array(list(self._arrays(name)), type=self._type(name)).to_pandas()
        return found

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
        found = self._coded(name)
        used = np.zeros(len(found.levels) + 1, dtype=np.bool_)
        for piece in found.pieces:
            used[np.unique(piece.levels())] = True  # a missing one, -1, marks the last, which is no level
        kept = np.flatnonzero(used[:-1])
        renamed = np.full(len(found.levels), -1, dtype=np.int64)
        renamed[kept] = np.arange(kept.size)
        pieces = tuple(CodedPiece(p.codes, p.bits, p.offset, renamed[p.renamed]) for p in found.pieces)
        return CodedColumn(pieces, tuple(found.levels[place] for place in kept))

    def _coded(self, name: str) -> CodedColumn:
        """Number the levels: those of a category in its order, others sorted."""
        import pyarrow as pa

        kind = self._type(name)
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        arrays = []
        numbers: dict[Any, int] = {}
        for array in self._arrays(name, dictionary=text):
            coded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
            found = coded.dictionary.to_pylist()
            renamed = [numbers.setdefault(level, len(numbers)) for level in found]
            if len(numbers) > _LEVELS_COUNTED:
                break
            arrays.append((coded.indices, np.array(renamed, dtype=np.int64)))
        levels = list(numbers)
        order = (
            range(len(levels)) if pa.types.is_dictionary(kind) else sorted(range(len(levels)), key=levels.__getitem__)
        )
        place = np.empty(len(levels), dtype=np.int64)
        place[list(order)] = np.arange(len(levels))
        pieces = []
        for indices, renamed_codes in arrays:
            values, bits, offset = _buffers(indices)
            pieces.append(CodedPiece(values.astype(np.int32, copy=False), bits, offset, place[renamed_codes]))
        return CodedColumn(tuple(pieces), tuple(levels[at] for at in order))

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
        import pyarrow as pa

        kind = self._type(name)
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return NumberColumn(lambda: map(_number_piece, self._arrays(name)), self.n_rows, in_memory=False)
        if pa.types.is_boolean(kind):
            return CodedColumn(tuple(map(_truth_piece, self._arrays(name))), (False, True), truth=True)
        known = (pa.types.is_string, pa.types.is_large_string, pa.types.is_dictionary, pa.types.is_null)
        if any(test(kind) for test in known):
            return self._coded(name)
        raise _no_table_shows(name, str(kind))


def _no_table_shows(name: str, kind: str) -> ModelInputError:
    return ModelInputError(
        f"a column described must be a number, a bool, a category or text; column '{name}' is {kind}. "
        "Turn dates into years."
    )


def _unpacked(bits: npt.NDArray[np.uint8], *, offset: int, size: int) -> npt.NDArray[np.bool_]:
    if not bits.size:
        return np.ones(size, dtype=np.bool_)
    return np.unpackbits(bits, count=offset + size, bitorder="little")[offset:].astype(np.bool_)


def _whole(codes: npt.NDArray[Any], levels: tuple[Any, ...], *, truth: bool = False) -> CodedColumn:
    whole = codes.astype(np.int32, copy=False)
    renamed = np.arange(max(len(levels), 1), dtype=np.int64)
    return CodedColumn((CodedPiece(whole, _ALL_KNOWN, 0, renamed),), levels, truth)


def _numbers_in_memory(column: pd.Series) -> NumberColumn:
    """Use a column where it lies; numbers with a mask keep it beside them."""
    bits = _ALL_KNOWN
    if isinstance(column.dtype, np.dtype):
        values = column.to_numpy()
    else:
        kind: Any = np.float64 if pd.api.types.is_float_dtype(column.dtype) else np.int64
        values = column.to_numpy(dtype=kind, na_value=0)
        bits = np.packbits(column.notna().to_numpy(dtype=np.bool_), bitorder="little") if column.hasnans else bits
    values = _widened(values)

    def pieces() -> Iterator[NumberPiece]:
        for first in range(0, values.size, _PIECE):
            yield NumberPiece(values[first : first + _PIECE], bits, first)

    return NumberColumn(pieces, values.size, in_memory=True)


def _widened(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give the two types that the loops are compiled for; whole numbers past int64 become floats."""
    if values.dtype.kind in "iu" and not (values.dtype == np.uint64 and values.size and values.max() >= 2**63):
        return values.astype(np.int64, copy=False)
    return np.ascontiguousarray(values.astype(np.float64, copy=False))


def _buffers(array: "pa.Array") -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8], int]:
    """Look at Arrow's numbers where they lie."""
    validity, content = array.buffers()
    dtype = array.type.to_pandas_dtype()
    values = np.frombuffer(content, dtype=dtype)[array.offset : array.offset + len(array)] if len(array) else ()
    bits = np.frombuffer(validity, dtype=np.uint8) if validity is not None and array.null_count else _ALL_KNOWN
    return np.asarray(values, dtype=dtype), bits, array.offset


def _number_piece(array: "pa.Array") -> NumberPiece:
    import pyarrow as pa

    if pa.types.is_decimal(array.type):
        array = array.cast(pa.float64())
    values, bits, offset = _buffers(array)
    return NumberPiece(_widened(values), bits, offset)


def _truth_piece(array: "pa.Array") -> CodedPiece:
    import pyarrow as pa

    values, bits, offset = _buffers(array.cast(pa.int32()))
    return CodedPiece(values, bits, offset, np.arange(2))


def _spill(data: Any, folder: Path, *, names: Sequence[str]) -> None:
    """Compute a Dask frame on its own scheduler, a few partitions at a time, and keep them in files."""
    from dask.base import compute

    frame = data.rename(columns=str)[list(names)]
    parts = [frame.partitions[index] for index in range(frame.npartitions)]
    for first in range(0, len(parts), _AT_ONCE):
        for place, part in enumerate(compute(*parts[first : first + _AT_ONCE])):  # type: ignore[no-untyped-call]
            part.reset_index(drop=True).to_parquet(folder / f"{first + place:06d}.parquet", compression="lz4")
