"""Everything a paper says about a prediction, in one table: discrimination, calibration, overall error, by subgroup."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from analysis_lib.models.arguments import checked_choice, checked_level, columns_by_name, in_percent
from analysis_lib.models.prediction.brier import brier_scores, possible
from analysis_lib.models.prediction.calibration import CalibrationResult, calibration_of
from analysis_lib.models.prediction.decision_curve import DecisionCurveResult, decision_curve_of
from analysis_lib.models.prediction.precision_recall import PrecisionRecallResult, precision_recall_of
from analysis_lib.models.prediction.predicted_rows import PredictedRows, WeightKind, predicted_rows
from analysis_lib.models.prediction.prediction_result import MeasuredResult
from analysis_lib.models.prediction.roc import RocResult, roc_of
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.source import Data

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["PerformanceResult", "performance", "performance_of"]

WORDS = {
    "auroc": "AUROC",
    "average_precision": "Average precision (AUPRC)",
    "brier": "Brier score",
    "scaled_brier": "Brier score, scaled",
    "e_over_o": "E/O ratio",
    "intercept": "Calibration in the large",
    "slope": "Calibration slope",
    "ici": "ICI",
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PerformanceResult(MeasuredResult):
    """Performance of a prediction.

    Attributes
    ----------
    table : DataFrame
        ``group``, ``n``, ``events``, ``measure``, ``estimate``, ``ci_low``, ``ci_high``; the measures are ``auroc``,
        ``average_precision``, ``brier``, ``scaled_brier``, ``e_over_o``, ``intercept``, ``slope`` and ``ici``.
    roc : RocResult
        Its ROC curves.
    precision_recall : PrecisionRecallResult
        Its precision-recall curves.
    calibration : CalibrationResult
        Its calibration.
    decision_curve : DecisionCurveResult
        Its net benefit.
    level : float
        Coverage of the intervals.
    """

    roc: RocResult
    precision_recall: PrecisionRecallResult
    calibration: CalibrationResult
    decision_curve: DecisionCurveResult

    def summary(self) -> ModelSummary:
        """Write the measures for reading: a row per measure, a column per group.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        return self._summary_by_group(
            "Performance of the prediction",
            words=WORDS,
            counted="Events",
            missing="–: no finite estimate; look at the number of events, and at how the risks part the classes.",
        )

    def plot(self, *, width: float = 7.2, title: str = "") -> "StudyFigure":
        """Draw ROC, precision and recall, calibration and decision curve on one page.

        Parameters
        ----------
        width : float, default 7.2
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With all points attached as data.
        """
        from analysis_lib.models.prediction.performance_plot import performance_figure

        return performance_figure(self, width=width, title=title)


@columns_by_name
def performance(
    data: Data,
    *,
    outcome: str,
    risk: str,
    weights: str | None = None,
    weight_kind: WeightKind = "frequency",
    by: str | None = None,
    ci: Literal["analytic", "bootstrap"] = "analytic",
    level: float = 0.95,
    replicates: int = 1_000,
    seed: int = 0,
) -> PerformanceResult:
    """Judge predicted risks: discrimination, calibration, overall error and net benefit, for all and by subgroup.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per prediction. Rows with a missing value in a column named here are left out and counted. A column
        ``subject_id`` or ``person_id``, where there is one, says whose a row is; intervals then hold for repeated rows.
    outcome : str
        Column that says who had the outcome: bool or 0/1.
    risk : str
        Column with the predicted risk, in [0, 1].
    weights : str, optional
        Column with weights.
    weight_kind : {"frequency", "sampling"}, default "frequency"
        Whether a weight says how many equal rows a row stands for (whole numbers), or how much it counts.
    by : str, optional
        Column with subgroups, each judged for itself besides all.
    ci : {"analytic", "bootstrap"}, default "analytic"
        Interval of AUROC and average precision: DeLong's and Boyd's, or the percentiles of a bootstrap of persons.
    level : float, default 0.95
        Coverage of the intervals, in (0, 1).
    replicates : int, default 1000
        Draws of the bootstrap.
    seed : int, default 0
        Start of its random numbers.

    Returns
    -------
    PerformanceResult
        The measures; with ROC, precision-recall, calibration and decision curves inside.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.

    References
    ----------
    .. [1] Steyerberg E. W. et al. (2010). Assessing the performance of prediction models: a framework for traditional
       and novel measures. Epidemiology 21(1), 128-138.
    .. [2] Brier G. W. (1950). Verification of forecasts expressed in terms of probability. Mon. Weather Rev. 78(1),
       1-3.
    """
    checked_choice(ci, "ci", known=("analytic", "bootstrap"))
    checked_level(level)
    rows = predicted_rows(data, outcome=outcome, risk=risk, weights=weights, weight_kind=weight_kind, by=by)
    return performance_of(rows, risk=risk, ci=ci, level=level, replicates=replicates, seed=seed)


