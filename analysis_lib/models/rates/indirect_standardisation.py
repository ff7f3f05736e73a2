"""Indirect standardisation: observed events against those expected with the rates of a reference population."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_columns, checked_level, columns_by_name, in_percent
from analysis_lib.models.forest import forest_plot
from analysis_lib.models.rates.cells import Cells, count_cells, sum_by
from analysis_lib.models.rates.incidence import DAYS_PER_YEAR, checked_unit, garwood_limits
from analysis_lib.models.rates.rate_comparison import person_years
from analysis_lib.models.rates.rate_result import PersonTimeResult
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.source import Data
from analysis_lib.printed_numbers import format_p, format_ratio
from analysis_lib.tables import level_in_words

if TYPE_CHECKING:
    from analysis_lib.figures import StudyFigure

__all__ = ["StandardisedRatios", "standardised_ratios"]

FloatArray = npt.NDArray[np.float64]
_FEWEST = 1e-100  # expected events below this are none
RatioInterval = Literal["exact", "midp", "byar", "log"]
_WRITTEN = {
    "exact": "exact Poisson (Garwood 1936)",
    "midp": "mid-P Poisson",
    "byar": "Byar's approximate",
    "log": "log-normal",
}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class StandardisedRatios(PersonTimeResult):
    """Observed over expected events, by group: SMR (deaths) or SIR (incident cases).

    Attributes
    ----------
    table : DataFrame
        One row per group: ``observed``, ``expected``, ``person_years``, ``ratio``, ``ci_low``, ``ci_high``,
        ``p_value`` (exact two-sided, of a ratio of 1).
    interval : {"exact", "midp", "byar", "log"}
        Kind of interval.
    level : float
        Its coverage.
    """

    table: pd.DataFrame
    interval: RatioInterval
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the ratios as a table.

        Returns
        -------
        DataFrame
            A copy of `table`.
        """
        return self.table.copy()

    def summary(self) -> ModelSummary:
        """Write the ratios for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = tuple(
            (
                str(row["group"]),
                f"{row['observed']:,}",
                format_ratio(row["expected"]),
                f"{row['person_years']:,.0f}",
                format_ratio(row["ratio"]),
                f"{format_ratio(row['ci_low'])} to {format_ratio(row['ci_high'])}",
                format_p(row["p_value"]),
            )
            for row in self.table.reset_index().to_dict("records")
        )
        header = ("Group", "Observed", "Expected", "Person-years", "O/E", f"{in_percent(self.level)} CI", "p")
        return ModelSummary(title="Indirectly standardised ratios", header=header, rows=rows, notes=(*self._notes(),))

    def plot(self, *, width: float = 5.5, title: str = "") -> "StudyFigure":
        """Draw the ratios with their intervals.

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
        rows = self.table.reset_index().rename(columns={"group": "label", "ratio": "estimate"})
        return forest_plot(
            rows[["label", "estimate", "ci_low", "ci_high"]],
            measure="Observed / expected",
            interval=f"{in_percent(self.level)} CI, {_WRITTEN[self.interval].partition(' (')[0]}",
            ratios=False,
            width=width,
            title=title,
        )


