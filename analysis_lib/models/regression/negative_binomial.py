"""Negative binomial regression with its size estimated.

Venables W. N. and Ripley B. D. (2002), Modern Applied Statistics with S, 4th ed., section 7.4: the coefficients given
theta and theta given the coefficients are estimated in turn until both stand still, as in MASS's glm.nb. The standard
errors of the coefficients take theta for known, which is right to first order since the two are orthogonal.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis_lib.errors import ConvergenceError
from analysis_lib.models.regression.families import FAMILIES, Link, negative_binomial
from analysis_lib.models.regression.glm_fit import fit
from analysis_lib.models.regression.glm_problem import GlmProblem
from analysis_lib.models.regression.glm_sums import OutcomeSums, Weighting, predictor, total_weights
from analysis_lib.models.regression.irls import Fitted
from analysis_lib.models.sums import Block

__all__ = ["fit_size"]

FloatArray = npt.NDArray[np.float64]
MOST_TURNS = 50
LARGEST = 1e7


@dataclass(frozen=True)
class _SizeScore:
    """First and second derivative of the log likelihood in theta."""

    link: Link
    weighting: Weighting
    coefficients: FloatArray
    theta: float

    def start(self, p: int) -> list[Any]:  # noqa: ARG002 - every kind of work is told
        return [0.0, 0.0]

    def add(self, sums: list[Any], block: Block) -> None:
        mu = self.link.mean(predictor(block, self.coefficients, weighting=self.weighting))
        total = total_weights(block, self.weighting)
        y, theta = block.y, self.theta
        ratio = (y + theta) / (mu + theta)
        first = special.digamma(theta + y) - special.digamma(theta) + np.log(theta / (theta + mu)) + 1 - ratio
        second = special.polygamma(1, theta + y) - special.polygamma(1, theta) + 1 / theta
        second = second - 2 / (mu + theta) + ratio / (mu + theta)
        if total is not None:
            first, second = first * total, second * total
        sums[0] += float(first.sum())
        sums[1] += float(second.sum())


def fit_size(problem: GlmProblem) -> tuple[GlmProblem, Fitted, tuple[float, float]]:
    """Estimate coefficients and size.

    Parameters
    ----------
    problem : GlmProblem
        Its family is a negative binomial of any size.

    Returns
    -------
    problem : GlmProblem
        With the estimated size.
    fitted : Fitted
        Coefficients.
    size : tuple of float
        Theta and its standard error.

    Raises
    ------
    ConvergenceError
        If theta has no maximum: the counts vary no more than Poisson's.
    """
    poisson = replace(problem, family=FAMILIES["poisson"])
    fitted = fit(poisson)
    theta, before = _moment_size(problem, fitted), np.inf
    for _ in range(MOST_TURNS):
        # Where the link is not the canonical one the coefficients are those of the design less its shift, as always.
        theta, curvature = _best_size(problem, fitted.coefficients, theta=theta)
        problem = replace(problem, family=negative_binomial(theta))
        fitted = fit(problem)
        error = 1 / np.sqrt(-curvature) if curvature < 0 else np.inf
        if abs(theta - before) < max(1e-11 * theta, 1e-8 * min(error, theta)):
            outcome = problem.design.add_up(OutcomeSums(problem.family, problem.weighting))
            return replace(problem, outcome=outcome), fitted, (theta, float(error))
        before = theta
    raise ConvergenceError(
        f"theta did not converge; found it still moving after {MOST_TURNS} turns. Look at outliers among the counts."
    )


def _moment_size(problem: GlmProblem, fitted: Fitted) -> float:
    """Guess theta from Poisson's dispersion."""
    excess = fitted.pearson / max(problem.n_obs - problem.design.p, 1.0) - 1
    return float(np.clip(problem.centre / max(excess, 1e-3), 1e-3, 1e4))


def _best_size(problem: GlmProblem, coefficients: FloatArray, *, theta: float) -> tuple[float, float]:
    """Maximise over theta by Newton's method in its logarithm, which keeps it positive."""
    second = np.nan
    for _ in range(100):
        work = _SizeScore(problem.link, problem.weighting, coefficients, theta)
        first, second = problem.design.add_up(work)
        slope, curvature = theta * first, theta * theta * second + theta * first
        step = float(-slope / curvature if curvature < 0 else np.sign(slope))
        theta = float(theta * np.exp(np.clip(step, -2.0, 2.0)))
        if theta > LARGEST:
            raise ConvergenceError(
                "theta has no maximum; found counts that vary no more than Poisson's. Use family='poisson'."
            )
        if abs(step) < 1e-12:
            break
    return theta, float(second)
