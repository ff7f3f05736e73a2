"""Estimates with their intervals on a plain axis; apart from the results because matplotlib takes a while to load."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis_lib.figures import PALETTE, StudyFigure, journal_style, study_figure, wrap_words
from analysis_lib.tables import format_estimate

__all__ = ["interval_figure"]

_LINE = 0.155  # inches of one line of text
_GAP = 0.115  # inches between two rows
_FRAME = 0.85  # inches for the axis, its label and the heading
_LETTERS_PER_INCH = 5.0  # of a label, which may take a third of the width


def interval_figure(rows: pd.DataFrame, *, measure: str, interval: str, width: float, title: str) -> StudyFigure:
    """Draw estimates with their intervals, one row each, the numbers written beside them.

    Parameters
    ----------
    rows : DataFrame
        ``label``, ``estimate``, ``ci_low``, ``ci_high``, drawn from the top.
    measure : str
        What the estimates are.
    interval : str
        What the limits are.
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
    tall = np.array([len(lines) * _LINE + _GAP for lines in labels])
    height = tall.sum() - np.cumsum(tall) + tall / 2
    alt_text = f"{len(rows)} estimates with their limits: {measure}, {interval}."
    with journal_style():
        figure = study_figure(width=width, height=_FRAME + float(tall.sum()), data=rows, alt_text=alt_text)
        axes: Axes = figure.add_subplot()
        axes.hlines(height, rows["ci_low"], rows["ci_high"], color=PALETTE[0], linewidth=1.4, zorder=2)
        for end in ("ci_low", "ci_high"):
            axes.plot(rows[end], height, "|", color=PALETTE[0], markersize=5, markeredgewidth=1.2, zorder=2)
        axes.plot(rows["estimate"], height, "s", color=PALETTE[0], markersize=5, zorder=3)
        axes.set_ylim(-_GAP, float(tall.sum()) + _LINE + _GAP)
        axes.set_yticks(height, ["\n".join(lines) for lines in labels])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        if rows["ci_low"].min() >= 0:
            axes.set_xlim(left=0)
        axes.set_xlabel(f"{measure} ({interval})")
        _write_numbers(axes, rows, height=height, top=float(tall.sum()) + _LINE / 2)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure


def _write_numbers(axes: Axes, rows: pd.DataFrame, *, height: np.ndarray, top: float) -> None:
    """Put the numbers right of the plot, as an axis of their own so that the layout keeps room for them."""
    beside = axes.secondary_yaxis("right")
    text = ["Estimate (limits)"] + [
        f"{format_estimate(row['estimate'])} ({format_estimate(row['ci_low'])} to {format_estimate(row['ci_high'])})"
        for row in rows.to_dict("records")
    ]
    beside.set_yticks([top, *height], text)
    beside.tick_params(axis="y", length=0)
    beside.spines["right"].set_visible(False)
