"""The restricted mean survival time: the mean of follow-up until the event or a fixed time, whichever comes first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import in_percent
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.models.survival.cumulated_sums import cumulated
from analysis_lib.models.survival.influence import Growth, WeightedRows
from analysis_lib.models.survival.limits import normal_quantile
from analysis_lib.models.survival.product_limit import greenwood_terms
from analysis_lib.printed_numbers import format_estimate, format_p

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["RestrictedMeanResult", "restricted_means"]

FloatArray = npt.NDArray[np.float64]
SOURCE = (
    "Irwin J. O. (1949). J. Hyg. 47(2), 188-189; Royston P., Parmar M. K. B. (2013). BMC Med. Res. Methodol. 13, 152; "
    "Klein J. P., Moeschberger M. L. (2003). Survival Analysis, 2nd ed., section 4.5"
)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class RestrictedMeanResult(ModelResult):
    """Restricted mean survival times by group, and how they differ.

    Attributes
    ----------
    table : DataFrame
        One row per group: ``group``, ``restricted_mean``, ``se``, ``ci_low``, ``ci_high``, in the unit of the
        follow-up.
    contrasts : DataFrame
        One row per comparison with the first group: ``group``, ``reference``, ``difference``, ``difference_se``,
        ``difference_low``, ``difference_high``, ``difference_p``, ``ratio``, ``ratio_low``, ``ratio_high``,
        ``ratio_p``; empty with one group.
    until : float
        Where the mean is restricted.
    level : float
        Coverage of the intervals.
    """

    table: pd.DataFrame
    contrasts: pd.DataFrame
    until: float
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the means as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def estimates(self) -> pd.DataFrame:
        """Return means and comparisons, for the report's list of outputs.

        Returns
        -------
        DataFrame
            One row per group: the columns of `table`, then those of `contrasts`, missing for the first group.
        """
        return self.table.merge(self.contrasts, how="left", on="group")

    def summary(self) -> ModelSummary:
        """Write means, differences and ratios for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        means = tuple(
            (str(row["group"]), *_cells(row["restricted_mean"], (row["ci_low"], row["ci_high"])), "")
            for row in self.table.to_dict("records")
        )
        compared = tuple(
            (
                f"{row['group']} {sign} {row['reference']}",
                *_cells(row[name], (row[f"{name}_low"], row[f"{name}_high"])),
                format_p(row[f"{name}_p"]),
            )
            for row in self.contrasts.to_dict("records")
            for name, sign in (("difference", "−"), ("ratio", "/"))
        )
        return ModelSummary(
            title=f"Restricted mean survival time until {self.until:g}",
            header=("Group", "Mean", f"{in_percent(self.level)} CI", "p"),
            rows=(*means, *compared),
            notes=self._notes(),
        )

    def plot(self, *, time_label: str = "Restricted mean survival time", width: float = 5.5) -> "StudyFigure":
        """Draw the means with their intervals.

        Parameters
        ----------
        time_label : str
            Label of the axis, with its unit.
        width : float, default 5.5
            Inches.

        Returns
        -------
        StudyFigure
            With the means attached as data.
        """
        from analysis_lib.models.survival.mean_plot import mean_figure

        return mean_figure(self, time_label=time_label, width=width)


def _cells(estimate: float, limits: tuple[float, float]) -> tuple[str, str]:
    low, high = map(format_estimate, limits)
    return format_estimate(estimate), f"{low} to {high}"


