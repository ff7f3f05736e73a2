"""Sums along a curve that may have millions of steps."""

import numpy as np
import numpy.typing as npt

__all__ = ["cumulated"]

#: Terms added up in one go.
_AT_ONCE = 1 << 17


def cumulated(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Add up from the start, in extended precision where the machine has it: there may be millions of terms.

    Parameters
    ----------
    values : ndarray, shape (..., m)
        Terms; added up along the last axis.

    Returns
    -------
    ndarray of float64, shape (..., m)
        Sums up to and including each term.
    """
    found = np.empty(values.shape)
    total = np.zeros(values.shape[:-1], dtype=np.longdouble)
    for begin in range(0, values.shape[-1], _AT_ONCE):  # extended precision takes twice the memory
        part = values[..., begin : begin + _AT_ONCE].astype(np.longdouble)
        part[..., 0] += total
        np.cumsum(part, axis=-1, out=part)
        total = part[..., -1].copy()
        found[..., begin : begin + _AT_ONCE] = part
    return found
