"""The exact partial likelihood of small data; see `exact_ties` for the recursion."""

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.models.sums.maximise import LikelihoodAt
from analysis_lib.models.survival.cox_regression.partial_likelihood import PartialLikelihood

__all__ = ["ExactLikelihood"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

#: Multiplications of one evaluation: some seconds.
_MOST_WORK = 3e9


class ExactLikelihood:
    """The discrete partial likelihood.

    Parameters
    ----------
    likelihood : PartialLikelihood
        The same rows and risk sets.

    Raises
    ------
    ModelInputError
        If the risk sets and the ties are too large for it, or the rows have case weights.
    """

    def __init__(self, likelihood: PartialLikelihood) -> None:
        if likelihood.weight is not None:
            raise ModelInputError(
                'the exact likelihood knows no case weights; found some. Use ties="efron", which does.'
            )
        self._offset = likelihood.offset
        sets = likelihood.sets
        order = np.argsort(-sets.last, kind="stable")
        end = np.searchsorted(-sets.last[order], -np.arange(sets.deaths.size), side="right")
        stratum_end = sets.begin[sets.stratum + 1]
        begin = np.searchsorted(-sets.last[order], -(stratum_end - 1), side="left")
        size = float(np.sum((end - begin) * sets.deaths * (1.0 + likelihood.covariates) ** 2))
        if size > _MOST_WORK:
            raise ModelInputError(
                f"the exact likelihood is for small data; found {sets.last.size:,} rows and up to "
                f'{int(sets.deaths.max()):,} events at one time. Use ties="efron", which comes near to it.'
            )
        self._x = np.concatenate([block for _, block in likelihood.rows()], axis=1).T.copy()
        self._died = np.flatnonzero(sets.died)
        self._deaths = sets.deaths
        self._at_risk: list[IntArray] = []
        for k in range(sets.deaths.size):
            rows = order[begin[k] : end[k]]
            self._at_risk.append(rows[sets.before[rows] < k] if sets.before.size else rows)

    def at(self, coefficients: FloatArray) -> LikelihoodAt:
        """Evaluate the likelihood and its first two derivatives.

        Parameters
        ----------
        coefficients : ndarray of float64, shape (p,)
            Log hazard ratios per unit of the standardised covariates.

        Returns
        -------
        LikelihoodAt
            Value, gradient, information.
        """
        from analysis_lib.models.survival.cox_regression.exact_ties import add_exact_time

        predictor = self._x @ coefficients
        if self._offset is not None:
            predictor = predictor + self._offset
        p = coefficients.size
        expected, information = np.zeros(p), np.zeros((p, p))
        logs = 0.0
        for rows, deaths in zip(self._at_risk, self._deaths, strict=True):
            logs += add_exact_time(self._x[rows], predictor[rows], int(deaths), expected, information)
        if not np.isfinite(logs):
            return LikelihoodAt(-np.inf, np.zeros(p), np.zeros((p, p)))
        value = float(predictor[self._died].sum()) - logs
        return LikelihoodAt(value, self._x[self._died].sum(axis=0) - expected, information)
