"""Reading the steps of a curve at given times."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["heights_at"]


def heights_at(
    curve: pd.DataFrame, times: npt.NDArray[np.float64], *, before: float, names: Sequence[str]
) -> pd.DataFrame:
    """Read a curve and its limits at given times.

    Parameters
    ----------
    curve : DataFrame
        Its steps in order of ``time``, with the columns `names`.
    times : ndarray of float64, shape (n,)
        When to read.
    before : float
        Height of the curve, and of its limits, before the first step, where nothing is uncertain.
    names : sequence of str
        Columns to read: the height, ``se``, and the limits.

    Returns
    -------
    DataFrame
        ``time`` and `names`, a row for each time; missing after the last step, where nothing is known.
    """
    start = [0.0 if name == "se" else before for name in names]
    steps = np.vstack([start, curve[list(names)].to_numpy(dtype=np.float64)])
    read = steps[np.searchsorted(curve["time"], times, side="right")]
    read[times > curve["time"].max()] = np.nan
    return pd.DataFrame(read, columns=list(names)).assign(time=times)
