"""Cox's partial likelihood as sums over risk sets, in one pass over rows sorted by time.

Cox D. R. (1972). Regression models and life-tables. J. R. Stat. Soc. B 34(2), 187-220. Ties by Breslow N. (1974),
Covariance analysis of censored survival data, Biometrics 30(1), 89-99, or by Efron B. (1977), The efficiency of Cox's
likelihood function for censored data, J. Am. Stat. Assoc. 72(359), 557-565.

Notation: at event time k, S0 and S1 are the sums of w = exp(x'b) and of w*x over everyone at risk, D0 and D1 the same
over those who have the event there. Efron's method takes the l-th of d tied events from a risk set that has lost the
fraction l/d of the tied ones: S0 - (l/d) D0. Breslow's keeps the whole risk set for all of them.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis_lib.models.sums.maximise import LikelihoodAt

__all__ = ["PartialLikelihood", "Ties"]

Ties = Literal["efron", "breslow"]
#: A risk set whose weights add up to less is beyond double precision: nobody steps there on the way to a maximum.
_VANISHED = 1e-280
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


class PartialLikelihood:
    """The log partial likelihood of one data set, ready to be evaluated at any coefficients.

    Parameters
    ----------
    x : ndarray of float64, shape (n, p)
        Covariates, best centred and scaled: the information is a difference of two sums.
    time : ndarray of float64, shape (n,)
        Follow-up.
    event : ndarray of bool, shape (n,)
        Whether it ended with the event; at least one must be true.
    ties : {"efron", "breslow"}
        Handling of tied event times.
    """

    def __init__(self, x: FloatArray, *, time: FloatArray, event: npt.NDArray[np.bool_], ties: Ties) -> None:
        # Whoever left before the first event is in no risk set.
        at_risk = time >= time[event].min()
        x, time, event = x[at_risk], time[at_risk], event[at_risk]
        order = np.lexsort((event, time))
        self._x, time, event = np.ascontiguousarray(x[order]), time[order], event[order]

        event_times, deaths = np.unique(time[event], return_counts=True)
        # Row i is at risk at event times 0 .. _last[i]; the segment between two event times starts at _start[k].
        self._last: IntArray = np.searchsorted(event_times, time, side="right") - 1
        self._start: IntArray = np.searchsorted(time, event_times, side="left")
        self._died: IntArray = np.flatnonzero(event)
        self._died_start: IntArray = np.concatenate(([0], np.cumsum(deaths)[:-1]))
        self._sum_died = self._x[self._died].sum(axis=0)

        # One term of the likelihood per entry: Efron has one per event, Breslow one per event time with a weight.
        if ties == "efron":
            self._entry_time: IntArray = np.repeat(np.arange(deaths.size), deaths)
            rank = np.arange(deaths.sum()) - np.repeat(self._died_start, deaths)
            self._entry_fraction: FloatArray = rank / np.repeat(deaths, deaths)
            self._entry_weight: FloatArray = np.ones(rank.size)
        else:
            self._entry_time = np.arange(deaths.size)
            self._entry_fraction = np.zeros(deaths.size)
            self._entry_weight = deaths.astype(np.float64)

    def at(self, coefficients: FloatArray) -> LikelihoodAt:
        """Evaluate the likelihood and its first two derivatives.

        The second moment of a risk set is never formed: summed over event times it is X' diag(w * A) X, where A of a
        row adds up 1/S0 over the event times at which that row was at risk.

        Parameters
        ----------
        coefficients : ndarray of float64, shape (p,)
            Log hazard ratios per unit of `x`.

        Returns
        -------
        LikelihoodAt
            Value, gradient, information.
        """
        x, died = self._x, self._died
        predictor = x @ coefficients
        shift = predictor.max()
        with np.errstate(under="ignore"):
            weight = np.exp(predictor - shift)
        weighted = weight[:, None] * x
        s0 = _sum_at_risk(weight, self._start)
        s1 = _sum_at_risk(weighted, self._start)
        d0 = np.add.reduceat(weight[died], self._died_start)
        d1 = np.add.reduceat(weighted[died], self._died_start, axis=0)

        k, fraction, multiplicity = self._entry_time, self._entry_fraction, self._entry_weight
        denominator = s0[k] - fraction * d0[k]
        if not denominator.min() > _VANISHED:
            nothing = np.zeros((x.shape[1], x.shape[1]))
            return LikelihoodAt(-np.inf, np.zeros(x.shape[1]), nothing)
        value = float(np.sum(predictor[died] - shift) - np.sum(multiplicity * np.log(denominator)))

        hazard = multiplicity / denominator
        cumulative = np.cumsum(np.bincount(k, hazard, minlength=s0.size))
        exposure = weight * cumulative[self._last]
        given_back = np.bincount(k, hazard * fraction, minlength=s0.size)
        exposure[died] -= weight[died] * given_back[self._last[died]]

        gradient = self._sum_died - exposure @ x
        mean = (s1[k] - fraction[:, None] * d1[k]) * (np.sqrt(multiplicity) / denominator)[:, None]
        information = (x * exposure[:, None]).T @ x - mean.T @ mean
        return LikelihoodAt(value, gradient, (information + information.T) / 2)

    def is_monotone(self, direction: FloatArray) -> bool:
        """Tell whether the likelihood rises for ever along `direction`.

        It does if everyone who has an event has, at that time, the largest x'direction of all at risk, and somebody
        at risk once had a smaller one (Bryson M. C. and Johnson M. E. (1981), Technometrics 23(4), 381-383).

        Parameters
        ----------
        direction : ndarray of float64, shape (p,)
            In the units of the coefficients.

        Returns
        -------
        bool
            True where no finite maximum exists in that direction.
        """
        score = self._x @ direction
        spread = float(score.max() - score.min())
        if not spread > 0:
            return False
        segments_high = np.maximum.reduceat(score, self._start)
        segments_low = np.minimum.reduceat(score, self._start)
        highest = np.maximum.accumulate(segments_high[::-1])[::-1]
        lowest = np.minimum.accumulate(segments_low[::-1])[::-1]
        lowest_died = np.minimum.reduceat(score[self._died], self._died_start)
        slack = 1e-5 * spread
        return bool((lowest_died >= highest - slack).all() and (highest - lowest > slack).any())


def _sum_at_risk(values: FloatArray, start: IntArray) -> FloatArray:
    """Sum `values` over the rows at risk at each event time: from `start` to the end."""
    segments = np.add.reduceat(values, start, axis=0)
    return np.asarray(np.cumsum(segments[::-1], axis=0)[::-1], dtype=np.float64)
