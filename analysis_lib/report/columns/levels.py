"""Counts of levels by group."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis_lib.report.columns.persons import SMALL, PersonRows
from analysis_lib.report.columns.pieces import CodedColumn

__all__ = ["LevelFacts", "level_facts", "persons_by_cell", "with_overall"]

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LevelFacts:
    """How many of each group are at each level.

    Attributes
    ----------
    levels : tuple
        In the order of the table.
    counts : ndarray of int64, shape (groups, levels)
        Rows with the level.
    missing : ndarray of int64, shape (groups,)
        Rows without a value.
    persons : ndarray of int64, shape (groups, levels)
        Distinct persons with the level.
    persons_missing : ndarray of int64, shape (groups,)
        Distinct persons without a value.
    truth : bool
        Whether the levels are no and yes.
    """

    levels: tuple[Any, ...]
    counts: Counts
    missing: Counts
    persons: Counts
    persons_missing: Counts
    truth: bool


def level_facts(
    column: CodedColumn,
    groups: npt.NDArray[np.uint8],
    *,
    n_groups: int,
    overall: bool,
    persons: PersonRows | None,
) -> LevelFacts:
    """Count the levels of a column by group.

    Parameters
    ----------
    column : CodedColumn
        Levels of all rows.
    groups : ndarray of uint8
        Group of each row.
    n_groups : int
        How many groups there are.
    overall : bool
        Whether everybody comes first, as a group of its own.
    persons : PersonRows or None
        Whose the rows are; None where each is a person.

    Returns
    -------
    LevelFacts
        Counts.
    """
    n_levels = len(column.levels)
    counts = np.zeros((n_groups, n_levels + 1), dtype=np.int64)
    first = 0
    for piece in column.pieces:
        if groups.size <= SMALL:
            levels = piece.levels()
            np.add.at(counts, (groups[first : first + levels.size], np.where(levels < 0, n_levels, levels)), 1)
        else:
            from analysis_lib.report.columns.kernels import count_codes

            count_codes(piece.codes, piece.bits, piece.offset, groups, first, piece.renamed, counts)
        first += piece.codes.size
    if persons is None:
        counts = with_overall(counts) if overall else counts
        distinct = counts
    else:
        levels = np.concatenate([piece.levels() for piece in column.pieces])
        cells = np.where(levels < 0, n_levels, levels).astype(np.int32)
        distinct = persons_by_cell(cells, groups, shape=(n_groups, n_levels + 1), overall=overall, persons=persons)
        counts = with_overall(counts) if overall else counts
    return LevelFacts(
        levels=column.levels,
        counts=counts[:, :-1],
        missing=counts[:, -1],
        persons=distinct[:, :-1],
        persons_missing=distinct[:, -1],
        truth=column.truth,
    )


def with_overall(counts: Counts) -> Counts:
    """Put everybody before the groups.

    Parameters
    ----------
    counts : ndarray of int64, shape (groups, ...)
        Of rows, which are in one group each.

    Returns
    -------
    ndarray of int64, shape (groups + 1, ...)
        Sums first.
    """
    return np.concatenate([counts.sum(axis=0, keepdims=True), counts])


def persons_by_cell(
    cells: npt.NDArray[np.int32],
    groups: npt.NDArray[np.uint8],
    *,
    shape: tuple[int, int],
    overall: bool,
    persons: PersonRows,
) -> Counts:
    """Count distinct persons by group and cell.

    Parameters
    ----------
    cells : ndarray of int32
        Cell of each row; negative for none.
    groups : ndarray of uint8
        Group of each row.
    shape : tuple of int
        Groups and cells.
    overall : bool
        Whether everybody comes first: a person in two groups is one person.
    persons : PersonRows
        Whose the rows are.

    Returns
    -------
    ndarray of int64
        Of `shape`, one row more with `overall`.
    """
    n_groups, n_cells = shape
    both = np.where(cells < 0, -1, groups.astype(np.int32) * n_cells + cells).astype(np.int32)
    counts = persons.distinct(both, n_groups * n_cells).reshape(shape)
    return np.vstack([persons.distinct(cells, n_cells), counts]) if overall else counts
