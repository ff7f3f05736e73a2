"""Survival curves as estimated: reading, testing, summing up and drawing them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.models.arguments import checked_choice, checked_level, in_percent
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.models.survival.curve_reading import heights_at
from analysis_lib.models.survival.event_causes import nobody_censored
from analysis_lib.models.survival.influence import WeightedRows
from analysis_lib.models.survival.limits import Transform
from analysis_lib.models.survival.logrank_test import LogRankResult
from analysis_lib.models.survival.numbers_at_risk import RiskCounts, asked_times
from analysis_lib.models.survival.restricted_mean import SOURCE as MEAN_SOURCE
from analysis_lib.models.survival.restricted_mean import RestrictedMeanResult, restricted_means
from analysis_lib.printed_numbers import equation_of_p, format_range, format_time

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["KaplanMeierResult"]

FloatArray = npt.NDArray[np.float64]
Quantity = Literal["survival", "cumulative incidence"]

_READ = ("survival", "se", "ci_low", "ci_high")
#: R's: a curve that touches a quantile up to rounding has reached it.
_TOUCHES = float(np.sqrt(np.finfo(np.float64).eps))


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class KaplanMeierResult(ModelResult):
    """Survival curves, one per group.

    Attributes
    ----------
    table : DataFrame
        One row per group and distinct time: ``group``, ``time``, ``n_risk`` (just before the time), ``n_event``,
        ``n_censor``, ``survival``, ``se`` (Greenwood), ``ci_low``, ``ci_high``. Limits are missing where survival is 0.
    groups : tuple of str
        Group labels in order; ``("all",)`` without groups.
    ci : {"log", "log-log", "plain"}
        Transformation on which the pointwise interval is symmetric.
    level : float
        Coverage of the interval.
    logrank : LogRankResult or None
        Test of equal survival; None without groups or where it is not possible.
    no_logrank : str
        Why the groups could not be tested; empty where they were, or where there are no groups.
    at_risk : RiskCounts
        Counts who is still followed.
    influences : tuple of WeightedRows or None
        The rows of each group, where their weights are no counts; for variances of what is read off the curve.
    """

    table: pd.DataFrame
    groups: tuple[str, ...]
    ci: Transform
    level: float
    logrank: LogRankResult | None
    at_risk: RiskCounts
    no_logrank: str = ""
    influences: tuple[WeightedRows, ...] | None = None

    def to_frame(self) -> pd.DataFrame:
        """Return the curves as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def survival_at(self, times: npt.ArrayLike) -> pd.DataFrame:
        """Read the curves at given times.

        Parameters
        ----------
        times : array-like of float
            In the unit of the follow-up.

        Returns
        -------
        DataFrame
            One row per group and time: ``group``, ``time``, ``n_risk``, ``survival``, ``se``, ``ci_low``, ``ci_high``;
            missing after a group's last follow-up, where nothing is known.
        """
        asked = asked_times(times)
        parts = []
        for index, group in enumerate(self.groups):
            read = heights_at(self._curve(group), asked, before=1.0, names=_READ)
            parts.append(read.assign(group=group, n_risk=self.at_risk.of_group(index, asked)))
        return pd.concat(parts, ignore_index=True)[["group", "time", "n_risk", *_READ]]

    def numbers_at_risk(self, times: npt.ArrayLike) -> pd.DataFrame:
        """Count who is still followed at given times.

        Parameters
        ----------
        times : array-like of float
            In the unit of the follow-up.

        Returns
        -------
        DataFrame
            One row per group, one column per time; those with an event or censored at that very time count.
        """
        return self.at_risk.at(times)

    def quantiles(self, probabilities: Sequence[float] = (0.5,)) -> pd.DataFrame:
        """Times by which given fractions have had the event.

        The limits are where the curve's own limits cross the same height [1]_. A flat stretch at exactly that height
        gives its middle, as in R.

        Parameters
        ----------
        probabilities : sequence of float, default (0.5,)
            Fractions with the event, in (0, 1); 0.5 is the median.

        Returns
        -------
        DataFrame
            One row per group and fraction: ``group``, ``probability``, ``time``, ``ci_low``, ``ci_high``; missing
            where a curve does not come down that far.

        References
        ----------
        .. [1] Brookmeyer R., Crowley J. (1982). A confidence interval for the median survival time. Biometrics 38(1),
           29-41.
        """
        for probability in probabilities:
            checked_level(probability)
        rows = [
            (
                group,
                probability,
                *(
                    _first_below(curve["time"].to_numpy(), curve[column].to_numpy(), level=1 - probability)
                    for column in ("survival", "ci_low", "ci_high")
                ),
            )
            for group in self.groups
            for curve in [self._curve(group)]
            for probability in probabilities
        ]
        return pd.DataFrame(rows, columns=["group", "probability", "time", "ci_low", "ci_high"])

    @property
    def medians(self) -> pd.DataFrame:
        """Median survival with its interval: `quantiles` at 0.5, one row per group."""
        return self.quantiles((0.5,)).drop(columns="probability").rename(columns={"time": "median"})

    def restricted_mean(self, *, until: float | None = None) -> RestrictedMeanResult:
        """Find the mean time without the event until a fixed time, and compare the groups.

        It is the area under the curve; the standard error is Greenwood's formula carried through, as in R's
        ``print(survfit, rmean=)``. Differences and ratios are to the first group.

        Parameters
        ----------
        until : float, optional
            Where follow-up is cut, in its unit; when left out, the shortest of the groups' longest follow-ups.

        Returns
        -------
        RestrictedMeanResult
            Means, differences and ratios with intervals and p values.

        Raises
        ------
        ModelInputError
            If `until` is not positive, or a group was not followed that long.
        """
        table, contrasts, until = restricted_means(
            [self._curve(group) for group in self.groups], influences=self.influences, until=until, level=self.level
        )
        return RestrictedMeanResult(
            method=f"area under the Kaplan-Meier curve until {until:g}, {in_percent(self.level)} normal intervals",
            source=MEAN_SOURCE,
            n=self.n,
            events=self.events,
            exclusions=self.exclusions,
            n_excluded=self.n_excluded,
            persons=self.persons,
            weight_sums=self.weight_sums,
            settings={**self.settings, "until": until},
            table=table,
            contrasts=contrasts,
            until=until,
            level=self.level,
        )

    def summary(self) -> ModelSummary:
        """Write counts, medians and the log-rank test for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        counts = self.table.groupby("group", observed=True)[["n_event", "n_censor"]].sum()
        rows = tuple(
            (
                str(row["group"]),
                _amount(counts.loc[row["group"]].sum()),
                _amount(counts.loc[row["group"], "n_event"]),
                format_time(row["median"]),
                format_range(row["ci_low"], row["ci_high"]),
            )
            for row in self.medians.to_dict("records")
        )
        test = self.logrank
        notes = (
            *self._notes(),
            *nobody_censored(self.n, self.events, causes=False),
            *(
                [f"Log-rank test: chi-square {test.chi2:.2f} on {test.df} df, {equation_of_p(test.p_value)}."]
                if test
                else [f"No log-rank test: {self.no_logrank}"] * bool(self.no_logrank)
            ),
            *(
                ["– : the curve, or its limit, does not come down that far."]
                if self.medians.isna().any(axis=None)
                else []
            ),
        )
        header = ("Group", "n", "Events", "Median", f"{in_percent(self.level)} CI")
        return ModelSummary(title="Kaplan-Meier estimate", header=header, rows=rows, notes=notes)

    def plot(
        self,
        *,
        quantity: Quantity = "survival",
        time_label: str = "Time",
        time_divisor: float = 1.0,
        ticks: Sequence[float] | None = None,
        until: float | None = None,
        bands: bool | None = None,
        censor_marks: bool = False,
        width: float = 5.5,
        title: str = "",
    ) -> "StudyFigure":
        """Draw the curves with their bands and the numbers at risk underneath.

        Parameters
        ----------
        quantity : {"survival", "cumulative incidence"}, default "survival"
            What goes up the axis: the survival probability, from 0 to 1, or one minus it.
        time_label : str, default "Time"
            Label of the time axis, with its unit.
        time_divisor : float, default 1
            Follow-up is divided by this for the axis: 365.25 turns days into years.
        ticks : sequence of float, optional
            Where the axis is marked and the numbers at risk are counted, in units of the axis; chosen when left out.
        until : float, optional
            Where the axis ends, in its units; the longest follow-up when left out. The estimates stay the same; what
            lies beyond is not drawn, and is not in the figure's data either.
        bands : bool, optional
            Whether to draw the intervals; when left out, with up to four curves: more would be a thicket.
        censor_marks : bool, default False
            Whether to mark censored follow-up on the curves.
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With the steps attached as data.

        Raises
        ------
        ModelInputError
            If `quantity` is unknown, or `until` is not positive.
        """
        from analysis_lib.models.survival.curve_style import Curves, curve_style
        from analysis_lib.models.survival.survival_plot import curve_figure

        checked_choice(quantity, "quantity", known=get_args(Quantity))
        style = curve_style(
            time_label=time_label,
            time_divisor=time_divisor,
            ticks=ticks,
            until=until,
            bands=bands,
            censor_marks=censor_marks,
            width=width,
            title=title,
            n_curves=len(self.groups),
        )
        incidence = quantity == "cumulative incidence"
        curves = Curves(
            steps=_turned(self.table) if incidence else self.table,
            height="cumulative_incidence" if incidence else "survival",
            start=0.0 if incidence else 1.0,
            label="Cumulative incidence" if incidence else "Survival probability",
            lines=self.groups,
            at_risk=self.at_risk,
        )
        return curve_figure(curves, style)

    def _curve(self, group: str) -> pd.DataFrame:
        return self.table[self.table["group"] == group]


def _turned(table: pd.DataFrame) -> pd.DataFrame:
    """Turn survival into one minus it."""
    turned = table.assign(survival=1 - table["survival"], ci_low=1 - table["ci_high"], ci_high=1 - table["ci_low"])
    return turned.rename(columns={"survival": "cumulative_incidence"})


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _first_below(times: FloatArray, heights: FloatArray, *, level: float) -> float:
    """Find where a curve first comes down to `level`; the middle of the stretch where it lies exactly on it."""
    reached = np.flatnonzero(heights < level + _TOUCHES)
    if reached.size == 0:
        return float("nan")
    first = reached[0]
    lower = np.flatnonzero(heights < heights[first] - _TOUCHES)
    if abs(heights[first] - level) < _TOUCHES and lower.size:
        return float(times[first] + times[lower[0]]) / 2
    return float(times[first])
