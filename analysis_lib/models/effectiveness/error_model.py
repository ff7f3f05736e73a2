"""Systematic error that may grow with the true effect, from negative and positive controls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ConvergenceError, ModelInputError
from analysis_lib.models.arguments import checked_level, checked_numbers, in_percent
from analysis_lib.models.effectiveness.negative_controls import ADVISED_CONTROLS, FEWEST_CONTROLS, Calibrated
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.printed_numbers import format_estimate

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["ErrorModel", "error_model"]

FloatArray = npt.NDArray[np.float64]
Numbers = Sequence[float] | FloatArray | pd.Series
#: Ratios beyond e to this power are taken for no limit at all.
_FARTHEST = 200.0


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ErrorModel(ModelResult):
    """The distribution of systematic error as a line of the true effect.

    Attributes
    ----------
    mean_intercept, mean_slope : float
        Mean of the estimates, on the log scale: at a true ratio of 1, and by how much it rises with the true log ratio.
        Without bias they are 0 and 1.
    sd_intercept, sd_slope : float
        Their standard deviation beyond chance: at a true ratio of 1, and by how much it changes with the absolute true
        log ratio.
    llf : float
        Log likelihood at the estimate.
    controls : DataFrame
        One row per control: ``label``, ``true_log_effect``, ``log_estimate``, ``se``.
    """

    mean_intercept: float
    mean_slope: float
    sd_intercept: float
    sd_slope: float
    llf: float
    controls: pd.DataFrame

    def calibrate(self, log_estimate: float, se: float, *, level: float = 0.95) -> Calibrated:
        """Calibrate one estimate.

        A true effect lies in the calibrated interval where the estimate is not surprising under it [1]_.

        Parameters
        ----------
        log_estimate, se : float
            Logarithm of the ratio, and its standard error.
        level : float, default 0.95
            Coverage of the interval.

        Returns
        -------
        Calibrated
            Limits are 0 or infinite where the error grows faster than the effect.

        Raises
        ------
        ModelInputError
            If a number is not finite or `se` not positive.

        References
        ----------
        .. [1] Schuemie M. J., Hripcsak G., Ryan P. B., Madigan D., Suchard M. A. (2018). Empirical confidence interval
           calibration for population-level effect estimation studies in observational healthcare data. Proc. Natl.
           Acad. Sci. USA 115(11), 2571-2577.
        """
        from scipy.stats import norm

        checked_level(level)
        if not (np.isfinite(log_estimate) and np.isfinite(se) and se > 0):
            raise ModelInputError(
                "calibration needs a finite log estimate and a positive standard error; found others. Leave out what "
                "could not be estimated."
            )
        z = float(norm.ppf((1 + level) / 2))
        middle = (log_estimate - self.mean_intercept) / self.mean_slope
        low, high = (self._limit(log_estimate, se, middle=middle, quantile=sign * z) for sign in (1, -1))
        with np.errstate(over="ignore"):
            estimate, ci_low, ci_high = (float(np.exp(value)) for value in (middle, low, high))
        return Calibrated(
            estimate=estimate,
            ci_low=ci_low,
            ci_high=ci_high,
            p_value=float(2 * norm.sf(abs(self._surprise(0.0, log_estimate, se=se)))),
            uncalibrated_p_value=float(2 * norm.sf(abs(log_estimate) / se)),
            level=level,
        )

    def _surprise(self, true_effect: float, log_estimate: float, *, se: float) -> float:
        """How far an estimate lies above what a true effect lets expect, in standard deviations."""
        spread = max(self.sd_intercept + self.sd_slope * abs(true_effect), 0.0)
        return float((log_estimate - self.mean_intercept - self.mean_slope * true_effect) / np.hypot(spread, se))

    def _limit(self, log_estimate: float, se: float, *, middle: float, quantile: float) -> float:
        """Walk from the estimate to the first true effect under which it would be surprising."""
        from scipy.optimize import brentq

        def beyond(true_effect: float) -> float:
            return self._surprise(true_effect, log_estimate, se=se) - quantile

        sign = -np.sign(quantile)
        inner, step = middle, 0.01
        while abs(inner - middle) < _FARTHEST:
            outer = inner + sign * step
            if np.sign(beyond(outer)) == np.sign(quantile):
                return float(brentq(beyond, *sorted((inner, outer)), xtol=1e-14, rtol=1e-14))
            inner, step = outer, step * 1.1
        return float(sign * np.inf)

    def to_frame(self) -> pd.DataFrame:
        """Return the controls, each with its calibrated estimate.

        Returns
        -------
        DataFrame
            ``label``, ``true_log_effect``, ``log_estimate``, ``se``, and ``calibrated``, ``ci_low``, ``ci_high`` as
            ratios, calibrated by all controls, themselves among them.
        """
        found = [
            self.calibrate(float(one), float(se))
            for one, se in self.controls[["log_estimate", "se"]].to_numpy(dtype=np.float64)
        ]
        return self.controls.assign(
            calibrated=[one.estimate for one in found],
            ci_low=[one.ci_low for one in found],
            ci_high=[one.ci_high for one in found],
        )

    def summary(self) -> ModelSummary:
        """Write the result for reading.

        Returns
        -------
        ModelSummary
            The four parameters, and how often the truth lies in the intervals before and after.
        """
        from scipy.stats import norm

        table, z = self.to_frame(), float(norm.ppf(0.975))
        truth = table["true_log_effect"]
        plain = ((table["log_estimate"] - truth).abs() <= z * table["se"]).sum()
        after = ((table["ci_low"] <= np.exp(truth)) & (np.exp(truth) <= table["ci_high"])).sum()
        rows = (
            ("Mean at a true ratio of 1", format_estimate(self.mean_intercept, digits=3)),
            ("Mean, per true log ratio", format_estimate(self.mean_slope, digits=3)),
            ("SD at a true ratio of 1", format_estimate(self.sd_intercept, digits=3)),
            ("SD, per absolute true log ratio", format_estimate(self.sd_slope, digits=3)),
            ("Truth within the 95% interval", f"{int(plain)} of {len(table)}"),
            ("The same, calibrated", f"{int(after)} of {len(table)}"),
        )
        positive = int((truth != 0).sum())
        notes = [
            f"Method: {self.method}.",
            f"{len(table) - positive} negative and {positive} positive controls. Without bias the means are 0 and 1.",
        ]
        if len(table) < ADVISED_CONTROLS:
            notes.append(f"Fewer than {ADVISED_CONTROLS} controls: the distribution is known only roughly.")
        return ModelSummary("Systematic error by controls", ("Log scale", "Estimate"), rows, tuple(notes))

    def plot(self, *, width: float = 4.5, title: str = "") -> "StudyFigure":
        """Draw the controls by true and estimated ratio, with the fitted errors.

        Parameters
        ----------
        width : float, default 4.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With the controls attached.
        """
        from analysis_lib.models.effectiveness.bias_plots import error_model_figure

        return error_model_figure(self, width=width, title=title)


def error_model(
    log_estimates: Numbers,
    ses: Numbers,
    *,
    true_log_effects: Numbers,
    labels: Sequence[str] | None = None,
    persons: Mapping[str, int] | None = None,
) -> ErrorModel:
    """Estimate how systematic error changes with the true effect, by maximum likelihood [1]_.

    ``log_estimate ~ N(mean, sd ** 2 + se ** 2)``, where ``mean`` is a line of the true log ratio and ``sd`` one of its
    absolute value, nowhere negative among the controls.

    Parameters
    ----------
    log_estimates : sequence of float
        Logarithms of the ratios estimated for the controls.
    ses : sequence of float
        Their standard errors, > 0.
    true_log_effects : sequence of float
        Logarithms of the true ratios; 0 for negative controls.
    labels : sequence of str, optional
        Names of the controls.
    persons : mapping of str to int, optional
        Distinct persons behind the estimates, for `Report.add`.

    Returns
    -------
    ErrorModel
        Four parameters; calibrates estimates, intervals and p values.

    Raises
    ------
    ModelInputError
        If there are fewer than five controls or two true effects, or a number cannot be used.
    ConvergenceError
        If the estimates do not rise with the true effects.

    References
    ----------
    .. [1] Schuemie M. J., Hripcsak G., Ryan P. B., Madigan D., Suchard M. A. (2018). Empirical confidence interval
       calibration for population-level effect estimation studies in observational healthcare data. Proc. Natl. Acad.
       Sci. USA 115(11), 2571-2577.
    """
    estimates, errors = checked_numbers(log_estimates, "log_estimates"), checked_numbers(ses, "ses")
    truth = checked_numbers(true_log_effects, "true_log_effects")
    _refuse(estimates, errors, truth=truth)
    names = [f"control {number}" for number in range(1, estimates.size + 1)] if labels is None else list(labels)
    if len(names) != estimates.size:
        raise ModelInputError(f"each control needs a label; found {len(names)} for {estimates.size}. Name all or none.")
    (intercept, slope), (sd_intercept, sd_slope), llf = _fitted(estimates, errors, truth=truth)
    if slope <= 0:
        raise ConvergenceError(
            f"estimates must rise with the true effects; found a slope of {slope:.3g}. Check that the true effects are "
            "logarithms, and in the order of the estimates."
        )
    return ErrorModel(
        method="systematic error model, normal, mean and standard deviation linear in the true effect, by maximum "
        "likelihood",
        source="Schuemie M. J. et al. (2018). Proc. Natl. Acad. Sci. USA 115(11), 2571-2577",
        n=estimates.size,
        events=0,
        exclusions={},
        n_excluded=0,
        persons=dict(persons or {}),
        settings={"level": in_percent(0.95)},
        mean_intercept=intercept,
        mean_slope=slope,
        sd_intercept=sd_intercept,
        sd_slope=sd_slope,
        llf=llf,
        controls=pd.DataFrame({"label": names, "true_log_effect": truth, "log_estimate": estimates, "se": errors}),
    )


def _refuse(estimates: FloatArray, errors: FloatArray, *, truth: FloatArray) -> None:
    if estimates.ndim != 1 or not estimates.shape == errors.shape == truth.shape:
        raise ModelInputError(
            "each control needs an estimate, a standard error and a true effect; found shapes "
            f"{estimates.shape}, {errors.shape} and {truth.shape}. Align them."
        )
    if estimates.size < FEWEST_CONTROLS or np.unique(truth).size < 2:
        raise ModelInputError(
            f"an error model needs {FEWEST_CONTROLS} controls or more with two true effects or more; found "
            f"{estimates.size} with {np.unique(truth).size}. For negative controls alone use empirical_null."
        )
    usable = np.isfinite(estimates) & np.isfinite(errors) & (errors > 0) & np.isfinite(truth)
    if not usable.all():
        raise ModelInputError(
            "estimates and true effects must be finite and standard errors positive; found "
            f"{int((~usable).sum())} controls without. Leave out controls that could not be estimated, and say so."
        )


def _fitted(
    estimates: FloatArray, errors: FloatArray, *, truth: FloatArray
) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Profile the line of the mean; search the spread at the smallest and the largest true effect, both >= 0."""
    from scipy.optimize import minimize

    size = np.abs(truth)
    narrow, wide = float(size.min()), float(size.max())
    share = (size - narrow) / (wide - narrow) if wide > narrow else np.zeros(size.size)
    design = np.column_stack([np.ones(truth.size), truth])

    def line(spreads: FloatArray) -> tuple[FloatArray, float]:
        first, last = np.abs(spreads)
        total = np.square(first + (last - first) * share) + np.square(errors)
        root = np.sqrt(total)
        found = np.linalg.lstsq(design / root[:, None], estimates / root, rcond=None)[0]
        value = 0.5 * float((np.log(2 * np.pi * total) + np.square(estimates - design @ found) / total).sum())
        return found, value

    scale = float(np.std(estimates - design @ np.linalg.lstsq(design, estimates, rcond=None)[0])) + 1e-8
    starts = [np.array([one, other]) * scale for one in (0.0, 0.3, 1.0, 3.0) for other in (0.0, 0.3, 1.0, 3.0)]
    best = min(starts, key=lambda spreads: line(spreads)[1])
    # The likelihood is even in both spreads, so a search without bounds finds the edge at 0 as well. Begun anew twice:
    # a simplex can shrink before it is there.
    for _ in range(3):
        simplex = best + 0.1 * scale * np.array([[0, 0], [1, 0], [0, 1]])
        options = {"xatol": 1e-12, "fatol": 1e-13, "maxiter": 2_000, "initial_simplex": simplex}
        best = minimize(lambda spreads: line(spreads)[1], best, method="Nelder-Mead", options=options).x
    first, last = np.abs(best)
    slope = (last - first) / (wide - narrow) if wide > narrow else 0.0
    found, value = line(best)
    return (float(found[0]), float(found[1])), (float(first - slope * narrow), float(slope)), -value
