"""Drawing scores and balance; apart because matplotlib takes a while to load."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from analysis_lib.figures import GREY, LINE_STYLES, PALETTE, StudyFigure, journal_style, study_figure, wrap_words

if TYPE_CHECKING:
    from analysis_lib.models.effectiveness.balance import Balance
    from analysis_lib.models.effectiveness.propensity_scores import PropensityScores

__all__ = ["love_figure", "score_figure"]

_ROW = 0.24  # inches of one covariate
_LINE = 0.13  # inches of a further line of its name
_FRAME = 0.95
_LETTERS = 30
_BINS = 50
_BOUND = 0.1


def score_figure(scores: "PropensityScores", *, scale: str, width: float, title: str) -> StudyFigure:
    """Draw the distribution of scores in both arms.

    Parameters
    ----------
    scores : PropensityScores
        What was estimated.
    scale : {"preference", "score"}
        Which score.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        Counts by bin attached.
    """
    value = scores.preference if scale == "preference" else scores.score
    edges = np.linspace(0, 1, _BINS + 1)
    counts = {arm: np.histogram(value[chosen], edges)[0] for arm, chosen in _arms(scores.treated)}
    middles = (edges[:-1] + edges[1:]) / 2
    data = pd.DataFrame({f"{scale}_score": middles, **counts})
    name = "Preference score" if scale == "preference" else "Propensity score"
    with journal_style():
        figure = study_figure(
            width=width, height=2.7, data=data, alt_text=f"Distribution of the {name.lower()} in both arms."
        )
        axes: Axes = figure.add_subplot()
        if scale == "preference":
            axes.axvspan(0.3, 0.7, color=GREY, alpha=0.12, linewidth=0)
            note = f"{100 * scores.equipoise:.0f}% in equipoise"
            axes.text(0.5, 0.98, note, ha="center", va="top", transform=axes.transAxes, fontsize=7.5, color=GREY)
        for number, (arm, count) in enumerate(counts.items()):
            share = 100 * count / max(count.sum(), 1)
            axes.fill_between(middles, share, step="mid", color=PALETTE[number], alpha=0.25, linewidth=0)
            label = f"{arm.capitalize()} (n = {count.sum():,})"
            axes.step(middles, share, where="mid", color=PALETTE[number], linestyle=LINE_STYLES[number], label=label)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.12 * axes.get_ylim()[1])  # room for the words above
        axes.set_xlabel(name)
        axes.set_ylabel("Share of the arm, %")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure


def _arms(treated: npt.NDArray[np.bool_]) -> tuple[tuple[str, npt.NDArray[np.bool_]], ...]:
    return ("treated", treated), ("untreated", ~treated)


def love_figure(balance: "Balance", *, most: int, width: float, title: str) -> StudyFigure:
    """Draw standardised differences before and after: by name for few covariates, else as a scatter.

    Parameters
    ----------
    balance : Balance
        What was compared.
    most : int
        Covariates that are named at most.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        The table attached.
    """
    table = balance.table
    alt = (
        f"Absolute standardised differences of {len(table)} covariates: largest {balance.largest(after=False):.2f} "
        f"before, {balance.largest():.2f} after."
    )
    many = len(table) > most
    lines = max(len(_wrapped(name)) for name in table["covariate"]) if not many else 1
    height = 3.4 if many else _FRAME + (_ROW + _LINE * (lines - 1)) * len(table)
    with journal_style():
        figure = study_figure(width=min(width, 4.2) if many else width, height=height, data=table, alt_text=alt)
        axes: Axes = figure.add_subplot()
        if many:
            _scatter(axes, table)
        else:
            _by_name(axes, table)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure


def _scatter(axes: Axes, table: pd.DataFrame) -> None:
    before, after = table["smd"].abs(), table["smd_after"].abs()
    end = 1.05 * max(float(before.max()), float(after.max()), 2 * _BOUND)
    axes.plot([0, end], [0, end], color=GREY, linewidth=0.7)
    axes.axhline(_BOUND, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)))
    axes.scatter(before, after, s=7, color=PALETTE[0], alpha=0.45, linewidths=0, rasterized=len(table) > 5000)
    axes.set_xlim(0, end)
    axes.set_ylim(0, end)
    axes.set_aspect("equal")
    axes.set_xlabel("Absolute standardised difference before")
    axes.set_ylabel("After")


def _wrapped(name: object) -> list[str]:
    return wrap_words(str(name), letters=_LETTERS)


def _by_name(axes: Axes, table: pd.DataFrame) -> None:
    order = table["smd"].abs().sort_values(kind="stable").index
    shown = table.loc[order]
    height = np.arange(len(shown))
    axes.axvline(_BOUND, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)))
    axes.hlines(height, shown["smd"].abs(), shown["smd_after"].abs(), color=GREY, linewidth=0.5, zorder=1)
    axes.plot(
        shown["smd"].abs(), height, "o", color=PALETTE[1], markersize=4.5, markerfacecolor="white", label="Before"
    )
    axes.plot(shown["smd_after"].abs(), height, "o", color=PALETTE[0], markersize=4.5, label="After")
    axes.set_yticks(height, ["\n".join(_wrapped(name)) for name in shown["covariate"]])
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, None)
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.set_xlabel("Absolute standardised difference")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
