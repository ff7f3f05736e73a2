"""Empirical calibration: what negative controls, whose true effect is none, tell about systematic error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ConvergenceError, ModelInputError
from analysis_lib.models.arguments import checked_level, checked_number, checked_numbers, in_percent
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.printed_numbers import format_estimate, format_exponential

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["Calibrated", "EmpiricalNull", "empirical_null"]

FloatArray = npt.NDArray[np.float64]
Numbers = Sequence[float] | FloatArray | pd.Series

#: A normal distribution has two parameters; with fewer controls than this they are not estimated.
FEWEST_CONTROLS = 5
#: With fewer than this the estimate is shaky, and said to be.
ADVISED_CONTROLS = 20


@dataclass(frozen=True)
class Calibrated:
    """An estimate before and after calibration.

    Attributes
    ----------
    estimate : float
        Ratio with the mean of the systematic error taken out.
    ci_low, ci_high : float
        Limits that allow for random and systematic error.
    p_value : float
        Calibrated, two-sided.
    uncalibrated_p_value : float
        As if there were no systematic error.
    level : float
        Coverage of the interval.
    """

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    uncalibrated_p_value: float
    level: float


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class EmpiricalNull(ModelResult):
    """The distribution of systematic error, as negative controls show it.

    Attributes
    ----------
    mean, sd : float
        Of the systematic error, on the log scale.
    llf : float
        Log likelihood at the estimate.
    controls : DataFrame
        One row per control: ``label``, ``log_estimate``, ``se``.
    """

    mean: float
    sd: float
    llf: float
    controls: pd.DataFrame

    def calibrate(self, log_estimate: float, se: float, *, level: float = 0.95) -> Calibrated:
        """Calibrate one estimate.

        The calibrated interval takes the systematic error to be the same whatever the true effect is.

        Parameters
        ----------
        log_estimate, se : float
            Logarithm of the ratio, and its standard error.
        level : float, default 0.95
            Coverage of the interval.

        Returns
        -------
        Calibrated
            With the p value of Schuemie et al. (2014).

        Raises
        ------
        ModelInputError
            If a number is not finite or `se` not positive.
        """
        from scipy.stats import norm

        checked_level(level)
        checked_number(log_estimate, "log_estimate")
        checked_number(se, "se")
        if not (np.isfinite(log_estimate) and np.isfinite(se) and se > 0):
            raise ModelInputError(
                "calibration needs a finite log estimate and a positive standard error; found others. Leave out what "
                "could not be estimated."
            )
        total = float(np.hypot(self.sd, se))
        shifted = log_estimate - self.mean
        reach = float(norm.ppf((1 + level) / 2)) * total
        return Calibrated(
            estimate=float(np.exp(shifted)),
            ci_low=float(np.exp(shifted - reach)),
            ci_high=float(np.exp(shifted + reach)),
            p_value=float(2 * norm.sf(abs(shifted) / total)),
            uncalibrated_p_value=float(2 * norm.sf(abs(log_estimate) / se)),
            level=level,
        )

    @property
    def expected_absolute_error(self) -> float:
        """Mean absolute systematic error, on the log scale: 0 where there is none."""
        from scipy.stats import norm

        if self.sd == 0:
            return abs(self.mean)
        ratio = self.mean / self.sd
        return float(self.sd * 2 * norm.pdf(ratio) + self.mean * (1 - 2 * norm.cdf(-ratio)))

    def to_frame(self) -> pd.DataFrame:
        """Return the controls, each with its uncalibrated and calibrated p value.

        Returns
        -------
        DataFrame
            ``label``, ``log_estimate``, ``se``, ``p_value``, ``calibrated_p_value``.
        """
        numbers = self.controls[["log_estimate", "se"]].to_numpy(dtype=np.float64)
        found = [self.calibrate(float(estimate), float(se)) for estimate, se in numbers]
        return self.controls.assign(
            p_value=[one.uncalibrated_p_value for one in found], calibrated_p_value=[one.p_value for one in found]
        )

    def summary(self) -> ModelSummary:
        """Write the result for reading.

        Returns
        -------
        ModelSummary
            Mean and standard deviation of the systematic error, and what it does to p values.
        """
        table = self.to_frame()
        rows = (
            ("Mean (log scale)", format_estimate(self.mean, digits=3)),
            ("SD (log scale)", format_estimate(self.sd, digits=3)),
            ("Ratio at the mean", format_exponential(self.mean)),
            ("Controls with p < 0.05", f"{int((table['p_value'] < 0.05).sum())} of {len(table)}"),
            ("The same, calibrated", f"{int((table['calibrated_p_value'] < 0.05).sum())} of {len(table)}"),
        )
        notes = [f"Method: {self.method}.", f"{len(table)} negative controls."]
        if len(table) < ADVISED_CONTROLS:
            notes.append(f"Fewer than {ADVISED_CONTROLS} controls: the distribution is known only roughly.")
        return ModelSummary("Systematic error by negative controls", ("", "Estimate"), rows, tuple(notes))

    def plot(self, *, width: float = 4.5, title: str = "") -> "StudyFigure":
        """Draw the controls by effect and standard error, with the lines where p is 0.05.

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
        from analysis_lib.models.effectiveness.bias_plots import calibration_figure

        return calibration_figure(self, width=width, title=title)


