"""How well risks put those with the outcome above those without: ROC and precision-recall curves with their areas."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.models.prediction.predicted_rows import PredictedRows

__all__ = ["Ranking", "bootstrap_limits", "clustered_variance", "person_draws", "sampled_units"]

FloatArray = npt.NDArray[np.float64]
#: Work is cut so that an array of what was drawn stays small beside the data.
_MOST_REPLICATES = 100_000


@dataclass(frozen=True)
class Ranking:
    """The rows by rising risk, and the sums at each distinct risk.

    Attributes
    ----------
    rows : PredictedRows
        In their own order.
    """

    rows: PredictedRows

    def __post_init__(self) -> None:
        if not 0 < self.rows.events < self.rows.n:
            raise ModelInputError(
                "ranking compares those with the outcome and those without; found "
                f"{self.rows.events:,} with and {self.rows.n - self.rows.events:,} without. Look at the outcome, or "
                "at the groups."
            )

    @cached_property
    def order(self) -> npt.NDArray[np.int64]:
        """Row numbers by rising risk."""
        return np.argsort(self.rows.risk)

    @cached_property
    def _last(self) -> npt.NDArray[np.bool_]:
        """Whether the next row by rising risk has a higher one."""
        risk = self.rows.risk[self.order]
        return np.append(risk[1:] > risk[:-1], True)

    @cached_property
    def value(self) -> FloatArray:
        """Distinct risks, rising."""
        distinct: FloatArray = self.rows.risk[self.order[self._last]]
        return distinct

    @cached_property
    def _place(self) -> npt.NDArray[np.int64]:
        """Number of each row's risk among the distinct ones, in the order of the data."""
        place = np.empty(self.rows.n, dtype=np.int64)
        place[self.order] = np.concatenate(([0], np.cumsum(self._last)[:-1]))
        return place

    @cached_property
    def _by_value(self) -> tuple[FloatArray, FloatArray]:
        starts = np.concatenate(([0], np.flatnonzero(self._last)[:-1] + 1))
        outcome = self.rows.outcome[self.order]
        weight = self.rows.weights[self.order]
        return np.add.reduceat(weight * outcome, starts), np.add.reduceat(weight * ~outcome, starts)

    @property
    def with_outcome(self) -> FloatArray:
        """Weight of those with the outcome, at each distinct risk."""
        return self._by_value[0]

    @property
    def without(self) -> FloatArray:
        """Weight of those without the outcome, at each distinct risk."""
        return self._by_value[1]

    @cached_property
    def placements(self) -> tuple[FloatArray, FloatArray]:
        """At each distinct risk, the share of those without the outcome that lie below, and of those with it above.

        Who has the very same risk counts half.
        """
        below = np.cumsum(self.without) - 0.5 * self.without
        above = self.with_outcome.sum() - (np.cumsum(self.with_outcome) - 0.5 * self.with_outcome)
        return below / self.without.sum(), above / self.with_outcome.sum()

    @cached_property
    def auroc(self) -> float:
        """Probability that somebody with the outcome has a higher risk than somebody without; ties count half."""
        below, _ = self.placements
        return float(np.sum(self.with_outcome * below) / self.with_outcome.sum())

    @cached_property
    def placement_of_rows(self) -> FloatArray:
        """Placement of each row among those of the other class, in the order of the data."""
        below, above = self.placements
        place = self._place
        placement: FloatArray = np.where(self.rows.outcome, below[place], above[place])
        return placement

    @cached_property
    def auroc_variance(self) -> float:
        """DeLong's variance; Obuchowski's where persons have several rows; NaN where a class has one member."""
        if not self.rows.independent:
            return clustered_variance(self.rows, self.placement_of_rows - self.auroc)
        total = 0.0
        for counts, placement in zip((self.with_outcome, self.without), self.placements, strict=True):
            size = counts.sum()
            if size < 2:
                return float("nan")
            total += float(np.sum(counts * (placement - self.auroc) ** 2) / (size * (size - 1)))
        return total

    @cached_property
    def average_precision(self) -> float:
        """Mean of the precision over those with the outcome, from the highest risk down; nothing is interpolated."""
        found = np.cumsum(self.with_outcome[::-1])
        flagged = found + np.cumsum(self.without[::-1])
        return float(np.sum(self.with_outcome[::-1] * (found / flagged)) / found[-1])

    @cached_property
    def average_precision_variance(self) -> float:
        """Variance of `average_precision` by the infinitesimal jackknife over persons.

        A row moves the precision at every threshold at or below its own risk, and one with the outcome enters the mean
        itself: both are sums along the distinct risks.
        """
        found = np.cumsum(self.with_outcome[::-1])[::-1]
        flagged = found + np.cumsum(self.without[::-1])[::-1]
        precision, total = found / flagged, float(self.with_outcome.sum())
        gains = np.cumsum(self.with_outcome / flagged)
        losses = np.cumsum(self.with_outcome * precision / flagged)
        own = precision - self.average_precision
        outcome, place = self.rows.outcome, self._place
        influence = np.where(outcome, own[place] + gains[place], 0.0) - losses[place]
        return self.rows.variance(np.asarray(influence / total))

    def bootstrap(self, *, replicates: int, seed: int) -> FloatArray:
        """Draw persons again and again, with all their rows.

        Parameters
        ----------
        replicates : int
            How often.
        seed : int
            Start of the random numbers.

        Returns
        -------
        ndarray of float64, shape (replicates, 2)
            Area under the ROC curve and average precision; NaN where a draw lacks one of the classes.
        """
        from analysis_lib.models.prediction.ranking_kernels import ranked_measures

        rows = self.rows
        whose, n_persons = sampled_units(rows)
        outcome, in_order = rows.outcome[self.order], whose[self.order]
        # Equal rows are drawn one by one, so what their weight says lies in how often each was drawn.
        drawn_by_weight = rows.independent and rows.weight is not None
        weight = np.ones(rows.n) if drawn_by_weight else rows.weights[self.order]

        def measures(drawn: FloatArray) -> tuple[float, float]:
            return ranked_measures(outcome, self._last, weight, in_order, drawn)

        copies = rows.weight if drawn_by_weight else None
        return person_draws(measures, n_persons=n_persons, copies=copies, replicates=replicates, seed=seed)


