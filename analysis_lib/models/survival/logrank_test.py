"""The log-rank test of equal survival: weighted, stratified, for trend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import columns_by_name
from analysis_lib.models.result import ModelSummary, columns_used, left_out
from analysis_lib.models.rows.source import Data
from analysis_lib.models.survival.asked_columns import asked_columns
from analysis_lib.models.survival.event_rows import EventRows, event_rows
from analysis_lib.models.survival.event_sums import GroupedEvents, grouped_events
from analysis_lib.models.survival.product_limit import product_limit
from analysis_lib.printed_numbers import equation_of_p, format_estimate

__all__ = ["LogRankResult", "logrank", "logrank_from_rows"]

_SOURCE = (
    "Mantel N. (1966). Cancer Chemother. Rep. 50(3), 163-170; Harrington D. P., Fleming T. R. (1982). Biometrika "
    "69(3), 553-566; Tarone R. E. (1975). Biometrika 62(3), 679-682"
)
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class LogRankResult:
    """A test of equal survival in all groups.

    Attributes
    ----------
    chi2 : float
        Test statistic.
    df : int
        Groups minus one; 1 for a trend.
    p_value : float
        Probability of a statistic at least this large if survival is equal.
    table : DataFrame
        By group: ``n``, ``observed`` events, and ``expected`` ones if survival were equal; with weighted events both
        are sums of their weights.
    method : str
        The test, with its variance.
    events : int
        Rows with the event.
    exclusions : dict of str to int
        Rows left out, by reason.
    n_excluded : int
        Rows left out, each counted once.
    persons : dict of str to int
        Distinct persons in total and by group.
    settings : mapping of str to object
        The arguments of the call.
    weight_sums : mapping of str to float
        Sum of the weights by kind and column; empty without weights.
    """

    chi2: float
    df: int
    p_value: float
    table: pd.DataFrame
    method: str
    events: int
    exclusions: dict[str, int]
    n_excluded: int
    persons: dict[str, int]
    settings: Mapping[str, Any] = field(default_factory=dict)
    weight_sums: Mapping[str, float] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """The publications the formula is from."""
        return _SOURCE

    @property
    def n(self) -> int:
        """Rows compared."""
        return int(self.table["n"].sum())

    def estimates(self) -> pd.DataFrame:
        """Return the test itself, for the report's list of outputs.

        Returns
        -------
        DataFrame
            One row: ``chi2``, ``df``, ``p_value``.
        """
        return pd.DataFrame({"chi2": [self.chi2], "df": [self.df], "p_value": [self.p_value]})

    def to_frame(self) -> pd.DataFrame:
        """Return observed and expected events as a table.

        Returns
        -------
        DataFrame
            A copy of `table`, with the group as a column.
        """
        return self.table.reset_index()

    def summary(self) -> ModelSummary:
        """Write the test for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = tuple(
            (str(row["group"]), f"{row['n']:,}", _amount(row["observed"]), format_estimate(row["expected"]))
            for row in self.to_frame().to_dict("records")
        )
        notes = (
            f"Chi-square {self.chi2:.4f} on {self.df} df, {equation_of_p(self.p_value)}.",
            f"Method: {self.method}.",
            *([left_out(self.n_excluded, self.exclusions)] if self.exclusions else []),
            *columns_used(self.settings, self.weight_sums),
            *([f"Strata: {', '.join(strata)}."] if (strata := self.settings.get("strata")) else []),
        )
        return ModelSummary(
            title="Log-rank test", header=("Group", "n", "Observed", "Expected"), rows=rows, notes=notes
        )

    def __repr__(self) -> str:
        return self.summary().as_text()

    def _repr_html_(self) -> str:
        return self.summary().as_html()


