"""The flow diagram of a study, drawn in inches so that every word fits its box."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from analysis_lib.figures import GREY, INK, StudyFigure, journal_style, study_figure, wrap_words
from analysis_lib.report.attrition import REMOVED, AttritionTable

__all__ = ["flow_figure"]

_LINE = 0.155  # inches of one line of text
_PADDING = 0.16
_GAP = 0.24
_LETTERS_PER_INCH = 15.5
_SIDE = 0.34  # share of a column's width that the boxes of those left out take


@dataclass(frozen=True)
class _Box:
    """One box of the diagram, in inches from the top left."""

    text: str
    left: float
    top: float
    width: float
    height: float


def _wrapped(text: str, width: float) -> list[str]:
    return wrap_words(text, letters=max(12, int(width * _LETTERS_PER_INCH)))


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
    """
    arms = table.arms
    column = width / len(arms)
    steps = [table.frame[table.frame["arm"] == arm].to_dict("records") for arm in arms]
    heading = 0.3 if arms != ("",) else 0.05
    main = column * (1 - _SIDE) - 0.2
    # Boxes of the same step have one height in all arms, so that the arms can be read side by side.
    heights = [
        _PADDING + _LINE * max(len(_wrapped(arm[step]["rule"], main)) + 1 for arm in steps if step < len(arm))
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
        for index, (arm, name) in enumerate(zip(steps, arms, strict=True)):
            left = index * column + 0.08
            if name:
                axes.text(left, top - 0.13, name, fontsize=9, va="center")
            _draw_arm(axes, arm, left=left, top=top, widths=(main, column * _SIDE - 0.1), heights=heights)
    return figure


def _draw_arm(
    axes: Axes,
    steps: Sequence[dict[Any, Any]],
    *,
    left: float,
    top: float,
    widths: tuple[float, float],
    heights: Sequence[float],
) -> None:
    arrow = {"arrowstyle": "-|>", "color": GREY, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 7}
    main, side = widths
    middle = left + main / 2
    for index, (step, height) in enumerate(zip(steps, heights, strict=False)):
        text = "\n".join([*_wrapped(step["rule"], main), f"n = {step['persons']:,}"])
        _draw_box(axes, _Box(text, left, top, main, height), edge=INK)
        below = top + height
        if index + 1 < len(steps):
            axes.annotate("", (middle, below + _GAP), (middle, below), arrowprops=arrow)
            removed = steps[index + 1]["persons_removed"]
            if removed:
                across = below + _GAP / 2
                box = _Box(f"{REMOVED}: {removed:,}", left + main + 0.12, across - 0.13, side, 0.26)
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
