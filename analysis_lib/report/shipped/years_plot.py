"""Drawing records by year, one small plot for each table; apart because matplotlib takes a while to load."""

import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis_lib.figures import PALETTE, StudyFigure, journal_style, study_figure

__all__ = ["years_figure"]

_COLUMNS = 3
_HEIGHT = 1.35  # inches of one row of plots


def years_figure(frame: pd.DataFrame, *, width: float) -> StudyFigure:
    """Draw counts by year.

    Parameters
    ----------
    frame : DataFrame
        ``table``, ``year``, ``records``.
    width : float
        Inches.

    Returns
    -------
    StudyFigure
        With the frame attached.
    """
    tables = list(dict.fromkeys(frame["table"]))
    rows = max(1, -(-len(tables) // _COLUMNS))
    alt_text = f"Records by year in {len(tables)} tables."
    with journal_style():
        figure = study_figure(width=width, height=0.3 + _HEIGHT * rows, data=frame, alt_text=alt_text)
        for place, table in enumerate(tables):
            axes = figure.add_subplot(rows, _COLUMNS, place + 1)
            own = frame[frame["table"] == table].set_index("year")["records"]
            own = own.reindex(range(int(own.index.min()), int(own.index.max()) + 1))
            axes.plot(own.index, own, color=PALETTE[0], marker="o", markersize=1.8, linewidth=0.9)
            axes.set_title(table.replace("_", " "), loc="left", fontsize=8)
            axes.set_ylim(bottom=0)
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.yaxis.set_major_locator(MaxNLocator(3))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:,.0f}"))
            axes.tick_params(labelsize=6.5)
    return figure