@columns_by_name
def logrank(
    formula: str | Data | None = None,
    data: Data | None = None,
    *,
    time: str | None = None,
    event: str | None = None,
    by: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    entry: str | None = None,
    weights: str | None = None,
    rho: float = 0.0,
    trend: bool | Sequence[float] = False,
) -> LogRankResult:
    """Test whether survival is the same in all groups.

    The test is Mantel's [1]_, with the hypergeometric variance, as R's `survdiff`. With `rho` each event weighs what
    pooled survival was just before it, to that power [2]_: 1 is the Peto and Peto test (a generalised Wilcoxon test),
    which looks at early differences. With `trend` the groups have scores, and the test asks on one degree of freedom
    whether survival goes up or down with the score [3]_.

    Parameters
    ----------
    formula : str or data
        ``"Surv(time, event) ~ arm + strata(site)"``, or ``Surv(start, stop, event)``; or the data, where the columns
        are named.
    data : DataFrame, Dask frame, Features, or path
        One row per follow-up; rows with a missing value in a column named here are left out and counted.
    time : str
        Column with the length of follow-up, > 0.
    event : str
        Column that says whether follow-up ended with the event: bool or 0/1.
    by : str or sequence of str
        Column with the groups; several are crossed.
    strata : str or sequence of str, optional
        Columns within whose levels the groups are compared; the differences are added up.
    entry : str, optional
        Column with the time at which a row came under observation (left truncation).
    weights : str, optional
        Column that says how often each row counts: whole numbers.
    rho : float, default 0
        Power of survival by which events are weighted, >= 0; 0 weights none.
    trend : bool or sequence of float, default False
        True for scores 1, 2, 3, … in the order of the groups, or a score for each group.

    Returns
    -------
    LogRankResult
        Statistic, degrees of freedom, p value, observed and expected events.

    Raises
    ------
    ModelInputError
        If the data cannot be used, there is one group, there are no events, or chance has no part in them.

    References
    ----------
    .. [1] Mantel N. (1966). Evaluation of survival data and two new rank order statistics arising in its consideration.
       Cancer Chemother. Rep. 50(3), 163-170.
    .. [2] Harrington D. P., Fleming T. R. (1982). A class of rank test procedures for censored survival data.
       Biometrika 69(3), 553-566.
    .. [3] Tarone R. E. (1975). Tests for trend in life table analysis. Biometrika 62(3), 679-682.
    """
    if not (isinstance(rho, int | float) and 0 <= rho < np.inf):
        raise ModelInputError(f"rho must be a number >= 0; found {rho!r}. 0 is the log-rank test, 1 Peto and Peto's.")
    rows, columns = asked_columns(
        formula, data, time=time, event=event, by=by, strata=strata, entry=entry, weights=weights
    )
    found = logrank_from_rows(event_rows(rows, columns), rho=rho, trend=trend)
    return replace(found, settings={**columns.settings, "rho": rho, "trend": trend})


def logrank_from_rows(rows: EventRows, *, rho: float = 0.0, trend: bool | Sequence[float] = False) -> LogRankResult:
    """Test complete cases.

    Parameters
    ----------
    rows : EventRows
        Complete cases with groups.
    rho : float, default 0
        Power of survival by which events are weighted.
    trend : bool or sequence of float, default False
        Whether, or by which scores, to test for a trend.

    Returns
    -------
    LogRankResult
        The test.

    Raises
    ------
    ModelInputError
        If there is one group, there are no events to compare, or their variance is singular.
    """
    n_groups = len(rows.groups)
    if n_groups < 2:
        raise ModelInputError(f"a log-rank test compares groups; found {n_groups}. Check the column that makes them.")
    if not rows.counts_rows:
        raise ModelInputError(
            "a log-rank test counts people; found weights that are no whole numbers. Compare the groups by "
            "cox(..., weights=...) with robust standard errors."
        )
    scores = _scores(trend, rows.groups)
    observed, expected = np.zeros(n_groups), np.zeros(n_groups)
    compared = np.zeros(n_groups, dtype=np.bool_)
    variance = np.zeros((n_groups, n_groups))
    for stratum in grouped_events(rows):
        part = _stratum(stratum, rho=rho)
        observed, expected, variance = observed + part[0], expected + part[1], variance + part[2]
        # A group that is never at risk when an event happens has nothing to compare.
        compared |= stratum.at_risk.any(axis=1)
    statistic, df = _statistic(observed - expected, variance, compared=compared, scores=scores, events=rows.events)
    n = np.bincount(rows.group, rows.weights, minlength=n_groups).astype(np.int64)
    whole = rho == 0
    table = pd.DataFrame(
        {"n": n, "observed": observed.astype(np.int64) if whole else observed, "expected": expected},
        index=pd.Index(rows.groups, name="group"),
    )
    from scipy.special import chdtrc

    return LogRankResult(
        chi2=statistic,
        df=df,
        p_value=float(chdtrc(df, statistic)),
        table=table,
        method=_method(rho=rho, trend=scores is not None, n_strata=rows.n_strata),
        events=rows.events,
        exclusions=rows.exclusions,
        n_excluded=rows.n_excluded,
        persons=rows.persons,
        weight_sums=rows.weight_sums,
    )


