"""Conditional logistic regression: matched sets, and strata whose own intercepts nobody wants to know."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ConvergenceError, ModelInputError, SeparationError
from analysis_lib.models.arguments import checked_level, columns_by_name, listed
from analysis_lib.models.regression.collinearity import refuse_collinear_matrix
from analysis_lib.models.regression.small_design import INTERCEPT, numbered, small_design
from analysis_lib.models.regression.small_result import SmallDataResult
from analysis_lib.models.rows import Data
from analysis_lib.models.sums.maximise import LikelihoodAt, Maximum, maximise

__all__ = ["ConditionalLogisticResult", "conditional_logistic"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
_MANY_STEPS = 20
#: Multiplications of one evaluation that are still worth waiting for: about a minute.
_MOST_WORK = 5e10


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ConditionalLogisticResult(SmallDataResult):
    """A fitted conditional logistic regression.

    Attributes
    ----------
    llf, llnull : float
        Log conditional likelihood at the estimate, and with all coefficients zero.
    n_sets : int
        Sets with both outcomes; only these say anything.
    n_silent_sets : int
        Sets with one outcome only; they are left out, and so are their rows from `n`.
    iterations : int
        Newton steps to the maximum.
    """

    llf: float
    llnull: float
    n_sets: int
    n_silent_sets: int
    iterations: int

    def lr_test(self) -> tuple[float, int, float]:
        """Test whether all coefficients are zero by the ratio of the likelihoods.

        Returns
        -------
        statistic : float
            Chi-square.
        df : int
            Coefficients.
        p_value : float
            Of the chi-square distribution.
        """
        from scipy.stats import chi2

        statistic, df = 2 * (self.llf - self.llnull), len(self.terms)
        return statistic, df, float(chi2.sf(statistic, df))


@dataclass(frozen=True)
class _Sets:
    """The sets with both outcomes, set by set."""

    values: FloatArray
    is_case: BoolArray
    firsts: IntArray


@columns_by_name
def conditional_logistic(
    formula: str, data: Data, *, strata: str | Sequence[str], level: float = 0.95
) -> ConditionalLogisticResult:
    """Fit a logistic regression conditional on the number of cases in each set.

    The likelihood is the exact one, the sum over all ways to choose the cases of a set [1]_ [2]_, as R's
    ``clogit`` with ``method = "exact"``.

    Parameters
    ----------
    formula : str
        Such as ``"case ~ smoker + bs(bmi, df=4)"``; the left side is 1 for cases and 0 for the others. What does not
        vary within sets, the intercept too, has no coefficient.
    data : DataFrame, Dask frame, Features or path
        One row per member of a set; rows with a missing value are left out, and then sets without both outcomes.
    strata : str or sequence of str
        Columns that make the sets.
    level : float, default 0.95
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    ConditionalLogisticResult
        Odds ratios; shows itself as a table, draws itself as a forest plot.

    Raises
    ------
    ModelInputError
        If the data cannot be used: an outcome other than 0/1, no set with both outcomes, a covariate that does not
        vary within sets or is a combination of others, sets too large for the exact likelihood.
    SeparationError
        If a covariate foretells the cases of every set, so that no finite odds ratio exists.
    ConvergenceError
        If Newton's method does not arrive.

    References
    ----------
    .. [1] Breslow N. E., Day N. E. (1980). Statistical Methods in Cancer Research I, IARC, chapter 7.
    .. [2] Gail M. H., Lubin J. H., Rubinstein L. V. (1981). Likelihood calculations for matched case-control studies
       and survival studies with tied death times. Biometrika 68(3), 703-707.
    """
    checked_level(level)
    columns = [strata] if isinstance(strata, str) else list(strata)
    design = small_design(formula, data, extra=columns)
    is_case = _cases(design.response)
    keep = [index for index, term in enumerate(design.terms) if term != INTERCEPT]
    terms = [design.terms[index] for index in keep]
    if not terms:
        raise ModelInputError("a conditional logistic regression needs a covariate; found none. Name one.")
    numbers = np.zeros(len(design.extra), dtype=np.int64)
    for column in columns:
        codes, known = numbered(design.extra[column], name=column)
        numbers = np.unique(numbers * len(known) + codes, return_inverse=True)[1]
    sets, n_all = _informative(design.matrix[:, keep], is_case, numbers=numbers)
    _refuse_long_sums(sets)
    _refuse_fixed(sets, terms)
    scale = np.sqrt((sets.values**2).mean(axis=0))
    standard = _Sets(np.ascontiguousarray(sets.values / scale), sets.is_case, sets.firsts)
    likelihood = _likelihood(standard)
    start = np.zeros(len(terms))
    top = maximise(likelihood, start)
    _refuse_failure(top, standard, terms=terms)
    n_sets = sets.firsts.size - 1
    return ConditionalLogisticResult(
        title="Conditional logistic regression",
        method=f"exact conditional likelihood of {n_sets:,} sets",
        source="Breslow and Day 1980, IARC, chapter 7; Gail, Lubin and Rubinstein 1981",
        n=sets.is_case.size,
        events=int(sets.is_case.sum()),
        exclusions=design.plan.exclusions,
        n_excluded=design.plan.n_excluded,
        persons=design.persons,
        settings={"formula": formula, "strata": columns, "level": level},
        terms=tuple(terms),
        words=tuple(design.words[index] for index in keep),
        estimates=top.point / scale,
        covariance=np.linalg.inv(top.at.information) / np.outer(scale, scale),
        measure="Odds ratio",
        errors="inverse of the observed information",
        level=level,
        levels=design.levels,
        facts=(
            f"{n_sets:,} sets of {' and '.join(columns)} with both outcomes"
            + (
                f"; {n_all - n_sets:,} sets with one outcome only say nothing and are left out." * (n_all > n_sets)
                or "."
            ),
            f"Log conditional likelihood {top.at.value:.4f}, with no covariates {likelihood(start).value:.4f}.",
        ),
        llf=top.at.value,
        llnull=likelihood(start).value,
        n_sets=n_sets,
        n_silent_sets=n_all - n_sets,
        iterations=top.iterations,
    )


def _cases(response: FloatArray) -> BoolArray:
    other = int((~np.isin(response, (0.0, 1.0))).sum())
    if other:
        raise ModelInputError(
            f"the outcome must be bool or 0/1; found other numbers in {other:,} rows. Compare it first, or write "
            "== 2 where cases are coded 2."
        )
    return np.asarray(response == 1.0, dtype=np.bool_)


def _informative(matrix: FloatArray, is_case: BoolArray, *, numbers: npt.NDArray[Any]) -> tuple[_Sets, int]:
    """Sort rows by set, leave out sets with one outcome, centre within sets."""
    n_all = int(numbers.max()) + 1
    size = np.bincount(numbers, minlength=n_all)
    cases = np.bincount(numbers, is_case, minlength=n_all)
    both = (cases > 0) & (cases < size)
    if not both.any():
        raise ModelInputError(
            f"a conditional logistic regression needs sets with both outcomes; found none among {n_all:,} sets. Check "
            "the column of the sets and the outcome."
        )
    kept = np.flatnonzero(both[numbers])
    order = kept[np.argsort(numbers[kept], kind="stable")]
    sizes = size[both]
    firsts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    values = matrix[order]
    values -= np.repeat(np.add.reduceat(values, firsts[:-1], axis=0) / sizes[:, None], sizes, axis=0)
    # Centring leaves rounding where nothing varies; that must not pass for a covariate.
    ground = 1e-12 * np.abs(matrix).max(axis=0, initial=0.0)
    values[:, np.abs(values).max(axis=0) <= ground] = 0.0
    return _Sets(np.ascontiguousarray(values), is_case[order], firsts), n_all


def _refuse_fixed(sets: _Sets, terms: Sequence[str]) -> None:
    """Refuse covariates without variation inside the sets, and combinations."""
    fixed = [term for term, values in zip(terms, sets.values.T, strict=True) if not values.any()]
    if fixed:
        raise ModelInputError(
            f"a covariate must vary within sets; {listed(fixed)} does not. Leave it out: what the members of a set "
            "share cannot be estimated."
        )
    refuse_collinear_matrix(np.ascontiguousarray(sets.values.T), terms)


def _refuse_long_sums(sets: _Sets) -> None:
    size = np.diff(sets.firsts).astype(np.float64)
    cases = np.add.reduceat(sets.is_case.astype(np.float64), sets.firsts[:-1])
    chosen = np.minimum(cases, size - cases)
    work = float((size * chosen).sum()) * sets.values.shape[1] ** 2
    if work > _MOST_WORK:
        raise ModelInputError(
            f"the exact likelihood sums over all ways to choose the cases of a set; the largest set has "
            f"{int(size.max()):,} rows and {int(chosen.max()):,} cases, too many. Use finer sets, or glm with the sets "
            "as a covariate: with large sets both agree."
        )


def _likelihood(sets: _Sets) -> Callable[[FloatArray], LikelihoodAt]:
    from analysis_lib.models.regression.conditional_kernel import conditional_sums

    def at(beta: FloatArray) -> LikelihoodAt:
        value, gradient, information = conditional_sums(sets.values, sets.is_case, sets.firsts, beta)
        return LikelihoodAt(value if np.isfinite(value) else -np.inf, gradient, information)

    return at


def _refuse_failure(top: Maximum, sets: _Sets, *, terms: Sequence[str]) -> None:
    """Say whether the likelihood rises for ever, and along which covariates; or that the steps did not arrive."""
    if top.converged and top.iterations <= _MANY_STEPS:
        return
    each = np.eye(len(terms))
    for direction in (*each, *-each, top.last_step, top.point):
        largest = np.abs(direction).max()
        if largest > 0 and _foretells(sets, direction / largest):
            part = np.abs(direction) / largest > 1e-3
            named = [term for term, involved in zip(terms, part, strict=True) if involved]
            raise SeparationError(
                f"there is no finite odds ratio; {listed(named)} foretells perfectly who of each set is a case. Leave "
                "it out, merge its groups, or report the counts of exposed cases instead."
            )
    if not top.converged:
        raise ConvergenceError(
            f"the conditional logistic regression did not converge; {top.iterations} steps with "
            f"{sets.firsts.size - 1:,} sets and {len(terms)} terms. Use fewer covariates, or look for nearly collinear "
            "ones."
        )


def _foretells(sets: _Sets, direction: FloatArray) -> bool:
    """Tell whether in every set no member who is no case lies above a case, and in one set below it."""
    along = sets.values @ direction
    starts = sets.firsts[:-1]
    lowest_case = np.minimum.reduceat(np.where(sets.is_case, along, np.inf), starts)
    highest_other = np.maximum.reduceat(np.where(sets.is_case, -np.inf, along), starts)
    gap = lowest_case - highest_other
    slack = 1e-6 * max(float(np.abs(along).max()), 1e-300)
    return bool((gap >= -slack).all() and (gap > slack).any())
