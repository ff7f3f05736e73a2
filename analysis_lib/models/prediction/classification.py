"""What happens at a threshold: sensitivity, specificity and predictive values with their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, in_percent
from analysis_lib.models.prediction.predicted_rows import PredictedRows, WeightKind, predicted_rows
from analysis_lib.models.prediction.prediction_result import JudgedResult, limits_in_words
from analysis_lib.models.prediction.proportions import (
    ProportionInterval,
    flagged_counts,
    proportion_limits,
    share_limits,
)
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.source import Data
from analysis_lib.printed_numbers import format_estimate

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["ClassificationResult", "checked_thresholds", "classification"]

FloatArray = npt.NDArray[np.float64]
MOST_THRESHOLDS = 1_000
MEASURES = ("sensitivity", "specificity", "ppv", "npv")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ClassificationResult(JudgedResult):
    """Accuracy at thresholds.

    Attributes
    ----------
    table : DataFrame
        One row per group and threshold: ``group``, ``threshold``, ``true_positives``, ``false_positives``,
        ``false_negatives``, ``true_negatives``, ``flagged`` (share at or above the threshold), and ``sensitivity``,
        ``specificity``, ``ppv`` and ``npv``, each with ``_low`` and ``_high``.
    level : float
        Coverage of the intervals.
    """

    def summary(self) -> ModelSummary:
        """Write the measures for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        grouped = self.table["group"].nunique() > 1
        rows = tuple(
            (
                f"{row['group']}: {row['threshold']:g}" if grouped else f"{row['threshold']:g}",
                f"{100 * row['flagged']:.1f}%",
                *(
                    f"{format_estimate(row[name], digits=3)} "
                    f"({limits_in_words(row, low=f'{name}_low', high=f'{name}_high')})"
                    for name in MEASURES
                ),
            )
            for row in self.table.to_dict("records")
        )
        header = ("Threshold", "Flagged", "Sensitivity", "Specificity", "PPV", "NPV")
        return ModelSummary(title="Accuracy at thresholds", header=header, rows=rows, notes=self._notes())

    def plot(self, *, group: str = "all", width: float = 5.5, title: str = "") -> "StudyFigure":
        """Draw the measures over the threshold.

        Parameters
        ----------
        group : str, default "all"
            Whose.
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With the values attached as data.

        Raises
        ------
        ModelInputError
            If there is no such group.
        """
        from analysis_lib.models.prediction.threshold_plot import classification_figure

        self._check_group(group)
        return classification_figure(self, group=group, width=width, title=title)


def classification(
    data: Data,
    *,
    outcome: str,
    risk: str,
    thresholds: Sequence[float],
    weights: str | None = None,
    weight_kind: WeightKind = "frequency",
    by: str | None = None,
    ci: ProportionInterval = "wilson",
    level: float = 0.95,
) -> ClassificationResult:
    """Count who is flagged rightly and wrongly at thresholds of risk.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per prediction. Rows with a missing value in a column named here are left out and counted. A column
        ``subject_id`` or ``person_id``, where there is one, says whose a row is.
    outcome : str
        Column that says who had the outcome: bool or 0/1.
    risk : str
        Column with the predicted risk, in [0, 1].
    thresholds : sequence of float
        Who has this risk or a higher one is flagged.
    weights : str, optional
        Column with weights.
    weight_kind : {"frequency", "sampling"}, default "frequency"
        Whether a weight says how many equal rows a row stands for (whole numbers), or how much it counts.
    by : str, optional
        Column with groups, each judged for itself besides all.
    ci : {"wilson", "exact"}, default "wilson"
        Wilson's score interval or Clopper and Pearson's; where persons have several rows, or weights are sampling
        weights, the interval is linearised by person, on the logit scale.
    level : float, default 0.95
        Coverage of the interval, in (0, 1).

    Returns
    -------
    ClassificationResult
        Counts and measures; draws itself.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.
    """
    checked_choice(ci, "ci", known=get_args(ProportionInterval))
    checked_level(level)
    at = checked_thresholds(thresholds)
    rows = predicted_rows(data, outcome=outcome, risk=risk, weights=weights, weight_kind=weight_kind, by=by)
    parts = [_at(members, at, ci=ci, level=level).assign(group=group) for group, members in rows.by_group()]
    table = pd.concat(parts, ignore_index=True)
    named = {"wilson": "Wilson", "exact": "Clopper-Pearson"}[ci] if rows.independent else "linearised, logit-scale"
    return ClassificationResult(
        method=f"flagged are risks at or above the threshold; {in_percent(level)} {named} intervals",
        source="Wilson E. B. (1927). J. Am. Stat. Assoc. 22(158), 209-212; Clopper C. J., Pearson E. S. (1934). "
        "Biometrika 26(4), 404-413",
        **rows.described(),
        settings={**rows.asked, "ci": ci, "level": level},
        table=table[["group", *(name for name in table.columns if name != "group")]],
        level=level,
    )


