"""Cox proportional hazards regression."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ConvergenceError, ModelInputError, SeparationError
from analysis_lib.figures import StudyFigure
from analysis_lib.models.arguments import checked_choice, checked_level, listed
from analysis_lib.models.design import Design, design
from analysis_lib.models.forest import forest_plot
from analysis_lib.models.maximise import Maximum, maximise, profile_limit
from analysis_lib.models.partial_likelihood import LikelihoodAt, PartialLikelihood, Ties
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.models.survival_data import SurvivalRows, person_counts, survival_rows
from analysis_lib.tables import format_estimate, format_p

__all__ = ["CoxResult", "cox"]

FloatArray = npt.NDArray[np.float64]
IntervalKind = Literal["wald", "profile"]

_TIES = {
    "efron": ("Efron", "Efron B. (1977). J. Am. Stat. Assoc. 72(359), 557-565"),
    "breslow": ("Breslow", "Breslow N. (1974). Biometrics 30(1), 89-99"),
}
_COX_1972 = "Cox D. R. (1972). J. R. Stat. Soc. B 34(2), 187-220"
_INTERVALS = {"wald": "Wald", "profile": "profile likelihood"}
#: A number with this few values is counted by value in `persons`: a table or forest plot shows these groups.
_FEW_VALUES = 2


@dataclass(frozen=True)
class Likelihood:
    """The fitted likelihood on the scale of the data, kept for profiling.

    Attributes
    ----------
    evaluate : callable
        The log partial likelihood of the standardised covariates.
    top : Maximum
        Its maximum.
    scale : ndarray of float64, shape (p,)
        Standard deviation of each covariate.
    """

    evaluate: Callable[[FloatArray], LikelihoodAt]
    top: Maximum
    scale: FloatArray


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CoxResult(ModelResult):
    """A fitted Cox model; names are statsmodels' where it has them.

    Attributes
    ----------
    params : Series
        Log hazard ratios, by term.
    covariance : DataFrame
        Inverse of the observed information.
    llf, llnull : float
        Log partial likelihood at the estimate, and with all coefficients zero.
    ties : {"efron", "breslow"}
        How tied event times were handled.
    level : float
        Coverage of the intervals unless another is asked for.
    levels : dict of str to tuple of str
        For each category its levels; the first is the reference.
    iterations : int
        Newton steps to the maximum.
    """

    params: pd.Series
    covariance: pd.DataFrame
    llf: float
    llnull: float
    ties: Ties
    level: float
    levels: dict[str, tuple[str, ...]]
    iterations: int
    likelihood: Likelihood = field(repr=False)

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors of `params`."""
        return pd.Series(np.sqrt(np.diag(self.covariance)), index=self.params.index, name="se")

    @cached_property
    def pvalues(self) -> pd.Series:
        """Two-sided p values of the Wald test that a coefficient is zero."""
        from scipy.stats import norm

        z = self.params / self.bse
        return pd.Series(2 * norm.sf(np.abs(z)), index=self.params.index, name="p_value")

    @property
    def hazard_ratios(self) -> pd.Series:
        """Hazard ratios: exp of `params`."""
        return pd.Series(np.exp(self.params), name="hazard_ratio")

    def conf_int(self, kind: IntervalKind = "wald", *, level: float | None = None) -> pd.DataFrame:
        """Confidence limits of the log hazard ratios.

        Parameters
        ----------
        kind : {"wald", "profile"}, default "wald"
            ``wald`` is estimate ± z * se. ``profile`` holds the values that a likelihood ratio test at 1 - `level`
            would not reject, all other coefficients maximised again at each: exact, not interpolated, and not
            symmetric.
        level : float, optional
            Coverage in (0, 1); the model's own when left out.

        Returns
        -------
        DataFrame
            Columns ``ci_low`` and ``ci_high``, one row per term, on the scale of `params`.

        Raises
        ------
        ConvergenceError
            If a profile limit is not found.
        """
        from scipy.stats import chi2, norm

        level = checked_level(self.level if level is None else level)
        checked_choice(kind, "kind", known=tuple(_INTERVALS))
        margin = norm.ppf((1 + level) / 2) * self.bse
        wald = pd.DataFrame({"ci_low": self.params - margin, "ci_high": self.params + margin})
        if kind == "wald":
            return wald
        drop = float(chi2.ppf(level, df=1)) / 2
        scale = self.likelihood.scale
        limits = np.array(
            [
                [self._profile_limit(index, guess=guess * scale[index], drop=drop) / scale[index] for guess in row]
                for index, row in enumerate(wald.to_numpy())
            ]
        )
        return pd.DataFrame(limits, index=wald.index, columns=wald.columns)

    def _profile_limit(self, index: int, *, guess: float, drop: float) -> float:
        kept = self.likelihood
        limit = profile_limit(kept.evaluate, kept.top, index=index, first_guess=guess, drop=drop)
        if limit is None:
            raise ConvergenceError(
                f"the profile likelihood limit was not found; term '{self.params.index[index]}' may rest on very few "
                "events. Use the Wald interval, or fewer covariates."
            )
        return limit

    def to_frame(self, *, ci: IntervalKind = "wald") -> pd.DataFrame:
        """Return the estimates as a table.

        Parameters
        ----------
        ci : {"wald", "profile"}, default "wald"
            Kind of interval.

        Returns
        -------
        DataFrame
            One row per term: ``coef`` (log hazard ratio), ``se``, ``z``, ``p_value``, ``hazard_ratio``, and the hazard
            ratio's limits ``ci_low`` and ``ci_high``.
        """
        limits = np.exp(self.conf_int(ci))
        return pd.DataFrame(
            {
                "coef": self.params,
                "se": self.bse,
                "z": self.params / self.bse,
                "p_value": self.pvalues,
                "hazard_ratio": self.hazard_ratios,
                "ci_low": limits["ci_low"],
                "ci_high": limits["ci_high"],
            }
        ).rename_axis("term")

    def summary(self, *, ci: IntervalKind = "wald") -> ModelSummary:
        """Write the model for reading.

        Parameters
        ----------
        ci : {"wald", "profile"}, default "wald"
            Kind of interval.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = tuple(
            (
                str(row["term"]),
                format_estimate(row["hazard_ratio"]),
                f"{format_estimate(row['ci_low'])} to {format_estimate(row['ci_high'])}",
                format_estimate(row["coef"], digits=4),
                format_estimate(row["se"], digits=4),
                format_p(row["p_value"]),
            )
            for row in self.to_frame(ci=ci).reset_index().to_dict("records")
        )
        header = ("Term", "Hazard ratio", f"{self.level:.0%} CI", "Log HR", "SE", "p")
        references = [f"{column}: {names[0]}" for column, names in self.levels.items()]
        notes = (
            *self._notes(),
            f"Intervals: {_INTERVALS[ci]}. p values: Wald.",
            *([f"Reference levels: {'; '.join(references)}."] if references else []),
            f"Log partial likelihood {self.llf:.4f}, with no covariates {self.llnull:.4f}.",
        )
        return ModelSummary(title="Cox proportional hazards model", header=header, rows=rows, notes=notes)

    def plot(self, *, ci: IntervalKind = "wald", width: float = 5.5, title: str = "") -> StudyFigure:
        """Draw the hazard ratios as a forest plot.

        Parameters
        ----------
        ci : {"wald", "profile"}, default "wald"
            Kind of interval.
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With its data attached.
        """
        rows = self.to_frame(ci=ci).reset_index()
        data = rows.rename(columns={"term": "label", "hazard_ratio": "estimate"})
        return forest_plot(
            data[["label", "estimate", "ci_low", "ci_high"]],
            measure="Hazard ratio",
            interval=f"{self.level:.0%} CI, {_INTERVALS[ci]}",
            width=width,
            title=title,
        )


def cox(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    covariates: str | Sequence[str],
    ties: Ties = "efron",
    level: float = 0.95,
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
    _refuse_separated(likelihood, covariates, directions=np.vstack([np.eye(start.size), -np.eye(start.size)]))
    top = maximise(likelihood.at, start)
    if not top.converged:
        _refuse_separated(likelihood, covariates, directions=np.vstack([top.last_step, top.point]))
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


def _refuse_separated(likelihood: PartialLikelihood, covariates: Design, *, directions: FloatArray) -> None:
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
        if name in covariates.levels or column.nunique() <= _FEW_VALUES:
            grouped = person_counts(rows, column)
            counts |= {f"{name}={key}": value for key, value in grouped.items() if key not in {"all", "events"}}
    return counts
