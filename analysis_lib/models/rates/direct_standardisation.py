"""Direct standardisation: the rate a standard population would have with the rates of the study's age groups."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, columns_by_name, in_percent
from analysis_lib.models.forest import forest_plot
from analysis_lib.models.rates.cells import count_cells
from analysis_lib.models.rates.incidence import DAYS_PER_YEAR, checked_unit
from analysis_lib.models.rates.rate_comparison import person_years
from analysis_lib.models.rates.rate_result import PersonTimeResult
from analysis_lib.models.rates.standard_populations import StandardName, weights_for
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.source import Data
from analysis_lib.printed_numbers import format_ratio

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["StandardisedRates", "standardised_rates"]

FloatArray = npt.NDArray[np.float64]
StandardInterval = Literal["gamma", "normal"]
_WRITTEN = {"gamma": "gamma (Fay and Feuer 1997)", "normal": "normal"}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class StandardisedRates(PersonTimeResult):
    """Directly standardised rates by group.

    Attributes
    ----------
    table : DataFrame
        One row per group: ``persons``, ``events``, ``person_years``, ``crude_rate``, ``rate`` (standardised), ``se``,
        ``ci_low``, ``ci_high``.
    weights : Series
        Weight of each age group; adds up to 1.
    per : float
        Person-years in the denominator of the rates.
    level : float
        Coverage of the intervals.
    interval : {"gamma", "normal"}
        Kind of interval.
    standard : str
        The standard population in words.
    """

    table: pd.DataFrame
    weights: pd.Series
    per: float
    level: float
    interval: StandardInterval
    standard: str

    def to_frame(self) -> pd.DataFrame:
        """Return the rates as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def ratios(self, *, reference: str | None = None) -> pd.DataFrame:
        """Compare the standardised rates: ratio of each group to the reference, with limits on the log scale [1]_.

        Parameters
        ----------
        reference : str, optional
            The group to compare with; the first one when left out.

        Returns
        -------
        DataFrame
            One row per other group: ``ratio``, ``ci_low``, ``ci_high``; limits are missing where a rate is 0.

        Raises
        ------
        ModelInputError
            If there is no such group, or no other.

        References
        ----------
        .. [1] Boyle P., Parkin D. M. (1991). Statistical methods for registries. In: Cancer Registration, IARC
           Scientific Publications 95, chapter 11.
        """
        from scipy.stats import norm

        chosen = self.table.index[0] if reference is None else reference
        if chosen not in self.table.index or len(self.table) < 2:
            raise ModelInputError(
                f"reference must be one of several groups; found none of that name among {len(self.table)}. Write it "
                "as it stands in the table."
            )
        others = self.table.drop(index=chosen)
        control = self.table.loc[chosen]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = others["rate"] / control["rate"]
            spread = np.hypot(others["se"] / others["rate"], control["se"] / control["rate"])
            margin = norm.ppf((1 + self.level) / 2) * spread
            limits = {"ci_low": ratio * np.exp(-margin), "ci_high": ratio * np.exp(margin)}
        return pd.DataFrame({"ratio": ratio, **limits})

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
                f"{row['events']:,}",
                f"{row['person_years']:,.0f}",
                format_ratio(row["crude_rate"]),
                format_ratio(row["rate"]),
                f"{format_ratio(row['ci_low'])} to {format_ratio(row['ci_high'])}",
            )
            for row in self.table.reset_index().to_dict("records")
        )
        header = (
            *("Group", "Events", "Person-years", "Crude rate", "Standardised rate"),
            f"{in_percent(self.level)} CI",
        )
        notes = (*self._notes(), f"Standard: {self.standard}.")
        title = f"Standardised rates per {self.per:,.0f} person-years"
        return ModelSummary(title=title, header=header, rows=rows, notes=notes)

    def plot(self, *, width: float = 5.5, title: str = "") -> "StudyFigure":
        """Draw the standardised rates with their intervals.

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
        rows = self.table.reset_index().rename(columns={"group": "label", "rate": "estimate"})
        return forest_plot(
            rows[["label", "estimate", "ci_low", "ci_high"]],
            measure=f"Standardised rate per {self.per:,.0f} person-years",
            interval=f"{in_percent(self.level)} CI, {self.interval}",
            ratios=False,
            width=width,
            title=title,
        )


@columns_by_name
def standardised_rates(
    data: Data,
    *,
    time: str,
    age: str,
    standard: StandardName | Mapping[str, float] | pd.Series,
    event: str | None = None,
    n_events: str | None = None,
    by: str | None = None,
    interval: StandardInterval = "gamma",
    per: float = 1_000.0,
    units_per_year: float = DAYS_PER_YEAR,
    level: float = 0.95,
) -> StandardisedRates:
    """Standardise rates directly.

    The rate is the sum of the age groups' rates, each times its share of the standard population. Its limits are those
    of Fay and Feuer [1]_, which hold with few events too.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per follow-up, or per part of it as `split_follow_up` gives, with `event`; or a table of counts with
        `n_events`. Rows with a missing value in a column named here are left out.
    time : str
        Column with the length of follow-up, or with person-time.
    age : str
        Column with the age groups, or with the labels of other strata if `standard` has weights by label.
    standard : str, mapping or Series
        A standard population by name, as in `standard_population`; or weights by label, of any sum.
    event : str, optional
        Column that says whether follow-up ended with the event: bool or 0/1.
    n_events : str, optional
        Column with counts of events, in place of `event`.
    by : str, optional
        Column with groups; one rate each.
    interval : {"gamma", "normal"}, default "gamma"
        Kind of interval; ``normal`` is estimate ± z * se, and too narrow with few events.
    per : float, default 1000
        Person-years in the denominator of the reported rate.
    units_per_year : float, default 365.25
        Units of `time` in a year: 365.25 for days, 1 for years.
    level : float, default 0.95
        Coverage of the confidence interval, in (0, 1).

    Returns
    -------
    StandardisedRates
        One rate per group. Where the data do not cover all ages, the weights are those of the ages covered, and the
        summary says so.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used, or a group has no person-time in an age group that another has.

    References
    ----------
    .. [1] Fay M. P., Feuer E. J. (1997). Confidence intervals for directly standardized rates: a method based on the
       gamma distribution. Stat. Med. 16(7), 791-801.
    """
    checked_level(level)
    checked_choice(interval, "interval", known=get_args(StandardInterval))
    checked_unit(per, "per", example="a rate per 1,000 person-years write 1000")
    checked_unit(units_per_year, "units_per_year", example="days write 365.25")
    keys = [age] if by is None else [by, age]
    cells = count_cells(data, keys=keys, event=event, n_events=n_events, time=time)
    bands = list(cells.frame[age].cat.categories)
    weights = weights_for(standard, bands)
    groups = ["all"] if by is None else list(cells.frame[by].cat.categories)
    code = np.zeros(len(cells.frame), dtype=np.intp) if by is None else cells.frame[by].cat.codes.to_numpy()
    place = (code, cells.frame[age].cat.codes.to_numpy())
    events, years = np.zeros((len(groups), len(bands))), np.zeros((len(groups), len(bands)))
    events[place], years[place] = cells.frame["events"], person_years(cells, units_per_year=units_per_year)
    _refuse_gaps(years, weights, age=age)
    rows = [
        _standardised(one, of, weights=weights.to_numpy(), interval=interval, level=level)
        for one, of in zip(events, years, strict=True)
    ]
    table = pd.DataFrame(
        np.array(rows) * per,
        columns=["crude_rate", "rate", "se", "ci_low", "ci_high"],
        index=pd.Index(groups, name="group"),
    )
    table.insert(0, "person_years", years.sum(axis=1))
    table.insert(0, "events", events.sum(axis=1).astype(np.int64))
    return StandardisedRates(
        table=table,
        weights=weights,
        per=per,
        level=level,
        interval=interval,
        standard=_in_words(standard, bands),
        method=f"direct standardisation, {_WRITTEN[interval]} {in_percent(level)} interval",
        source="Fay and Feuer 1997, Stat. Med. 16(7), 791-801",
        n=cells.n,
        events=cells.events,
        exclusions=cells.exclusions,
        n_excluded=cells.n_excluded,
        persons=cells.persons,
        settings={
            "time": time,
            "n_events": n_events,
            "age": age,
            "by": by,
            "interval": interval,
            "per": per,
            "level": level,
        },
    )


def _refuse_gaps(years: FloatArray, weights: pd.Series, *, age: str) -> None:
    empty = (years == 0) & (weights.to_numpy() > 0)
    if empty.any():
        raise ModelInputError(
            f"each group needs person-time in each age group that has a weight; found none in {int(empty.sum())} of "
            f"{empty.size} combinations with column '{age}'. Use coarser age groups, or leave out the ages that one "
            "group lacks."
        )


def _standardised(
    events: FloatArray, years: FloatArray, *, weights: FloatArray, interval: StandardInterval, level: float
) -> tuple[float, ...]:
    used = weights > 0
    scale = weights[used] / years[used]
    rate, variance = float(scale @ events[used]), float(scale**2 @ events[used])
    low, high = _limits(rate, variance, widest=float(scale.max()), interval=interval, level=level)
    return float(events.sum() / years.sum()), rate, float(np.sqrt(variance)), low, high


def _limits(
    rate: float, variance: float, *, widest: float, interval: StandardInterval, level: float
) -> tuple[float, float]:
    from scipy.special import gammainccinv, gammaincinv
    from scipy.stats import norm

    tail = (1 - level) / 2
    if interval == "normal":
        margin = float(norm.isf(tail)) * float(np.sqrt(variance))
        return max(0.0, rate - margin), rate + margin
    low = float(gammaincinv(rate**2 / variance, tail)) * variance / rate if rate > 0 else 0.0
    more, more_variance = rate + widest, variance + widest**2
    return low, float(gammainccinv(more**2 / more_variance, tail)) * more_variance / more


def _in_words(standard: StandardName | Mapping[str, float] | pd.Series, bands: list[str]) -> str:
    from analysis_lib.models.rates.standard_populations import standard_population

    if not isinstance(standard, str):
        return "weights given by label"
    shares = standard_population(standard, bands=bands)
    covered = float(shares.sum())
    part = (
        "" if covered > 1 - 1e-9 else f", the {100 * covered:.1f}% of it in the ages of the data ({len(bands)} groups)"
    )
    return f"{standard}{part}; {shares.attrs['source']}"