def performance_of(
    rows: PredictedRows,
    *,
    risk: str,
    ci: Literal["analytic", "bootstrap"] = "analytic",
    level: float = 0.95,
    replicates: int = 1_000,
    seed: int = 0,
) -> PerformanceResult:
    """Judge rows that were read already.

    Parameters
    ----------
    rows : PredictedRows
        Outcomes and risks.
    risk : str
        Name of the prediction.
    ci : {"analytic", "bootstrap"}, default "analytic"
        As for `performance`.
    level : float, default 0.95
        Coverage.
    replicates, seed : int
        Of the bootstrap.

    Returns
    -------
    PerformanceResult
        For all rows and for each group.
    """
    drawn: dict[str, Any] = {"level": level, "replicates": replicates, "seed": seed}
    curve = roc_of(rows, ci="bootstrap" if ci == "bootstrap" else "delong", **drawn)
    precision = precision_recall_of(rows, ci="bootstrap" if ci == "bootstrap" else None, **drawn)
    calibrated = calibration_of(rows, level=level)
    parts = [
        curve.table.rename(columns={"auroc": "estimate"}).assign(measure="auroc"),
        precision.table.rename(columns={"average_precision": "estimate"}).assign(measure="average_precision"),
        *(_brier(members, level=level).assign(group=group) for group, members in rows.by_group()),
        calibrated.table[calibrated.table["measure"].isin(WORDS)],
    ]
    return PerformanceResult(
        method=(
            f"AUROC: {curve.method}; AUPRC: {precision.method}; Brier score: {in_percent(level)} normal intervals; "
            f"calibration: {calibrated.method}"
        ),
        source="Steyerberg E. W. et al. (2010). Epidemiology 21(1), 128-138; Brier G. W. (1950). Mon. Weather Rev. "
        "78(1), 1-3",
        **rows.described(),
        settings={**rows.asked, "ci": ci, **drawn},
        table=_ordered(pd.concat(parts, ignore_index=True), curve.table),
        roc=curve,
        precision_recall=precision,
        calibration=calibrated,
        decision_curve=decision_curve_of(rows, [risk], level=level),
        level=level,
    )


def _ordered(table: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Put the measures of each group under one another, with the group's size."""
    ordered = [
        table[(table["group"] == group["group"]) & (table["measure"] == name)].assign(
            n=group["n"], events=group["events"]
        )
        for group in groups.to_dict("records")
        for name in WORDS
    ]
    columns = ["group", "n", "events", "measure", "estimate", "ci_low", "ci_high"]
    found: pd.DataFrame = pd.concat(ordered, ignore_index=True)[columns]
    return found


def _brier(rows: PredictedRows, *, level: float) -> pd.DataFrame:
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    return pd.DataFrame(
        [
            (name, value, possible(value - z * se, name), possible(value + z * se, name))
            for name, (value, se) in brier_scores(rows).items()
        ],
        columns=["measure", "estimate", "ci_low", "ci_high"],
    )
