"""ROC and precision-recall curves as a journal prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis_lib.figures import GREY, LINE_STYLES, PALETTE, journal_style, study_figure, wrap_words
from analysis_lib.models.prediction.predicted_rows import ALL
from analysis_lib.printed_numbers import format_estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from analysis_lib.figures import StudyFigure
    from analysis_lib.models.prediction.precision_recall import PrecisionRecallResult
    from analysis_lib.models.prediction.roc import RocResult

__all__ = ["draw_precision_recall", "draw_roc", "look_of", "precision_recall_figure", "roc_figure", "shown_groups"]

_LETTER = 0.062  # inches
_LINE = 0.15
_MARGIN = 0.7


def look_of(index: int) -> tuple[str, Any]:
    """Give each curve a colour and a line; past the last colour the lines shift by one.

    Parameters
    ----------
    index : int
        Which curve.

    Returns
    -------
    colour : str
        From the palette.
    line : str or tuple
        matplotlib's line style.
    """
    turn = index // len(PALETTE)
    return PALETTE[index % len(PALETTE)], LINE_STYLES[(index + turn) % len(LINE_STYLES)]


def shown_groups(table: pd.DataFrame) -> list[str]:
    """Choose what is drawn: the groups where there are some, else everybody.

    Parameters
    ----------
    table : DataFrame
        With a column ``group``.

    Returns
    -------
    list of str
        Names.
    """
    groups = [str(group) for group in table["group"].unique()]
    return groups[1:] if len(groups) > 1 else groups


def roc_figure(result: RocResult, *, width: float, title: str, groups: Sequence[str] | None = None) -> StudyFigure:
    """Draw ROC curves.

    Parameters
    ----------
    result : RocResult
        Curves.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.
    groups : sequence of str, optional
        Which curves; those of the groups where there are some, else that of everybody, when left out.

    Returns
    -------
    StudyFigure
        With the points attached.
    """
    labels = _labels(result.table, "auroc", what="AUROC", width=width, groups=groups)
    with journal_style():
        figure = study_figure(
            width=width,
            height=_height(width, labels, title=title),
            data=result.curves[result.curves["group"].isin(list(labels))].reset_index(drop=True),
            alt_text=f"ROC curves. {'; '.join(label.replace(chr(10), ' ') for label in labels.values())}.",
        )
        axes = figure.subplots()
        draw_roc(axes, result, labels=labels)
        _finish(figure, axes, labels=labels, title=title)
    return figure


def precision_recall_figure(result: PrecisionRecallResult, *, width: float, title: str) -> StudyFigure:
    """Draw precision-recall curves.

    Parameters
    ----------
    result : PrecisionRecallResult
        Curves.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        With the points attached.
    """
    labels = _labels(result.table, "average_precision", what="AP", width=width)
    with journal_style():
        figure = study_figure(
            width=width,
            height=_height(width, labels, title=title),
            data=result.curves[result.curves["group"].isin(list(labels))].reset_index(drop=True),
            alt_text=f"Precision-recall curves. {'; '.join(label.replace(chr(10), ' ') for label in labels.values())}.",
        )
        axes = figure.subplots()
        draw_precision_recall(axes, result, labels=labels)
        _finish(figure, axes, labels=labels, title=title)
    return figure


def draw_roc(axes: Axes, result: RocResult, *, labels: dict[str, str]) -> None:
    """Draw ROC curves into axes.

    Parameters
    ----------
    axes : Axes
        Where.
    result : RocResult
        Curves.
    labels : dict of str to str
        Words by group; only these are drawn.
    """
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.7, linestyle=(0, (2, 2)))
    for index, (group, label) in enumerate(labels.items()):
        curve = result.curves[result.curves["group"] == group]
        colour, line = look_of(index)
        axes.plot(1 - curve["specificity"], curve["sensitivity"], color=colour, linestyle=line, label=label)
    _square(axes)
    axes.set_xlabel("1 − specificity")
    axes.set_ylabel("Sensitivity")


def draw_precision_recall(axes: Axes, result: PrecisionRecallResult, *, labels: dict[str, str]) -> None:
    """Draw precision-recall curves into axes, each with its prevalence as a thin line.

    Parameters
    ----------
    axes : Axes
        Where.
    result : PrecisionRecallResult
        Curves.
    labels : dict of str to str
        Words by group; only these are drawn.
    """
    prevalence = result.table.set_index("group")["prevalence"]
    for index, (group, label) in enumerate(labels.items()):
        curve = result.curves[result.curves["group"] == group]
        colour, line = look_of(index)
        axes.axhline(prevalence[group], color=colour if len(labels) > 1 else GREY, linewidth=0.7, linestyle=(0, (2, 2)))
        # Between two points precision is what the next threshold gives: a step, as the area counts it.
        recall = np.concatenate(([0.0], curve["recall"].to_numpy()))
        precision = np.concatenate((curve["precision"].to_numpy()[:1], curve["precision"].to_numpy()))
        axes.step(recall, precision, where="pre", color=colour, linestyle=line, label=label)
    _square(axes)
    axes.set_xlabel("Recall (sensitivity)")
    axes.set_ylabel("Precision (PPV)")


def _square(axes: Axes) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_yticks(np.linspace(0, 1, 6))


def _labels(
    table: pd.DataFrame, measure: str, *, what: str, width: float, groups: Sequence[str] | None = None
) -> dict[str, str]:
    rows = {row["group"]: row for row in table.to_dict("records")}
    letters = max(12, int((width - _MARGIN - 0.5) / _LETTER))
    labels = {}
    for group in shown_groups(table) if groups is None else groups:
        row = rows[group]
        if np.isnan(row[measure]):
            continue
        low, high = (format_estimate(row[name], digits=3) for name in ("ci_low", "ci_high"))
        name = "" if group == ALL else f"{group}: "
        text = f"{name}{what} {format_estimate(row[measure], digits=3)} ({low} to {high})"
        labels[group] = "\n".join(wrap_words(text, letters=letters))
    return labels


def _height(width: float, labels: dict[str, str], *, title: str) -> float:
    lines = sum(label.count("\n") + 1 for label in labels.values())
    return width + _LINE * lines + 0.1 + 0.25 * bool(title)


def _finish(figure: StudyFigure, axes: Axes, *, labels: dict[str, str], title: str) -> None:
    if labels:
        # Above the axes it can hide no curve.
        axes.legend(loc="lower left", bbox_to_anchor=(-0.03, 1), ncols=1, handlelength=2.6, borderaxespad=0.2)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
