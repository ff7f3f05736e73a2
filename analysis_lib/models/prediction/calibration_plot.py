"""Calibration plots: observed against predicted, with the distribution of the risks underneath."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis_lib.figures import GREY, INK, PALETTE, journal_style, study_figure
from analysis_lib.models.prediction.predicted_rows import ALL
from analysis_lib.tables import format_estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from analysis_lib.figures import StudyFigure
    from analysis_lib.models.prediction.calibration import CalibrationResult

__all__ = ["calibration_figure", "draw_calibration", "draw_histogram"]

_HISTOGRAM = 0.18
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
            height=width * (1.2 if group == ALL else 1.0) + 0.45 + 0.25 * bool(title),
            data=data,
            alt_text=f"Observed share against predicted risk. {_words(result, group)}",
        )
        if group == ALL:
            curve, histogram = figure.subplots(2, 1, sharex=True, height_ratios=[1, _HISTOGRAM])
            end = draw_calibration(curve, result, group=group, until=until)
            curve.tick_params(axis="x", labelbottom=False)
            draw_histogram(histogram, result, end=end)
        else:
            curve = figure.subplots()
            draw_calibration(curve, result, group=group, until=until)
            curve.set_xlabel("Predicted risk")
        curve.legend(loc="lower left", bbox_to_anchor=(-0.03, 1), ncols=1, handlelength=2.0, borderaxespad=0.2)
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
    """Draw how many have which risk: with the outcome upwards, without it downwards.

    Parameters
    ----------
    axes : Axes
        Where.
    result : CalibrationResult
        What.
    end : float
        Where the axis of risks ends.
    """
    table = result.histogram[result.histogram["low"] <= end]
    width = table["high"] - table["low"]
    # Each class to its own height: where outcomes are rare theirs could not be seen else.
    for name, sign, colour in (("with_outcome", 1, PALETTE[1]), ("without", -1, GREY)):
        height = table[name] / max(float(result.histogram[name].max()), 1.0)
        axes.bar(table["low"], sign * height, width=width, align="edge", color=colour, linewidth=0)
    axes.axhline(0, color=INK, linewidth=0.5)
    axes.set_ylim(-1.05, 1.05)
    axes.set_yticks([0.5, -0.5], ["event", "none"])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
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
