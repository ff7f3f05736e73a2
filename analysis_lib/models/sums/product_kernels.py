"""The sums that regressions spend their time in, compiled.

A design of a few dozen columns is too narrow for BLAS, whose kernels are made for large square matrices: the product of
28 columns with themselves reaches a quarter of what a core can do. Here four columns at a time are multiplied by four
others: sixteen sums that stay in registers, while a few hundred rows that stay near the core pass by.
"""

# ruff: noqa: PLR0917  # numba compiles no keyword-only parameters

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["add_weighted_products"]

FloatArray = npt.NDArray[np.float64]

#: Rows scaled at once: few enough that dozens of columns stay near the core, many enough that emptying the registers
#: costs little beside filling them.
_ROWS = 256
#: Sums may be added up in any order, so that several rows are worked on at once; nothing else is relaxed.
_ANY_ORDER = {"reassoc", "contract", "nsz"}


@numba.njit(cache=True, nogil=True, fastmath=_ANY_ORDER)
def add_weighted_products(
    x: FloatArray, weight: FloatArray, residual: FloatArray, score: FloatArray, information: FloatArray
) -> None:
    """Add X r to the score and X W X' to the information, for columns as rows of `x`.

    Parameters
    ----------
    x : ndarray of float64, shape (p, n)
        Columns of a design, each in one piece.
    weight, residual : ndarray of float64, shape (n,)
        Of each row; weights are >= 0.
    score : ndarray of float64, shape (p,)
        Changed in place.
    information : ndarray of float64, shape (p, p)
        Symmetric; changed in place.
    """
    p, n = x.shape
    padded = (p + 3) // 4 * 4
    scaled, root = np.zeros((padded, _ROWS)), np.empty(_ROWS)
    products = np.zeros((padded, padded))
    for first in range(0, n, _ROWS):
        size = min(_ROWS, n - first)
        w, r = weight[first : first + size], residual[first : first + size]
        for k in range(size):
            root[k] = np.sqrt(w[k])
        for i in range(p):
            column, out, total = x[i, first : first + size], scaled[i], 0.0
            for k in range(size):
                total += column[k] * r[k]
                out[k] = column[k] * root[k]
            score[i] += total
        for i in range(0, padded, 4):
            for j in range(0, i + 1, 4):
                _add_tile(scaled[i : i + 4], scaled[j : j + 4], size, products[i : i + 4, j : j + 4])
    for i in range(p):
        for j in range(i + 1):
            information[i, j] += products[i, j]
            information[j, i] = information[i, j]


@numba.njit(cache=True, nogil=True, fastmath=_ANY_ORDER)
def _add_tile(a: FloatArray, b: FloatArray, size: int, out: FloatArray) -> None:
    a0, a1, a2, a3 = a[0], a[1], a[2], a[3]
    b0, b1, b2, b3 = b[0], b[1], b[2], b[3]
    s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = 0.0
    s20 = s21 = s22 = s23 = s30 = s31 = s32 = s33 = 0.0
    for k in range(size):
        s00 += a0[k] * b0[k]
        s01 += a0[k] * b1[k]
        s02 += a0[k] * b2[k]
        s03 += a0[k] * b3[k]
        s10 += a1[k] * b0[k]
        s11 += a1[k] * b1[k]
        s12 += a1[k] * b2[k]
        s13 += a1[k] * b3[k]
        s20 += a2[k] * b0[k]
        s21 += a2[k] * b1[k]
        s22 += a2[k] * b2[k]
        s23 += a2[k] * b3[k]
        s30 += a3[k] * b0[k]
        s31 += a3[k] * b1[k]
        s32 += a3[k] * b2[k]
        s33 += a3[k] * b3[k]
    for i, sums in enumerate(((s00, s01, s02, s03), (s10, s11, s12, s13), (s20, s21, s22, s23), (s30, s31, s32, s33))):
        for j, total in enumerate(sums):
            out[i, j] += total
