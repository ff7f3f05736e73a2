"""The four figures that a prediction is judged by, on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analysis_lib.figures import journal_style, study_figure
from analysis_lib.models.prediction.calibration_plot import draw_calibration
from analysis_lib.models.prediction.predicted_rows import ALL
from analysis_lib.models.prediction.ranking_plot import draw_precision_recall, draw_roc
from analysis_lib.models.prediction.threshold_plot import draw_decision
from analysis_lib.printed_numbers import format_estimate

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure
    from analysis_lib.models.prediction.performance import PerformanceResult

__all__ = ["performance_figure"]


def performance_figure(result: PerformanceResult, *, width: float, title: str) -> StudyFigure:
    """Draw ROC, precision and recall, calibration and net benefit of everybody.

    Parameters
    ----------
    result : PerformanceResult
        What.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        With all points attached.
    """
    areas = {
        "roc": (result.roc.curves, "AUROC", result.roc.auroc),
        "precision-recall": (result.precision_recall.curves, "AP", result.precision_recall.average_precision),
    }
    decision = result.decision_curve.table
    parts = {
        **{name: table for name, (table, _, _) in areas.items()},
        "calibration, groups of risk": result.calibration.bins,
        "calibration, curve": result.calibration.smooth,
        "decision curve": decision,
    }
    labels = {name: f"{what} {format_estimate(value, digits=3)}" for name, (_, what, value) in areas.items()}
    drawn = [table[table["group"] == ALL].assign(panel=name) for name, table in parts.items()]
    with journal_style():
        figure = study_figure(
            width=width,
            height=width * 0.92 + 0.25 * bool(title),
            data=pd.concat(drawn, ignore_index=True),
            alt_text=f"{labels['roc']}; {labels['precision-recall']}; calibration; net benefit.",
        )
        panels = figure.subplots(2, 2)
        draw_roc(panels[0, 0], result.roc, labels={ALL: labels["roc"]})
        draw_precision_recall(panels[0, 1], result.precision_recall, labels={ALL: labels["precision-recall"]})
        draw_calibration(panels[1, 0], result.calibration, group=ALL, until=None)
        panels[1, 0].set_xlabel("Predicted risk")
        of_all = decision[decision["group"] == ALL]
        draw_decision(panels[1, 1], of_all, labels=dict.fromkeys(of_all["strategy"].unique(), "Prediction"))
        for letter, panel in zip("abcd", panels.flat, strict=True):
            panel.legend(loc="lower left", bbox_to_anchor=(-0.03, 1), ncols=3, handlelength=1.8, columnspacing=1.0)
            panel.text(-0.2, 1.04, letter, transform=panel.transAxes, fontweight="bold", fontsize=9)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure
