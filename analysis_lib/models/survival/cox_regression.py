"""Cox proportional hazards regression."""

from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ConvergenceError, ModelInputError, SeparationError
from analysis_lib.models.arguments import checked_choice, checked_level, listed
from analysis_lib.models.design import Design, design
from analysis_lib.models.rows.follow_up import SurvivalRows, person_counts, survival_rows
from analysis_lib.models.sums.maximise import LikelihoodAt, maximise
from analysis_lib.models.survival.cox_result import CoxResult, Likelihood
from analysis_lib.models.survival.partial_likelihood import PartialLikelihood, Ties

__all__ = ["cox"]

FloatArray = npt.NDArray[np.float64]

_TIES = {
    "efron": ("Efron", "Efron B. (1977). J. Am. Stat. Assoc. 72(359), 557-565"),
    "breslow": ("Breslow", "Breslow N. (1974). Biometrics 30(1), 89-99"),
}
_COX_1972 = "Cox D. R. (1972). J. R. Stat. Soc. B 34(2), 187-220"
#: A number with this few values is counted by value in `persons`: a table or forest plot shows these groups.
_FEW_VALUES = 2
#: Newton's method needs four to eight steps. Where there is no maximum the gradient dies away all the same, by a factor
#: of e a step, so that after some fifty steps it looks like one.
_MANY_STEPS = 12


def cox(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    covariates: str | Sequence[str],
    ties: Ties = "efron",
    level: float = 0.95,
    labels: Mapping[str, str] | None = None,
) -> CoxResult:
    """Fit a Cox proportional hazards model.

    The partial likelihood [1]_ is maximised by Newton's method; convergence is checked. Where follow-up is measured in
    days, many events are tied, and the handling of ties changes the estimate: Efron's [2]_ is nearer to the exact
    likelihood and R's default, Breslow's [3]_ is what statsmodels and OHDSI's Cyclops use by default.

    Parameters
    ----------
    data : DataFrame
        One row per follow-up. Rows with a missing value in a column named here are left out and counted. A column
        ``subject_id`` or ``person_id``, where there is one, is used to count distinct persons.
    time : str
        Column with the length of follow-up, > 0: numbers in any unit, or timedeltas.
    event : str
        Column that says whether follow-up ended with the event: bool or 0/1.
    covariates : str or sequence of str
        Columns: numbers and bools are one term each; categories and text are coded against their first level.
    ties : {"efron", "breslow"}, default "efron"
        Handling of tied event times.
    level : float, default 0.95
        Coverage of the intervals, in (0, 1).
    labels : mapping of str to str, optional
        What tables and plots write instead of a term's name, such as ``{"treatment": "Celecoxib vs diclofenac"}``.
        Where none is given plots make their own from the column's name and ``data.attrs["units"]``.

    Returns
    -------
    CoxResult
        Estimates, intervals, counts; shows itself as a table, draws itself as a forest plot.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used: unknown column, follow-up not positive, a covariate constant,
        infinite or a combination of others, no events.
    SeparationError
        If the likelihood has no maximum, with the covariates that foretell the events.
    ConvergenceError
        If Newton's method does not arrive.

    References
    ----------
    .. [1] Cox D. R. (1972). Regression models and life-tables. J. R. Stat. Soc. B 34(2), 187-220.
    .. [2] Efron B. (1977). The efficiency of Cox's likelihood function for censored data. J. Am. Stat. Assoc. 72(359),
       557-565.
    .. [3] Breslow N. (1974). Covariance analysis of censored survival data. Biometrics 30(1), 89-99.
    """
    names = [covariates] if isinstance(covariates, str) else list(covariates)
    if not names:
        raise ModelInputError("a Cox model needs a covariate; found none. For one group, use kaplan_meier.")
    checked_choice(ties, "ties", known=get_args(Ties))
    checked_level(level)
    rows = survival_rows(data, time=time, event=event, others=names)
    if not rows.event.any():
        raise ModelInputError(
            f"a Cox model needs events; column '{event}' has none in {rows.event.size:,} rows. Check the outcome's "
            "concept ids and the time at risk."
        )
    covariates_used = design(rows.frame, names)
    labels = dict(labels or {})
    if unknown := [term for term in labels if term not in covariates_used.terms]:
        raise ModelInputError(
            f"labels are for terms of the model; found {listed(unknown)}, known are {listed(covariates_used.terms)}. "
            "Name the terms."
        )
    fitted, llnull = _fit(rows, covariates_used, ties=ties)
    tie_name, tie_source = _TIES[ties]
    index = pd.Index(covariates_used.terms, name="term")
    outer = np.outer(fitted.scale, fitted.scale)
    return CoxResult(
        method=f"Cox partial likelihood, ties by {tie_name}",
        source=f"{_COX_1972}; {tie_source}",
        n=rows.event.size,
        events=int(rows.event.sum()),
        exclusions=rows.exclusions,
        n_excluded=rows.n_excluded,
        persons=_persons(rows, covariates_used, names=names),
        settings={"time": time, "event": event, "covariates": names, "ties": ties, "level": level},
        params=pd.Series(fitted.top.point / fitted.scale, index=index, name="coef"),
        covariance=pd.DataFrame(np.linalg.inv(fitted.top.at.information) / outer, index=index, columns=index),
        llf=fitted.top.at.value,
        llnull=llnull,
        ties=ties,
        level=level,
        levels=covariates_used.levels,
        iterations=fitted.top.iterations,
        labels=labels,
        words=dict(zip(covariates_used.terms, covariates_used.words, strict=True)),
        likelihood=fitted,
    )


