"""Incidence rates with exact intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_level, checked_number, columns_by_name, in_percent
from analysis_lib.models.forest import forest_plot
from analysis_lib.models.rates.cells import count_cells
from analysis_lib.models.result import ModelResult, ModelSummary, left_out
from analysis_lib.models.rows.source import Data
from analysis_lib.printed_numbers import format_estimate, format_ratio

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = [
    "DAYS_PER_YEAR",
    "IncidenceRate",
    "IncidenceRates",
    "checked_unit",
    "garwood_limits",
    "incidence_rate",
    "incidence_rates",
]

DAYS_PER_YEAR = 365.25


class IncidenceRate(NamedTuple):
    """An incidence rate with its exact interval.

    Attributes
    ----------
    rate : float
        Events per unit of person-time.
    ci_low, ci_high : float
        Garwood's limits; ``ci_low`` is 0 when there are no events.
    """

    rate: float
    ci_low: float
    ci_high: float


def incidence_rate(n_events: int, person_years: float, *, per: float = 1_000.0, level: float = 0.95) -> IncidenceRate:
    """Estimate an incidence rate with an exact Poisson interval.

    The limits are Garwood's [1]_, by the quantiles of the chi-square distribution.

    Parameters
    ----------
    n_events : int
        Incident (first) events during follow-up.
    person_years : float
        Total time at risk, in years.
    per : float, default 1000
        Person-years in the denominator of the reported rate.
    level : float, default 0.95
        Coverage of the confidence interval, in (0, 1).

    Returns
    -------
    IncidenceRate
        Events per `per` person-years; ``ci_low`` is 0 when `n_events` is 0.

    Raises
    ------
    ModelInputError
        If `person_years` or `per` is not positive, or `n_events` is not a count.

    References
    ----------
    .. [1] Garwood F. (1936). Fiducial limits for the Poisson distribution. Biometrika 28(3/4), 437-442.
    """
    checked_level(level)
    if not (n_events >= 0 and float(n_events).is_integer()):
        raise ModelInputError(f"n_events must be a count; found {n_events}. Count first events only.")
    if not 0 < person_years < float("inf"):
        raise ModelInputError(
            f"person_years must be > 0; found {person_years:g}. Check the attrition of the cohort: the last step "
            "may have removed everyone."
        )
    checked_unit(per, "per", example="a rate per 1,000 person-years write 1000")
    scale = per / person_years
    low, high = garwood_limits(n_events, level=level)
    return IncidenceRate(n_events * scale, low * scale, high * scale)


def garwood_limits(n_events: float, *, level: float) -> tuple[float, float]:
    """Exact limits of the mean of a Poisson count.

    Parameters
    ----------
    n_events : float
        The count.
    level : float
        Coverage.

    Returns
    -------
    low, high : float
        ``low`` is 0 when `n_events` is 0.
    """
    from scipy.special import gammainccinv, gammaincinv

    low = float(gammaincinv(n_events, (1 - level) / 2)) if n_events else 0.0
    return low, float(gammainccinv(n_events + 1, (1 - level) / 2))


def checked_unit(value: float, name: str, *, example: str) -> float:
    """Refuse a unit that is not positive.

    Parameters
    ----------
    value : float
        What the caller gave.
    name : str
        The argument.
    example : str
        What to write: ``days write 365.25``.

    Returns
    -------
    float
        `value`.

    Raises
    ------
    ModelInputError
        If it is 0, negative, infinite or no number.
    """
    if not 0 < checked_number(value, name) < float("inf"):
        raise ModelInputError(f"{name} must be > 0; found {value:g}. For {example}.")
    return value


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class IncidenceRates(ModelResult):
    """Incidence rates by group.

    Attributes
    ----------
    table : DataFrame
        One row per group: ``persons`` (distinct; of a table of counts, which does not say how many they are, as many
        as events), ``events``, ``person_years``, ``rate``, ``ci_low``, ``ci_high``.
    per : float
        Person-years in the denominator of the rates.
    level : float
        Coverage of the intervals.
    """

    table: pd.DataFrame
    per: float
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the rates as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def summary(self) -> ModelSummary:
        """Write the rates for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        of_table = bool(self.settings.get("n_events"))  # which does not say how many persons it is of
        rows = tuple(
            (
                _label(group),
                "–" if of_table else f"{row['persons']:,}",
                f"{row['events']:,}",
                f"{row['person_years']:,.0f}" if row["person_years"] >= 100 else format_estimate(row["person_years"]),
                format_ratio(row["rate"]),
                f"{format_ratio(row['ci_low'])} to {format_ratio(row['ci_high'])}",
            )
            for group, row in zip(self.table.index, self.table.to_dict("records"), strict=True)
        )
        unit = f"Rate per {self.per:,.0f} person-years"
        header = ("Group", "Persons", "Events", "Person-years", unit, f"{in_percent(self.level)} CI")
        notes = [f"Method: {self.method}."]
        if not of_table and self.persons["events"] < self.events:
            notes.append(
                f"The {self.events:,} events are of {self.persons['events']:,} persons; the intervals take events of "
                "one person for independent."
            )
        if self.exclusions:
            notes.append(left_out(self.n_excluded, self.exclusions))
        return ModelSummary(title="Incidence rates", header=header, rows=rows, notes=tuple(notes))

    def plot(self, *, width: float = 5.5, title: str = "") -> "StudyFigure":
        """Draw the rates with their intervals, one line per group.

        Parameters
        ----------
        width : float, default 5.5
            Inches.
        title : str, optional
            Above the plot.

        Returns
        -------
        StudyFigure
            With its data attached.
        """
        rows = self.table.rename(columns={"rate": "estimate"})[["estimate", "ci_low", "ci_high"]]
        rows.insert(0, "label", [_label(group) for group in self.table.index])
        return forest_plot(
            rows.reset_index(drop=True),
            measure=f"Rate per {self.per:,.0f} person-years",
            interval=f"{in_percent(self.level)} CI, exact",
            ratios=False,
            width=width,
            title=title,
        )


