"""Where the rows of an analysis come from: memory, Dask, features of a cohort, or Parquet files; read part by part."""

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from analysis_lib.compute.buckets import map_in_threads
from analysis_lib.errors import ModelInputError
from analysis_lib.features.feature_set import Features
from analysis_lib.models.arguments import checked_columns

if TYPE_CHECKING:
    import dask.dataframe as dd
    import pyarrow.parquet as pq

__all__ = [
    "PERSON_COLUMNS",
    "Data",
    "Place",
    "RowGroups",
    "Rows",
    "joined_frames",
    "known_persons",
    "open_rows",
    "person_column",
]

#: Anything that `open_rows` takes: a pandas or Dask frame, features of a cohort, or the path of Parquet files.
Data = Any
Place = Literal["memory", "dask", "files"]

#: OMOP's names for a person: in a cohort, and in every clinical table.
PERSON_COLUMNS = ("subject_id", "person_id")
#: Rows of one part of a frame in memory: large enough that a part is worth a task, small enough for many cores.
#: Row groups of files are gathered up to twice as many, since each costs an opening of the file.
ROWS_OF_A_PART = 131_072
_OF_A_PART = "rows of one part of the data"


@dataclass(frozen=True)
class Rows:
    """Rows that can be read in parts, a few columns at a time; nothing is read before it is asked for.

    Wherever the column with the person is read, a row that does not say whose it is is refused: rows without an id
    would count as one person, or as one cluster.

    Attributes
    ----------
    columns : tuple of str
        Names of all columns, each once.
    parts : tuple of callable
        Each reads its rows: it takes column names and gives a DataFrame of them. Parts of files and of Dask frames
        can be sent to other processes.
    place : {"memory", "dask", "files"}
        What reading a part costs: nothing, a computation, or decoding.
    units : mapping of str to str
        Unit by column, where known.
    whole : callable or None
        Reads all rows at once, where they lie in memory and need no copy.
    """

    columns: tuple[str, ...]
    parts: tuple[Callable[[Sequence[str]], pd.DataFrame], ...]
    place: Place
    units: Mapping[str, str] = field(default_factory=dict)
    whole: Callable[[Sequence[str]], pd.DataFrame] | None = None

    @property
    def person_column(self) -> str | None:
        """OMOP's column that says whose each row is; None where there is none and each row is a person."""
        return person_column(self.columns)

    def read(self, names: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Read some columns, part by part.

        Parameters
        ----------
        names : sequence of str
            Columns, each known.

        Yields
        ------
        DataFrame
            The rows of one part, with these columns in this order.
        """
        for part in self.parts:
            yield part(names)

    def frame(self, names: Sequence[str]) -> pd.DataFrame:
        """Read some columns of all rows into memory.

        Parameters
        ----------
        names : sequence of str
            Columns; an unknown one is refused.

        Returns
        -------
        DataFrame
            All rows in order, with a fresh index; ``attrs["units"]`` has the units.

        Raises
        ------
        ModelInputError
            If a column is unknown.
        """
        wanted = checked_columns(names, self.columns)
        if self.whole is not None:
            whole = self.whole(wanted)
        else:
            parts = map_in_threads(lambda part: part(wanted), self.parts)
            whole = parts[0] if len(parts) == 1 else _under_each_other(parts, wanted)
        whole = whole.reset_index(drop=True)
        whole.attrs["units"] = {name: self.units[name] for name in wanted if name in self.units}
        return whole


def open_rows(data: Data) -> Rows:
    """Look at data of any kind as rows in parts.

    Parameters
    ----------
    data : DataFrame, dask.dataframe.DataFrame, Features, or path
        A frame in memory; a Dask frame; the features of a cohort, read once into memory; or a Parquet file or a folder
        of them (all ``*.parquet`` below it), such as `Features.to_parquet` writes.

    Returns
    -------
    Rows
        Nothing has been read but names and sizes.

    Raises
    ------
    ModelInputError
        If it is none of these, has a column name twice, or cannot be read.
    """
    if isinstance(data, pd.DataFrame):
        return _of_frame(data)
    if isinstance(data, Features):
        return _of_frame(data.compute())
    if isinstance(data, str | os.PathLike):
        return _of_files(Path(data))
    if hasattr(data, "partitions") and hasattr(data, "dask"):
        return _of_dask(data)
    raise ModelInputError(
        f"data must be a pandas or Dask frame, features, or the path of Parquet files; found {type(data).__name__}. "
        "Convert it first, with pandas.DataFrame(...)."
    )


def person_column(columns: Collection[Any]) -> str | None:
    """Find the column that says whose each row is.

    Parameters
    ----------
    columns : collection of str
        Names of columns.

    Returns
    -------
    str or None
        One of `PERSON_COLUMNS`; None where there is none and each row is a person.
    """
    return next((name for name in PERSON_COLUMNS if name in columns), None)


def known_persons(ids: pd.Series, *, of: str = "rows") -> pd.Series:
    """Refuse rows that do not say whose they are.

    Parameters
    ----------
    ids : Series
        Column with the person, under its name.
    of : str, default "rows"
        What these are, for the message.

    Returns
    -------
    Series
        `ids`.

    Raises
    ------
    ModelInputError
        If one is missing.
    """
    if missing := int(ids.isna().sum()):
        raise ModelInputError(
            f"each row must say whose it is; column '{ids.name}' is missing in {missing:,} of {len(ids):,} {of}. Fill "
            "it, leave these rows out and say so, or drop the column where each row is a person."
        )
    return ids


def _refuse_unknown_persons(frame: pd.DataFrame, *, of: str = "rows") -> pd.DataFrame:
    for name in PERSON_COLUMNS:
        if name in frame.columns:
            known_persons(frame[name], of=of)
    return frame


def joined_frames(parts: Sequence[pd.DataFrame], names: Sequence[str]) -> pd.DataFrame | None:
    """Put frames with the same columns under each other.

    Parameters
    ----------
    parts : sequence of DataFrame
        In order.
    names : sequence of str
        Their columns.

    Returns
    -------
    DataFrame or None
        With a fresh index; None where there are no parts.
    """
    return _under_each_other(parts, names) if parts else None


def _under_each_other(parts: Sequence[pd.DataFrame], names: Sequence[str]) -> pd.DataFrame:
    """Put parts under each other; categories that differ from part to part become one set, in order of appearance."""
    from pandas.api.types import union_categoricals

    columns = {}
    for name in names:
        pieces = [part[name] for part in parts]
        categories = all(isinstance(piece.dtype, pd.CategoricalDtype) for piece in pieces)
        if categories and len({tuple(piece.cat.categories) for piece in pieces}) > 1:
            columns[name] = pd.Series(union_categoricals(pieces, ignore_order=True))
        else:
            columns[name] = pd.concat(pieces, ignore_index=True)
    return pd.DataFrame(columns, columns=list(names))


def _named_once(names: Sequence[Any]) -> tuple[str, ...]:
    known = tuple(str(name) for name in names)
    if len(set(known)) < len(known):
        twice = sorted({name for name in known if known.count(name) > 1})
        raise ModelInputError(
            f"column '{twice[0]}' is there more than once; found {known.count(twice[0])}. Rename or drop one."
        )
    return known


def _of_frame(frame: pd.DataFrame) -> Rows:
    columns = _named_once(list(frame.columns))
    if list(columns) != list(frame.columns):  # numbers as names: the formula and the messages speak of text
        frame = frame.set_axis(list(columns), axis=1)

    @lru_cache(maxsize=2)
    def narrowed(names: tuple[str, ...]) -> pd.DataFrame:
        # Column by column and without a copy: selecting several columns at once would copy them all.
        found = pd.DataFrame({name: frame[name].array for name in names}, index=frame.index, copy=False)
        return _refuse_unknown_persons(found)

    def whole(names: Sequence[str]) -> pd.DataFrame:
        return narrowed(tuple(names))

    def part(first: int) -> Callable[[Sequence[str]], pd.DataFrame]:
        return lambda names: narrowed(tuple(names)).iloc[first : first + ROWS_OF_A_PART]

    firsts = range(0, max(len(frame), 1), ROWS_OF_A_PART)
    return Rows(columns, tuple(part(first) for first in firsts), "memory", frame.attrs.get("units", {}), whole)


@dataclass(frozen=True)
class _DaskPart:
    """One partition of a Dask frame; only its graph travels."""

    frame: "dd.DataFrame"

    def __call__(self, names: Sequence[str]) -> pd.DataFrame:
        # Whoever asks is already a thread or a worker among several, so this part is computed where it stands.
        return _refuse_unknown_persons(self.frame[list(names)].compute(scheduler="synchronous"), of=_OF_A_PART)


def _of_dask(frame: "dd.DataFrame") -> Rows:
    columns = _named_once(list(frame.columns))
    parts = tuple(_DaskPart(frame.partitions[index]) for index in range(frame.npartitions))
    return Rows(columns, parts, "dask", getattr(frame, "attrs", {}).get("units", {}))


@dataclass(frozen=True)
class RowGroups:
    """Some row groups of one Parquet file.

    Attributes
    ----------
    path : str
        The file.
    groups : tuple of int
        Numbers of the row groups.
    n_rows : int
        Rows in them.
    """

    path: str
    groups: tuple[int, ...]
    n_rows: int

    def __call__(self, names: Sequence[str]) -> pd.DataFrame:
        import pyarrow.parquet as pq

        # Arrow's own threads would compete with those that read the other parts.
        with pq.ParquetFile(self.path) as file:
            table = file.read_row_groups(list(self.groups), columns=list(names), use_threads=False)
        # Column by column, each given up as soon as it is taken over: numbers are not copied at all.
        frame: pd.DataFrame = table.to_pandas(
            date_as_object=False, ignore_metadata=True, use_threads=False, split_blocks=True, self_destruct=True
        )
        del table
        return _refuse_unknown_persons(pd.DataFrame({name: frame[name] for name in names}, copy=False), of=_OF_A_PART)


def _of_files(path: Path) -> Rows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    files = [file for file in files if not _hidden(file, path)]
    if not files:
        raise ModelInputError(
            "the path must be a Parquet file or a folder with some; found no *.parquet there. Look at the path."
        )
    parts: list[Callable[[Sequence[str]], pd.DataFrame]] = []
    columns: tuple[str, ...] = ()
    for file in files:
        try:
            metadata = pq.read_metadata(file)
        except (OSError, pa.ArrowException) as error:
            raise ModelInputError(
                f"a Parquet file cannot be read: {file.name}; found {type(error).__name__}. Look at the path, or write "
                "the file again."
            ) from error
        names = _named_once(metadata.schema.to_arrow_schema().names)
        if columns and set(names) != set(columns):
            differ = sorted(set(names) ^ set(columns))
            raise ModelInputError(
                f"all files of a folder must have the same columns; found {', '.join(differ[:8])} in some only. Give "
                "one table's folder."
            )
        columns = columns or names
        parts.extend(_row_groups(file, metadata))
    return Rows(columns, tuple(parts), "files", _units(files[0]))


def _hidden(file: Path, folder: Path) -> bool:
    return any(piece.startswith((".", "_")) for piece in file.relative_to(folder).parts)


def _row_groups(file: Path, metadata: "pq.FileMetaData") -> Iterator[RowGroups]:
    """Gather neighbouring row groups until they are a part's worth of rows."""
    gathered: list[int] = []
    rows = 0
    for group in range(metadata.num_row_groups):
        size = metadata.row_group(group).num_rows
        if gathered and rows + size > 2 * ROWS_OF_A_PART:
            yield RowGroups(str(file), tuple(gathered), rows)
            gathered, rows = [], 0
        gathered.append(group)
        rows += size
    if gathered or metadata.num_row_groups == 0:
        yield RowGroups(str(file), tuple(gathered), rows)


def _units(file: Path) -> Mapping[str, str]:
    """Read the units that `Features.to_parquet` keeps in the file, where pandas keeps a frame's `attrs`."""
    import pyarrow.parquet as pq

    kept = json.loads((pq.read_schema(file).metadata or {}).get(b"pandas", b"{}"))
    attributes = kept.get("attributes") if isinstance(kept, dict) else None
    units = attributes.get("units") if isinstance(attributes, dict) else None
    return units if isinstance(units, dict) else {}
