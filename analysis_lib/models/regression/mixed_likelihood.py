"""The likelihood of a linear mixed model with one grouping factor, from sums by group.

All that the likelihood needs of a group are the cross products of its design columns, random columns and response, so
that its cost does not depend on the number of rows (Bates et al. 2015 write the same for sparse matrices).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["GroupSums", "Profiled", "group_sums", "profiled"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class GroupSums:
    """Cross products by group; X is the design, Z its random part, y the response.

    Attributes
    ----------
    zz : ndarray of float64, shape (groups, q, q)
        Z'Z.
    zx : ndarray of float64, shape (groups, q, p)
        Z'X.
    zy : ndarray of float64, shape (groups, q)
        Z'y.
    xx : ndarray of float64, shape (p, p)
        X'X of all rows.
    xy : ndarray of float64, shape (p,)
        X'y.
    yy : float
        y'y.
    n : int
        Rows.
    """

    zz: FloatArray
    zx: FloatArray
    zy: FloatArray
    xx: FloatArray
    xy: FloatArray
    yy: float
    n: int


@dataclass(frozen=True, eq=False)
class Profiled:
    """The likelihood at given relative standard deviations, all else at its best.

    Attributes
    ----------
    criterion : float
        Minus twice the log likelihood, restricted or not.
    beta : ndarray of float64, shape (p,)
        Fixed effects.
    sigma2 : float
        Residual variance.
    unscaled : ndarray of float64, shape (p, p)
        Covariance of `beta` divided by `sigma2`.
    modes : ndarray of float64, shape (groups, q)
        Conditional modes of the random effects (BLUP).
    """

    criterion: float
    beta: FloatArray
    sigma2: float
    unscaled: FloatArray
    modes: FloatArray


def group_sums(matrix: FloatArray, random: FloatArray, *, response: FloatArray, firsts: IntArray) -> GroupSums:
    """Add up the cross products of rows sorted by group.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, p)
        Design of the fixed effects.
    random : ndarray of float64, shape (n, q)
        Design of the random effects.
    response : ndarray of float64, shape (n,)
        The outcome.
    firsts : ndarray of int64, shape (groups,)
        Where each group begins.

    Returns
    -------
    GroupSums
        The sums.
    """
    q = random.shape[1]
    zz = np.stack([np.add.reduceat(random * random[:, [k]], firsts, axis=0) for k in range(q)], axis=1)
    zx = np.stack([np.add.reduceat(matrix * random[:, [k]], firsts, axis=0) for k in range(q)], axis=1)
    zy = np.add.reduceat(random * response[:, None], firsts, axis=0)
    return GroupSums(zz, zx, zy, matrix.T @ matrix, matrix.T @ response, float(response @ response), len(response))


def factor_of(theta: FloatArray, q: int) -> FloatArray:
    """Lower triangular factor of the random effects' relative covariance.

    Parameters
    ----------
    theta : ndarray of float64, shape (q (q + 1) / 2,)
        Its entries, column by column, as lme4 orders them.
    q : int
        Random effects of a group.

    Returns
    -------
    ndarray of float64, shape (q, q)
        The factor.
    """
    factor = np.zeros((q, q))
    column, row = np.triu_indices(q)
    factor[row, column] = theta
    return factor


def profiled(theta: FloatArray, sums: GroupSums, *, restricted: bool) -> Profiled:
    """Profile the likelihood at `theta`.

    Parameters
    ----------
    theta : ndarray of float64
        As in `factor_of`.
    sums : GroupSums
        The data.
    restricted : bool
        Whether the criterion is REML's.

    Returns
    -------
    Profiled
        Criterion and all that is at its best there.
    """
    q = sums.zz.shape[1]
    p = sums.xy.size
    factor = factor_of(theta, q)
    root = np.linalg.cholesky(factor.T @ sums.zz @ factor + np.eye(q))
    along_x = np.linalg.solve(root, factor.T @ sums.zx)
    along_y = np.linalg.solve(root, (sums.zy @ factor)[:, :, None])[:, :, 0]
    stacked = along_x.reshape(-1, p)
    information = sums.xx - stacked.T @ stacked
    right = sums.xy - stacked.T @ along_y.ravel()
    lower = np.linalg.cholesky(information)
    half = np.linalg.solve(lower, right)
    beta = np.linalg.solve(lower.T, half)
    squares = sums.yy - float((along_y**2).sum()) - float(half @ half)
    log_det = 2 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
    df = sums.n - p if restricted else sums.n
    if squares <= 0:
        return Profiled(np.inf, beta, 0.0, np.full((p, p), np.nan), np.zeros_like(sums.zy))
    criterion = log_det + df * (1 + np.log(2 * np.pi * squares / df))
    if restricted:
        criterion += 2 * float(np.log(np.diag(lower)).sum())
    left = along_y - along_x @ beta
    spherical = np.linalg.solve(np.transpose(root, (0, 2, 1)), left[:, :, None])[:, :, 0]
    inverse = np.linalg.solve(lower.T, np.linalg.solve(lower, np.eye(p)))
    return Profiled(float(criterion), beta, squares / df, inverse, spherical @ factor.T)
