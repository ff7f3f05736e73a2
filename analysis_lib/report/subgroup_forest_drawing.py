"""Drawing the forest plot of subgroups, in inches, from the measured width of every column of text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from analysis_lib.errors import ModelInputError
from analysis_lib.figures import GREY, INK, PALETTE, StudyFigure, journal_style, study_figure, wrap_words
from analysis_lib.models.forest_drawing import ratio_ticks
from analysis_lib.printed_numbers import format_p, format_ratio

__all__ = ["ForestWords", "forest_of_subgroups"]

_ROW = 0.22  # inches of a row of one line of text
_LINE = 0.13  # of each further line
_HEAD = 0.42
_AXIS = 0.5
_GAP = 0.14  # between columns
_EDGE = 0.08
_INDENT = 0.12
_NARROWEST_PLOT = 1.1
_PLOT_SHARE = 0.32  # of the width that labels leave to the plot where they can be broken
_LEAST_LETTERS = 12
_SIZE = 7.5
_BASELINE = 0.037  # of the middle of a line of capitals
#: Intervals are drawn as far as this factor beyond the estimates, then end in an arrow.
_FARTHEST = 4.0


@dataclass(frozen=True)
class ForestWords:
    """What is written around the plot.

    Attributes
    ----------
    measure, interval : str
        What estimates and limits are.
    favours : tuple of str or None
        Below the axis left and right of 1.
    title : str
        Above the plot; empty for none.
    """

    measure: str
    interval: str
    favours: tuple[str, str] | None
    title: str


@dataclass(frozen=True)
class _Line:
    """One line of the figure: a heading or an estimate, or one that is both."""

    label: str
    indent: bool
    bold: bool
    cells: dict[str, str]
    row: Any = None


def forest_of_subgroups(rows: pd.DataFrame, *, words: ForestWords, width: float) -> StudyFigure:
    """Draw checked rows.

    Parameters
    ----------
    rows : DataFrame
        ``subgroup``, ``label``, ``estimate``, ``ci_low``, ``ci_high`` and what else there is of ``n``, ``events`` and
        ``p_interaction``.
    words : ForestWords
        What is written around them.
    width : float
        Inches.

    Returns
    -------
    StudyFigure
        With `rows` attached.

    Raises
    ------
    ModelInputError
        If the columns of text leave no room for the plot.
    """
    headers = _headers(rows, words)
    lines = _lines(rows)
    alt_text = (
        f"Forest plot of {len(rows)} estimates below {len(set(rows['subgroup']) - {''})} headings: "
        f"{words.measure.lower()} with {words.interval}."
    )
    with journal_style():
        figure = study_figure(width=width, height=1.0, data=rows, alt_text=alt_text)
        figure.set_layout_engine("none")
        widths = {
            name: max(_measured(figure, [head], bold=True), _measured(figure, [line.cells[name] for line in lines]))
            for name, head in headers.items()
        }
        room = width - 2 * _EDGE - sum(widths.values()) - _GAP * (len(widths) + 1)
        labels = _wrapped(figure, lines, room=room - max(_NARROWEST_PLOT, _PLOT_SHARE * width))
        label_width = _measured(figure, [part for label in labels for part in label], bold=True) + _INDENT
        if room - label_width < _NARROWEST_PLOT - 1e-6:
            raise ModelInputError(
                f"a forest plot of these columns needs more room than {width:g} inches. Make it wider, or leave n or "
                "events out."
            )
        layout = _Layout(labels, label_width, widths, room - label_width, width)
        _draw(figure, lines, layout=layout, headers=headers, words=words)
    return figure


@dataclass(frozen=True)
class _Layout:
    """Where things stand, in inches."""

    labels: Sequence[Sequence[str]]
    label_width: float
    widths: dict[str, float]
    plot_width: float
    width: float

    @property
    def tops(self) -> list[float]:
        """Distance of each line's middle from the top of the first."""
        ends = np.cumsum(self.heights)
        return [float(end - height / 2) for end, height in zip(ends, self.heights, strict=True)]

    @property
    def heights(self) -> list[float]:
        """Height of each line."""
        return [_ROW + _LINE * (len(label) - 1) for label in self.labels]

    @property
    def height(self) -> float:
        """Height of all lines."""
        return sum(self.heights)

    def starts(self, left: Sequence[str]) -> tuple[dict[str, float], float]:
        """Right edge of each column of text, and left edge of the plot."""
        at = _EDGE + self.label_width
        edges = {}
        for name in left:
            at += _GAP + self.widths[name]
            edges[name] = at
        plot = at + _GAP
        at = plot + self.plot_width
        for name in self.widths:
            if name not in left:
                at += _GAP + self.widths[name]
                edges[name] = at
        return edges, plot


