"""Decision curves: the net benefit of treating by a prediction, against treating all or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_level, columns_by_name, in_percent
from analysis_lib.models.prediction.classification import checked_thresholds
from analysis_lib.models.prediction.predicted_rows import ALL, PredictedRows, WeightKind, predicted_rows, risk_names
from analysis_lib.models.prediction.prediction_result import JudgedResult, limits_in_words
from analysis_lib.models.prediction.proportions import flagged_counts
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.source import Data
from analysis_lib.printed_numbers import format_estimate

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["DecisionCurveResult", "decision_curve", "decision_curve_of"]

FloatArray = npt.NDArray[np.float64]
TREAT_ALL, TREAT_NONE = "treat all", "treat none"
SHOWN = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5)
SOURCE = "Vickers A. J., Elkin E. B. (2006). Med. Decis. Making 26(6), 565-574"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class DecisionCurveResult(JudgedResult):
    """Net benefit over thresholds.

    Attributes
    ----------
    table : DataFrame
        One row per group, strategy and threshold: ``group``, ``strategy`` (a column with risks, ``treat all`` or
        ``treat none``), ``threshold``, ``net_benefit``, ``ci_low``, ``ci_high``, ``standardised`` (over the
        prevalence) and ``interventions_avoided`` (net, per row, against treating all).
    level : float
        Coverage of the intervals.
    """

    def summary(self) -> ModelSummary:
        """Write the net benefit at a few thresholds for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        of_all = self.table[self.table["group"] == ALL]
        known = of_all["threshold"].unique()
        shown = [value for value in SHOWN if np.isclose(known, value).any()] or list(known[:: max(1, known.size // 6)])
        asked = [bool(np.isclose(value, shown).any()) for value in of_all["threshold"]]
        rows = tuple(
            (
                row["strategy"],
                f"{row['threshold']:g}",
                format_estimate(row["net_benefit"], digits=4),
                limits_in_words(row, digits=4),
            )
            for row in of_all[asked].to_dict("records")
            if row["strategy"] != TREAT_NONE
        )
        header = ("Strategy", "Threshold", "Net benefit", f"{in_percent(self.level)} CI")
        notes = (*self._notes(), "Treating none has a net benefit of 0.")
        return ModelSummary(title="Decision curve", header=header, rows=rows, notes=notes)

    def plot(
        self, *, group: str = ALL, until: float | None = None, width: float = 5.5, title: str = ""
    ) -> "StudyFigure":
        """Draw net benefit over the threshold.

        Parameters
        ----------
        group : str, default "all"
            Whose.
        until : float, optional
            Highest threshold drawn; the highest there is when left out.
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
            If there is no such group, or no threshold is left.
        """
        from analysis_lib.models.prediction.threshold_plot import decision_figure

        self._check_group(group)
        if until is not None and not until > self.table["threshold"].min():
            raise ModelInputError(f"until must be above the lowest threshold; found {until:g}. Give a higher risk.")
        return decision_figure(self, group=group, until=until, width=width, title=title)


@columns_by_name
def decision_curve(
    data: Data,
    *,
    outcome: str,
    risk: str | Sequence[str],
    thresholds: Sequence[float] | None = None,
    weights: str | None = None,
    weight_kind: WeightKind = "frequency",
    by: str | None = None,
    level: float = 0.95,
) -> DecisionCurveResult:
    """Estimate the net benefit of treating those at or above a threshold of risk.

    Net benefit is the share of true positives less the share of false positives, these weighed by the odds of the
    threshold [1]_: at a threshold of 10 % nine treated in vain are worth one treated rightly.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per prediction. Rows with a missing value in a column named here are left out and counted.
    outcome : str
        Column that says who had the outcome: bool or 0/1.
    risk : str or sequence of str
        Column with the predicted risk, in [0, 1]; several are compared on the same rows.
    thresholds : sequence of float, optional
        Thresholds in (0, 1); 0.01 to 0.99 by 0.01 when left out.
    weights : str, optional
        Column with weights.
    weight_kind : {"frequency", "sampling"}, default "frequency"
        Whether a weight says how many equal rows a row stands for (whole numbers), or how much it counts.
    by : str, optional
        Column with groups, each judged for itself besides all.
    level : float, default 0.95
        Coverage of the pointwise interval, in (0, 1).

    Returns
    -------
    DecisionCurveResult
        Net benefits of each prediction, of treating all and of treating none; draws itself.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.

    References
    ----------
    .. [1] Vickers A. J., Elkin E. B. (2006). Decision curve analysis: a novel method for evaluating prediction models.
       Med. Decis. Making 26(6), 565-574.
    """
    names = risk_names(risk)
    if twice := {TREAT_ALL, TREAT_NONE} & set(names):
        raise ModelInputError(f"a column must not be called '{twice.pop()}'; that is a strategy's name. Rename it.")
    rows = predicted_rows(
        data, outcome=outcome, risk=names[0], also=names[1:], weights=weights, weight_kind=weight_kind, by=by
    )
    return decision_curve_of(rows, names, thresholds=thresholds, level=level)


def decision_curve_of(
    rows: PredictedRows, names: Sequence[str], *, thresholds: Sequence[float] | None = None, level: float = 0.95
) -> DecisionCurveResult:
    """Estimate net benefits on rows that were read already.

    Parameters
    ----------
    rows : PredictedRows
        Outcomes and risks.
    names : sequence of str
        Name of the risk, and of the others that the rows have.
    thresholds : sequence of float, optional
        As for `decision_curve`.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    DecisionCurveResult
        For all rows and for each group.
    """
    checked_level(level)
    at = np.arange(1, 100) / 100 if thresholds is None else checked_thresholds(thresholds)
    parts = [_strategies(members, names, at=at, level=level).assign(group=group) for group, members in rows.by_group()]
    table = pd.concat(parts, ignore_index=True)
    return DecisionCurveResult(
        method=(
            "net benefit of treating risks at or above the threshold; pointwise "
            f"{in_percent(level)} normal intervals{'' if rows.independent else ', by person'}"
        ),
        source=SOURCE,
        **rows.described(),
        settings={**rows.asked, "risk": list(names), "level": level},
        table=table[["group", *(name for name in table.columns if name != "group")]],
        level=level,
    )


def _strategies(rows: PredictedRows, names: Sequence[str], *, at: FloatArray, level: float) -> pd.DataFrame:
    everybody = rows.with_risk(np.ones(rows.n))
    strategies = {name: rows.with_risk(rows.others[name]) if index else rows for index, name in enumerate(names)}
    curves = {name: _curve(members, at, level=level) for name, members in {**strategies, TREAT_ALL: everybody}.items()}
    curves[TREAT_NONE] = pd.DataFrame({"threshold": at, "net_benefit": 0.0, "ci_low": 0.0, "ci_high": 0.0})
    prevalence = float(np.sum(rows.weights * rows.outcome) / rows.weights.sum())
    against_all = curves[TREAT_ALL]["net_benefit"].to_numpy()
    parts = []
    for name, curve in curves.items():
        gained = (curve["net_benefit"] - against_all) * (1 - at) / at
        standardised = curve["net_benefit"] / prevalence if prevalence > 0 else float("nan")
        parts.append(curve.assign(strategy=name, standardised=standardised, interventions_avoided=gained))
    return pd.concat(parts, ignore_index=True)[
        ["strategy", "threshold", "net_benefit", "ci_low", "ci_high", "standardised", "interventions_avoided"]
    ]


def _curve(rows: PredictedRows, at: FloatArray, *, level: float) -> pd.DataFrame:
    from scipy.stats import norm

    total = float(rows.weights.sum())
    odds = at / (1 - at)
    right, wrong = flagged_counts(rows, at)
    benefit = (right - odds * wrong) / total
    if rows.independent:
        variance = ((right + odds**2 * wrong) / total - benefit**2) / total
    else:
        variance = np.array(
            [
                rows.variance(((rows.risk >= threshold) * np.where(rows.outcome, 1.0, -cost) - value) / total)
                for threshold, cost, value in zip(at, odds, benefit, strict=True)
            ]
        )
    half = float(norm.ppf((1 + level) / 2)) * np.sqrt(np.maximum(variance, 0.0))
    return pd.DataFrame({"threshold": at, "net_benefit": benefit, "ci_low": benefit - half, "ci_high": benefit + half})
