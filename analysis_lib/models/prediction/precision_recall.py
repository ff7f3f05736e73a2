"""The precision-recall curve and the average precision with its interval."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, in_percent
from analysis_lib.models.prediction.predicted_rows import PredictedRows, WeightKind, predicted_rows
from analysis_lib.models.prediction.prediction_result import JudgedResult, limits_in_words
from analysis_lib.models.prediction.ranking import Ranking, bootstrap_limits
from analysis_lib.models.prediction.roc import points_along, ranking_of
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.source import Data
from analysis_lib.printed_numbers import format_estimate

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["PrecisionRecallResult", "precision_recall", "precision_recall_of"]

PrecisionInterval = Literal["logit", "linearised", "bootstrap"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PrecisionRecallResult(JudgedResult):
    """Precision-recall curves with the average precision.

    Attributes
    ----------
    table : DataFrame
        One row for all, then one per group: ``group``, ``n``, ``events``, ``prevalence``, ``average_precision``,
        ``ci_low``, ``ci_high``.
    curves : DataFrame
        ``group``, ``threshold`` (flagged are risks at or above it), ``recall``, ``precision``.
    level : float
        Coverage of the intervals.
    """

    curves: pd.DataFrame

    @property
    def average_precision(self) -> float:
        """Average precision of all rows."""
        return float(self.table["average_precision"].iloc[0])

    def summary(self) -> ModelSummary:
        """Write the average precisions for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = tuple(
            (
                str(row["group"]),
                f"{row['n']:,}",
                f"{row['events']:,}",
                format_estimate(row["prevalence"], digits=3),
                format_estimate(row["average_precision"], digits=3),
                limits_in_words(row),
            )
            for row in self.table.to_dict("records")
        )
        header = ("Group", "n", "Events", "Prevalence", "Average precision", f"{in_percent(self.level)} CI")
        notes = (*self._notes(), "A prediction that knows nothing has the prevalence as its average precision.")
        return ModelSummary(title="Area under the precision-recall curve", header=header, rows=rows, notes=notes)

    def plot(self, *, width: float = 3.5, title: str = "") -> "StudyFigure":
        """Draw the curves.

        Parameters
        ----------
        width : float, default 3.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With the points attached as data.
        """
        from analysis_lib.models.prediction.ranking_plot import precision_recall_figure

        return precision_recall_figure(self, width=width, title=title)


def precision_recall(
    data: Data,
    *,
    outcome: str,
    risk: str,
    weights: str | None = None,
    weight_kind: WeightKind = "frequency",
    by: str | None = None,
    ci: PrecisionInterval | None = None,
    level: float = 0.95,
    replicates: int = 1_000,
    seed: int = 0,
) -> PrecisionRecallResult:
    """Estimate the precision-recall curve and the area under it.

    The area is the average precision: the mean of the precision over those with the outcome, without interpolation.
    The logit interval is that of Boyd and others [1]_.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per prediction. Rows with a missing value in a column named here are left out and counted.
    outcome : str
        Column that says who had the outcome: bool or 0/1.
    risk : str
        Column with the predicted risk, or any score that rises with it.
    weights : str, optional
        Column with weights.
    weight_kind : {"frequency", "sampling"}, default "frequency"
        Whether a weight says how many equal rows a row stands for (whole numbers), or how much it counts.
    by : str, optional
        Column with groups; a curve for each, besides that of all.
    ci : {"logit", "linearised", "bootstrap"}, optional
        Kind of interval; when left out "logit", and "linearised" (by person, on the logit scale) where persons have
        several rows or weights are sampling weights, for which the former is not meant.
    level : float, default 0.95
        Coverage of the interval, in (0, 1).
    replicates : int, default 1000
        Draws of the bootstrap.
    seed : int, default 0
        Start of its random numbers.

    Returns
    -------
    PrecisionRecallResult
        Average precisions and curves; draws itself.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.

    References
    ----------
    .. [1] Boyd K., Eng K. H., Page C. D. (2013). Area under the precision-recall curve: point estimates and confidence
       intervals. ECML PKDD 2013, Lecture Notes in Computer Science 8190, 451-466.
    """
    checked_level(level)
    rows = predicted_rows(
        data, outcome=outcome, risk=risk, weights=weights, weight_kind=weight_kind, by=by, probabilities=False
    )
    return precision_recall_of(rows, ci=ci, level=level, replicates=replicates, seed=seed)


