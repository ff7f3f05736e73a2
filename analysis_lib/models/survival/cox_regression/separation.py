"""Telling whether a likelihood has a maximum: covariates that foretell the order of events have none."""

import numpy as np
import numpy.typing as npt

from analysis_lib.models.survival.cox_regression.partial_likelihood import PartialLikelihood

__all__ = ["is_monotone"]

FloatArray = npt.NDArray[np.float64]


def is_monotone(likelihood: PartialLikelihood, direction: FloatArray) -> bool:
    """Tell whether the likelihood rises for ever along a direction.

    It does if everyone who has an event has, at that time, the largest x'direction of all at risk, and somebody at
    risk once had a smaller one [1]_.

    Parameters
    ----------
    likelihood : PartialLikelihood
        The data.
    direction : ndarray of float64, shape (p,)
        In the units of the coefficients.

    Returns
    -------
    bool
        True where no finite maximum exists in that direction.

    References
    ----------
    .. [1] Bryson M. C., Johnson M. E. (1981). The incidence of monotone likelihood in the Cox model. Technometrics
       23(4), 381-383.
    """
    from analysis_lib.models.survival.cox_regression.risk_set_extremes import paint

    sets, last = likelihood.sets, likelihood.last_at_risk
    at_risk = last >= 0
    if sets.before.size:
        at_risk &= sets.before < last
    score = np.empty(sets.last.size)
    for row, x in likelihood.rows():
        score[row : row + x.shape[1]] = direction @ x
    spread = float(np.ptp(score[at_risk]))
    if not spread > 0:
        return False
    first = sets.begin[sets.stratum[np.maximum(last, 0)]]
    if sets.before.size:
        first = np.maximum(first, sets.before + 1)
    order = np.flatnonzero(at_risk)
    order = order[np.argsort(score[order])]
    times = sets.deaths.size
    lowest = paint(score, order, first, last, times)
    highest = paint(score, order[::-1].copy(), first, last, times)
    lowest_died = np.full(times, np.inf)
    np.minimum.at(lowest_died, sets.last[sets.died], score[sets.died])
    slack = 1e-5 * spread
    return bool((lowest_died >= highest - slack).all() and (highest - lowest > slack).any())
