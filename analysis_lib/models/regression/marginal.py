"""Average marginal effects: what a change of one column does to the mean, averaged over rows."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_columns, checked_level
from analysis_lib.models.regression.coefficients import CoefficientResult
from analysis_lib.models.rows import Data, open_rows
from analysis_lib.models.rows.column_facts import plain_column
from analysis_lib.tables import column_in_words

if TYPE_CHECKING:
    from analysis_lib.models.regression.glm_result import GlmResult

__all__ = ["average_effects"]

FloatArray = npt.NDArray[np.float64]
#: Relative to the range of a column: the step at which rounding and curvature cost a slope the same few digits.
STEP = 3e-6


def average_effects(
    result: "GlmResult", data: Data, *, variables: Sequence[str] | None, level: float
) -> CoefficientResult:
    """Average the effects of columns over rows.

    Parameters
    ----------
    result : GlmResult
        The model.
    data : DataFrame, Dask frame, Features or path
        Rows to average over.
    variables : sequence of str or None
        Columns; None takes all of the right side.
    level : float
        Coverage of the intervals.

    Returns
    -------
    CoefficientResult
        On the scale of the mean.

    Raises
    ------
    ModelInputError
        If a column is not there, or no row is complete.
    """
    checked_level(level)
    rows, facts = open_rows(data), result.plan.facts.columns
    needed = list(facts)
    chosen = needed if variables is None else checked_columns(variables, needed)
    counting = _counting_columns(result)
    checked_columns([*needed, *counting], rows.columns)
    changes = [change for name in chosen for change in _changes(result, name, unit=rows.units.get(name, "1"))]
    totals, n, size, found = [np.zeros(1 + len(result.terms)) for _ in changes], 0, 0.0, 0
    for frame in rows.read([*dict.fromkeys([*needed, *counting])]):
        present = frame.notna().all(axis=1)
        complete = pd.DataFrame({name: plain_column(frame.loc[present, name]) for name in needed})
        counts = frame.loc[present, counting].to_numpy(dtype=np.float64).prod(axis=1)
        found += len(frame)
        n += len(complete)
        size += float(counts.sum())
        for index, (_, _, make) in enumerate(changes):
            totals[index] += make(complete) @ counts
    if not size:
        raise ModelInputError(
            f"effects are averaged over rows; found none among {found:,} that is complete and counts. Give the rows of "
            "the fit, or others with all columns of the model."
        )
    averages = np.array(totals).reshape(len(changes), -1) / size
    jacobian = averages[:, 1:]
    return CoefficientResult(
        method=f"Average marginal effects on the mean; {result.method[0].lower()}{result.method[1:]}",
        source="Searle S. R., Speed F. M., Milliken G. A. (1980). Am. Stat. 34(4), 216-221; errors by the delta method",
        n=n,
        events=result.events,
        exclusions=result.exclusions,
        n_excluded=result.n_excluded,
        persons=result.persons,
        settings={**result.settings, "variables": tuple(chosen)},
        weight_sums={f"weights {' times '.join(counting)}": size} if counting else {},
        terms=tuple(term for term, _, _ in changes),
        words=tuple(words for _, words, _ in changes),
        estimates=averages[:, 0],
        covariance=jacobian @ result.covariance @ jacobian.T,
        level=level,
        measure="",
        errors=f"{result.errors}, by the delta method",
        df_errors=result.df_errors,
        levels={name: levels for name, levels in result.levels.items() if name in chosen},
        title="Average marginal effects",
        estimate="Effect on the mean",
    )


def _counting_columns(result: "GlmResult") -> list[str]:
    """Name the columns that say how many others a row stands or speaks for; precision weights say nothing of it."""
    weighting = result.weighting
    found = [weighting.frequency, weighting.weights if weighting.sampling else None]
    return [name for name in found if name]


def _changes(
    result: "GlmResult", name: str, *, unit: str
) -> list[tuple[str, str, Callable[[pd.DataFrame], FloatArray]]]:
    facts = result.plan.facts.columns[name]
    words = column_in_words(name, unit)
    if facts.levels:
        first, *others = list(facts.levels)
        return [
            (f"{name}[{other} - {first}]", f"{words}: {other} vs {first}", _Difference(result, name, first, other))
            for other in others
        ]
    if facts.dtype == "bool":
        return [(name, f"{words}: true vs false", _Difference(result, name, False, True))]
    return [(name, f"{words}, slope", _Slope(result, name))]


class _Difference:
    """The difference of the mean between two values of a column, with its derivative in the coefficients."""

    def __init__(self, result: "GlmResult", name: str, *values: Any) -> None:
        self.result, self.name, self.values = result, name, values

    def __call__(self, frame: pd.DataFrame) -> FloatArray:
        low, high = (_means(self.result, self._set(frame, value)) for value in self.values)
        return np.asarray(high - low)

    def _set(self, frame: pd.DataFrame, value: Any) -> pd.DataFrame:
        column = frame[self.name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            return frame.assign(**{self.name: pd.Categorical([value] * len(frame), dtype=column.dtype)})
        return frame.assign(**{self.name: pd.Series(value, index=frame.index, dtype=column.dtype)})


class _Slope:
    """The slope of the mean in a column, with its derivative in the coefficients, by central differences."""

    def __init__(self, result: "GlmResult", name: str) -> None:
        self.result, self.name = result, name
        facts = result.plan.facts.columns[name]
        self.low, self.high = facts.smallest, facts.largest

    def __call__(self, frame: pd.DataFrame) -> FloatArray:
        # A spline is not defined beyond the range it was fitted on, so the step stays inside.
        values = frame[self.name].to_numpy(dtype=np.float64)
        step = STEP * (self.high - self.low)
        below, above = values - step, values + step
        inside = (values >= self.low) & (values <= self.high)
        below, above = (
            np.where(inside, np.maximum(below, self.low), below),
            np.where(inside, np.minimum(above, self.high), above),
        )
        ends = [_means(self.result, frame.assign(**{self.name: end})) for end in (below, above)]
        return np.asarray((ends[1] - ends[0]) / (above - below))


def _means(result: "GlmResult", frame: pd.DataFrame) -> FloatArray:
    """Give the means of rows, and below them their derivatives in the coefficients; shape (1 + p, n)."""
    if frame.empty:
        return np.zeros((1 + len(result.terms), 0))
    x = result.plan.prepare(frame, complete=True, response=False).matrix()
    eta = result.estimates @ x
    return np.vstack([result.link_function.mean(eta), result.link_function.slope(eta) * x])
