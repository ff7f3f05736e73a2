"""Newton's method on a concave log likelihood, with convergence checked; and profile-likelihood limits."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["LikelihoodAt", "Maximum", "maximise", "profile_limit"]

FloatArray = npt.NDArray[np.float64]

#: The Newton decrement is the distance to the maximum in standard errors, so this is 1e-10 of a standard error.
TOLERANCE = 1e-20
#: Where rounding stops the decrement from falling further, this is still 1e-6 of a standard error.
GOOD_ENOUGH = 1e-12
MAX_ITERATIONS = 100
MAX_HALVINGS = 40


@dataclass(frozen=True)
class LikelihoodAt:
    """The log partial likelihood with its derivatives at one point.

    Attributes
    ----------
    value : float
        Log likelihood; -inf where the risk-set sums underflow.
    gradient : ndarray of float64, shape (p,)
        First derivatives.
    information : ndarray of float64, shape (p, p)
        Minus the second derivatives.
    """

    value: float
    gradient: FloatArray
    information: FloatArray


@dataclass(frozen=True)
class Maximum:
    """Where Newton's method ended.

    Attributes
    ----------
    point : ndarray of float64, shape (p,)
        The last coefficients.
    at : LikelihoodAt
        Likelihood there.
    converged : bool
        Whether it is the maximum.
    iterations : int
        Steps taken.
    last_step : ndarray of float64, shape (p,)
        The step proposed last; where no maximum exists it points to where the likelihood keeps rising.
    """

    point: FloatArray
    at: LikelihoodAt
    converged: bool
    iterations: int
    last_step: FloatArray


def maximise(
    likelihood: Callable[[FloatArray], LikelihoodAt],
    start: FloatArray,
    *,
    free: npt.NDArray[np.bool_] | None = None,
    unit: float = 1.0,
) -> Maximum:
    """Find the maximum of a concave log likelihood.

    Parameters
    ----------
    likelihood : callable
        Gives value, gradient and information at a point.
    start : ndarray of float64, shape (p,)
        First point.
    free : ndarray of bool, shape (p,), optional
        Coefficients that may move; all when left out.
    unit : float, default 1
        What one row adds to the likelihood on average: the mean of case weights, so that a common factor of them does
        not change where the search ends.

    Returns
    -------
    Maximum
        Check ``converged``.
    """
    free = np.ones(start.size, dtype=np.bool_) if free is None else free
    point, here = start.copy(), likelihood(start)
    step, before = np.zeros_like(point), np.inf
    for iteration in range(MAX_ITERATIONS):
        step = np.zeros_like(point)
        try:
            step[free] = np.linalg.solve(here.information[np.ix_(free, free)], here.gradient[free])
        except np.linalg.LinAlgError:
            return Maximum(point, here, converged=False, iterations=iteration, last_step=step)
        decrement = float(here.gradient[free] @ step[free]) / unit
        stalled = decrement < GOOD_ENOUGH and decrement > before / 4
        if abs(decrement) < TOLERANCE or (stalled and decrement >= 0):
            return Maximum(point, here, converged=True, iterations=iteration, last_step=step)
        before = decrement
        moved = _climb(likelihood, here, point=point, step=step)
        if moved is None:
            # No half of the step climbs: either rounding hides the rest of the way, or the information is broken.
            return Maximum(point, here, converged=0 <= decrement < GOOD_ENOUGH, iterations=iteration, last_step=step)
        point, here = moved
    return Maximum(point, here, converged=False, iterations=MAX_ITERATIONS, last_step=step)


def _climb(
    likelihood: Callable[[FloatArray], LikelihoodAt], here: LikelihoodAt, *, point: FloatArray, step: FloatArray
) -> tuple[FloatArray, LikelihoodAt] | None:
    """Take the step, or the largest half of a half of it, that does not lose likelihood."""
    slack = 1e-12 * (abs(here.value) + 1)  # rounding of the sum itself
    for halving in range(MAX_HALVINGS):
        candidate = point + step * 0.5**halving
        there = likelihood(candidate)
        if there.value >= here.value - slack:
            return candidate, there
    return None


def profile_limit(
    likelihood: Callable[[FloatArray], LikelihoodAt],
    top: Maximum,
    *,
    index: int,
    first_guess: float,
    drop: float,
) -> float | None:
    """Find where the profile log likelihood of one coefficient has fallen by `drop` from its maximum.

    The profile is exact: at every step all other coefficients are maximised again. Its slope there is the gradient of
    the full likelihood in the coefficient itself, so Newton's method needs nothing more; and as the profile is
    concave, Newton's method comes to the limit from outside without passing it.

    Parameters
    ----------
    likelihood : callable
        Gives value, gradient and information at a point.
    top : Maximum
        The unrestricted maximum.
    index : int
        The coefficient.
    first_guess : float
        Where to start, on the side of the limit that is wanted; the Wald limit is a good place.
    drop : float
        Half the chi-square quantile.

    Returns
    -------
    float or None
        The limit; None if it was not found.
    """
    free = np.ones(top.point.size, dtype=np.bool_)
    free[index] = False
    centre = float(top.point[index])
    value, point = first_guess, top.point.copy()
    for _ in range(MAX_ITERATIONS):
        point[index] = value
        best = maximise(likelihood, point, free=free)
        if not best.converged:
            return None
        point = best.point
        excess = (top.at.value - best.at.value) - drop
        slope = -float(best.at.gradient[index])
        if slope == 0 or not np.isfinite(slope):
            return None
        change = -excess / slope
        # From inside, where the profile is flat, a step may be far too long.
        reach = 4 * abs(value - centre)
        value += float(np.clip(change, -reach, reach))
        if abs(change) <= 1e-11 * max(abs(first_guess - centre), 1e-300):
            return value
    return None
