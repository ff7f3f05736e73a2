"""From the rows of a Cox model to its maximum, or to the reason why there is none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ConvergenceError, ModelInputError, SeparationError
from analysis_lib.models.arguments import listed
from analysis_lib.models.sums.maximise import LikelihoodAt, maximise
from analysis_lib.models.survival.cox_regression.covariate_blocks import HeldPiece, sorted_pieces
from analysis_lib.models.survival.cox_regression.cox_result import CoxResult
from analysis_lib.models.survival.cox_regression.cox_rows import CoxRows
from analysis_lib.models.survival.cox_regression.event_means import clustered_scores
from analysis_lib.models.survival.cox_regression.exact_likelihood import ExactLikelihood
from analysis_lib.models.survival.cox_regression.fitted import FittedCox
from analysis_lib.models.survival.cox_regression.follow_up_columns import CoxColumns
from analysis_lib.models.survival.cox_regression.partial_likelihood import PartialLikelihood, Ties
from analysis_lib.models.survival.cox_regression.person_groups import persons_by_group
from analysis_lib.models.survival.cox_regression.risk_sets import risk_sets
from analysis_lib.models.survival.cox_regression.separation import is_monotone
from analysis_lib.models.survival.cox_regression.subdistribution import (
    CensoringTies,
    SubdistributionLikelihood,
    staying,
)

__all__ = ["Clusters", "clusters_of", "fit_rows", "fitted_model", "result_facts"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_TIES = {
    "efron": ("Efron", "Efron B. (1977). J. Am. Stat. Assoc. 72(359), 557-565"),
    "breslow": ("Breslow", "Breslow N. (1974). Biometrics 30(1), 89-99"),
    "exact": ("the exact likelihood", "Gail M. H., Lubin J. H., Rubinstein L. V. (1981). Biometrika 68(3), 703-707"),
}
_COX_1972 = "Cox D. R. (1972). J. R. Stat. Soc. B 34(2), 187-220"
_LIN_WEI = "Lin D. Y., Wei L. J. (1989). J. Am. Stat. Assoc. 84(408), 1074-1078"
#: Newton's method needs four to eight steps. Where there is no maximum the gradient dies away all the same, by a factor
#: of e a step, so that after some fifty steps it looks like one.
_MANY_STEPS = 12
#: Sums of more bytes than this, by event time, leave a processor's own cache: rows are then sorted by time first.
_SUMS_IN_CACHE = 1 << 21


@dataclass(frozen=True)
class Clusters:
    """Which rows belong together.

    Attributes
    ----------
    codes : ndarray of int64, shape (n,) or None
        Number of each row's cluster; None where each row is one.
    count : int
        Clusters.
    by : str
        In words.
    """

    codes: IntArray | None
    count: int
    by: str


def fitted_model(
    rows: CoxRows,
    asked: CoxColumns,
    *,
    ties: Ties,
    robust: bool | None,
    level: float,
    labels: Mapping[str, str],
    settings: Mapping[str, Any],
) -> CoxResult:
    """Fit the model.

    Parameters
    ----------
    rows : CoxRows
        Complete cases.
    asked : CoxColumns
        Which column plays which part.
    ties : {"efron", "breslow", "exact"}
        Handling of tied event times.
    robust : bool or None
        Whether errors are robust; None lets the data decide.
    level : float
        Coverage of the intervals.
    labels : mapping of str to str
        Names for terms.
    settings : mapping of str to object
        Arguments of the call.

    Returns
    -------
    CoxResult
        With errors as asked.

    Raises
    ------
    ModelInputError
        If a covariate varies only among those never at risk.
    SeparationError
        If there is no maximum.
    ConvergenceError
        If Newton's method does not arrive.
    """
    clusters = None if ties == "exact" else clusters_of(rows, asked, robust=robust)
    fit = fit_rows(rows, ties=ties, codes=None if clusters is None else clusters.codes)
    tie_name, tie_source = _TIES[ties]
    method, source = f"Cox partial likelihood, ties by {tie_name}", f"{_COX_1972}; {tie_source}"
    middle = None
    if clusters is not None:
        middle = clustered_scores(fit.likelihood, fit.at_top, group=fit.cluster)
        method += f", robust errors ({clusters.by})"
        source += f"; {_LIN_WEI}"
    facts = result_facts(rows, asked, fit=fit, middle=middle)
    return CoxResult(
        method=method,
        source=source,
        settings=settings,
        errors="model-based" if clusters is None else clusters.by,
        n_clusters=None if clusters is None else clusters.count,
        ties=ties,
        level=level,
        labels=labels,
        **facts,
    )


def result_facts(rows: CoxRows, asked: CoxColumns, *, fit: FittedCox, middle: FloatArray | None) -> dict[str, Any]:
    """Gather what a result holds whatever its errors are called.

    Parameters
    ----------
    rows : CoxRows
        Complete cases.
    asked : CoxColumns
        Which column plays which part.
    fit : FittedCox
        The fit.
    middle : ndarray of float64, shape (p, p) or None
        Middle of the sandwich; None for errors from the model.

    Returns
    -------
    dict of str to object
        Attributes of `CoxResult`.
    """
    index = pd.Index(rows.terms, name="term")
    inverse = np.linalg.inv(fit.top.at.information)
    covariance = inverse if middle is None else inverse @ middle @ inverse
    outer = np.outer(fit.scale, fit.scale)
    unweighted = {f"{asked.weights} zero": rows.n_unweighted} if rows.n_unweighted else {}
    counted = np.ones(rows.event.size, dtype=np.bool_) if rows.weight is None else rows.weight > 0
    return {
        "n": rows.event.size - rows.n_unweighted,
        "events": int(rows.event.sum()),
        "exclusions": {**rows.plan.exclusions, **unweighted},
        "n_excluded": rows.plan.n_excluded + rows.n_unweighted,
        "weight_sums": {} if rows.weight is None else {f"case weights {asked.weights}": float(rows.weight.sum())},
        "fractional_weights": 0 if rows.weight is None else int((rows.weight != np.floor(rows.weight)).sum()),
        "persons": persons_by_group(rows.person, rows.event, groups=rows.groups, counted=counted),
        "params": pd.Series(fit.top.point / fit.scale, index=index, name="coef"),
        "covariance": pd.DataFrame(covariance / outer, index=index, columns=index),
        "model_covariance": pd.DataFrame(inverse / outer, index=index, columns=index),
        "llf": fit.top.at.value,
        "llnull": fit.start.value,
        "levels": dict(rows.plan.levels),
        "iterations": fit.top.iterations,
        "words": dict(zip(rows.terms, rows.words, strict=True)),
        "term_of": rows.term_of,
        "columns": asked,
        "plan": rows.plan,
        "likelihood": fit,
    }


def clusters_of(rows: CoxRows, asked: CoxColumns, *, robust: bool | None) -> Clusters | None:
    """Say whether errors are robust, and which rows are one cluster.

    Parameters
    ----------
    rows : CoxRows
        Complete cases.
    asked : CoxColumns
        Which column plays which part.
    robust : bool or None
        None lets the data decide.

    Returns
    -------
    Clusters or None
        None where errors come from the model.

    Raises
    ------
    ModelInputError
        If there is one cluster, or one person, only.
    """
    if asked.cluster is not None and rows.cluster is not None:
        codes, known = pd.factorize(rows.cluster)
        if len(known) < 2:
            raise ModelInputError(
                f"clustered errors need several clusters; column '{asked.cluster}' has one. Leave it out."
            )
        return Clusters(codes.astype(np.int64), len(known), f"clustered by {asked.cluster}")
    if robust is False:
        return None
    several, repeated = _rows_by_person(rows)
    fractional = rows.weight is not None and bool((rows.weight != np.floor(rows.weight)).any())
    if not (robust or fractional or repeated):
        return None
    if several is None or rows.person is None:
        return Clusters(None, rows.event.size, "each row by itself")
    if not several.any():
        raise ModelInputError(
            f"robust errors compare persons; column '{rows.person.name}' names one in all {several.size:,} rows "
            "analysed. Look at how the ids were made; robust=False takes the rows for independent."
        )
    return Clusters(several, int(several.max()) + 1, f"clustered by {rows.person.name}")


def _rows_by_person(rows: CoxRows) -> tuple[IntArray | None, bool]:
    """Number the persons where some have several rows; and say whether that makes rows depend on each other."""
    if rows.person is None:
        return None, False
    codes, known = pd.factorize(rows.person, use_na_sentinel=False)
    if len(known) == len(codes):
        return None, False
    several_events = bool((np.bincount(codes[rows.event]) > 1).any())
    return codes.astype(np.int64), several_events or rows.start is None


def fit_rows(
    rows: CoxRows, *, ties: Ties, codes: IntArray | None, censoring: CensoringTies = "with events"
) -> FittedCox:
    """Find the maximum on standardised covariates, which make steps, tolerances and tests free of units.

    Parameters
    ----------
    rows : CoxRows
        Complete cases.
    ties : {"efron", "breslow", "exact"}
        Handling of tied event times.
    codes : ndarray of int64, shape (n,) or None
        Cluster of each row, kept with the fit.
    censoring : {"with events", "after events"}, default "with events"
        For subdistribution hazards: whether someone with an event could still have been censored at the same time.

    Returns
    -------
    FittedCox
        Converged.

    Raises
    ------
    ModelInputError
        If a covariate varies only among those never at risk.
    SeparationError
        If there is no maximum.
    ConvergenceError
        If Newton's method does not arrive.
    """
    sets = risk_sets(rows.stop, rows.event, start=rows.start, stratum=rows.stratum, weight=rows.weight)
    if rows.n_unweighted and rows.weight is not None:
        sets.last[rows.weight == 0] = -1
    stay = None if rows.competing is None else staying(rows, sets, ties=censoring)
    weight, number, pieces = rows.weight, rows.row_number, rows.pieces
    offset_centre = 0.0 if rows.offset is None else float(rows.offset.mean())
    offset = None if rows.offset is None else rows.offset - offset_centre
    p = len(rows.terms)
    held = [piece for piece in pieces if isinstance(piece, HeldPiece)]
    if held and sets.deaths.size * (p + 1) * 8 > _SUMS_IN_CACHE:
        order = np.argsort(sets.last)
        pieces = sorted_pieces(held, order)
        sets = sets.reordered(order)
        weight, offset = (None if part is None else part[order] for part in (weight, offset))
        codes = None if codes is None else codes[order]
        stay = None if stay is None else stay.reordered(order)
        number = order if number is None else number[order]
    breslow_or_efron: Ties = "efron" if ties == "efron" else "breslow"
    shared: dict[str, Any] = {"scale": rows.scale, "ties": breslow_or_efron, "weight": weight, "offset": offset}
    likelihood = PartialLikelihood(pieces, sets, **shared)
    if stay is not None:
        likelihood = SubdistributionLikelihood(pieces, sets, stay=stay, **shared)
    evaluate = ExactLikelihood(likelihood).at if ties == "exact" else likelihood.at
    start = evaluate(np.zeros(p))
    _refuse_uninformative(start, rows.terms)
    unit = 1.0 if rows.weight is None else float(rows.weight.mean())
    top = maximise(lambda point: evaluate(point) if point.any() else start, np.zeros(p), unit=unit)
    if not top.converged or top.iterations > _MANY_STEPS:
        # First each covariate alone, so that the message names no innocent one.
        _refuse_separated(likelihood, rows.terms, directions=(*np.eye(p), *-np.eye(p), top.last_step, top.point))
    if not top.converged:
        raise ConvergenceError(
            f"the Cox model did not converge; {top.iterations} steps with {rows.event.size:,} rows, "
            f"{rows.event.sum():,} events and {p} terms. Use fewer covariates, or look for nearly collinear ones."
        )
    last_time = np.full(len(rows.strata), float(rows.stop.max()))
    if rows.stratum is not None:
        last_time[:] = -np.inf
        np.maximum.at(last_time, rows.stratum, rows.stop)
    return FittedCox(
        likelihood=likelihood,
        evaluate=evaluate,
        start=start,
        top=top,
        centre=rows.centre,
        scale=rows.scale,
        offset_centre=offset_centre,
        row_number=number,
        cluster=codes,
        strata=rows.strata,
        last_time=last_time,
    )


def _refuse_uninformative(at_zero: LikelihoodAt, terms: Sequence[str]) -> None:
    """Refuse covariates that vary only among people who were never at risk together with an event."""
    information = np.diag(at_zero.information)
    flat = [term for term, value in zip(terms, information, strict=True) if not value > 1e-12]
    if flat:
        raise ModelInputError(
            f"a covariate must vary among those at risk when events happen; found none of it in {listed(flat)}. Leave "
            "it out, or look at whose follow-up ends before the first event."
        )


def _refuse_separated(likelihood: PartialLikelihood, terms: Sequence[str], *, directions: Sequence[FloatArray]) -> None:
    for direction in directions:
        largest = np.abs(direction).max()
        if not largest > 0 or not is_monotone(likelihood, direction / largest):
            continue
        part = np.abs(direction) / largest > 1e-3
        named = [term for term, involved in zip(terms, part, strict=True) if involved]
        raise SeparationError(
            f"there is no finite hazard ratio; {listed(named)} foretells perfectly who has the event next, as when one "
            "group has no events. Leave it out, merge its groups, or report the events of each group instead."
        )
