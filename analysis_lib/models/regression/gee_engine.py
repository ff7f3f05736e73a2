"""Generalised estimating equations for many clusters at once: families, working correlations, sums, covariances."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Clusters", "Equations", "GeeFit", "cluster_parts", "fit_equations", "working_inverse"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
FamilyName = Literal["gaussian", "binomial", "poisson"]
Correlation = Literal["independence", "exchangeable", "ar1"]

MAX_ITERATIONS = 200
#: Largest change of a coefficient, in its standard errors, that counts as arrived.
TOLERANCE = 1e-10
_EDGE = 1e-7  # nearer to an impossible correlation than this, its inverse has no digits left
_FARTHEST = 35.0  # log odds, beyond which a probability is 0 or 1 in double precision


@dataclass(frozen=True, eq=False)
class Clusters:
    """The rows, cluster by cluster, in order of time within each.

    Attributes
    ----------
    matrix : ndarray of float64, shape (n, p)
        The design.
    response : ndarray of float64, shape (n,)
        The outcome.
    offset : ndarray of float64, shape (n,)
        Added to the linear predictor.
    firsts : ndarray of int64, shape (clusters,)
        Where each cluster begins.
    sizes : ndarray of int64, shape (clusters,)
        Rows of each.
    gaps : ndarray of float64, shape (n,)
        Time since the row before in the same cluster; NaN in the first row of a cluster.
    """

    matrix: FloatArray
    response: FloatArray
    offset: FloatArray
    firsts: IntArray
    sizes: IntArray
    gaps: FloatArray


@dataclass(frozen=True, eq=False)
class Equations:
    """The sums of one step, in units where the variance function is 1.

    Attributes
    ----------
    bread : ndarray of float64, shape (p, p)
        Sum over clusters of D' V⁻¹ D, without the dispersion.
    scores : ndarray of float64, shape (clusters, p)
        D' V⁻¹ (y - mean) of each cluster.
    residuals : ndarray of float64, shape (n,)
        Pearson residuals.
    """

    bread: FloatArray
    scores: FloatArray
    residuals: FloatArray


@dataclass(frozen=True, eq=False)
class GeeFit:
    """Where the iterations ended.

    Attributes
    ----------
    beta : ndarray of float64, shape (p,)
        Coefficients.
    alpha : float
        Working correlation; 0 under independence.
    scale : float
        Dispersion.
    at : Equations
        The sums there.
    converged : bool
        Whether they solve the equations.
    iterations : int
        Steps.
    """

    beta: FloatArray
    alpha: float
    scale: float
    at: Equations
    converged: bool
    iterations: int


def _mean_and_slope(family: FamilyName, eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean, and standard deviation under the variance function, which is its slope too for canonical links."""
    if family == "gaussian":
        return eta, np.ones_like(eta)
    if family == "poisson":
        mean = np.exp(np.clip(eta, -700, 700))
        return mean, np.sqrt(mean)
    mean = 1 / (1 + np.exp(-np.clip(eta, -_FARTHEST, _FARTHEST)))
    return mean, np.sqrt(mean * (1 - mean))


def working_inverse(clusters: Clusters, values: FloatArray, *, correlation: Correlation, alpha: float) -> FloatArray:
    """Multiply by the inverse of the working correlation of each cluster.

    Parameters
    ----------
    clusters : Clusters
        Where clusters begin.
    values : ndarray of float64, shape (n, k)
        What to multiply.
    correlation : {"independence", "exchangeable", "ar1"}
        The working correlation.
    alpha : float
        Its parameter.

    Returns
    -------
    ndarray of float64, shape (n, k)
        The product.
    """
    if correlation == "independence" or alpha == 0:
        return values
    if correlation == "exchangeable":
        share = alpha / (1 + alpha * (clusters.sizes - 1))
        sums = np.add.reduceat(values, clusters.firsts, axis=0) * share[:, None]
        spread: FloatArray = (values - np.repeat(sums, clusters.sizes, axis=0)) / (1 - alpha)
        return spread
    return _ar1_inverse(clusters, values, alpha=alpha)


def _ar1_inverse(clusters: Clusters, values: FloatArray, *, alpha: float) -> FloatArray:
    """Along a chain each value depends on the one before it alone, so the inverse is L' D⁻¹ L with L bidiagonal."""
    follows = ~np.isnan(clusters.gaps)
    link = np.zeros(len(values))
    with np.errstate(invalid="ignore"):
        link[follows] = np.sign(alpha) ** clusters.gaps[follows] * np.abs(alpha) ** clusters.gaps[follows]
    new = values.copy()
    new[1:] -= link[1:, None] * values[:-1]
    new /= (1 - link**2)[:, None]
    found = new.copy()
    found[:-1] -= link[1:, None] * new[1:]
    return found


