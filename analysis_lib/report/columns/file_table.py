"""Columns of Parquet files, decoded one at a time when asked for."""

import json
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.rows import Rows
from analysis_lib.models.rows.source import RowGroups
from analysis_lib.report.columns.pieces import ALL_KNOWN, CodedColumn, CodedPiece, NumberColumn, NumberPiece, widened
from analysis_lib.report.columns.table import Table, no_table_shows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

__all__ = ["FileTable"]

#: No table shows so many levels; beyond, counting how many there are would cost more than it tells.
_LEVELS_COUNTED = 100_000


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

    @cached_property
    def _coded_numbers(self) -> frozenset[str]:
        """Columns of numbers that pandas wrote as categories: Parquet keeps the numbers, pandas' note says the rest."""
        named: set[str] = set()
        for schema in self._schemas[:1]:
            columns = json.loads((schema.metadata or {}).get(b"pandas", b"{}")).get("columns", [])
            named.update(str(column.get("name")) for column in columns if column.get("pandas_type") == "categorical")
        return frozenset(named)

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

    @cached_property
    def _schemas(self) -> "list[pa.Schema]":
        return [metadata.schema.to_arrow_schema() for metadata in self._metadata.values()]

    def _type(self, name: str) -> "pa.DataType":
        """Find a column's type; a file in which it is empty throughout may not know it."""
        import pyarrow as pa

        found = [schema.field(name).type for schema in self._schemas]
        known = [kind for kind in found if not pa.types.is_null(kind)] or found
        if len({_kind(kind) for kind in known}) > 1:
            raise ModelInputError(
                f"a column must hold the same in all files; column '{name}' is {known[0]} in some and "
                f"{next(kind for kind in known if _kind(kind) != _kind(known[0]))} in others. Write them again alike."
            )
        return known[0]

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

        whole = pa.chunked_array(list(self._arrays(name)), type=self._type(name))
        # As floats, which pandas makes of whole numbers with gaps, the ids of different persons would become one.
        whole_numbers = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()} if whole.null_count else {}
        found: pd.Series = whole.to_pandas(types_mapper=whole_numbers.get)
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
        renamed = np.append(renamed, -1)
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
            # A level that does not equal itself is no level: NaN.
            renamed = [numbers.setdefault(level, len(numbers)) if level == level else -1 for level in found]
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
            found_places = np.append(place, -1)[renamed_codes]
            pieces.append(CodedPiece(values.astype(np.int32, copy=False), bits, offset, found_places))
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
        kind = self._type(name)
        held = _kind(kind)
        if held == "number" and name not in self._coded_numbers:
            return NumberColumn(lambda: map(_number_piece, self._arrays(name)), self.n_rows, in_memory=False)
        if held == "truth":
            return CodedColumn(tuple(map(_truth_piece, self._arrays(name))), (False, True), truth=True)
        if held in {"levels", "number"}:
            return self._coded(name)
        raise no_table_shows(name, kind=str(kind))


def _kind(kind: "pa.DataType") -> str:
    """Say what a table does with Arrow's types; empty for what it does not show."""
    import pyarrow as pa

    is_type = pa.types
    if is_type.is_integer(kind) or is_type.is_floating(kind) or is_type.is_decimal(kind):
        return "number"
    if is_type.is_boolean(kind):
        return "truth"
    levels = (
        is_type.is_string,
        is_type.is_large_string,
        is_type.is_string_view,
        is_type.is_dictionary,
        is_type.is_null,
    )
    return "levels" if any(test(kind) for test in levels) else ""


def _buffers(array: "pa.Array") -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8], int]:
    """Look at Arrow's numbers where they lie."""
    validity, content = array.buffers()
    dtype = array.type.to_pandas_dtype()
    values = np.frombuffer(content, dtype=dtype)[array.offset : array.offset + len(array)] if len(array) else ()
    bits = np.frombuffer(validity, dtype=np.uint8) if validity is not None and array.null_count else ALL_KNOWN
    return np.asarray(values, dtype=dtype), bits, array.offset


def _number_piece(array: "pa.Array") -> NumberPiece:
    import pyarrow as pa

    if pa.types.is_decimal(array.type) or pa.types.is_null(array.type):
        array = array.cast(pa.float64())
    values, bits, offset = _buffers(array)
    return NumberPiece(widened(values), bits, offset)


def _truth_piece(array: "pa.Array") -> CodedPiece:
    import pyarrow as pa

    values, bits, offset = _buffers(array.cast(pa.int32()))
    return CodedPiece(values, bits, offset, np.arange(2))
