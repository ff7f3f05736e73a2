"""From a formula and data of any kind to the cases of a penalised fit."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_columns
from analysis_lib.models.regression.penalised.cases import Cases, checked_cases, labels_of, numbers_of, read_design
from analysis_lib.models.regression.penalised.families import Family
from analysis_lib.models.regression.penalised.partial_likelihood import FollowUp
from analysis_lib.models.rows.design import DesignPlan, design_plan
from analysis_lib.models.rows.follow_up import event_flags, follow_up_times, merged_near_ties
from analysis_lib.models.rows.formula import Formula, SurvivalFormula, parse_formula, survival_formula
from analysis_lib.models.rows.source import Rows

__all__ = ["given_follow_up", "read_cases"]


def read_cases(
    rows: Rows,
    formula: str,
    *,
    family: Family,
    weights: str | None,
    offset: str | None,
    fold: str | None,
    penalty_factors: Mapping[str, float] | None,
) -> tuple[Cases, DesignPlan]:
    """Read and check the complete cases that a formula names.

    Parameters
    ----------
    rows : Rows
        The data.
    formula : str
        As for `elastic_net`.
    family : {"gaussian", "binomial", "poisson", "cox"}
        Model of the outcome.
    weights, offset, fold : str or None
        Columns.
    penalty_factors : mapping of str to float or None
        By term.

    Returns
    -------
    cases : Cases
        The complete cases.
    plan : DesignPlan
        How their covariates were made.

    Raises
    ------
    ModelInputError
        If the formula or the data cannot be used.
    """
    asked = _asked(formula, rows, family=family)
    own = checked_columns([name for name in (weights, offset, fold) if name is not None], rows.columns)
    person = rows.person_column
    beside = [asked.stop, asked.event, *asked.strata] if isinstance(asked, SurvivalFormula) else []
    plan = design_plan(
        asked.right,
        rows,
        response="" if isinstance(asked, SurvivalFormula) else asked.response,
        response_columns=() if isinstance(asked, SurvivalFormula) else asked.response_columns,
        columns=asked.columns,
        extra=list(dict.fromkeys([*beside, *own, *([person] if person else [])])),
    )
    columns, response, others = read_design(plan, rows.parts)
    follow_up = None
    if isinstance(asked, SurvivalFormula):
        response = event_flags(others[asked.event], name=asked.event).astype(np.float64)
        time = merged_near_ties(follow_up_times(others[asked.stop], name=asked.stop))
        follow_up = FollowUp(time, _strata_codes(others[list(asked.strata)]))
    cases = checked_cases(
        columns,
        terms=tuple(term for term in plan.terms if term != "Intercept"),
        response=response,
        weights=None if weights is None else numbers_of(others[weights], weights, n=plan.n),
        offset=None if offset is None else numbers_of(others[offset], offset, n=plan.n),
        penalty_factors=penalty_factors,
        persons=np.arange(response.size) if person is None else others[person].to_numpy(),
        fold=None if fold is None else others[fold].to_numpy(),
        family=family,
        follow_up=follow_up,
    )
    return cases, plan


def given_follow_up(time: Any, strata: Any, *, family: Family, n: int) -> FollowUp | None:
    """Check the follow-up that goes with a matrix.

    Parameters
    ----------
    time, strata : array of shape (n,) or None
        End of follow-up; what has a baseline hazard of its own.
    family : {"gaussian", "binomial", "poisson", "cox"}
        Model of the outcome.
    n : int
        Rows.

    Returns
    -------
    FollowUp or None
        None for models without.

    Raises
    ------
    ModelInputError
        If it is missing or does not belong to the model, or cannot be used.
    """
    if (time is None) != (family != "cox") or (strata is not None and family != "cox"):
        raise ModelInputError(
            f"follow-up belongs to Cox's model; found family='{family}' {'without' if time is None else 'with'} time=. "
            "Give family='cox' and time=, or neither."
        )
    if time is None:
        return None
    times = merged_near_ties(follow_up_times(pd.Series(labels_of(time, "time", n=n)), name="time"))
    labels = {} if strata is None else {"strata": labels_of(strata, "strata", n=n)}
    return FollowUp(times, _strata_codes(pd.DataFrame(labels, index=range(n))))


def _asked(formula: str, rows: Rows, *, family: Family) -> Formula | SurvivalFormula:
    if family != "cox":
        return parse_formula(formula, rows.columns)
    asked = survival_formula(formula, rows.columns)
    if asked.start is not None or asked.cluster is not None:
        raise ModelInputError(
            "a penalised Cox model takes follow-up from time 0 of independent rows; found start times or a cluster. "
            "Use analysis_lib.models.cox for these."
        )
    return asked


def _strata_codes(columns: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Number the combinations of some columns; perhaps there is no column at all."""
    if columns.shape[1] == 0:
        return np.zeros(len(columns), dtype=np.int64)
    codes: npt.NDArray[Any] = columns.groupby(list(columns.columns), observed=True, sort=True).ngroup().to_numpy()
    return codes.astype(np.int64)
