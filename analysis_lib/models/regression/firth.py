"""Logistic regression by a penalised likelihood that always has a maximum.

Firth D. (1993). Bias reduction of maximum likelihood estimates. Biometrika 80(1), 27-38. Heinze G. and Schemper M.
(2002). A solution to the problem of separation in logistic regression. Statist. Med. 21(16), 2409-2419. The penalty is
half the logarithm of the determinant of the information (Jeffreys' prior); its score adds h (1/2 - mu) to each row's
residual, h being the row's leverage.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ConvergenceError, ModelInputError
from analysis_lib.models.regression.collinearity import refuse_collinear_matrix
from analysis_lib.models.regression.glm_problem import GlmProblem
from analysis_lib.models.regression.glm_sums import IrlsSums, predictor
from analysis_lib.models.regression.irls import Fitted, inverted
from analysis_lib.models.sums import Block, LikelihoodAt, maximise

__all__ = ["fit_firth", "penalised_likelihood"]

FloatArray = npt.NDArray[np.float64]


def penalised_likelihood(block: Block, problem: GlmProblem) -> Callable[[FloatArray], LikelihoodAt]:
    """Give the penalised log likelihood of rows in memory.

    Parameters
    ----------
    block : Block
        All rows.
    problem : GlmProblem
        A logistic model.

    Returns
    -------
    callable
        From coefficients to value, modified score and information.
    """
    p = len(block.x)
    nowhere = LikelihoodAt(-np.inf, np.zeros(p), np.zeros((p, p)))

    def likelihood(coefficients: FloatArray) -> LikelihoodAt:
        work = IrlsSums(problem.family, problem.link, problem.weighting, coefficients, problem.centre)
        rows = work.rows(block)
        if rows is None:
            return nowhere
        deviance, residual, weight, _ = rows
        scaled = block.x * np.sqrt(weight)
        information = scaled @ scaled.T
        inverse = inverted(information)
        sign, logarithm = np.linalg.slogdet(information)
        if not np.isfinite(inverse).all() or sign <= 0:
            return nowhere
        leverage = ((inverse @ scaled) * scaled).sum(axis=0)
        mu = problem.link.mean(predictor(block, coefficients, weighting=problem.weighting))
        score = block.x @ (residual + leverage * (0.5 - mu))
        return LikelihoodAt(-deviance / 2 + logarithm / 2, score, information)

    return likelihood


def fit_firth(problem: GlmProblem) -> Fitted:
    """Fit a logistic model by Firth's penalised likelihood.

    Parameters
    ----------
    problem : GlmProblem
        Model and data.

    Returns
    -------
    Fitted
        Its covariance is the inverse information at the estimates, as in R's logistf and brglm2.

    Raises
    ------
    ModelInputError
        If the model is not logistic or does not fit memory.
    ConvergenceError
        If the maximum was not found.
    """
    if problem.family.name != "binomial" or problem.link.name != "logit":
        raise ModelInputError(
            f"Firth's likelihood is for logistic models; found {problem.family.name} with {problem.link.name} link. "
            "Use family='binomial' with the logit link."
        )
    if not problem.fits_memory:
        raise ModelInputError(
            f"Firth's likelihood is for small studies; found {problem.design.plan.n:,} rows with {problem.design.p} "
            "coefficients. Merge rare levels, or use elastic_net, which shrinks too."
        )
    part = problem.design.whole()
    matrix = part.matrix()
    problem.design.shift = np.zeros(problem.design.p)
    if "Intercept" in problem.design.plan.terms:
        moved = [recipe.kind in {"number", "derived"} for recipe in problem.design.plan.encoding.recipes]
        problem.design.shift = np.where(moved, matrix.mean(axis=1), 0.0)
        matrix = matrix - problem.design.shift[:, None]
    refuse_collinear_matrix(matrix, problem.design.plan.terms)
    # The maximum does not depend on the units of the covariates, but the way there does.
    unit = np.sqrt((matrix**2).mean(axis=1))
    block = Block(
        matrix / unit[:, None], part.response, {name: column.to_numpy() for name, column in part.extra.items()}
    )
    top = maximise(penalised_likelihood(block, problem), np.zeros(problem.design.p))
    if not top.converged:
        raise ConvergenceError(
            f"Firth's likelihood did not converge; {top.iterations} steps came to no maximum. Look at covariates of "
            "very different size."
        )
    work = IrlsSums(problem.family, problem.link, problem.weighting, top.point, problem.centre)
    sums = work.start(problem.design.p)
    work.add(sums, block)
    return Fitted(
        coefficients=top.point / unit,
        deviance=float(sums[0]),
        pearson=float(sums[3]),
        covariance=inverted(top.at.information) / np.outer(unit, unit),
        converged=True,
        steps=top.iterations,
        last_step=top.last_step / unit,
    )