def _headers(rows: pd.DataFrame, words: ForestWords) -> dict[str, str]:
    known = {
        "n": "n",
        "events": "Events",
        "ratio": f"{words.measure} ({words.interval.partition(',')[0]})",
        "p_interaction": "p for\ninteraction",
    }
    return {name: text for name, text in known.items() if name == "ratio" or name in rows.columns}


def _lines(rows: pd.DataFrame) -> list[_Line]:
    lines: list[_Line] = []
    names = [name for name in ("n", "events", "ratio", "p_interaction") if name == "ratio" or name in rows.columns]
    empty = dict.fromkeys(names, "")
    last = ""
    for row in rows.to_dict("records"):
        heading = row["subgroup"]
        if heading and heading != last:
            mine = rows.loc[rows["subgroup"] == heading]
            p_values = mine["p_interaction"].dropna().tolist() if "p_interaction" in rows.columns else []
            shown = {"p_interaction": format_p(float(p_values[0]))} if p_values else {}
            lines.append(_Line(heading, indent=False, bold=True, cells=empty | shown))
        last = heading
        cells: dict[str, str] = {
            name: f"{int(row[name]):,}" for name in ("n", "events") if name in row and not pd.isna(row[name])
        }
        cells["ratio"] = "not estimable" if pd.isna(row["estimate"]) else _ratio(row)
        lines.append(_Line(row["label"], indent=bool(heading), bold=not heading, cells=empty | cells, row=row))
    return lines


def _ratio(row: dict[Any, Any]) -> str:
    estimate, low, high = (format_ratio(float(row[name])) for name in ("estimate", "ci_low", "ci_high"))
    return f"{estimate} ({low} to {high})"


def _measured(figure: StudyFigure, texts: Sequence[str], *, bold: bool = False) -> float:
    """Width of the widest text, in inches, as it will be drawn: words of any script, with the fonts that are there."""
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    weight = "bold" if bold else "normal"
    widest = 0.0
    for text in set(texts):
        drawn = figure.text(0, 0, text, fontsize=_SIZE, fontweight=weight)
        widest = max(widest, float(drawn.get_window_extent(renderer).width) / figure.dpi)
        drawn.remove()
    return widest


def _wrapped(figure: StudyFigure, lines: Sequence[_Line], *, room: float) -> list[list[str]]:
    """Break labels until they leave room for the plot."""
    letters = max(_LEAST_LETTERS, *(len(line.label) for line in lines))
    while True:
        labels = [wrap_words(line.label, letters=letters) for line in lines]
        wide = _measured(figure, [part for label in labels for part in label], bold=True) + _INDENT
        if wide <= room or letters <= _LEAST_LETTERS:
            return labels
        letters = max(_LEAST_LETTERS, letters - 2)


