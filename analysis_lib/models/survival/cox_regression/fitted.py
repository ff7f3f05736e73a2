"""A fitted model with the rows it was fitted to, for whatever is asked of it later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analysis_lib.models.sums.maximise import LikelihoodAt, Maximum
from analysis_lib.models.survival.cox_regression.partial_likelihood import Evaluation, PartialLikelihood

__all__ = ["FittedCox"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FittedCox:
    """The likelihood at its maximum, on the scale of standardised covariates.

    Attributes
    ----------
    likelihood : PartialLikelihood
        Rows and risk sets.
    evaluate : callable
        The log likelihood that was maximised: that of `likelihood`, or the exact one.
    start : LikelihoodAt
        The likelihood where all coefficients are zero.
    top : Maximum
        Its maximum.
    centre, scale : ndarray of float64, shape (p,)
        Mean and standard deviation of each covariate.
    offset_centre : float
        Mean of the offset, which the likelihood's is without; 0 without one.
    row_number : ndarray of int64, shape (n,) or None
        Where each row of the likelihood stands in the data; None where they are the same.
    cluster : ndarray of int64, shape (n,) or None
        Number of each row's cluster, where errors are clustered.
    strata : tuple of str
        Name of each stratum; one empty name without strata.
    last_time : ndarray of float64, shape (strata,)
        End of the longest follow-up in each stratum.
    """

    likelihood: PartialLikelihood
    evaluate: Callable[[FloatArray], LikelihoodAt]
    start: LikelihoodAt
    top: Maximum
    centre: FloatArray
    scale: FloatArray
    offset_centre: float
    row_number: IntArray | None
    cluster: IntArray | None
    strata: Sequence[str]
    last_time: FloatArray

    @cached_property
    def at_top(self) -> Evaluation:
        """The risk sets at the maximum."""
        return self.likelihood.evaluate(self.top.point)

    @cached_property
    def predictor(self) -> FloatArray:
        """Linear predictor of each row of the likelihood, 0 at the mean of the covariates."""
        found = np.empty(self.likelihood.sets.last.size)
        for row, x in self.likelihood.rows():
            found[row : row + x.shape[1]] = self.top.point @ x
        if self.likelihood.offset is not None:
            found += self.likelihood.offset
        return found

    @property
    def predictor_of_mean(self) -> float:
        """Linear predictor of someone with the mean of every covariate and of the offset."""
        return float(self.top.point @ (self.centre / self.scale)) + self.offset_centre

    @cached_property
    def numbers(self) -> IntArray:
        """Where each row of the likelihood stands in the data."""
        if self.row_number is None:
            return np.arange(self.likelihood.sets.last.size)
        return self.row_number
