"""Fisher's scoring for generalised linear models: over sums where rows are many, by QR where they are few.

Sums need one pass over the rows per step and hold nothing of them, but square the condition of the design. Where the
design fits a small matrix, each step is a least-squares problem solved by QR instead, which loses half as many digits.
Both give the same numbers on any design that is not nearly singular.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import linalg

from analysis_lib.errors import ConvergenceError
from analysis_lib.models.regression.families import Family, Link
from analysis_lib.models.regression.glm_sums import IrlsSums, Weighting
from analysis_lib.models.rows import Prepared
from analysis_lib.models.sums import AddsUp, Block, blas_of_one_thread

__all__ = ["Fitted", "OrthogonalSteps", "Point", "Steps", "SummedSteps", "fisher_scoring"]

FloatArray = npt.NDArray[np.float64]

MOST_STEPS = 200
MOST_HALVINGS = 30
#: The decrement is the squared distance to the maximum in standard errors; rounding stops it near here at the latest.
GOOD_ENOUGH = 1e-10
TOLERANCE = 1e-20
#: A step this far below the linear predictor itself, both squared, is rounding: of an exact fit nothing else is left.
ROUNDING = 1e-28


@dataclass(frozen=True)
class Point:
    """Where the scoring stands.

    Attributes
    ----------
    coefficients : ndarray of float64, shape (p,)
        Of the design less its shift.
    deviance, pearson : float
        There; the deviance is infinite where a mean is out of range.
    score : ndarray of float64, shape (p,)
        Derivative of minus half the deviance.
    step : ndarray of float64, shape (p,)
        To the next point.
    decrement : float
        score' step.
    size : float
        Weighted square of the linear predictor without offset: a step far below it is rounding.
    """

    coefficients: FloatArray
    deviance: float
    pearson: float
    score: FloatArray
    step: FloatArray
    decrement: float
    size: float = 0.0


class Steps(Protocol):
    """Something that can evaluate a model and say where to step."""

    def at(self, coefficients: FloatArray | None) -> Point:
        """Evaluate at coefficients, or at the guess that the outcome suggests.

        Parameters
        ----------
        coefficients : ndarray of float64, shape (p,), or None
            Of the design less its shift.
        """

    def covariance(self) -> FloatArray:
        """Give the inverse of the information where `at` was called last."""


@dataclass
class SummedSteps:
    """Steps from sums over all rows.

    Attributes
    ----------
    design : DesignRows or SampledRows
        Rows.
    family, link, weighting, centre, compiled
        As `IrlsSums`.
    information : ndarray of float64, shape (p, p)
        As of the last point.
    """

    design: AddsUp
    family: Family
    link: Link
    weighting: Weighting
    centre: float
    compiled: bool = False
    information: FloatArray | None = None

    def at(self, coefficients: FloatArray | None) -> Point:
        """Evaluate with one pass over the rows.

        Parameters
        ----------
        coefficients : ndarray of float64, shape (p,), or None
            None takes the guess.

        Returns
        -------
        Point
            With the step from there.
        """
        work = IrlsSums(self.family, self.link, self.weighting, coefficients, self.centre, self.compiled)
        deviance, score, information, pearson = self.design.add_up(work)
        base = np.zeros(score.size) if coefficients is None else coefficients
        if not np.isfinite(deviance):
            return Point(base, np.inf, np.inf, score, np.zeros(score.size), np.nan)
        self.information = (information + information.T) / 2
        step = solved(self.information, score)
        size = float(base @ self.information @ base)
        return Point(base, float(deviance), float(pearson), score, step, float(score @ step), size)

    def covariance(self) -> FloatArray:
        """Invert the information of the last point.

        Returns
        -------
        ndarray of float64, shape (p, p)
            Up to the scale.
        """
        if self.information is None:
            raise ConvergenceError("there is no fit yet; found no evaluated point. Fit first.")
        return inverted(self.information)


class OrthogonalSteps:
    """Steps by QR on the whole design.

    Parameters
    ----------
    part : Prepared
        All rows.
    shift : ndarray of float64, shape (p,)
        Taken off the columns.
    family : Family
        Distribution.
    link : Link
        Link.
    weighting : Weighting
        Weights and offsets.
    centre : float
        Mean outcome.
    """

    def __init__(
        self, part: Prepared, *, shift: FloatArray, family: Family, link: Link, weighting: Weighting, centre: float
    ) -> None:
        x = part.fill(np.empty((len(part.recipes), part.size)), 0, shift=shift)
        self._block = Block(x, part.response, {name: column.to_numpy() for name, column in part.extra.items()})
        self._norms = np.maximum(np.sqrt((x * x).sum(axis=1)), 1e-300)
        self._family, self._link, self._weighting, self._centre = family, link, weighting, centre
        self._triangle: FloatArray | None = None

    def at(self, coefficients: FloatArray | None) -> Point:
        """Evaluate and solve for the step by QR.

        Parameters
        ----------
        coefficients : ndarray of float64, shape (p,), or None
            None takes the guess.

        Returns
        -------
        Point
            With the step from there.
        """
        work = IrlsSums(self._family, self._link, self._weighting, coefficients, self._centre)
        rows = work.rows(self._block)
        p = self._norms.size
        base = np.zeros(p) if coefficients is None else coefficients
        if rows is None:
            return Point(base, np.inf, np.inf, np.zeros(p), np.zeros(p), np.nan)
        deviance, residual, weight, pearson = rows
        with blas_of_one_thread():
            root = np.sqrt(weight)
            scaled = (self._block.x / self._norms[:, None] * root).T
            q, self._triangle = linalg.qr(scaled, mode="economic", check_finite=False)
            # A row without weight has no residual either.
            rest = np.divide(residual, root, out=np.zeros_like(root), where=root > 0)
            step = self._solved(q, scaled=scaled, rest=rest) / self._norms
            score = self._block.x @ residual
            size = float(((scaled @ (base * self._norms)) ** 2).sum())
        return Point(base, deviance, pearson, score, step, float(score @ step), size)

    def _solved(self, q: FloatArray, *, scaled: FloatArray, rest: FloatArray) -> FloatArray:
        """Solve the least-squares problem, and again for what rounding left, with residuals in extended precision."""
        try:
            found = linalg.solve_triangular(self._triangle, q.T @ rest, check_finite=False)
            if self._family.name == "gaussian" and scaled.size <= 1_000_000:
                exact = scaled.astype(np.longdouble)
                for _ in range(3):
                    left = np.asarray(rest - exact @ found, dtype=np.float64)
                    found = found + linalg.solve_triangular(self._triangle, q.T @ left, check_finite=False)
        except linalg.LinAlgError:
            return np.full(self._norms.size, np.nan)
        return np.asarray(found, dtype=np.float64)

    def covariance(self) -> FloatArray:
        """Invert the information of the last point, from the triangle.

        Returns
        -------
        ndarray of float64, shape (p, p)
            Up to the scale.
        """
        if self._triangle is None:
            raise ConvergenceError("there is no fit yet; found no evaluated point. Fit first.")
        try:
            inverse = linalg.solve_triangular(self._triangle, np.eye(self._norms.size), check_finite=False)
        except linalg.LinAlgError:
            return np.full((self._norms.size, self._norms.size), np.nan)
        inverse = inverse / self._norms[:, None]
        return np.asarray(inverse @ inverse.T, dtype=np.float64)


@dataclass(frozen=True)
class Fitted:
    """Where the scoring ended.

    Attributes
    ----------
    coefficients : ndarray of float64, shape (p,)
        Of the design less its shift.
    deviance, pearson : float
        There.
    covariance : ndarray of float64, shape (p, p)
        Inverse information, up to the scale; missing where it is singular.
    converged : bool
        Whether it is the maximum.
    steps : int
        Points evaluated.
    last_step : ndarray of float64, shape (p,)
        The step proposed last; where there is no maximum it points to where the likelihood keeps rising.
    """

    coefficients: FloatArray
    deviance: float
    pearson: float
    covariance: FloatArray
    converged: bool
    steps: int
    last_step: FloatArray


def fisher_scoring(
    steps: Steps, start: FloatArray | None, *, n: float, p: int, scale: float | None = None, canonical: bool = True
) -> Fitted:
    """Step to the maximum, and check that it is one.

    The scoring ends when the next step is shorter than 1e-10 standard errors, or where n rows are so many that the step
    changes the information by less than 1e-9 of itself; that last step is still taken. Under a link that is not
    canonical the scoring is no Newton's method and its steps shrink by a factor only, so it never ends early.

    Parameters
    ----------
    steps : Steps
        Evaluates the model.
    start : ndarray of float64, shape (p,), or None
        Where to begin; None takes the guess that the outcome suggests.
    n : float
        Rows.
    p : int
        Design columns.
    scale : float, optional
        1 for families without a scale; else it is estimated at each point, to measure the steps by.
    canonical : bool, default True
        Whether the link is the family's canonical one.

    Returns
    -------
    Fitted
        Check ``converged``.
    """
    tolerance = max(TOLERANCE, min(1e-18 * n, GOOD_ENOUGH)) if canonical else TOLERANCE
    here = steps.at(start)
    count, before, stalls, converged = 1, np.inf, 0, False
    if start is None:
        here = steps.at(here.step)
        count += 1
    while count < MOST_STEPS and np.isfinite(here.deviance) and np.isfinite(here.step).all():
        unit = scale or max(here.pearson / max(n - p, 1.0), 1e-300)
        decrement = here.decrement / unit
        # Rounding stops the steps from shrinking further; a link that is not canonical may shrink them slowly.
        stalls = stalls + 1 if abs(decrement) < GOOD_ENOUGH and abs(decrement) > 0.9 * before else 0
        if abs(decrement) < tolerance or stalls > 1 or abs(here.decrement) <= ROUNDING * here.size:
            converged = True
            break
        before = abs(decrement)
        there, used = _lower(steps, here, decrement=decrement)
        count += used
        if there is None:
            steps.at(here.coefficients)
            converged = abs(decrement) < GOOD_ENOUGH
            break
        here = there
    taken = here.step if converged and np.isfinite(here.step).all() else np.zeros(p)
    return Fitted(
        coefficients=here.coefficients + taken,
        deviance=here.deviance - (here.decrement if converged else 0.0),
        pearson=here.pearson,
        covariance=steps.covariance() if np.isfinite(here.deviance) else np.full((p, p), np.nan),
        converged=converged,
        steps=count,
        last_step=here.step,
    )


def _lower(steps: Steps, here: Point, *, decrement: float) -> tuple[Point | None, int]:
    """Take the step, or the largest half of a half of it, that does not raise the deviance."""
    slack = 1e-12 * (abs(here.deviance) + 1e-300)
    for halving in range(MOST_HALVINGS):
        there = steps.at(here.coefficients + here.step * 0.5**halving)
        if there.deviance <= here.deviance + slack:
            return there, halving + 1
        if decrement < GOOD_ENOUGH:
            break
    return None, MOST_HALVINGS


def solved(information: FloatArray, score: FloatArray) -> FloatArray:
    """Solve for a step, scaled to a unit diagonal so that units of the columns do not matter.

    Parameters
    ----------
    information : ndarray of float64, shape (p, p)
        Symmetric.
    score : ndarray of float64, shape (p,)
        Right-hand side.

    Returns
    -------
    ndarray of float64, shape (p,)
        Missing where the information is singular.
    """
    return _with_scaling(information, lambda factor, unit: linalg.cho_solve(factor, score / unit) / unit)


def inverted(information: FloatArray) -> FloatArray:
    """Invert an information matrix, scaled to a unit diagonal.

    Parameters
    ----------
    information : ndarray of float64, shape (p, p)
        Symmetric.

    Returns
    -------
    ndarray of float64, shape (p, p)
        Missing where it is singular.
    """
    p = len(information)
    found = _with_scaling(information, lambda factor, unit: linalg.cho_solve(factor, np.diag(1 / unit)) / unit[:, None])
    return found if found.ndim == 2 else np.full((p, p), np.nan)


def _with_scaling(information: FloatArray, solve: Callable[..., FloatArray]) -> FloatArray:
    diagonal = np.diag(information)
    if not (np.isfinite(information).all() and (diagonal > 0).all()):
        return np.full(len(information), np.nan)
    unit = np.sqrt(diagonal)
    try:
        factor = linalg.cho_factor(information / np.outer(unit, unit), check_finite=False)
    except linalg.LinAlgError:
        return np.full(len(information), np.nan)
    return np.asarray(solve(factor, unit), dtype=np.float64)
