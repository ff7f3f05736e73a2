"""Risk sets of the subdistribution: who had a competing event stays in them, with a falling weight.

Fine J. P., Gray R. J. (1999), J. Am. Stat. Assoc. 94(446), 496-509; as weights of a counting process: Geskus R. B.
(2011), Biometrics 67(1), 39-49. At time t someone who had a competing event at X < t counts G(t-)/G(X-), where G is the
Kaplan-Meier estimate of not being censored. Everyone's weight falls by the same factor G(t-), so that the sums over
those who stay are running sums, and no row is written several times.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from analysis_lib.models.survival.cox_regression.cox_rows import CoxRows
from analysis_lib.models.survival.cox_regression.event_means import event_means, score_residuals
from analysis_lib.models.survival.cox_regression.partial_likelihood import (
    Evaluation,
    Exposures,
    PartialLikelihood,
    Piece,
    Ties,
)
from analysis_lib.models.survival.cox_regression.risk_sets import RiskSets, merged_times

__all__ = ["CensoringTies", "Staying", "SubdistributionLikelihood", "staying", "subdistribution_scores"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
IndexArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]
CensoringTies = Literal["with events", "after events"]


@dataclass(frozen=True)
class Staying:
    """Who stays at risk after a competing event, and what is known of censoring.

    Attributes
    ----------
    weight : ndarray of float64, shape (n,)
        1 / G(X-) for rows with a competing event, else 0.
    joins : ndarray of int32, shape (n,)
        First event time after it; -1 where there is none.
    decay : ndarray of float64, shape (k,)
        G(t-) at each event time.
    rank : ndarray of int64, shape (n,)
        Rank of the end of follow-up.
    censored : ndarray of bool, shape (n,)
        Whether it was censored.
    stratum : ndarray of int64, shape (n,)
        Stratum of each row.
    event_rank : ndarray of int64, shape (k,)
        Rank of each event time.
    ties : {"with events", "after events"}
        Whether someone with an event could still have been censored at the same time.
    """

    weight: FloatArray
    joins: IndexArray
    decay: FloatArray
    rank: IntArray
    censored: BoolArray
    stratum: IntArray
    event_rank: IntArray
    ties: CensoringTies

    def reordered(self, order: IntArray) -> "Staying":
        """Put the rows into another order.

        Parameters
        ----------
        order : ndarray of int, shape (n,)
            Which row comes where.

        Returns
        -------
        Staying
            Of the same rows.
        """
        return replace(
            self,
            weight=self.weight[order],
            joins=self.joins[order],
            rank=self.rank[order],
            censored=self.censored[order],
            stratum=self.stratum[order],
        )


def staying(rows: CoxRows, sets: RiskSets, *, ties: CensoringTies) -> Staying:
    """Work out who stays at risk, with the censoring of each stratum by itself.

    Parameters
    ----------
    rows : CoxRows
        Complete cases, with their competing events.
    sets : RiskSets
        Of the event that counts.
    ties : {"with events", "after events"}
        Whether someone with an event could still have been censored at the same time.

    Returns
    -------
    Staying
        Rows in their order.
    """
    stop_rank, _, values = merged_times(rows.stop)
    rank = stop_rank.astype(np.int64)
    n = rank.size
    stratum = np.zeros(n, dtype=np.int64) if rows.stratum is None else rows.stratum
    competing = np.zeros(n, dtype=np.bool_) if rows.competing is None else rows.competing
    censored = ~(rows.event | competing)
    case = np.ones(n) if rows.weight is None else rows.weight
    event_rank = np.searchsorted(values, sets.times)
    weight, joins, decay = np.zeros(n), np.full(n, -1, dtype=np.int32), np.ones(sets.times.size)
    for s in range(sets.begin.size - 1):
        here = np.flatnonzero(stratum == s)
        withdrawn, at_risk = _censoring(rank[here], case[here], censored=censored[here], size=values.size, ties=ties)
        free = np.concatenate([[1.0], np.cumprod(1 - withdrawn / np.where(at_risk > 0, at_risk, 1.0))])
        begin, end = int(sets.begin[s]), int(sets.begin[s + 1])
        decay[begin:end] = free[event_rank[begin:end]]
        stay = here[competing[here] & (case[here] > 0)]
        weight[stay] = 1 / free[rank[stay]]
        first = begin + np.searchsorted(event_rank[begin:end], rank[stay], side="right")
        joins[stay] = np.where(first < end, first, -1)
    return Staying(weight, joins, decay, rank, censored, stratum, event_rank, ties)


def _censoring(
    rank: IntArray, case: FloatArray, *, censored: BoolArray, size: int, ties: CensoringTies
) -> tuple[FloatArray, FloatArray]:
    """Add up, at each time, the weight of those who are censored, and of those who might have been."""
    leaving = np.bincount(rank, weights=case, minlength=size).astype(np.float64)
    withdrawn = np.bincount(rank, weights=case * censored, minlength=size).astype(np.float64)
    at_risk = np.cumsum(leaving[::-1])[::-1]
    return withdrawn, at_risk - (leaving - withdrawn) if ties == "after events" else at_risk


class SubdistributionLikelihood(PartialLikelihood):
    """The log partial likelihood of subdistribution hazards.

    Parameters
    ----------
    pieces : sequence of Piece
        The covariates.
    sets : RiskSets
        When each row is at risk by itself; nobody enters late.
    stay : Staying
        Who stays after a competing event.
    scale : ndarray of float64, shape (p,)
        What each covariate is divided by.
    ties : {"efron", "breslow"}
        Handling of tied event times.
    weight, offset : ndarray of float64, shape (n,), optional
        Case weights, and what is added to the predictor.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        sets: RiskSets,
        *,
        stay: Staying,
        scale: FloatArray,
        ties: Ties,
        weight: FloatArray | None = None,
        offset: FloatArray | None = None,
    ) -> None:
        super().__init__(pieces, sets, scale=scale, ties=ties, weight=weight, offset=offset)
        self.stay = stay

    @property
    def last_at_risk(self) -> IndexArray:
        """Position of the last event time at which each row is at risk."""
        end = self.sets.begin[self.stay.stratum + 1] - 1
        return np.where(self.stay.joins >= 0, end, self.sets.last).astype(np.int32)

    def add_beside(self, sums: FloatArray, weight: FloatArray) -> None:
        """Add to the risk sets who had a competing event before.

        Parameters
        ----------
        sums : ndarray of float64, shape (k, p + 1)
            S0 and S1, changed in place.
        weight : ndarray of float64, shape (n,)
            Of each row.
        """
        from analysis_lib.models.survival.cox_regression.risk_set_sums import cumulate

        joining = np.zeros_like(sums)
        for joins, block in self._staying_rows(weight):
            _add_rows(block, joins, sums=joining)
        cumulate(joining, self.sets.begin, joining)
        joining *= self.stay.decay[:, None]
        sums += joining

    def _staying_rows(self, weight: FloatArray) -> Iterator[tuple[IntArray, FloatArray]]:
        """Give, block by block, when rows join and their weight and weighted covariates, (p + 1, rows)."""
        for row, x in self.rows():
            at = slice(row, row + x.shape[1])
            kept = np.flatnonzero(self.stay.joins[at] >= 0)
            if kept.size:
                factor = weight[at][kept] * self.stay.weight[at][kept]
                yield self.stay.joins[at][kept].astype(np.int64), np.vstack([factor, factor * x[:, kept]])

    def exposures(self, here: Evaluation, *, per_time: FloatArray | None = None) -> Exposures:
        """Multiply each row's weight by the hazard it was exposed to, after a competing event too.

        Parameters
        ----------
        here : Evaluation
            The risk sets.
        per_time : ndarray of float64, shape (k,), optional
            Multiplies the hazard at each event time.

        Returns
        -------
        callable
            Takes a slice of rows, gives an array.
        """
        before, stay = super().exposures(here, per_time=per_time), self.stay
        hazard = here.terms[:, 0] * stay.decay
        tail = self._from_then_on((hazard if per_time is None else hazard * per_time)[:, None])[:, 0]

        def of(rows: slice) -> FloatArray:
            joins = stay.joins[rows]
            return np.asarray(
                before(rows) + here.weight[rows] * stay.weight[rows] * np.where(joins >= 0, tail[joins], 0)
            )

        return of

    def drift_beside(self, here: Evaluation, increment: FloatArray) -> FloatArray | None:
        """Say how much hazard times mean those who stay meet, per unit of their weight.

        Parameters
        ----------
        here : Evaluation
            The risk sets.
        increment : ndarray of float64, shape (k, p)
            Hazard times mean at each event time.

        Returns
        -------
        ndarray of float64, shape (n, p)
            For each row.
        """
        del here
        tail = self._from_then_on(increment * self.stay.decay[:, None])
        return np.asarray(self.stay.weight[:, None] * np.where(self.stay.joins[:, None] >= 0, tail[self.stay.joins], 0))

    def _from_then_on(self, values: FloatArray) -> FloatArray:
        from analysis_lib.models.survival.cox_regression.risk_set_sums import add_up_backwards

        tail = values.copy()
        add_up_backwards(tail, np.empty((0, tail.shape[1])), self.sets.begin)
        return tail


