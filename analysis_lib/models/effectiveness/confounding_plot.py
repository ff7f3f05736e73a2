"""Drawing what an unmeasured confounder would have to do; apart because matplotlib takes a while to load."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis_lib.figures import INK, PALETTE, StudyFigure, journal_style, study_figure
from analysis_lib.printed_numbers import format_ratio

if TYPE_CHECKING:
    from analysis_lib.models.effectiveness.e_value import EValue

__all__ = ["confounding_figure"]


def confounding_figure(found: "EValue", *, width: float, title: str) -> StudyFigure:
    """Draw the pairs of risk ratios that would explain an estimate away, and the E-value where both are equal.

    Parameters
    ----------
    found : EValue
        What was computed.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        The curve attached.
    """
    ratio = max(found.risk_ratio, 1 / found.risk_ratio)
    reach = 1 + 3 * (found.estimate - 1) if found.estimate > 1 else 2.0
    # The bias of two ratios a and b is ab / (a + b - 1); where it is the estimate, b = ratio (a - 1) / (a - ratio).
    least = ratio * (reach - 1) / (reach - ratio)
    treatment = np.geomspace(least, reach, 200)
    outcome = ratio * (treatment - 1) / (treatment - ratio) if ratio > 1 else np.ones_like(treatment)
    data = pd.DataFrame({"with_treatment": treatment, "with_outcome": outcome})
    written = format_ratio(found.estimate)
    alt = f"Risk ratios of a confounder with treatment and outcome that explain the estimate; E-value {written}."
    with journal_style():
        figure = study_figure(width=width, height=width, data=data, alt_text=alt)
        axes = figure.add_subplot()
        axes.fill_between(treatment, outcome, reach, color=PALETTE[0], alpha=0.12, linewidth=0)
        axes.plot(treatment, outcome, color=PALETTE[0], linewidth=1.4)
        axes.plot(found.estimate, found.estimate, "o", color=PALETTE[1], markersize=5)
        axes.annotate(
            f"E-value {written}",
            (found.estimate, found.estimate),
            xytext=(6, 6),
            textcoords="offset points",
            color=INK,
            fontsize=8,
        )
        axes.set_xlim(1, reach)
        axes.set_ylim(1, reach)
        axes.set_xlabel("Confounder with treatment, risk ratio")
        axes.set_ylabel("Confounder with outcome, risk ratio")
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure
