"""Sums over the filled cells of a sparse matrix, compiled; an empty array of values means that every filled cell is 1.

The matrix comes by column (`starts`, `rows`, `values`) and, for products of columns, also by row. numba takes no
keyword-only arguments, so these functions have many positional ones.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = [
    "add_columns",
    "column_products",
    "column_sums",
    "products_of_all",
    "products_with_new",
    "squared_distances",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[Any]


@njit(cache=True, nogil=True)
def column_sums(  # noqa: PLR0917
    starts: IntArray, rows: IntArray, values: FloatArray, weights: FloatArray, sums: FloatArray, unfilled: FloatArray
) -> None:
    """Add up, for each column, weight times value, and the weights of the rows where it is not filled.

    Parameters
    ----------
    starts, rows, values : ndarray
        The matrix by column; no values mean ones.
    weights : ndarray of float64
        Of each row.
    sums, unfilled : ndarray of float64
        Filled in place, by column.
    """
    ones = values.size == 0
    everything, n_weighted = 0.0, 0
    for row in range(weights.size):
        everything += weights[row]
        n_weighted += weights[row] > 0.0
    for column in range(sums.size):
        total, weight, n_filled = 0.0, 0.0, 0
        for cell in range(starts[column], starts[column + 1]):
            w = weights[rows[cell]]
            weight += w
            n_filled += w > 0.0
            if not ones:
                total += w * values[cell]
        sums[column] = weight if ones else total
        # By counting, so that a column filled everywhere leaves exactly nothing.
        unfilled[column] = 0.0 if n_filled == n_weighted else max(everything - weight, 0.0)


@njit(cache=True, nogil=True)
def squared_distances(  # noqa: PLR0917
    starts: IntArray, rows: IntArray, values: FloatArray, weights: FloatArray, means: FloatArray, sums: FloatArray
) -> None:
    """Add up, over the filled cells of each column, weight times squared distance from the column's mean.

    Parameters
    ----------
    starts, rows, values : ndarray
        The matrix by column; no values mean ones.
    weights : ndarray of float64
        Of each row.
    means : ndarray of float64
        Of each column.
    sums : ndarray of float64
        Filled in place, by column.
    """
    ones = values.size == 0
    for column in range(sums.size):
        total = 0.0
        for cell in range(starts[column], starts[column + 1]):
            distance = (1.0 if ones else values[cell]) - means[column]
            total += weights[rows[cell]] * distance * distance
        sums[column] = total


@njit(cache=True, nogil=True)
def column_products(  # noqa: PLR0917
    starts: IntArray, rows: IntArray, values: FloatArray, columns: IntArray, vector: FloatArray, products: FloatArray
) -> None:
    """Multiply some columns with a vector.

    Parameters
    ----------
    starts, rows, values : ndarray
        The matrix by column; no values mean ones.
    columns : ndarray of int64
        Which columns.
    vector : ndarray of float64
        One number for each row.
    products : ndarray of float64
        Filled in place, by column asked for.
    """
    ones = values.size == 0
    for place in range(columns.size):
        column = columns[place]
        # Four sums hide the wait for memory, and lose fewer digits than one.
        a, b, c, d = 0.0, 0.0, 0.0, 0.0
        cell, end = starts[column], starts[column + 1]
        while cell + 4 <= end:
            if ones:
                a += vector[rows[cell]]
                b += vector[rows[cell + 1]]
                c += vector[rows[cell + 2]]
                d += vector[rows[cell + 3]]
            else:
                a += vector[rows[cell]] * values[cell]
                b += vector[rows[cell + 1]] * values[cell + 1]
                c += vector[rows[cell + 2]] * values[cell + 2]
                d += vector[rows[cell + 3]] * values[cell + 3]
            cell += 4
        while cell < end:
            a += vector[rows[cell]] * (1.0 if ones else values[cell])
            cell += 1
        products[place] = (a + b) + (c + d)


@njit(cache=True, nogil=True)
def add_columns(  # noqa: PLR0917
    starts: IntArray, rows: IntArray, values: FloatArray, columns: IntArray, steps: FloatArray, vector: FloatArray
) -> None:
    """Add multiples of some columns to a vector, in place.

    Parameters
    ----------
    starts, rows, values : ndarray
        The matrix by column; no values mean ones.
    columns : ndarray of int64
        Which columns.
    steps : ndarray of float64
        What multiplies each.
    vector : ndarray of float64
        One number for each row; changed in place.
    """
    ones = values.size == 0
    for place in range(columns.size):
        step = steps[place]
        if step == 0.0:
            continue
        for cell in range(starts[columns[place]], starts[columns[place] + 1]):
            vector[rows[cell]] += step * (1.0 if ones else values[cell])


@njit(cache=True, nogil=True)
def products_of_all(  # noqa: PLR0917
    row_starts: IntArray,
    columns: IntArray,
    values: FloatArray,
    place_of: IntArray,
    weights: FloatArray,
    products: FloatArray,
) -> None:
    """Add up weight times value times value for every pair of chosen columns, row by row.

    `place_of` has the place of each column in `products`, or -1. Products come symmetric.

    Parameters
    ----------
    row_starts, columns, values : ndarray
        The matrix by row; no values mean ones.
    place_of : ndarray of int64
        Place of each column, or -1.
    weights : ndarray of float64
        Of each row.
    products : ndarray of float64
        Zeros; filled in place.
    """
    ones = values.size == 0
    places = np.empty(place_of.size, dtype=np.int64)
    numbers = np.empty(place_of.size, dtype=np.float64)
    for row in range(weights.size):
        weight = weights[row]
        if weight == 0.0:
            continue
        found = 0
        for cell in range(row_starts[row], row_starts[row + 1]):
            place = place_of[columns[cell]]
            if place >= 0:
                places[found] = place
                numbers[found] = 1.0 if ones else values[cell]
                found += 1
        for left in range(found):
            weighted = weight * numbers[left]
            line = products[places[left]]
            for right in range(found):
                if places[right] >= places[left]:
                    line[places[right]] += weighted * numbers[right]
    for left in range(products.shape[0]):
        for right in range(left):
            products[left, right] = products[right, left]


@njit(cache=True, nogil=True)
def products_with_new(  # noqa: PLR0917
    starts: IntArray,
    rows: IntArray,
    values: FloatArray,
    new: IntArray,
    row_starts: IntArray,
    columns: IntArray,
    row_values: FloatArray,
    place_of: IntArray,
    weights: FloatArray,
    products: FloatArray,
) -> None:
    """Add up weight times value times value of each new column with every chosen one.

    Parameters
    ----------
    starts, rows, values : ndarray
        The matrix by column; no values mean ones.
    new : ndarray of int64
        Which columns.
    row_starts, columns, row_values : ndarray
        The matrix by row.
    place_of : ndarray of int64
        Place of each other column, or -1.
    weights : ndarray of float64
        Of each row.
    products : ndarray of float64
        Zeros; filled in place.
    """
    ones = values.size == 0
    for place in range(new.size):
        line = products[place]
        for cell in range(starts[new[place]], starts[new[place] + 1]):
            row = rows[cell]
            weighted = weights[row] * (1.0 if ones else values[cell])
            if weighted == 0.0:
                continue
            for other in range(row_starts[row], row_starts[row + 1]):
                to = place_of[columns[other]]
                if to >= 0:
                    line[to] += weighted * (1.0 if ones else row_values[other])