def _fit(rows: SurvivalRows, covariates: Design, *, ties: Ties) -> tuple[Likelihood, float]:
    # Standardised covariates make the steps, the tolerances and the tests for separation free of units.
    centre, scale = covariates.values.mean(axis=0), covariates.values.std(axis=0)
    standard = (covariates.values - centre) / scale
    likelihood = PartialLikelihood(standard, time=rows.time, event=rows.event, ties=ties)
    start = np.zeros(standard.shape[1])
    at_zero = likelihood.at(start)
    _refuse_uninformative(at_zero, covariates)
    top = maximise(likelihood.at, start)
    if not top.converged or top.iterations > _MANY_STEPS:
        # First each covariate alone, so that the message names no innocent one.
        _refuse_separated(
            likelihood, covariates, directions=(*np.eye(start.size), *-np.eye(start.size), top.last_step, top.point)
        )
    if not top.converged:
        raise ConvergenceError(
            f"the Cox model did not converge; {top.iterations} steps with {rows.event.size:,} rows, "
            f"{rows.event.sum():,} events and {len(covariates.terms)} terms. "
            "Use fewer covariates, or look for nearly collinear ones."
        )
    return Likelihood(evaluate=likelihood.at, top=top, scale=scale), at_zero.value


def _refuse_uninformative(at_zero: LikelihoodAt, covariates: Design) -> None:
    """Refuse covariates that vary only among people who were never at risk together with an event."""
    information = np.diag(at_zero.information)
    flat = [term for term, value in zip(covariates.terms, information, strict=True) if not value > 1e-12]
    if flat:
        raise ModelInputError(
            f"a covariate must vary among those at risk when events happen; found none of it in {listed(flat)}. Leave "
            "it out, or look at whose follow-up ends before the first event."
        )


def _refuse_separated(likelihood: PartialLikelihood, covariates: Design, *, directions: Sequence[FloatArray]) -> None:
    for direction in directions:
        largest = np.abs(direction).max()
        if not largest > 0 or not likelihood.is_monotone(direction / largest):
            continue
        part = np.abs(direction) / largest > 1e-3
        terms = [term for term, involved in zip(covariates.terms, part, strict=True) if involved]
        raise SeparationError(
            f"there is no finite hazard ratio; {listed(terms)} foretells perfectly who has the event next, as when one "
            "group has no events. Leave it out, merge its groups, or report the events of each group instead."
        )


def _persons(rows: SurvivalRows, covariates: Design, *, names: Sequence[str]) -> dict[str, int]:
    """Count persons by the groups that the covariates make."""
    counts = person_counts(rows)
    for name in names:
        column = rows.frame[name]
        if name in covariates.levels or _has_few_values(column):
            counts |= person_counts(rows, column)
    return counts


def _has_few_values(column: pd.Series) -> bool:
    # A look at the first rows spares the count in a long column of measurements.
    return column.head(1000).nunique() <= _FEW_VALUES and column.nunique() <= _FEW_VALUES
