"""The loops over rows behind a table of groups: one pass over a column adds up everything its lines need.

They run without the interpreter's lock, so that columns go side by side in threads. Sums are taken of differences from
a value near the group's mean, in blocks of a few thousand rows whose totals are added with compensation: on ten million
rows the mean and the variance are right to the last few bits.
"""

# ruff: noqa: PLR0917 -- compiled functions take their arguments by place

from typing import Any

import numpy as np
from numba import njit

__all__ = ["add_numbers", "count_codes", "count_whole", "distinct_persons", "extent"]

_BLOCK = 4096


@njit(cache=True, nogil=True)
def _known(bits: Any, at: int) -> Any:
    """Look up a row in Arrow's bitmap of those that have a value; an empty one means that all have."""
    return bits.size == 0 or (bits[at >> 3] >> (at & 7)) & 1 == 1


@njit(cache=True, nogil=True)
def extent(values: Any, bits: Any, offset: int) -> Any:
    """Find what the values of a chunk span.

    Parameters
    ----------
    values : ndarray of float64 or int64, shape (n,)
        Missing ones may hold anything where `bits` says so, else NaN.
    bits : ndarray of uint8
        Arrow's bitmap; empty if all have a value.
    offset : int
        Where in the bitmap the chunk begins.

    Returns
    -------
    tuple
        Least and greatest finite value (greater than each other if there is none), how many are infinite, whether all
        finite ones are whole.
    """
    low, high, infinite, whole = np.inf, -np.inf, 0, True
    for row in range(values.size):
        value = values[row]
        if value != value or not _known(bits, offset + row):
            continue
        if value - value != 0:
            infinite += 1
            continue
        low, high = min(low, value), max(high, value)
        whole = whole and value == np.floor(value)
    return low, high, infinite, whole


@njit(cache=True, nogil=True)
def count_codes(codes: Any, bits: Any, offset: int, groups: Any, first: int, renamed: Any, counts: Any) -> None:
    """Count levels by group.

    Parameters
    ----------
    codes : ndarray of int32, shape (n,)
        Levels as the chunk numbers them; negative where missing.
    bits : ndarray of uint8
        Arrow's bitmap; empty if all have a value.
    offset : int
        Where in the bitmap the chunk begins.
    groups : ndarray of uint8
        Group of every row of the table.
    first : int
        Row of the table at which the chunk begins.
    renamed : ndarray of int64
        Number of each level among all chunks' levels; negative for what is none.
    counts : ndarray of int64, shape (groups, levels + 1)
        Added to; the last column counts the missing.
    """
    missing = counts.shape[1] - 1
    for row in range(codes.size):
        code = codes[row]
        level = renamed[code] if code >= 0 and _known(bits, offset + row) else missing
        counts[groups[first + row], level if level >= 0 else missing] += 1


@njit(cache=True, nogil=True)
def count_whole(values: Any, bits: Any, offset: int, groups: Any, first: int, low: int, counts: Any) -> None:
    """Count how often each whole number occurs, by group.

    Parameters
    ----------
    values : ndarray of float64 or int64, shape (n,)
        Whole numbers from `low` up, within the columns of `counts`; NaN or not in `bits` where missing.
    bits : ndarray of uint8
        Arrow's bitmap; empty if all have a value.
    offset : int
        Where in the bitmap the chunk begins.
    groups : ndarray of uint8
        Group of every row of the table.
    first : int
        Row of the table at which the chunk begins.
    low : int
        Number that the first column of `counts` counts.
    counts : ndarray of int64, shape (groups, span + 1)
        Added to; the last column counts the missing.
    """
    missing = counts.shape[1] - 1
    for row in range(values.size):
        value = values[row]
        column = missing if value != value or not _known(bits, offset + row) else np.int64(value) - low
        counts[groups[first + row], column] += 1


@njit(cache=True, nogil=True)
def add_numbers(
    values: Any,
    bits: Any,
    offset: int,
    groups: Any,
    first: int,
    shift: Any,
    cuts: Any,
    sums: Any,
    counts: Any,
    kept: Any,
    places: Any,
) -> int:
    """Add up a chunk's numbers by group, and set aside those near the wanted quantiles.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN or not in `bits` where missing; finite else.
    bits : ndarray of uint8
        Arrow's bitmap; empty if all have a value.
    offset : int
        Where in the bitmap the chunk begins.
    groups : ndarray of uint8
        Group of every row of the table.
    first : int
        Row of the table at which the chunk begins.
    shift : ndarray of float64, shape (groups,)
        A value near each group's mean.
    cuts : ndarray of float64, shape (groups, 2 * brackets)
        Ends of brackets, ascending; those of a bracket belong to it.
    sums : ndarray of float64, shape (groups, 4)
        Added to: differences from `shift`, their squares, and what rounding took from each.
    counts : ndarray of int64, shape (groups, 2 * brackets + 2)
        Added to: how many lie below, in, and between the brackets in turn; the last column counts the missing.
    kept : ndarray of float64, shape (n,)
        Receives the numbers inside brackets that hold more than one value.
    places : ndarray of uint8, shape (n,)
        Receives ``group * brackets + bracket`` of each.

    Returns
    -------
    int
        How many were kept.
    """
    n_groups, n_cuts = cuts.shape
    missing = counts.shape[1] - 1
    block = np.zeros((n_groups, 2))
    n_kept = 0
    for row in range(values.size):
        group = groups[first + row]
        value = values[row]
        if value != value or not _known(bits, offset + row):
            counts[group, missing] += 1
        else:
            distance = value - shift[group]
            block[group, 0] += distance
            block[group, 1] += distance * distance
            place = 0
            for cut in range(0, n_cuts, 2):
                place += (value >= cuts[group, cut]) + (value > cuts[group, cut + 1])
            counts[group, place] += 1
            if place & 1 and cuts[group, place - 1] < cuts[group, place]:
                kept[n_kept] = value
                places[n_kept] = group * (n_cuts // 2) + place // 2
                n_kept += 1
        if (row & (_BLOCK - 1)) == _BLOCK - 1 or row == values.size - 1:
            _fold(block, sums)
    return n_kept


@njit(cache=True, nogil=True)
def _fold(block: Any, sums: Any) -> None:
    """Add a block's totals with Neumaier's compensation, and begin the next block."""
    for group in range(block.shape[0]):
        for which in range(2):
            total, part = sums[group, which], block[group, which]
            together = total + part
            if abs(total) >= abs(part):
                sums[group, which + 2] += (total - together) + part
            else:
                sums[group, which + 2] += (part - together) + total
            sums[group, which] = together
            block[group, which] = 0.0


@njit(cache=True, nogil=True)
def distinct_persons(order: Any, persons: Any, cells: Any, counts: Any) -> None:
    """Count the distinct persons of each cell.

    Parameters
    ----------
    order : ndarray of int64, shape (n,)
        Rows, those of one person next to one another.
    persons : ndarray of int64, shape (n,)
        Whose each row is; negative where not known.
    cells : ndarray of int32, shape (n,)
        Cell of each row; negative for none.
    counts : ndarray of int64, shape (cells,)
        Added to.
    """
    last = np.full(counts.size, -1, dtype=np.int64)
    for row in order:
        cell, person = cells[row], persons[row]
        if cell >= 0 and person >= 0 and last[cell] != person:
            counts[cell] += 1
            last[cell] = person
