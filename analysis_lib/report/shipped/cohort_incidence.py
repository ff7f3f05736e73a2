"""How often people enter a cohort for the first time: per person-years of all who were observed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from analysis_lib.cohort.language.entries import Entry
from analysis_lib.cohort.language.rules import PriorObservation
from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import in_percent
from analysis_lib.models.rates.incidence import DAYS_PER_YEAR, IncidenceRates, incidence_rates
from analysis_lib.printed_numbers import format_ratio
from analysis_lib.report.shipped.person_time import days_at_risk

if TYPE_CHECKING:
    from analysis_lib.cohort import Cohort, CohortDefinition

__all__ = ["CohortIncidence", "cohort_incidence"]

#: Single years in more bands than this make a figure that nobody reads.
MOST_BANDS = 30


@dataclass(frozen=True, eq=False)
class CohortIncidence:
    """Incidence of a cohort.

    Attributes
    ----------
    overall : IncidenceRates or None
        Of everybody; None where nobody was at risk.
    by_year, by_age : IncidenceRates or None
        By bands of calendar years and of ages, those with few entries joined with their neighbours; None where there
        are too few in all.
    entries : int
        First entries.
    prior_days : int
        Nobody was at risk before so many days of observation.
    """

    overall: IncidenceRates | None
    by_year: IncidenceRates | None
    by_age: IncidenceRates | None
    entries: int
    prior_days: int

    def in_words(self) -> str:
        """Say the rate of everybody, with what it is made of.

        Returns
        -------
        str
            A sentence; it says so where nobody was at risk.
        """
        if self.overall is None:
            return "Nobody was at risk: there is no rate."
        found = self.overall.table.iloc[0]
        per = f"per {self.overall.per:,.0f} person-years"
        interval = f"{format_ratio(found['ci_low'])} to {format_ratio(found['ci_high'])}"
        return (
            f"{int(found['events']):,} first entries in {found['person_years']:,.0f} person-years of "
            f"{int(found['persons']):,} persons: {format_ratio(found['rate'])} {per} "
            f"({in_percent(self.overall.level)} CI {interval}, exact Poisson)."
        )

    def describe(self) -> str:
        """Say how it was counted.

        Returns
        -------
        str
            A few sentences.
        """
        wait = f" after {self.prior_days:,} days of observation" if self.prior_days else ""
        return (
            f"Everybody in the data counts as at risk while observed{wait}, until the day of the first entry, also "
            "those whom a rule of the definition would have kept out. Age is the calendar year minus the year of "
            "birth. Neighbouring years and ages with few entries are joined."
        )


def cohort_incidence(
    cohort: "Cohort",
    *,
    age_edges: Sequence[int] = tuple(range(0, 100, 10)),
    first_year: int | None = None,
    fewest_entries: int = 5,
    per: float = 1_000.0,
) -> CohortIncidence:
    """Estimate how often people enter a cohort for the first time, by calendar year and by age.

    Events are first entries; person-time is that of all persons of the release who could still enter. This is the
    incidence rate of OHDSI's CohortDiagnostics.

    Parameters
    ----------
    cohort : Cohort
        Who entered when.
    age_edges : sequence of int, default every ten years
        Ages at which a band begins, ascending.
    first_year : int, optional
        Rates by calendar year begin here; when the first person was observed, when left out.
    fewest_entries : int, default 5
        A band of fewer persons, or with entries but fewer, is joined with its neighbour; where all together have fewer,
        there are no rates by band.
    per : float, default 1000
        Person-years in the denominator of the rates.

    Returns
    -------
    CohortIncidence
        Rates with exact intervals.

    Raises
    ------
    ModelInputError
        If the ages do not rise.
    """
    ages = tuple(int(edge) for edge in age_edges)
    if not ages or list(ages) != sorted(set(ages)):
        raise ModelInputError(f"age_edges must rise; found {len(ages)} that do not. Write them from the youngest on.")
    prior = _prior_days(cohort.definition)
    years = cohort.dataset.years
    if years is None or not cohort.dataset.tables["observation_period"].rows:
        return CohortIncidence(None, None, None, 0, prior)
    every = _year_edges(min(max(years[0], first_year or years[0]), years[1]), years[1])
    single = days_at_risk(cohort, prior_days=prior, year_edges=every, age_edges=ages)
    joined_years = _joined(single[single["scale"] == "year"], every, fewest=fewest_entries)
    joined_ages = _joined(single[single["scale"] == "age"], ages, fewest=fewest_entries)
    # Distinct persons of joined bands are counted anew: one person lives through several years.
    counted = days_at_risk(cohort, prior_days=prior, year_edges=joined_years, age_edges=joined_ages)
    entries = int(counted.loc[counted["scale"] == "all", "entries"].sum())
    enough = entries >= fewest_entries
    labels = {"year": _names(joined_years, last=years[1]), "age": _names(joined_ages, last=None), "all": ["all"]}
    rates = {
        scale: _rates(counted[counted["scale"] == scale], labels[scale], per=per) if enough or scale == "all" else None
        for scale in ("all", "year", "age")
    }
    return CohortIncidence(rates["all"], rates["year"], rates["age"], entries, prior)


def _prior_days(definition: "CohortDefinition") -> int:
    """Read how long everybody is observed before they can enter."""
    asked = [rule.days for rule in definition.inclusion_rules if isinstance(rule, PriorObservation)]
    return max([0, *asked, *([definition.entry.prior_days] if isinstance(definition.entry, Entry) else [])])


def _year_edges(first: int, last: int) -> tuple[int, ...]:
    """Choose bands of years that a reader takes in: each year, or five or more, beginning at round years."""
    length = next(size for size in (1, 5, 10, 50, 1_000) if (last - first) // size < MOST_BANDS)
    return (first, *(year for year in range(first + 1, last + 1) if year % length == 0))


def _joined(counts: pd.DataFrame, edges: tuple[int, ...], *, fewest: int) -> tuple[int, ...]:
    """Join bands of few persons, or with entries but too few, with the next one, and the last with the one before."""
    lived = counts[counts["days"] > 0].set_index("band")
    if lived.empty:
        return edges[:1]
    starts: list[int] = []
    for place in range(int(lived.index.min()), int(lived.index.max()) + 1):
        if not starts or not _too_small(lived.loc[starts[-1] : place - 1], fewest=fewest):
            starts.append(place)
    while len(starts) > 1 and _too_small(lived.loc[starts[-1] :], fewest=fewest):
        starts.pop()
    return tuple(edges[start] for start in starts)


def _too_small(bands: pd.DataFrame, *, fewest: int) -> bool:
    return 0 < bands["entries"].sum() < fewest or bands["persons"].max() < fewest


def _names(edges: tuple[int, ...], *, last: int | None) -> list[str]:
    ends = [*(edge - 1 for edge in edges[1:]), last]
    return [
        f"{first}+" if end is None else str(first) if end == first else f"{first}–{end}"
        for first, end in zip(edges, ends, strict=True)
    ]


def _rates(counts: pd.DataFrame, labels: list[str], *, per: float) -> IncidenceRates | None:
    counts = counts[counts["days"] > 0].sort_values("band")
    if counts.empty:
        return None
    names = [labels[place] for place in counts["band"]]
    table = counts.assign(band=pd.Categorical(names, names, ordered=True))
    found = incidence_rates(table, time="days", n_events="entries", by="band", per=per, units_per_year=DAYS_PER_YEAR)
    persons = {"all": 0, "events": int(counts["entries"].sum())}
    for name, people, entries in zip(names, counts["persons"], counts["entries"], strict=True):
        persons |= {name: int(people), f"{name}, events": int(entries)}
    persons["all"] = max(int(people) for people in counts["persons"])
    return replace(
        found,
        table=found.table.assign(persons=counts["persons"].to_numpy()),
        persons=persons,
        # The counts are of distinct persons here, which a table of person-time alone would not say.
        settings={**found.settings, "n_events": None},
        method=f"first entries {found.method.removeprefix('events ')}",
    )
