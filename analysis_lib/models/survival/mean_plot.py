"""Restricted means with their intervals, drawn; apart from the estimates because matplotlib takes a while to load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis_lib.figures import PALETTE, StudyFigure, journal_style, study_figure, wrap_words
from analysis_lib.printed_numbers import format_estimate

if TYPE_CHECKING:
    from collections.abc import Hashable

    from matplotlib.axes import Axes

    from analysis_lib.models.survival.restricted_mean import RestrictedMeanResult

__all__ = ["mean_figure"]

_ROW = 0.36  # inches
_FRAME = 0.75  # inches for the axis and its label
_LONGEST_NAME = 28  # letters, before a name is wrapped


def mean_figure(result: RestrictedMeanResult, *, time_label: str, width: float) -> StudyFigure:
    """Draw the mean of each group with its interval, the numbers written beside it.

    Parameters
    ----------
    result : RestrictedMeanResult
        What to draw.
    time_label : str
        Label of the axis.
    width : float
        Inches.

    Returns
    -------
    StudyFigure
        With the means attached as data.
    """
    table = result.table
    names = ["\n".join(wrap_words(str(group), letters=_LONGEST_NAME)) for group in table["group"]]
    rows = sum(max(1.0, 0.55 * (name.count("\n") + 1)) for name in names)
    height = np.arange(len(table))[::-1]
    with journal_style():
        figure = study_figure(
            width=width,
            height=_FRAME + _ROW * rows,
            data=table,
            alt_text=f"{time_label} until {result.until:g}, with intervals, for {', '.join(table['group'])}.",
        )
        axes: Axes = figure.add_subplot()
        for index, row in enumerate(table.to_dict("records")):
            colour = PALETTE[index % len(PALETTE)]
            axes.plot([row["ci_low"], row["ci_high"]], [height[index]] * 2, color=colour)
            axes.plot([row["ci_low"], row["ci_high"]], [height[index]] * 2, "|", color=colour, markersize=6)
            axes.plot(row["restricted_mean"], height[index], "o", color=colour, markersize=4.5)
        axes.set_ylim(-0.6, len(table) - 0.4)
        axes.set_yticks(height, names)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(f"{time_label} until {result.until:g}")
        numbers = axes.secondary_yaxis("right")
        numbers.set_yticks(height, [_written(row) for row in table.to_dict("records")])
        numbers.tick_params(axis="y", length=0)
        numbers.spines["right"].set_visible(False)
    return figure


def _written(row: dict[Hashable, Any]) -> str:
    mean, low, high = (format_estimate(row[name]) for name in ("restricted_mean", "ci_low", "ci_high"))
    return f"{mean} ({low} to {high})"
