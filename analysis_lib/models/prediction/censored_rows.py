"""Predictions of a risk until a horizon, where some are not followed until then: weights and concordance."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.models.prediction.estimated_censoring import estimated_censoring
from analysis_lib.models.prediction.predicted_rows import PredictedRows
from analysis_lib.models.survival.cox_regression.concordance import Concordance, concordance_of_scores
from analysis_lib.models.survival.cox_regression.risk_sets import RiskSets, risk_sets

__all__ = ["CensoredRows"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class CensoredRows:
    """Follow-up beside predicted risks.

    Attributes
    ----------
    time : ndarray of float64, shape (n,)
        Follow-up.
    event : ndarray of bool, shape (n,)
        Whether it ended with the event.
    rows : PredictedRows
        Risks, persons and groups; its outcome is the event.
    horizon : float
        Risks are of the event until this time.
    """

    time: FloatArray
    event: BoolArray
    rows: PredictedRows
    horizon: float

    def __post_init__(self) -> None:
        if self.time.max() < self.horizon:
            raise ModelInputError(
                f"somebody must be followed until the horizon of {self.horizon:g}; the longest follow-up is shorter. "
                "Choose an earlier horizon."
            )

    def where(self, inside: BoolArray) -> "CensoredRows":
        """Keep some rows.

        Parameters
        ----------
        inside : ndarray of bool, shape (n,)
            Which.

        Returns
        -------
        CensoredRows
            Weights are then made of these rows alone.

        Raises
        ------
        ModelInputError
            If none of them is followed until the horizon.
        """
        return CensoredRows(self.time[inside], self.event[inside], self.rows.where(inside), self.horizon)

    @cached_property
    def had_event(self) -> BoolArray:
        """Who is known to have had the event until the horizon."""
        return self.event & (self.time <= self.horizon)

    @cached_property
    def known(self) -> BoolArray:
        """Whose outcome at the horizon is known: who had the event, and who was followed until then without."""
        return self.had_event | (self.time >= self.horizon)

    @cached_property
    def _steps(self) -> tuple[FloatArray, FloatArray]:
        """Distinct times, and the share not censored before each."""
        times, place, leaving = np.unique(self.time, return_inverse=True, return_counts=True)
        events = np.bincount(place, self.event, minlength=times.size)
        at_risk = leaving[::-1].cumsum()[::-1].astype(np.float64)
        # Who had the event at a time was not censored at it: events come first.
        after_events = at_risk - events
        with np.errstate(invalid="ignore", divide="ignore"):
            staying = np.where(after_events > 0, 1 - (leaving - events) / after_events, 1.0)
        uncensored: FloatArray = np.concatenate(([1.0], np.cumprod(staying)[:-1]))
        return np.asarray(times), uncensored

    def uncensored_before(self, times: FloatArray) -> FloatArray:
        """Share not censored before given times, by Kaplan and Meier's method.

        Parameters
        ----------
        times : ndarray of float64
            Not after the longest follow-up.

        Returns
        -------
        ndarray of float64
            In (0, 1].
        """
        distinct, uncensored = self._steps
        share: FloatArray = uncensored[np.searchsorted(distinct, times, side="left")]
        return share

    @cached_property
    def survival_at_horizon(self) -> tuple[float, float]:
        """Kaplan-Meier survival at the horizon; Greenwood's error, by persons where some have several rows.

        NaN where nobody, or everybody, had the event: there it is 0 and tells nothing.
        """
        times, place, leaving = np.unique(
            np.minimum(self.time, np.nextafter(self.horizon, np.inf)), return_inverse=True, return_counts=True
        )
        events = np.bincount(place, self.had_event, minlength=times.size)
        at_risk = leaving[::-1].cumsum()[::-1].astype(np.float64)
        survival = float(np.prod(1 - events / at_risk))
        if survival in {0.0, 1.0}:
            return survival, float("nan")  # Greenwood's error is 0 where nothing, or all, is left: it knows none
        staying = at_risk - events
        if self.rows.person is None:
            return survival, survival * float(np.sqrt(np.sum(events / (at_risk * staying))))
        expected = np.cumsum(events / (at_risk * staying))
        influence = survival * (expected[place] - self.had_event / staying[place])
        return survival, float(np.sqrt(self.rows.variance(np.asarray(influence))))

    @cached_property
    def weighted(self) -> PredictedRows:
        """Those with a known outcome at the horizon, weighted for the others like them.

        Each stands for as many as were censored before: the weight is one over the share not censored before the
        event, or before the horizon. The weights add up to the number of rows. Errors allow for their estimation.
        """
        kept = self.rows.where(self.known)
        upto = np.minimum(self.time[self.known], self.horizon)
        weight = 1 / self.uncensored_before(upto)
        censoring = estimated_censoring(
            self.time, self.event, known=self.known, horizon=self.horizon, person=self.rows.person
        )
        return replace(
            kept,
            outcome=self.had_event[self.known],
            weight=weight,
            weight_kind="sampling",
            censoring=censoring,
            group=None if self.rows.group is None else self.rows.group[self.known],
            groups=self.rows.groups,
        )

    @cached_property
    def concordances(self) -> tuple[Concordance, Concordance]:
        """Harrell's concordance index, and Uno's until the horizon.

        Uno's weights a pair by one over the squared share not censored before the earlier time, and uses no event after
        the horizon. Missing (NaN) where no pair is comparable; so is the error where one person had all the events.
        """
        sets = risk_sets(self.time, self.event)
        used = self.event & (self.time <= self.horizon)
        of_events = np.zeros(self.time.size)
        of_events[used] = self.uncensored_before(self.time[used]) ** -2.0
        return self._concordance(sets, self.event, weights=None), self._concordance(sets, used, weights=of_events)

    def _concordance(self, sets: RiskSets, events: BoolArray, *, weights: FloatArray | None) -> Concordance:
        person = self.rows.person
        found = concordance_of_scores(
            self.rows.risk, sets, weight=None, cluster=person, weight_of_events=weights, tied_within=0.0
        )
        persons = int(events.sum()) if person is None else int(np.unique(person[events]).size)
        return found if persons > 1 else replace(found, se=float("nan"))
