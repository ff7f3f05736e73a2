"""A whole path of penalties: where it starts, when it ends, and what came of each penalty."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ConvergenceError
from analysis_lib.models.regression.penalised.path import PathSolver, penalties
from analysis_lib.models.regression.penalised.problem import Problem, Solution

if TYPE_CHECKING:
    import scipy.sparse as sp

__all__ = ["Path", "fit_path", "predictors"]

FloatArray = npt.NDArray[np.float64]

#: glmnet's rules for ending a path that it chose itself: at least so many penalties; then no more once the explained
#: share of the deviance grows by less than `LEAST_GAIN`, or reaches `ENOUGH_EXPLAINED`.
LEAST_COUNT = 5
LEAST_GAIN = 1e-5
ENOUGH_EXPLAINED = 0.999


@dataclass(frozen=True)
class Path:
    """The optima along falling penalties.

    Attributes
    ----------
    lambdas : ndarray of float64, shape (k,)
        Penalties, falling.
    intercepts : ndarray of float64, shape (k,)
        On the scale of the data.
    coefficients : scipy.sparse.csc_array of float64, shape (p, k)
        On the scale of the data.
    deviance_ratio : ndarray of float64, shape (k,)
        Explained share of the null deviance.
    null_deviance : float
        At weights that sum to 1.
    violation : ndarray of float64, shape (k,)
        How far the conditions of the optimum are from holding, as a share of the null model's largest gradient.
    constant : ndarray of bool, shape (p,)
        Covariates that do not vary.
    ended_early : str
        Why the path has fewer penalties than asked for, or empty.
    """

    lambdas: FloatArray
    intercepts: FloatArray
    coefficients: "sp.csc_array[Any]"
    deviance_ratio: FloatArray
    null_deviance: float
    violation: FloatArray
    constant: npt.NDArray[np.bool_]
    ended_early: str


def fit_path(
    problem: Problem,
    *,
    lambdas: Sequence[float] | None,
    count: int,
    smallest_share: float,
) -> Path:
    """Solve a problem at falling penalties.

    Parameters
    ----------
    problem : Problem
        What to fit.
    lambdas : sequence of float or None
        Penalties, falling; chosen when None.
    count : int
        How many to choose.
    smallest_share : float
        The smallest chosen one divided by the largest.

    Returns
    -------
    Path
        All solutions fulfil the conditions of the optimum.

    Raises
    ------
    ConvergenceError
        If there is no solution at a penalty that was asked for, or at the first.
    """
    solver = PathSolver(problem)
    if not solver.null_converged:
        raise ConvergenceError(
            f"the model did not converge without penalised terms; found {problem.columns.n:,} rows. An unpenalised "
            "covariate may foretell the outcome perfectly: penalise it, or leave it out."
        )
    chosen = penalties(solver.largest_penalty, count=count, smallest_share=smallest_share)
    if solver.largest_penalty == 0:
        chosen = [0.0]
    solutions: list[Solution] = []
    ended = ""
    for penalty in chosen if lambdas is None else lambdas:
        solution = solver.solve(penalty)
        if not solution.converged:
            if lambdas is not None or not solutions:
                raise _not_converged(solution, problem)
            ended = f"no solution was found beyond lambda {solutions[-1].penalty:.4g}"
            break
        solutions.append(solution)
        if lambdas is None and _is_enough([1 - s.deviance / solver.null_deviance for s in solutions], problem.family):
            ended = "smaller penalties explain hardly more"
            break
    return _path(solutions, solver, ended=ended)


def predictors(problem: Problem, lambdas: Sequence[float], *, report: Callable[[int, Solution], None]) -> None:
    """Solve a problem at given penalties and hand over each solution; ends where one is not found.

    Parameters
    ----------
    problem : Problem
        What to fit.
    lambdas : sequence of float
        Penalties, falling.
    report : callable
        Takes the number of the penalty and its solution.
    """
    solver = PathSolver(problem)
    for number, penalty in enumerate(lambdas if solver.null_converged else ()):
        solution = solver.solve(penalty)
        if not solution.converged:
            break
        report(number, solution)


def _is_enough(explained: list[float], family: str) -> bool:
    if len(explained) < LEAST_COUNT:
        return False
    now = explained[-1]
    if now > ENOUGH_EXPLAINED:
        return True
    if family == "gaussian":
        return now - explained[-2] < LEAST_GAIN * now
    if family == "binomial":
        return now - explained[-2] < LEAST_GAIN
    share = 100 if family == "cox" else 10
    return now - explained[-LEAST_COUNT] < share * LEAST_GAIN * now


def _not_converged(solution: Solution, problem: Problem) -> ConvergenceError:
    return ConvergenceError(
        f"the penalised fit did not converge at lambda {solution.penalty:.4g}; the conditions of the optimum are "
        f"missed by {solution.violation:.1g} after {solution.steps} steps with {problem.columns.n:,} rows and "
        f"{problem.columns.p:,} terms. Ask for larger penalties, or look for covariates that foretell the outcome."
    )


def _path(solutions: list[Solution], solver: PathSolver, *, ended: str) -> Path:
    import scipy.sparse as sp

    starts = np.concatenate([[0], np.cumsum([solution.members.size for solution in solutions])])
    data = np.concatenate([solution.coefficients for solution in solutions])
    rows = np.concatenate([solution.members for solution in solutions])
    shape = (solver.problem.columns.p, len(solutions))
    deviance = np.array([solution.deviance for solution in solutions])
    null = solver.null_deviance
    return Path(
        lambdas=np.array([solution.penalty for solution in solutions]),
        intercepts=np.array([solution.intercept for solution in solutions]),
        coefficients=sp.csc_array((data, rows, starts), shape=shape),
        deviance_ratio=1 - deviance / null if null > 0 else np.zeros_like(deviance),
        null_deviance=null,
        violation=np.array([solution.violation for solution in solutions]),
        constant=solver.constant,
        ended_early=ended,
    )
