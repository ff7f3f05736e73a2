"""One round of coordinate descent over the columns themselves, compiled: it keeps the residual, no products."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["sweep_dense", "sweep_sparse"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[Any]


@njit(cache=True, nogil=True)
def _moved(pull: float, steepness: float, l1: float) -> float:  # noqa: PLR0917
    """Minimise one coordinate: shrink towards zero, then divide."""
    if not steepness > 0.0:
        return 0.0
    if pull > l1:
        return (pull - l1) / steepness
    if pull < -l1:
        return (pull + l1) / steepness
    return 0.0


@njit(cache=True, nogil=True)
def sweep_sparse(  # noqa: PLR0917
    starts: IntArray,
    rows: IntArray,
    values: FloatArray,
    members: IntArray,
    curvature: FloatArray,
    residual: FloatArray,
    means: FloatArray,
    steepness: FloatArray,
    scales: FloatArray,
    point: FloatArray,
    l1: FloatArray,
    l2: FloatArray,
    shift: float,
    total: float,
) -> Any:
    """Update the members' coefficients and the residual once, in place.

    A row's residual is ``residual - curvature * shift``: the intercept follows each step without touching all rows.

    Parameters
    ----------
    starts, rows, values : ndarray
        The matrix by column; no values mean ones.
    members : ndarray of int64
        Which columns.
    curvature, residual : ndarray of float64
        Of each row; the residual is changed in place.
    means, steepness, scales : ndarray of float64
        Of each member, as in `Sweep`.
    point, l1, l2 : ndarray of float64
        Coefficients, changed in place, and penalties of each member.
    shift : float
        What the intercept has moved before.
    total : float
        Sum of the curvatures.

    Returns
    -------
    tuple of float
        The intercept's shift and the largest step, in units of the gradient.
    """
    ones = values.size == 0
    largest = 0.0
    # Side by side in memory: who has fetched a row's residual has its curvature too.
    both = np.empty((residual.size, 2))
    for row in range(residual.size):
        both[row, 0] = residual[row]
        both[row, 1] = curvature[row]
    for place in range(members.size):
        column = members[place]
        a, b = 0.0, 0.0
        cell, end = starts[column], starts[column + 1]
        while cell + 2 <= end:
            if ones:
                a += both[rows[cell], 0]
                b += both[rows[cell + 1], 0]
            else:
                a += both[rows[cell], 0] * values[cell]
                b += both[rows[cell + 1], 0] * values[cell + 1]
            cell += 2
        if cell < end:
            a += both[rows[cell], 0] * (1.0 if ones else values[cell])
        scale = scales[place]
        gradient = (a + b - shift * means[place]) / scale
        old = point[place]
        moved = _moved(gradient + steepness[place] * old, steepness[place] + l2[place], l1[place])
        if moved == old:
            continue
        point[place] = moved
        largest = max(largest, abs(moved - old) * (steepness[place] + l2[place]))
        step = (moved - old) / scale
        shift -= step * means[place] / total
        for cell in range(starts[column], end):
            row = rows[cell]
            both[row, 0] -= step * both[row, 1] * (1.0 if ones else values[cell])
    for row in range(residual.size):
        residual[row] = both[row, 0]
    return shift, largest


@njit(cache=True, nogil=True)
def sweep_dense(  # noqa: PLR0917
    values: FloatArray,
    members: IntArray,
    curvature: FloatArray,
    residual: FloatArray,
    means: FloatArray,
    steepness: FloatArray,
    scales: FloatArray,
    point: FloatArray,
    l1: FloatArray,
    l2: FloatArray,
    shift: float,
    total: float,
) -> Any:
    """Do what `sweep_sparse` does, on covariates held as one array.

    Parameters
    ----------
    values : ndarray of float64
        Covariates, shape (p, n).
    members : ndarray of int64
        Which columns.
    curvature, residual : ndarray of float64
        Of each row; the residual is changed in place.
    means, steepness, scales : ndarray of float64
        Of each member, as in `Sweep`.
    point, l1, l2 : ndarray of float64
        Coefficients, changed in place, and penalties of each member.
    shift : float
        What the intercept has moved before.
    total : float
        Sum of the curvatures.

    Returns
    -------
    tuple of float
        The intercept's shift and the largest step, in units of the gradient.
    """
    largest = 0.0
    for place in range(members.size):
        line = values[members[place]]
        scale = scales[place]
        gradient = (np.dot(line, residual) - shift * means[place]) / scale
        old = point[place]
        moved = _moved(gradient + steepness[place] * old, steepness[place] + l2[place], l1[place])
        if moved == old:
            continue
        point[place] = moved
        largest = max(largest, abs(moved - old) * (steepness[place] + l2[place]))
        step = (moved - old) / scale
        shift -= step * means[place] / total
        for row in range(residual.size):
            residual[row] -= step * curvature[row] * line[row]
    return shift, largest
