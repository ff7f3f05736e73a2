"""The ROC curve and the area under it with its interval."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.models.arguments import checked_choice, checked_level, in_percent
from analysis_lib.models.prediction.predicted_rows import ALL, PredictedRows, WeightKind, predicted_rows
from analysis_lib.models.prediction.prediction_result import WITHOUT_WIDTH, JudgedResult, limits_in_words
from analysis_lib.models.prediction.ranking import Ranking, bootstrap_limits
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.source import Data
from analysis_lib.printed_numbers import format_estimate

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["RocResult", "points_along", "ranking_of", "roc", "roc_of"]

FloatArray = npt.NDArray[np.float64]
AreaInterval = Literal["delong", "delong-logit", "bootstrap"]

#: A curve of millions of steps is drawn, and kept, by this many points along its way; the area uses all.
MOST_POINTS = 2_000
SOURCE = (
    "DeLong E. R., DeLong D. M., Clarke-Pearson D. L. (1988). Biometrics 44(3), 837-845; Sun X., Xu W. (2014). IEEE "
    "Signal Process. Lett. 21(11), 1389-1393"
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class RocResult(JudgedResult):
    """ROC curves with their areas.

    Attributes
    ----------
    table : DataFrame
        One row for all, then one per group: ``group``, ``n``, ``events``, ``auroc``, ``se``, ``ci_low``, ``ci_high``.
    curves : DataFrame
        ``group``, ``threshold`` (flagged are risks at or above it), ``sensitivity``, ``specificity``; at most 2,000
        points a curve.
    level : float
        Coverage of the intervals.
    """

    curves: pd.DataFrame

    @property
    def auroc(self) -> float:
        """Area under the curve of all rows."""
        return float(self.table["auroc"].iloc[0])

    def summary(self) -> ModelSummary:
        """Write the areas for reading.

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
                format_estimate(row["auroc"], digits=3),
                limits_in_words(row),
            )
            for row in self.table.to_dict("records")
        )
        notes = list(self._notes())
        if (self.table["se"] == 0).any():
            notes.append(WITHOUT_WIDTH)
        if self.table["se"].isna().any():
            notes.append("–: too few with, or without, the outcome for an estimate or its interval.")
        header = ("Group", "n", "Events", "AUROC", f"{in_percent(self.level)} CI")
        return ModelSummary(title="Area under the ROC curve", header=header, rows=rows, notes=tuple(notes))

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
        from analysis_lib.models.prediction.ranking_plot import roc_figure

        return roc_figure(self, width=width, title=title)


def roc(
    data: Data,
    *,
    outcome: str,
    risk: str,
    weights: str | None = None,
    weight_kind: WeightKind = "frequency",
    by: str | None = None,
    ci: AreaInterval = "delong",
    level: float = 0.95,
    replicates: int = 1_000,
    seed: int = 0,
) -> RocResult:
    """Estimate the ROC curve and the area under it.

    The area is the probability that somebody with the outcome has a higher risk than somebody without; equal risks
    count half. Its standard error is DeLong's [1]_, computed by sorting [2]_; where persons have several rows,
    Obuchowski's [3]_. A higher risk always speaks for the outcome: an area below 0.5 is shown as such.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per prediction. Rows with a missing value in a column named here are left out and counted. A column
        ``subject_id`` or ``person_id``, where there is one, says whose a row is.
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
    ci : {"delong", "delong-logit", "bootstrap"}, default "delong"
        Symmetric about the area and cut to [0, 1], as pROC's; symmetric on the logit scale, better near 1; or the
        percentiles of a bootstrap of persons.
    level : float, default 0.95
        Coverage of the interval, in (0, 1).
    replicates : int, default 1000
        Draws of the bootstrap.
    seed : int, default 0
        Start of its random numbers.

    Returns
    -------
    RocResult
        Areas and curves; draws itself.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used, or everybody, or nobody, had the outcome.

    References
    ----------
    .. [1] DeLong E. R., DeLong D. M., Clarke-Pearson D. L. (1988). Comparing the areas under two or more correlated
       receiver operating characteristic curves: a nonparametric approach. Biometrics 44(3), 837-845.
    .. [2] Sun X., Xu W. (2014). Fast implementation of DeLong's algorithm for comparing the areas under correlated
       receiver operating characteristic curves. IEEE Signal Process. Lett. 21(11), 1389-1393.
    .. [3] Obuchowski N. A. (1997). Nonparametric analysis of clustered ROC curve data. Biometrics 53(2), 567-578.
    """
    checked_choice(ci, "ci", known=get_args(AreaInterval))
    checked_level(level)
    rows = predicted_rows(
        data, outcome=outcome, risk=risk, weights=weights, weight_kind=weight_kind, by=by, probabilities=False
    )
    return roc_of(rows, ci=ci, level=level, replicates=replicates, seed=seed)