def restricted_means(
    curves: Sequence[pd.DataFrame],
    *,
    influences: Sequence[WeightedRows] | None,
    until: float | None,
    level: float,
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Find the area under each curve and compare the areas.

    Parameters
    ----------
    curves : sequence of DataFrame
        The curve of each group, with its label in ``group``.
    influences : sequence of WeightedRows, optional
        The rows of each group, where their weights are no counts.
    until : float, optional
        Where the mean is restricted; the shortest of the groups' longest follow-ups when left out.
    level : float
        Coverage of the intervals.

    Returns
    -------
    table, contrasts : DataFrame
        As in `RestrictedMeanResult`.
    until : float
        Where the mean is restricted.

    Raises
    ------
    ModelInputError
        If `until` is not positive, or lies after the last follow-up of a group of whom some are still alive.
    """
    known = [float("inf") if curve["survival"].iloc[-1] == 0 else float(curve["time"].iloc[-1]) for curve in curves]
    if until is None:
        until = min(float(curve["time"].iloc[-1]) for curve in curves)
    if not (isinstance(until, int | float | np.number) and 0 < until < np.inf):
        raise ModelInputError(f"until must be > 0 and finite; found {until!r}. Give it in the unit of the follow-up.")
    if until > min(known):
        short = sum(until > last for last in known)
        raise ModelInputError(
            f"a mean cannot be restricted to a time that nobody was followed to; until={until:g} lies after the last "
            f"follow-up of {short} of {len(known)} groups. Leave it out for the latest time that all groups reach."
        )
    z = normal_quantile(level)
    means = np.empty(len(curves))
    variances = np.empty(len(curves))
    for index, curve in enumerate(curves):
        rows = None if influences is None else influences[index]
        means[index], variances[index] = _mean_of(curve, until=until, influences=rows)
    table = pd.DataFrame({"group": [str(curve["group"].iloc[0]) for curve in curves], "restricted_mean": means})
    table = table.assign(se=np.sqrt(variances))
    table = table.assign(ci_low=means - z * table["se"], ci_high=means + z * table["se"])
    return table, _contrasts(table, z=z), until


def _mean_of(curve: pd.DataFrame, *, until: float, influences: WeightedRows | None) -> tuple[float, float]:
    """Find the area under one curve and its variance: each event moves the area that is still to come."""
    time = curve["time"].to_numpy(dtype=np.float64)
    survival = curve["survival"].to_numpy(dtype=np.float64)
    n_risk, n_event = (curve[name].to_numpy(dtype=np.float64) for name in ("n_risk", "n_event"))
    ends = np.minimum(np.append(time[1:], np.inf), until)
    strips = np.where(survival > 0, survival * np.maximum(ends - np.minimum(time, until), 0.0), 0.0)
    first = min(float(time[0]), until)
    to_come = np.cumsum(strips[::-1])[::-1]
    area = first + float(np.sum(strips))
    if influences is None:
        return area, float(np.sum(to_come**2 * greenwood_terms(n_risk, n_event)))
    left = n_risk - n_event
    jump = np.zeros((2, time.size))
    np.divide(-to_come, left, out=jump[1], where=left > 0)
    growth = Growth(cumulated(to_come * greenwood_terms(n_risk, n_event)), jump)
    return area, float(np.sum(influences.squared * influences.final(growth) ** 2))


def _contrasts(table: pd.DataFrame, *, z: float) -> pd.DataFrame:
    from scipy.special import ndtr

    def p_value(estimate: FloatArray, se: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(2 * ndtr(-np.abs(estimate / se)), dtype=np.float64)

    mean, se = table["restricted_mean"].to_numpy(), table["se"].to_numpy()
    difference, difference_se = mean[1:] - mean[0], np.hypot(se[1:], se[0])
    log_ratio, log_se = np.log(mean[1:] / mean[0]), np.hypot(se[1:] / mean[1:], se[0] / mean[0])
    return pd.DataFrame(
        {
            "group": table["group"].iloc[1:].to_numpy(),
            "reference": table["group"].iloc[0],
            "difference": difference,
            "difference_se": difference_se,
            "difference_low": difference - z * difference_se,
            "difference_high": difference + z * difference_se,
            "difference_p": p_value(difference, difference_se),
            "ratio": np.exp(log_ratio),
            "ratio_low": np.exp(log_ratio - z * log_se),
            "ratio_high": np.exp(log_ratio + z * log_se),
            "ratio_p": p_value(log_ratio, log_se),
        }
    )
