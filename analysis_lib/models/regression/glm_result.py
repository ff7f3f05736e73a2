"""What a fitted generalised linear model tells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_columns, checked_level
from analysis_lib.models.few_clusters import few_clusters_note
from analysis_lib.models.regression.coefficients import CoefficientResult
from analysis_lib.models.regression.families import Family, Link
from analysis_lib.models.regression.glm_sums import Weighting
from analysis_lib.models.rows import Data, DesignPlan, open_rows
from analysis_lib.models.sums import LikelihoodAt, Maximum, profile_limit
from analysis_lib.printed_numbers import format_coefficient

__all__ = ["GlmResult", "Profile", "weights_that_may_be_sampling"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """What profile-likelihood intervals need: the rows in memory, their likelihood, and the estimates.

    Attributes
    ----------
    likelihood_of : callable
        From a design, shape (p, n), to its log likelihood over the scale.
    matrix : ndarray of float64, shape (p, n)
        The design.
    estimates : ndarray of float64, shape (p,)
        The maximum.
    """

    likelihood_of: Callable[[FloatArray], Callable[[FloatArray], LikelihoodAt]]
    matrix: FloatArray
    estimates: FloatArray

    def limits(self, index: int, guesses: Sequence[float], *, drop: float) -> list[float]:
        """Find the limits of a coefficient.

        All other coefficients are maximised again, whatever they stand for. So the covariate is replaced by what the
        others leave of it, and they by an orthogonal basis: digits are kept where covariates are far from zero.

        Parameters
        ----------
        index : int
            The coefficient.
        guesses : sequence of float
            Where to start.
        drop : float
            Half the chi-square quantile.

        Returns
        -------
        list of float
            One for each guess; missing where none was found.
        """
        order = [other for other in range(len(self.matrix)) if other != index] + [index]
        orthogonal, triangle = np.linalg.qr(self.matrix[order].T)
        root = np.sqrt(self.matrix.shape[1])
        likelihood, point = self.likelihood_of(orthogonal.T * root), triangle @ self.estimates[order] / root
        unit = float(triangle[-1, -1] / root)
        top = Maximum(point, likelihood(point), converged=True, iterations=0, last_step=np.zeros_like(point))
        found = [
            profile_limit(likelihood, top, index=len(order) - 1, first_guess=float(guess * unit), drop=drop)
            for guess in guesses
        ]
        return [np.nan if limit is None else float(limit / unit) for limit in found]


def weights_that_may_be_sampling(result: "GlmResult") -> list[str]:
    """Warn where analytic weights look like sampling weights and the errors rest on their size.

    Parameters
    ----------
    result : GlmResult
        The model.

    Returns
    -------
    list of str
        A sentence, or none.
    """
    if not result.fractional_weights or result.settings.get("errors") != "model":
        return []
    taken = f"The weights of {result.fractional_weights:,} rows are fractions, taken as analytic (precision) weights."
    other = "If they are sampling or inverse probability weights, these standard errors are wrong"
    return [f"{taken} {other}: pass sampling_weights=."]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class GlmResult(CoefficientResult):
    """A fitted generalised linear model.

    Attributes
    ----------
    family, link : str
        Their names.
    theta : float or None
        Size of a negative binomial; None for other families.
    theta_se : float or None
        Standard error of an estimated size.
    n_obs : float
        Rows, each counted by its frequency weight.
    llf, llnull : float
        Log likelihood, and that of the model with the intercept alone (missing where there is no intercept or an
        offset makes it another model); both are missing with sampling weights, which leave no likelihood.
    deviance, null_deviance : float
        Twice the distance to the saturated likelihood, up to the scale; and of the intercept alone.
    pearson_chi2 : float
        Pearson's statistic.
    scale : float
        What variances are multiplied by: estimated as `dispersion` for families with a scale, else 1.
    df_model, df_resid : float
        Coefficients beside the intercept, and what is left of `n_obs`.
    converged : bool
        Always true: a fit that does not converge is an error.
    iterations : int
        Passes over the rows, or steps.
    clusters : int or None
        Clusters of cluster-robust errors.
    fractional_weights : int
        Rows whose analytic weight is no whole number.
    shares : bool
        Whether outcomes of a binomial model are shares between 0 and 1.
    """

    family: str
    link: str
    theta: float | None = None
    theta_se: float | None = None
    n_obs: float
    llf: float
    llnull: float
    deviance: float
    null_deviance: float
    pearson_chi2: float
    scale: float
    df_model: float
    df_resid: float
    converged: bool
    iterations: int
    clusters: int | None = None
    plan: DesignPlan
    weighting: Weighting
    fractional_weights: int = 0
    shares: bool = False
    link_function: Link
    family_function: Family
    profile: Profile | None = None

    @property
    def dispersion(self) -> float:
        """Pearson's statistic over its degrees of freedom; well above 1 it says overdispersion."""
        return self.pearson_chi2 / self.df_resid if self.df_resid > 0 else np.nan

    @property
    def aic(self) -> float:
        """Minus twice the log likelihood plus twice the coefficients; the scale is not counted, as in statsmodels."""
        return -2 * self.llf + 2 * len(self.terms) + (2 if self.theta_se is not None else 0)

    @property
    def bic(self) -> float:
        """Minus twice the log likelihood plus log(n) times the coefficients; the scale is not counted."""
        count = len(self.terms) + (1 if self.theta_se is not None else 0)
        return float(-2 * self.llf + np.log(self.n_obs) * count)

    def _fit_notes(self) -> tuple[str, ...]:
        parts = [f"Log likelihood {self.llf:.4f}", f"deviance {self.deviance:.5g} on {self.df_resid:g} df"]
        parts.append(f"AIC {self.aic:.2f}, BIC {self.bic:.2f}")
        notes = [f"{'; '.join(parts)}."]
        if self.weighting.sampling:
            notes = ["Sampling weights leave no likelihood: there is no AIC, BIC or likelihood-ratio test."]
        if self.clusters is not None and (few := few_clusters_note(self.clusters, len(self.terms))):
            notes.append(few)
        notes.extend(weights_that_may_be_sampling(self))
        notes.extend(self._dispersion_note())
        if self.theta is not None:
            size = f" (SE {self.theta_se:.4g})" if self.theta_se is not None else ""
            notes.append(f"Theta {self.theta:.6g}{size}; the variance is mu + mu^2/theta.")
        return tuple(notes)

    def _dispersion_note(self) -> list[str]:
        """Say that the data vary more than the model, where Pearson's statistic can tell.

        It takes whole rows, or trials: the size of other weights is arbitrary, and so is the statistic then.
        """
        counts = self.weighting.weights is None or (self.shares and not self.fractional_weights)
        if self.family not in {"binomial", "poisson", "negative binomial"} or not counts or not self.dispersion > 1.5:
            return []
        advice = "; robust errors or a negative binomial take account of it"
        if self.settings.get("errors") != "model":
            advice = ", which the robust errors take account of"
        elif self.family == "binomial":
            advice = "; robust errors take account of it"
        found = format_coefficient(self.dispersion, digits=2)
        return [f"Pearson's dispersion is {found}: the data vary more than the model says{advice}."]

    def conf_int(self, *, level: float | None = None, kind: str = "wald") -> pd.DataFrame:
        """Give intervals of the coefficients.

        Parameters
        ----------
        level : float, optional
            Coverage; the result's own when left out.
        kind : {"wald", "profile"}, default "wald"
            Symmetric around the estimate, or where the profile likelihood falls off, as R's ``confint``.

        Returns
        -------
        DataFrame
            Columns ``ci_low`` and ``ci_high``, on the scale of the linear predictor; missing where a profile limit
            was not found.

        Raises
        ------
        ModelInputError
            If profile intervals are asked of a model that was fitted to rows that are not in memory, or with robust
            errors or sampling weights, which no likelihood knows.
        """
        if kind == "wald":
            return super().conf_int(level=level)
        if kind != "profile":
            raise ModelInputError(f"kind must be 'wald' or 'profile'; found {kind!r}. Use one of these.")
        if self.profile is None:
            raise ModelInputError(
                "profile intervals need the likelihood of a model with model-based errors whose design fits memory; "
                "this one has none. Use kind='wald'."
            )
        from scipy import stats

        drop = float(stats.chi2.ppf(checked_level(self.level if level is None else level), 1)) / 2
        wald = super().conf_int(level=level)
        rows = [self.profile.limits(index, list(wald.iloc[index]), drop=drop) for index in range(len(self.terms))]
        return pd.DataFrame(rows, index=wald.index, columns=wald.columns)

    def predict(self, data: Data, *, level: float | None = None, exposure: bool = True) -> pd.DataFrame:
        """Predict the mean for new rows.

        Parameters
        ----------
        data : DataFrame, Dask frame, Features or path
            Rows with the columns of the right side; a pandas frame keeps its index.
        level : float, optional
            Coverage of the interval of the mean; the result's own when left out.
        exposure : bool, default True
            Whether offset and exposure columns are read and used; False predicts for an exposure of 1.

        Returns
        -------
        DataFrame
            One row per row of `data`: ``mean``, ``se`` (of the mean, by the delta method), ``ci_low``, ``ci_high``
            (transformed from the linear predictor), ``linear``, ``linear_se``; missing where a covariate is missing.

        Raises
        ------
        ModelInputError
            If a column is missing, or a category has a level that the model does not know.
        """
        rows = open_rows(data)
        moving = [name for name in (self.weighting.offset, self.weighting.exposure) if name] if exposure else []
        needed = [name for name in self.plan.columns if name in self.plan.facts.columns]
        checked_columns([*needed, *moving], rows.columns)
        # A model of the intercept alone needs no column, but the number of rows.
        wanted = [*dict.fromkeys([*needed, *moving])] or list(rows.columns[:1])
        found = pd.concat(
            [self._predicted(part(wanted), moving, level=level) for part in rows.parts],
            ignore_index=True,
        )
        return found.set_index(data.index) if isinstance(data, pd.DataFrame) else found

    def marginal_effects(
        self, data: Data, *, variables: Sequence[str] | None = None, level: float | None = None
    ) -> CoefficientResult:
        """Average over the rows what a change of one column does to the mean, the others as they are.

        A number gives the average slope of the mean; a bool the average difference of true and false; a category the
        average difference of each level and the first, which is standardisation (g-computation) over the rows.
        Standard errors are by the delta method from the model's covariance; the rows are taken as given. Where the
        model has frequency or sampling weights, rows count by them.

        Parameters
        ----------
        data : DataFrame, Dask frame, Features or path
            Rows to average over, usually those of the fit; with the model's frequency and sampling weights.
        variables : sequence of str, optional
            Columns; all of the right side when left out.
        level : float, optional
            Coverage of the intervals; the result's own when left out.

        Returns
        -------
        CoefficientResult
            One row per column or level.

        Raises
        ------
        ModelInputError
            If a column is not in the model, or no row is complete.
        """
        from analysis_lib.models.regression.marginal import average_effects

        return average_effects(self, data, variables=variables, level=self.level if level is None else level)

    def _predicted(self, frame: pd.DataFrame, moving: list[str], *, level: float | None) -> pd.DataFrame:
        present = frame.notna().all(axis=1).to_numpy()
        complete = frame.loc[present]
        x = self.plan.prepare(complete, response=False).matrix() if len(complete) else np.empty((len(self.terms), 0))
        linear = self.estimates @ x
        if self.weighting.offset in moving:
            linear = linear + complete[self.weighting.offset].to_numpy(dtype=np.float64)
        if self.weighting.exposure in moving:
            linear = linear + np.log(complete[self.weighting.exposure].to_numpy(dtype=np.float64))
        linear_se = np.sqrt(np.maximum(((self.covariance @ x) * x).sum(axis=0), 0))
        reach = self._distribution().ppf(0.5 + checked_level(self.level if level is None else level) / 2)
        with np.errstate(all="ignore"):
            ends = np.sort(
                [
                    self.link_function.mean(linear - reach * linear_se),
                    self.link_function.mean(linear + reach * linear_se),
                ],
                axis=0,
            )
            made: dict[str, Any] = {
                "mean": self.link_function.mean(linear),
                "se": np.abs(self.link_function.slope(linear)) * linear_se,
                "ci_low": ends[0],
                "ci_high": ends[1],
                "linear": linear,
                "linear_se": linear_se,
            }
        return pd.DataFrame(made, index=np.flatnonzero(present)).reindex(np.arange(len(frame)))
