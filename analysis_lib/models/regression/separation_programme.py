"""Whether an outcome is separated, decided by a linear programme instead of by how a fit ran away.

Konis K. (2007). Linear Programming Algorithms for Detecting Separated Data in Binary Logistic Regression Models. DPhil
thesis, University of Oxford. Counts with a log link as in Correia S., Guimaraes P., Zylkin T. (2019), arXiv:1903.01633.
"""

import numpy as np
import numpy.typing as npt

__all__ = ["UnsolvedError", "separating_direction"]

FloatArray = npt.NDArray[np.float64]

#: How far a row must move, in units of the largest column; HiGHS keeps constraints to 1e-7.
_MOVES = 1e-5


class UnsolvedError(Exception):
    """The programme came to no answer; whoever asked has to decide by other means."""


def separating_direction(matrix: FloatArray, y: FloatArray, *, binary: bool) -> FloatArray | None:
    """Look for a direction along which the likelihood rises for ever.

    In it no row without the outcome goes up, no row with it goes down (counts: no row with any moves), rows with a
    share between none and all stay, and some row moves.

    Parameters
    ----------
    matrix : ndarray of float64, shape (p, n)
        The design.
    y : ndarray of float64, shape (n,)
        Outcome: 0, 1 or a share between them; or counts.
    binary : bool
        Whether the mean has an upper end too.

    Returns
    -------
    ndarray of float64, shape (p,), or None
        None where there is no such direction: the likelihood has a maximum.

    Raises
    ------
    UnsolvedError
        If the programme was not solved.
    """
    from scipy.optimize import linprog

    unit = np.maximum(np.abs(matrix).max(axis=1), 1e-300)
    rows = (matrix / unit[:, None]).T
    side = np.where(y <= 0, -1.0, np.where(y >= 1, 1.0, 0.0)) if binary else np.where(y <= 0, -1.0, 0.0)
    # Rows that are equal ask the same; tables have few different ones.
    free = np.unique(side[side != 0, None] * rows[side != 0], axis=0)
    held = np.unique(rows[side == 0], axis=0)
    found = linprog(
        -free.sum(axis=0),
        A_ub=-free,
        b_ub=np.zeros(len(free)),
        A_eq=held if len(held) else None,
        b_eq=np.zeros(len(held)) if len(held) else None,
        bounds=[(-1.0, 1.0)] * len(unit),
        method="highs",
    )
    if found.status != 0:
        raise UnsolvedError
    if not len(free) or (free @ found.x).max() < _MOVES:
        return None
    return np.asarray(found.x / unit, dtype=np.float64)
