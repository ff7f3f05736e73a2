"""Linear mixed models: repeated measurements, with a random intercept and random slopes for each group."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ConvergenceError, ModelInputError
from analysis_lib.models.arguments import checked_level, columns_by_name
from analysis_lib.models.regression.collinearity import refuse_collinear_matrix
from analysis_lib.models.regression.mixed_likelihood import GroupSums, Profiled, factor_of, group_sums, profiled
from analysis_lib.models.regression.small_design import numbered, refuse_unfit, small_design
from analysis_lib.models.regression.small_result import SmallDataResult
from analysis_lib.models.rows import Data, design_plan, open_rows, parse_formula

__all__ = ["MixedResult", "mixed"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Criterion = Callable[[FloatArray], float]
#: lme4's: a relative standard deviation below this counts as zero.
_SINGULAR = 1e-4
#: Distance to the best likelihood, by Newton's decrement of the criterion, that counts as arrived.
_ARRIVED = 1e-8
_STARTS = (1.0, 0.2, 4.0)
#: With more groups than this the likelihood has one peak for all purposes, and one start is enough.
_MANY_GROUPS = 2_000
_MOST_RANDOM = 8
_MOST_ESCAPES = 10
_PROBES = (1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MixedResult(SmallDataResult):
    """A fitted linear mixed model.

    Attributes
    ----------
    random_covariance : DataFrame
        Covariance of the random effects of a group.
    residual_variance : float
        Variance of the residuals.
    criterion : float
        Minus twice the log likelihood: restricted where `reml`.
    reml : bool
        Whether variances are estimated by restricted maximum likelihood.
    is_singular : bool
        Whether a random effect's variance, given the others, came out as zero.
    n_groups : int
        Groups.
    random_effects : DataFrame
        Conditional modes (BLUP), one row per group. They are values of persons where groups are: not for release.
    """

    random_covariance: pd.DataFrame
    residual_variance: float
    criterion: float
    reml: bool
    is_singular: bool
    n_groups: int
    random_effects: pd.DataFrame = field(repr=False)
    rows_are_independent: ClassVar[bool] = False

    @property
    def llf(self) -> float:
        """Log likelihood, restricted where `reml`."""
        return -self.criterion / 2

    @property
    def aic(self) -> float:
        """Akaike's criterion; with `reml` comparable only between models with the same fixed effects."""
        q = len(self.random_covariance)
        return self.criterion + 2 * (len(self.terms) + q * (q + 1) // 2 + 1)

    @property
    def random_correlation(self) -> pd.DataFrame:
        """Correlation of the random effects; NaN where a variance is zero."""
        spread = np.sqrt(np.diag(self.random_covariance))
        with np.errstate(invalid="ignore", divide="ignore"):
            found: pd.DataFrame = self.random_covariance.div(spread, axis=0).div(spread, axis=1)
        return found


@dataclass(frozen=True)
class _Scaled:
    """The design made orthonormal and the response centred on it, so that no sum loses digits."""

    sums: GroupSums
    triangle: FloatArray
    first_beta: FloatArray
    random_triangle: FloatArray
    log_constant: float


@columns_by_name
def mixed(
    formula: str, data: Data, *, cluster: str, random: str = "1", reml: bool = True, level: float = 0.95
) -> MixedResult:
    """Fit a linear mixed model with one grouping factor.

    The random effects of a group are normal with any covariance; rows of a group are independent given them [1]_.

    Parameters
    ----------
    formula : str
        The fixed effects, such as ``"reaction ~ days + C(sex)"``.
    data : DataFrame, Dask frame, Features or path
        One row per measurement; rows with a missing value in a column named here are left out.
    cluster : str
        Column with the groups: a person's id, or a site.
    random : str, default "1"
        The random effects of a group, as the right side of a formula: ``"1"`` is a random intercept, ``"1 + days"`` a
        random intercept and slope, correlated.
    reml : bool, default True
        Whether variances are estimated by restricted maximum likelihood; False for maximum likelihood, as tests
        between models with different fixed effects need.
    level : float, default 0.95
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    MixedResult
        Fixed effects, variances; shows itself as a table, draws itself as a forest plot.

    Raises
    ------
    ModelInputError
        If the data or the formulas cannot be used, or there are no repeated rows.
    ConvergenceError
        If no maximum of the likelihood was found.

    References
    ----------
    .. [1] Laird N. M., Ware J. H. (1982). Random-effects models for longitudinal data. Biometrics 38(4), 963-974.
    .. [2] Bates D., Maechler M., Bolker B., Walker S. (2015). Fitting linear mixed-effects models using lme4. J. Stat.
       Softw. 67(1), 1-48.
    """
    checked_level(level)
    rows = open_rows(data)
    right = parse_formula(f"~ {random}", rows.columns, needs_response=False) if random.strip() != "1" else None
    design = small_design(formula, data, extra=[cluster, *(right.columns if right else ())])
    refuse_unfit(design.matrix, design.terms)
    effects, names = _random_part(design.extra, right.right if right else "1", columns=right.columns if right else ())
    numbers, known = numbered(design.extra[cluster], name=cluster, sort=True)
    _refuse_groups(numbers, n_groups=len(known), cluster=cluster, n_random=len(names))
    order = np.argsort(numbers, kind="stable")
    firsts = np.flatnonzero(np.append(True, np.diff(numbers[order]) > 0)).astype(np.int64)
    scaled = _scaled(design.matrix[order], effects[order], response=design.response[order], firsts=firsts)
    theta, best = _fit(scaled.sums, restricted=reml)
    criterion = best.criterion + (scaled.log_constant if reml else 0.0)
    turn_back = np.linalg.inv(scaled.random_triangle)
    factor = turn_back @ factor_of(theta, len(names))
    inverse = np.linalg.inv(scaled.triangle)
    random_index = pd.Index(names, name="term")
    is_singular = bool((np.diag(factor_of(theta, len(names))) < _SINGULAR).any())
    spread = factor @ factor.T * best.sigma2
    words = "restricted maximum likelihood (REML)" if reml else "maximum likelihood"
    return MixedResult(
        title="Linear mixed model",
        method=f"linear mixed model, {words}, random {random.strip()} by {cluster}",
        source="Laird and Ware 1982, Biometrics 38(4), 963-974; Bates et al. 2015, J. Stat. Softw. 67(1)",
        n=design.plan.n,
        events=0,
        exclusions=design.plan.exclusions,
        n_excluded=design.plan.n_excluded,
        persons={**design.persons, "clusters": len(known)},
        settings={"formula": formula, "cluster": cluster, "random": random, "reml": reml, "level": level},
        terms=tuple(design.terms),
        words=design.words,
        estimates=scaled.first_beta + inverse @ best.beta,
        covariance=inverse @ best.unscaled @ inverse.T * best.sigma2,
        measure="",
        errors="model-based, the variances taken as known",
        level=level,
        levels=design.levels,
        facts=_facts(
            names, spread, sigma2=best.sigma2, n_groups=len(known), criterion=criterion, reml=reml, singular=is_singular
        ),
        random_covariance=pd.DataFrame(spread, index=random_index, columns=random_index),
        residual_variance=best.sigma2,
        criterion=criterion,
        reml=reml,
        is_singular=is_singular,
        n_groups=len(known),
        random_effects=pd.DataFrame(
            best.modes @ turn_back.T, index=pd.Index(known, name=cluster), columns=random_index
        ),
    )


def _facts(
    names: Sequence[str],
    spread: FloatArray,
    *,
    sigma2: float,
    n_groups: int,
    criterion: float,
    reml: bool,
    singular: bool,
) -> tuple[str, ...]:
    deviations = ", ".join(f"{name} {np.sqrt(value):.4g}" for name, value in zip(names, np.diag(spread), strict=True))
    warning = (
        "A random effect's variance came out as zero (singular fit): these data do not support so many random effects."
    )
    return (
        f"{n_groups:,} groups. Standard deviations: {deviations}; residual {np.sqrt(sigma2):.4g}.",
        f"Minus twice the {'restricted ' if reml else ''}log likelihood: {criterion:.4f}.",
        *([warning] if singular else []),
    )


def _random_part(extra: pd.DataFrame, right: str, *, columns: Sequence[str]) -> tuple[FloatArray, list[str]]:
    """Make the design of the random effects from the complete cases."""
    if not columns:
        if right.strip() != "1":
            raise ModelInputError(
                "random effects are written as the right side of a formula; found no column in it. Write '1' for a "
                "random intercept, or '1 + days' with a slope."
            )
        return np.ones((len(extra), 1)), ["Intercept"]
    frame = extra[list(columns)]
    plan = design_plan(right, open_rows(frame), columns=columns)
    if len(plan.terms) > _MOST_RANDOM:
        raise ModelInputError(
            f"a group has at most {_MOST_RANDOM} random effects; found {len(plan.terms)}. Use fewer: each adds its "
            "covariances with all others."
        )
    matrix = np.ascontiguousarray(plan.prepare(frame).matrix().T)
    refuse_collinear_matrix(np.ascontiguousarray(matrix.T), plan.terms)
    return matrix, list(plan.terms)


def _refuse_groups(numbers: npt.NDArray[np.intp], *, n_groups: int, cluster: str, n_random: int) -> None:
    if n_groups < 2 or n_groups == numbers.size:
        raise ModelInputError(
            f"a mixed model needs several groups with repeated rows; column '{cluster}' makes {n_groups:,} groups of "
            f"{numbers.size:,} rows. Name the column that repeats."
        )
    if n_groups * n_random >= numbers.size:
        raise ModelInputError(
            f"there must be more rows than random effects; found {numbers.size:,} rows and {n_groups * n_random:,} "
            "random effects. Use a random intercept alone."
        )


def _scaled(matrix: FloatArray, random: FloatArray, *, response: FloatArray, firsts: IntArray) -> _Scaled:
    orthogonal, triangle = np.linalg.qr(matrix)
    root = np.sqrt(len(matrix))
    orthogonal, triangle = orthogonal * root, triangle / root
    first = orthogonal.T @ response / len(matrix)
    left = response - orthogonal @ first
    left -= orthogonal @ (orthogonal.T @ left) / len(matrix)
    spread = float(np.sqrt((left**2).mean()))
    if not spread > 1e-10 * float(np.abs(response).max(initial=0.0)):
        raise ModelInputError(
            f"the outcome must vary around the fixed effects; it does not in {len(response):,} rows. Is the outcome "
            "among the covariates?"
        )
    # Any covariance of random effects is one of their combinations too, so their design may be turned as well.
    turned, random_triangle = np.linalg.qr(random)
    sums = group_sums(orthogonal, turned * root, response=left, firsts=firsts)
    return _Scaled(
        sums=sums,
        triangle=triangle,
        first_beta=np.linalg.solve(triangle, first),
        random_triangle=random_triangle / root,
        log_constant=2 * float(np.log(np.abs(np.diag(triangle))).sum()),
    )


def _fit(sums: GroupSums, *, restricted: bool) -> tuple[FloatArray, Profiled]:
    """Find the best relative standard deviations: several starts, and Newton's steps until the gradient vanishes."""
    from scipy.optimize import minimize

    q = sums.zz.shape[1]
    column, row = np.triu_indices(q)
    is_diagonal = column == row
    bounds = [(0.0, None) if diagonal else (None, None) for diagonal in is_diagonal]

    def criterion(theta: FloatArray) -> float:
        try:
            value = profiled(theta, sums, restricted=restricted).criterion
        except np.linalg.LinAlgError:
            return 1e300
        return value if np.isfinite(value) else 1e300

    def descend(start: FloatArray) -> tuple[float, FloatArray]:
        found = minimize(
            criterion,
            start,
            method="L-BFGS-B",
            jac="3-point",
            bounds=bounds,
            options={"ftol": 1e-14, "gtol": 1e-7, "maxiter": 500, "maxfun": 20_000},
        )
        return float(found.fun), np.asarray(found.x, dtype=np.float64)

    starts = _STARTS if len(sums.zz) <= _MANY_GROUPS else _STARTS[:1]
    best = min((descend(np.where(is_diagonal, start, 0.0)) for start in starts), key=lambda found: found[0])
    best = _off_the_walls(criterion, best, descend=descend, is_diagonal=is_diagonal)
    if best[0] >= 1e299:
        raise ConvergenceError(
            f"the mixed model was not fitted; no likelihood exists for {sums.n:,} rows in {len(sums.zz):,} groups. "
            "Look for groups whose rows the model fits without a rest."
        )
    theta, decrement = _polished(criterion, best[1], is_diagonal=is_diagonal)
    if not decrement < _ARRIVED:
        raise ConvergenceError(
            f"the mixed model did not converge; {sums.n:,} rows in {len(sums.zz):,} groups, {q} random effects. Use "
            "fewer random effects, or bring the covariates to similar scales."
        )
    return theta, profiled(theta, sums, restricted=restricted)


def _off_the_walls(
    criterion: Criterion,
    best: tuple[float, FloatArray],
    *,
    descend: Callable[[FloatArray], tuple[float, FloatArray]],
    is_diagonal: npt.NDArray[np.bool_],
) -> tuple[float, FloatArray]:
    """Leave a standard deviation of zero where a small one is better.

    The criterion depends on its square, so its slope is zero there whatever lies beyond, and a descent may stop.
    """
    for _ in range(_MOST_ESCAPES):
        probes = []
        for wall in np.flatnonzero(is_diagonal & (best[1] < _SINGULAR)):
            for small in _PROBES:
                probe = best[1].copy()
                probe[wall] = small
                probes.append((criterion(probe), probe))
        better = min(probes, key=lambda probe: probe[0], default=best)
        if not better[0] < best[0] - 1e-9:
            # The way down may lead over a ridge that no single standard deviation crosses.
            better = min((descend(probe) for _, probe in probes[2::3]), key=lambda found: found[0], default=best)
            if not better[0] < best[0] - 1e-7:
                return best
        best = min(descend(better[1]), better, key=lambda found: found[0])
    return best


def _polished(
    criterion: Criterion, theta: FloatArray, *, is_diagonal: npt.NDArray[np.bool_]
) -> tuple[FloatArray, float]:
    """Take Newton's steps with numerical derivatives; give the last decrement of the criterion."""
    decrement = np.inf
    for _ in range(20):
        at_wall = is_diagonal & (theta < _SINGULAR)
        theta = np.where(at_wall & (theta < 1e-7), 0.0, theta)
        free = np.flatnonzero(~at_wall)
        if free.size == 0:
            return theta, 0.0
        gradient, hessian = _derivatives(criterion, theta, free=free)
        try:
            step = -np.linalg.solve(hessian, gradient)
        except np.linalg.LinAlgError:
            return theta, np.inf
        decrement = float(-gradient @ step)
        if not np.isfinite(decrement) or decrement < 0:
            # A saddle, or a flat ridge: flat is arrived, a saddle is not.
            return theta, 0.0 if float(np.abs(gradient).max()) < 1e-5 else np.inf
        moved = theta.copy()
        moved[free] += step
        if (moved[is_diagonal] < 0).any() or criterion(moved) > criterion(theta) + 1e-9:
            return theta, decrement
        theta = moved
        if decrement < 1e-12:
            break
    return theta, decrement


def _derivatives(
    criterion: Criterion, theta: FloatArray, *, free: npt.NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    width = 1e-4 * np.maximum(np.abs(theta), 0.1)
    size = free.size
    gradient, hessian = np.zeros(size), np.zeros((size, size))
    centre = criterion(theta)

    def at(*moves: tuple[int, float]) -> float:
        point = theta.copy()
        for index, sign in moves:
            point[free[index]] += sign * width[free[index]]
        return criterion(point)

    for i in range(size):
        up, down = at((i, 1.0)), at((i, -1.0))
        gradient[i] = (up - down) / (2 * width[free[i]])
        hessian[i, i] = (up - 2 * centre + down) / width[free[i]] ** 2
        for j in range(i):
            cross = (
                at((i, 1.0), (j, 1.0)) - at((i, 1.0), (j, -1.0)) - at((i, -1.0), (j, 1.0)) + at((i, -1.0), (j, -1.0))
            )
            hessian[i, j] = hessian[j, i] = cross / (4 * width[free[i]] * width[free[j]])
    return gradient, hessian
