"""The test of proportional hazards, with the movement of each coefficient over time."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.models.survival.cox_regression.fitted import FittedCox
from analysis_lib.models.survival.cox_regression.schoenfeld import (
    Schoenfeld,
    TimeTransform,
    drift_test,
    schoenfeld_residuals,
    transformed_times,
)
from analysis_lib.printed_numbers import format_estimate, format_p

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure
    from analysis_lib.models.survival.cox_regression.cox_result import CoxResult

__all__ = ["ProportionalHazardsResult", "proportional_hazards_test"]

FloatArray = npt.NDArray[np.float64]

_SOURCE = "Grambsch P. M., Therneau T. M. (1994). Biometrika 81(3), 515-526"
_SCALES = {"km": "1 - Kaplan-Meier", "rank": "ranks of time", "identity": "time", "log": "log of time"}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ProportionalHazardsResult(ModelResult):
    """Whether hazard ratios stay the same over time.

    Attributes
    ----------
    table : DataFrame
        One row per term and one, ``GLOBAL``, for all together: ``chi2``, ``df``, ``p_value``.
    moving : DataFrame
        One row per event: ``stratum``, ``time``, ``scale`` (the transformed time), and for each term its scaled
        Schoenfeld residual plus the coefficient: what the coefficient looks like at that time. A term of several
        columns is shown as a multiple of its own part of the linear predictor, so that 1 means no movement.
    variance : DataFrame
        Of the terms in `moving`, times the number of events, where they do not move.
    transform : {"km", "rank", "identity", "log"}
        Scale of time.
    coefficients : dict of str to float
        By term, where they do not move.
    words : dict of str to str
        The terms as `summary` and `plot` have them.
    """

    table: pd.DataFrame
    moving: pd.DataFrame
    variance: pd.DataFrame
    transform: TimeTransform
    coefficients: dict[str, float] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """Return the tests.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def summary(self) -> ModelSummary:
        """Write the tests for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = tuple(
            (
                self.words.get(str(term), str(term)),
                format_estimate(row["chi2"]),
                f"{int(row['df'])}",
                format_p(row["p_value"]),
            )
            for term, row in self.table.iterrows()
        )
        notes = (*self._notes(), "A small p value says that the hazard ratio changes over time; plot() shows how.")
        header = ("Term", "Chi-square", "df", "p")
        return ModelSummary(title="Test of proportional hazards", header=header, rows=rows, notes=notes)

    def plot(
        self, term: str | None = None, *, points: bool = True, width: float = 5.5, title: str = ""
    ) -> "StudyFigure":
        """Draw how coefficients move over time: residuals, a smooth curve through them and its 95% band.

        Parameters
        ----------
        term : str, optional
            The term; all when left out.
        points : bool, default True
            Whether each event is a point. Points show when single persons had the event: leave them out of what is
            released.
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With its data attached.

        Raises
        ------
        ModelInputError
            If the term is unknown.
        """
        from analysis_lib.models.survival.cox_regression.drift_plot import drift_figure

        terms = list(self.variance.index)
        if term is not None and term not in terms:
            raise ModelInputError(f"there is no term '{term}'; found {', '.join(terms)}. Name a term of the model.")
        return drift_figure(self, terms if term is None else [term], points=points, width=width, title=title)


def proportional_hazards_test(model: "CoxResult", transform: TimeTransform) -> ProportionalHazardsResult:
    """Test whether hazards are proportional; see `CoxResult.proportional_hazards`.

    Parameters
    ----------
    model : CoxResult
        The model.
    transform : {"km", "rank", "identity", "log"}
        Scale of time.

    Returns
    -------
    ProportionalHazardsResult
        By term of the formula.

    Raises
    ------
    ModelInputError
        If ties are exact.
    """
    from scipy.stats import chi2

    if model.ties == "exact":
        raise ModelInputError(
            'there is no test of proportional hazards where ties are exact; found ties="exact". Use ties="efron".'
        )
    fit = model.likelihood
    names = list(dict.fromkeys(model.term_of))
    groups = [[place for place, term in enumerate(model.term_of) if term == name] for name in names]
    scale_of_time = transformed_times(fit, transform)
    statistics, information = drift_test(fit, scale_of_time, groups=groups)
    df = np.array([*map(len, groups), len(model.params)])
    found = schoenfeld_residuals(fit)
    moving, variance = _moving(fit, found, information=information, groups=groups)
    sets = fit.likelihood.sets
    frame = pd.DataFrame(moving, columns=names)
    frame.insert(0, "scale", scale_of_time[found.position], allow_duplicates=True)
    frame.insert(0, "time", sets.times[found.position], allow_duplicates=True)
    frame.insert(
        0, "stratum", np.asarray(fit.strata, dtype=object)[sets.stratum[found.position]], allow_duplicates=True
    )
    return ProportionalHazardsResult(
        method=f"score test of a product with {_SCALES[transform]}, after {model.method}",
        source=_SOURCE,
        n=model.n,
        events=model.events,
        exclusions=model.exclusions,
        n_excluded=model.n_excluded,
        persons=model.persons,
        settings={**model.settings, "transform": transform},
        table=pd.DataFrame(
            {"chi2": statistics, "df": df, "p_value": chi2.sf(statistics, df)},
            index=pd.Index([*names, "GLOBAL"], name="term"),
        ),
        moving=frame,
        variance=pd.DataFrame(variance, index=names, columns=names),
        transform=transform,
        coefficients={
            name: float(model.params.iloc[group[0]]) if len(group) == 1 else 1.0
            for name, group in zip(names, groups, strict=True)
        },
        words={
            name: _in_words(name, [model.words.get(str(model.params.index[place]), "") for place in group])
            for name, group in zip(names, groups, strict=True)
        }
        | {"GLOBAL": "GLOBAL"},
    )


def _in_words(name: str, columns: list[str]) -> str:
    """Name a term by its design column in words; one of several levels by the column that they are levels of."""
    if len(columns) == 1:
        return columns[0] or name
    heads = {column.partition(": ")[0] for column in columns if ": " in column and " vs " in column}
    return heads.pop() if len(heads) == 1 else name


def _moving(
    fit: FittedCox, found: Schoenfeld, *, information: FloatArray, groups: list[list[int]]
) -> tuple[FloatArray, FloatArray]:
    """Scale the residuals by the mean variance of the covariates at risk, term by term, as R's `cox.zph` does."""
    point, stratum = fit.top.point, fit.likelihood.sets.stratum[found.position]
    combine = np.zeros((point.size, len(groups)))
    for place, group in enumerate(groups):
        # On the scale of the data: one unit of a covariate, or one unit of the linear predictor of a longer term.
        combine[group, place] = fit.scale[group[0]] if len(group) == 1 else point[group]
    used = _informative(fit, combine)
    events = np.bincount(stratum, minlength=used.shape[0]).astype(np.float64)
    by_coefficient = _informative(fit, np.eye(point.size))
    for group in groups:
        by_coefficient[:, group] = by_coefficient[:, group].any(axis=1, keepdims=True)
    weight = (by_coefficient * events[:, None]).T @ by_coefficient.astype(np.float64)
    mean = combine.T @ (information / np.where(weight == 0, 1.0, weight)) @ combine
    residual = found.residual @ combine
    for s in range(used.shape[0]):
        here, varies = stratum == s, np.flatnonzero(used[s])
        if here.any():
            scaled = np.full((int(here.sum()), len(groups)), np.nan)
            scaled[:, varies] = np.linalg.solve(mean[np.ix_(varies, varies)], residual[np.ix_(here, varies)].T).T
            residual[here] = scaled
    unit = [point[group[0]] / fit.scale[group[0]] if len(group) == 1 else 1.0 for group in groups]
    return np.asarray(residual + np.asarray(unit)), np.asarray(np.linalg.inv(mean))


def _informative(fit: FittedCox, combine: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell in which strata some combinations of covariates vary at all; shape (strata, combinations)."""
    sets = fit.likelihood.sets
    strata, many = len(fit.strata), combine.shape[1]
    if strata == 1:
        return np.ones((1, many), dtype=np.bool_)
    varies = np.zeros((strata, many), dtype=np.bool_)
    low, high = np.full((strata, many), np.inf), np.full((strata, many), -np.inf)
    of_time = sets.stratum
    for row, x in fit.likelihood.rows():
        last = sets.last[row : row + x.shape[1]]
        kept = last >= 0
        values, of = (combine.T @ x)[:, kept].T, of_time[last[kept]]
        np.minimum.at(low, of, values)
        np.maximum.at(high, of, values)
    np.greater(high - low, 1e-12, out=varies)
    return varies
