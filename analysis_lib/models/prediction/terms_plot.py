"""The terms of a risk model, the largest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis_lib.figures import GREY, PALETTE, journal_style, study_figure, wrap_words

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure
    from analysis_lib.models.prediction.trained_model import RiskModel

__all__ = ["terms_figure"]

_ROW = 0.2  # inches
_LINE = 0.13
_FOOT = 0.6
_LONGEST = 34  # letters


def terms_figure(model: RiskModel, *, most: int, width: float, title: str) -> StudyFigure:
    """Draw the largest terms of a model.

    Parameters
    ----------
    model : RiskModel
        With coefficients or importances.
    most : int
        How many terms.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        With the terms attached.
    """
    terms = model.to_frame()
    terms = terms[terms["term"] != "Intercept"]
    value = str(terms.columns[1])
    order = terms[value].abs().sort_values(ascending=False, kind="stable").index
    shown = terms.loc[order].head(most).reset_index(drop=True)
    in_words = model.preparation.words()
    labels = ["\n".join(wrap_words(in_words.get(str(term), str(term)), letters=_LONGEST)) for term in shown["term"]]
    lines = sum(label.count("\n") for label in labels)
    words = {
        "penalised": "Log odds ratio per unit" if model.horizon is None else "Log hazard ratio per unit",
        "cox": "Log hazard ratio per unit",
        "boosting": "Share of the gain of all splits",
    }[model.kind]
    with journal_style():
        figure = study_figure(
            width=width,
            height=_FOOT + _ROW * max(len(shown), 1) + _LINE * lines + 0.25 * bool(title),
            data=shown,
            alt_text=f"{words} of the {len(shown)} largest terms.",
        )
        axes = figure.subplots()
        height = np.arange(len(shown))[::-1]
        axes.hlines(height, 0, shown[value], color=PALETTE[0], linewidth=1.2)
        axes.plot(shown[value], height, "o", color=PALETTE[0], markersize=4)
        axes.axvline(0, color=GREY, linewidth=0.7)
        axes.set_yticks(height, labels)
        axes.set_ylim(-0.7, max(len(shown), 1) - 0.3)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(words)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure
