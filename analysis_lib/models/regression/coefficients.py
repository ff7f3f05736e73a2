"""A table of coefficients: what every regression of this room gives back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_level, in_percent, listed
from analysis_lib.models.result import (
    ModelResult,
    ModelSummary,
    coefficient_cells,
    coefficient_header,
    labels_of,
    overflow_note,
)
from analysis_lib.printed_numbers import format_p

if TYPE_CHECKING:
    from scipy import stats

    from analysis_lib.figures import StudyFigure

__all__ = ["CoefficientResult", "WaldTest"]

FloatArray = npt.NDArray[np.float64]
_PART_OF_A_CURVE = re.compile(r"(bs|cr|cc|cs|poly)\(")


@dataclass(frozen=True)
class WaldTest:
    """A test of several coefficients at once.

    Attributes
    ----------
    statistic : float
        Chi-square, or F where the errors have degrees of freedom.
    df : float
        Coefficients tested.
    df_denominator : float
        Of F; infinite for chi-square.
    p_value : float
        Two-sided.
    terms : tuple of str
        What was tested.
    """

    statistic: float
    df: float
    df_denominator: float
    p_value: float
    terms: tuple[str, ...]

    def __str__(self) -> str:
        name = "chi-square" if np.isinf(self.df_denominator) else "F"
        under = "" if np.isinf(self.df_denominator) else f", {self.df_denominator:g}"
        return f"Wald {name}({self.df:g}{under}) = {self.statistic:.4g}, p {format_p(self.p_value)}"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CoefficientResult(ModelResult):
    """Estimated coefficients with their covariance.

    Attributes
    ----------
    terms : tuple of str
        Names, as formulas write them.
    words : tuple of str
        The same for readers.
    estimates : ndarray of float64, shape (p,)
        On the scale of the linear predictor.
    covariance : ndarray of float64, shape (p, p)
        Of the estimates.
    level : float
        Coverage of the intervals.
    measure : str
        What the exponential of a coefficient is, such as "Odds ratio"; empty where it means nothing.
    errors : str
        How the standard errors were made, in words.
    df_errors : float
        Degrees of freedom of the t distribution; infinite for the normal.
    levels : mapping of str to tuple of str
        Levels of each category, the reference first.
    labels : mapping of str to str
        Names for terms that the caller gave.
    title : str
        Of the summary.
    estimate : str
        What an estimate is called.
    """

    terms: tuple[str, ...]
    words: tuple[str, ...]
    estimates: FloatArray
    covariance: FloatArray
    level: float
    measure: str
    errors: str
    df_errors: float = np.inf
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    title: str = "Regression"
    estimate: str = "Coefficient"

    @property
    def params(self) -> pd.Series:
        """Coefficients by term."""
        return pd.Series(self.estimates, index=pd.Index(self.terms, name="term"), name="coef")

    @property
    def bse(self) -> pd.Series:
        """Standard errors by term."""
        with np.errstate(invalid="ignore"):
            return pd.Series(np.sqrt(np.diag(self.covariance)), index=self.params.index, name="se")

    @property
    def tvalues(self) -> pd.Series:
        """Estimates over their standard errors: z, or t where the errors have degrees of freedom."""
        return (self.params / self.bse).rename("t" if np.isfinite(self.df_errors) else "z")

    @property
    def zvalues(self) -> pd.Series:
        """As `tvalues`."""
        return self.tvalues

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p values of each coefficient being zero (Wald)."""
        values = 2 * self._distribution().sf(np.abs(self.tvalues.to_numpy()))
        return pd.Series(values, index=self.params.index, name="p_value")

    def cov_params(self) -> pd.DataFrame:
        """Return the covariance of the coefficients.

        Returns
        -------
        DataFrame
            Terms by terms.
        """
        return pd.DataFrame(self.covariance, index=self.params.index, columns=pd.Index(self.terms, name="term"))

    def conf_int(self, *, level: float | None = None) -> pd.DataFrame:
        """Give Wald intervals of the coefficients.

        Parameters
        ----------
        level : float, optional
            Coverage; the result's own when left out.

        Returns
        -------
        DataFrame
            Columns ``ci_low`` and ``ci_high``, on the scale of the linear predictor.
        """
        reach = self._distribution().ppf(0.5 + checked_level(self.level if level is None else level) / 2)
        half = reach * self.bse.to_numpy()
        return pd.DataFrame(
            {"ci_low": self.estimates - half, "ci_high": self.estimates + half}, index=self.params.index
        )

    def _distribution(self) -> "stats.rv_continuous":
        from scipy import stats

        return stats.norm() if np.isinf(self.df_errors) else stats.t(self.df_errors)

    def to_frame(self, *, level: float | None = None, words: bool = False) -> pd.DataFrame:
        """Return the coefficients as a table.

        Parameters
        ----------
        level : float, optional
            Coverage of the intervals; the result's own when left out.
        words : bool, default False
            Whether a column ``label`` gives the terms in words, as `summary` and `plot` have them.

        Returns
        -------
        DataFrame
            One row per term: ``coef``, ``se``, ``z`` or ``t``, ``p_value``, ``ci_low``, ``ci_high`` on the scale of the
            linear predictor, and where its exponential has a meaning ``ratio``, ``ratio_low``, ``ratio_high``.
        """
        limits = self.conf_int(level=level)
        frame = pd.concat([self.params, self.bse, self.tvalues, self.pvalues, limits], axis=1)
        if words:
            frame.insert(0, "label", self._labels())
        if self.measure:
            with np.errstate(over="ignore"):
                frame = frame.assign(
                    ratio=np.exp(frame["coef"]),
                    ratio_low=np.exp(frame["ci_low"]),
                    ratio_high=np.exp(frame["ci_high"]),
                )
        return frame

    def wald_test(self, terms: str | Sequence[str]) -> WaldTest:
        """Test whether several coefficients are all zero.

        Parameters
        ----------
        terms : str or sequence of str
            Terms, or columns whose coefficients are all meant: "sex" means ``sex[T.male]`` and ``C(sex)[T.male]``.

        Returns
        -------
        WaldTest
            Chi-square, or F where the errors have degrees of freedom.

        Raises
        ------
        ModelInputError
            If a term is not in the model, or the errors rest on too few clusters or rows to test several terms at once.
        """
        chosen = [index for name in ([terms] if isinstance(terms, str) else terms) for index in self._meant(name)]
        part = self.covariance[np.ix_(chosen, chosen)]
        estimates = self.estimates[chosen]
        scale = np.sqrt(np.diag(part))
        if not np.isfinite(scale).all() or np.linalg.matrix_rank(part / np.outer(scale, scale)) < len(chosen):
            raise ModelInputError(
                f"{len(chosen)} coefficients cannot be tested together; their errors rest on fewer clusters or rows. "
                "Test fewer, or cluster by something finer."
            )
        chi2, df = float(estimates @ np.linalg.solve(part, estimates)), float(len(chosen))
        from scipy import stats

        if np.isinf(self.df_errors):
            p_value = float(stats.chi2.sf(chi2, df))
        else:
            chi2 /= df
            p_value = float(stats.f.sf(chi2, df, self.df_errors))
        return WaldTest(chi2, df, self.df_errors, p_value, tuple(self.terms[index] for index in chosen))

    def _meant(self, name: str) -> list[int]:
        if name in self.terms:
            return [self.terms.index(name)]
        starts = (f"{name}[", f"C({name})[")
        found = [
            index
            for index, term in enumerate(self.terms)
            if ":" not in term and (term.startswith(starts) or term.startswith((f"C({name},", f"bs({name},")))
        ]
        if not found:
            raise ModelInputError(
                f"there is no term '{name}' in the model; found {listed(self.terms, limit=20)}. Name one of these."
            )
        return found

    def summary(self) -> ModelSummary:
        """Write the result for reading.

        Returns
        -------
        ModelSummary
            Prints as text; shows as a table in a notebook.
        """
        table = self.to_frame()
        return ModelSummary(
            title=self.title,
            header=coefficient_header(self.measure, estimate=self.estimate, level=self.level),
            rows=coefficient_cells(self._labels(), table, ratios=bool(self.measure)),
            notes=(*self._all_notes(), *(overflow_note(table) if self.measure else ())),
        )

    def _labels(self) -> list[str]:
        return labels_of(self.terms, words=dict(zip(self.terms, self.words, strict=True)), labels=self.labels)

    def _all_notes(self) -> tuple[str, ...]:
        references = [f"{column}: {names[0]}" for column, names in self.levels.items()]
        return (
            *self._row_notes(),
            f"Standard errors: {self.errors}.",
            *([f"Reference levels: {'; '.join(references)}."] if references else []),
            *self._fit_notes(),
        )

    def _row_notes(self) -> tuple[str, ...]:
        """Say how many rows there are, without events where the outcome is none, and whether they are independent."""
        notes = [note.replace(", 0 events", "") for note in self._notes()]
        if self.settings.get("errors") == "cluster":
            notes = [note.replace("; the standard errors take rows for independent", "") for note in notes]
        return tuple(notes)

    def _fit_notes(self) -> tuple[str, ...]:
        return ()

    def plot(self, *, terms: Sequence[str] | None = None, width: float = 5.5, title: str = "") -> "StudyFigure":
        """Draw the estimates with their intervals.

        Parameters
        ----------
        terms : sequence of str, optional
            Terms, or columns whose terms are all meant. When left out, all but the intercept and the parts of splines
            and polynomials, which mean nothing one by one.
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            A forest plot of ratios, or of coefficients where ratios mean nothing; with its data attached.
        """
        from analysis_lib.models.forest import forest_plot

        if terms is None:
            chosen = [term for term in self.terms if term != "Intercept" and not _PART_OF_A_CURVE.match(term)]
            chosen = chosen or [term for term in self.terms if term != "Intercept"] or list(self.terms)
        else:
            chosen = [self.terms[index] for name in terms for index in self._meant(name)]
        frame = self.to_frame(words=True).loc[chosen].reset_index()
        low, high, middle = ("ratio_low", "ratio_high", "ratio") if self.measure else ("ci_low", "ci_high", "coef")
        data = pd.DataFrame(
            {
                "label": frame["label"],
                "estimate": frame[middle],
                "ci_low": frame[low],
                "ci_high": frame[high],
            }
        )
        return forest_plot(
            data,
            measure=self.measure or self.estimate,
            interval=f"{in_percent(self.level)} CI",
            ratios=bool(self.measure),
            width=width,
            title=title,
        )