def _add_rows(rows: FloatArray, group: IntArray, *, sums: FloatArray) -> None:
    from analysis_lib.models.survival.cox_regression.residual_rows import add_by_group

    add_by_group(rows, group, sums)


def subdistribution_scores(
    likelihood: SubdistributionLikelihood, here: Evaluation, *, group: IntArray | None
) -> FloatArray:
    """Add up the products of the shares in the score, with what the estimate of censoring adds to them.

    Parameters
    ----------
    likelihood : SubdistributionLikelihood
        The data.
    here : Evaluation
        Its risk sets at the maximum.
    group : ndarray of int64, shape (n,) or None
        Cluster of each row; None where each row is one.

    Returns
    -------
    ndarray of float64, shape (p, p)
        On the scale of the standardised covariates: the middle of Fine and Gray's variance, their equation 8.
    """
    share = np.empty((likelihood.sets.last.size, likelihood.covariates))
    for row, block in score_residuals(likelihood, here):
        share[row : row + block.shape[1]] = block.T
    share += _shares_of_censoring(likelihood, here)
    if group is not None:
        by_group = np.zeros((int(group.max()) + 1, likelihood.covariates))
        _add_rows(np.ascontiguousarray(share.T), group, sums=by_group)
        share = by_group
    return np.asarray(share.T @ share)


