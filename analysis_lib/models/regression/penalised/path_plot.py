"""Drawing the choice of a penalty; apart because matplotlib takes a while to load."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from analysis_lib.figures import GREY, PALETTE, StudyFigure, journal_style, study_figure

if TYPE_CHECKING:
    from analysis_lib.models.regression.penalised.elastic_net_result import ElasticNetResult

__all__ = ["path_figure"]

_HEIGHT = 2.9


def path_figure(result: "ElasticNetResult", *, width: float, title: str) -> StudyFigure:
    """Draw the held-out deviance by penalty, or the explained share of the deviance.

    Parameters
    ----------
    result : ElasticNetResult
        What was fitted.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        With the path attached.
    """
    frame = result.path_frame()
    validated = result.cross_validation
    what = "held-out deviance" if validated is not None else "explained share of the deviance"
    with journal_style():
        figure = study_figure(
            width=width, height=_HEIGHT, data=frame, alt_text=f"The {what} of {len(frame)} penalties."
        )
        axes: Axes = figure.add_subplot()
        axes.set_xscale("log")
        _mark_penalties(axes, frame["lambda"])
        if validated is None:
            axes.plot(frame["lambda"], frame["deviance_ratio"], color=PALETTE[0])
            axes.set_ylabel("Explained share of the deviance")
        else:
            _draw_validation(axes, frame, per="event" if result.family == "cox" else "row")
            for penalty, name, style in (
                (validated.lambda_min, "min", "-"),
                (validated.lambda_1se, "1se", (0, (4, 2))),
            ):
                axes.axvline(penalty, color=GREY, linewidth=0.8, linestyle=style, label=f"lambda.{name} {penalty:.3g}")
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1.2), ncols=3, borderaxespad=0.2)
        axes.set_xlabel("Penalty lambda, log scale (selection grows to the left)")
        _count_terms(axes, frame)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure


def _mark_penalties(axes: Axes, penalties: pd.Series) -> None:
    """Mark round numbers in plain digits, as many as have room."""
    decades = float(np.log10(penalties.max() / penalties.min())) if len(penalties) > 1 else 0.0
    between = (1.0,) if decades > 3 else (1.0, 3.0) if decades > 1.5 else (1.0, 2.0, 5.0)
    axes.xaxis.set_major_locator(LogLocator(subs=between, numticks=15))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:g}"))


def _draw_validation(axes: Axes, frame: pd.DataFrame, *, per: str) -> None:
    known = frame.dropna()
    low, high = known["deviance"] - known["se"], known["deviance"] + known["se"]
    axes.fill_between(known["lambda"], low, high, color=PALETTE[0], alpha=0.2, linewidth=0, label="± 1 standard error")
    axes.plot(known["lambda"], known["deviance"], color=PALETTE[0])
    axes.set_ylabel(f"Held-out deviance, mean per {per}")


def _count_terms(axes: Axes, frame: pd.DataFrame) -> None:
    """Write above the plot how many terms are selected."""
    shown = frame.iloc[np.unique(np.linspace(0, len(frame) - 1, 7).astype(int))]
    above = axes.secondary_xaxis("top")
    above.set_xticks(shown["lambda"].to_numpy(), [f"{n:,}" for n in shown["n_terms"]], minor=False)
    above.set_xticks([], minor=True)
    above.tick_params(length=2)
    above.set_xlabel("Terms selected", fontsize=7.5, color=GREY)
