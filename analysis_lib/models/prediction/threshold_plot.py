"""Net benefit and accuracy over the threshold of risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter

from analysis_lib.figures import GREY, INK, journal_style, study_figure, width_in_letters, wrap_words
from analysis_lib.models.prediction.decision_curve import TREAT_ALL, TREAT_NONE
from analysis_lib.models.prediction.ranking_plot import look_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from analysis_lib.figures import StudyFigure
    from analysis_lib.models.prediction.classification import ClassificationResult
    from analysis_lib.models.prediction.decision_curve import DecisionCurveResult

__all__ = ["classification_figure", "decision_figure", "draw_decision"]

_PLOT = 2.9  # inches
_LINE = 0.15
_LETTER = 0.062
_BAND = 0.15
_LONGEST_BANDS = 2
_WORDS = {"sensitivity": "Sensitivity", "specificity": "Specificity", "ppv": "PPV", "npv": "NPV"}


def decision_figure(
    result: DecisionCurveResult, *, group: str, until: float | None, width: float, title: str
) -> StudyFigure:
    """Draw decision curves.

    Parameters
    ----------
    result : DecisionCurveResult
        Net benefits.
    group : str
        Whose.
    until : float or None
        Highest threshold.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        With what is drawn attached.
    """
    table = _drawn(result, group=group, until=until)
    names = [str(name) for name in table["strategy"].unique()]
    labels = _wrapped(names, width=width)
    columns = _columns(names, width=width)
    rows = -(-len(names) // columns) * max(label.count("\n") + 1 for label in labels.values())
    with journal_style():
        figure = study_figure(
            width=width,
            height=_PLOT + _LINE * rows + 0.1 + 0.25 * bool(title),
            data=table,
            alt_text=f"Net benefit over the threshold of risk: {', '.join(names)}.",
        )
        axes = figure.subplots()
        draw_decision(axes, table, labels=labels)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, handlelength=2.6, borderaxespad=0.2)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure


def draw_decision(axes: Axes, table: pd.DataFrame, *, labels: dict[str, str]) -> None:
    """Draw net benefits into axes.

    Parameters
    ----------
    axes : Axes
        Where.
    table : DataFrame
        Of one group: strategy, threshold, net benefit, limits.
    labels : dict of str to str
        Words by strategy.
    """
    models = [name for name in labels if name not in {TREAT_ALL, TREAT_NONE}]
    for index, name in enumerate(models):
        curve = table[table["strategy"] == name]
        colour, line = look_of(index)
        if len(models) <= _LONGEST_BANDS:
            axes.fill_between(
                curve["threshold"], curve["ci_low"], curve["ci_high"], color=colour, alpha=_BAND, linewidth=0
            )
        axes.plot(curve["threshold"], curve["net_benefit"], color=colour, linestyle=line, label=labels[name])
    everybody = table[table["strategy"] == TREAT_ALL]
    axes.plot(
        everybody["threshold"],
        everybody["net_benefit"],
        color=GREY,
        linewidth=0.9,
        linestyle=(0, (4, 2)),
        label="Treat all",
    )
    axes.axhline(0, color=INK, linewidth=0.9, label="Treat none")
    highest = max(float(table["net_benefit"].max()), float(table.loc[table["strategy"].isin(models), "ci_high"].max()))
    # What lies far below zero helps nobody, and would press the rest into a line.
    axes.set_ylim(-0.15 * highest, 1.05 * highest if highest > 0 else 0.05)
    ends = float(table["threshold"].min()), float(table["threshold"].max())
    axes.set_xlim(*(ends if ends[0] < ends[1] else (0.0, 1.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{100 * value:g}%"))
    axes.set_xlabel("Threshold of risk")
    axes.set_ylabel("Net benefit")


def classification_figure(result: ClassificationResult, *, group: str, width: float, title: str) -> StudyFigure:
    """Draw accuracy over the threshold.

    Parameters
    ----------
    result : ClassificationResult
        Sensitivity, specificity and predictive values.
    group : str
        Whose.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        With the values attached.
    """
    table = result.table[result.table["group"] == group].reset_index(drop=True)
    with journal_style():
        figure = study_figure(
            width=width,
            height=_PLOT + _LINE + 0.1 + 0.25 * bool(title),
            data=table,
            alt_text="Sensitivity, specificity, PPV and NPV over the threshold of risk.",
        )
        axes = figure.subplots()
        for index, (name, words) in enumerate(_WORDS.items()):
            colour, line = look_of(index)
            axes.fill_between(
                table["threshold"], table[f"{name}_low"], table[f"{name}_high"], color=colour, alpha=_BAND, linewidth=0
            )
            marker = "o" if len(table) == 1 else None
            axes.plot(table["threshold"], table[name], color=colour, linestyle=line, label=words, marker=marker)
        axes.set_ylim(-0.02, 1.02)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{100 * value:g}%"))
        axes.set_xlabel("Threshold of risk")
        axes.set_ylabel("Share")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, handlelength=2.6, borderaxespad=0.2)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure


def _drawn(result: DecisionCurveResult, *, group: str, until: float | None) -> pd.DataFrame:
    table = result.table[result.table["group"] == group]
    return (table if until is None else table[table["threshold"] <= until]).reset_index(drop=True)


def _wrapped(names: list[str], *, width: float) -> dict[str, str]:
    letters = max(12, int((width - 1.4) / _LETTER))
    return {name: "\n".join(wrap_words(name, letters=letters)) for name in names}


def _columns(names: list[str], *, width: float) -> int:
    entry = 0.55 + _LETTER * max(width_in_letters(name) for name in names)
    return int(max(1, min(3, (width - 0.7) // entry)))
