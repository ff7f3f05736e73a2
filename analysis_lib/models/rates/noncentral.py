"""The conditional distribution of a two-by-two table, or of several, given its margins, at any odds ratio.

Given all margins, the exposed cases of one table have a noncentral hypergeometric distribution; their sum over several
tables is its convolution. R's `fisher.test` and ``mantelhaen.test(exact = TRUE)`` rest on the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError

__all__ = ["ConditionalTable", "conditional_table"]

FloatArray = npt.NDArray[np.float64]
#: R's: probabilities equal but for rounding count as equal.
_EQUAL = 1 + 1e-7
#: One table with more values than this is cut to `_SPREADS` standard deviations around the observed one.
_WHOLE = 200_000
_SPREADS = 60.0
#: Several tables with more values than this are not summed over.
_MOST = 50_000
_FARTHEST = 700.0  # largest log odds ratio that is looked at; exp overflows a little beyond


@dataclass(frozen=True)
class ConditionalTable:
    """Sum of exposed cases, given the margins.

    Attributes
    ----------
    observed : int
        What was found.
    support : ndarray of float64
        What could have been found.
    log_weight : ndarray of float64
        Log probability of each where the odds ratio is 1.
    table : tuple of int or None
        The counts of a table so large that `support` has only the values near the observed one: enough for the
        estimate and its limits. None where it has all.
    """

    observed: int
    support: FloatArray
    log_weight: FloatArray
    table: tuple[int, int, int, int] | None = None

    def probabilities(self, log_odds_ratio: float) -> FloatArray:
        """Probability of each value of the support.

        Parameters
        ----------
        log_odds_ratio : float
            Where.

        Returns
        -------
        ndarray of float64
            Adds up to 1.
        """
        log = self.log_weight + self.support * log_odds_ratio
        weight = np.exp(log - log.max())
        found: FloatArray = weight / weight.sum()
        return found

    def upper_tail(self, log_odds_ratio: float, *, share: float = 1.0) -> float:
        """Probability of more than was found, and of a share of exactly that.

        Parameters
        ----------
        log_odds_ratio : float
            Where.
        share : float, default 1
            How much of the probability of the observed value counts: 1 for exact tests, 1/2 for mid-P.

        Returns
        -------
        float
            In [0, 1].
        """
        found = self.probabilities(log_odds_ratio)
        return float(found[self.support > self.observed].sum() + share * found[self.support == self.observed].sum())

    def lower_tail(self, log_odds_ratio: float, *, share: float = 1.0) -> float:
        """Probability of less than was found, and of a share of exactly that.

        Parameters
        ----------
        log_odds_ratio : float
            Where.
        share : float, default 1
            How much of the probability of the observed value counts.

        Returns
        -------
        float
            In [0, 1].
        """
        found = self.probabilities(log_odds_ratio)
        return float(found[self.support < self.observed].sum() + share * found[self.support == self.observed].sum())

    def odds_ratio(self) -> float:
        """Conditional maximum likelihood estimate.

        Returns
        -------
        float
            0 or infinite at the ends of the support; NaN where only one value is possible.
        """
        if self.support.size == 1:
            return float("nan")
        if self.observed == self.support[0]:
            return 0.0
        if self.observed == self.support[-1]:
            return float("inf")
        return _solve(lambda at: float(self.probabilities(at) @ self.support) - self.observed)

    def limits(self, level: float, *, share: float = 1.0) -> tuple[float, float]:
        """Confidence limits of the odds ratio: where each tail has half of 1 - `level`.

        Parameters
        ----------
        level : float
            Coverage.
        share : float, default 1
            How much of the probability of the observed value counts: 1 for exact limits, 1/2 for mid-P.

        Returns
        -------
        low, high : float
            0 and infinite at the ends of the support.
        """
        tail = (1 - level) / 2
        if self.support.size == 1:
            return 0.0, float("inf")
        at_low, at_high = self.observed == self.support[0], self.observed == self.support[-1]
        low = 0.0 if at_low else _solve(lambda at: self.upper_tail(at, share=share) - tail)
        high = float("inf") if at_high else _solve(lambda at: tail - self.lower_tail(at, share=share))
        return low, high

    def p_value(self) -> float:
        """Fisher's two-sided p value: all values no more probable than the observed one.

        Returns
        -------
        float
            As R's `fisher.test`.
        """
        if self.table is not None:
            from scipy.stats import fisher_exact

            a, b, c, d = self.table
            return float(fisher_exact([[a, b], [c, d]]).pvalue)
        found = self.probabilities(0.0)
        return min(1.0, float(found[found <= found[self.support == self.observed][0] * _EQUAL].sum()))


def _solve(rises: Callable[[float], float]) -> float:
    """Find the odds ratio at which a function that rises with it is zero."""
    from scipy.optimize import brentq

    reach = 1.0
    while reach < _FARTHEST and not (rises(-reach) < 0 < rises(reach)):
        reach *= 2
    return float(np.exp(brentq(rises, -reach, reach, xtol=1e-14, rtol=1e-14)))


def conditional_table(cases: FloatArray, others: FloatArray) -> ConditionalTable:
    """Set up the distribution for tables with given counts; of one very large table only the part that counts.

    Parameters
    ----------
    cases : ndarray of float64, shape (strata, 2)
        Cases among the exposed and the unexposed.
    others : ndarray of float64, shape (strata, 2)
        Those who are no cases.

    Returns
    -------
    ConditionalTable
        Of the sum over the strata.

    Raises
    ------
    ModelInputError
        If several tables together have more values than can be summed over.
    """
    ends = np.stack(
        [
            np.maximum(0.0, cases.sum(axis=1) - cases[:, 1] - others[:, 1]),
            np.minimum(cases.sum(axis=1), cases[:, 0] + others[:, 0]),
        ]
    )
    table = None
    if len(cases) == 1 and ends[1, 0] - ends[0, 0] > _WHOLE:
        counts = np.array([cases[0, 0], others[0, 0], cases[0, 1], others[0, 1]])
        table = (int(counts[0]), int(counts[1]), int(counts[2]), int(counts[3]))
        reach = np.ceil(_SPREADS * np.sqrt(1 / (1 / (counts + 1)).sum()) + _SPREADS)
        ends = np.stack([np.maximum(ends[0], counts[0] - reach), np.minimum(ends[1], counts[0] + reach)])
    elif (ends[1] - ends[0]).sum() > _MOST:
        raise ModelInputError(
            f"the exact distribution of all strata has {int((ends[1] - ends[0]).sum()):,} values, too many. Leave "
            "exact out: with so many events the other limits are as good."
        )
    low = 0.0
    log_weight: FloatArray = np.zeros(1)
    for case, other, first, last in zip(cases, others, *ends, strict=True):
        log = _log_weights(case, other, support=np.arange(first, last + 1))
        low, log_weight = low + float(first), _log_convolve(log_weight, log)
    support: FloatArray = low + np.arange(log_weight.size, dtype=np.float64)
    return ConditionalTable(int(cases[:, 0].sum()), support, log_weight, table)


def _log_weights(case: FloatArray, other: FloatArray, *, support: FloatArray) -> FloatArray:
    from scipy.special import gammaln

    exposed, unexposed, ill = case[0] + other[0], case[1] + other[1], case.sum()
    log = -(
        gammaln(support + 1)
        + gammaln(exposed - support + 1)
        + gammaln(ill - support + 1)
        + gammaln(unexposed - ill + support + 1)
    )
    return np.asarray(log - log.max(), dtype=np.float64)


def _log_convolve(left: FloatArray, right: FloatArray) -> FloatArray:
    """Convolve two distributions given by their logarithms, keeping what is far out in the tails."""
    if left.size == 1:
        return np.asarray(left[0] + right, dtype=np.float64)
    short, long = (left, right) if left.size <= right.size else (right, left)
    total = np.full(left.size + right.size - 1, -np.inf)
    for shift, weight in enumerate(short):
        part = slice(shift, shift + long.size)
        total[part] = np.logaddexp(total[part], weight + long)
    return np.asarray(total - total.max(), dtype=np.float64)