def equations(
    clusters: Clusters, beta: FloatArray, *, family: FamilyName, correlation: Correlation, alpha: float
) -> Equations:
    """Add up the equations at one point.

    Parameters
    ----------
    clusters : Clusters
        The rows.
    beta : ndarray of float64, shape (p,)
        Coefficients.
    family : {"gaussian", "binomial", "poisson"}
        Mean and variance, with the canonical link.
    correlation : {"independence", "exchangeable", "ar1"}
        The working correlation.
    alpha : float
        Its parameter.

    Returns
    -------
    Equations
        The sums.
    """
    mean, slope = _mean_and_slope(family, clusters.matrix @ beta + clusters.offset)
    slope = np.maximum(slope, 1e-150)
    residuals = (clusters.response - mean) / slope
    design = clusters.matrix * slope[:, None]
    weighted = working_inverse(clusters, design, correlation=correlation, alpha=alpha)
    scores = np.add.reduceat(weighted * residuals[:, None], clusters.firsts, axis=0)
    return Equations(weighted.T @ design, scores, residuals)


def cluster_parts(
    clusters: Clusters, beta: FloatArray, *, family: FamilyName, correlation: Correlation, alpha: float
) -> FloatArray:
    """Give each cluster's part of the bread.

    Parameters
    ----------
    clusters : Clusters
        The rows.
    beta : ndarray of float64, shape (p,)
        Coefficients.
    family : {"gaussian", "binomial", "poisson"}
        Mean and variance, with the canonical link.
    correlation : {"independence", "exchangeable", "ar1"}
        The working correlation.
    alpha : float
        Its parameter.

    Returns
    -------
    ndarray of float64, shape (clusters, p, p)
        They add up to `Equations.bread`.
    """
    _, slope = _mean_and_slope(family, clusters.matrix @ beta + clusters.offset)
    design = clusters.matrix * np.maximum(slope, 1e-150)[:, None]
    weighted = working_inverse(clusters, design, correlation=correlation, alpha=alpha)
    parts = np.empty((clusters.firsts.size, beta.size, beta.size))
    for column in range(beta.size):
        parts[:, column] = np.add.reduceat(weighted * design[:, column, None], clusters.firsts, axis=0)
    return parts


def fit_equations(
    clusters: Clusters, *, family: FamilyName, correlation: Correlation, corrected: bool, fixed_scale: bool
) -> GeeFit:
    """Solve the equations: coefficients by Fisher's scoring, dispersion and correlation by moments, in turn.

    Parameters
    ----------
    clusters : Clusters
        The rows.
    family : {"gaussian", "binomial", "poisson"}
        Mean and variance.
    correlation : {"independence", "exchangeable", "ar1"}
        The working correlation.
    corrected : bool
        Whether moments divide by n - p, not n.
    fixed_scale : bool
        Whether the dispersion is 1.

    Returns
    -------
    GeeFit
        Check ``converged``.
    """
    beta = np.zeros(clusters.matrix.shape[1])
    beta, at, arrived, steps = _steps(clusters, beta, family=family, correlation="independence", alpha=0.0)
    alpha, scale = 0.0, 1.0
    for iteration in range(MAX_ITERATIONS if arrived else 0):
        scale = _dispersion(at.residuals, p=beta.size, corrected=corrected)
        before = alpha
        alpha = _correlation(clusters, at.residuals, scale=scale, kind=correlation, corrected=corrected, p=beta.size)
        if not _is_correlation(clusters, alpha, kind=correlation):
            return GeeFit(beta, alpha, scale, at, False, iteration)
        found = _steps(clusters, beta, family=family, correlation=correlation, alpha=alpha, start_free=False)
        moved = _standardised(found[0] - beta, at.bread)
        beta, at, arrived = found[0], found[1], found[2]
        steps += found[3]
        if not arrived:
            break
        if correlation == "independence" or (moved < TOLERANCE and abs(alpha - before) < TOLERANCE):
            scale = 1.0 if fixed_scale else _dispersion(at.residuals, p=beta.size, corrected=corrected)
            return GeeFit(beta, alpha, scale, at, True, steps)
    return GeeFit(beta, alpha, scale, at, False, steps)


def _steps(
    clusters: Clusters,
    beta: FloatArray,
    *,
    family: FamilyName,
    correlation: Correlation,
    alpha: float,
    start_free: bool = True,
) -> tuple[FloatArray, Equations, bool, int]:
    """Solve for the coefficients at a given correlation."""
    if start_free and family != "gaussian":
        beta = _first_guess(clusters, family=family)
    at = equations(clusters, beta, family=family, correlation=correlation, alpha=alpha)
    before = np.inf
    for iteration in range(MAX_ITERATIONS):
        try:
            step = np.linalg.solve(at.bread, at.scores.sum(axis=0))
        except np.linalg.LinAlgError:
            return beta, at, False, iteration
        size = _standardised(step, at.bread)
        if not np.isfinite(size):
            return beta, at, False, iteration
        # Rounding may stop the steps just above the tolerance.
        if size < TOLERANCE or (size < 1e-7 and size > before / 2):
            return beta, at, True, iteration
        before = size
        # A step of more than 20 on the scale of a logarithm leads nowhere but out of the range of numbers.
        longest = float(np.abs(clusters.matrix @ step).max()) if family != "gaussian" else 0.0
        beta = beta + step * min(1.0, 20.0 / max(longest, 1e-300))
        at = equations(clusters, beta, family=family, correlation=correlation, alpha=alpha)
    return beta, at, False, MAX_ITERATIONS


