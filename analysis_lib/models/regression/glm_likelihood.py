"""Log likelihoods that belong to a deviance, and those of the intercept alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from analysis_lib.models.regression.families import Family
from analysis_lib.models.regression.glm_problem import GlmProblem
from analysis_lib.models.regression.glm_starts import intercepts_to_try
from analysis_lib.models.regression.glm_sums import IrlsSums, Weighting, row_weights, total_weights
from analysis_lib.models.sums import Block

__all__ = ["log_likelihood", "null_model"]

_MOST_STEPS = 50


def null_model(problem: GlmProblem) -> tuple[float, float] | None:
    """Give log likelihood and deviance of the intercept alone, beside the offset if there is one.

    Parameters
    ----------
    problem : GlmProblem
        Model and data.

    Returns
    -------
    tuple of float, or None
        None where there is no intercept, or the intercept beside the offset was not found.
    """
    if "Intercept" not in problem.design.plan.terms:
        return None
    moved = problem.weighting.offset or problem.weighting.exposure
    deviance = _deviance_beside_offset(problem) if moved else _null_deviance(problem)
    return None if deviance is None else (log_likelihood(problem, deviance), deviance)


def _deviance_beside_offset(problem: GlmProblem) -> float | None:
    """Fit the intercept alone, beside an offset that no closed form knows.

    The first step is Fisher's; the next take the slope of the score between the last two points for the information.
    Where means come close to 1 under a log link, the expected information is so far from the observed one that
    Fisher's steps swing from side to side.
    """

    def sums_at(value: float | None) -> tuple[float, float, float]:
        at = None if value is None else np.array([value])
        work = _InterceptSums(IrlsSums(problem.family, problem.link, problem.weighting, at, problem.centre))
        deviance, score, information, _ = problem.design.add_up(work)
        return float(deviance), float(score[0]), float(information[0, 0])

    _, score, information = sums_at(None)
    value = score / information
    deviance, score, information = sums_at(value)
    others = intercepts_to_try(problem)
    while not np.isfinite(deviance) and (other := next(others, None)) is not None:
        value = other
        deviance, score, information = sums_at(value)
    slope = 0.0
    for _ in range(_MOST_STEPS):
        if not (np.isfinite(deviance) and information > 0):
            return None
        if score**2 / information < 1e-20 * max(deviance, 1.0):
            return deviance
        step = score / (slope if slope > 0 else information)
        before, here = deviance, sums_at(value + step)
        while not here[0] <= before * (1 + 1e-12) and abs(step) > 1e-12 * max(abs(value), 1.0):
            step /= 2
            here = sums_at(value + step)
        value += step
        slope = (score - here[1]) / step if step else 0.0
        deviance, score, information = here
    return None


@dataclass(frozen=True)
class _InterceptSums:
    """The sums of a step, for a design of ones."""

    irls: IrlsSums
    needs_design: bool = False

    def start(self, p: int) -> list[Any]:  # noqa: ARG002 - every kind of work is told
        return self.irls.start(1)

    def add(self, sums: list[Any], block: Block) -> None:
        self.irls.add(sums, Block(np.ones((1, block.y.size)), block.y, block.extra))


def _null_deviance(problem: GlmProblem) -> float:
    if problem.family.name == "binomial" and not problem.outcome[13]:  # 0 and 1 only: two counts say all
        total, events = float(problem.outcome[3]), float(problem.outcome[2])
        return float(-2 * (special.xlogy(events, events / total) + special.xlogy(total - events, 1 - events / total)))
    work = _NullDeviance(problem.family, problem.weighting, problem.centre)
    return float(problem.design.add_up(work)[0])


@dataclass(frozen=True)
class _NullDeviance:
    family: Family
    weighting: Weighting
    mean: float
    needs_design: bool = False

    def start(self, p: int) -> list[Any]:  # noqa: ARG002 - every kind of work is told
        return [0.0]

    def add(self, sums: list[Any], block: Block) -> None:
        deviance = self.family.unit_deviance(block.y, np.full(block.y.size, self.mean))
        total = total_weights(block, self.weighting)
        sums[0] += float(deviance.sum() if total is None else total @ deviance)


def log_likelihood(problem: GlmProblem, deviance: float, *, scale: float | None = None) -> float:
    """Give the log likelihood that belongs to a deviance.

    For the gaussian with identity link it is the profile likelihood, the scale at its maximum, as statsmodels has it;
    for gamma and inverse gaussian the scale is Pearson's.

    Parameters
    ----------
    problem : GlmProblem
        Model and data.
    deviance : float
        Weighted.
    scale : float, optional
        For families with a scale; estimated from the deviance when left out.

    Returns
    -------
    float
        Natural logarithm.
    """
    n, name = problem.n_obs, problem.family.name
    log_y, log_w = float(problem.outcome[9]), float(problem.outcome[10])
    if not problem.family.has_scale:
        return float(problem.outcome[5]) - deviance / 2
    if name == "gaussian":
        with np.errstate(divide="ignore"):
            return float(-n / 2 * (np.log(2 * np.pi * deviance / n) + 1) + log_w / 2)
    phi = deviance / n if scale is None else scale
    if name == "inverse gaussian":
        return float(-deviance / (2 * phi) - (n * np.log(2 * np.pi * phi) + 3 * log_y - log_w) / 2)
    if problem.weighting.weights:
        return np.nan if phi <= 0 else _weighted_gamma(problem, deviance, phi=phi)
    k = 1 / phi
    return float(-deviance / (2 * phi) + n * (k * np.log(k) - k - special.gammaln(k)) - log_y)


def _weighted_gamma(problem: GlmProblem, deviance: float, *, phi: float) -> float:
    rest = float(problem.design.add_up(_GammaConstants(problem.weighting, phi))[0])
    return -deviance / (2 * phi) + rest - float(problem.outcome[9])


@dataclass(frozen=True)
class _GammaConstants:
    weighting: Weighting
    phi: float
    needs_design: bool = False

    def start(self, p: int) -> list[Any]:  # noqa: ARG002 - every kind of work is told
        return [0.0]

    def add(self, sums: list[Any], block: Block) -> None:
        weights, frequency = row_weights(block, self.weighting)
        k = (np.ones(block.y.size) if weights is None else weights) / self.phi
        each = k * np.log(k) - k - special.gammaln(k)
        sums[0] += float(each.sum() if frequency is None else frequency @ each)
