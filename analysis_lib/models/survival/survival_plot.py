"""Survival curves as a journal prints them: steps, bands, and the numbers at risk under the axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis_lib.figures import (
    GREY,
    INK,
    LINE_STYLES,
    PALETTE,
    StudyFigure,
    journal_style,
    study_figure,
    width_in_letters,
    wrap_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from analysis_lib.models.survival.survival_curve import KaplanMeierResult

__all__ = ["CurveStyle", "survival_figure"]

FloatArray = npt.NDArray[np.float64]

_CURVES = 2.9  # inches
_TITLE = 0.25
_LINE = 0.15  # of a legend, or of a wrapped name
_LETTER = 0.062
_HALF_LETTER = 2.4  # points
_RISK_HEAD = 0.3
_BAND = 0.18
_HEADROOM = 1.08
_NO_EVENTS = 0.05
_LEGEND_COLUMNS = 3
_LONGEST_NAME = 24  # letters beside the numbers at risk, before it is wrapped


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
    bands : bool
        Whether to draw the intervals.
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
    bands: bool
    censor_marks: bool
    width: float
    title: str


@dataclass(frozen=True)
class _Names:
    """Group names, wrapped to where they stand, and the inches they take."""

    legend: list[str]
    columns: int
    legend_height: float
    risk: list[str]
    risk_row: float

    @classmethod
    def of(cls, groups: Sequence[str], *, width: float) -> _Names:
        if len(groups) == 1:
            return cls(legend=[""], columns=1, legend_height=0.0, risk=[""], risk_row=_LINE + 0.02)
        room = width - 0.7  # the axis and its numbers
        entry = 0.5 + _LETTER * max(map(width_in_letters, groups))
        columns = int(np.clip(room // entry, 1, min(_LEGEND_COLUMNS, len(groups))))
        legend = ["\n".join(wrap_words(group, letters=int((room - 0.5) / _LETTER))) for group in groups]
        risk = ["\n".join(wrap_words(group, letters=_LONGEST_NAME)) for group in groups]
        rows = -(-len(groups) // columns)
        return cls(
            legend=legend,
            columns=columns,
            legend_height=_LINE * rows * _lines(legend) + 0.05,
            risk=risk,
            risk_row=_LINE * _lines(risk) + 0.02,
        )


def _lines(names: Sequence[str]) -> int:
    return max(name.count("\n") + 1 for name in names)


def _look(index: int) -> tuple[str, Any]:
    """Give each group a colour and a line; past the last colour the lines shift by one."""
    turn = index // len(PALETTE)
    return PALETTE[index % len(PALETTE)], LINE_STYLES[(index + turn) % len(LINE_STYLES)]


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
    names = _Names.of(result.groups, width=style.width)
    risk_height = _RISK_HEAD + names.risk_row * len(result.groups)
    above = names.legend_height + _TITLE * bool(style.title)
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
            _draw_curve(curves, steps[steps["group"] == group], index=index, label=names.legend[index], style=style)
        _dress_curves(curves, steps[steps["time"] <= end], names=names, style=style)
        curves.set_xlim(-0.01 * end, end * 1.01)
        curves.set_xticks(ticks)
        _write_numbers(at_risk, result.numbers_at_risk(ticks * style.time_divisor), names=names)
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
    colour, line = _look(index)
    height = steps["cumulative_incidence" if style.incidence else "survival"]
    known = steps["ci_low"].notna() & style.bands
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
        axes.plot(steps["time"][censored], height[censored], "|", color=colour, markersize=4.5, markeredgewidth=0.6)


def _dress_curves(axes: Axes, steps: pd.DataFrame, *, names: _Names, style: CurveStyle) -> None:
    axes.set_ylabel("Cumulative incidence" if style.incidence else "Survival probability")
    if style.incidence:
        # Rare outcomes would lie flat on an axis that goes to 1; incidence starts at zero all the same.
        highest = float(steps["ci_high"].max(skipna=True))
        axes.set_ylim(0, min(1.0, _HEADROOM * highest) if highest > 0 else _NO_EVENTS)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{100 * value:g}%"))
    else:
        axes.set_ylim(0, 1.02)
    axes.tick_params(axis="x", labelbottom=True)
    axes.set_xlabel(style.time_label)
    if len(names.legend) > 1:
        # Above the axes it can hide no curve; matplotlib's "best" place does not look at bands.
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=names.columns, handlelength=2.6, borderaxespad=0.2)


def _ticks(end: float) -> FloatArray:
    ticks: FloatArray = np.asarray(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(0, end))
    return ticks[(ticks >= 0) & (ticks <= end)]


def _write_numbers(axes: Axes, counts: pd.DataFrame, *, names: _Names) -> None:
    """Write who is still followed at each tick; the group names are tick labels, so the layout keeps room for them."""
    height = np.arange(len(counts))[::-1]
    for row, (_group, numbers) in zip(height, counts.iterrows(), strict=True):
        for tick, number in zip(axes.get_xticks(), numbers, strict=True):
            axes.text(tick, row, f"{int(number):,}", ha="center", va="center_baseline", fontsize=7.5, color=INK)
    axes.set_ylim(-0.6, len(counts) - 0.4)
    axes.set_yticks(height, names.risk)
    for index, label in enumerate(axes.get_yticklabels()):
        label.set_color(_look(index)[0])
    axes.tick_params(axis="x", length=0, labelbottom=False)
    first = max(len(f"{int(number):,}") for number in counts.iloc[:, 0])
    axes.tick_params(axis="y", length=0, pad=4 + _HALF_LETTER * first)  # clear of the first number, centred on zero
    axes.spines[:].set_visible(False)
    axes.set_title("Number at risk", loc="left", fontsize=7.5, color=GREY)
