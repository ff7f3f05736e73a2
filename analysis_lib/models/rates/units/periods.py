"""A share from one period to the next: what changed, and whether it left the limits of chance."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, checked_number, columns_by_name, in_percent
from analysis_lib.models.rates.cells import count_cells
from analysis_lib.models.rates.proportions import proportion_limits
from analysis_lib.models.rates.risk_difference import risk_difference
from analysis_lib.models.rates.units.control_limits import control_limits
from analysis_lib.models.result import ModelResult, ModelSummary, left_out
from analysis_lib.models.rows.source import Data, open_rows
from analysis_lib.printed_numbers import equation_of_p, format_estimate, format_ratio

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["PeriodShares", "ShareChange", "Step", "shares_by_period"]

Step = Literal["month", "quarter", "year"]
_FREQUENCY = {"month": "M", "quarter": "Q", "year": "Y"}
_PERIOD = "period"
_ALARM = 0.998
#: A century of months; more are a mistake, such as dates of the year 1.
_MOST_PERIODS = 2_400


class ShareChange(NamedTuple):
    """A share against that of the period before.

    Attributes
    ----------
    period, before : str
        The two periods.
    difference : float
        Later minus earlier share.
    ci_low, ci_high : float
        Newcombe's limits.
    p_value : float
        At which these limits touch 0.
    """

    period: str
    before: str
    difference: float
    ci_low: float
    ci_high: float
    p_value: float

    def describe(self) -> str:
        """Say the change in words, in percentage points.

        Returns
        -------
        str
            One sentence.
        """
        low, high, size = (100 * value for value in (self.ci_low, self.ci_high, abs(self.difference)))
        word = "rose by" if self.difference > 0 else "fell by" if self.difference < 0 else "stayed, with a change of"
        return (
            f"From {self.before} to {self.period} the share {word} {format_estimate(size, digits=1)} percentage points "
            f"(change {format_estimate(low, digits=1)} to {format_estimate(high, digits=1)}; "
            f"{equation_of_p(self.p_value)})."
        )


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PeriodShares(ModelResult):
    """Shares by period.

    Attributes
    ----------
    table : DataFrame
        One row per period without gaps (index ``period``): ``n``, ``events``, ``share``, ``ci_low``, ``ci_high``,
        ``change`` from the period before with ``change_low`` and ``change_high``, ``limit_low`` and ``limit_high``
        (99.8 % control limits around the share of all periods). Missing in periods that are hidden or without cases.
    step : {"month", "quarter", "year"}
        Length of a period.
    level : float
        Coverage of the intervals.
    centre : float
        The share of all periods together.
    remarks : tuple of str
        What was hidden.
    """

    table: pd.DataFrame
    step: Step
    level: float
    centre: float
    remarks: tuple[str, ...] = ()

    @property
    def latest(self) -> ShareChange | None:
        """The last period against the one before; None where either of the two is hidden, empty or not there."""
        if len(self.table) < 2:
            return None
        before, last = self.table.iloc[-2], self.table.iloc[-1]
        if pd.isna(last["change"]):
            return None
        pair = self.table[["events", "n"]].iloc[[-1, -2]].to_numpy(dtype=np.float64)
        found = risk_difference(pair[:, 0], pair[:, 1], kind="newcombe", level=self.level)
        return ShareChange(str(last.name), str(before.name), found.value, found.low, found.high, found.p_value)

    def to_frame(self) -> pd.DataFrame:
        """Return the periods as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def summary(self) -> ModelSummary:
        """Write the periods for reading, in percent.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = tuple(
            (
                str(period),
                "–" if pd.isna(row["n"]) else f"{row['n']:,}",
                "–" if pd.isna(row["events"]) else f"{row['events']:,}",
                format_ratio(100 * row["share"]),
                _range(row["ci_low"], row["ci_high"]),
                format_estimate(100 * row["change"], digits=1),
                _range(row["change_low"], row["change_high"]),
            )
            for period, row in zip(self.table.index, self.table.to_dict("records"), strict=True)
        )
        interval = f"{in_percent(self.level)} CI"
        header = (self.step.capitalize(), "Cases", "With", "%", interval, "Change, points", interval)
        return ModelSummary(title=f"Share by {self.step}", header=header, rows=rows, notes=self._notes())

    def _notes(self) -> tuple[str, ...]:
        notes = [f"Method: {self.method}.", f"{self.n:,} cases, {self.events:,} events."]
        if self.persons["all"] < self.n:
            notes.append(f"They come from {self.persons['all']:,} persons; the limits take cases for independent.")
        if self.exclusions:
            notes.append(left_out(self.n_excluded, self.exclusions))
        return (*notes, *self.remarks)

    def plot(self, *, value_label: str = "Share, %", width: float = 5.5, title: str = "") -> "StudyFigure":
        """Draw the shares over time, with the share of all periods and its control limits.

        Parameters
        ----------
        value_label : str, default "Share, %"
            Beside the plot.
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With the table attached.
        """
        from analysis_lib.models.rates.units.periods_plot import periods_figure

        return periods_figure(self, value_label=value_label, width=width, title=title)


def _range(low: float, high: float) -> str:
    return (
        "–" if np.isnan(low) else f"{format_estimate(100 * low, digits=1)} to {format_estimate(100 * high, digits=1)}"
    )


@columns_by_name
def shares_by_period(
    data: Data,
    *,
    date: str,
    event: str,
    step: Step = "month",
    fewest_persons: int = 0,
    level: float = 0.95,
) -> PeriodShares:
    """Follow a share over calendar periods, each compared with the one before.

    Shares have Wilson limits [1]_, changes Newcombe's [2]_. The control limits are exact, around the share of all
    periods together (`control_limits`): a p chart.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per case. Rows with a missing value in a column named here are left out.
    date : str
        Column with the date of the case.
    event : str
        Column that says whether it happened: bool or 0/1.
    step : {"month", "quarter", "year"}, default "month"
        Length of a period.
    fewest_persons : int, default 0
        Periods of fewer distinct persons are hidden; their cases still count for all periods together.
    level : float, default 0.95
        Coverage of the confidence intervals, in (0, 1).

    Returns
    -------
    PeriodShares
        One row per period from the first to the last case, without gaps.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.

    References
    ----------
    .. [1] Wilson E. B. (1927). Probable inference, the law of succession, and statistical inference. J. Am. Stat.
       Assoc. 22(158), 209-212.
    .. [2] Newcombe R. G. (1998). Interval estimation for the difference between independent proportions: comparison of
       eleven methods. Stat. Med. 17(8), 873-890; method 10.
    """
    checked_level(level)
    checked_choice(step, "step", known=get_args(Step))
    if checked_number(fewest_persons, "fewest_persons") < 0:
        raise ModelInputError(
            f"fewest_persons must be 0 or more; found {fewest_persons:g}. Write 10, or 0 to hide none."
        )
    frame, labels = _by_period(data, date=date, event=event, step=step)
    cells = count_cells(frame, keys=[_PERIOD], event=event)
    counts = cells.frame.set_index(cells.frame[_PERIOD].astype(str))[["persons", "events", "total"]].reindex(labels)
    hidden = counts["persons"].lt(fewest_persons) & counts["persons"].notna()
    table = _table(counts.mask(hidden), centre=cells.events / cells.n, level=level)
    remarks = [
        f"{what}: {count:,} period{'s' if count > 1 else ''}{of}."
        for what, count, of in (
            ("Hidden", int(hidden.sum()), f" of fewer than {fewest_persons:,} persons"),
            ("Without a case", int(counts["persons"].isna().sum()), ""),
        )
        if count
    ]
    shown = {f"{_PERIOD}={label}" for label in counts.index[~hidden]}
    persons = {
        name: count
        for name, count in cells.persons.items()
        if name in {"all", "events"} or name.removesuffix(", events") in shown
    }
    return PeriodShares(
        table=table,
        step=step,
        level=level,
        centre=cells.events / cells.n,
        remarks=tuple(remarks),
        method=(
            f"shares by {step} with {in_percent(level)} Wilson intervals; changes with Newcombe's; exact "
            f"{in_percent(_ALARM)} control limits around all periods together"
        ),
        source="Wilson 1927; Newcombe 1998, method 10; Spiegelhalter 2005",
        n=cells.n,
        events=cells.events,
        exclusions={reason.replace(_PERIOD, date): count for reason, count in cells.exclusions.items()},
        n_excluded=cells.n_excluded,
        persons=persons,
        settings={"date": date, "event": event, "step": step, "fewest_persons": fewest_persons, "level": level},
    )


def _by_period(data: Data, *, date: str, event: str, step: Step) -> tuple[pd.DataFrame, list[str]]:
    rows = open_rows(data)
    person = rows.person_column
    frame = rows.frame([date, event, *([person] if person else [])])
    if not pd.api.types.is_datetime64_any_dtype(frame[date].dtype):
        raise ModelInputError(
            f"the date must be datetime64; column '{date}' is {frame[date].dtype}. Use pd.to_datetime."
        )
    periods = frame[date].dt.to_period(_FREQUENCY[step])
    if periods.notna().sum() == 0:
        raise ModelInputError(f"no row has a date; found {len(frame):,} rows. Check column '{date}'.")
    every = pd.period_range(periods.min(), periods.max())
    if len(every) > _MOST_PERIODS:
        raise ModelInputError(
            f"periods are compared a few at a time; found {len(every):,} from the first to the last date. Leave out "
            "dates that stand for 'unknown'."
        )
    labels = [_label(period) for period in every]
    return frame.assign(**{_PERIOD: periods.map(_label, na_action="ignore").astype(object)}), labels


def _label(period: pd.Period) -> str:
    return str(period) if period.freqstr[0] != "Q" else f"{period.year}-Q{period.quarter}"


def _table(counts: pd.DataFrame, *, centre: float, level: float) -> pd.DataFrame:
    n, events = counts["total"].to_numpy(dtype=np.float64), counts["events"].to_numpy(dtype=np.float64)
    rows = np.full((len(counts), 8), np.nan)
    for index in range(len(counts)):
        if np.isnan(n[index]):
            continue
        low, high = proportion_limits(events[index], n[index], level=level)
        rows[index, :3] = events[index] / n[index], low, high
        if index and not np.isnan(n[index - 1]):
            pair = slice(index, index - 2 if index > 1 else None, -1)
            change = risk_difference(events[pair], n[pair], kind="newcombe", level=level)
            rows[index, 3:6] = change.value, change.low, change.high
        if 0 < centre < 1:
            rows[index, 6:] = [
                side[0] for side in control_limits(n[index], target=centre, kind="proportion", level=_ALARM)
            ]
    names = ["share", "ci_low", "ci_high", "change", "change_low", "change_high", "limit_low", "limit_high"]
    table = pd.DataFrame(rows, columns=names, index=pd.Index(counts.index, name=_PERIOD))
    table.insert(0, "n", counts["total"].astype("Int64"))
    table.insert(1, "events", counts["events"].astype("Int64"))
    return table
