"""Curves of survival, hazard and incidence as a journal prints them: steps, bands, numbers at risk under the axis."""

from __future__ import annotations

from dataclasses import dataclass, replace
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

    from analysis_lib.models.survival.curve_style import Curves, CurveStyle

__all__ = ["curve_figure"]

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
_MOST_STEPS = 8_000  # a page is 2,160 dots wide
_LONGEST_NAME = 24  # letters beside the numbers at risk, before it is wrapped


@dataclass(frozen=True)
class _Names:
    """Names of curves and groups, wrapped to where they stand, and the inches they take."""

    legend: list[str]
    columns: int
    legend_height: float
    risk: list[str]
    risk_row: float

    @classmethod
    def of(cls, lines: Sequence[str], *, groups: Sequence[str], width: float) -> _Names:
        risk = [""] if len(groups) == 1 else ["\n".join(wrap_words(name, letters=_LONGEST_NAME)) for name in groups]
        if len(lines) == 1:
            return cls(legend=[""], columns=1, legend_height=0.0, risk=risk, risk_row=_LINE * _lines(risk) + 0.02)
        room = width - 0.7  # the axis and its numbers
        entry = 0.5 + _LETTER * max(map(width_in_letters, lines))
        columns = int(np.clip(room // entry, 1, min(_LEGEND_COLUMNS, len(lines))))
        legend = ["\n".join(wrap_words(line, letters=int((room - 0.5) / _LETTER))) for line in lines]
        rows = -(-len(lines) // columns)
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


def curve_figure(curves: Curves, style: CurveStyle) -> StudyFigure:
    """Draw curves, with the numbers at risk under each panel.

    Parameters
    ----------
    curves : Curves
        What to draw.
    style : CurveStyle
        How to draw it.

    Returns
    -------
    StudyFigure
        With the steps attached as data, in the units of the axes.
    """
    curves = replace(curves, steps=_steps(curves, style))
    begin = float(curves.steps["time"].min())
    end = float(curves.steps["time"].max()) if style.until is None else style.until
    ticks = _ticks(begin, end, n_panels=len(curves.panels)) if style.ticks is None else np.asarray(style.ticks)
    ticks = ticks[(ticks >= begin) & (ticks <= end)].astype(np.float64)
    names = _Names.of(curves.lines, groups=curves.at_risk.groups, width=style.width)
    counts = curves.at_risk.at(ticks * style.time_divisor)
    risk_height = _RISK_HEAD + names.risk_row * len(counts)
    above = names.legend_height + _TITLE * (bool(style.title) + (len(curves.panels) > 1))
    with journal_style():
        figure = study_figure(
            width=style.width,
            height=above + _CURVES + risk_height,
            # No more leaves the house than is seen.
            data=curves.steps[curves.steps["time"] <= end].reset_index(drop=True),
            alt_text=_in_words(curves, style),
        )
        rows = figure.subplots(2, len(curves.panels), sharex=True, squeeze=False, height_ratios=[_CURVES, risk_height])
        rows[0, 0].set_xlim(begin - 0.01 * (end - begin), end + 0.01 * (end - begin))
        rows[0, 0].set_xticks(ticks)
        for index, panel in enumerate(curves.panels):
            axes, at_risk = rows[:, index]
            _draw_panel(axes, curves, panel=panel, names=names, style=style)
            if index > 0:
                axes.sharey(rows[0, 0])
                axes.tick_params(axis="y", labelleft=False)
            _write_numbers(at_risk, counts, names=names, first=index == 0, coloured=curves.line_by == "group")
        _dress_curves(rows[0, 0], curves, end=end)
        _head(figure, rows[0, 0], names=names, style=style, one_panel=len(curves.panels) == 1)
    return figure


def _draw_panel(axes: Axes, curves: Curves, *, panel: str, names: _Names, style: CurveStyle) -> None:
    for place, line in enumerate(curves.lines):
        steps, label = curves.of(panel, line), names.legend[place]
        _draw_curve(axes, steps, index=place, label=label, height=curves.height, style=style)
    axes.tick_params(axis="x", labelbottom=True)
    axes.set_xlabel(style.time_label)
    if len(curves.panels) > 1:
        axes.set_title(panel, loc="left", fontsize=8.5)


def _head(figure: StudyFigure, axes: Axes, *, names: _Names, style: CurveStyle, one_panel: bool) -> None:
    """Write title and legend above the axes: there it hides no curve; matplotlib's "best" place does not see bands."""
    look: dict[str, Any] = {"ncols": names.columns, "handlelength": 2.6}
    if one_panel or len(names.legend) == 1:
        if style.title:
            figure.suptitle(style.title, x=0.01, ha="left", fontsize=9.5)
        if len(names.legend) > 1:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, **look)
    else:
        handles, labels = axes.get_legend_handles_labels()
        look |= {"title": style.title or None, "title_fontsize": 9.5, "alignment": "left"}
        figure.legend(handles, labels, loc="outside upper left", **look)
    if not one_panel:
        # The last number of one panel would touch the first of the next, both centred on their ticks.
        figure.get_layout_engine().set(wspace=0.06)  # type: ignore[union-attr, call-arg]


def _in_words(curves: Curves, style: CurveStyle) -> str:
    which = "one curve" if len(curves.lines) == 1 else f"curves for {', '.join(curves.lines)}"
    panels = f", in panels for {', '.join(curves.panels)}" if len(curves.panels) > 1 else ""
    what = curves.label.removesuffix(" probability")
    return f"{what} by {style.time_label.lower()}, {which}{panels}, with numbers at risk."


def _steps(curves: Curves, style: CurveStyle) -> pd.DataFrame:
    """Put the starting point before each curve, in the order in which they are drawn."""
    parts = []
    for panel in curves.panels:
        for line in curves.lines:
            own = curves.of(panel, line)
            start = own.iloc[:1].assign(time=_begin(curves), ci_low=curves.start, ci_high=curves.start, se=0.0)
            start = start.assign(**{name: 0 for name in own.columns if name in {"n_event", "n_censor"}})
            if "survival" in own.columns:
                start = start.assign(survival=1.0)
            parts.extend([start.assign(**{curves.height: curves.start}), _visible(own, style)])
    steps: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return steps.assign(time=steps["time"] / style.time_divisor)


def _begin(curves: Curves) -> float:
    """Where the curves start: at 0, unless all come later, as where time is age."""
    entering = curves.at_risk.entering
    return 0.0 if entering is None else max(0.0, min(float(pile.times[0]) for pile in entering))


def _visible(steps: pd.DataFrame, style: CurveStyle) -> pd.DataFrame:
    """Leave out steps that no eye can tell apart: of many within a fraction of a dot, the last one stays."""
    if len(steps) <= _MOST_STEPS:
        return steps
    time = steps["time"].to_numpy(dtype=np.float64)
    end = float(time[-1]) if style.until is None else style.until * style.time_divisor
    cell = np.minimum(np.ceil(time / end * _MOST_STEPS), 2 * _MOST_STEPS)
    last = np.append(cell[1:] != cell[:-1], True)
    seen: pd.DataFrame = steps[last]
    return seen


def _draw_curve(axes: Axes, steps: pd.DataFrame, *, index: int, label: str, height: str, style: CurveStyle) -> None:
    colour, line = _look(index)
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
    axes.step(steps["time"], steps[height], where="post", color=colour, linestyle=line, label=label)
    if style.censor_marks:
        censored = steps["n_censor"] > 0
        axes.plot(
            steps["time"][censored], steps[height][censored], "|", color=colour, markersize=4.5, markeredgewidth=0.6
        )


def _dress_curves(axes: Axes, curves: Curves, *, end: float) -> None:
    axes.set_ylabel(curves.label)
    seen = curves.steps[curves.steps["time"] <= end]
    if curves.start == 1:
        axes.set_ylim(0, 1.02)
    else:
        # Rare outcomes would lie flat on an axis that goes to 1; what adds up starts at zero all the same.
        highest = float(np.nanmax(seen[["ci_high", curves.height]].to_numpy(dtype=np.float64)))
        probability = curves.height == "cumulative_incidence"
        most = min(1.0, _HEADROOM * highest) if probability else _HEADROOM * highest
        axes.set_ylim(0, most if highest > 0 else _NO_EVENTS)
        if probability:
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{100 * value:g}%"))


def _ticks(begin: float, end: float, *, n_panels: int) -> FloatArray:
    marks = MaxNLocator(nbins=6 if n_panels == 1 else 4, steps=[1, 2, 2.5, 5, 10]).tick_values(begin, end)
    return np.asarray(marks, dtype=np.float64)


def _write_numbers(axes: Axes, counts: pd.DataFrame, *, names: _Names, first: bool, coloured: bool) -> None:
    """Write who is still followed at each tick; the group names are tick labels, so the layout keeps room for them."""
    height = np.arange(len(counts))[::-1]
    for row, (_group, numbers) in zip(height, counts.iterrows(), strict=True):
        for tick, number in zip(axes.get_xticks(), numbers, strict=True):
            axes.text(tick, row, f"{number:,.0f}", ha="center", va="center_baseline", fontsize=7.5, color=INK)
    axes.set_ylim(-0.6, len(counts) - 0.4)
    axes.set_yticks(height, names.risk if first else [""] * len(counts))
    for index, label in enumerate(axes.get_yticklabels()):
        label.set_color(_look(index)[0] if coloured else INK)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    widest = max(len(f"{number:,.0f}") for number in counts.iloc[:, 0])
    axes.tick_params(axis="y", length=0, pad=4 + _HALF_LETTER * widest)  # clear of the first number, centred on zero
    axes.spines[:].set_visible(False)
    axes.set_title("Number at risk", loc="left", fontsize=7.5, color=GREY)
