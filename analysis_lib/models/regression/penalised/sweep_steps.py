"""Steps from one round of coordinate descent over the columns themselves: cheap where very many have a coefficient."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from analysis_lib.models.regression.penalised.columns import Columns, IntArray, Sweep
from analysis_lib.models.regression.penalised.problem import Estimate, Penalty, Proposal

__all__ = ["SweepSteps"]

FloatArray = npt.NDArray[np.float64]

#: A row whose outcome is all but certain still gets this share of the largest weight in the quadratic model.
LEAST_CURVATURE = 1e-10


class SweepSteps:
    """Curvatures of all rows and covariates, and the steps that a round of coordinate descent proposes.

    A round goes over two halves of the covariates, each from the same start, so that two threads can share it; their
    steps are added. The number of halves is fixed, not that of threads, so the numbers are the same on any machine.
    Where the halves hinder each other, covariates being correlated, `halves` becomes 1.

    Parameters
    ----------
    columns : Columns
        All covariates.
    scales : ndarray of float64, shape (p,)
        Standard deviations to divide by.
    workers : int
        Threads.
    """

    def __init__(self, columns: Columns, scales: FloatArray, *, workers: int) -> None:
        self._columns = columns
        self._scales = scales
        self._workers = workers
        self._curvature: FloatArray = np.empty(0)
        self._means: FloatArray = np.empty(0)
        self._steepness: FloatArray = np.empty(0)
        self._total = 0.0
        self.halves = 2
        self.is_fresh = False

    def refresh(self, curvature: FloatArray) -> None:
        """Take the curvatures anew.

        Parameters
        ----------
        curvature : ndarray of float64, shape (n,)
            Weight of each row at the present estimate.
        """
        self._curvature = np.maximum(curvature, LEAST_CURVATURE * curvature.max())
        self._total = float(self._curvature.sum())
        self._means = self._columns.products(np.arange(self._columns.p), self._curvature)
        squares = self._columns.weighted_squares(self._curvature)
        self._steepness = np.maximum(squares - np.square(self._means) / self._total, 0.0) / np.square(self._scales)
        self.is_fresh = True

    def follow(self, here: Estimate) -> None:
        """Take the curvatures if none were taken yet.

        Parameters
        ----------
        here : Estimate
            The present estimate.
        """
        if self._total == 0.0:
            self.refresh(here.curvature)

    def propose(self, here: Estimate, members: IntArray, *, penalty: Penalty) -> Proposal:
        """Do one round.

        Parameters
        ----------
        here : Estimate
            The present estimate.
        members : ndarray of int64, shape (k,)
            Covariates under work.
        penalty : Penalty
            Of all covariates.

        Returns
        -------
        Proposal
            A step downhill, but where halves hinder each other.
        """
        start = here.slope / self._total
        turns = [members[half :: self.halves] for half in range(self.halves)]
        sweeps = [self._sweep(here, turn, penalty=penalty.of(turn), shift=start) for turn in turns]
        if self._workers > 1 and self.halves > 1:
            with ThreadPoolExecutor(self.halves) as pool:
                found = list(pool.map(self._columns.sweep, sweeps))
        else:
            found = [self._columns.sweep(sweep) for sweep in sweeps]
        aim, shift, change = np.empty(members.size), start, np.zeros(here.eta.size)
        for half, (sweep, (moved, _)) in enumerate(zip(sweeps, found, strict=True)):
            aim[half :: self.halves] = sweep.point
            shift += moved - start
            change += here.residual - sweep.residual
        change /= self._curvature
        change += shift
        return Proposal(aim=aim, shift=shift, change=change, largest=max(largest for _, largest in found))

    def _sweep(self, here: Estimate, members: IntArray, *, penalty: Penalty, shift: float) -> Sweep:
        return Sweep(
            members=members,
            curvature=self._curvature,
            residual=here.residual.copy(),
            means=self._means[members],
            steepness=self._steepness[members],
            scales=self._scales[members],
            point=here.point[members],
            l1=penalty.l1,
            l2=penalty.l2,
            shift=shift,
            total=self._total,
        )
