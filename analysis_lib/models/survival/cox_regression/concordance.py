"""Concordance of predicted risk and order of events."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis_lib.models.survival.cox_regression.fitted import FittedCox
from analysis_lib.models.survival.cox_regression.risk_sets import RiskSets

__all__ = ["Concordance", "concordance_of", "concordance_of_scores"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
IndexArray = npt.NDArray[np.int32]

#: Predictors nearer to each other than this, relative to the largest, differ by rounding only.
_TIE = 1e-12


@dataclass(frozen=True)
class Concordance:
    """How well predicted risks rank who has the event first.

    Attributes
    ----------
    estimate : float
        Share of concordant pairs, pairs tied in risk counting half; 0.5 is chance.
    se : float
        Standard error, by the infinitesimal jackknife; rows of one cluster together where errors are clustered.
    concordant, discordant, tied : float
        Pairs, weighted by the product of the case weights.
    """

    estimate: float
    se: float
    concordant: float
    discordant: float
    tied: float


def concordance_of(fit: FittedCox) -> Concordance:
    """Compare the model's predictions with the order of events.

    Parameters
    ----------
    fit : FittedCox
        The model.

    Returns
    -------
    Concordance
        Within strata.
    """
    return concordance_of_scores(fit.predictor, fit.likelihood.sets, weight=fit.likelihood.weight, cluster=fit.cluster)


def concordance_of_scores(
    score: FloatArray,
    sets: RiskSets,
    *,
    weight: FloatArray | None,
    cluster: IntArray | None,
    weight_of_events: FloatArray | None = None,
    tied_within: float = _TIE,
) -> Concordance:
    """Count the pairs of which it is known who had the event first [1]_.

    Parameters
    ----------
    score : ndarray of float64, shape (n,)
        Predicted risk.
    sets : RiskSets
        When each row is at risk.
    weight : ndarray of float64, shape (n,) or None
        Case weights.
    cluster : ndarray of int64, shape (n,) or None
        Cluster of each row.
    weight_of_events : ndarray of float64, shape (n,), optional
        How much a pair counts by the one of the two who had the event first, taken for known; 1 when left out. With one
        over the squared share not censored before, until a horizon, it is Uno's index [2]_.
    tied_within : float, optional
        Scores nearer to each other than this, relative to the largest, are tied; those that differ by rounding when
        left out.

    Returns
    -------
    Concordance
        Missing where there is no such pair.

    References
    ----------
    .. [1] Harrell F. E., Lee K. L., Mark D. B. (1996). Multivariable prognostic models. Stat. Med. 15(4), 361-387.
    .. [2] Uno H. et al. (2011). On the C-statistics for evaluating overall adequacy of risk prediction procedures with
       censored survival data. Stat. Med. 30(10), 1105-1117.
    """
    from analysis_lib.models.survival.cox_regression.concordant_pairs import pairs_of_deaths, pairs_of_those_at_risk

    n = score.size
    case = np.ones(n) if weight is None else weight
    rank, ranks = _ranks(score, sets, tied_within=tied_within)
    at_risk = sets.last >= 0
    if sets.before.size:
        at_risk &= sets.before < sets.last
    leaving = _sorted_by(sets.last, at_risk)
    entering = (
        _sorted_by(sets.before, at_risk & (sets.before >= 0)) if sets.before.size else np.empty(0, dtype=np.int64)
    )
    seen = (sets.last, sets.before, sets.died, leaving, entering, sets.begin)
    pairs = np.zeros((n, 3))
    pairs_of_deaths(rank, ranks, case, *seen, pairs)
    of_events = case
    if weight_of_events is not None:
        pairs *= weight_of_events[:, np.newaxis]
        of_events = case * weight_of_events
    concordant, discordant, tied = (float(total) for total in case @ pairs)
    of_all = concordant + discordant + tied
    if not of_all > 0:
        return Concordance(np.nan, np.nan, 0.0, 0.0, 0.0)
    pairs_of_those_at_risk(rank, ranks, of_events, *seen, pairs)
    somers = (concordant - discordant) / of_all
    influence = case * (pairs[:, 0] - pairs[:, 1] - somers * pairs.sum(axis=1)) / of_all
    if cluster is not None:
        influence = np.bincount(cluster, weights=influence)
    return Concordance(
        estimate=(somers + 1) / 2,
        se=float(np.sqrt(np.sum(influence**2))) / 2,
        concordant=concordant,
        discordant=discordant,
        tied=tied,
    )


def _sorted_by(position: IndexArray, kept: npt.NDArray[np.bool_]) -> IntArray:
    rows = np.flatnonzero(kept)
    return rows[np.argsort(position[rows], kind="stable")]


def _ranks(score: FloatArray, sets: RiskSets, *, tied_within: float) -> tuple[IntArray, IntArray]:
    """Rank the scores within each stratum, those that differ by rounding together; and count the ranks."""
    strata = sets.begin.size - 1
    stratum = np.zeros(score.size, dtype=np.int64) if strata == 1 else sets.stratum[np.maximum(sets.last, 0)]
    order = np.lexsort((score, stratum))
    ascending, of = score[order], stratum[order]
    slack = tied_within * max(float(np.abs(score).max(initial=0.0)), 1.0)
    new_stratum = np.diff(of, prepend=-1) > 0
    step = np.cumsum((np.diff(ascending, prepend=-np.inf) > slack) | new_stratum)
    first = np.maximum.accumulate(np.where(new_stratum, step, 0))
    rank = np.empty(score.size, dtype=np.int64)
    rank[order] = step - first
    ranks = np.zeros(strata, dtype=np.int64)
    np.maximum.at(ranks, stratum, rank + 1)
    return rank, ranks
