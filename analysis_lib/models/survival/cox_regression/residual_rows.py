"""The inner loops over rows after a fit: score residuals, and sums of rows by cluster."""

# ruff: noqa: PLR0917  # numba compiles no keyword-only parameters

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ()  # inner loops, for the modules of this room

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int32]


@njit(cache=True, nogil=True)
def score_rows(
    x: FloatArray,
    weight: FloatArray,
    exposed: FloatArray,
    case: FloatArray,
    last: IndexArray,
    before: IndexArray,
    died: npt.NDArray[np.bool_],
    cumulative_mean: FloatArray,
    given_back: FloatArray,
    tied: IndexArray,
    mean: FloatArray,
    out: FloatArray,
) -> None:
    """Work out each row's share in the score, its case weight included.

    A row gives x - mean at its event, and takes x - mean times its expected events at every event time at which it is
    at risk. `exposed` is its expected events; `cumulative_mean` adds up hazard times mean; `given_back` is what
    Efron's method takes out of the risk set of those who die together, by tied time; `case` may be empty.
    """
    p, m = x.shape
    late = before.size > 0
    for i in range(m):
        k = last[i]
        if k < 0 or (late and before[i] >= k):
            for j in range(p):
                out[j, i] = -exposed[i] * x[j, i]
            continue
        v = case[i] if case.size else 1.0
        for j in range(p):
            drift = cumulative_mean[k, j]
            if late and before[i] >= 0:
                drift -= cumulative_mean[before[i], j]
            if died[i] and tied[k] >= 0:
                drift -= given_back[tied[k], j]
            value = weight[i] * drift - exposed[i] * x[j, i]
            if died[i]:
                value += v * (x[j, i] - mean[k, j])
            out[j, i] = value


@njit(cache=True, nogil=True)
def add_by_group(rows: FloatArray, group: npt.NDArray[np.int64], sums: FloatArray) -> None:
    """Add columns of `rows` (covariates, rows) into `sums` (groups, covariates)."""
    p, m = rows.shape
    for i in range(m):
        at = sums[group[i]]
        for j in range(p):
            at[j] += rows[j, i]
