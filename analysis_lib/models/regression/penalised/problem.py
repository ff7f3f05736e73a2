"""What a penalised fit is asked, where it stands, and what it answers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from analysis_lib.models.regression.penalised.columns import Columns, IntArray
from analysis_lib.models.regression.penalised.families import Family
from analysis_lib.models.regression.penalised.partial_likelihood import FollowUp, cox_rows
from analysis_lib.models.regression.penalised.row_kernels import binomial_rows, gaussian_rows, poisson_rows

__all__ = ["Estimate", "Penalty", "Problem", "Proposal", "Solution"]

FloatArray = npt.NDArray[np.float64]

_ROWS: dict[str, Callable[..., float]] = {
    "gaussian": gaussian_rows,
    "binomial": binomial_rows,
    "poisson": poisson_rows,
}

#: From so many rows on two threads are worth starting.
MANY_ROWS = 50_000


@dataclass(frozen=True)
class Problem:
    """What is fitted.

    Attributes
    ----------
    columns : Columns
        Covariates.
    response : ndarray of float64, shape (n,)
        Numbers, 0/1 or counts; for Cox's model whether follow-up ended with the event.
    weights : ndarray of float64, shape (n,)
        Of each row, > 0, summing to 1.
    offset : ndarray of float64, shape (n,)
        Known part of the linear predictor.
    family : {"gaussian", "binomial", "poisson", "cox"}
        Distribution, with its canonical link; or Cox's model, which has no intercept.
    alpha : float
        Share of the lasso penalty, in [0, 1].
    factors : ndarray of float64, shape (p,)
        Multiplies the penalty of each covariate; 0 leaves it unpenalised, infinity leaves it out.
    standardise : bool
        Whether coefficients are penalised per standard deviation.
    tolerance : float
        Largest violation of the optimum's conditions, as a share of the null model's largest gradient.
    workers : int
        Threads; changes no number.
    follow_up : FollowUp or None
        For Cox's model; rows are then in the order of its risk sets.
    """

    columns: Columns
    response: FloatArray
    weights: FloatArray
    offset: FloatArray
    family: Family
    alpha: float
    factors: FloatArray
    standardise: bool
    tolerance: float
    workers: int = 1
    follow_up: FollowUp | None = None

    def where(self, rows: npt.NDArray[np.bool_]) -> "Problem":
        """Keep some rows, their weights summing to 1 again.

        Parameters
        ----------
        rows : ndarray of bool, shape (n,)
            Which.

        Returns
        -------
        Problem
            Of these rows.
        """
        weights = self.weights[rows]
        return replace(
            self,
            columns=self.columns.take(rows),
            response=self.response[rows],
            weights=weights / weights.sum(),
            offset=self.offset[rows],
            follow_up=None if self.follow_up is None else self.follow_up.take(rows),
        )

    def deviance_at(self, eta: FloatArray) -> float:
        """Evaluate the deviance at linear predictors.

        Parameters
        ----------
        eta : ndarray of float64, shape (n,)
            Linear predictors.

        Returns
        -------
        float
            At weights that sum to 1.
        """
        there = Estimate(0.0, np.empty(0), eta, np.empty(eta.size), np.empty(eta.size))
        there.evaluate(self)
        return there.deviance


@dataclass(frozen=True)
class Solution:
    """The optimum at one penalty.

    Attributes
    ----------
    penalty : float
        Lambda.
    intercept : float
        On the scale of the data.
    members : ndarray of int64
        Covariates with a coefficient.
    coefficients : ndarray of float64
        Theirs, on the scale of the data.
    deviance : float
        At weights that sum to 1.
    steps : int
        Steps taken.
    violation : float
        How far the conditions of the optimum are from holding, as a share of the null model's largest gradient.
    converged : bool
        Whether they hold.
    """

    penalty: float
    intercept: float
    members: IntArray
    coefficients: FloatArray
    deviance: float
    steps: int
    violation: float
    converged: bool


@dataclass(frozen=True)
class Penalty:
    """The two parts of the penalty at one lambda, by covariate.

    Attributes
    ----------
    l1, l2 : ndarray of float64, shape (p,)
        What multiplies the absolute value and half the square of a standardised coefficient.
    """

    l1: FloatArray
    l2: FloatArray

    def of(self, members: IntArray) -> "Penalty":
        """Take the parts of some covariates.

        Parameters
        ----------
        members : ndarray of int64
            Covariates.

        Returns
        -------
        Penalty
            Theirs.
        """
        return Penalty(self.l1[members], self.l2[members])

    def value(self, point: FloatArray) -> float:
        """Add up the penalty.

        Parameters
        ----------
        point : ndarray of float64
            Standardised coefficients.

        Returns
        -------
        float
            What is added to half the deviance.
        """
        return float(self.l1 @ np.abs(point) + self.l2 @ np.square(point) / 2)

    def violation(self, point: FloatArray, gradient: FloatArray) -> float:
        """Measure how far the conditions of the optimum are from holding.

        Parameters
        ----------
        point : ndarray of float64
            Standardised coefficients.
        gradient : ndarray of float64
            Derivative of the log likelihood by them.

        Returns
        -------
        float
            In units of the gradient; 0 at the optimum.
        """
        smooth = gradient - self.l2 * point
        excess = np.where(
            point != 0, np.abs(smooth - np.sign(point) * self.l1), np.maximum(np.abs(smooth) - self.l1, 0.0)
        )
        return float(excess.max(initial=0.0))


@dataclass
class Estimate:
    """An estimate, and what each row says at it.

    Attributes
    ----------
    intercept : float
        With covariates as they are stored.
    point : ndarray of float64, shape (p,)
        Standardised coefficients.
    eta, residual, curvature : ndarray of float64, shape (n,)
        Linear predictor; first, and minus the second, derivative of the log likelihood by it.
    deviance : float
        At weights that sum to 1.
    slope : float
        Derivative by the intercept.
    """

    intercept: float
    point: FloatArray
    eta: FloatArray
    residual: FloatArray
    curvature: FloatArray
    deviance: float = 0.0
    slope: float = field(default=0.0)

    def evaluate(self, problem: Problem) -> None:
        """Fill what follows from `eta`.

        Parameters
        ----------
        problem : Problem
            Whose rows these are.
        """
        if problem.follow_up is not None:
            self.deviance = cox_rows(
                problem.follow_up,
                problem.response,
                eta=self.eta,
                weights=problem.weights,
                residual=self.residual,
                curvature=self.curvature,
            )
            self.slope = 0.0  # the likelihood does not know an intercept
            return
        kernel, n = _ROWS[problem.family], self.eta.size
        # The halves are fixed, not the threads, so the sums are the same on any machine.
        halves = [slice(0, n // 2), slice(n // 2, n)] if n > MANY_ROWS else [slice(0, n)]

        def part(rows: slice) -> float:
            return kernel(
                problem.response[rows],
                self.eta[rows],
                problem.weights[rows],
                self.residual[rows],
                self.curvature[rows],
            )

        if problem.workers > 1 and len(halves) > 1:
            with ThreadPoolExecutor(len(halves)) as pool:
                self.deviance = sum(pool.map(part, halves))
        else:
            self.deviance = sum(part(rows) for rows in halves)
        self.slope = float(self.residual.sum())


@dataclass(frozen=True)
class Proposal:
    """A step that a quadratic model proposes.

    Attributes
    ----------
    aim : ndarray of float64, shape (k,)
        Where the members' standardised coefficients should go.
    shift : float
        Step of the intercept.
    change : ndarray of float64, shape (n,)
        What that changes in the linear predictor.
    largest : float
        Largest step, in units of the gradient.
    """

    aim: FloatArray
    shift: float
    change: FloatArray
    largest: float
