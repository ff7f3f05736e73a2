"""What a fitted Cox model knows: estimates, intervals, how it was made, and how it shows itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ConvergenceError
from analysis_lib.models.arguments import checked_choice, checked_level, in_percent
from analysis_lib.models.forest import forest_plot
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.models.sums.maximise import LikelihoodAt, Maximum, profile_limit
from analysis_lib.models.survival.partial_likelihood import Ties
from analysis_lib.tables import format_estimate, format_p

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["CoxResult", "Likelihood"]

FloatArray = npt.NDArray[np.float64]
IntervalKind = Literal["wald", "profile"]

_INTERVALS = {"wald": "Wald", "profile": "profile likelihood"}


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
    labels : mapping of str to str
        What tables and plots write instead of a term's name, as given.
    words : mapping of str to str
        What plots write where no label was given.
    """

    params: pd.Series
    covariance: pd.DataFrame
    llf: float
    llnull: float
    ties: Ties
    level: float
    levels: dict[str, tuple[str, ...]]
    iterations: int
    labels: Mapping[str, str]
    words: Mapping[str, str]
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
                self.labels.get(row["term"], row["term"]),
                format_estimate(row["hazard_ratio"]),
                f"{format_estimate(row['ci_low'])} to {format_estimate(row['ci_high'])}",
                format_estimate(row["coef"], digits=4),
                format_estimate(row["se"], digits=4),
                format_p(row["p_value"]),
            )
            for row in self.to_frame(ci=ci).reset_index().to_dict("records")
        )
        header = ("Term", "Hazard ratio", f"{in_percent(self.level)} CI", "Log HR", "SE", "p")
        references = [f"{column}: {names[0]}" for column, names in self.levels.items()]
        notes = (
            *self._notes(),
            f"Intervals: {_INTERVALS[ci]}. p values: Wald.",
            *([f"Reference levels: {'; '.join(references)}."] if references else []),
            f"Log partial likelihood {self.llf:.4f}, with no covariates {self.llnull:.4f}.",
        )
        return ModelSummary(title="Cox proportional hazards model", header=header, rows=rows, notes=notes)

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
        rows = self.to_frame(ci=ci).reset_index()
        data = rows.rename(columns={"hazard_ratio": "estimate"})
        data["label"] = [self.labels.get(term, self.words[term]) for term in rows["term"]]
        return forest_plot(
            data[["label", "estimate", "ci_low", "ci_high"]],
            measure="Hazard ratio",
            interval=f"{in_percent(self.level)} CI, {_INTERVALS[ci]}",
            width=width,
            title=title,
        )