def sampled_units(rows: PredictedRows) -> tuple[npt.NDArray[np.int64], int]:
    """Number the persons of some rows without gaps.

    Parameters
    ----------
    rows : PredictedRows
        Perhaps a group of all.

    Returns
    -------
    numbers : ndarray of int64, shape (n,)
        Whose each row is.
    n_persons : int
        How many there are.
    """
    if rows.person is None:
        return np.arange(rows.n, dtype=np.int64), rows.n
    known, numbers = np.unique(rows.person, return_inverse=True)
    return numbers.astype(np.int64), known.size


def clustered_variance(rows: PredictedRows, deviation: FloatArray) -> float:
    """Obuchowski's variance of an area, or of the difference of two, from deviations of the placements.

    Parameters
    ----------
    rows : PredictedRows
        With persons or sampling weights.
    deviation : ndarray of float64, shape (n,)
        Placement of each row less its mean in the class.

    Returns
    -------
    float
        NaN where a class comes from one person only.
    """
    whose, n_persons = sampled_units(rows)
    sums, persons, totals = [], [], []
    for inside in (rows.outcome, ~rows.outcome):
        totals.append(float(rows.weights[inside].sum()))
        sums.append(np.bincount(whose, np.where(inside, rows.weights * deviation, 0.0), minlength=n_persons))
        persons.append(int(inside.sum()) if rows.person is None else int(np.unique(whose[inside]).size))
    if min(persons) < 2:
        return float("nan")
    own = sum(
        count / (count - 1) * float(np.sum(total_of_person**2)) / total**2
        for count, total_of_person, total in zip(persons, sums, totals, strict=True)
    )
    both = 2 * n_persons / (n_persons - 1) * float(np.sum(sums[0] * sums[1])) / (totals[0] * totals[1])
    size = np.where(rows.outcome, totals[0], totals[1])
    return float(own + both) + rows.added_by_censoring(deviation / size)


def person_draws(
    measures: Callable[[FloatArray], tuple[float, ...]],
    *,
    n_persons: int,
    copies: FloatArray | None = None,
    replicates: int,
    seed: int,
) -> FloatArray:
    """Compute measures of persons drawn with replacement.

    Parameters
    ----------
    measures : callable
        Takes how often each person was drawn.
    n_persons : int
        Persons to draw from, and to draw.
    copies : ndarray of float64, shape (n_persons,), optional
        How many equal persons each stands for; one when left out.
    replicates : int
        How often.
    seed : int
        Start of the random numbers.

    Returns
    -------
    ndarray of float64, shape (replicates, measures)
        One row per draw.

    Raises
    ------
    ModelInputError
        If `replicates` or `seed` is no whole number in range.
    """
    if isinstance(replicates, bool) or not isinstance(replicates, int) or not 100 <= replicates <= _MOST_REPLICATES:
        raise ModelInputError(
            f"replicates must be a whole number from 100 to {_MOST_REPLICATES:,}; found {replicates!r}. "
            "1000 is usual for an interval."
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ModelInputError(
            f"seed must be a whole number >= 0; found {type(seed).__name__}. Choose any, and keep it."
        )
    random = np.random.default_rng(seed)
    shares = None if copies is None else copies / copies.sum()

    def drawn() -> FloatArray:
        if shares is not None and copies is not None:
            return random.multinomial(int(copies.sum()), shares).astype(np.float64)
        return np.bincount(random.integers(0, n_persons, n_persons), minlength=n_persons).astype(np.float64)

    return np.array([measures(drawn()) for _ in range(replicates)])


def bootstrap_limits(draws: FloatArray, *, level: float) -> tuple[float, float]:
    """Take the percentile interval of a bootstrap.

    Parameters
    ----------
    draws : ndarray of float64
        One value per draw; those that could not be computed are NaN.
    level : float
        Coverage.

    Returns
    -------
    tuple of float
        Lower and upper limit; NaN where a tenth of the draws or more could not be computed.
    """
    known = draws[np.isfinite(draws)]
    if known.size <= 0.9 * draws.size:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
