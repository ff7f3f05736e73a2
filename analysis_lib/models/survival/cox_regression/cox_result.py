"""What a fitted Cox model knows: estimates, intervals, how it was made, and how it shows itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ConvergenceError
from analysis_lib.models.arguments import checked_choice, checked_level, checked_numbers, in_percent
from analysis_lib.models.few_clusters import few_clusters_note
from analysis_lib.models.forest import forest_plot
from analysis_lib.models.result import (
    ModelResult,
    ModelSummary,
    coefficient_cells,
    coefficient_header,
    labels_of,
    overflow_note,
)
from analysis_lib.models.rows.design import DesignPlan
from analysis_lib.models.rows.source import Data
from analysis_lib.models.sums.maximise import profile_limit
from analysis_lib.models.survival.cox_regression.baseline_hazard import baseline_table
from analysis_lib.models.survival.cox_regression.concordance import Concordance, concordance_of
from analysis_lib.models.survival.cox_regression.fitted import FittedCox
from analysis_lib.models.survival.cox_regression.follow_up_columns import CoxColumns
from analysis_lib.models.survival.cox_regression.global_tests import global_tests
from analysis_lib.models.survival.cox_regression.partial_likelihood import Ties
from analysis_lib.models.survival.cox_regression.predictions import (
    SurvivalInterval,
    linear_predictor,
    predicted_survival,
)
from analysis_lib.models.survival.cox_regression.proportional_hazards import (
    ProportionalHazardsResult,
    proportional_hazards_test,
)
from analysis_lib.models.survival.cox_regression.residuals import ResidualKind, residuals_of
from analysis_lib.models.survival.cox_regression.schoenfeld import TimeTransform
from analysis_lib.models.survival.event_causes import nobody_censored
from analysis_lib.tables import level_in_words

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["CoxResult"]

FloatArray = npt.NDArray[np.float64]
IntervalKind = Literal["wald", "profile"]
BaselineAt = Literal["mean", "zero"]
PredictionKind = Literal["lp", "risk"]

#: With fewer clusters than this the sandwich is biased downwards enough to say so.
_INTERVALS = {"wald": "Wald", "profile": "profile likelihood"}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CoxResult(ModelResult):
    """A fitted Cox model; names are statsmodels' where it has them.

    Attributes
    ----------
    params : Series
        Log hazard ratios, by term.
    covariance : DataFrame
        Of `params`: the inverse of the observed information, or the sandwich where errors are robust.
    model_covariance : DataFrame
        The inverse of the observed information in any case.
    errors : str
        "model-based", or how rows were clustered for robust errors.
    n_clusters : int or None
        Clusters behind robust errors.
    llf, llnull : float
        Log partial likelihood at the estimate, and with all coefficients zero.
    ties : {"efron", "breslow", "exact"}
        How tied event times were handled.
    level : float
        Coverage of the intervals unless another is asked for.
    levels : dict of str to tuple of str
        For each category its levels; the first is the reference.
    iterations : int
        Newton steps to the maximum.
    fractional_weights : int
        Rows whose case weight is no whole number.
    labels : mapping of str to str
        What tables and plots write instead of a term's name, as given.
    words : mapping of str to str
        What tables and plots write where no label was given: "sex: male vs female".
    term_of : tuple of str
        The term of the formula that each coefficient belongs to.
    columns : CoxColumns
        Which column plays which part.
    """

    params: pd.Series
    covariance: pd.DataFrame
    model_covariance: pd.DataFrame
    errors: str
    n_clusters: int | None
    llf: float
    llnull: float
    ties: Ties
    level: float
    levels: dict[str, tuple[str, ...]]
    iterations: int
    fractional_weights: int
    labels: Mapping[str, str]
    words: Mapping[str, str]
    term_of: tuple[str, ...]
    columns: CoxColumns
    plan: DesignPlan = field(repr=False)
    likelihood: FittedCox = field(repr=False)

    _title: ClassVar[str] = "Cox proportional hazards model"

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors of `params`."""
        return pd.Series(np.sqrt(np.diag(self.covariance)), index=self.params.index, name="se")

    @property
    def zvalues(self) -> pd.Series:
        """Estimates over their standard errors."""
        return pd.Series(self.params / self.bse, name="z")

    @cached_property
    def pvalues(self) -> pd.Series:
        """Two-sided p values of the Wald test that a coefficient is zero."""
        from scipy.stats import norm

        return pd.Series(2 * norm.sf(np.abs(self.zvalues)), index=self.params.index, name="p_value")

    @property
    def hazard_ratios(self) -> pd.Series:
        """Hazard ratios: exp of `params`."""
        with np.errstate(over="ignore"):
            return pd.Series(np.exp(self.params), name="hazard_ratio")

    def cov_params(self) -> pd.DataFrame:
        """Covariance of the estimates.

        Returns
        -------
        DataFrame
            `covariance`: robust where errors are.
        """
        return self.covariance

    def tests(self) -> pd.DataFrame:
        """Test that all coefficients are zero.

        Returns
        -------
        DataFrame
            One row per test (``likelihood ratio``, ``wald``, ``score`` and, where errors are robust, ``robust
            score``): ``chi2``, ``df``, ``p_value``. Likelihood ratio and score test rest on the model alone; the Wald
            test uses the errors of the model or the robust ones. Robust tests are missing where there are not more
            clusters than coefficients.
        """
        from scipy.stats import chi2

        found = global_tests(
            self.likelihood,
            self.params.to_numpy(),
            covariance=self.covariance.to_numpy(),
            robust=self.n_clusters is not None,
        )
        df = self.params.size
        if self.n_clusters is not None and self.n_clusters <= df:
            found |= {"wald": np.nan, "robust score": np.nan}
        frame = pd.DataFrame({"chi2": pd.Series(found), "df": df}).rename_axis("test")
        return frame.assign(p_value=chi2.sf(frame["chi2"], df))

    def concordance(self) -> Concordance:
        """How well the model ranks who has the event first: Harrell's C, with its standard error.

        Returns
        -------
        Concordance
            As R's `concordance` with ``timewt="n"``: of all pairs of which it is known who had the event first, the
            share in which that was the one with the higher predicted risk; ties in risk count half.
        """
        return concordance_of(self.likelihood)

    def residuals(self, kind: ResidualKind = "martingale") -> pd.DataFrame:
        """Residuals of the rows.

        Parameters
        ----------
        kind : {"martingale", "deviance", "score", "dfbeta", "schoenfeld", "scaled schoenfeld"}
            ``martingale``: events less expected events; ``deviance``: the same, made symmetric; ``score``: share of a
            row in the score; ``dfbeta``: by how much the coefficients move with the row; ``schoenfeld``: covariates of
            those with the event less their mean among those at risk; ``scaled schoenfeld``: the same on the scale of
            the coefficients. Definitions and signs are R's; case weights multiply ``dfbeta`` only.

        Returns
        -------
        DataFrame
            Indexed by ``row``, the number of the row in the data, from 0. One column, or one per term; Schoenfeld
            residuals have the rows with an event only, with ``stratum`` and ``time``.

        Raises
        ------
        ModelInputError
            If there are no such residuals: score and Schoenfeld residuals where ties are exact.
        """
        checked_choice(kind, "kind", known=get_args(ResidualKind))
        return residuals_of(
            self.likelihood, kind, terms=list(self.params.index), ties=self.ties, covariance=self.model_covariance
        )

    def proportional_hazards(self, transform: TimeTransform = "km") -> ProportionalHazardsResult:
        """Test whether the hazard ratios stay the same over time.

        Parameters
        ----------
        transform : {"km", "rank", "identity", "log"}, default "km"
            The scale of time along which a coefficient may drift: one minus the Kaplan-Meier estimate, ranks, time
            itself, or its logarithm.

        Returns
        -------
        ProportionalHazardsResult
            A test for each term of the formula and for all together, as R's `cox.zph` (survival 3) has them; its plot
            shows how each coefficient moves.

        Raises
        ------
        ModelInputError
            If ties are exact, or logarithms are wanted of times that are not positive.
        """
        checked_choice(transform, "transform", known=get_args(TimeTransform))
        return proportional_hazards_test(self, transform)

    def baseline(self, *, at: BaselineAt = "mean") -> pd.DataFrame:
        """Tabulate the baseline hazard: Breslow's estimate, or Efron's where ties are Efron's, as in R.

        Parameters
        ----------
        at : {"mean", "zero"}, default "mean"
            Whose hazard it is: someone with the mean of every covariate (an offset too), or with zeros.

        Returns
        -------
        DataFrame
            One row per stratum and event time: ``stratum``, ``time``, ``n_risk``, ``n_event``, ``cumulative_hazard``,
            ``survival``.
        """
        checked_choice(at, "at", known=get_args(BaselineAt))
        return baseline_table(self.likelihood, at_zero=at == "zero")

    def predict(self, data: Data | None = None, *, kind: PredictionKind = "lp", at: BaselineAt = "mean") -> pd.Series:
        """Predict for people.

        Parameters
        ----------
        data : DataFrame, Features or path, optional
            Columns of the covariates; the rows of the model when left out.
        kind : {"lp", "risk"}, default "lp"
            The linear predictor (log hazard ratio), or its exponential.
        at : {"mean", "zero"}, default "mean"
            Whom it compares with: someone with the mean of every covariate, or with zeros.

        Returns
        -------
        Series
            Indexed by ``row``, the number of the row in the data, from 0; missing where a covariate is.

        Raises
        ------
        ModelInputError
            If a column is unknown, or has a level that the model does not know.
        """
        checked_choice(kind, "kind", known=get_args(PredictionKind))
        checked_choice(at, "at", known=get_args(BaselineAt))
        predictor = linear_predictor(self, data)
        if at == "zero":
            predictor = predictor + self.likelihood.predictor_of_mean
        return predictor.rename("lp") if kind == "lp" else pd.Series(np.exp(predictor), name="risk")

    def predict_survival(
        self, data: Data, *, times: npt.ArrayLike, ci: SurvivalInterval = "log", level: float | None = None
    ) -> pd.DataFrame:
        """Predict survival of people, with pointwise intervals.

        Parameters
        ----------
        data : DataFrame, Features or path
            Columns of the covariates, and of strata and offset where the model has them.
        times : array-like of float
            In the unit of the follow-up.
        ci : {"log", "log-log", "plain"}, default "log"
            Transformation on which the interval is symmetric, R's default being "log".
        level : float, optional
            Coverage in (0, 1); the model's own when left out.

        Returns
        -------
        DataFrame
            One row per row of the data and time: ``row``, ``time``, ``cumulative_hazard``, ``survival``, ``se`` (of the
            survival), ``ci_low``, ``ci_high``; missing where a covariate is, and after the last follow-up of the
            stratum. The interval holds the uncertainty of coefficients and of baseline; robust where errors are.

        Raises
        ------
        ModelInputError
            If a column is unknown, or has a level or stratum that the model does not know.
        """
        checked_choice(ci, "ci", known=get_args(SurvivalInterval))
        level = checked_level(self.level if level is None else level)
        return predicted_survival(self, data, times=np.atleast_1d(checked_numbers(times, "times")), ci=ci, level=level)

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

    def _interval(self, kind: IntervalKind) -> str:
        not_robust = kind == "profile" and self.n_clusters is not None
        return _INTERVALS[kind] + (", rows taken for independent" if not_robust else "")

    def _profile_limit(self, index: int, *, guess: float, drop: float) -> float:
        kept = self.likelihood
        limit = profile_limit(kept.evaluate, kept.top, index=index, first_guess=guess, drop=drop)
        if limit is None:
            raise ConvergenceError(
                f"the profile likelihood limit was not found; term '{self.params.index[index]}' may rest on very few "
                "events. Use the Wald interval, or fewer covariates."
            )
        return limit

    def _notes(self) -> tuple[str, ...]:
        notes = [note for note in super()._notes() if not note.startswith("They come from")]
        if self.columns.cause is not None and not self.columns.competing:
            notes.append(
                f"The event is {level_in_words(self.columns.cause)}; rows that ended with another are censored. Hazard "
                "ratios are of its rate among those still free of any (cause-specific)."
            )
        persons = self.persons.get("all", self.n)
        if self.n_clusters is not None:
            notes.append(f"Standard errors are robust (Lin and Wei), {self.errors}: {self.n_clusters:,} clusters.")
            if note := few_clusters_note(self.n_clusters, len(self.params)):
                notes.append(note)
        elif persons < self.n and self.columns.start is None:
            notes.append(f"They come from {persons:,} persons; the standard errors take rows for independent.")
        elif persons < self.n:
            notes.append(f"They come from {persons:,} persons, each at risk in one row at a time.")
        if self.errors == "model-based" and self.fractional_weights:
            notes.append(
                f"The weights of {self.fractional_weights:,} rows are fractions. If they are sampling or inverse "
                "probability weights, model-based errors are wrong: leave robust out."
            )
        notes.extend(nobody_censored(self.n, self.events, causes=False))
        if self.columns.strata:
            notes.append(f"{len(self.likelihood.strata):,} strata by {', '.join(self.columns.strata)}.")
        return tuple(notes)

    def to_frame(self, *, ci: IntervalKind = "wald", words: bool = False) -> pd.DataFrame:
        """Return the estimates as a table.

        Parameters
        ----------
        ci : {"wald", "profile"}, default "wald"
            Kind of interval.
        words : bool, default False
            Whether a column ``label`` gives the terms in words, as `summary` and `plot` have them.

        Returns
        -------
        DataFrame
            One row per term: ``coef`` (log hazard ratio), ``se``, ``z``, ``p_value``, ``hazard_ratio``, and the hazard
            ratio's limits ``ci_low`` and ``ci_high``.
        """
        with np.errstate(over="ignore"):
            limits = np.exp(self.conf_int(ci))
        frame = pd.DataFrame(
            {
                "coef": self.params,
                "se": self.bse,
                "z": self.zvalues,
                "p_value": self.pvalues,
                "hazard_ratio": self.hazard_ratios,
                "ci_low": limits["ci_low"],
                "ci_high": limits["ci_high"],
            }
        ).rename_axis("term")
        if words:
            frame.insert(0, "label", labels_of(self.params.index, words=self.words, labels=self.labels))
        return frame

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
        table = pd.concat(
            [self.to_frame(ci=ci, words=True)[["label", "coef", "se", "p_value"]], self.conf_int(ci)], axis=1
        )
        references = [f"{column}: {names[0]}" for column, names in self.levels.items()]
        notes = (
            *self._notes(),
            f"Intervals: {self._interval(ci)}. p values: Wald.",
            *([f"Reference levels: {'; '.join(references)}."] if references else []),
            f"Log partial likelihood {self.llf:.4f}, with no covariates {self.llnull:.4f}.",
            *overflow_note(table),
        )
        return ModelSummary(
            title=self._title,
            header=coefficient_header("Hazard ratio", estimate="Log HR", level=self.level),
            rows=coefficient_cells(list(table["label"]), table, ratios=True),
            notes=notes,
        )

    def plot(self, *, ci: IntervalKind = "wald", width: float = 5.5, title: str = "") -> "StudyFigure":
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
        data = self.to_frame(ci=ci, words=True).reset_index().rename(columns={"hazard_ratio": "estimate"})
        return forest_plot(
            data[["label", "estimate", "ci_low", "ci_high"]],
            measure="Hazard ratio",
            interval=f"{in_percent(self.level)} CI, {self._interval(ci)}",
            width=width,
            title=title,
        )
