"""Drawing means by group; apart from the estimate because matplotlib takes a while to load."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis_lib.figures import PALETTE, StudyFigure, journal_style, study_figure, wrap_words
from analysis_lib.models.arguments import in_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["means_figure"]

_ROW = 0.27  # inches
_FRAME = 0.6
_LETTERS = 28


def means_figure(rows: pd.DataFrame, *, response: str, by: str, level: float, width: float = 5.0) -> StudyFigure:
    """Draw the mean of each group with its interval.

    Parameters
    ----------
    rows : DataFrame
        ``group``, ``mean``, ``ci_low``, ``ci_high``, drawn from the top.
    response : str
        What the means are of.
    by : str
        What the groups are.
    level : float
        Coverage of the intervals.
    width : float, default 5.0
        Inches.

    Returns
    -------
    StudyFigure
        With `rows` attached.
    """
    labels = ["\n".join(wrap_words(str(label), letters=_LETTERS)) for label in rows["group"]]
    lines = sum(label.count("\n") + 1 for label in labels)
    interval = f"{in_percent(level)} CI"
    alt_text = f"Mean of {response} with {interval} in {len(rows)} groups of {by}."
    with journal_style():
        figure = study_figure(width=width, height=_FRAME + _ROW * lines, data=rows, alt_text=alt_text)
        axes: Axes = figure.add_subplot()
        height = np.arange(len(rows))[::-1]
        axes.hlines(height, rows["ci_low"], rows["ci_high"], color=PALETTE[0], linewidth=1.4)
        axes.plot(rows["mean"], height, "s", color=PALETTE[0], markersize=5)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.set_yticks(height, labels)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("\n".join(wrap_words(f"Mean of {response} ({interval})", letters=60)))
        axes.set_ylabel("\n".join(wrap_words(by, letters=_LETTERS)))
    return figure
