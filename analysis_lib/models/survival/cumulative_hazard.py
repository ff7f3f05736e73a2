"""The Nelson-Aalen estimate of the cumulative hazard."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.models.arguments import checked_choice, checked_level, columns_by_name, in_percent
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.models.rows.source import Data
from analysis_lib.models.survival.asked_columns import asked_columns, refuse_strata
from analysis_lib.models.survival.cumulated_sums import cumulated
from analysis_lib.models.survival.curve_reading import heights_at
from analysis_lib.models.survival.event_rows import event_rows
from analysis_lib.models.survival.influence import Growth, WeightedRows, weighted_rows
from analysis_lib.models.survival.limits import normal_quantile
from analysis_lib.models.survival.numbers_at_risk import RiskCounts, asked_times, labelled
from analysis_lib.models.survival.risk_sets import RiskSets, risk_sets
from analysis_lib.printed_numbers import format_estimate, format_time

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["NelsonAalenResult", "nelson_aalen"]

FloatArray = npt.NDArray[np.float64]
Scale = Literal["log", "plain"]
_READ = ("cumulative_hazard", "se", "ci_low", "ci_high")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class NelsonAalenResult(ModelResult):
    """Cumulative hazards, one curve per group.

    Attributes
    ----------
    table : DataFrame
        One row per group and distinct time: ``group``, ``time``, ``n_risk``, ``n_event``, ``n_censor``,
        ``cumulative_hazard``, ``se``, ``ci_low``, ``ci_high``; limits are 0 before the first event.
    groups : tuple of str
        Group labels in order; ``("all",)`` without groups.
    ci : {"log", "plain"}
        Scale on which the pointwise interval is symmetric.
    level : float
        Coverage of the interval.
    at_risk : RiskCounts
        Counts who is still followed.
    """

    table: pd.DataFrame
    groups: tuple[str, ...]
    ci: Scale
    level: float
    at_risk: RiskCounts

    def to_frame(self) -> pd.DataFrame:
        """Return the curves as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

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

    def hazard_at(self, times: npt.ArrayLike) -> pd.DataFrame:
        """Read the curves at given times.

        Parameters
        ----------
        times : array-like of float
            In the unit of the follow-up.

        Returns
        -------
        DataFrame
            One row per group and time: ``group``, ``time``, ``cumulative_hazard``, ``se``, ``ci_low``, ``ci_high``;
            missing after a group's last follow-up, where nothing is known.
        """
        asked = asked_times(times)
        parts = [
            heights_at(self.table[self.table["group"] == group], asked, before=0.0, names=_READ).assign(group=group)
            for group in self.groups
        ]
        return pd.concat(parts, ignore_index=True)[["group", "time", *_READ]]

    def summary(self) -> ModelSummary:
        """Write counts and the hazard at the last follow-up for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = []
        for group in self.groups:
            curve = self.table[self.table["group"] == group]
            last = curve.iloc[-1]
            n = curve["n_event"].sum() + curve["n_censor"].sum()
            interval = f"{format_estimate(last['ci_low'], digits=3)} to {format_estimate(last['ci_high'], digits=3)}"
            rows.append(
                (
                    group,
                    f"{n:,.0f}",
                    f"{curve['n_event'].sum():,.0f}",
                    format_time(last["time"]),
                    format_estimate(last["cumulative_hazard"], digits=3),
                    interval,
                )
            )
        header = ("Group", "n", "Events", "Followed to", "Cumulative hazard", f"{in_percent(self.level)} CI")
        return ModelSummary(title="Nelson-Aalen estimate", header=header, rows=tuple(rows), notes=self._notes())

    def plot(
        self,
        *,
        time_label: str = "Time",
        time_divisor: float = 1.0,
        ticks: Sequence[float] | None = None,
        until: float | None = None,
        bands: bool | None = None,
        width: float = 5.5,
        title: str = "",
    ) -> "StudyFigure":
        """Draw the curves with their bands and the numbers at risk underneath.

        Parameters
        ----------
        time_label : str, default "Time"
            Label of the time axis, with its unit.
        time_divisor : float, default 1
            Follow-up is divided by this for the axis.
        ticks : sequence of float, optional
            Where the axis is marked and the numbers at risk are counted, in units of the axis.
        until : float, optional
            Where the axis ends, in its units; the longest follow-up when left out.
        bands : bool, optional
            Whether to draw the intervals; when left out, with up to four curves.
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
            If `until` or `time_divisor` is not positive.
        """
        from analysis_lib.models.survival.curve_style import Curves, curve_style
        from analysis_lib.models.survival.survival_plot import curve_figure

        style = curve_style(
            time_label=time_label,
            time_divisor=time_divisor,
            ticks=ticks,
            until=until,
            bands=bands,
            width=width,
            title=title,
            n_curves=len(self.groups),
        )
        curves = Curves(
            steps=self.table,
            height="cumulative_hazard",
            start=0.0,
            lines=self.groups,
            label="Cumulative hazard",
            at_risk=self.at_risk,
        )
        return curve_figure(curves, style)


@columns_by_name
def nelson_aalen(
    formula: str | Data | None = None,
    data: Data | None = None,
    *,
    time: str | None = None,
    event: str | None = None,
    by: str | Sequence[str] | None = None,
    entry: str | None = None,
    weights: str | None = None,
    ci: Scale = "log",
    level: float = 0.95,
) -> NelsonAalenResult:
    """Estimate cumulative hazards.

    The estimate adds up events by persons at risk [1]_ [2]_; its variance is Aalen's, the sum of events by the square
    of persons at risk, as in R's ``survfit`` and Stata's ``sts``. With sampling weights (no whole numbers) the variance
    is the infinitesimal jackknife's.

    Parameters
    ----------
    formula : str or data
        ``"Surv(time, event) ~ arm"``, ``"Surv(start, stop, event) ~ 1"``; or the data, where the columns are named.
    data : DataFrame, Dask frame, Features, or path
        One row per follow-up; rows with a missing value in a column named here are left out and counted.
    time : str
        Column with the end of follow-up, > 0.
    event : str
        Column that says whether follow-up ended with the event: bool or 0/1.
    by : str or sequence of str, optional
        Column with groups; one curve each. Several are crossed.
    entry : str, optional
        Column with the time at which a row came under observation (left truncation).
    weights : str, optional
        Column with weights, > 0.
    ci : {"log", "plain"}, default "log"
        Scale of the interval; the log scale keeps it above zero.
    level : float, default 0.95
        Coverage of the interval, in (0, 1).

    Returns
    -------
    NelsonAalenResult
        Curves; draws itself.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.

    References
    ----------
    .. [1] Nelson W. (1972). Theory and applications of hazard plotting for censored failure data. Technometrics 14(4),
       945-966.
    .. [2] Aalen O. (1978). Nonparametric inference for a family of counting processes. Ann. Stat. 6(4), 701-726.
    """
    checked_choice(ci, "ci", known=get_args(Scale))
    checked_level(level)
    source, columns = asked_columns(formula, data, time=time, event=event, by=by, entry=entry, weights=weights)
    refuse_strata(columns)
    rows = event_rows(source, columns)
    tables = []
    counts = risk_sets(rows)
    for index, risk in enumerate(counts):
        influences = None if rows.counts_rows else weighted_rows(rows, index, starts=risk.time)
        tables.append(_hazard_table(risk, influences=influences, ci=ci, level=level))
    table = labelled(tables, rows.groups)
    variance = "Aalen's variance" if rows.counts_rows else "infinitesimal jackknife variance (sampling weights)"
    return NelsonAalenResult(
        method=(
            f"Nelson-Aalen, {variance}, pointwise {in_percent(level)} interval on the {ci} scale"
            f"{', left truncation' * (rows.entry is not None)}"
        ),
        source="Nelson W. (1972). Technometrics 14(4), 945-966; Aalen O. (1978). Ann. Stat. 6(4), 701-726",
        n=rows.n,
        events=rows.events,
        exclusions=rows.exclusions,
        n_excluded=rows.n_excluded,
        persons=rows.persons,
        weight_sums=rows.weight_sums,
        settings={**columns.settings, "ci": ci, "level": level},
        table=table,
        groups=rows.groups,
        ci=ci,
        level=level,
        at_risk=RiskCounts.of(rows, counts),
    )


def _hazard_table(risk: RiskSets, *, influences: WeightedRows | None, ci: Scale, level: float) -> pd.DataFrame:
    n_risk, n_event = np.asarray(risk.n_risk, dtype=np.float64), np.asarray(risk.n_event[0], dtype=np.float64)
    hazard = cumulated(n_event / n_risk)
    if influences is None:
        variance = cumulated(n_event / n_risk**2)
    else:
        growth = Growth(-cumulated(n_event / n_risk**2), np.vstack([np.zeros(n_risk.size), 1 / n_risk]))
        variance = np.maximum(influences.products(growth, growth), 0.0)
    se = np.sqrt(variance)
    z = normal_quantile(level)
    if ci == "plain":
        low, high = np.maximum(hazard - z * se, 0.0), hazard + z * se
    else:
        reach = z * np.divide(se, hazard, out=np.zeros_like(se), where=hazard > 0)
        low, high = hazard * np.exp(-reach), hazard * np.exp(reach)
    return pd.DataFrame(
        {
            "time": risk.time,
            "n_risk": risk.n_risk,
            "n_event": risk.n_event[0],
            "n_censor": risk.n_censor,
            "cumulative_hazard": hazard,
            "se": se,
            "ci_low": low,
            "ci_high": high,
        },
        copy=False,
    )
