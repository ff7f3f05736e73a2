"""Sums along a curve that may have millions of steps."""

import numpy as np
import numpy.typing as npt

__all__ = ["cumulated"]


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
    return np.cumsum(values, axis=-1, dtype=np.longdouble).astype(np.float64)