def _draw(
    figure: StudyFigure, lines: Sequence[_Line], *, layout: _Layout, headers: dict[str, str], words: ForestWords
) -> None:
    title = 0.3 if words.title else 0.0
    below = _AXIS + (0.2 if words.favours else 0.0)
    height = title + _HEAD + layout.height + below
    figure.set_size_inches(layout.width, height)
    edges, plot = layout.starts([name for name in ("n", "events") if name in headers])
    page: Axes = figure.add_axes((0, 0, 1, 1), label="words")
    page.set(xlim=(0, layout.width), ylim=(height, 0))
    page.set_axis_off()
    if words.title:
        page.text(_EDGE, 0.2, words.title, fontsize=9.5, va="center")
    top = title + _HEAD
    for name, text in headers.items():
        page.text(edges[name], top - 0.06, text, ha="right", va="bottom", fontsize=_SIZE, fontweight="bold")
    page.plot([_EDGE, layout.width - _EDGE], [top - 0.02] * 2, color=INK, linewidth=0.7)
    for line, label, middle in zip(lines, layout.labels, layout.tops, strict=True):
        weight = "bold" if line.bold else "normal"
        left = _EDGE + (_INDENT if line.indent else 0.0)
        first = top + middle + _BASELINE - _LINE * (len(label) - 1) / 2
        for place, part in enumerate(label):
            page.text(left, first + _LINE * place, part, fontsize=_SIZE, fontweight=weight)
        for name, text in line.cells.items():
            page.text(edges[name], top + middle + _BASELINE, text, ha="right", fontsize=_SIZE)
    box = (plot / layout.width, below / height, layout.plot_width / layout.width, layout.height / height)
    axes: Axes = figure.add_axes(box, label="ratios")
    _draw_ratios(axes, lines, layout=layout)
    axes.set_xlabel(f"{words.measure} ({words.interval}), log scale" if layout.plot_width > 2.2 else words.measure)
    if words.favours:
        for text, place, side in zip(words.favours, (-3, 3), ("right", "left"), strict=True):
            axes.annotate(
                f"← {text}" if side == "right" else f"{text} →",
                (1.0, 0.0),
                xycoords=("data", "axes fraction"),
                xytext=(place, -34),
                textcoords="offset points",
                ha=side,
                va="top",
                fontsize=7,
                color=GREY,
                annotation_clip=False,
            )


def _draw_ratios(axes: Axes, lines: Sequence[_Line], *, layout: _Layout) -> None:
    drawn = [
        (line.row, middle)
        for line, middle in zip(lines, layout.tops, strict=True)
        if line.row is not None and not pd.isna(line.row["estimate"])
    ]
    low, high = _limits([row for row, _ in drawn])
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(layout.height, 0)
    axes.axvline(1.0, color=GREY, linewidth=0.8, zorder=1)
    spread = np.array([np.log(row["ci_high"] / row["ci_low"]) for row, _ in drawn])
    weight = (spread.min() / np.maximum(spread, 1e-12)) if spread.min() > 0 else np.ones(spread.size)
    for (row, middle), share in zip(drawn, weight, strict=True):
        colour = PALETTE[0] if row["subgroup"] else INK
        axes.hlines(middle, max(row["ci_low"], low), min(row["ci_high"], high), color=colour, linewidth=1.2, zorder=2)
        for end, limit, mark in ((row["ci_low"], low, "<"), (row["ci_high"], high, ">")):
            outside = end < low or end > high
            at = limit if outside else end
            axes.plot(at, middle, mark if outside else "|", color=colour, markersize=4, clip_on=False, zorder=2)
        shape, size = ("s", 2.5 + 3.5 * float(np.sqrt(share))) if row["subgroup"] else ("D", 5.5)
        axes.plot(row["estimate"], middle, shape, color=colour, markersize=size, zorder=3)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(FixedLocator(ratio_ticks(low, high, most=max(3, int(layout.plot_width * 2.6)))))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:g}"))


def _limits(rows: Sequence[dict[Any, Any]]) -> tuple[float, float]:
    """Leave room for all estimates, and for intervals up to a factor beyond them; 1 always on the axis."""
    estimates = [row["estimate"] for row in rows]
    least, most = min(*estimates, 1.0), max(*estimates, 1.0)
    low = max(min(1.0, *(row["ci_low"] for row in rows)), least / _FARTHEST)
    high = min(max(1.0, *(row["ci_high"] for row in rows)), most * _FARTHEST)
    room = (high / low) ** 0.05 if high > low else 1.5
    return low / room, high * room
