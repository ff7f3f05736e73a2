"""Whose each row is, for counts of distinct persons where a person has several rows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.models.rows.source import known_persons
from analysis_lib.report.columns.table import Table

__all__ = ["PersonRows", "person_rows"]

#: Tables up to this many rows are counted without compiled loops, whose loading would take longer.
SMALL = 20_000


@dataclass(frozen=True)
class PersonRows:
    """Rows ordered by person.

    Attributes
    ----------
    order : ndarray of int64
        Rows, those of one person next to one another.
    persons : ndarray of int64
        Whose each row is.
    """

    order: npt.NDArray[np.int64]
    persons: npt.NDArray[np.int64]

    def distinct(self, cells: npt.NDArray[np.int32], n_cells: int) -> npt.NDArray[np.int64]:
        """Count the distinct persons of each cell.

        Parameters
        ----------
        cells : ndarray of int32
            Cell of each row; negative for none.
        n_cells : int
            How many cells there are.

        Returns
        -------
        ndarray of int64
            One count per cell.
        """
        counts = np.zeros(n_cells, dtype=np.int64)
        if cells.size <= SMALL:
            known = (cells >= 0) & (self.persons >= 0)
            pairs = np.unique(np.column_stack([cells[known], self.persons[known]]), axis=0)
            np.add.at(counts, pairs[:, 0], 1)
            return counts
        from analysis_lib.report.columns.kernels import distinct_persons

        distinct_persons(self.order, self.persons, cells, counts)
        return counts


def person_rows(table: Table) -> PersonRows | None:
    """Find out whose each row is.

    Parameters
    ----------
    table : Table
        A column ``subject_id`` or ``person_id`` says whose the rows are.

    Returns
    -------
    PersonRows or None
        None where each row is a person of its own: nothing else needs counting.
    """
    name = table.rows.person_column
    if name is None:
        return None
    column = known_persons(table.series(name).rename(name))
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        ids = column.to_numpy()
        if ids.size < 2 or bool((ids[1:] > ids[:-1]).all()):
            return None  # in order and each once, as features are written
    persons, distinct = pd.factorize(column)
    if len(distinct) == len(column):
        return None
    return PersonRows(np.argsort(persons, kind="stable"), persons.astype(np.int64, copy=False))
