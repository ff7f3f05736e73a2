"""Data of any kind as a table whose columns are read one by one."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from analysis_lib.features.feature_set import Features
from analysis_lib.models.rows import Data, Rows, open_rows
from analysis_lib.report.columns.file_table import FileTable
from analysis_lib.report.columns.frame_table import FrameTable
from analysis_lib.report.columns.table import Table

__all__ = ["open_table"]

#: Partitions of a Dask frame that are computed together.
_AT_ONCE = 4


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
    data = data.compute() if isinstance(data, Features) else data
    rows = open_rows(data)
    wanted = list(dict.fromkeys(names(rows)))
    if rows.place == "memory":
        yield FrameTable(rows, data.set_axis(list(rows.columns), axis=1))
    elif rows.place == "files":
        yield FileTable(rows)
    else:
        with TemporaryDirectory(prefix="cohorthub-table-") as folder:
            _spill(data, Path(folder), names=wanted)
            spilled = open_rows(folder)
            yield FileTable(Rows(rows.columns, spilled.parts, "files", rows.units))


def _spill(data: Any, folder: Path, *, names: Sequence[str]) -> None:
    """Compute a Dask frame on its own scheduler, a few partitions at a time, and keep them in files."""
    from dask.base import compute

    frame = data.rename(columns=str)[list(names)]
    numbers = {name: kind for name, kind in frame.dtypes.items() if isinstance(kind, np.dtype) and kind.kind == "f"}
    parts = [frame.partitions[index] for index in range(frame.npartitions)]
    for first in range(0, len(parts), _AT_ONCE):
        for place, part in enumerate(compute(*parts[first : first + _AT_ONCE])):  # type: ignore[no-untyped-call]
            # A partition without a value may not know the type that the frame says it has.
            known = part.astype({name: kind for name, kind in numbers.items() if part[name].dtype != kind})
            _written(known).reset_index(drop=True).to_parquet(
                folder / f"{first + place:06d}.parquet", compression="lz4"
            )


def _written(part: pd.DataFrame) -> pd.DataFrame:
    """Write the categories that Parquet does not know, such as the intervals of `pandas.cut`, as text."""
    renamed = {
        name: part[name].cat.rename_categories([str(level) for level in part[name].cat.categories])
        for name in part.columns
        if isinstance(part[name].dtype, pd.CategoricalDtype)
        and isinstance(part[name].cat.categories.dtype, pd.IntervalDtype)
    }
    return part.assign(**renamed) if renamed else part
