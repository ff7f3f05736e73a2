"""Steps from the second derivatives among a few covariates: dear to make, cheap to use many times."""

import numpy as np
import numpy.typing as npt

from analysis_lib.models.regression.penalised.columns import Columns, IntArray
from analysis_lib.models.regression.penalised.problem import Estimate, Penalty, Proposal
from analysis_lib.models.regression.penalised.row_kernels import descend

__all__ = ["GramSteps"]

FloatArray = npt.NDArray[np.float64]

#: Rounds of coordinate descent before the equations are solved for the signs found.
ROUNDS = 25
MOST_SOLVES = 60
JITTER = 1e-11


class GramSteps:
    """The information among the covariates under work, the intercept taken out, and the steps it proposes.

    It belongs to curvatures that may be some steps old: the gradient is always exact, so an old one costs steps, never
    accuracy, and it is made anew only where steps stop helping. New covariates are appended.

    Parameters
    ----------
    columns : Columns
        All covariates.
    scales : ndarray of float64, shape (p,)
        Standard deviations to divide by.
    """

    def __init__(self, columns: Columns, scales: FloatArray) -> None:
        self._columns = columns
        self._scales = scales
        self._curvature: FloatArray = np.empty(0)
        self._means: FloatArray = np.empty(0)
        self._room: FloatArray = np.empty((0, 0))
        self._members: IntArray = np.empty(0, dtype=np.int64)
        self._total = 0.0
        self.is_fresh = False

    def refresh(self, curvature: FloatArray, members: IntArray) -> None:
        """Make the information anew.

        Parameters
        ----------
        curvature : ndarray of float64, shape (n,)
            Weight of each row at the present estimate.
        members : ndarray of int64
            Covariates under work.
        """
        self._curvature, self._total = curvature.copy(), float(curvature.sum())
        self._members = members
        self._means = self._columns.products(members, curvature)
        products = self._columns.squares(members, curvature)
        self._room = self._centred(products, self._means)
        self.is_fresh = True

    def follow(self, members: IntArray, here: Estimate) -> None:
        """Bring the information to these covariates: appended where it can be, else made anew.

        Parameters
        ----------
        members : ndarray of int64
            Covariates under work.
        here : Estimate
            The present estimate.
        """
        known = self._members.size
        if self._total == 0.0 or members.size < known or not np.array_equal(members[:known], self._members):
            self.refresh(here.curvature, members)
        elif members.size > known:
            self._append(members[known:])

    def propose(self, here: Estimate, gradient: FloatArray, *, penalty: Penalty, goal: float) -> Proposal:
        """Minimise the quadratic model plus penalty.

        Parameters
        ----------
        here : Estimate
            The present estimate.
        gradient : ndarray of float64, shape (k,)
            Derivative of the log likelihood by the members' standardised coefficients.
        penalty : Penalty
            Of the members.
        goal : float
            How exactly, in units of the gradient.

        Returns
        -------
        Proposal
            A step downhill.
        """
        members = self._members
        old = here.point[members]
        information = self._room[: members.size, : members.size]
        aim = _minimum(information, gradient, start=old, penalty=penalty, goal=goal)
        steps = (aim - old) / self._scales[members]
        shift = float((here.slope - self._means @ steps) / self._total)
        change = np.full(here.eta.size, shift)
        moving = np.flatnonzero(steps)
        self._columns.add_to(change, members[moving], steps=steps[moving])
        return Proposal(aim=aim, shift=shift, change=change, largest=np.inf)

    def _append(self, new: IntArray) -> None:
        before, members = self._members.size, np.concatenate([self._members, new])
        means = self._columns.products(new, self._curvature)
        self._means = np.concatenate([self._means, means])
        products = self._columns.squares_with(new, members, weights=self._curvature)
        self._members = members
        if members.size > self._room.shape[0]:
            grown = max(members.size, 3 * self._room.shape[0] // 2)
            room = np.zeros((grown, grown))
            room[:before, :before] = self._room[:before, :before]
            self._room = room
        lines = self._centred(products, means)
        self._room[before : members.size, : members.size] = lines
        self._room[: members.size, before : members.size] = lines.T

    def _centred(self, products: FloatArray, means: FloatArray) -> FloatArray:
        """Take the intercept out and standardise: lines of the last members, by all members."""
        lines = self._members[self._members.size - means.size :]
        found = products - np.outer(means, self._means) / self._total
        return np.asarray(found / np.outer(self._scales[lines], self._scales[self._members]))


def _minimum(
    information: FloatArray, gradient: FloatArray, *, start: FloatArray, penalty: Penalty, goal: float
) -> FloatArray:
    """Minimise by coordinates, and where that is slow by solving for the signs found."""
    point, slopes = start.copy(), gradient.copy()
    for _ in range(MOST_SOLVES):
        if descend(information, slopes, point, penalty.l1, penalty.l2, goal, ROUNDS):
            break
        _solve_for_signs(information, slopes=slopes, point=point, penalty=penalty)
    return point


def _solve_for_signs(information: FloatArray, *, slopes: FloatArray, point: FloatArray, penalty: Penalty) -> None:
    """Go towards the minimum among points of the present signs, in place; never uphill.

    Where signs would change there are two ways: only as far as the first change, or all the way with those that change
    left at zero. The better one is taken.
    """
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    inside = np.flatnonzero((point != 0) | ((penalty.l1 == 0) & (np.diag(information) > 0)))
    if inside.size == 0:
        return
    old, own = point[inside], penalty.of(inside)
    plain = information[np.ix_(inside, inside)]
    square = plain.copy()
    # Equal covariates make the equations singular; a trace of ridge picks one of the many minima.
    square[np.diag_indices(inside.size)] += own.l2 + JITTER * np.diag(plain)
    pull = slopes[inside]
    try:
        factor = cho_factor(square, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return
    aim = old + cho_solve(factor, pull - own.l1 * np.sign(old) - own.l2 * old, check_finite=False)
    crossing = (own.l1 > 0) & (old * aim < 0)
    share = float((old[crossing] / (old[crossing] - aim[crossing])).min(initial=1.0))
    ways = [old + share * (aim - old), np.where(crossing, 0.0, aim)]
    ways[0][crossing & (np.abs(ways[0]) <= 1e-14 * np.abs(old))] = 0.0

    def gain(there: FloatArray) -> float:
        step = there - old
        return float(pull @ step - step @ plain @ step / 2 + own.value(old) - own.value(there))

    best = max(ways, key=gain)
    if gain(best) > 0:
        point[inside] = best
        slopes -= information[:, inside] @ (best - old)
