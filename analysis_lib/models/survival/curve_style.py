"""What a figure of curves shows, and how it is to look; apart from the drawing, which loads matplotlib."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.survival.numbers_at_risk import RiskCounts

__all__ = ["CurveStyle", "Curves", "curve_style"]

MOST_BANDS = 4


@dataclass(frozen=True, kw_only=True)
class CurveStyle:
    """How a figure of curves is drawn.

    Attributes
    ----------
    time_label : str
        Label of the time axis.
    time_divisor : float
        Follow-up is divided by this for the axis.
    ticks : sequence of float or None
        Marks of the axis.
    until : float or None
        End of the axis.
    bands : bool
        Whether to draw the intervals.
    censor_marks : bool
        Whether to mark censored follow-up.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.
    """

    time_label: str
    time_divisor: float
    ticks: Sequence[float] | None
    until: float | None
    bands: bool
    censor_marks: bool
    width: float
    title: str


@dataclass(frozen=True, kw_only=True)
class Curves:
    """What is drawn.

    Attributes
    ----------
    steps : DataFrame
        One row per curve and time: the columns below, ``time``, ``ci_low``, ``ci_high``, and what else is known.
    height : str
        Column that goes up the axis.
    start : float
        Where every curve starts, at time 0.
    label : str
        Label of that axis.
    lines : tuple of str
        Labels of the curves of a panel, in order.
    line_by : str
        Column that tells them apart.
    panels : tuple of str
        Titles of the panels; one without a name where there is one.
    panel_by : str or None
        Column that tells them apart.
    at_risk : RiskCounts
        Counts who is still followed.
    """

    steps: pd.DataFrame
    height: str
    start: float
    label: str
    lines: tuple[str, ...]
    line_by: str = "group"
    panels: tuple[str, ...] = ("",)
    panel_by: str | None = None
    at_risk: RiskCounts

    def of(self, panel: str, line: str) -> pd.DataFrame:
        """Choose the steps of one curve.

        Parameters
        ----------
        panel, line : str
            Its labels.

        Returns
        -------
        DataFrame
            Some rows of `steps`.
        """
        chosen = self.steps[self.line_by] == line
        if self.panel_by is not None:
            chosen &= self.steps[self.panel_by] == panel
        return self.steps[chosen]


def curve_style(
    *,
    time_label: str,
    time_divisor: float,
    ticks: Sequence[float] | None,
    until: float | None,
    bands: bool | None,
    width: float,
    title: str,
    n_curves: int,
    censor_marks: bool = False,
) -> CurveStyle:
    """Check how curves are to be drawn.

    Parameters
    ----------
    time_label : str
        Label of the time axis.
    time_divisor : float
        Follow-up is divided by this for the axis.
    ticks : sequence of float or None
        Marks of the axis.
    until : float or None
        End of the axis.
    bands : bool or None
        Whether to draw the intervals; None for a few curves only.
    width : float
        Inches.
    title : str
        Above the plot.
    n_curves : int
        Curves in a panel.
    censor_marks : bool, default False
        Whether to mark censored follow-up.

    Returns
    -------
    CurveStyle
        For `curve_figure`.

    Raises
    ------
    ModelInputError
        If `until` or `time_divisor` is not positive.
    """
    for name, value in (("until", until), ("time_divisor", time_divisor)):
        if value is not None and not value > 0:
            raise ModelInputError(f"{name} must be > 0; found {value:g}. Give it in the units of the time axis.")
    return CurveStyle(
        time_label=time_label,
        time_divisor=time_divisor,
        ticks=ticks,
        until=until,
        bands=n_curves <= MOST_BANDS if bands is None else bands,
        censor_marks=censor_marks,
        width=width,
        title=title,
    )
