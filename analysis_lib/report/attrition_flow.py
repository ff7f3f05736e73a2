"""The flow diagram of a study, drawn in inches so that every word fits its box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from analysis_lib.errors import ModelInputError
from analysis_lib.figures import GREY, INK, StudyFigure, journal_style, study_figure, width_in_letters, wrap_words
from analysis_lib.report.attrition import REMOVED, AttritionTable

__all__ = ["flow_figure"]

_LINE = 0.155  # inches of one line of text
_PADDING = 0.16
_GAP = 0.24
_LETTERS_PER_INCH = 15.5
_HEADING_LETTERS_PER_INCH = 12.5
_SIDE = 0.34  # share of a column's width that the boxes of those left out take, if their words fit
_EDGE = 0.08
_BETWEEN = 0.12  # a box and the one beside it
_LEAST = 0.8  # width of a box that can still be read


@dataclass(frozen=True)
class _Box:
    """One box of the diagram, in inches from the top left."""

    text: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class _Widths:
    """Widths in inches of what stands in one arm's column."""

    column: float
    main: float
    side: float


def _wrapped(text: str, width: float) -> list[str]:
    return wrap_words(text, letters=max(6, int(width * _LETTERS_PER_INCH)))


def _left_out(persons: int) -> str:
    return f"{REMOVED}: {persons:,}"


def _widths(table: AttritionTable, column: float) -> _Widths:
    """Give those left out as much of the column as their longest word needs."""
    words = [word for removed in table.frame["persons_removed"] for word in _left_out(int(removed)).split()]
    side = max(column * _SIDE - 0.1, max(map(width_in_letters, words)) / _LETTERS_PER_INCH + 0.12)
    main = column - side - 2 * _EDGE - _BETWEEN
    if main < _LEAST:
        raise ModelInputError(
            f"a flow diagram of {len(table.arms)} arms needs more room than {column * len(table.arms):g} inches. Make "
            "it wider, or draw the arms one by one."
        )
    return _Widths(column, main, side)


def flow_figure(table: AttritionTable, *, width: float, title: str) -> StudyFigure:
    """Draw the steps from top to bottom, the arms side by side, those left out beside the step that lost them.

    Parameters
    ----------
    table : AttritionTable
        Steps of one or more arms.
    width : float
        Inches.
    title : str
        Above the diagram; empty for none.

    Returns
    -------
    StudyFigure
        With the table attached as data.

    Raises
    ------
    ModelInputError
        If the arms do not fit beside one another.
    """
    arms = table.arms
    widths = _widths(table, width / len(arms))
    steps = [table.frame[table.frame["arm"] == arm].to_dict("records") for arm in arms]
    names = [wrap_words(arm, letters=int((widths.column - 2 * _EDGE) * _HEADING_LETTERS_PER_INCH)) for arm in arms]
    heading = 0.13 + 0.17 * max(map(len, names)) if arms != ("",) else 0.05
    # Boxes of the same step have one height in all arms, so that the arms can be read side by side.
    heights = [
        _PADDING + _LINE * max(len(_wrapped(arm[step]["rule"], widths.main)) + 1 for arm in steps if step < len(arm))
        for step in range(max(map(len, steps)))
    ]
    height = heading + sum(heights) + _GAP * (len(heights) - 1) + 0.1 + (0.3 if title else 0)
    alt_text = f"Flow diagram of {len(heights)} steps; left at the end: " + ", ".join(
        f"{arm[-1]['persons']:,}{' in ' + name if name else ''}" for arm, name in zip(steps, arms, strict=True)
    )
    with journal_style():
        figure = study_figure(width=width, height=height, data=table.to_frame(), alt_text=alt_text)
        figure.set_layout_engine("none")
        axes: Axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.set_axis_off()
        top = heading + (0.3 if title else 0)
        if title:
            axes.text(0.08, 0.2, title, fontsize=9.5, va="center")
        for index, (arm, name) in enumerate(zip(steps, names, strict=True)):
            left = index * widths.column + _EDGE
            axes.text(left, top - 0.09, "\n".join(name), fontsize=9, va="baseline", linespacing=1.2)
            _draw_arm(axes, arm, left=left, top=top, widths=widths, heights=heights)
    return figure


def _draw_arm(
    axes: Axes,
    steps: Sequence[dict[Any, Any]],
    *,
    left: float,
    top: float,
    widths: _Widths,
    heights: Sequence[float],
) -> None:
    arrow = {"arrowstyle": "-|>", "color": GREY, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 7}
    middle = left + widths.main / 2
    for index, (step, height) in enumerate(zip(steps, heights, strict=False)):
        text = "\n".join([*_wrapped(step["rule"], widths.main), f"n = {step['persons']:,}"])
        _draw_box(axes, _Box(text, left, top, widths.main, height), edge=INK)
        below = top + height
        if index + 1 < len(steps):
            axes.annotate("", (middle, below + _GAP), (middle, below), arrowprops=arrow)
            removed = steps[index + 1]["persons_removed"]
            if removed:
                across = below + _GAP / 2
                words = _wrapped(_left_out(removed), widths.side)
                tall = 0.11 + _LINE * len(words)
                box = _Box("\n".join(words), left + widths.main + _BETWEEN, across - tall / 2, widths.side, tall)
                axes.annotate("", (box.left, across), (middle, across), arrowprops=arrow)
                _draw_box(axes, box, edge=GREY)
        top = below + _GAP


def _draw_box(axes: Axes, box: _Box, *, edge: str) -> None:
    patch = FancyBboxPatch(
        (box.left, box.top),
        box.width,
        box.height,
        boxstyle="round,pad=0,rounding_size=0.04",
        facecolor="white",
        edgecolor=edge,
        linewidth=0.8,
    )
    axes.add_patch(patch)
    axes.text(
        box.left + box.width / 2,
        box.top + box.height / 2,
        box.text,
        ha="center",
        va="center",
        fontsize=7.5,
        linespacing=1.3,
    )