@columns_by_name
def standardised_ratios(
    data: Data,
    *,
    time: str,
    strata: str | Sequence[str],
    reference: pd.DataFrame | pd.Series | Mapping[str, float],
    event: str | None = None,
    n_events: str | None = None,
    by: str | None = None,
    interval: RatioInterval = "exact",
    reference_per: float = 1.0,
    units_per_year: float = DAYS_PER_YEAR,
    level: float = 0.95,
) -> StandardisedRatios:
    """Standardise indirectly: standardised mortality or incidence ratios.

    Expected events are the person-years of each stratum times the rate of the reference population there. The observed
    ones are Poisson, the expected ones taken as known [1]_.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per follow-up, or per part of it as `split_follow_up` gives, with `event`; or a table of counts with
        `n_events`. Rows with a missing value in a column named here are left out.
    time : str
        Column with the length of follow-up, or with person-time.
    strata : str or sequence of str
        Columns with age group, sex, calendar period and the like.
    reference : DataFrame, Series or mapping
        Rates of the reference population: a frame with the columns `strata` and ``rate``; or, for one column of
        strata, rates by label.
    event : str, optional
        Column that says whether follow-up ended with the event: bool or 0/1.
    n_events : str, optional
        Column with counts of events, in place of `event`.
    by : str, optional
        Column with groups; one ratio each.
    interval : {"exact", "midp", "byar", "log"}, default "exact"
        Kind of interval. ``log`` is that of epitools' ``ageadjust.indirect``.
    reference_per : float, default 1
        Person-years in the denominator of the reference rates: 100000 for rates per 100,000.
    units_per_year : float, default 365.25
        Units of `time` in a year: 365.25 for days, 1 for years.
    level : float, default 0.95
        Coverage of the confidence interval, in (0, 1).

    Returns
    -------
    StandardisedRatios
        One ratio per group; shows itself as a table. Ratios of several groups rest on different weights and should
        not be compared with each other.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used, or a stratum with person-time has no reference rate.

    References
    ----------
    .. [1] Breslow N. E., Day N. E. (1987). Statistical Methods in Cancer Research II, IARC, section 2.3.
    """
    checked_level(level)
    checked_choice(interval, "interval", known=get_args(RatioInterval))
    checked_unit(reference_per, "reference_per", example="rates per 100,000 write 100000")
    checked_unit(units_per_year, "units_per_year", example="days write 365.25")
    columns = [strata] if isinstance(strata, str) else list(strata)
    keys = columns if by is None else [by, *columns]
    cells = count_cells(data, keys=keys, event=event, n_events=n_events, time=time)
    rates = _rates(reference, cells, columns=columns) / reference_per
    years = person_years(cells, units_per_year=units_per_year)
    groups = ["all"] if by is None else list(cells.frame[by].cat.categories)
    code = np.zeros(len(years), dtype=np.intp) if by is None else cells.frame[by].cat.codes.to_numpy().astype(np.intp)
    observed = sum_by(code, cells.frame["events"].to_numpy(dtype=np.float64), n=len(groups))
    expected = sum_by(code, years * rates, n=len(groups))
    if not (expected > _FEWEST).all():
        raise ModelInputError(
            f"each group needs expected events; found {int((expected <= _FEWEST).sum())} groups with none. Check the "
            "reference rates and their denominator."
        )
    limits = np.array([_limits(count, interval=interval, level=level) for count in observed]).reshape(-1, 2)
    table = pd.DataFrame(
        {
            "observed": observed.astype(np.int64),
            "expected": expected,
            "person_years": sum_by(code, years, n=len(groups)),
            "ratio": observed / expected,
            "ci_low": limits[:, 0] / expected,
            "ci_high": limits[:, 1] / expected,
            "p_value": [_p_value(count, of) for count, of in zip(observed, expected, strict=True)],
        },
        index=pd.Index(groups, name="group"),
    )
    return StandardisedRatios(
        table=table,
        interval=interval,
        level=level,
        method=f"indirect standardisation, {_WRITTEN[interval]} {in_percent(level)} interval",
        source="Breslow and Day 1987, IARC, section 2.3",
        n=cells.n,
        events=cells.events,
        exclusions=cells.exclusions,
        n_excluded=cells.n_excluded,
        persons=cells.persons,
        settings={
            "time": time,
            "n_events": n_events,
            "strata": columns,
            "by": by,
            "interval": interval,
            "level": level,
        },
    )


