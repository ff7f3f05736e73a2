"""Drawing a forest plot; apart from its checks because matplotlib takes a while to load."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from analysis_lib.figures import GREY, PALETTE, StudyFigure, journal_style, study_figure, wrap_words
from analysis_lib.printed_numbers import format_coefficient, format_ratio

__all__ = ["forest_figure", "ratio_ticks"]

_LINE = 0.15  # inches of one line of text
_GAP = 0.12  # inches between two rows
_LETTERS_PER_INCH = 5.5  # of the figure's width: labels take about a third of it
_HEADING_LETTERS = 30
_AXIS_LETTERS_PER_INCH = 9.0  # of the figure's width: the axis has about half of it
_FRAME = 0.85  # inches for the axis, its label and the heading
_NICE = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
_MOST_TICKS = 7


def forest_figure(
    rows: pd.DataFrame, *, measure: str, interval: str, ratios: bool = True, width: float, title: str
) -> StudyFigure:
    """Draw ratios, or what adds up, with their intervals; long labels are broken into lines.

    Parameters
    ----------
    rows : DataFrame
        ``label``, ``estimate``, ``ci_low``, ``ci_high``, checked already.
    measure : str
        What the estimates are.
    interval : str
        What the limits are.
    ratios : bool, default True
        Whether the axis is logarithmic, with a line at 1; else it is linear, with a line at 0 where that lies inside.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        With `rows` attached.
    """
    labels = [wrap_words(str(label), letters=int(width * _LETTERS_PER_INCH)) for label in rows["label"]]
    heading = wrap_words(f"{measure} ({interval.partition(',')[0]})", letters=_HEADING_LETTERS)
    tall = np.array([_LINE * len(lines) + _GAP for lines in labels])
    top = float(tall.sum())
    height = top - np.cumsum(tall) + tall / 2
    above = _LINE * len(heading)
    alt_text = f"Forest plot of {len(rows)} estimates: {measure[:1].lower()}{measure[1:]} with {interval}."
    with journal_style():
        figure = study_figure(width=width, height=_FRAME + top + above - _LINE, data=rows, alt_text=alt_text)
        axes: Axes = figure.add_subplot()
        _draw(axes, rows, height=height)
        (_logarithmic if ratios else _linear)(axes, rows, top=top)
        axes.set_ylim(-_GAP / 2, top + above + _GAP / 2)
        axes.set_yticks(height, ["\n".join(lines) for lines in labels])
        _write_numbers(axes, rows, height=height, heading="\n".join(heading), at=top + above / 2, ratios=ratios)
        under = f"{measure} ({interval}){', log scale' if ratios else ''}"
        axes.set_xlabel("\n".join(wrap_words(under, letters=int(width * _AXIS_LETTERS_PER_INCH))))
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure


def _draw(axes: Axes, rows: pd.DataFrame, *, height: Any) -> None:
    axes.hlines(height, rows["ci_low"], rows["ci_high"], color=PALETTE[0], linewidth=1.4, zorder=2)
    for end in ("ci_low", "ci_high"):
        axes.plot(rows[end], height, "|", color=PALETTE[0], markersize=5, markeredgewidth=1.2, zorder=2)
    axes.plot(rows["estimate"], height, "s", color=PALETTE[0], markersize=5, zorder=3)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _logarithmic(axes: Axes, rows: pd.DataFrame, *, top: float) -> None:
    axes.set_xscale("log")
    axes.vlines(1.0, 0, top, color=GREY, linewidth=0.8, zorder=1)
    low, high = min(rows["ci_low"].min(), 1.0), max(rows["ci_high"].max(), 1.0)
    room = (high / low) ** 0.06
    low, high = low / room, high * room
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator(ratio_ticks(low, high)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:g}"))


def _linear(axes: Axes, rows: pd.DataFrame, *, top: float) -> None:
    low, high = min(rows["ci_low"].min(), 0.0), max(rows["ci_high"].max(), 0.0)
    room = 0.06 * (high - low) or 1.0
    axes.set_xlim(low - room if low < 0 else 0.0, high + room if high > 0 else 0.0)
    if low < 0 < high:
        axes.vlines(0.0, 0, top, color=GREY, linewidth=0.8, zorder=1)


def ratio_ticks(low: float, high: float, *, most: int = _MOST_TICKS) -> list[float]:
    """Choose round ratios inside the axis, 1 always among them, no more than can be read.

    Parameters
    ----------
    low, high : float
        Ends of the axis.
    most : int, default 7
        How many ticks at most.

    Returns
    -------
    list of float
        Ascending.
    """
    decades = range(int(np.floor(np.log10(low))) - 1, int(np.ceil(np.log10(high))) + 1)
    for choice in (_NICE, (1.0, 1.5, 2.0, 3.0, 5.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        ticks = [round(base * 10.0**decade, 10) for decade in decades for base in choice]
        inside = [tick for tick in ticks if low <= tick <= high]
        if len(inside) <= most:
            break
    return inside[:: max(1, -(-len(inside) // most))] if 1.0 in inside else [1.0]


def _written(value: float, *, ratios: bool) -> str:
    return format_ratio(value) if ratios else format_coefficient(value, digits=2)


def _write_numbers(axes: Axes, rows: pd.DataFrame, *, height: Any, heading: str, at: float, ratios: bool) -> None:
    """Put the numbers right of the plot, as an axis of their own so that the layout keeps room for them."""
    beside = axes.secondary_yaxis("right")
    text = [heading] + [
        "{} ({} to {})".format(*(_written(row[name], ratios=ratios) for name in ("estimate", "ci_low", "ci_high")))
        for row in rows.to_dict("records")
    ]
    beside.set_yticks([at, *height], text)
    beside.tick_params(axis="y", length=0)
    beside.spines["right"].set_visible(False)
