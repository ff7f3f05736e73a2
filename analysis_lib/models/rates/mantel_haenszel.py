"""Comparisons within strata, put together by Mantel and Haenszel's weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_level, columns_by_name, in_percent
from analysis_lib.models.rates import homogeneity
from analysis_lib.models.rates.cells import Cells, count_cells, two_groups
from analysis_lib.models.rates.effect_measures import EffectMeasures, Estimate, Test, effect_measures
from analysis_lib.models.rates.incidence import DAYS_PER_YEAR, checked_unit
from analysis_lib.models.rates.noncentral import conditional_table
from analysis_lib.models.rates.rate_comparison import person_years
from analysis_lib.models.rows.source import Data

__all__ = ["mantel_haenszel"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Strata:
    """Counts of the strata that can say something: column 0 is the group, column 1 the reference."""

    cases: FloatArray
    total: FloatArray


@columns_by_name
def mantel_haenszel(
    data: Data,
    *,
    by: str,
    strata: str | Sequence[str],
    event: str | None = None,
    n_events: str | None = None,
    n: str | None = None,
    time: str | None = None,
    reference: Any = None,
    continuity: bool = True,
    exact: bool = False,
    per: float = 1_000.0,
    units_per_year: float = DAYS_PER_YEAR,
    level: float = 0.95,
) -> EffectMeasures:
    """Compare two groups within strata and put the strata together.

    Without `time` the counts are persons: odds ratio [1]_ with the limits of Robins, Breslow and Greenland [2]_, risk
    ratio with Greenland and Robins's [3]_, risk difference with Sato's [4]_. With `time` they are person-time: rate
    ratio and rate difference with Greenland and Robins's [3]_.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per person, with `event`; or a table with one row per cell, with `n_events` and `n` or `time`.
    by : str
        Column with the two groups.
    strata : str or sequence of str
        Columns within whose combinations the groups are compared.
    event : str, optional
        Column that says whether the event happened: bool or 0/1.
    n_events, n : str, optional
        Columns with counts of persons with the event, and of all persons, in place of `event`.
    time : str, optional
        Column with person-time; rates are compared then.
    reference : object, optional
        The group to compare with; the first one when left out.
    continuity : bool, default True
        Whether the test subtracts 1/2 from the difference, as R's `mantelhaen.test` does.
    exact : bool, default False
        Whether to add the conditional odds ratio of all strata with exact limits and test; of persons only.
    per : float, default 1000
        Person-years in the denominator of the rate difference.
    units_per_year : float, default 365.25
        Units of `time` in a year.
    level : float, default 0.95
        Coverage of the confidence intervals, in (0, 1).

    Returns
    -------
    EffectMeasures
        With tests: Mantel-Haenszel's of no association, and those of equal ratios in all strata (Breslow-Day, with
        Tarone's correction, and Woolf's for the odds ratio).

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used, there are not two groups, or no stratum can say anything.

    References
    ----------
    .. [1] Mantel N., Haenszel W. (1959). Statistical aspects of the analysis of data from retrospective studies of
       disease. J. Natl. Cancer Inst. 22(4), 719-748.
    .. [2] Robins J., Breslow N., Greenland S. (1986). Estimators of the Mantel-Haenszel variance consistent in both
       sparse data and large-strata limiting models. Biometrics 42(2), 311-323.
    .. [3] Greenland S., Robins J. M. (1985). Estimation of a common effect parameter from sparse follow-up data.
       Biometrics 41(1), 55-68.
    .. [4] Sato T. (1989). On the variance estimator for the Mantel-Haenszel risk difference. Biometrics 45(4),
       1323-1324.
    """
    checked_level(level)
    checked_unit(per, "per", example="a rate per 1,000 person-years write 1000")
    checked_unit(units_per_year, "units_per_year", example="days write 365.25")
    if time is not None and exact:
        raise ModelInputError("exact is for counts of persons; found time. Use compare_rates for exact limits.")
    keys = [strata] if isinstance(strata, str) else list(strata)
    if not keys:
        raise ModelInputError(
            "strata must name at least one column; found none. Without strata use compare_risks or compare_rates."
        )
    cells = count_cells(data, keys=[*keys, by], event=event, n_events=n_events, n=n, time=time, strata=keys)
    if time is not None:
        person_years(cells, units_per_year=units_per_year)
    against, others = two_groups(cells, by, reference=reference)
    if len(others) != 1:
        raise ModelInputError(
            f"Mantel and Haenszel compare two groups; column '{by}' has {len(others) + 1}. Keep two, or fit a model."
        )
    found, n_strata = _strata(cells, by=by, against=against, rates=time is not None)
    if time is None:
        estimates, tests = _persons(found, continuity=continuity, exact=exact, level=level)
        source = "Mantel and Haenszel 1959; Robins, Breslow and Greenland 1986; Greenland and Robins 1985; Sato 1989"
        method = f"Mantel-Haenszel odds ratio, risk ratio and risk difference, {in_percent(level)} intervals"
    else:
        found = _Strata(found.cases, found.total / units_per_year)
        estimates, tests = _person_time(found, continuity=continuity, per=per, level=level)
        source = "Mantel and Haenszel 1959; Greenland and Robins 1985"
        method = f"Mantel-Haenszel rate ratio and difference per {per:,.0f} person-years, {in_percent(level)} intervals"
    key = f"{others[0]} vs {against}"
    silent = n_strata - len(found.cases)
    return effect_measures(
        {key: estimates},
        {key: tests},
        cells=cells,
        title="Comparison within strata (Mantel-Haenszel)",
        method=method,
        source=source,
        level=level,
        settings={
            **({} if time is None else {"time": time}),
            "n_events": n_events,
            "by": by,
            "strata": keys,
            "reference": against,
            "continuity": continuity,
            "level": level,
        },
        remarks=(
            ("1 stratum" if n_strata == 1 else f"{n_strata:,} strata")
            + (f", {silent:,} of them without both groups, or without both outcomes." if silent else "."),
        ),
    )


def _strata(cells: Cells, *, by: str, against: str, rates: bool) -> tuple[_Strata, int]:
    """Lay the cells out as strata by groups; leave out those that add nothing to any sum."""
    frame, keys = cells.frame, [key for key in cells.keys if key != by]
    stratum = frame.groupby(keys, observed=True, sort=True).ngroup().to_numpy()
    column = np.where(frame[by].astype(str).to_numpy() == against, 1, 0)
    shape = (int(stratum.max()) + 1, 2)
    cases, total = np.zeros(shape), np.zeros(shape)
    cases[stratum, column] = frame["events"].to_numpy()
    total[stratum, column] = frame["total"].to_numpy()
    both: npt.NDArray[np.bool_] = np.asarray((total > 0).all(axis=1))
    # A stratum of both groups where nobody, or everybody, has the event still counts for the differences.
    ill, all_of_it = cases.sum(axis=1), total.sum(axis=1)
    telling = both & (ill > 0) & (rates | (ill < all_of_it))
    if not telling.any():
        raise ModelInputError(
            f"a comparison within strata needs strata with both groups and both outcomes; found {int(both.sum())} of "
            f"{len(both)} with both groups, and {int(cases[both].sum())} events in them. Use coarser strata."
        )
    return _Strata(cases[both], total[both]), len(both)


def _from_log(measure: str, value: float, *, variance: float, interval: str, level: float) -> Estimate:
    from scipy.stats import norm

    if not 0 < value < np.inf or not np.isfinite(variance) or variance <= 0:
        return Estimate(measure, value, float("nan"), float("nan"), float("nan"), interval)
    spread, log = float(np.sqrt(variance)), float(np.log(value))
    margin = float(norm.ppf((1 + level) / 2)) * spread
    p_value = float(2 * norm.sf(abs(log) / spread))
    return Estimate(measure, value, float(np.exp(log - margin)), float(np.exp(log + margin)), p_value, interval)


def _plain(measure: str, value: float, *, variance: float, interval: str, level: float) -> Estimate:
    from scipy.stats import norm

    if not variance > 0:
        return Estimate(measure, value, float("nan"), float("nan"), float("nan"), interval)
    spread = float(np.sqrt(variance))
    margin = float(norm.ppf((1 + level) / 2)) * spread
    return Estimate(measure, value, value - margin, value + margin, float(2 * norm.sf(abs(value) / spread)), interval)


def _persons(found: _Strata, *, continuity: bool, exact: bool, level: float) -> tuple[list[Estimate], list[Test]]:
    case, other = found.cases, found.total - found.cases
    (a, c), (b, d), (exposed, unexposed) = case.T, other.T, found.total.T
    n, ill = exposed + unexposed, a + c
    with np.errstate(divide="ignore", invalid="ignore"):
        odds, odds_variance = _odds_ratio(a=a, b=b, c=c, d=d)
        up, down = (a * unexposed / n).sum(), (c * exposed / n).sum()
        risk_variance = ((ill * exposed * unexposed - a * c * n) / n**2).sum() / (up * down)
        difference, difference_variance = _risk_difference(a, c, exposed=exposed, unexposed=unexposed)
        estimates = [
            _from_log("odds ratio", odds, variance=odds_variance, interval="Robins-Breslow-Greenland", level=level),
            _from_log(
                "risk ratio", float(up / down), variance=float(risk_variance), interval="Greenland-Robins", level=level
            ),
            _plain("risk difference", difference, variance=difference_variance, interval="Sato", level=level),
        ]
    tests = [_association(a, ill * exposed / n, variance=_hypergeometric(found), continuity=continuity)]
    if exact:
        table = conditional_table(case, other)
        low, high = table.limits(level)
        p_value = table.p_value()
        estimates.append(Estimate("odds ratio, conditional", table.odds_ratio(), low, high, p_value, "exact", "exact"))
        tests.append(Test("Exact conditional test of no association", float("nan"), 0, p_value))
    if 0 < odds < np.inf:
        tests += homogeneity.of_odds_ratios(case, other, common=odds)
    return estimates, tests


def _hypergeometric(found: _Strata) -> FloatArray:
    n, ill = found.total.sum(axis=1), found.cases.sum(axis=1)
    variance: FloatArray = found.total.prod(axis=1) * ill * (n - ill) / (n**2 * np.maximum(n - 1, 1))
    return variance


def _odds_ratio(*, a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> tuple[float, float]:
    n = a + b + c + d
    up, down = a * d / n, b * c / n
    agree, differ = (a + d) / n, (b + c) / n
    total_up, total_down = up.sum(), down.sum()
    variance = (
        (agree * up).sum() / (2 * total_up**2)
        + (agree * down + differ * up).sum() / (2 * total_up * total_down)
        + (differ * down).sum() / (2 * total_down**2)
    )
    return float(total_up / total_down), float(variance)


def _risk_difference(
    a: FloatArray, c: FloatArray, *, exposed: FloatArray, unexposed: FloatArray
) -> tuple[float, float]:
    n = exposed + unexposed
    weight = (exposed * unexposed / n).sum()
    value = float((a * unexposed / n - c * exposed / n).sum() / weight)
    skew = (exposed**2 * c - unexposed**2 * a + exposed * unexposed * (unexposed - exposed) / 2) / n**2
    spread = (a * (unexposed - c) + c * (exposed - a)) / (2 * n)
    return value, float((value * skew.sum() + spread.sum()) / weight**2)


def _association(observed: FloatArray, expected: FloatArray, *, variance: FloatArray, continuity: bool) -> Test:
    from scipy.stats import chi2

    distance = abs(float((observed - expected).sum()))
    # R's: no correction where it would turn the sign.
    distance -= 0.5 if continuity and distance >= 0.5 else 0.0
    statistic = distance**2 / float(variance.sum())
    name = "Mantel-Haenszel test of no association" + (", continuity corrected" if continuity else "")
    return Test(name, statistic, 1, float(chi2.sf(statistic, 1)))


def _person_time(found: _Strata, *, continuity: bool, per: float, level: float) -> tuple[list[Estimate], list[Test]]:
    (a, c), (years, control_years) = found.cases.T, found.total.T
    total, ill = years + control_years, a + c
    with np.errstate(divide="ignore", invalid="ignore"):
        up, down = (a * control_years / total).sum(), (c * years / total).sum()
        ratio_variance = (ill * years * control_years / total**2).sum() / (up * down)
        ratio = float(up / down)
        weight = years * control_years / total
        difference = float((a * control_years / total - c * years / total).sum() / weight.sum())
        spread = ((a / years**2 + c / control_years**2) * weight**2).sum() / weight.sum() ** 2
        estimates = [
            _from_log("rate ratio", ratio, variance=float(ratio_variance), interval="Greenland-Robins", level=level),
            _plain(
                "rate difference",
                difference * per,
                variance=float(spread) * per**2,
                interval="Greenland-Robins",
                level=level,
            ),
        ]
    variance = ill * years * control_years / total**2
    tests = [_association(a, ill * years / total, variance=variance, continuity=continuity)]
    if 0 < ratio < np.inf:
        tests += homogeneity.of_rate_ratios(found.cases, found.total, common=ratio)
    return estimates, tests