def _label(group: object) -> str:
    return ", ".join(str(part) for part in group) if isinstance(group, tuple) else str(group)


@columns_by_name
def incidence_rates(
    data: Data,
    *,
    time: str,
    event: str | None = None,
    n_events: str | None = None,
    by: str | Sequence[str] | None = None,
    per: float = 1_000.0,
    units_per_year: float = DAYS_PER_YEAR,
    level: float = 0.95,
) -> IncidenceRates:
    """Estimate incidence rates by group from follow-up data.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per follow-up, or per part of it as `split_follow_up` gives; or a table of counts with `n_events`. Rows
        with a missing value in a column named here are left out.
    time : str
        Column with the length of follow-up, > 0, or with person-time.
    event : str, optional
        Column that says whether follow-up ended with the event: bool or 0/1.
    n_events : str, optional
        Column with counts of events, in place of `event`.
    by : str or sequence of str, optional
        Columns with groups; one rate for each combination that has rows.
    per : float, default 1000
        Person-years in the denominator of the reported rate.
    units_per_year : float, default 365.25
        Units of `time` in a year: 365.25 for days, 1 for years.
    level : float, default 0.95
        Coverage of the confidence interval, in (0, 1).

    Returns
    -------
    IncidenceRates
        One rate per group; shows itself as a table.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.
    """
    checked_level(level)
    checked_unit(units_per_year, "units_per_year", example="days write 365.25")
    keys = [by] if isinstance(by, str) else list(by or [])
    cells = count_cells(data, keys=keys, event=event, n_events=n_events, time=time)
    years = cells.frame["total"] / units_per_year
    rates = [
        incidence_rate(count, years_at_risk, per=per, level=level)
        for count, years_at_risk in zip(cells.frame["events"].tolist(), years.tolist(), strict=True)
    ]
    if len(keys) > 1:
        index: pd.Index = pd.MultiIndex.from_frame(cells.frame[keys].astype(str))
    else:
        index = pd.Index(cells.labels, name="group")
    table = pd.DataFrame(
        {
            "persons": cells.frame["persons"].to_numpy(),
            "events": cells.frame["events"].to_numpy(),
            "person_years": years.to_numpy(),
            **dict(zip(IncidenceRate._fields, np.array(rates).T, strict=True)),
        },
        index=index,
    )
    return IncidenceRates(
        table=table,
        per=per,
        level=level,
        n=cells.n,
        events=cells.events,
        exclusions=cells.exclusions,
        n_excluded=cells.n_excluded,
        persons=cells.persons,
        method=(
            f"events per {per:,.0f} person-years of follow-up, "
            f"exact {in_percent(level)} Poisson interval (Garwood 1936)"
        ),
        source="Garwood 1936, Biometrika 28(3/4), 437-442",
        settings={
            "time": time,
            "n_events": n_events,
            "by": keys,
            "per": per,
            "units_per_year": units_per_year,
            "level": level,
        },
    )
