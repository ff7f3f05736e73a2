"""Gray's test of equal cumulative incidence."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.survival.cumulated_sums import cumulated
from analysis_lib.models.survival.event_rows import EventRows
from analysis_lib.models.survival.event_sums import GroupedEvents, grouped_events

__all__ = ["gray_tests"]

FloatArray = npt.NDArray[np.float64]
COLUMNS = ("cause", "chi2", "df", "p_value")


def gray_tests(rows: EventRows, *, rho: float = 0.0) -> pd.DataFrame:
    """Test for each cause whether its cumulative incidence is the same in all groups.

    The score of a group adds up, over event times, its events less those expected if all groups had one hazard of the
    subdistribution, in which who has had another event stays at risk as long as he would have been followed [1]_. The
    variance is Gray's, with his corrections for ties.

    Parameters
    ----------
    rows : EventRows
        Complete cases with groups and causes; strata are compared within.
    rho : float, default 0
        Power of one minus pooled incidence by which events are weighted.

    Returns
    -------
    DataFrame
        One row per cause: ``cause``, ``chi2``, ``df``, ``p_value``.

    Raises
    ------
    ModelInputError
        If there is one group, rows come late, weights are no counts, or there is nothing to compare.

    References
    ----------
    .. [1] Gray R. J. (1988). A class of K-sample tests for comparing the cumulative incidence of a competing risk. Ann.
       Stat. 16(3), 1141-1154.
    """
    from scipy.special import chdtrc

    n_groups = len(rows.groups)
    if n_groups < 2:
        raise ModelInputError(f"Gray's test compares groups; found {n_groups}. Check the column that makes them.")
    if rows.entry is not None:
        raise ModelInputError(
            "Gray's test is for rows that are followed from the start; found a time of entry. Compare the groups by "
            "the cause-specific hazards: cox(...) with the other causes censored."
        )
    if not rows.counts_rows:
        raise ModelInputError(
            "Gray's test counts people; found weights that are no whole numbers. Compare the curves by their intervals."
        )
    strata = list(grouped_events(rows))
    found = []
    for index, cause in enumerate(rows.causes):
        score, variance = np.zeros(n_groups), np.zeros((n_groups, n_groups))
        for events in strata:
            part = _stratum(events, cause=index, rho=rho)
            score, variance = score + part[0], variance + part[1]
        statistic, df = _statistic(score, variance, strata=strata, cause=cause)
        found.append((cause, statistic, df, float(chdtrc(df, statistic))))
    return pd.DataFrame(found, columns=list(COLUMNS))


def _stratum(events: GroupedEvents, *, cause: int, rho: float) -> tuple[FloatArray, FloatArray]:
    """Add up scores and their covariance over the event times of one stratum."""
    at_risk, own = events.at_risk, events.by_cause[cause]
    other = events.n_event - own
    present = at_risk > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        passed = np.where(present, (at_risk - events.n_event) / at_risk, 1.0)
        survival = np.cumprod(passed, axis=1)
        before = np.concatenate((np.ones((len(at_risk), 1)), survival[:, :-1]), axis=1)
        # Gray's h: how many would be at risk of the first event of any kind if nobody had had one.
        followed = np.where(present, at_risk / before, 0.0)
        incidence = cumulated(np.where(present, before * own / at_risk, 0.0))
    earlier = np.concatenate((np.zeros((len(at_risk), 1)), incidence[:, :-1]), axis=1)
    sub_at_risk = followed * (1 - earlier)
    happened = own.sum(axis=0)
    all_followed = followed.sum(axis=0)
    rise = happened / all_followed
    pooled = cumulated(rise)
    pooled_before = np.concatenate(([0.0], pooled[:-1]))
    weight = (1 - pooled_before) ** rho
    score = (weight * (own - happened * sub_at_risk / sub_at_risk.sum(axis=0))).sum(axis=1)
    del passed, earlier, sub_at_risk, incidence  # groups x times each, of which there may be millions
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled_hazard = np.where(pooled_before < 1, rise / (1 - pooled_before), 0.0)
    variance = np.zeros((len(at_risk), len(at_risk)))
    for group in range(len(at_risk)):
        effect = -weight * followed * followed[group] / all_followed
        effect[group] += weight * followed[group]
        to_come = cumulated(effect * pooled_hazard)
        np.subtract(to_come[:, -1:].copy(), to_come, out=to_come)
        variance += _variance_of_group(
            effect,
            to_come,
            at_risk=at_risk[group],
            before=before[group],
            survival=survival[group],
            expected=(happened, all_followed),
            other=other[group],
            unaffected=1 - pooled,
        )
    return score, variance


def _variance_of_group(
    effect: FloatArray,
    to_come: FloatArray,
    *,
    at_risk: FloatArray,
    before: FloatArray,
    survival: FloatArray,
    expected: tuple[FloatArray, FloatArray],
    other: FloatArray,
    unaffected: FloatArray,
) -> FloatArray:
    """Give what the events of one group add to the covariance of all scores.

    Events of the cause vary as they would if the groups did not differ; events of other causes as they were observed.
    """
    happened, all_followed = expected
    variance = np.zeros((len(effect), len(effect)))
    alive = survival > 0
    share_left = np.divide(unaffected, survival, out=np.zeros_like(survival), where=alive)

    rows = np.flatnonzero((happened > 0) & (at_risk > 0))
    as_one = all_followed[rows] * before[rows] - 1
    tied = happened[rows] > 1
    ties = np.where(tied, 1 - (happened[rows] - 1) / np.where(tied & (as_one != 0), as_one, 1.0), 1.0)
    spread = ties * before[rows] * happened[rows] / (all_followed[rows] * at_risk[rows])
    change = effect[:, rows] + (1 - share_left[rows]) * to_come[:, rows]
    variance += (change * spread) @ change.T

    rows = np.flatnonzero((other > 0) & alive)
    tied = other[rows] > 1
    ties = np.where(tied, 1 - (other[rows] - 1) / np.maximum(at_risk[rows] - 1, 1), 1.0)
    spread = ties * before[rows] ** 2 * other[rows] / at_risk[rows] ** 2
    change = share_left[rows] * to_come[:, rows]
    variance += (change * spread) @ change.T
    return variance


def _statistic(
    score: FloatArray, variance: FloatArray, *, strata: Sequence[GroupedEvents], cause: str
) -> tuple[float, int]:
    compared = np.zeros(score.size, dtype=np.bool_)
    for events in strata:
        compared |= events.at_risk.any(axis=1)
    kept = np.flatnonzero(compared)[:-1]  # the scores add up to zero, so one group is redundant
    among = variance[np.ix_(kept, kept)]
    if kept.size == 0 or np.linalg.matrix_rank(among, hermitian=True) < kept.size:
        raise ModelInputError(
            f"Gray's test needs events of the cause while two groups are at risk; found too few of '{cause}'. Report "
            "the events of each group instead."
        )
    return float(score[kept] @ np.linalg.solve(among, score[kept])), int(kept.size)
