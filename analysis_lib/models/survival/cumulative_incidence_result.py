"""Cumulative incidences as estimated: reading, comparing and drawing them."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, in_percent
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.models.survival.curve_reading import heights_at
from analysis_lib.models.survival.event_causes import nobody_censored
from analysis_lib.models.survival.limits import Transform
from analysis_lib.models.survival.numbers_at_risk import RiskCounts, asked_times
from analysis_lib.printed_numbers import equation_of_p, format_estimate, format_time

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["CumulativeIncidenceResult"]

_MOST_PANELS = 4
_READ = ("cumulative_incidence", "se", "ci_low", "ci_high")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CumulativeIncidenceResult(ModelResult):
    """Cumulative incidences, one curve per group and cause.

    Attributes
    ----------
    table : DataFrame
        One row per group, cause and distinct time: ``group``, ``cause``, ``time``, ``n_risk`` (free of any event just
        before the time), ``n_event`` (of the cause), ``n_censor``, ``cumulative_incidence``, ``se``, ``ci_low``,
        ``ci_high``.
    groups : tuple of str
        Group labels in order; ``("all",)`` without groups.
    causes : tuple of str
        Causes in order.
    ci : {"log", "log-log", "plain"}
        Transformation on which the pointwise interval is symmetric.
    level : float
        Coverage of the interval.
    tests : DataFrame or None
        Gray's test by cause: ``cause``, ``chi2``, ``df``, ``p_value``; None without groups or where it is not possible.
    no_tests : str
        Why the groups could not be tested; empty where they were, or where there are no groups.
    assumed_censored : int
        Rows without a cause, which count as censored.
    at_risk : RiskCounts
        Counts who is still followed without any event.
    """

    table: pd.DataFrame
    groups: tuple[str, ...]
    causes: tuple[str, ...]
    ci: Transform
    level: float
    tests: pd.DataFrame | None
    no_tests: str
    assumed_censored: int
    at_risk: RiskCounts

    def to_frame(self) -> pd.DataFrame:
        """Return the curves as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def incidence_at(self, times: npt.ArrayLike) -> pd.DataFrame:
        """Read the curves at given times.

        Parameters
        ----------
        times : array-like of float
            In the unit of the follow-up.

        Returns
        -------
        DataFrame
            One row per group, cause and time: ``group``, ``cause``, ``time``, ``n_risk``, ``cumulative_incidence``,
            ``se``, ``ci_low``, ``ci_high``; missing after a group's last follow-up, where nothing is known.
        """
        asked = asked_times(times)
        parts = []
        for index, group in enumerate(self.groups):
            at_risk = self.at_risk.of_group(index, asked)
            for cause in self.causes:
                read = heights_at(self._curve(group, cause=cause), asked, before=0.0, names=_READ)
                parts.append(read.assign(group=group, cause=cause, n_risk=at_risk))
        return pd.concat(parts, ignore_index=True)[["group", "cause", "time", "n_risk", *_READ]]

    def numbers_at_risk(self, times: npt.ArrayLike) -> pd.DataFrame:
        """Count who is still followed without any event at given times.

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

    def summary(self) -> ModelSummary:
        """Write events, incidences and Gray's tests for reading.

        The incidences are read where all groups are still followed: at the shortest of their longest follow-ups.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        until = float(self.table.groupby("group", observed=True)["time"].max().min())
        read = self.incidence_at([until])
        events = self.table.groupby(["group", "cause"], observed=True)["n_event"].sum()
        rows = tuple(
            (str(row["group"]), str(row["cause"]), f"{events[row['group'], row['cause']]:,.0f}", *_cells(row))
            for row in read.to_dict("records")
        )
        header = ("Group", "Cause", "Events", f"Incidence by {format_time(until)}", f"{in_percent(self.level)} CI")
        notes = [*self._notes(), *nobody_censored(self.n, self.events, causes=True)]
        if self.assumed_censored:
            notes.append(f"{self.assumed_censored:,} rows without a cause count as censored.")
        if self.tests is not None:
            notes.extend(
                f"Gray's test, {row['cause']}: chi-square {row['chi2']:.2f} on {row['df']} df, "
                f"{equation_of_p(row['p_value'])}."
                for row in self.tests.to_dict("records")
            )
        elif self.no_tests:
            notes.append(f"No test of Gray: {self.no_tests}")
        return ModelSummary(title="Cumulative incidence", header=header, rows=rows, notes=tuple(notes))

    def plot(
        self,
        *,
        causes: Sequence[str] | None = None,
        time_label: str = "Time",
        time_divisor: float = 1.0,
        ticks: Sequence[float] | None = None,
        until: float | None = None,
        bands: bool | None = None,
        censor_marks: bool = False,
        width: float | None = None,
        title: str = "",
    ) -> "StudyFigure":
        """Draw the curves with their bands and the numbers at risk underneath.

        Without groups the causes share one panel. With groups each cause has a panel of its own, on one scale.

        Parameters
        ----------
        causes : sequence of str, optional
            Which causes, in which order; all when left out.
        time_label : str, default "Time"
            Label of the time axis, with its unit.
        time_divisor : float, default 1
            Follow-up is divided by this for the axis: 365.25 turns days into years.
        ticks : sequence of float, optional
            Where the axis is marked and the numbers at risk are counted, in units of the axis; chosen when left out.
        until : float, optional
            Where the axis ends, in its units; the longest follow-up when left out. What lies beyond is not drawn, and
            is not in the figure's data either.
        bands : bool, optional
            Whether to draw the intervals; when left out, with up to four curves in a panel.
        censor_marks : bool, default False
            Whether to mark censored follow-up on the curves.
        width : float, optional
            Inches; 5.5 for one panel and a page's 7.2 for more when left out.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With the steps attached as data.

        Raises
        ------
        ModelInputError
            If a cause is unknown, there are too many panels, or `until` or `time_divisor` is not positive.
        """
        from analysis_lib.models.survival.curve_style import Curves, curve_style
        from analysis_lib.models.survival.survival_plot import curve_figure

        chosen = self.causes if causes is None else tuple(str(cause) for cause in causes)
        for cause in chosen:
            checked_choice(cause, "causes", known=self.causes)
        grouped = len(self.groups) > 1
        if not chosen or (grouped and len(chosen) > _MOST_PANELS):
            raise ModelInputError(
                f"a figure has 1 to {_MOST_PANELS} panels, a cause each; found {len(chosen)}. Choose some with causes=."
            )
        style = curve_style(
            time_label=time_label,
            time_divisor=time_divisor,
            ticks=ticks,
            until=until,
            bands=bands,
            censor_marks=censor_marks,
            width=width or (7.2 if grouped and len(chosen) > 1 else 5.5),
            title=title,
            n_curves=len(self.groups) if grouped else len(chosen),
        )
        curves = Curves(
            steps=self.table,
            height="cumulative_incidence",
            start=0.0,
            label=f"Cumulative incidence{f' of {chosen[0]}' if len(chosen) == 1 else ''}",
            lines=self.groups if grouped else chosen,
            line_by="group" if grouped else "cause",
            panels=chosen if grouped else ("",),
            panel_by="cause" if grouped else None,
            at_risk=self.at_risk,
        )
        return curve_figure(curves, style)

    def _curve(self, group: str, *, cause: str) -> pd.DataFrame:
        return self.table[(self.table["group"] == group) & (self.table["cause"] == cause)]


def _cells(row: Mapping[Hashable, Any]) -> tuple[str, str]:
    estimate, low, high = (
        format_estimate(row[name], digits=3) for name in ("cumulative_incidence", "ci_low", "ci_high")
    )
    return estimate, f"{low} to {high}"
