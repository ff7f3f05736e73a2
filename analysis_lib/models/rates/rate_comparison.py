"""Rates of two or more groups compared: ratio and difference."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, columns_by_name, in_percent
from analysis_lib.models.rates.cells import Cells, count_cells, two_groups
from analysis_lib.models.rates.effect_measures import EffectMeasures, Estimate, effect_measures
from analysis_lib.models.rates.incidence import DAYS_PER_YEAR, checked_unit
from analysis_lib.models.rows.source import Data

__all__ = ["RateInterval", "compare_rates", "person_years"]

RateInterval = Literal["exact", "midp", "wald"]
#: Person-years below this are none: rates over them would be larger than any number.
_SHORTEST = 1e-100
_WRITTEN = {"exact": "exact conditional", "midp": "mid-P conditional", "wald": "Wald, log scale"}
_TESTED = {"exact": "exact binomial, no more probable", "midp": "mid-P", "wald": "Wald"}


@dataclass(frozen=True)
class _Counts:
    """Events and person-years of a group and of the reference."""

    events: tuple[int, int]
    years: tuple[float, float]


@columns_by_name
def compare_rates(
    data: Data,
    *,
    time: str,
    by: str,
    event: str | None = None,
    n_events: str | None = None,
    reference: Any = None,
    interval: RateInterval = "exact",
    per: float = 1_000.0,
    units_per_year: float = DAYS_PER_YEAR,
    level: float = 0.95,
) -> EffectMeasures:
    """Compare incidence rates: their ratio and their difference.

    Given the sum of the events, those of one group are binomial; exact limits of the ratio come from there [1]_, as in
    R's `poisson.test`. The difference has Wald limits [2]_.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per follow-up, with `event`; or a table with one row per cell, with `n_events`.
    time : str
        Column with the length of follow-up, or with person-time.
    by : str
        Column with the groups.
    event : str, optional
        Column that says whether follow-up ended with the event: bool or 0/1.
    n_events : str, optional
        Column with counts of events, in place of `event`.
    reference : object, optional
        The group that the others are compared with; the first one when left out.
    interval : {"exact", "midp", "wald"}, default "exact"
        Limits of the ratio. ``exact`` never covers less than `level`; ``midp`` counts half of the probability of what
        was observed, and covers `level` about; ``wald`` is symmetric on the log scale.
    per : float, default 1000
        Person-years in the denominator of the difference.
    units_per_year : float, default 365.25
        Units of `time` in a year: 365.25 for days, 1 for years.
    level : float, default 0.95
        Coverage of the confidence intervals, in (0, 1).

    Returns
    -------
    EffectMeasures
        ``rate ratio`` and ``rate difference`` of each group against the reference.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used, or there are no events.

    References
    ----------
    .. [1] Breslow N. E., Day N. E. (1987). Statistical Methods in Cancer Research II, IARC, section 3.3.
    .. [2] Rothman K. J., Greenland S. (1998). Modern Epidemiology, 2nd edition, chapter 14.
    """
    checked_level(level)
    checked_choice(interval, "interval", known=get_args(RateInterval))
    checked_unit(per, "per", example="a rate per 1,000 person-years write 1000")
    cells = count_cells(data, keys=[by], event=event, n_events=n_events, time=time)
    against, others = two_groups(cells, by, reference=reference)
    years = person_years(cells, units_per_year=units_per_year)
    if not cells.events:
        raise ModelInputError("rates are compared by their events; found 0. Report the upper limits of the rates.")
    position = {group: index for index, group in enumerate(cells.frame[by].astype(str))}
    estimates = {}
    for group in others:
        pair = (position[group], position[against])
        counts = _Counts(
            events=tuple(int(cells.frame["events"].iloc[index]) for index in pair),  # type: ignore[arg-type]
            years=tuple(float(years[index]) for index in pair),  # type: ignore[arg-type]
        )
        estimates[f"{group} vs {against}"] = [
            _ratio(counts, interval=interval, level=level),
            _difference(counts, per=per, level=level),
        ]
    return effect_measures(
        estimates,
        {},
        cells=cells,
        title="Comparison of rates",
        method=(
            f"rate ratio with {_WRITTEN[interval]} {in_percent(level)} interval; rate difference per {per:,.0f} "
            "person-years with Wald interval"
        ),
        source="Breslow and Day 1987, IARC, section 3.3; Rothman and Greenland 1998, chapter 14",
        level=level,
        settings={
            "time": time,
            "n_events": n_events,
            "by": by,
            "reference": against,
            "interval": interval,
            "per": per,
            "level": level,
        },
    )


def person_years(cells: Cells, *, units_per_year: float) -> Any:
    """Bring the person-time of cells to years.

    Parameters
    ----------
    cells : Cells
        With person-time as total.
    units_per_year : float
        Units in a year.

    Returns
    -------
    ndarray of float64, shape (cells,)
        Person-years.

    Raises
    ------
    ModelInputError
        If a cell has no person-time or the unit is not positive.
    """
    checked_unit(units_per_year, "units_per_year", example="days write 365.25")
    years = cells.frame["total"].to_numpy(dtype=np.float64) / units_per_year
    if not (years > _SHORTEST).all():
        raise ModelInputError(
            f"each group needs person-time; found {int((years <= _SHORTEST).sum())} without. Leave these groups out."
        )
    return years


def _ratio(counts: _Counts, *, interval: RateInterval, level: float) -> Estimate:
    (events, control), (years, control_years) = counts.events, counts.years
    scale = control_years / years
    value = float("nan") if events + control == 0 else _divided(events, control) * scale
    if events + control == 0:
        low, high, p_value = 0.0, float("inf"), 1.0
    elif interval == "wald":
        low, high, p_value = _wald(counts, value, level=level)
    else:
        shares = _share_limits(counts, level=level, share=1.0 if interval == "exact" else 0.5)
        low, high = (limit / (1 - limit) if limit < 1 else float("inf") for limit in shares)
        low, high = low * scale, high * scale
        p_value = _exact_p(counts, mid=interval == "midp")
    return Estimate("rate ratio", value, low, high, p_value, _WRITTEN[interval], _TESTED[interval])


def _divided(numerator: float, denominator: float) -> float:
    return float("inf") if denominator == 0 else numerator / denominator


def _wald(counts: _Counts, value: float, *, level: float) -> tuple[float, float, float]:
    from scipy.stats import norm

    if 0 in counts.events:
        return float("nan"), float("nan"), float("nan")
    spread = np.sqrt(sum(1 / count for count in counts.events))
    margin = norm.ppf((1 + level) / 2) * spread
    return value * np.exp(-margin), value * np.exp(margin), float(2 * norm.sf(abs(np.log(value)) / spread))


def _share_limits(counts: _Counts, *, level: float, share: float) -> tuple[float, float]:
    """Limits of the share of the events that fall into the group: Clopper and Pearson's, or mid-P."""
    from scipy.optimize import brentq
    from scipy.stats import beta, binom

    events, total, tail = counts.events[0], sum(counts.events), (1 - level) / 2
    if share == 1.0:
        low = float(beta.ppf(tail, events, total - events + 1)) if events else 0.0
        high = float(beta.isf(tail, events + 1, total - events)) if events < total else 1.0
        return low, high

    def above(chance: float) -> float:
        return float(binom.sf(events, total, chance) + share * binom.pmf(events, total, chance)) - tail

    def below(chance: float) -> float:
        return float(binom.cdf(events - 1, total, chance) + share * binom.pmf(events, total, chance)) - tail

    low = brentq(above, 0, 1, xtol=1e-15, rtol=1e-14) if events else 0.0
    high = brentq(below, 0, 1, xtol=1e-15, rtol=1e-14) if events < total else 1.0
    return float(low), float(high)


def _exact_p(counts: _Counts, *, mid: bool) -> float:
    from scipy.stats import binom, binomtest

    events, total = counts.events[0], sum(counts.events)
    chance = counts.years[0] / sum(counts.years)
    if not mid:
        return float(binomtest(events, total, chance).pvalue)
    half = 0.5 * binom.pmf(events, total, chance)
    return float(min(1.0, 2 * min(binom.sf(events, total, chance) + half, binom.cdf(events - 1, total, chance) + half)))


def _difference(counts: _Counts, *, per: float, level: float) -> Estimate:
    from scipy.stats import norm

    rates = [events / years for events, years in zip(counts.events, counts.years, strict=True)]
    spread = float(np.sqrt(sum(events / years**2 for events, years in zip(counts.events, counts.years, strict=True))))
    value, margin = rates[0] - rates[1], norm.ppf((1 + level) / 2) * spread
    p_value = float(2 * norm.sf(abs(value) / spread)) if spread else float("nan")
    limits = (value - margin, value + margin) if spread else (float("nan"), float("nan"))
    return Estimate("rate difference", value * per, limits[0] * per, limits[1] * per, p_value, "Wald")