def _shares_of_censoring(likelihood: SubdistributionLikelihood, here: Evaluation) -> FloatArray:
    """Fine and Gray's psi: how much each row moves the score through the estimate of censoring."""
    stay, sets, p = likelihood.stay, likelihood.sets, likelihood.covariates
    n = sets.last.size
    case = np.ones(n) if likelihood.weight is None else likelihood.weight
    size = int(stay.rank.max()) + 1
    increment = event_means(likelihood, here).increment
    hazard = np.column_stack([here.terms[:, 0], increment]) * stay.decay[:, None]
    weighted = _weighted_rows(likelihood, here.weight * stay.weight)
    shares = np.zeros((n, p))
    for s in range(sets.begin.size - 1):
        of = np.flatnonzero(stay.stratum == s)
        rank, begin, end = stay.rank[of], int(sets.begin[s]), int(sets.begin[s + 1])
        withdrawn, at_risk = _censoring(rank, case[of], censored=stay.censored[of], size=size, ties=stay.ties)
        gone = np.zeros((size + 1, p + 1))
        np.add.at(gone, rank + 1, weighted[of])  # those with a competing event before a time, not at it
        gone = np.cumsum(gone, axis=0)[:size]
        ahead = np.zeros((size, p + 1))
        np.add.at(ahead, stay.event_rank[begin:end], hazard[begin:end])
        ahead = np.cumsum(ahead[::-1], axis=0)[::-1]
        per_head = (gone[:, 1:] * ahead[:, :1] - gone[:, :1] * ahead[:, 1:]) / np.where(at_risk > 0, at_risk, 1)[
            :, None
        ]
        expected = np.cumsum(per_head * (withdrawn / np.where(at_risk > 0, at_risk, 1))[:, None], axis=0)
        own = stay.censored[of][:, None]
        exposed = expected[rank]
        if stay.ties == "after events":  # with an event at a time, one cannot be censored at it
            exposed = np.where(own, exposed, np.concatenate([np.zeros((1, p)), expected])[rank])
        shares[of] = case[of][:, None] * (own * per_head[rank] - exposed)
    return shares


def _weighted_rows(likelihood: SubdistributionLikelihood, weight: FloatArray) -> FloatArray:
    found: Any = np.empty((weight.size, likelihood.covariates + 1))
    found[:, 0] = weight
    for row, x in likelihood.rows():
        at = slice(row, row + x.shape[1])
        found[at, 1:] = (x * weight[at]).T
    return np.asarray(found)