def _rates(
    reference: pd.DataFrame | pd.Series | Mapping[str, float], cells: Cells, *, columns: list[str]
) -> FloatArray:
    """Find the reference rate of each cell."""
    if isinstance(reference, pd.DataFrame):
        checked_columns([*columns, "rate"], list(map(str, reference.columns)))
        known = reference[columns].apply(lambda column: column.map(level_in_words))
        if known.duplicated().any():
            raise ModelInputError(
                f"each stratum has one reference rate; found {int(known.duplicated().sum())} strata twice. Name all "
                "columns that make the strata."
            )
        by_stratum = pd.Series(reference["rate"].to_numpy(), index=pd.MultiIndex.from_frame(known))
    else:
        if len(columns) != 1:
            raise ModelInputError(
                f"rates by label are for one column of strata; found {len(columns)}. Give a frame with these columns "
                "and 'rate'."
            )
        given = dict(reference)
        by_stratum = pd.Series(
            list(given.values()),
            index=pd.MultiIndex.from_tuples([(level_in_words(label),) for label in given], names=columns),
        )
    wanted = pd.MultiIndex.from_frame(cells.frame[columns].astype(str))
    if not pd.api.types.is_numeric_dtype(by_stratum.dtype):
        raise ModelInputError(f"reference rates must be numbers; found {by_stratum.dtype}. Convert them first.")
    found = by_stratum.reindex(wanted).to_numpy(dtype=np.float64)
    unusable = ~(np.isfinite(found) & (found >= 0))
    if unusable.any():
        raise ModelInputError(
            f"each stratum with person-time needs a reference rate, 0 or more; found none for {int(unusable.sum())} of "
            f"{len(found)} strata. Write the labels of {', '.join(columns)} as they stand in the data, or leave out "
            "those ages."
        )
    return found


def _limits(observed: float, *, interval: RatioInterval, level: float) -> tuple[float, float]:
    """Limits of the mean of a Poisson count."""
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    if interval == "exact":
        return garwood_limits(observed, level=level)
    if interval == "midp":
        return _mid_p(observed, level=level)
    if interval == "byar":
        low = observed * (1 - 1 / (9 * observed) - z / (3 * np.sqrt(observed))) ** 3 if observed else 0.0
        above = observed + 1
        return max(0.0, float(low)), float(above * (1 - 1 / (9 * above) + z / (3 * np.sqrt(above))) ** 3)
    if not observed:
        return float("nan"), float("nan")
    return float(observed * np.exp(-z / np.sqrt(observed))), float(observed * np.exp(z / np.sqrt(observed)))


def _mid_p(observed: float, *, level: float) -> tuple[float, float]:
    from scipy.optimize import brentq
    from scipy.stats import poisson

    tail = (1 - level) / 2
    low, high = garwood_limits(observed, level=level)

    def above(mean: float) -> float:
        return float(poisson.sf(observed, mean) + poisson.pmf(observed, mean) / 2) - tail

    def below(mean: float) -> float:
        return float(poisson.cdf(observed - 1, mean) + poisson.pmf(observed, mean) / 2) - tail

    # Mid-P limits lie inside the exact ones.
    inner_low = brentq(above, low, observed, xtol=1e-13, rtol=1e-13) if observed else 0.0
    return float(inner_low), float(brentq(below, observed, high, xtol=1e-13, rtol=1e-13))


def _p_value(observed: float, expected: float) -> float:
    """Exact two-sided p value, all counts no more probable than the observed one, as R's `poisson.test`."""
    from scipy.stats import poisson

    if observed == expected:
        return 1.0
    most = float(poisson.pmf(observed, expected)) * (1 + 1e-7)
    # Away from the mean the probabilities fall on either side, so where they pass `most` is found by halving.
    if observed < expected:
        inside, outside = int(np.ceil(expected)) - 1, int(np.ceil(2 * expected - observed)) + 1
        while poisson.pmf(outside, expected) > most:
            outside *= 2
        while outside - inside > 1:
            middle = (inside + outside) // 2
            inside, outside = (middle, outside) if poisson.pmf(middle, expected) > most else (inside, middle)
        return float(min(1.0, poisson.cdf(observed, expected) + poisson.sf(outside - 1, expected)))
    outside, inside = -1, int(np.floor(expected))
    while inside - outside > 1:
        middle = (inside + outside) // 2
        inside, outside = (middle, outside) if poisson.pmf(middle, expected) > most else (inside, middle)
    return float(min(1.0, poisson.cdf(outside, expected) + poisson.sf(observed - 1, expected)))
