"""Where to begin a fit whose usual start leaves the range of means."""

from collections.abc import Iterator

import numpy as np

from analysis_lib.models.regression.glm_problem import GlmProblem

__all__ = ["intercepts_to_try"]

MOST_DOUBLINGS = 7
#: Of the linear predictor at the mean outcome; at least so much where means lie between 0 and 1.
PART, LEAST_BETWEEN_0_AND_1 = 0.25, 0.05


def intercepts_to_try(problem: GlmProblem) -> Iterator[float]:
    """Give intercepts, alone in the linear predictor, the likeliest first.

    The first makes every mean the outcome's. An offset may take means out of their range there, as may an intercept
    that lies close to its end; so others follow on both sides, further and further away. R's ``glm`` gives up where the
    guess from the outcome is out of range, and asks for starting values.

    Parameters
    ----------
    problem : GlmProblem
        Model and data.

    Yields
    ------
    float
        For at most 15 starts: each costs a pass over the rows.
    """
    usual = float(problem.link.predictor(np.array([problem.centre]))[0])
    if not np.isfinite(usual):
        return
    yield usual
    if not (problem.weighting.offset or problem.weighting.exposure):
        return
    least = LEAST_BETWEEN_0_AND_1 if problem.family.name == "binomial" else 0.0
    for doubling in range(MOST_DOUBLINGS):
        away = max(abs(usual) * PART, least) * 2.0**doubling
        yield usual - away
        yield usual + away
