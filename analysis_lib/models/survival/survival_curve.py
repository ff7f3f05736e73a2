"""The Kaplan-Meier estimate of a survival curve."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, in_percent
from analysis_lib.models.result import ModelResult, ModelSummary
from analysis_lib.models.rows.follow_up import SurvivalRows, group_labels, person_counts, survival_rows
from analysis_lib.models.survival.logrank_test import LogRankResult, logrank_from_rows
from analysis_lib.tables import equation_of_p, format_range, format_time

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["KaplanMeierResult", "kaplan_meier"]

FloatArray = npt.NDArray[np.float64]
Transform = Literal["log", "log-log", "plain"]
Quantity = Literal["survival", "cumulative incidence"]

#: R's: a curve that touches a quantile up to rounding has reached it.
_TOUCHES = float(np.sqrt(np.finfo(np.float64).eps))
ALL = "all"
MOST_BANDS = 4


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
    """

    table: pd.DataFrame
    groups: tuple[str, ...]
    ci: Transform
    level: float
    logrank: LogRankResult | None
    no_logrank: str = ""

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
        asked = np.asarray(times, dtype=np.float64)
        parts = []
        for group in self.groups:
            curve = self._curve(group)
            # Before the first row everybody is alive; a row of that kind in front makes the lookup one line.
            start = pd.DataFrame({"time": [-np.inf], "survival": 1.0, "se": 0.0, "ci_low": 1.0, "ci_high": 1.0})
            steps = pd.concat([start, curve[start.columns]], ignore_index=True)
            position = np.searchsorted(steps["time"], asked, side="right") - 1
            read = steps.iloc[position].reset_index(drop=True).assign(time=asked, group=group)
            read["n_risk"] = self._n_at_risk(curve, asked)
            read.loc[asked > curve["time"].max(), ["survival", "se", "ci_low", "ci_high"]] = np.nan
            parts.append(read)
        return pd.concat(parts, ignore_index=True)[["group", "time", "n_risk", "survival", "se", "ci_low", "ci_high"]]

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
        asked = np.asarray(times, dtype=np.float64)
        counts = [self._n_at_risk(self._curve(group), asked) for group in self.groups]
        return pd.DataFrame(counts, index=pd.Index(self.groups, name="group"), columns=pd.Index(asked, name="time"))

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

    def summary(self) -> ModelSummary:
        """Write counts, medians and the log-rank test for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        counts = self.table.groupby("group", sort=False)[["n_event", "n_censor"]].sum()
        rows = tuple(
            (
                str(row["group"]),
                f"{counts.loc[row['group']].sum():,}",
                f"{counts.loc[row['group'], 'n_event']:,}",
                format_time(row["median"]),
                format_range(row["ci_low"], row["ci_high"]),
            )
            for row in self.medians.to_dict("records")
        )
        test = self.logrank
        notes = (
            *self._notes(),
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
        from analysis_lib.models.survival.survival_plot import CurveStyle, survival_figure

        checked_choice(quantity, "quantity", known=get_args(Quantity))
        for name, value in (("until", until), ("time_divisor", time_divisor)):
            if value is not None and not value > 0:
                raise ModelInputError(f"{name} must be > 0; found {value:g}. Give it in the units of the time axis.")
        style = CurveStyle(
            incidence=quantity == "cumulative incidence",
            time_label=time_label,
            time_divisor=time_divisor,
            ticks=ticks,
            until=until,
            bands=len(self.groups) <= MOST_BANDS if bands is None else bands,
            censor_marks=censor_marks,
            width=width,
            title=title,
        )
        return survival_figure(self, style)

    def _curve(self, group: str) -> pd.DataFrame:
        return self.table[self.table["group"] == group]

    @staticmethod
    def _n_at_risk(curve: pd.DataFrame, times: FloatArray) -> npt.NDArray[np.int64]:
        position = np.searchsorted(curve["time"], times, side="left")
        return np.append(curve["n_risk"].to_numpy(dtype=np.int64), 0)[position]


def kaplan_meier(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    by: str | None = None,
    ci: Transform = "log",
    level: float = 0.95,
) -> KaplanMeierResult:
    """Estimate survival curves by the product-limit method.

    Estimate by Kaplan and Meier [1]_, standard error by Greenwood [2]_. The pointwise interval is symmetric on the log
    scale (R's default), on the log(-log) scale (SAS's default, better with few events) or on the plain scale, cut to
    [0, 1].

    Parameters
    ----------
    data : DataFrame
        One row per follow-up. Rows with a missing value in a column named here are left out and counted. A column
        ``subject_id`` or ``person_id``, where there is one, is used to count distinct persons.
    time : str
        Column with the length of follow-up, > 0: numbers in any unit, or timedeltas.
    event : str
        Column that says whether follow-up ended with the event: bool or 0/1.
    by : str, optional
        Column with groups; one curve each.
    ci : {"log", "log-log", "plain"}, default "log"
        Transformation of the interval.
    level : float, default 0.95
        Coverage of the interval, in (0, 1).

    Returns
    -------
    KaplanMeierResult
        Curves, medians, numbers at risk, log-rank test; draws itself.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.

    References
    ----------
    .. [1] Kaplan E. L., Meier P. (1958). Nonparametric estimation from incomplete observations. J. Am. Stat. Assoc.
       53(282), 457-481.
    .. [2] Greenwood M. (1926). The natural duration of cancer. Reports on Public Health and Medical Subjects 33, 1-26.
    """
    checked_choice(ci, "ci", known=get_args(Transform))
    checked_level(level)
    rows = survival_rows(data, time=time, event=event, others=[] if by is None else [by])
    labels, groups = group_labels(rows, by, default=ALL)
    parts = [_curve_of(rows, labels == group, transform=ci, level=level).assign(group=group) for group in groups]
    table = pd.concat(parts, ignore_index=True)
    test, no_test = (None, "") if by is None else _test_of(rows, labels, groups=groups)
    return KaplanMeierResult(
        method=f"Kaplan-Meier, Greenwood standard error, pointwise {in_percent(level)} interval on the {ci} scale",
        source=(
            "Kaplan E. L., Meier P. (1958). J. Am. Stat. Assoc. 53(282), 457-481; Greenwood M. (1926). Reports on "
            "Public Health and Medical Subjects 33, 1-26"
        ),
        n=rows.event.size,
        events=int(rows.event.sum()),
        exclusions=rows.exclusions,
        n_excluded=rows.n_excluded,
        persons=person_counts(rows, None if by is None else pd.Series(labels, name=by)),
        settings={"time": time, "event": event, "by": by, "ci": ci, "level": level},
        table=table[["group", *(name for name in table.columns if name != "group")]],
        groups=groups,
        ci=ci,
        level=level,
        logrank=test,
        no_logrank=no_test,
    )


def _test_of(
    rows: SurvivalRows, labels: npt.NDArray[np.object_], *, groups: tuple[str, ...]
) -> tuple[LogRankResult | None, str]:
    """Test equal survival; curves that cannot be tested are still curves."""
    try:
        return logrank_from_rows(rows, labels=labels, groups=groups), ""
    except ModelInputError as error:
        return None, str(error)


def _curve_of(rows: SurvivalRows, inside: npt.NDArray[np.bool_], *, transform: Transform, level: float) -> pd.DataFrame:
    times, position, leaving = np.unique(rows.time[inside], return_inverse=True, return_counts=True)
    n_event = np.bincount(position, rows.event[inside], minlength=times.size).astype(np.int64)
    n_risk = leaving[::-1].cumsum()[::-1]
    survival = np.cumprod(1 - n_event / n_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Where everybody has had the event the variance of log(survival) is infinite, that of survival zero.
        log_se = np.sqrt(np.cumsum(n_event / (n_risk * (n_risk - n_event))))
        low, high = _limits(survival, log_se, transform=transform, level=level)
        se = np.where(survival > 0, survival * log_se, 0.0)
    return pd.DataFrame(
        {
            "time": times,
            "n_risk": n_risk.astype(np.int64),
            "n_event": n_event,
            "n_censor": leaving.astype(np.int64) - n_event,
            "survival": survival,
            "se": se,
            "ci_low": low,
            "ci_high": high,
        }
    )


def _limits(
    survival: FloatArray, log_se: FloatArray, *, transform: Transform, level: float
) -> tuple[FloatArray, FloatArray]:
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    if transform == "plain":
        low, high = survival - z * survival * log_se, survival + z * survival * log_se
    elif transform == "log":
        low, high = survival * np.exp(-z * log_se), survival * np.exp(z * log_se)
    else:
        reach = z * log_se / np.log(survival)
        low, high = survival ** np.exp(-reach), survival ** np.exp(reach)
    low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
    certain, ended = survival == 1, survival == 0
    low[certain], high[certain] = 1.0, 1.0
    low[ended], high[ended] = np.nan, np.nan
    return low, high


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