def precision_recall_of(
    rows: PredictedRows,
    *,
    ci: PrecisionInterval | None = None,
    level: float = 0.95,
    replicates: int = 1_000,
    seed: int = 0,
) -> PrecisionRecallResult:
    """Estimate the precision-recall curves of rows that were read already.

    Parameters
    ----------
    rows : PredictedRows
        Outcomes and risks.
    ci : {"logit", "linearised", "bootstrap"}, optional
        As for `precision_recall`.
    level : float, default 0.95
        Coverage.
    replicates, seed : int
        Of the bootstrap.

    Returns
    -------
    PrecisionRecallResult
        For all rows and for each group.
    """
    kind = interval_kind(ci, rows)
    records, curves = [], []
    for group, members in rows.by_group():
        ranking = ranking_of(members, group)
        if ranking is None:
            records.append((group, members.n, members.events, float(members.events > 0), *[float("nan")] * 3))
            continue
        low, high = precision_limits(ranking, kind, level=level, replicates=replicates, seed=seed)
        prevalence = float(ranking.with_outcome.sum() / (ranking.with_outcome.sum() + ranking.without.sum()))
        records.append((group, members.n, members.events, prevalence, ranking.average_precision, low, high))
        curves.append(_curve(ranking).assign(group=group)[["group", "threshold", "recall", "precision"]])
    named = {
        "logit": "logit scale (Boyd 2013)",
        "linearised": "linearised by person, logit scale",
        "bootstrap": f"percentiles of {replicates:,} bootstrap draws of persons (seed {seed})",
    }[kind]
    columns = ["group", "n", "events", "prevalence", "average_precision", "ci_low", "ci_high"]
    return PrecisionRecallResult(
        method=f"average precision without interpolation; {in_percent(level)} interval: {named}",
        source="Boyd K., Eng K. H., Page C. D. (2013). ECML PKDD 2013, Lecture Notes in Computer Science 8190, 451-466",
        **rows.described(),
        settings={**rows.asked, "ci": kind, "level": level},
        table=pd.DataFrame(records, columns=columns),
        curves=pd.concat(curves, ignore_index=True),
        level=level,
    )


def interval_kind(ci: PrecisionInterval | None, rows: PredictedRows) -> PrecisionInterval:
    """Choose the interval of the average precision.

    Parameters
    ----------
    ci : {"logit", "linearised", "bootstrap"} or None
        What was asked for.
    rows : PredictedRows
        The rows.

    Returns
    -------
    {"logit", "linearised", "bootstrap"}
        The kind.

    Raises
    ------
    ModelInputError
        If the logit interval is asked for where it does not hold.
    """
    if ci is None:
        return "logit" if rows.independent else "linearised"
    checked_choice(ci, "ci", known=get_args(PrecisionInterval))
    if ci == "logit" and not rows.independent:
        raise ModelInputError(
            "the logit interval of the average precision takes rows for independent; found several rows of a person, "
            "or sampling weights. Use ci='linearised'."
        )
    return ci


def precision_limits(
    ranking: Ranking, ci: PrecisionInterval, *, level: float, replicates: int, seed: int
) -> tuple[float, float]:
    """Find the limits of the average precision.

    Parameters
    ----------
    ranking : Ranking
        The rows by risk.
    ci : {"logit", "linearised", "bootstrap"}
        Kind of interval.
    level : float
        Coverage.
    replicates, seed : int
        Of the bootstrap.

    Returns
    -------
    tuple of float
        Lower and upper limit.
    """
    from scipy.special import expit, logit
    from scipy.stats import norm

    if ci == "bootstrap":
        return bootstrap_limits(ranking.bootstrap(replicates=replicates, seed=seed)[:, 1], level=level)
    area = ranking.average_precision
    if not 0 < area < 1:
        return area, area
    z = float(norm.ppf((1 + level) / 2))
    if ci == "logit":
        half = z / np.sqrt(ranking.with_outcome.sum() * area * (1 - area))
    else:
        half = z * np.sqrt(ranking.average_precision_variance) / (area * (1 - area))
    return float(expit(logit(area) - half)), float(expit(logit(area) + half))


def _curve(ranking: Ranking) -> pd.DataFrame:
    found = np.cumsum(ranking.with_outcome[::-1])
    flagged = found + np.cumsum(ranking.without[::-1])
    recall = found / found[-1]
    kept = points_along(recall)
    return pd.DataFrame(
        {"threshold": ranking.value[::-1][kept], "recall": recall[kept], "precision": (found / flagged)[kept]}
    )
