"""The elastic net path: one convex problem per penalty, each started from the one before, each solved to its proof.

The problem at penalty `lam` is glmnet's (Friedman, Hastie, Tibshirani 2010): over intercept and standardised
coefficients b, minimise deviance / 2 (weights summing to 1) + lam * sum of factor * (alpha |b| + (1 - alpha) / 2 b^2).
Only covariates that may have a coefficient are worked on. They are found by the sequential strong rule (Tibshirani et
al. 2012); as a rule can err, the conditions of the optimum are checked on all covariates before a solution is taken.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from analysis_lib.models.regression.penalised.columns import IntArray
from analysis_lib.models.regression.penalised.gram_steps import GramSteps
from analysis_lib.models.regression.penalised.problem import Estimate, Penalty, Problem, Proposal, Solution
from analysis_lib.models.regression.penalised.sweep_steps import SweepSteps

__all__ = ["PathSolver", "penalties"]

FloatArray = npt.NDArray[np.float64]

#: Where rounding keeps the conditions from being met to the tolerance asked for, this share of the null gradient is
#: still accepted: it moves a coefficient by about a millionth of what a standard deviation is worth.
GOOD_ENOUGH = 1e-6
#: Old curvatures are kept while each step brings the violation down by at least this factor.
SLOW = 0.25
#: Rounding allows no finer tolerance than about this.
FINEST = 1e-12
#: More rounds than this at one penalty: the covariates are correlated, and the equations among them are worth making.
MANY_SWEEPS = 40
MOST_SWEPT_BACK = 8_000
MOST_STEPS = 300
MOST_HALVINGS = 30
#: New covariates that are taken in at once, at least.
NEW_AT_ONCE = 200
#: A step of unpenalised coefficients, per standard deviation, that is no rounding where the gradient is next to none.
RUNAWAY_STEP = 0.01
#: A covariate with less spread than this, relative to its mean, is a constant with rounding.
CONSTANT = 1e-12
#: Below this share of the lasso the largest penalty is that of this share, as in glmnet.
LEAST_ALPHA = 1e-3


class PathSolver:
    """Solves one penalty after the other, each from where the last one ended.

    Parameters
    ----------
    problem : Problem
        What to fit.

    Attributes
    ----------
    null_deviance : float
        Of the model with intercept and offset only.
    null_converged : bool
        Whether the models without penalised covariates have an estimate.
    largest_penalty : float
        The smallest penalty at which no penalised covariate has a coefficient; for alpha below 0.001 that of 0.001.
    constant : ndarray of bool, shape (p,)
        Covariates that do not vary among the rows used.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        columns = problem.columns
        self._means, spread = columns.moments(problem.weights)
        self.constant = ~(spread > CONSTANT * np.abs(self._means + columns.shift)) | (spread == 0)
        finite = np.isfinite(problem.factors)
        factors = np.where(finite, problem.factors, 1.0)
        self._factors = factors * (columns.p / factors.sum()) if factors.any() else factors
        self._usable = ~self.constant & finite
        self._scales = np.where(self.constant, 1.0, spread) if problem.standardise else np.ones(columns.p)
        self._ridge_unit = _spread_of_response(problem) if problem.family == "gaussian" else 1.0
        fine = 0.01 if columns.p <= columns.few else 1.0
        self._tolerance = max(fine * problem.tolerance, min(problem.tolerance, FINEST))
        self._gram = GramSteps(columns, self._scales)
        self._sweeps = SweepSteps(columns, self._scales, workers=problem.workers)
        self._sweeps_are_slow = False
        self._members: IntArray = np.empty(0, dtype=np.int64)
        self._gradient: FloatArray = np.zeros(columns.p)
        self._last: tuple[float, FloatArray, FloatArray] | None = None
        self._before_last = self._last_penalty = np.inf
        self._here = self._first()
        self._spare = self._first()
        self._scale = float(np.sqrt(self._here.curvature.sum()))
        self._fit_null()

    def solve(self, penalty: float) -> Solution:
        """Find the optimum at one penalty.

        Parameters
        ----------
        penalty : float
            Lambda; best in falling order.

        Returns
        -------
        Solution
            Check ``converged``.
        """
        parts = self._parts(penalty)
        steps, violation, converged = 0, np.inf, False
        strong, others = self._strong(parts.l1)
        self._start_with(strong, parts.l1)
        self._look_ahead(penalty, parts)
        while steps < MOST_STEPS:
            steps, violation, converged = self._solve_on_members(parts, steps=steps)
            # The rule's candidates first: they are few, and mostly the only ones that are wrong.
            if not converged or not (self._take_in(strong, parts.l1) or self._take_in(others, parts.l1)):
                break
            converged = False
        self._before_last, self._last_penalty = self._last_penalty, penalty
        return self._solution(penalty, steps=steps, violation=violation, converged=converged)

    # The null model ------------------------------------------------------------------------------------------------

    def _first(self) -> Estimate:
        problem = self.problem
        n = problem.columns.n
        # Cox's model has no intercept, and says nothing of the level.
        mean = 0.0 if problem.family == "cox" else float(problem.weights @ problem.response)
        centre = float(problem.weights @ problem.offset)
        if problem.family == "binomial":
            mean = np.log(mean / (1 - mean))
        elif problem.family == "poisson":
            mean = np.log(mean)
        intercept = mean - centre
        first = Estimate(intercept, np.zeros(problem.columns.p), problem.offset + intercept, np.empty(n), np.empty(n))
        first.evaluate(problem)
        return first

    def _fit_null(self) -> None:
        problem = self.problem
        nothing = Penalty(np.zeros(problem.columns.p), np.zeros(problem.columns.p))
        _, _, intercept_found = self._solve_on_members(nothing, steps=0)
        self.null_deviance = self._here.deviance
        self._members = np.flatnonzero(self._usable & (self._factors == 0))
        _, _, found = self._solve_on_members(nothing, steps=0)
        self.null_converged = intercept_found and found and not self._runs_away(nothing)
        self._gradient = self._gradients(np.arange(problem.columns.p))
        penalised = self._usable & (self._factors > 0)
        largest = float((np.abs(self._gradient[penalised]) / self._factors[penalised]).max(initial=0.0))
        self.largest_penalty = largest / max(problem.alpha, LEAST_ALPHA)
        self._before_last = self._last_penalty = self.largest_penalty
        # Where no covariate pulls at all, the rounding of the sums is all there is; measure against the spread then.
        self._scale = max(largest, 1e-4 * self._scale)

    def _runs_away(self, nothing: Penalty) -> bool:
        """Say whether unpenalised covariates foretell the outcome: the gradient dies away, Newton's step does not."""
        members = self._members
        if members.size == 0:
            return False
        self._gram.refresh(self._here.curvature, members)
        gradient = self._gradients(members)
        step = self._gram.propose(self._here, gradient, penalty=nothing.of(members), goal=0.01 * self._goal)
        return bool(np.abs(step.aim - self._here.point[members]).max() > RUNAWAY_STEP)

    # Which covariates ----------------------------------------------------------------------------------------------

    def _parts(self, penalty: float) -> Penalty:
        alpha = self.problem.alpha
        # glmnet standardises a gaussian response before it reads lambda, which changes the ridge part only.
        return Penalty(penalty * alpha * self._factors, penalty * (1 - alpha) / self._ridge_unit * self._factors)

    def _strong(self, l1: FloatArray) -> tuple[IntArray, IntArray]:
        """Part the covariates into those that may get a coefficient, by the strong rule, and the others."""
        before = self._last_penalty * self.problem.alpha * self._factors
        strong = np.abs(self._gradient) >= 2 * l1 - before
        return np.flatnonzero(self._usable & strong), np.flatnonzero(self._usable & ~strong)

    def _start_with(self, strong: IntArray, l1: FloatArray) -> None:
        """Take in those whose last gradient is too large for this penalty; all candidates where it costs little."""
        few = self._members.size + strong.size <= self.problem.columns.few or self._sweeps_are_slow
        if few:
            strong = strong[np.abs(self._gradient[strong]) > l1[strong]]
        outside = np.ones(self._usable.size, dtype=np.bool_)
        outside[self._members] = False
        self._members = np.concatenate([self._members, strong[outside[strong]]])

    def _look_ahead(self, penalty: float, parts: Penalty) -> None:
        """Start where the last two solutions point to, if that is better: the path is straight for long stretches."""
        here, there, last = self._here, self._spare, self._last
        known = self._before_last - self._last_penalty
        self._last = (here.intercept, here.point.copy(), here.eta.copy())
        if last is None or not known > 0 or not penalty < self._last_penalty:
            return
        share = (self._last_penalty - penalty) / known
        there.intercept = here.intercept + share * (here.intercept - last[0])
        np.multiply(here.point - last[1], share, out=there.point)
        there.point += here.point
        np.multiply(here.eta - last[2], share, out=there.eta)
        there.eta += here.eta
        there.evaluate(self.problem)
        if there.deviance / 2 + parts.value(there.point) < here.deviance / 2 + parts.value(here.point):
            self._here, self._spare = there, here
            moved = there.point != 0
            moved[self._members] = False
            self._members = np.concatenate([self._members, np.flatnonzero(moved)])

    def _take_in(self, candidates: IntArray, l1: FloatArray) -> bool:
        """Take in candidates that violate the conditions of the optimum; say whether there were any."""
        outside = np.ones(self._usable.size, dtype=np.bool_)
        outside[self._members] = False
        candidates = candidates[outside[candidates]]
        self._gradient[candidates] = self._gradients(candidates)
        excess = np.abs(self._gradient[candidates]) - l1[candidates]
        wrong = excess > self._goal
        new = candidates[wrong][np.argsort(-excess[wrong], kind="stable")]
        self._members = np.concatenate([self._members, new[: max(NEW_AT_ONCE, self._members.size)]])
        return bool(new.size)

    # One penalty on the members ------------------------------------------------------------------------------------

    def _solve_on_members(self, penalty: Penalty, *, steps: int) -> tuple[int, float, bool]:
        """Step until the conditions hold on the members; give steps, violation and whether they hold."""
        if self._members.size > self.problem.columns.few and not self._sweeps_are_slow:
            steps, arrived = self._sweep(penalty, steps=steps)
            if not arrived and self._members.size <= MOST_SWEPT_BACK:
                self._sweeps_are_slow = True
            elif not arrived:
                return steps, self._violation(penalty) / self._scale, False
            if (violation := self._violation(penalty)) <= self._goal:
                return steps, violation / self._scale, True
        return self._newton(penalty, steps=steps)

    @property
    def _goal(self) -> float:
        return self._tolerance * self._scale

    def _violation(self, penalty: Penalty) -> float:
        members = self._members
        self._gradient[members] = self._gradients(members)
        found = penalty.of(members).violation(self._here.point[members], self._gradient[members])
        return max(found, abs(self._here.slope))

    def _sweep(self, penalty: Penalty, *, steps: int) -> tuple[int, bool]:
        """Go round the members until steps are small; say whether they became so."""
        self._sweeps.follow(self._here)
        before, members = np.inf, self._members
        for done in range(1, MANY_SWEEPS + 1):
            proposal = self._sweeps.propose(self._here, members, penalty=penalty)
            moved = self._go(proposal, penalty, members=members, fresh=True)
            # Each round leaves about the same share of the step before it.
            left = proposal.largest * min(proposal.largest / before, 1.0)
            if left <= 0.3 * self._goal:
                if self._violation(penalty) <= self._goal:
                    return steps + done, True
                members = self._members
            elif done > 1:  # those without a coefficient are asked again before the end
                members = members[self._here.point[members] != 0]
            if not moved or proposal.largest > 0.5 * before:
                # The halves hinder each other, or the curvatures are old.
                if self._sweeps.is_fresh:
                    self._sweeps.halves = 1
                self._sweeps.refresh(self._here.curvature)
            self._sweeps.is_fresh = False
            before = proposal.largest
        return steps + MANY_SWEEPS, False

    def _newton(self, penalty: Penalty, *, steps: int) -> tuple[int, float, bool]:
        """Step with the information among the members until the conditions hold."""
        before, stuck = np.inf, 0
        self._gram.follow(self._members, self._here)
        while True:
            violation = self._violation(penalty)
            if violation <= self._goal:
                return steps, violation / self._scale, True
            if steps >= MOST_STEPS or not np.isfinite(violation):
                return steps, violation / self._scale, False
            if violation > SLOW * before and not self._gram.is_fresh:
                self._drop_idle(penalty)
                self._gram.refresh(self._here.curvature, self._members)
            stuck = stuck + 1 if violation > 0.9 * before else 0
            steps += 1
            goal = max(0.1 * self._goal, 0.01 * violation)
            proposal = self._gram.propose(
                self._here, self._gradient[self._members], penalty=penalty.of(self._members), goal=goal
            )
            moved = self._go(proposal, penalty, members=self._members, fresh=self._gram.is_fresh)
            if not moved or stuck > 3:
                if self._gram.is_fresh:
                    return steps, violation / self._scale, violation <= GOOD_ENOUGH * self._scale
                self._gram.refresh(self._here.curvature, self._members)
            elif self.problem.family != "gaussian":
                self._gram.is_fresh = False
            before = violation

    def _drop_idle(self, penalty: Penalty) -> None:
        """Put back members without a coefficient that are not near to getting one."""
        members = self._members
        near = np.abs(self._gradient[members]) > 0.9 * penalty.l1[members]
        self._members = members[(self._here.point[members] != 0) | near]

    def _go(self, proposal: Proposal, penalty: Penalty, *, members: IntArray, fresh: bool) -> bool:
        """Take the proposed step, or half of a half of it, if the objective does not rise; say whether it was taken."""
        here, there = self._here, self._spare
        penalty = penalty.of(members)
        old = here.point[members]
        before = here.deviance / 2 + penalty.value(old)
        share = 1.0
        for _ in range(MOST_HALVINGS if fresh else 1):
            there.intercept = here.intercept + share * proposal.shift
            there.point[:] = here.point
            there.point[members] = proposal.aim if share == 1.0 else old + share * (proposal.aim - old)
            np.multiply(proposal.change, share, out=there.eta)
            there.eta += here.eta
            there.evaluate(self.problem)
            # Rounding of the sums can hide the last steps' gain.
            if there.deviance / 2 + penalty.value(there.point[members]) <= before + 1e-12 * abs(before):
                self._here, self._spare = there, here
                return share == 1.0 or fresh
            share /= 2
        return False

    def _gradients(self, columns: IntArray) -> FloatArray:
        product = self.problem.columns.products
        if self.problem.workers > 1 and columns.size > 1000:
            turns = np.array_split(columns, 2)
            with ThreadPoolExecutor(2) as pool:
                products = np.concatenate(list(pool.map(lambda turn: product(turn, self._here.residual), turns)))
        else:
            products = product(columns, self._here.residual)
        return np.asarray((products - self._here.slope * self._means[columns]) / self._scales[columns])

    def _solution(self, penalty: float, *, steps: int, violation: float, converged: bool) -> Solution:
        here, columns, is_cox = self._here, self.problem.columns, self.problem.family == "cox"
        members = np.sort(self._members)
        members = members[here.point[members] != 0]
        coefficients = here.point[members] / self._scales[members]
        return Solution(
            penalty=penalty,
            intercept=0.0 if is_cox else here.intercept - float(coefficients @ columns.shift[members]),
            members=members,
            coefficients=coefficients,
            deviance=here.deviance,
            steps=steps,
            violation=violation,
            converged=converged,
        )


def _spread_of_response(problem: Problem) -> float:
    centred = problem.response - problem.offset
    mean = float(problem.weights @ centred)
    return float(np.sqrt(problem.weights @ np.square(centred - mean)))


def penalties(largest: float, *, count: int, smallest_share: float) -> list[float]:
    """List falling penalties, evenly spaced in their logarithm.

    Parameters
    ----------
    largest : float
        The first.
    count : int
        How many.
    smallest_share : float
        The last one divided by the first.

    Returns
    -------
    list of float
        Lambdas.
    """
    return [float(largest * smallest_share ** (step / max(count - 1, 1))) for step in range(count)]