def empirical_null(
    log_estimates: Numbers,
    ses: Numbers,
    *,
    labels: Sequence[str] | None = None,
    persons: Mapping[str, int] | None = None,
) -> EmpiricalNull:
    """Estimate the distribution of systematic error from negative controls, by maximum likelihood [1]_.

    Each control's estimate is taken as normal around a bias of its own, and the biases as normal:
    ``log_estimate ~ N(mean, sd ** 2 + se ** 2)``.

    Parameters
    ----------
    log_estimates : sequence of float
        Logarithms of the ratios estimated for the controls.
    ses : sequence of float
        Their standard errors, > 0.
    labels : sequence of str, optional
        Names of the controls.
    persons : mapping of str to int, optional
        Distinct persons behind the estimates, for `Report.add`.

    Returns
    -------
    EmpiricalNull
        Mean and standard deviation; calibrates p values and intervals.

    Raises
    ------
    ModelInputError
        If there are fewer than five controls or a number cannot be used.
    ConvergenceError
        If the maximum is not found.

    References
    ----------
    .. [1] Schuemie M. J., Ryan P. B., DuMouchel W., Suchard M. A., Madigan D. (2014). Interpreting observational
       studies: why empirical calibration is needed to correct p-values. Stat. Med. 33(2), 209-218.
    """
    estimates, errors = checked_numbers(log_estimates, "log_estimates"), checked_numbers(ses, "ses")
    _refuse(estimates, errors)
    names = [f"control {number}" for number in range(1, estimates.size + 1)] if labels is None else list(labels)
    if len(names) != estimates.size:
        raise ModelInputError(f"each control needs a label; found {len(names)} for {estimates.size}. Name all or none.")
    mean, variance, llf = _fitted(estimates, errors)
    return EmpiricalNull(
        method="empirical null distribution, normal, by maximum likelihood",
        source="Schuemie M. J. et al. (2014). Stat. Med. 33(2), 209-218",
        n=estimates.size,
        events=0,
        exclusions={},
        n_excluded=0,
        persons=dict(persons or {}),
        settings={"level": in_percent(0.95)},
        mean=mean,
        sd=float(np.sqrt(variance)),
        llf=llf,
        controls=pd.DataFrame({"label": names, "log_estimate": estimates, "se": errors}),
    )


def _refuse(estimates: FloatArray, errors: FloatArray) -> None:
    if estimates.ndim != 1 or estimates.shape != errors.shape:
        raise ModelInputError(
            f"each control needs an estimate and a standard error; found shapes {estimates.shape} and {errors.shape}. "
            "Align them."
        )
    if estimates.size < FEWEST_CONTROLS:
        raise ModelInputError(
            f"an empirical null needs {FEWEST_CONTROLS} controls or more, better {ADVISED_CONTROLS}; found "
            f"{estimates.size}. Add negative controls."
        )
    usable = np.isfinite(estimates) & np.isfinite(errors) & (errors > 0)
    if not usable.all():
        raise ModelInputError(
            f"estimates must be finite and standard errors positive; found {int((~usable).sum())} controls without. "
            "Leave out controls that could not be estimated, and say so."
        )


def _at(variance: float, estimates: FloatArray, *, errors: FloatArray) -> tuple[float, float, float]:
    """Give the best mean at a variance, the log likelihood there, and its derivative by the variance."""
    total = variance + np.square(errors)
    mean = float((estimates / total).sum() / (1 / total).sum())
    squares = np.square(estimates - mean) / total
    value = float(-0.5 * (np.log(2 * np.pi * total) + squares).sum())
    return mean, value, float(0.5 * ((squares - 1) / total).sum())


def _fitted(estimates: FloatArray, errors: FloatArray) -> tuple[float, float, float]:
    """Find the variance where the profile likelihood is highest; it may have several peaks, so all are looked at."""
    from scipy.optimize import brentq

    def slope(variance: float) -> float:
        return _at(variance, estimates, errors=errors)[2]

    largest = float(np.square(estimates - estimates.mean()).max() + np.square(errors).max())
    grid: Any = np.concatenate([[0.0], np.geomspace(1e-12 * largest, 4 * largest, 400)])
    slopes = np.array([slope(variance) for variance in grid])
    candidates = [0.0]
    for left in np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0)):
        candidates.append(float(brentq(slope, grid[left], grid[left + 1], xtol=1e-300, rtol=1e-14)))  # noqa: PERF401
    variance = max(candidates, key=lambda one: _at(one, estimates, errors=errors)[1])
    if slopes[-1] > 0:  # pragma: no cover - beyond the squared range the likelihood always falls
        raise ConvergenceError("the spread of the controls was not found. Look for a control far from all others.")
    mean, value, _ = _at(variance, estimates, errors=errors)
    return mean, variance, value