def roc_of(
    rows: PredictedRows,
    *,
    ci: AreaInterval = "delong",
    level: float = 0.95,
    replicates: int = 1_000,
    seed: int = 0,
) -> RocResult:
    """Estimate the ROC curves of rows that were read already.

    Parameters
    ----------
    rows : PredictedRows
        Outcomes and risks.
    ci : {"delong", "delong-logit", "bootstrap"}, default "delong"
        As for `roc`.
    level : float, default 0.95
        Coverage.
    replicates, seed : int
        Of the bootstrap.

    Returns
    -------
    RocResult
        For all rows and for each group.
    """
    records, curves = [], []
    for group, members in rows.by_group():
        ranking = ranking_of(members, group)
        if ranking is None:
            records.append((group, members.n, members.events, *[float("nan")] * 4))
            continue
        low, high = _limits(ranking, ci, level=level, replicates=replicates, seed=seed)
        records.append(
            (group, members.n, members.events, ranking.auroc, float(np.sqrt(ranking.auroc_variance)), low, high)
        )
        curves.append(_curve(ranking).assign(group=group)[["group", "threshold", "sensitivity", "specificity"]])
    error = "DeLong's" if rows.independent else "Obuchowski's clustered"
    named = f"{error} standard error{', logit scale' if ci == 'delong-logit' else ''}"
    if ci == "bootstrap":
        named = f"percentiles of {replicates:,} bootstrap draws of persons (seed {seed})"
    return RocResult(
        method=f"empirical ROC curve, ties count half; {in_percent(level)} interval: {named}",
        source=SOURCE,
        **rows.described(),
        settings={**rows.asked, "ci": ci, "level": level},
        table=pd.DataFrame(records, columns=["group", "n", "events", "auroc", "se", "ci_low", "ci_high"]),
        curves=pd.concat(curves, ignore_index=True),
        level=level,
    )


def ranking_of(members: PredictedRows, group: str) -> Ranking | None:
    """Rank the rows of a group; a group that lacks one of the classes cannot be ranked, and spoils no other.

    Parameters
    ----------
    members : PredictedRows
        Rows of the group.
    group : str
        Its name.

    Returns
    -------
    Ranking or None
        None where everybody in a subgroup, or nobody, had the outcome.

    Raises
    ------
    ModelInputError
        If that holds for all rows.
    """
    if group != ALL and not 0 < members.events < members.n:
        return None
    return Ranking(members)


def _limits(ranking: Ranking, ci: AreaInterval, *, level: float, replicates: int, seed: int) -> tuple[float, float]:
    from scipy.special import expit, logit
    from scipy.stats import norm

    if ci == "bootstrap":
        return bootstrap_limits(ranking.bootstrap(replicates=replicates, seed=seed)[:, 0], level=level)
    area = ranking.auroc
    margin = float(norm.ppf((1 + level) / 2) * np.sqrt(ranking.auroc_variance))
    if ci == "delong" or not 0 < area < 1 or not np.isfinite(margin):
        return max(area - margin, 0.0), min(area + margin, 1.0)
    middle, half = logit(area), margin / (area * (1 - area))
    return float(expit(middle - half)), float(expit(middle + half))


def _curve(ranking: Ranking) -> pd.DataFrame:
    """Give sensitivity and specificity from the highest threshold down."""
    sensitivity = np.concatenate(([0.0], np.cumsum(ranking.with_outcome[::-1]) / ranking.with_outcome.sum()))
    specificity = np.concatenate(([1.0], 1 - np.cumsum(ranking.without[::-1]) / ranking.without.sum()))
    threshold = np.concatenate(([np.inf], ranking.value[::-1]))
    kept = points_along(sensitivity - specificity)
    return pd.DataFrame(
        {
            "threshold": threshold[kept],
            "sensitivity": np.minimum(sensitivity[kept], 1.0),
            "specificity": np.maximum(specificity[kept], 0.0),
        }
    )


def points_along(way: FloatArray) -> npt.NDArray[np.int64]:
    """Choose points of a long curve, evenly along its way.

    Parameters
    ----------
    way : ndarray of float64
        Never falls.

    Returns
    -------
    ndarray of int64
        Positions, the first and the last among them; all where there are few.
    """
    if way.size <= MOST_POINTS:
        return np.arange(way.size)
    marks = np.searchsorted(way, np.linspace(way[0], way[-1], MOST_POINTS))
    return np.unique(np.concatenate(([0], np.minimum(marks, way.size - 1), [way.size - 1])))
