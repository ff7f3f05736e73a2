"""Cox proportional hazards regression."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import (
    checked_choice,
    checked_columns,
    checked_level,
    checked_parts,
    columns_by_name,
    listed,
)
from analysis_lib.models.rows.formula import survival_formula
from analysis_lib.models.rows.source import Data, Rows, open_rows
from analysis_lib.models.survival.cox_regression.cox_result import CoxResult
from analysis_lib.models.survival.cox_regression.cox_rows import read_cox_rows
from analysis_lib.models.survival.cox_regression.fitting import fitted_model
from analysis_lib.models.survival.cox_regression.follow_up_columns import CoxColumns
from analysis_lib.models.survival.cox_regression.partial_likelihood import Ties

__all__ = ["asked_columns", "checked_labels", "cox", "opened", "settings_of"]


@columns_by_name
def cox(
    formula: str | Data,
    data: Data | None = None,
    *,
    time: str | None = None,
    event: str | None = None,
    covariates: str | Sequence[str] = (),
    start: str | None = None,
    cause: object = None,
    strata: str | Sequence[str] = (),
    weights: str | None = None,
    offset: str | None = None,
    cluster: str | None = None,
    robust: bool | None = None,
    ties: Ties = "efron",
    level: float = 0.95,
    labels: Mapping[str, str] | None = None,
) -> CoxResult:
    """Fit a Cox proportional hazards model.

    Two ways to ask: ``cox("Surv(time, event) ~ age + C(sex) + strata(site)", data)``, or by columns,
    ``cox(data, time="time", event="event", covariates=["age", "sex"], strata="site")``.

    The partial likelihood [1]_ is maximised by Newton's method; convergence is checked. Where follow-up is measured in
    days, many events are tied, and the handling of ties changes the estimate: Efron's [2]_ is nearer to the exact
    likelihood and R's default, Breslow's [3]_ is what statsmodels and OHDSI's Cyclops use by default. With a beginning
    of follow-up a row is at risk after it [4]_: people who enter late, and covariates that change, as several rows a
    person.

    Parameters
    ----------
    formula : str or data
        ``Surv(time, event) ~ …`` or ``Surv(start, stop, event) ~ …``; on the right columns, ``C()``, ``bs()``,
        ``log()`` and the like, ``strata(…)`` and ``cluster(…)``. The data themselves where the columns are named below.
    data : DataFrame, Dask frame, Features or path, optional
        One row per follow-up. Rows with a missing value in a column used are left out and counted. A column
        ``subject_id`` or ``person_id``, where there is one, says whose each row is.
    time : str, optional
        Column with the end of follow-up: numbers in any unit, or timedeltas; > 0 unless there is a `start`.
    event : str, optional
        Column that says whether follow-up ended with the event: bool or 0/1; anything where a `cause` is given.
    covariates : str or sequence of str, optional
        Columns: numbers and bools are one term each; categories and text are coded against their first level.
    start : str, optional
        Column with the beginning of follow-up.
    cause : object, optional
        The value of `event` that counts; other values are censored: the cause-specific hazard.
    strata : str or sequence of str, optional
        Columns whose combinations have a baseline hazard of their own.
    weights : str, optional
        Column with case weights, >= 0; rows of weight 0 count for nothing.
    offset : str, optional
        Column that is added to the linear predictor.
    cluster : str, optional
        Column that says which rows belong together; makes the errors robust [5]_.
    robust : bool, optional
        Whether errors are robust. When left out they are where `cluster` is given, where weights are not whole
        numbers, where a person has several events, or several rows without a `start`; rows of one person are then one
        cluster.
    ties : {"efron", "breslow", "exact"}, default "efron"
        Handling of tied event times; "exact" is the discrete likelihood, for small data.
    level : float, default 0.95
        Coverage of the intervals, in (0, 1).
    labels : mapping of str to str, optional
        What tables and plots write instead of a term's name, such as ``{"treatment": "Celecoxib vs diclofenac"}``.
        Where none is given they make their own from the column's name, its levels and ``data.attrs["units"]``.

    Returns
    -------
    CoxResult
        Estimates, intervals, counts; shows itself as a table, draws itself as a forest plot.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used: unknown column, follow-up that ends before it begins, a covariate
        constant, infinite or a combination of others, no events.
    SeparationError
        If the likelihood has no maximum, with the covariates that foretell the events.
    ConvergenceError
        If Newton's method does not arrive.

    References
    ----------
    .. [1] Cox D. R. (1972). Regression models and life-tables. J. R. Stat. Soc. B 34(2), 187-220.
    .. [2] Efron B. (1977). The efficiency of Cox's likelihood function for censored data. J. Am. Stat. Assoc. 72(359),
       557-565.
    .. [3] Breslow N. (1974). Covariance analysis of censored survival data. Biometrics 30(1), 89-99.
    .. [4] Andersen P. K., Gill R. D. (1982). Cox's regression model for counting processes: a large sample study. Ann.
       Stat. 10(4), 1100-1120.
    .. [5] Lin D. Y., Wei L. J. (1989). The robust inference for the Cox proportional hazards model. J. Am. Stat. Assoc.
       84(408), 1074-1078.
    """
    checked_choice(ties, "ties", known=get_args(Ties))
    checked_level(level)
    rows = opened(formula, data)
    single = {"time": time, "event": event, "start": start, "weights": weights, "offset": offset, "cluster": cluster}
    asked = asked_columns(
        formula,
        rows,
        by_formula=data is not None,
        single=single,
        covariates=covariates,
        strata=strata,
        causes=(cause, False, None),
    )
    if robust is False and asked.cluster:
        raise ModelInputError(
            f"clustered errors are robust; found cluster='{asked.cluster}' with robust=False. Leave one of them out."
        )
    if ties == "exact" and (robust or asked.cluster):
        raise ModelInputError(
            'there are no robust errors for the exact likelihood; found ties="exact" with them. Use ties="efron".'
        )
    found = read_cox_rows(rows, asked)
    labels = checked_labels(labels, found.terms)
    settings = settings_of(formula if data is not None else None, single, covariates=covariates, strata=strata)
    settings |= {name: value for name, value in (("cause", cause), ("robust", robust)) if value is not None}
    settings |= {"ties": ties, "level": level}
    return fitted_model(found, asked, ties=ties, robust=robust, level=level, labels=labels, settings=settings)


def opened(formula: str | Data, data: Data | None) -> Rows:
    """Open the data, wherever they stand.

    Parameters
    ----------
    formula : str or data
        The formula, or the data where the columns are named.
    data : DataFrame, Dask frame, Features or path, or None
        The data, where there is a formula.

    Returns
    -------
    Rows
        Of the data.

    Raises
    ------
    ModelInputError
        If a formula has no data, or stands after them.
    """
    swapped = [isinstance(value, str) and "~" in value for value in (formula, data)]
    if (swapped == [True, False] and data is None) or swapped[1]:
        raise ModelInputError(
            "a formula comes first and the data after it; found one without the other. Write "
            'cox("Surv(time, event) ~ age", data), or cox(data, time=…, event=…, covariates=[…]).'
        )
    return open_rows(formula if data is None else data)


def settings_of(
    formula: str | Data | None,
    single: Mapping[str, str | None],
    *,
    covariates: str | Sequence[str],
    strata: str | Sequence[str],
) -> dict[str, Any]:
    """Write down the arguments of a call.

    Parameters
    ----------
    formula : str or None
        The formula; None where the columns were named.
    single : mapping of str to str or None
        Columns by part.
    covariates, strata : str or sequence of str
        More columns.

    Returns
    -------
    dict of str to object
        Those that were given.
    """
    found: dict[str, Any] = {} if formula is None else {"formula": formula}
    found |= {name: value for name, value in single.items() if value is not None}
    several = {"covariates": _names(covariates), "strata": _names(strata)}
    return found | {name: value for name, value in several.items() if value}


def checked_labels(labels: Mapping[str, str] | None, terms: Sequence[str]) -> dict[str, str]:
    """Refuse labels for what is no term.

    Parameters
    ----------
    labels : mapping of str to str or None
        As given.
    terms : sequence of str
        Of the model.

    Returns
    -------
    dict of str to str
        The labels.

    Raises
    ------
    ModelInputError
        If a label is for something else.
    """
    if unknown := [term for term in labels or {} if term not in terms]:
        raise ModelInputError(
            f"labels are for terms of the model; found {listed(unknown)}, known are {listed(terms)}. Name the terms."
        )
    return dict(labels or {})


def asked_columns(
    formula: str | Data,
    rows: Rows,
    *,
    by_formula: bool,
    single: Mapping[str, str | None],
    covariates: str | Sequence[str],
    strata: str | Sequence[str],
    causes: tuple[object, bool, str | int | None],
) -> CoxColumns:
    """Say which column plays which part.

    Parameters
    ----------
    formula : str or data
        The formula, where there is one.
    rows : Rows
        The data.
    by_formula : bool
        Whether there is one.
    single : mapping of str to str or None
        Columns by part: time, event, start, weights, offset, cluster.
    covariates, strata : str or sequence of str
        More columns.
    causes : tuple
        The cause that counts, whether the others are wanted, and what means censored.

    Returns
    -------
    CoxColumns
        All of them known.

    Raises
    ------
    ModelInputError
        If one is unknown, named twice, or missing.
    """
    checked_columns([name for name in single.values() if name is not None], rows.columns)
    ask = _by_formula if by_formula else _by_columns
    asked = ask(formula, rows, single=single, covariates=covariates, strata=strata)
    cause, competing, censored = causes
    asked = replace(asked, cause=cause, competing=competing, censored=censored)
    checked_columns([*asked.beside_covariates, *asked.covariates], rows.columns)
    return asked


def _names(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _by_columns(
    formula: str | Data,
    rows: Rows,
    *,
    single: Mapping[str, str | None],
    covariates: str | Sequence[str],
    strata: str | Sequence[str],
) -> CoxColumns:
    del formula
    time, event, start = single["time"], single["event"], single["start"]
    if time is None or event is None:
        raise ModelInputError(
            "a Cox model needs the columns of time and event; found no formula either. Write "
            'cox("Surv(time, event) ~ age", data), or cox(data, time=…, event=…, covariates=[…]).'
        )
    names = _names(covariates)
    if not names:
        raise ModelInputError("a Cox model needs a covariate; found none. For one group, use kaplan_meier.")
    checked_parts([time, event, *([start] if start else []), *names], rows.columns)
    if quoted := [name for name in names if "`" in name]:
        raise ModelInputError(f"a covariate's name must hold no backtick; found {listed(quoted)}. Rename the column.")
    return CoxColumns(
        stop=time,
        event=event,
        start=start,
        right=" + ".join(f"`{name}`" for name in names),
        covariates=tuple(names),
        strata=tuple(_names(strata)),
        weights=single["weights"],
        offset=single["offset"],
        cluster=single["cluster"],
    )


def _by_formula(
    formula: str | Data,
    rows: Rows,
    *,
    single: Mapping[str, str | None],
    covariates: str | Sequence[str],
    strata: str | Sequence[str],
) -> CoxColumns:
    twice = [name for name in ("time", "event", "start") if single[name] is not None]
    if twice or _names(covariates):
        raise ModelInputError(
            "times, events and covariates stand in the formula; found them as arguments too. Give one or the other."
        )
    asked = survival_formula(formula, rows.columns)
    parts = [asked.stop, asked.event, *([asked.start] if asked.start else [])]
    checked_parts([*parts, *asked.columns], rows.columns)
    if asked.cluster and single["cluster"] and asked.cluster != single["cluster"]:
        raise ModelInputError(
            f"rows are clustered by one column; found '{asked.cluster}' in the formula and '{single['cluster']}' as "
            "argument. Give one of them."
        )
    return CoxColumns(
        stop=asked.stop,
        event=asked.event,
        start=asked.start,
        right=asked.right,
        covariates=asked.columns,
        strata=tuple(dict.fromkeys([*asked.strata, *_names(strata)])),
        weights=single["weights"],
        offset=single["offset"],
        cluster=asked.cluster or single["cluster"],
    )