def _standardised(step: FloatArray, bread: FloatArray) -> float:
    """Length of a step in standard errors."""
    return float(np.sqrt(max(float(step @ bread @ step), 0.0)))


def _first_guess(clusters: Clusters, *, family: FamilyName) -> FloatArray:
    """One least-squares step from the response itself, drawn a little to its mean, as in R's glm."""
    y = clusters.response
    if family == "binomial":
        mean = (y + 0.5) / 2
        eta, weight = np.log(mean / (1 - mean)), mean * (1 - mean)
    else:
        mean = y + 0.1
        eta, weight = np.log(mean), mean
    working = eta - clusters.offset + (y - mean) / weight
    root = np.sqrt(weight)
    found, *_ = np.linalg.lstsq(clusters.matrix * root[:, None], working * root, rcond=None)
    return np.asarray(found, dtype=np.float64)


def _dispersion(residuals: FloatArray, *, p: int, corrected: bool) -> float:
    return float(residuals @ residuals) / (residuals.size - (p if corrected else 0))


def _is_correlation(clusters: Clusters, alpha: float, *, kind: Correlation) -> bool:
    """Tell whether the working correlation is positive definite."""
    if not np.isfinite(alpha):
        return False
    lowest = -1 / (int(clusters.sizes.max()) - 1) if kind == "exchangeable" and clusters.sizes.max() > 1 else -1.0
    return lowest + _EDGE < alpha < 1 - _EDGE


def _correlation(
    clusters: Clusters, residuals: FloatArray, *, scale: float, kind: Correlation, corrected: bool, p: int
) -> float:
    if kind == "independence" or scale == 0 or clusters.sizes.max() < 2:
        return 0.0
    if kind == "exchangeable":
        sums = np.add.reduceat(residuals, clusters.firsts)
        squares = np.add.reduceat(residuals**2, clusters.firsts)
        pairs = float((clusters.sizes * (clusters.sizes - 1.0)).sum()) / 2
        return float((sums**2 - squares).sum()) / 2 / scale / (pairs - (p if corrected else 0))
    return _ar1_least_squares(clusters, residuals / np.sqrt(scale))


def _ar1_least_squares(clusters: Clusters, residuals: FloatArray) -> float:
    """Fit alpha to the power of the distance to the products of all pairs of a cluster, by least squares."""
    from scipy.optimize import brentq

    distances, sums, counts = _products_by_distance(clusters, residuals)

    def slope(alpha: float) -> float:
        power = np.sign(alpha) ** distances * np.abs(alpha) ** distances
        steep = distances * np.sign(alpha) ** (distances - 1) * np.abs(alpha) ** (distances - 1)
        return float((steep * (sums - counts * power)).sum())

    # The sum of squares may have several valleys; the one of a grid's best point is taken.
    whole = bool((distances == np.floor(distances)).all())
    grid = np.linspace(-0.99 if whole else 0.0, 0.9999, 400)
    power = np.sign(grid[:, None]) ** distances * np.abs(grid[:, None]) ** distances
    best = int(np.argmin((counts * power**2 - 2 * sums * power).sum(axis=1)))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    if not slope(low) > 0 > slope(high):
        return float(grid[best])
    return float(brentq(slope, low, high, xtol=1e-15, rtol=1e-14))


def _products_by_distance(clusters: Clusters, residuals: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Add up the products of all pairs within clusters by their distance in time."""
    place = np.arange(residuals.size) - np.repeat(clusters.firsts, clusters.sizes)
    if ((clusters.gaps == 1) | np.isnan(clusters.gaps)).all():
        lags = np.arange(1, int(clusters.sizes.max()))
        sums = [float(residuals[lag:][place[lag:] >= lag] @ residuals[:-lag][place[lag:] >= lag]) for lag in lags]
        counts = [float((place >= lag).sum()) for lag in lags]
        return lags.astype(np.float64), np.array(sums), np.array(counts)
    time = np.cumsum(np.nan_to_num(clusters.gaps))
    gathered: dict[float, tuple[float, float]] = {}
    for lag in range(1, int(clusters.sizes.max())):
        later = np.flatnonzero(place >= lag)
        distance = np.round(time[later] - time[later - lag], 9)
        known, position = np.unique(distance, return_inverse=True)
        products = np.bincount(position, residuals[later] * residuals[later - lag])
        pairs = np.bincount(position)
        for index, value in enumerate(known.tolist()):
            before = gathered.get(value, (0.0, 0.0))
            gathered[value] = (before[0] + float(products[index]), before[1] + float(pairs[index]))
    distances = np.array(sorted(gathered))
    found = np.array([gathered[value] for value in distances.tolist()]).reshape(-1, 2)
    return distances, found[:, 0], found[:, 1]
