"""Calibration plots: observed against predicted, with the distribution of the risks underneath."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis_lib.figures import GREY, INK, PALETTE, journal_style, study_figure
from analysis_lib.models.prediction.predicted_rows import ALL
from analysis_lib.printed_numbers import format_estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from analysis_lib.figures import StudyFigure
    from analysis_lib.models.prediction.calibration import CalibrationResult

__all__ = ["calibration_figure", "draw_calibration", "draw_histogram"]

_HISTOGRAM = 0.22
_GAP = 0.05
_LIGHT = "#BDBDBD"
_BAND = 0.18
_HEADROOM = 1.06


def calibration_figure(
    result: CalibrationResult, *, group: str, until: float | None, width: float, title: str
) -> StudyFigure:
    """Draw one group's calibration.

    Parameters
    ----------
    result : CalibrationResult
        Groups of risk, curve and histogram.
    group : str
        Whose.
    until : float or None
        End of the axes.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        With bins, curve and histogram attached.
    """
    data = pd.concat(
        [
            _of(result.bins, group).assign(mark="group of risk"),
            _of(result.smooth, group).assign(mark="smooth curve"),
            *([result.histogram.assign(group=group, mark="histogram")] if group == ALL else []),
        ],
        ignore_index=True,
    )
    with journal_style():
        figure = study_figure(
            width=width,
            height=width * (1.25 if group == ALL else 1.0) + (0.6 if group == ALL else 0.45) + 0.25 * bool(title),
            data=data,
            alt_text=f"Observed share against predicted risk. {_words(result, group)}",
        )
        curve = figure.subplots()
        end = draw_calibration(curve, result, group=group, until=until)
        handles, labels = curve.get_legend_handles_labels()
        if group == ALL:
            # Inside the axes of the curve, so that equal risks stand under one another whatever the layout does.
            histogram = curve.inset_axes((0, -_GAP - _HISTOGRAM, 1, _HISTOGRAM), sharex=curve)
            draw_histogram(histogram, result, end=end)
            curve.tick_params(axis="x", labelbottom=False)
            of_histogram = histogram.get_legend_handles_labels()
            handles, labels = handles + of_histogram[0], labels + of_histogram[1]
        else:
            curve.set_xlabel("Predicted risk")
        curve.legend(handles, labels, loc="lower left", bbox_to_anchor=(-0.03, 1), handlelength=2.0, borderaxespad=0.2)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure


def draw_calibration(axes: Axes, result: CalibrationResult, *, group: str, until: float | None) -> float:
    """Draw curve and groups of risk into axes.

    Parameters
    ----------
    axes : Axes
        Where.
    result : CalibrationResult
        What.
    group : str
        Whose.
    until : float or None
        End of the axes.

    Returns
    -------
    float
        Where the axes end.
    """
    bins, smooth = _of(result.bins, group), _of(result.smooth, group)
    end = until or _end(bins, smooth)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.7, linestyle=(0, (2, 2)))
    if not smooth.empty:
        axes.fill_between(
            smooth["predicted"], smooth["ci_low"], smooth["ci_high"], color=PALETTE[0], alpha=_BAND, linewidth=0
        )
        axes.plot(smooth["predicted"], smooth["observed"], color=PALETTE[0], label=_words(result, group))
    below = (bins["observed"] - bins["ci_low"]).clip(lower=0)
    above = (bins["ci_high"] - bins["observed"]).clip(lower=0)
    axes.errorbar(
        bins["predicted"],
        bins["observed"],
        yerr=[below, above],
        fmt="o",
        color=INK,
        markersize=3,
        linewidth=0.7,
        label=f"{len(bins)} groups of risk",
    )
    axes.set_xlim(-0.02 * end, end * 1.01)
    axes.set_ylim(-0.02 * end, end * 1.01)
    axes.set_aspect("equal")
    # The same marks on both axes, so that the diagonal is seen to be one.
    marks = [value for value in axes.get_yticks() if 0 <= value <= end * 1.005]
    axes.set_xticks(marks)
    axes.set_yticks(marks)
    axes.set_ylabel("Observed share")
    return end


def draw_histogram(axes: Axes, result: CalibrationResult, *, end: float) -> None:
    """Draw how many have which risk: those with the outcome below, those without stacked on them, on one scale.

    Parameters
    ----------
    axes : Axes
        Where.
    result : CalibrationResult
        What.
    end : float
        Where the axis of risks ends.
    """
    # The share is of everybody, also of those beyond the end of the axis.
    share = result.histogram[["with_outcome", "without"]] / result.histogram[["with_outcome", "without"]].sum().sum()
    table = result.histogram[["low", "high"]].join(100 * share)
    table = table[table["low"] <= end]
    width = table["high"] - table["low"]
    for name, below, colour, words in (
        ("with_outcome", 0.0, PALETTE[1], "With the outcome"),
        ("without", table["with_outcome"], _LIGHT, "Without the outcome"),
    ):
        axes.bar(table["low"], table[name], width=width, bottom=below, align="edge", color=colour, label=words)
    axes.set_ylim(bottom=0)
    axes.locator_params(axis="y", nbins=3)
    axes.set_ylabel("% of all")
    axes.set_xlabel("Predicted risk")


def _of(table: pd.DataFrame, group: str) -> pd.DataFrame:
    return table[table["group"] == group]


def _end(bins: pd.DataFrame, smooth: pd.DataFrame) -> float:
    highest = [bins["predicted"].max(), bins["observed"].max(), smooth["predicted"].max(), smooth["observed"].max()]
    # Not the intervals: of a small group they may reach to 1 and flatten all that can be told.
    return float(min(1.0, _HEADROOM * np.nanmax(highest))) or 1.0


def _words(result: CalibrationResult, group: str) -> str:
    slope, intercept = (format_estimate(result.measure(name, group=group)) for name in ("slope", "intercept"))
    return f"Slope {slope}, in the large {intercept}"
