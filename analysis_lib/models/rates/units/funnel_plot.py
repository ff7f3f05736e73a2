"""Drawing a funnel; apart from the result because matplotlib takes a while to load."""

import itertools
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from analysis_lib.figures import (
    GREY,
    INK,
    LINE_STYLES,
    PALETTE,
    StudyFigure,
    journal_style,
    study_figure,
    width_in_letters,
)
from analysis_lib.models.arguments import in_percent
from analysis_lib.models.rates.units.overdispersion import widened_limits

if TYPE_CHECKING:
    from analysis_lib.models.rates.units.funnel_result import UnitFunnel

__all__ = ["funnel_figure"]

_POINTS = 240  # along each limit
_MOST_NAMED = 25  # more names than this cannot be told apart
_HEIGHT = 0.76  # of the width
_INSIDE = (0.88, 0.58)  # what the axes have of the width, across and up
_LETTER, _LINE = 3.7, 7.5  # points of a letter and of a line of a name
_BESIDE = ((5, 4), (5, -4), (6, 0))  # where a name may stand, in points
_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


def funnel_figure(
    funnel: "UnitFunnel", *, labels: str, size_label: str, value_label: str, width: float, title: str
) -> StudyFigure:
    """Draw units by size and value, with target and limits.

    Parameters
    ----------
    funnel : UnitFunnel
        What to draw.
    labels : {"outside", "all", "none"}
        Which units are named.
    size_label, value_label : str
        Of the axes; what they are, where empty.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        With the table attached.
    """
    scale = 100.0 if funnel.kind == "proportion" else 1.0
    rows = funnel.table.reset_index()
    numbers = [name for name in rows.columns if name == "value" or name.startswith(("low_", "high_"))]
    drawn = rows.assign(**{name: scale * rows[name] for name in numbers})
    outside = int((rows["position"] != "inside").sum())
    alt_text = f"Funnel plot of {len(rows)} units; {outside} lie outside the {in_percent(funnel.levels[0])} limits."
    with journal_style():
        figure = study_figure(width=width, height=_HEIGHT * width, data=rows, alt_text=alt_text)
        axes: Axes = figure.add_subplot()
        top = _draw_limits(axes, funnel, scale=scale)
        _draw_units(axes, drawn)
        axes.set_xlim(left=0, right=1.06 * float(rows["size"].max()))
        axes.set_ylim(0, min(top, 103.0) if funnel.kind == "proportion" else top)
        axes.set_xlabel(size_label or _size_label(funnel))
        axes.set_ylabel(value_label or _value_label(funnel))
        if labels != "none":
            named = drawn if labels == "all" else drawn[drawn["position"] != "inside"]
            _name_units(axes, named, points=(_INSIDE[0] * width * 72, _INSIDE[1] * width * 72))
        figure.legend(handles=_legend(funnel), loc="outside lower center", ncols=4, fontsize=7)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure


def _size_label(funnel: "UnitFunnel") -> str:
    return {"proportion": "Cases", "rate": "Person-years", "ratio": "Expected events"}[funnel.kind]


def _value_label(funnel: "UnitFunnel") -> str:
    names = {"proportion": "Share with the event, %", "ratio": "Observed / expected"}
    return names.get(funnel.kind, f"Events per {funnel.per:,.0f} person-years")


def _draw_limits(axes: Axes, funnel: "UnitFunnel", *, scale: float) -> float:
    """Draw target and limits; say how high the plot has to reach."""
    largest = 1.06 * float(funnel.table["size"].max())
    smallest = min(float(funnel.table["size"].min()), largest / _POINTS)
    size = np.linspace(smallest, largest, _POINTS)
    if funnel.kind == "proportion":  # of whole cases
        size = np.unique(np.maximum(1.0, np.round(size)))
    for number, level in enumerate(funnel.levels):
        limits = widened_limits(
            size,
            target=funnel.target / funnel.per,
            kind=funnel.kind,
            found=funnel.overdispersion,
            adjustment=funnel.adjustment,
            level=level,
        )
        style = LINE_STYLES[(number + 1) % 3] if number + 1 < len(funnel.levels) else LINE_STYLES[0]
        for side in limits:
            axes.plot(size, scale * funnel.per * side, color=GREY, linewidth=0.9, linestyle=style, zorder=1)
    axes.axhline(scale * funnel.target, color=INK, linewidth=0.9, zorder=1)
    widest = float(funnel.table[f"high_{100 * funnel.levels[-1]:g}"].max())
    return 1.1 * scale * max(float(funnel.table["value"].max()), min(widest, 4 * funnel.target), 1.2 * funnel.target)


def _draw_units(axes: Axes, drawn: pd.DataFrame) -> None:
    for inside, colour, mark in ((True, PALETTE[0], "o"), (False, PALETTE[1], "D")):
        some = drawn[(drawn["position"] == "inside") == inside]
        axes.plot(some["size"], some["value"], mark, color=colour, markersize=4, linestyle="none", zorder=3)


def _name_units(axes: Axes, named: pd.DataFrame, *, points: tuple[float, float]) -> None:
    """Write names beside the marks where there is room, those beyond the limits first; the table has them all."""
    first = named.assign(inside=named["position"] == "inside").sort_values("inside", kind="stable")
    scale = np.array(points) / (axes.get_xlim()[1], axes.get_ylim()[1])
    taken = [
        _box(row["size"] * scale[0], row["value"] * scale[1], width=5, height=5) for row in named.to_dict("records")
    ]
    for row in first.head(_MOST_NAMED).to_dict("records"):
        mark = (row["size"] * scale[0], row["value"] * scale[1])
        wide = _LETTER * width_in_letters(str(row["unit"]))
        for (across, up), side in itertools.product(_BESIDE, _SIDES):
            away = across if side == "left" else -across
            box = _box(mark[0] + away + (wide if side == "left" else -wide) / 2, mark[1] + up, width=wide, height=_LINE)
            if box[0] >= 0 and box[1] <= points[0] and box[2] >= 0 and not any(_meet(box, other) for other in taken):
                taken.append(box)
                axes.annotate(
                    str(row["unit"]),
                    (row["size"], row["value"]),
                    xytext=(away, up),
                    textcoords="offset points",
                    ha=side,
                    va="center",
                    fontsize=6.5,
                    color=INK,
                    zorder=4,
                )
                break


def _box(x: float, y: float, *, width: float, height: float) -> tuple[float, float, float, float]:
    return x - width / 2, x + width / 2, y - height / 2, y + height / 2


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _legend(funnel: "UnitFunnel") -> list[Any]:
    lines = [Line2D([], [], color=INK, linewidth=0.9, label="Target")]
    for number, level in enumerate(funnel.levels):
        style = LINE_STYLES[(number + 1) % 3] if number + 1 < len(funnel.levels) else LINE_STYLES[0]
        lines.append(Line2D([], [], color=GREY, linewidth=0.9, linestyle=style, label=f"{in_percent(level)} limits"))
    if (funnel.table["position"] != "inside").any():
        lines.append(
            Line2D([], [], color=PALETTE[1], marker="D", markersize=4, linestyle="none", label="Outside the limits")
        )
    return lines
