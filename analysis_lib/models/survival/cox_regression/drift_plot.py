"""Drawing how coefficients move over time; apart because matplotlib takes a while to load."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from analysis_lib.figures import GREY, PALETTE, StudyFigure, journal_style, study_figure, wrap_words
from analysis_lib.printed_numbers import equation_of_p, format_time

if TYPE_CHECKING:
    from analysis_lib.models.survival.cox_regression.proportional_hazards import ProportionalHazardsResult

__all__ = ["drift_figure"]

FloatArray = npt.NDArray[np.float64]

_KNOTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_POINTS = 60
_HEIGHT = 2.1  # inches of one panel


def drift_figure(
    result: "ProportionalHazardsResult", terms: list[str], *, points: bool, width: float, title: str
) -> StudyFigure:
    """Draw the residuals of each term over time, with a natural spline through them and its 95% band.

    Parameters
    ----------
    result : ProportionalHazardsResult
        The test.
    terms : list of str
        Which terms.
    points : bool
        Whether each event is a point.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        With residuals and curves attached.
    """
    columns = min(len(terms), 2)
    rows = -(-len(terms) // columns)
    curves = {term: _smooth(result, term) for term in terms}
    known = [_points(result, terms)] if points else []
    data = pd.concat([*known, *(curve.assign(term=term) for term, curve in curves.items())])
    alt_text = f"Coefficients over time with smooth curves, for {', '.join(terms)}."
    with journal_style():
        figure = study_figure(width=width, height=_HEIGHT * rows + 0.3, data=data, alt_text=alt_text)
        panels = figure.subplots(rows, columns, squeeze=False)
        for place, term in enumerate(terms):
            _draw(
                panels.flat[place],
                result,
                term=term,
                curve=curves[term],
                points=points,
                letters=round(width * 13 / columns),
            )
        for panel in panels.flat[len(terms) :]:
            panel.set_visible(False)
        figure.supxlabel(_axis_title(result), fontsize=8.5)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure


def _axis_title(result: "ProportionalHazardsResult") -> str:
    scales = {"km": ", spaced by 1 - Kaplan-Meier", "rank": ", spaced by rank", "log": ", log scale", "identity": ""}
    return f"Time{scales[result.transform]}"


def _points(result: "ProportionalHazardsResult", terms: list[str]) -> pd.DataFrame:
    kept = result.moving[["time", "scale", *terms]]
    long = kept.melt(id_vars=["time", "scale"], var_name="term", value_name="coefficient")
    return long.assign(ci_low=np.nan, ci_high=np.nan, kind="event")


def _smooth(result: "ProportionalHazardsResult", term: str) -> pd.DataFrame:
    """Fit a natural cubic spline with four degrees of freedom by least squares, as R's `plot.cox.zph` does."""
    known = result.moving[["scale", "time", term]].dropna()
    x, y = known["scale"].to_numpy(), known[term].to_numpy()
    knots = np.unique(np.quantile(x, _KNOTS))
    at = np.linspace(x.min(), x.max(), _POINTS)
    basis, wanted = _natural_spline(x, knots), _natural_spline(at, knots)
    inverse = np.linalg.pinv(basis.T @ basis)
    middle = wanted @ (inverse @ (basis.T @ y))
    variance = float(result.variance[term].to_numpy()[result.variance.index.get_loc(term)]) * np.einsum(
        "ij,jk,ik->i", wanted, inverse, wanted
    )
    margin = 1.959963984540054 * np.sqrt(variance)
    times = np.interp(at, *_by_scale(known))
    return pd.DataFrame(
        {"time": times, "scale": at, "coefficient": middle, "ci_low": middle - margin, "ci_high": middle + margin}
    ).assign(kind="curve")


def _by_scale(known: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    pairs = known[["scale", "time"]].drop_duplicates("scale").sort_values("scale")
    return pairs["scale"].to_numpy(), pairs["time"].to_numpy()


def _natural_spline(x: FloatArray, knots: FloatArray) -> FloatArray:
    """Lay out a cubic spline that is linear beyond its outer knots (Harrell's restricted cubic spline)."""
    if knots.size < 3:
        return np.column_stack([np.ones_like(x), x])
    span = knots[-1] - knots[0]
    cubes = [np.maximum(x - knot, 0.0) ** 3 for knot in knots]
    last, before = knots[-1], knots[-2]
    columns = [np.ones_like(x), (x - knots[0]) / span]
    for place in range(knots.size - 2):
        knot = knots[place]
        part = (
            cubes[place] - cubes[-2] * (last - knot) / (last - before) + cubes[-1] * (before - knot) / (last - before)
        )
        columns.append(part / span**3)
    return np.column_stack(columns)


def _draw(
    axes: Axes, result: "ProportionalHazardsResult", *, term: str, curve: pd.DataFrame, points: bool, letters: int
) -> None:
    if points:
        axes.plot(result.moving["scale"], result.moving[term], ".", color=GREY, markersize=3, alpha=0.6, zorder=1)
    axes.axhline(result.coefficients[term], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=2)
    axes.fill_between(
        curve["scale"], curve["ci_low"], curve["ci_high"], color=PALETTE[0], alpha=0.2, linewidth=0, zorder=3
    )
    axes.plot(curve["scale"], curve["coefficient"], color=PALETTE[0], linewidth=1.6, zorder=4)
    p = equation_of_p(float(result.table["p_value"].to_dict()[term]))
    axes.set_title("\n".join(wrap_words(f"{result.words.get(term, term)} ({p})", letters=letters)), fontsize=8.5)
    axes.set_ylabel("Coefficient" if result.table.loc[term, "df"] == 1 else "Multiple of its effect")
    scale, times = _by_scale(result.moving[["scale", "time"]])
    wanted = np.linspace(scale[0], scale[-1], 5)
    nearest = np.unique(np.abs(scale[:, None] - wanted).argmin(axis=0))
    axes.set_xticks(scale[nearest], [format_time(float(time)) for time in times[nearest]])
