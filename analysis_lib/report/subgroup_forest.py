"""The forest plot of subgroups: one estimate a line below headings, with counts and tests of interaction beside it."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import listed

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["subgroup_forest"]

_NEEDED = ("subgroup", "label", "estimate", "ci_low", "ci_high")
_OPTIONAL = ("n", "events", "p_interaction")


def subgroup_forest(
    data: pd.DataFrame,
    *,
    measure: str = "Hazard ratio",
    interval: str = "95% CI",
    favours: tuple[str, str] | None = None,
    width: float = 7.2,
    title: str = "",
) -> "StudyFigure":
    """Draw the ratios of subgroups with their intervals, below a heading for each variable.

    Squares grow with the precision of the estimate; a line without a heading, such as that of everybody, is drawn as a
    diamond. Intervals that leave the axis end in an arrow. Whether subgroups differ is told by the test of interaction,
    not by whether one interval holds 1 and another does not.

    Parameters
    ----------
    data : DataFrame
        One row per estimate, drawn from the top: ``subgroup`` (the heading; empty for none), ``label``, ``estimate``,
        ``ci_low``, ``ci_high``, ratios > 0, or all three missing where there is no estimate; optional ``n``,
        ``events``, and ``p_interaction``, of which the first of each heading is shown.
    measure : str, default "Hazard ratio"
        What the estimates are.
    interval : str, default "95% CI"
        What the limits are.
    favours : tuple of str, optional
        What is written below the axis left and right of 1.
    width : float, default 7.2
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
        If a column is missing, there are no rows, a number is not positive, limits do not enclose their estimate, or
        the figure is too narrow for its columns.
    """
    from analysis_lib.report.subgroup_forest_drawing import ForestWords, forest_of_subgroups

    words = ForestWords(measure=measure, interval=interval, favours=favours, title=title)
    return forest_of_subgroups(_checked(data), words=words, width=width)


def _checked(data: pd.DataFrame) -> pd.DataFrame:
    if lacking := [name for name in _NEEDED if name not in data.columns]:
        raise ModelInputError(
            f"a forest plot of subgroups needs the columns {listed(_NEEDED)}; {listed(lacking)} not found. "
            "Rename the columns."
        )
    if data.empty:
        raise ModelInputError("a forest plot needs an estimate; found 0 rows. Give one row per subgroup.")
    rows = data[[*_NEEDED, *(name for name in _OPTIONAL if name in data.columns)]].reset_index(drop=True)
    numbers = rows[["ci_low", "estimate", "ci_high"]].to_numpy(dtype=np.float64, na_value=np.nan)
    given = ~np.isnan(numbers).all(axis=1)
    if not given.any():
        raise ModelInputError("a forest plot needs an estimate; found none. Leave the figure out.")
    wrong = ~(np.isfinite(numbers) & (numbers > 0)).all(axis=1) | ~(np.diff(numbers) >= 0).all(axis=1)
    if n_wrong := int((wrong & given).sum()):
        raise ModelInputError(
            f"ratios must be positive and finite, with limits on both sides; found {n_wrong} rows that are not. Pass "
            "ratios, not their logarithms, and leave all three missing where nothing could be estimated."
        )
    return rows.assign(subgroup=rows["subgroup"].fillna("").astype(str), label=rows["label"].astype(str))
