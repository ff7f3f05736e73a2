"""The difference of the areas under two ROC curves of the same rows."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_level
from analysis_lib.models.prediction.predicted_rows import PredictedRows, WeightKind, predicted_rows, risk_names
from analysis_lib.models.prediction.ranking import Ranking, clustered_variance
from analysis_lib.models.rows.source import Data
from analysis_lib.tables import equation_of_p, format_estimate

__all__ = ["AreaDifference", "area_difference"]

FloatArray = npt.NDArray[np.float64]


class AreaDifference(NamedTuple):
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
    """

    difference: float
    se: float
    ci_low: float
    ci_high: float
    z: float
    p_value: float

    def __str__(self) -> str:
        limits = f"{format_estimate(self.ci_low, digits=3)} to {format_estimate(self.ci_high, digits=3)}"
        return f"Difference {format_estimate(self.difference, digits=3)} ({limits}), {equation_of_p(self.p_value)}"


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
    rankings = [Ranking(rows) for rows in (first, first.with_risk(first.others[names[1]]))]
    difference = rankings[0].auroc - rankings[1].auroc
    variance = _variance_of_difference(
        first, rankings[0].placement_of_rows - rankings[1].placement_of_rows, difference=difference
    )
    se = float(np.sqrt(variance))
    z = difference / se if se > 0 else float("nan")
    margin = float(norm.ppf((1 + level) / 2)) * se
    return AreaDifference(difference, se, difference - margin, difference + margin, z, 2 * float(norm.sf(abs(z))))


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
