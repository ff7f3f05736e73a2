"""Cumulative incidence where one of several competing events ends follow-up."""

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, columns_by_name, in_percent
from analysis_lib.models.rows.source import Data
from analysis_lib.models.survival.aalen_johansen import Variance, incidence_tables
from analysis_lib.models.survival.asked_columns import asked_columns
from analysis_lib.models.survival.cumulative_incidence_result import CumulativeIncidenceResult
from analysis_lib.models.survival.event_causes import Censored
from analysis_lib.models.survival.event_rows import EventRows, event_rows
from analysis_lib.models.survival.gray_test import gray_tests
from analysis_lib.models.survival.influence import weighted_rows
from analysis_lib.models.survival.limits import Transform
from analysis_lib.models.survival.numbers_at_risk import RiskCounts, repeated
from analysis_lib.models.survival.risk_sets import risk_sets

__all__ = ["cumulative_incidence"]

_VARIANCES = {
    "delta": "delta-method (multinomial) standard error",
    "aalen": "Aalen's standard error in Gray's form",
    "jackknife": "infinitesimal jackknife standard error",
}
_SOURCE = (
    "Aalen O. O., Johansen S. (1978). Scand. J. Stat. 5(3), 141-150; Gray R. J. (1988). Ann. Stat. 16(3), 1141-1154"
)


@columns_by_name
def cumulative_incidence(
    formula: str | Data | None = None,
    data: Data | None = None,
    *,
    time: str | None = None,
    event: str | None = None,
    by: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    entry: str | None = None,
    weights: str | None = None,
    censored: Censored = None,
    variance: Variance = "delta",
    ci: Transform = "log",
    level: float = 0.95,
    rho: float = 0.0,
) -> CumulativeIncidenceResult:
    """Estimate how many have had each of several competing events, and test whether groups differ.

    The estimate is Aalen and Johansen's [1]_. Who has had one event can no longer have another: one minus the
    Kaplan-Meier curve of a cause, with the others censored, would be too high. The groups are compared cause by cause
    with Gray's test [2]_.

    Parameters
    ----------
    formula : str or data
        ``"Surv(time, cause) ~ arm"``; or the data, where the columns are named. ``strata(site)`` is for the test.
    data : DataFrame, Dask frame, Features, or path
        One row per follow-up; rows with a missing value in a column named here are left out and counted.
    time : str
        Column with the end of follow-up, > 0: numbers in any unit, or timedeltas.
    event : str
        Column with the cause that ended follow-up: whole numbers, where 0 is censored; or text or categories, where
        what is missing is censored, unless `censored` says otherwise.
    by : str or sequence of str, optional
        Column with groups; several are crossed.
    strata : str or sequence of str, optional
        Columns within whose levels Gray's test compares the groups; the curves are of the groups as they are.
    entry : str, optional
        Column with the time at which a row came under observation (left truncation).
    weights : str, optional
        Column with weights, > 0: counts where they are whole numbers, else sampling weights.
    censored : str, int or sequence of them, optional
        The values of `event` that mean that nothing happened. With them, rows without a value are left out.
    variance : {"delta", "aalen", "jackknife"}, default "delta"
        The multinomial delta-method variance; Aalen's, in the form that Gray's ``cmprsk`` gives; or the infinitesimal
        jackknife's, which R's ``survfit`` gives. The first and the last are the same unless rows come late or have
        sampling weights; with these weights it is always the last.
    ci : {"log", "log-log", "plain"}, default "log"
        Scale on which the pointwise interval is symmetric; the first is R's default, the second SAS's and Stata's.
    level : float, default 0.95
        Coverage of the interval, in (0, 1).
    rho : float, default 0
        Power of one minus pooled incidence by which Gray's test weighs events.

    Returns
    -------
    CumulativeIncidenceResult
        Curves by group and cause, Gray's tests, numbers at risk; draws itself.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.

    References
    ----------
    .. [1] Aalen O. O., Johansen S. (1978). An empirical transition matrix for non-homogeneous Markov chains based on
       censored observations. Scand. J. Stat. 5(3), 141-150.
    .. [2] Gray R. J. (1988). A class of K-sample tests for comparing the cumulative incidence of a competing risk. Ann.
       Stat. 16(3), 1141-1154.
    """
    checked_choice(variance, "variance", known=get_args(Variance))
    checked_choice(ci, "ci", known=get_args(Transform))
    checked_level(level)
    if not (isinstance(rho, int | float) and 0 <= rho < np.inf):
        raise ModelInputError(f"rho must be a number >= 0; found {rho!r}. 0 weighs all events alike.")
    source, columns = asked_columns(
        formula, data, time=time, event=event, by=by, strata=strata, entry=entry, weights=weights
    )
    rows = event_rows(source, columns, competing=True, censored=censored)
    counts = risk_sets(rows)
    tables = []
    for index, risk in enumerate(counts):
        influences = None
        if variance == "jackknife" or not rows.counts_rows:
            influences = weighted_rows(rows, index, starts=risk.time)
        tables.append(incidence_tables(risk, variance=variance, transform=ci, level=level, influences=influences))
    tests, no_tests = (None, "") if not columns.by else _tests_of(rows, rho=rho)
    spread = _VARIANCES[variance] if rows.counts_rows else "infinitesimal jackknife standard error (sampling weights)"
    return CumulativeIncidenceResult(
        method=(
            f"Aalen-Johansen, {spread}, pointwise {in_percent(level)} interval on the {ci} scale"
            f"{', left truncation' * (rows.entry is not None)}"
        ),
        source=_SOURCE,
        n=rows.n,
        events=rows.events,
        exclusions=rows.exclusions,
        n_excluded=rows.n_excluded,
        persons=rows.persons,
        weight_sums=rows.weight_sums,
        settings={
            **columns.settings,
            "censored": censored,
            "variance": variance,
            "ci": ci,
            "level": level,
            "rho": rho,
        },
        table=_under_each_other(tables, rows),
        groups=rows.groups,
        causes=rows.causes,
        ci=ci,
        level=level,
        tests=tests,
        no_tests=no_tests,
        assumed_censored=rows.assumed_censored,
        at_risk=RiskCounts.of(rows, counts),
    )


def _under_each_other(tables: Sequence[Sequence[pd.DataFrame]], rows: EventRows) -> pd.DataFrame:
    parts = [table for group in tables for table in group]
    lengths = [len(part) for part in parts]
    pairs = [(group, cause) for group in rows.groups for cause in rows.causes]
    # Column by column, each given up as soon as it is taken over: with millions of times a copy of all would be large.
    columns = {name: np.concatenate([part.pop(name) for part in parts]) for name in list(parts[0].columns)}
    table = pd.DataFrame(columns, copy=False)
    table.insert(0, "cause", repeated([cause for _group, cause in pairs], lengths))
    table.insert(0, "group", repeated([group for group, _cause in pairs], lengths))
    return table


def _tests_of(rows: EventRows, *, rho: float) -> tuple[pd.DataFrame | None, str]:
    """Compare the groups; curves that cannot be compared are still curves."""
    try:
        return gray_tests(rows, rho=rho), ""
    except ModelInputError as error:
        return None, str(error)