def checked_thresholds(thresholds: Sequence[float]) -> FloatArray:
    """Refuse thresholds that are no risks.

    Parameters
    ----------
    thresholds : sequence of float
        What the caller gave.

    Returns
    -------
    ndarray of float64
        Rising, each once.

    Raises
    ------
    ModelInputError
        If there are none or too many, or one lies outside (0, 1).
    """
    try:
        at = np.unique(np.asarray(thresholds, dtype=np.float64).ravel())
    except (TypeError, ValueError) as error:
        raise ModelInputError("thresholds must be numbers; found something else. Give risks, as [0.1, 0.2].") from error
    if not 0 < at.size <= MOST_THRESHOLDS:
        raise ModelInputError(f"thresholds must be 1 to {MOST_THRESHOLDS:,}; found {at.size:,}. Give a few risks.")
    if not ((at > 0) & (at < 1)).all():
        raise ModelInputError("a threshold must lie between 0 and 1; found one outside. Give risks: 0.1 for 10 %.")
    return at


def _at(rows: PredictedRows, thresholds: FloatArray, *, ci: ProportionInterval, level: float) -> pd.DataFrame:
    weights = rows.weights
    true_positives, false_positives = flagged_counts(rows, thresholds)
    with_outcome = float(weights[rows.outcome].sum())
    without = float(weights[~rows.outcome].sum())
    table = pd.DataFrame(
        {
            "threshold": thresholds,
            "true_positives": true_positives,
            "false_positives": false_positives,
            "false_negatives": with_outcome - true_positives,
            "true_negatives": without - false_positives,
            "flagged": (true_positives + false_positives) / (with_outcome + without),
        }
    )
    parts = {
        "sensitivity": ("true_positives", "false_negatives"),
        "specificity": ("true_negatives", "false_positives"),
        "ppv": ("true_positives", "false_positives"),
        "npv": ("true_negatives", "false_negatives"),
    }
    for name, (good, bad) in parts.items():
        total = table[good] + table[bad]
        table[name] = table[good] / total.where(total > 0)
        if rows.independent:
            table[f"{name}_low"], table[f"{name}_high"] = proportion_limits(table[good], total, ci=ci, level=level)
        else:
            limits = [_limits(rows, name, threshold=float(threshold), level=level) for threshold in thresholds]
            table[f"{name}_low"], table[f"{name}_high"] = zip(*limits, strict=True)
    return table


def _limits(rows: PredictedRows, name: str, *, threshold: float, level: float) -> tuple[float, float]:
    flagged = rows.risk >= threshold
    counted, among = {
        "sensitivity": (flagged, rows.outcome),
        "specificity": (~flagged, ~rows.outcome),
        "ppv": (rows.outcome, flagged),
        "npv": (~rows.outcome, ~flagged),
    }[name]
    _, low, high = share_limits(rows, counted, among=among, ci="wilson", level=level)
    return low, high
