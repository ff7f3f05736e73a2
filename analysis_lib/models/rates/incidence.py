"""Incidence rates with exact intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_level, in_percent
from analysis_lib.models.result import ModelSummary, left_out
from analysis_lib.models.rows.follow_up import group_labels, person_counts, survival_rows
from analysis_lib.tables import format_estimate

__all__ = ["IncidenceRate", "IncidenceRates", "incidence_rate", "incidence_rates"]

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
    from scipy.stats import chi2

    checked_level(level)
    if not (n_events >= 0 and float(n_events).is_integer()):
        raise ModelInputError(f"n_events must be a count; found {n_events}. Count first events only.")
    if not 0 < person_years < float("inf"):
        raise ModelInputError(
            f"person_years must be > 0; found {person_years:g}. Check the attrition of the cohort: the last step "
            "may have removed everyone."
        )
    if not 0 < per < float("inf"):
        raise ModelInputError(f"per must be > 0; found {per:g}. For a rate per 1,000 person-years write 1000.")
    scale = per / person_years
    low = float(chi2.ppf((1 - level) / 2, 2 * n_events)) / 2 if n_events else 0.0
    high = float(chi2.ppf((1 + level) / 2, 2 * n_events + 2)) / 2
    return IncidenceRate(n_events * scale, low * scale, high * scale)


@dataclass(frozen=True, repr=False, eq=False)
class IncidenceRates:
    """Incidence rates by group.

    Attributes
    ----------
    table : DataFrame
        One row per group: ``persons`` (distinct), ``events``, ``person_years``, ``rate``, ``ci_low``, ``ci_high``.
    per : float
        Person-years in the denominator of the rates.
    level : float
        Coverage of the intervals.
    n, events : int
        Rows used, and events among them.
    exclusions : mapping of str to int
        Rows left out, by reason.
    n_excluded : int
        Rows left out, each counted once.
    persons : mapping of str to int
        Distinct persons, in total and by group; what `Report` declares.
    method : str
        The rate and its interval.
    """

    table: pd.DataFrame
    per: float
    level: float
    n: int
    events: int
    exclusions: Mapping[str, int]
    n_excluded: int
    persons: Mapping[str, int]
    method: str

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
        rows = tuple(
            (
                str(row["group"]),
                f"{row['persons']:,}",
                f"{row['events']:,}",
                f"{row['person_years']:,.0f}",
                format_estimate(row["rate"]),
                f"{format_estimate(row['ci_low'])} to {format_estimate(row['ci_high'])}",
            )
            for row in self.table.reset_index().to_dict("records")
        )
        unit = f"Rate per {self.per:,.0f} person-years"
        header = ("Group", "Persons", "Events", "Person-years", unit, f"{in_percent(self.level)} CI")
        notes = [f"Method: {self.method}."]
        if self.exclusions:
            notes.append(left_out(self.n_excluded, self.exclusions))
        return ModelSummary(title="Incidence rates", header=header, rows=rows, notes=tuple(notes))

    def __repr__(self) -> str:
        return self.summary().as_text()

    def _repr_html_(self) -> str:
        return self.summary().as_html()


def incidence_rates(
    data: pd.DataFrame,
    *,
    time: str,
    event: str,
    by: str | None = None,
    per: float = 1_000.0,
    units_per_year: float = DAYS_PER_YEAR,
    level: float = 0.95,
) -> IncidenceRates:
    """Estimate incidence rates by group from follow-up data.

    Parameters
    ----------
    data : DataFrame
        One row per follow-up; rows with a missing value in a column named here are left out.
    time : str
        Column with the length of follow-up, > 0.
    event : str
        Column that says whether follow-up ended with the event: bool or 0/1.
    by : str, optional
        Column with groups; one rate each.
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
    if not 0 < units_per_year < float("inf"):
        raise ModelInputError(f"units_per_year must be > 0; found {units_per_year:g}. For days write 365.25.")
    rows = survival_rows(data, time=time, event=event, others=[] if by is None else [by])
    labels, groups = group_labels(rows, by)
    records = []
    for group in groups:
        inside = labels == group
        events, years = int(rows.event[inside].sum()), float(rows.time[inside].sum()) / units_per_year
        rate = incidence_rate(events, years, per=per, level=level)
        records.append(
            {
                "persons": int(rows.persons[inside].nunique()),
                "events": events,
                "person_years": years,
                **rate._asdict(),
            }
        )
    return IncidenceRates(
        table=pd.DataFrame(records, index=pd.Index(groups, name="group")),
        per=per,
        level=level,
        n=rows.event.size,
        events=int(rows.event.sum()),
        exclusions=rows.exclusions,
        n_excluded=rows.n_excluded,
        persons=person_counts(rows, None if by is None else pd.Series(labels, name=by)),
        method=(
            f"events per {per:,.0f} person-years of follow-up, "
            f"exact {in_percent(level)} Poisson interval (Garwood 1936)"
        ),
    )
