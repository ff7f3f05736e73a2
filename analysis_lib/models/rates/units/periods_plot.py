"""Drawing shares over time; apart from the result because matplotlib takes a while to load."""

from typing import TYPE_CHECKING

import numpy as np

from analysis_lib.figures import GREY, INK, PALETTE, StudyFigure, journal_style, study_figure

if TYPE_CHECKING:
    from analysis_lib.models.rates.units.periods import PeriodShares

__all__ = ["periods_figure"]

_MOST_TICKS = 12


def periods_figure(shares: "PeriodShares", *, value_label: str, width: float, title: str) -> StudyFigure:
    """Draw shares by period, in percent.

    Parameters
    ----------
    shares : PeriodShares
        What to draw.
    value_label : str
        Beside the plot.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        With the table attached.
    """
    rows = shares.table.reset_index()
    place = np.arange(len(rows))
    share, low, high = (100 * rows[name].to_numpy(dtype=float) for name in ("share", "limit_low", "limit_high"))
    outside = (share > high) | (share < low)
    alt_text = (
        f"Share by {shares.step} over {len(rows)} periods; {int(outside.sum())} lie outside the 99.8% control limits."
    )
    with journal_style():
        figure = study_figure(width=width, height=0.5 * width, data=rows, alt_text=alt_text)
        axes = figure.add_subplot()
        axes.axhline(100 * shares.centre, color=INK, linewidth=0.9, label="All periods", zorder=1)
        for number, side in enumerate((low, high)):
            label = "99.8% limits" if number == 0 else None
            axes.step(place, side, where="mid", color=GREY, linewidth=0.9, label=label, zorder=1)
        axes.plot(place, share, "-", color=PALETTE[0], marker="o", markersize=3, linewidth=1, zorder=2)
        if outside.any():
            axes.plot(place[outside], share[outside], "D", color=PALETTE[1], markersize=4.5, label="Outside the limits")
        step = max(1, -(-len(rows) // _MOST_TICKS))
        axes.set_xticks(place[::step], rows["period"].iloc[::step], rotation=30, ha="right")
        axes.set_ylim(bottom=0, top=min(103.0, 1.15 * float(np.nanmax([*share, *high, 100 * shares.centre, 1.0]))))
        axes.set_ylabel(value_label)
        axes.legend(loc="upper left", fontsize=7, ncols=3)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure
