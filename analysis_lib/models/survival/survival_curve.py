"""The Kaplan-Meier estimate of a survival curve."""

from collections.abc import Sequence
from typing import get_args

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, columns_by_name, in_percent
from analysis_lib.models.rows.source import Data
from analysis_lib.models.survival.asked_columns import asked_columns, refuse_strata
from analysis_lib.models.survival.event_rows import EventRows, event_rows
from analysis_lib.models.survival.influence import weighted_rows
from analysis_lib.models.survival.kaplan_meier_result import KaplanMeierResult
from analysis_lib.models.survival.limits import Transform
from analysis_lib.models.survival.logrank_test import LogRankResult, logrank_from_rows
from analysis_lib.models.survival.numbers_at_risk import RiskCounts, labelled
from analysis_lib.models.survival.product_limit import survival_table
from analysis_lib.models.survival.risk_sets import risk_sets

__all__ = ["kaplan_meier"]

_SOURCE = (
    "Kaplan E. L., Meier P. (1958). J. Am. Stat. Assoc. 53(282), 457-481; Greenwood M. (1926). Reports on "
    "Public Health and Medical Subjects 33, 1-26"
)


@columns_by_name
def kaplan_meier(
    formula: str | Data | None = None,
    data: Data | None = None,
    *,
    time: str | None = None,
    event: str | None = None,
    by: str | Sequence[str] | None = None,
    entry: str | None = None,
    weights: str | None = None,
    ci: Transform = "log",
    level: float = 0.95,
) -> KaplanMeierResult:
    """Estimate survival curves by the product-limit method.

    Estimate by Kaplan and Meier [1]_, standard error by Greenwood [2]_. The pointwise interval is symmetric on the log
    scale (R's default), on the log(-log) scale (SAS's default, better with few events) or on the plain scale, cut to
    [0, 1]. Weights that are whole numbers say how often a row counts, and Greenwood's formula takes them so; others
    are sampling weights, and the standard error is then the infinitesimal jackknife's, which is R's choice too.

    Parameters
    ----------
    formula : str or data
        ``"Surv(time, event) ~ arm"``, ``"Surv(start, stop, event) ~ 1"``; or the data, where the columns are named.
    data : DataFrame, Dask frame, Features, or path
        One row per follow-up; with a start, several of one person may follow each other. Rows with a missing value in
        a column named here are left out and counted. A column ``subject_id`` or ``person_id``, where there is one, is
        used to count distinct persons.
    time : str
        Column with the end of follow-up, > 0: numbers in any unit, or timedeltas.
    event : str
        Column that says whether follow-up ended with the event: bool or 0/1.
    by : str or sequence of str, optional
        Column with groups; one curve each. Several are crossed.
    entry : str, optional
        Column with the time at which a row came under observation (left truncation), before its `time`.
    weights : str, optional
        Column with weights, > 0; rows of weight 0 are left out and counted.
    ci : {"log", "log-log", "plain"}, default "log"
        Transformation of the interval.
    level : float, default 0.95
        Coverage of the interval, in (0, 1).

    Returns
    -------
    KaplanMeierResult
        Curves, medians, restricted means, numbers at risk, log-rank test; draws itself.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.

    References
    ----------
    .. [1] Kaplan E. L., Meier P. (1958). Nonparametric estimation from incomplete observations. J. Am. Stat. Assoc.
       53(282), 457-481.
    .. [2] Greenwood M. (1926). The natural duration of cancer. Reports on Public Health and Medical Subjects 33, 1-26.
    """
    checked_choice(ci, "ci", known=get_args(Transform))
    checked_level(level)
    source, columns = asked_columns(formula, data, time=time, event=event, by=by, entry=entry, weights=weights)
    refuse_strata(columns)
    rows = event_rows(source, columns)
    counts = risk_sets(rows)
    influences = None
    if not rows.counts_rows:
        influences = [weighted_rows(rows, index, starts=risk.time) for index, risk in enumerate(counts)]
    tables = [
        survival_table(risk, transform=ci, level=level, influences=None if influences is None else influences[index])
        for index, risk in enumerate(counts)
    ]
    test, no_test = (None, "") if not columns.by else _test_of(rows)
    table = labelled(tables, rows.groups)
    return KaplanMeierResult(
        method=(
            f"Kaplan-Meier, {_variance_name(rows)} standard error, pointwise {in_percent(level)} interval on the {ci} "
            f"scale{', left truncation' * (rows.entry is not None)}"
        ),
        source=_SOURCE,
        n=rows.n,
        events=rows.events,
        exclusions=rows.exclusions,
        n_excluded=rows.n_excluded,
        persons=rows.persons,
        weight_sums=rows.weight_sums,
        settings={**columns.settings, "ci": ci, "level": level},
        table=table,
        groups=rows.groups,
        ci=ci,
        level=level,
        logrank=test,
        no_logrank=no_test,
        at_risk=RiskCounts.of(rows, counts),
        influences=None if influences is None else tuple(influences),
    )


def _variance_name(rows: EventRows) -> str:
    return "Greenwood" if rows.counts_rows else "infinitesimal jackknife (sampling weights)"


def _test_of(rows: EventRows) -> tuple[LogRankResult | None, str]:
    """Test equal survival; curves that cannot be tested are still curves."""
    try:
        return logrank_from_rows(rows), ""
    except ModelInputError as error:
        return None, str(error)
