"""Risks of two or more groups compared: the two-by-two table."""

from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, columns_by_name, in_percent
from analysis_lib.models.rates.cells import count_cells, two_groups
from analysis_lib.models.rates.effect_measures import EffectMeasures, Estimate, Test, effect_measures
from analysis_lib.models.rates.noncentral import conditional_table
from analysis_lib.models.rates.risk_difference import DifferenceInterval, risk_difference
from analysis_lib.models.rows.source import Data

__all__ = ["compare_risks"]

FloatArray = npt.NDArray[np.float64]
_WRITTEN = {"newcombe": "Newcombe", "score": "Miettinen-Nurminen", "wald": "Wald"}
_TESTED = {"newcombe": "where Newcombe's limits touch 0", "score": "score", "wald": "Wald"}
_SOURCE = {"newcombe": "Newcombe 1998, method 10; ", "score": "Miettinen and Nurminen 1985; ", "wald": ""}


@columns_by_name
def compare_risks(
    data: Data,
    *,
    by: str,
    event: str | None = None,
    n_events: str | None = None,
    n: str | None = None,
    reference: Any = None,
    difference: DifferenceInterval = "newcombe",
    level: float = 0.95,
) -> EffectMeasures:
    """Compare risks: their ratio, their difference, and the odds ratio.

    The risk ratio has Katz's limits [1]_, the difference Newcombe's from two Wilson intervals [2]_, the odds ratio
    Woolf's [3]_. The conditional odds ratio, its exact limits and Fisher's test are those of R's `fisher.test`. Each p
    value is by the method of the interval beside it, but for Fisher's: the test adds up the tables no more probable,
    the limits leave half of the error at each end. Where a p value and its interval disagree the result says so.

    Parameters
    ----------
    data : DataFrame, Dask frame, Features or path
        One row per person, with `event`; or a table with one row per cell, with `n_events` and `n`.
    by : str
        Column with the groups.
    event : str, optional
        Column that says whether the person had the event: bool or 0/1.
    n_events, n : str, optional
        Columns with counts of persons with the event, and of all persons, in place of `event`.
    reference : object, optional
        The group that the others are compared with; the first one when left out.
    difference : {"newcombe", "score", "wald"}, default "newcombe"
        Limits and p value of the risk difference: Newcombe's limits, with the p value at which they touch 0; Miettinen
        and Nurminen's score limits and test [4]_; or Wald's.
    level : float, default 0.95
        Coverage of the confidence intervals, in (0, 1).

    Returns
    -------
    EffectMeasures
        ``risk ratio``, ``risk difference``, ``odds ratio`` and ``odds ratio, conditional`` of each group against the
        reference, with Pearson's chi-square, Yates's, and Fisher's test.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.

    References
    ----------
    .. [1] Katz D., Baptista J., Azen S. P., Pike M. C. (1978). Obtaining confidence intervals for the risk ratio in
       cohort studies. Biometrics 34(3), 469-474.
    .. [2] Newcombe R. G. (1998). Interval estimation for the difference between independent proportions: comparison of
       eleven methods. Stat. Med. 17(8), 873-890; method 10.
    .. [3] Woolf B. (1955). On estimating the relation between blood group and disease. Ann. Hum. Genet. 19(4), 251-253.
    .. [4] Miettinen O., Nurminen M. (1985). Comparative analysis of two rates. Stat. Med. 4(2), 213-226.
    """
    checked_level(level)
    checked_choice(difference, "difference", known=get_args(DifferenceInterval))
    cells = count_cells(data, keys=[by], event=event, n_events=n_events, n=n)
    against, others = two_groups(cells, by, reference=reference)
    frame = cells.frame.set_index(cells.frame[by].astype(str))
    if not (frame["total"] > 0).all():
        raise ModelInputError(
            f"each group needs persons; found {int((frame['total'] == 0).sum())} without. Leave these groups out."
        )
    estimates, tests = {}, {}
    for group in others:
        pair = frame.loc[[group, against]]
        cases = pair["events"].to_numpy(dtype=np.float64)
        total = pair["total"].to_numpy(dtype=np.float64)
        exact = conditional_table(cases[None, :], (total - cases)[None, :])
        low, high = exact.limits(level)
        conditional = Estimate(
            "odds ratio, conditional", exact.odds_ratio(), low, high, exact.p_value(), "exact", "Fisher"
        )
        key = f"{group} vs {against}"
        estimates[key] = [*_two_by_two(cases, total, difference=difference, level=level), conditional]
        tests[key] = [*_chi_squares(cases, total), Test("Fisher's exact test", float("nan"), 0, exact.p_value())]
    return effect_measures(
        estimates,
        tests,
        cells=cells,
        title="Comparison of risks",
        method=(
            f"risk ratio (Katz), risk difference ({_WRITTEN[difference]}), odds ratio (Woolf; conditional with "
            f"exact limits), {in_percent(level)} intervals; p values: Wald, {_TESTED[difference]}, Wald, Fisher"
        ),
        source=f"Katz et al. 1978; {_SOURCE[difference]}Woolf 1955; Fisher 1935",
        level=level,
        settings={"by": by, "reference": against, "difference": difference, "level": level},
    )


def _two_by_two(
    cases: FloatArray, total: FloatArray, *, difference: DifferenceInterval, level: float
) -> list[Estimate]:
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    others = total - cases
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = _log_estimate(
            "risk ratio",
            np.log(cases[0]) + np.log(total[1]) - np.log(cases[1]) - np.log(total[0]),
            variance=float(np.sum(1 / cases - 1 / total)),
            z=z,
            interval="Wald, log scale (Katz)",
        )
        odds = _log_estimate(
            "odds ratio",
            np.log(cases[0]) + np.log(others[1]) - np.log(cases[1]) - np.log(others[0]),
            variance=float(np.sum(1 / cases + 1 / others)),
            z=z,
            interval="Wald, log scale (Woolf)",
        )
    return [ratio, risk_difference(cases, total, kind=difference, level=level), odds]


def _log_estimate(measure: str, log_value: float, *, variance: float, z: float, interval: str) -> Estimate:
    """Limits symmetric on the log scale; none where a count is zero."""
    from scipy.stats import norm

    if not np.isfinite(variance) or not np.isfinite(log_value):
        nothing = float("nan")
        return Estimate(measure, float(np.exp(log_value)), nothing, nothing, nothing, interval, "Wald")
    spread = float(np.sqrt(variance))
    if spread == 0:  # everybody has the event in both groups
        return Estimate(measure, float(np.exp(log_value)), float("nan"), float("nan"), float("nan"), interval, "Wald")
    low, high = np.exp(log_value - z * spread), np.exp(log_value + z * spread)
    p_value = float(2 * norm.sf(abs(log_value) / spread))
    return Estimate(measure, float(np.exp(log_value)), float(low), float(high), p_value, interval, "Wald")


def _chi_squares(cases: FloatArray, total: FloatArray) -> list[Test]:
    from scipy.stats import chi2

    n, ill = total.sum(), cases.sum()
    if ill in {0, n}:
        return []
    expected = total[0] * ill / n
    variance = total.prod() * ill * (n - ill) / n**3
    found = []
    for name, correction in (("Pearson's chi-square", 0.0), ("Pearson's chi-square, Yates", 0.5)):
        distance = abs(cases[0] - expected)
        statistic = float((distance - min(correction, distance)) ** 2 / variance)
        found.append(Test(name, statistic, 1, float(chi2.sf(statistic, 1))))
    return found
