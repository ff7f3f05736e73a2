"""Sorted p values against their rank; apart from the result because matplotlib takes a while to load."""

import numpy as np
import pandas as pd

from analysis_lib.figures import GREY, PALETTE, StudyFigure, journal_style, study_figure

__all__ = ["p_value_figure"]


def p_value_figure(table: pd.DataFrame, *, alpha: float, width: float, title: str) -> StudyFigure:
    """Draw p values and adjusted ones by rank.

    Parameters
    ----------
    table : DataFrame
        ``p_value`` and ``adjusted``, one row per test.
    alpha : float
        Where the line is drawn.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        With the sorted table attached.
    """
    rows = table.sort_values("p_value", kind="stable").rename_axis("test").reset_index()
    rows.insert(1, "rank", np.arange(1, len(rows) + 1))
    alt_text = f"{len(rows)} p values by rank, before and after adjustment, and the line at {alpha:g}."
    with journal_style():
        figure = study_figure(width=width, height=0.75 * width, data=rows, alt_text=alt_text)
        axes = figure.add_subplot()
        axes.axhline(alpha, color=GREY, linewidth=0.8)
        axes.plot(rows["rank"], rows["p_value"], "o", color=PALETTE[0], markersize=3.5, label="p value")
        axes.plot(rows["rank"], rows["adjusted"], "s", color=PALETTE[1], markersize=3.5, label="Adjusted")
        axes.set_xlabel("Rank of the test")
        axes.set_ylabel("p value")
        axes.set_ylim(-0.02, 1.02)
        axes.legend(loc="best")
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure
