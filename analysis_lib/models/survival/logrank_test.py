"""The log-rank test of equal survival."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.result import ModelSummary
from analysis_lib.models.rows.follow_up import SurvivalRows, group_labels, survival_rows
from analysis_lib.tables import equation_of_p, format_estimate

__all__ = ["LogRankResult", "logrank"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class LogRankResult:
    """A test of equal survival in all groups.

    Attributes
    ----------
    chi2 : float
        Test statistic.
    df : int
        Groups minus one.
    p_value : float
        Probability of a statistic at least this large if survival is equal.
    table : DataFrame
        By group: ``n``, ``observed`` events, and ``expected`` ones if survival were equal.
    method : str
        The test, with its variance.
    """

    chi2: float
    df: int
    p_value: float
    table: pd.DataFrame
    method: str = "log-rank (Mantel-Haenszel), hypergeometric variance"

    def summary(self) -> ModelSummary:
        """Write the test for reading.

        Returns
        -------
        ModelSummary
            Prints as text, shows as a table in a notebook.
        """
        rows = tuple(
            (str(row["group"]), f"{row['n']:,}", f"{row['observed']:,}", format_estimate(row["expected"]))
            for row in self.table.reset_index().to_dict("records")
        )
        notes = (
            f"Chi-square {self.chi2:.4f} on {self.df} df, {equation_of_p(self.p_value)}.",
            f"Method: {self.method}.",
        )
        return ModelSummary(
            title="Log-rank test", header=("Group", "n", "Observed", "Expected"), rows=rows, notes=notes
        )

    def __repr__(self) -> str:
        return self.summary().as_text()

    def _repr_html_(self) -> str:
        return self.summary().as_html()


def logrank(data: pd.DataFrame, *, time: str, event: str, by: str, strata: str | None = None) -> LogRankResult:
    """Test whether survival is the same in all groups.

    The test is Mantel's [1]_, with the hypergeometric variance, as R's `survdiff`.

    Parameters
    ----------
    data : DataFrame
        One row per follow-up; rows with a missing value in a column named here are left out.
    time : str
        Column with the length of follow-up, > 0.
    event : str
        Column that says whether follow-up ended with the event: bool or 0/1.
    by : str
        Column with the groups.
    strata : str, optional
        Column within whose levels the groups are compared; the differences are added up.

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
    """
    rows = survival_rows(data, time=time, event=event, others=[by] if strata is None else [by, strata])
    labels, groups = group_labels(rows, by)
    blocks, _ = group_labels(rows, strata)
    return logrank_from_rows(rows, labels=labels, groups=groups, strata=blocks)


def logrank_from_rows(
    rows: SurvivalRows,
    *,
    labels: npt.NDArray[np.object_],
    groups: tuple[str, ...],
    strata: npt.NDArray[np.object_] | None = None,
) -> LogRankResult:
    """Test complete cases whose groups are known.

    Parameters
    ----------
    rows : SurvivalRows
        Complete cases.
    labels : ndarray of str, shape (n,)
        Group of each row.
    groups : tuple of str
        The groups in order.
    strata : ndarray of str, shape (n,), optional
        Stratum of each row.

    Returns
    -------
    LogRankResult
        The test.

    Raises
    ------
    ModelInputError
        If there is one group, there are no events to compare, or their variance is singular.
    """
    from scipy.stats import chi2 as chi_square

    if len(groups) < 2:
        raise ModelInputError(
            f"a log-rank test compares groups; found {len(groups)}. Check the column that makes them."
        )
    codes = pd.Categorical(labels, categories=list(groups)).codes.astype(np.intp)
    blocks = np.zeros(codes.size, dtype=np.intp) if strata is None else pd.factorize(strata)[0]
    observed = np.bincount(codes, rows.event, minlength=len(groups))
    expected, variance = np.zeros(len(groups)), np.zeros((len(groups), len(groups)))
    for block in np.unique(blocks):
        inside = blocks == block
        if rows.event[inside].any():
            part = _expected(rows.time[inside], rows.event[inside], codes=codes[inside], n_groups=len(groups))
            expected, variance = expected + part[0], variance + part[1]
    # A group that is never at risk when an event happens has nothing to compare.
    compared = np.flatnonzero(expected > 0)
    if compared.size < 2:
        raise ModelInputError(
            f"a log-rank test needs events while two groups are at risk; found {int(observed.sum())} events and "
            f"{compared.size} such groups. Check the outcome and the follow-up of each group."
        )
    kept = compared[:-1]  # the differences add up to zero, so one group is redundant
    difference, spread = (observed - expected)[kept], variance[np.ix_(kept, kept)]
    if np.linalg.matrix_rank(spread, hermitian=True) < kept.size:
        raise ModelInputError(
            f"a log-rank test needs events that could have happened in another group; found {int(observed.sum())} "
            "events without variance, as when everybody at risk has the event on one day. Report the events of each "
            "group instead."
        )
    statistic = float(difference @ np.linalg.solve(spread, difference))
    table = pd.DataFrame(
        {"n": np.bincount(codes, minlength=len(groups)), "observed": observed.astype(np.int64), "expected": expected},
        index=pd.Index(groups, name="group"),
    )
    return LogRankResult(
        chi2=statistic, df=int(kept.size), p_value=float(chi_square.sf(statistic, kept.size)), table=table
    )


def _expected(
    time: FloatArray, event: npt.NDArray[np.bool_], *, codes: npt.NDArray[np.intp], n_groups: int
) -> tuple[FloatArray, FloatArray]:
    """Add up expected events and the covariance of the observed ones over the event times of one stratum."""
    event_times, deaths = np.unique(time[event], return_counts=True)
    at_risk = np.column_stack(
        [
            (codes == group).sum() - np.searchsorted(np.sort(time[codes == group]), event_times, side="left")
            for group in range(n_groups)
        ]
    ).astype(np.float64)
    total = at_risk.sum(axis=1)
    share = at_risk / total[:, None]
    expected = deaths @ share
    # With one person at risk the outcome is certain: 0/0 there means no variance.
    spread = deaths * (total - deaths) / np.maximum(total - 1, 1)
    return expected, np.diag(spread @ share) - (share * spread[:, None]).T @ share
