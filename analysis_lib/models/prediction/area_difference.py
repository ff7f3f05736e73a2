"""The difference of the areas under two ROC curves of the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_level, columns_by_name, in_percent
from analysis_lib.models.prediction.predicted_rows import PredictedRows, WeightKind, predicted_rows, risk_names
from analysis_lib.models.prediction.prediction_result import PredictionResult
from analysis_lib.models.prediction.ranking import Ranking, clustered_variance
from analysis_lib.models.prediction.roc import SOURCE, RocResult, roc_of
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.source import Data
from analysis_lib.printed_numbers import equation_of_p, format_estimate, format_p

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["AreaDifference", "area_difference"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class AreaDifference(PredictionResult):
    """The difference of two areas under the ROC curve on the same rows.

    Attributes
    ----------
    difference : float
        First less second.
    se : float
        Standard error.
    ci_low, ci_high : float
        Limits of the difference.
    z : float
        Difference over standard error.
    p_value : float
        Two-sided.
    level : float
        Coverage of the intervals.
    risks : tuple of str
        The columns that were compared.
    areas : RocResult
        The area under the curve of each, by the name of its column.
    """

    difference: float
    se: float
    ci_low: float
    ci_high: float
    z: float
    p_value: float
    level: float
    risks: tuple[str, str]
    areas: RocResult

    def to_frame(self) -> pd.DataFrame:
        """Return the areas and their difference as a table.

        Returns
        -------
        DataFrame
            A row for each prediction and one for the difference: ``estimate``, ``se``, ``ci_low``, ``ci_high``, ``z``,
            ``p_value``, the last two for the difference only.
        """
        frame = self.areas.table.set_index("group")[["auroc", "se", "ci_low", "ci_high"]]
        frame = frame.rename(columns={"auroc": "estimate"})
        names = ["difference", "se", "ci_low", "ci_high", "z", "p_value"]
        last = pd.DataFrame([[getattr(self, name) for name in names]], columns=names, index=["difference"])
        return pd.concat([frame, last.rename(columns={"difference": "estimate"})]).rename_axis("of")

    def summary(self) -> ModelSummary:
        """Write the comparison for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = tuple(
            (
                str(name),
                format_estimate(row["estimate"], digits=3),
                f"{format_estimate(row['ci_low'], digits=3)} to {format_estimate(row['ci_high'], digits=3)}",
                "" if name != "difference" else format_p(row["p_value"]),
            )
            for name, row in self.to_frame().iterrows()
        )
        header = ("", "AUROC", f"{in_percent(self.level)} CI", "p")
        return ModelSummary(title="Difference of two areas", header=header, rows=rows, notes=self._notes())

    def plot(self, *, width: float = 3.5, title: str = "") -> "StudyFigure":
        """Draw both curves.

        Parameters
        ----------
        width : float, default 3.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With the points attached as data.
        """
        from analysis_lib.models.prediction.ranking_plot import roc_figure

        return roc_figure(self.areas, width=width, title=title, groups=self.risks)

    def __str__(self) -> str:
        limits = f"{format_estimate(self.ci_low, digits=3)} to {format_estimate(self.ci_high, digits=3)}"
        return f"Difference {format_estimate(self.difference, digits=3)} ({limits}), {equation_of_p(self.p_value)}"


@columns_by_name
def area_difference(
    data: Data,
    *,
    outcome: str,
    risk: Sequence[str],
    weights: str | None = None,
    weight_kind: WeightKind = "frequency",
    level: float = 0.95,
) -> AreaDifference:
    """Compare the areas of two predictions of the same rows by DeLong's test.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per person, as for `roc`; only rows with both risks are used.
    outcome : str
        Column that says who had the outcome.
    risk : sequence of str
        Two columns with predictions.
    weights : str, optional
        Column with weights.
    weight_kind : {"frequency", "sampling"}, default "frequency"
        What a weight says.
    level : float, default 0.95
        Coverage of the interval, in (0, 1).

    Returns
    -------
    AreaDifference
        First area less second.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.
    """
    from scipy.stats import norm

    checked_level(level)
    names = risk_names(risk)
    if len(names) != 2:
        raise ModelInputError(f"two predictions are compared; found {len(names)} in risk=. Name two columns.")
    first = predicted_rows(
        data,
        outcome=outcome,
        risk=names[0],
        also=[names[1]],
        weights=weights,
        weight_kind=weight_kind,
        probabilities=False,
    )
    second = first.with_risk(first.others[names[1]])
    rankings = [Ranking(rows) for rows in (first, second)]
    difference = rankings[0].auroc - rankings[1].auroc
    variance = _variance_of_difference(
        first, rankings[0].placement_of_rows - rankings[1].placement_of_rows, difference=difference
    )
    se = float(np.sqrt(variance))
    z = difference / se if se > 0 else float("nan")
    margin = float(norm.ppf((1 + level) / 2)) * se
    settings = {"outcome": outcome, "risk": list(names), "weights": weights, "weight_kind": weight_kind, "level": level}
    error = "DeLong's" if first.independent else "Obuchowski's clustered"
    return AreaDifference(
        method=f"difference of two areas on the same rows, {error} standard error",
        source=SOURCE,
        **first.described(),
        settings=settings,
        difference=difference,
        se=se,
        ci_low=difference - margin,
        ci_high=difference + margin,
        z=z,
        p_value=2 * float(norm.sf(abs(z))),
        level=level,
        risks=(names[0], names[1]),
        areas=_areas(first, second, names=names, level=level),
    )


def _areas(first: PredictedRows, second: PredictedRows, *, names: Sequence[str], level: float) -> RocResult:
    """Give the area of each prediction under the name of its column."""
    found = [roc_of(rows, level=level) for rows in (first, second)]
    tables, curves = (
        pd.concat(
            [getattr(one, part).assign(group=name) for one, name in zip(found, names, strict=True)], ignore_index=True
        )
        for part in ("table", "curves")
    )
    return replace(found[0], table=tables, curves=curves)


def _variance_of_difference(rows: PredictedRows, placement: FloatArray, *, difference: float) -> float:
    if not rows.independent:
        return clustered_variance(rows, placement - difference)
    total = 0.0
    for inside in (rows.outcome, ~rows.outcome):
        counts = rows.weights[inside]
        size = float(counts.sum())
        if size < 2:
            return float("nan")
        total += float(np.sum(counts * (placement[inside] - difference) ** 2)) / (size * (size - 1))
    return total