def _scores(trend: bool | Sequence[float], groups: tuple[str, ...]) -> FloatArray | None:
    if trend is False:
        return None
    if trend is True:
        return np.arange(1.0, len(groups) + 1)
    try:
        scores = np.asarray(trend, dtype=np.float64)
    except (TypeError, ValueError):
        scores = np.empty(0)
    if scores.shape != (len(groups),) or not np.isfinite(scores).all() or np.ptp(scores) == 0:
        raise ModelInputError(
            f"a trend needs one finite score for each group, not all the same; found {scores.size} for {len(groups)} "
            "groups. Give them in the order of the groups, or trend=True for 1, 2, 3, …"
        )
    return scores


def _stratum(events: GroupedEvents, *, rho: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Add up observed and expected events and the covariance of the observed ones over the event times."""
    deaths = events.n_event.sum(axis=0)
    total = events.at_risk.sum(axis=0)
    share = events.at_risk / total
    weight = np.ones(deaths.size)
    if rho:
        weight = np.concatenate(([1.0], product_limit(total, deaths)[:-1])) ** rho
    observed = (events.n_event * weight).sum(axis=1)
    expected = (share * (deaths * weight)).sum(axis=1)
    # With one person at risk the outcome is certain: 0/0 there means no variance.
    spread = weight**2 * deaths * (total - deaths) / np.maximum(total - 1, 1)
    variance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return observed, expected, variance


def _statistic(
    difference: FloatArray,
    variance: FloatArray,
    *,
    compared: npt.NDArray[np.bool_],
    scores: FloatArray | None,
    events: int,
) -> tuple[float, int]:
    groups = np.flatnonzero(compared)
    if groups.size < 2:
        raise ModelInputError(
            f"a log-rank test needs events while two groups are at risk; found {events:,} events and "
            f"{groups.size} such groups. Check the outcome and the follow-up of each group."
        )
    if scores is not None:
        centred = scores - scores[groups].mean()  # the differences add up to zero; so may the scores
        kept = np.where(compared, centred, 0.0)
        spread = float(kept @ variance @ kept)
        if spread > 1e-12 * float((kept**2) @ np.diag(variance)):
            return float(kept @ difference) ** 2 / spread, 1
    else:
        kept = groups[:-1]  # the differences add up to zero, so one group is redundant
        among = variance[np.ix_(kept, kept)]
        if np.linalg.matrix_rank(among, hermitian=True) == kept.size:
            return float(difference[kept] @ np.linalg.solve(among, difference[kept])), int(kept.size)
    raise ModelInputError(
        f"a log-rank test needs events that could have happened in another group; found {events:,} events without "
        "variance, as when everybody at risk has the event on one day. Report the events of each group instead."
    )


def _method(*, rho: float, trend: bool, n_strata: int) -> str:
    if rho == 0:
        name = "log-rank (Mantel-Haenszel)"
    else:
        name = "Peto and Peto" if rho == 1 else f"Fleming-Harrington with rho = {rho:g}"
    return (
        f"{name}{' for trend' if trend else ''}, hypergeometric variance"
        f"{f', within {n_strata:,} strata' if n_strata > 1 else ''}"
    )


def _amount(value: float) -> str:
    return f"{value:,}" if value == round(value) else format_estimate(value)
