"""The forest plot: estimates with their intervals, on a logarithmic axis, the numbers written beside them."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["forest_plot"]


def forest_plot(
    data: pd.DataFrame,
    *,
    measure: str = "Hazard ratio",
    interval: str = "95% CI",
    ratios: bool = True,
    width: float = 5.5,
    title: str = "",
) -> "StudyFigure":
    """Draw ratios, or differences, with their intervals.

    Parameters
    ----------
    data : DataFrame
        One row per estimate, drawn from the top: ``label``, ``estimate``, ``ci_low``, ``ci_high``; ratios
        are > 0.
    measure : str, default "Hazard ratio"
        What the estimates are.
    interval : str, default "95% CI"
        What the limits are.
    ratios : bool, default True
        Whether the axis is logarithmic with its line at 1; False makes it linear, with a line at 0 where that lies
        inside.
    width : float, default 5.5
        Inches.
    title : str, optional
        Above the plot.

    Returns
    -------
    StudyFigure
        With `data` attached.

    Raises
    ------
    ModelInputError
        If a column is missing, there are no rows, or a ratio is not positive.
    """
    from analysis_lib.models.forest_drawing import forest_figure

    rows = _checked_rows(data, ratios=ratios)
    return forest_figure(rows, measure=measure, interval=interval, ratios=ratios, width=width, title=title)


def _checked_rows(data: pd.DataFrame, *, ratios: bool) -> pd.DataFrame:
    wanted = ["label", "estimate", "ci_low", "ci_high"]
    lacking = [name for name in wanted if name not in data.columns]
    if lacking or data.empty:
        raise ModelInputError(
            f"a forest plot needs the columns {', '.join(wanted)}; found {', '.join(map(str, data.columns))} in "
            f"{len(data)} rows. Rename the columns, or pass result.to_frame()."
        )
    numbers = data[wanted[1:]].to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all() and not ratios:
        raise ModelInputError(
            f"a forest plot needs finite numbers; found {int((~np.isfinite(numbers)).sum())} that are not. Leave out "
            "what could not be estimated."
        )
    if ratios and not (np.isfinite(numbers) & (numbers > 0)).all():
        raise ModelInputError(
            f"a forest plot has a logarithmic axis; found {int((~(numbers > 0)).sum())} numbers that are not "
            "positive or not finite. Pass ratios, not their logarithms, and leave out what could not be estimated."
        )
    return data[wanted].reset_index(drop=True)
