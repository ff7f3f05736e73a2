"""Moments and exact quartiles of numbers by group, whatever their size."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis_lib.report.columns.counting import counted_few, counted_values, facts_of_counts
from analysis_lib.report.columns.number_facts import (
    QUARTILES,
    NumberFacts,
    NumberRows,
    WantedNumbers,
    ranks_of,
    with_nan,
)
from analysis_lib.report.columns.persons import SMALL
from analysis_lib.report.columns.pieces import NumberColumn, NumberPiece
from analysis_lib.report.columns.selection import selected_facts

__all__ = ["number_facts"]

FloatArray = npt.NDArray[np.float64]
Groups = npt.NDArray[np.uint8]

#: A decoded column up to this many rows is kept until it is done (256 MiB); a longer one is decoded again.
_HELD = 2**25


def number_facts(
    column: NumberColumn,
    groups: Groups,
    *,
    n_groups: int,
    overall: bool,
    quartiles: bool,
    ranks: bool,
    name: str,
) -> NumberFacts:
    """Add up a column of numbers by group.

    Parameters
    ----------
    column : NumberColumn
        Numbers of all rows.
    groups : ndarray of uint8
        Group of each row.
    n_groups : int
        How many groups there are.
    overall : bool
        Whether everybody comes first, as a group of its own.
    quartiles : bool
        Whether to find quartiles.
    ranks : bool
        Whether to sum ranks.
    name : str
        The column, for messages.

    Returns
    -------
    NumberFacts
        Exact: quartiles are those of all values.

    Raises
    ------
    ModelInputError
        If a number is infinite, or too large or small to be squared.
    """
    held = column.in_memory or column.n_rows <= _HELD
    rows = NumberRows(list(column.pieces()) if held else _Decoded(column), groups)
    small = groups.size <= SMALL
    counted = (counted_few if small else counted_values)(rows, n_groups=n_groups, name=name)
    wanted = WantedNumbers(n_groups, overall, quartiles, ranks)
    if counted is not None:
        return facts_of_counts(*counted, wanted=wanted)
    return _small(rows, wanted) if small else selected_facts(rows, wanted)


@dataclass(frozen=True)
class _Decoded:
    """Pieces that are decoded anew each time."""

    column: NumberColumn

    def __iter__(self) -> Iterator[NumberPiece]:
        return self.column.pieces()


def _small(rows: NumberRows, wanted: WantedNumbers) -> NumberFacts:
    values, groups = with_nan(rows.pieces), rows.groups
    known = ~np.isnan(values)
    members = [groups == group for group in range(wanted.n_groups)]
    members = [np.ones(values.size, dtype=np.bool_), *members] if wanted.overall else members
    parts = [values[inside & known] for inside in members]
    moments = [_moments(part) for part in parts]
    return NumberFacts(
        n=np.array([part.size for part in parts], dtype=np.int64),
        missing=np.array([int((inside & ~known).sum()) for inside in members], dtype=np.int64),
        mean=np.array([mean for mean, _ in moments]),
        squares=np.array([squares for _, squares in moments]),
        quartiles=np.array([_quartiles(part) for part in parts]) if wanted.quartiles else None,
        yes=None,
        ranks=ranks_of(values[known], groups[known], n_groups=wanted.n_groups) if wanted.ranks else None,
    )


def _quartiles(values: FloatArray) -> FloatArray:
    return np.quantile(values, QUARTILES) if values.size else np.full(3, np.nan)


def _moments(values: FloatArray) -> tuple[float, float]:
    if not values.size:
        return float("nan"), 0.0
    # From a value of the middle: exact where all are equal, and the mean's own rounding does not matter.
    middle = float(np.partition(values, values.size // 2)[values.size // 2])
    distances = values - middle
    mean = float(distances.mean())
    return middle + mean, float(np.square(distances - mean).sum())
