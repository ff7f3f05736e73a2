"""Survival curves as a journal prints them: steps, bands, and the numbers at risk under the axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis_lib.figures import GREY, INK, LINE_STYLES, PALETTE, StudyFigure, journal_style, study_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis_lib.models.survival_curve import KaplanMeierResult

__all__ = ["CurveStyle", "survival_figure"]

FloatArray = npt.NDArray[np.float64]

_CURVES = 2.9  # inches
_LEGEND = 0.2
_TITLE = 0.25
_RISK_ROW = 0.17
_RISK_HEAD = 0.3
_BAND = 0.18
_HEADROOM = 1.08
_LEGEND_COLUMNS = 3


@dataclass(frozen=True, kw_only=True)
class CurveStyle:
    """How a survival figure is drawn.

    Attributes
    ----------
    incidence : bool
        Whether to draw one minus survival.
    time_label : str
        Label of the time axis.
    time_divisor : float
        Follow-up is divided by this for the axis.
    ticks : sequence of float or None
        Marks of the axis.
    until : float or None
        End of the axis.
    censor_marks : bool
        Whether to mark censored follow-up.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.
    """

    incidence: bool
    time_label: str
    time_divisor: float
    ticks: Sequence[float] | None
    until: float | None
    censor_marks: bool
    width: float
    title: str


def survival_figure(result: KaplanMeierResult, style: CurveStyle) -> StudyFigure:
    """Draw the curves of `result`.

    Parameters
    ----------
    result : KaplanMeierResult
        Curves of one or more groups.
    style : CurveStyle
        How to draw them.

    Returns
    -------
    StudyFigure
        With the steps attached as data, in the units of the axes.
    """
    steps = _steps(result, style)
    end = float(steps["time"].max()) if style.until is None else style.until
    ticks = _ticks(end) if style.ticks is None else np.asarray(style.ticks, dtype=np.float64)
    ticks = ticks[ticks <= end]
    risk_height = _RISK_HEAD + _RISK_ROW * len(result.groups)
    above = _LEGEND * (len(result.groups) > 1) + _TITLE * bool(style.title)
    what = "Cumulative incidence" if style.incidence else "Survival"
    with journal_style():
        figure = study_figure(
            width=style.width,
            height=above + _CURVES + risk_height,
            data=steps[steps["time"] <= end].reset_index(drop=True),  # no more leaves the house than is seen
            alt_text=f"{what} by {style.time_label.lower()}, {_curves(result)}, with numbers at risk.",
        )
        curves, at_risk = figure.subplots(2, 1, sharex=True, height_ratios=[_CURVES, risk_height])
        for index, group in enumerate(result.groups):
            _draw_curve(curves, steps[steps["group"] == group], index=index, label=group, style=style)
        _dress_curves(curves, result, steps=steps[steps["time"] <= end], style=style)
        curves.set_xlim(-0.01 * end, end * 1.01)
        curves.set_xticks(ticks)
        _write_numbers(at_risk, result, ticks=ticks, style=style)
        if style.title:
            figure.suptitle(style.title, x=0.01, ha="left", fontsize=9.5)
    return figure


def _curves(result: KaplanMeierResult) -> str:
    return "one curve" if len(result.groups) == 1 else f"curves for {', '.join(result.groups)}"


def _steps(result: KaplanMeierResult, style: CurveStyle) -> pd.DataFrame:
    """Put the starting point before each curve, and turn both axes into what is drawn."""
    table = result.table
    first = table.groupby("group", sort=False, as_index=False)["n_risk"].first()
    start = first.assign(time=0.0, n_event=0, n_censor=0, survival=1.0, se=0.0, ci_low=1.0, ci_high=1.0)
    steps: pd.DataFrame = pd.concat([start[table.columns], table], ignore_index=True)
    order = {group: index for index, group in enumerate(result.groups)}
    steps = steps.sort_values(
        ["group", "time"], key=lambda column: column.map(order) if column.name == "group" else column, kind="stable"
    )
    steps = steps.assign(time=steps["time"] / style.time_divisor).reset_index(drop=True)
    if not style.incidence:
        return steps
    turned = steps.assign(survival=1 - steps["survival"], ci_low=1 - steps["ci_high"], ci_high=1 - steps["ci_low"])
    return turned.rename(columns={"survival": "cumulative_incidence"})


def _draw_curve(axes: Axes, steps: pd.DataFrame, *, index: int, label: str, style: CurveStyle) -> None:
    colour, line = PALETTE[index % len(PALETTE)], LINE_STYLES[index % len(LINE_STYLES)]
    height = steps["cumulative_incidence" if style.incidence else "survival"]
    known = steps["ci_low"].notna()
    axes.fill_between(
        steps["time"][known],
        steps["ci_low"][known],
        steps["ci_high"][known],
        step="post",
        color=colour,
        alpha=_BAND,
        linewidth=0,
    )
    axes.step(steps["time"], height, where="post", color=colour, linestyle=line, label=label)
    if style.censor_marks:
        censored = steps["n_censor"] > 0
        axes.plot(steps["time"][censored], height[censored], "|", color=colour, markersize=5, markeredgewidth=0.7)


def _dress_curves(axes: Axes, result: KaplanMeierResult, *, steps: pd.DataFrame, style: CurveStyle) -> None:
    axes.set_ylabel("Cumulative incidence" if style.incidence else "Survival probability")
    if style.incidence:
        # Rare outcomes would lie flat on an axis that goes to 1; incidence starts at zero all the same.
        axes.set_ylim(0, min(1.0, _HEADROOM * float(steps["ci_high"].max(skipna=True))))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{100 * value:g}%"))
    else:
        axes.set_ylim(0, 1.02)
    axes.tick_params(axis="x", labelbottom=True)
    axes.set_xlabel(style.time_label)
    if len(result.groups) > 1:
        # Above the axes it can hide no curve; matplotlib's "best" place does not look at bands.
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=_LEGEND_COLUMNS, handlelength=2.6, borderaxespad=0.2)


def _ticks(end: float) -> FloatArray:
    ticks: FloatArray = np.asarray(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(0, end))
    return ticks[(ticks >= 0) & (ticks <= end)]


def _write_numbers(axes: Axes, result: KaplanMeierResult, *, ticks: FloatArray, style: CurveStyle) -> None:
    """Write who is still followed at each tick; the group names are tick labels, so the layout keeps room for them."""
    counts = result.numbers_at_risk(ticks * style.time_divisor)
    height = np.arange(len(counts))[::-1]
    for row, (_group, numbers) in zip(height, counts.iterrows(), strict=True):
        for tick, number in zip(ticks, numbers, strict=True):
            axes.text(tick, row, f"{int(number):,}", ha="center", va="center_baseline", fontsize=7.5, color=INK)
    axes.set_ylim(-0.6, len(counts) - 0.4)
    alone = len(result.groups) == 1
    axes.set_yticks(height, ["" if alone else group for group in result.groups])
    if not alone:
        for index, label in enumerate(axes.get_yticklabels()):
            label.set_color(PALETTE[index % len(PALETTE)])
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.tick_params(axis="y", length=0, pad=14)  # clear of the first number, which is centred on zero
    axes.spines[:].set_visible(False)
    axes.set_title("Number at risk", loc="left", fontsize=7.5, color=GREY)
