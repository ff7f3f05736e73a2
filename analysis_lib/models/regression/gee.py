"""Generalised estimating equations: population-averaged regression of clustered or repeated measurements."""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis_lib.errors import ConvergenceError, ModelInputError, SeparationError
from analysis_lib.models.arguments import checked_choice, checked_level, columns_by_name
from analysis_lib.models.few_clusters import few_clusters_note
from analysis_lib.models.regression.gee_engine import (
    Clusters,
    Correlation,
    FamilyName,
    GeeFit,
    cluster_parts,
    fit_equations,
)
from analysis_lib.models.regression.small_design import SmallDesign, numbered, refuse_unfit, small_design
from analysis_lib.models.regression.small_result import SmallDataResult
from analysis_lib.models.rows import Data
from analysis_lib.printed_numbers import format_coefficient

__all__ = ["GeeResult", "gee"]

FloatArray = npt.NDArray[np.float64]
GeeErrors = Literal["robust", "bias-reduced", "model"]
_ERRORS = {
    "robust": "robust (sandwich, Liang and Zeger 1986)",
    "bias-reduced": "robust, bias-reduced (Mancl and DeRouen 2001)",
    "model": "model-based: right only if the working correlation is",
}
_MEASURES = {"gaussian": "", "binomial": "Odds ratio", "poisson": "Rate ratio"}
_MOST_PAIRS = 2e8


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class GeeResult(SmallDataResult):
    """Fitted estimating equations.

    Attributes
    ----------
    family : {"gaussian", "binomial", "poisson"}
        Mean and variance, with the canonical link.
    correlation : {"independence", "exchangeable", "ar1"}
        The working correlation.
    alpha : float
        Its estimate; 0 under independence.
    scale : float
        Dispersion.
    n_clusters : int
        Clusters.
    largest_cluster : int
        Rows of the largest one.
    iterations : int
        Steps to the solution.
    """

    family: FamilyName
    correlation: Correlation
    alpha: float
    scale: float
    n_clusters: int
    largest_cluster: int
    iterations: int
    rows_are_independent: ClassVar[bool] = False


@dataclass(frozen=True)
class _Turn:
    """How coefficients of the turned design become those of the data."""

    inverse: FloatArray
    start: FloatArray


@columns_by_name
def gee(
    formula: str,
    data: Data,
    *,
    cluster: str,
    family: FamilyName = "gaussian",
    correlation: Correlation = "exchangeable",
    time: str | None = None,
    offset: str | None = None,
    exposure: str | None = None,
    errors: GeeErrors = "robust",
    moments: Literal["n - p", "n"] = "n - p",
    fixed_scale: bool = False,
    level: float = 0.95,
) -> GeeResult:
    """Fit generalised estimating equations [1]_.

    The coefficients are averages over the population; with robust errors they are right even if the working
    correlation is not, given many clusters. With few, the robust errors are too small, and the bias-reduced ones [2]_
    are better.

    Parameters
    ----------
    formula : str
        Such as ``"y ~ age + C(sex)"``.
    data : DataFrame, Dask frame, Features or path
        One row per measurement; rows with a missing value in a column named here are left out.
    cluster : str
        Column that says which rows belong together: a person's id, or a site.
    family : {"gaussian", "binomial", "poisson"}, default "gaussian"
        With identity, logit and log link.
    correlation : {"independence", "exchangeable", "ar1"}, default "exchangeable"
        The working correlation: none; the same between any two rows of a cluster; or falling with the distance in time,
        as a power of it. The last needs `time` unless the rows of each cluster are in order, one unit apart.
    time : str, optional
        Column with the time of each row, for ``ar1``; no two rows of a cluster at the same time.
    offset : str, optional
        Column added to the linear predictor.
    exposure : str, optional
        Column with person-time whose logarithm is added to the linear predictor; for ``poisson``.
    errors : {"robust", "bias-reduced", "model"}, default "robust"
        Kind of standard errors.
    moments : {"n - p", "n"}, default "n - p"
        What dispersion and exchangeable correlation divide by: as statsmodels and SAS do, or as geepack does.
    fixed_scale : bool, default False
        Whether the dispersion is 1; it matters for model-based errors alone.
    level : float, default 0.95
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    GeeResult
        Estimates, correlation; shows itself as a table, draws itself as a forest plot.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used.
    SeparationError
        If a combination of covariates foretells a yes-no outcome perfectly.
    ConvergenceError
        If the iterations do not arrive, or the working correlation comes out impossible.

    References
    ----------
    .. [1] Liang K.-Y., Zeger S. L. (1986). Longitudinal data analysis using generalized linear models. Biometrika
       73(1), 13-22.
    .. [2] Mancl L. A., DeRouen T. A. (2001). A covariance estimator for GEE with improved small-sample properties.
       Biometrics 57(1), 126-134.
    """
    checked_level(level)
    checked_choice(family, "family", known=get_args(FamilyName))
    checked_choice(correlation, "correlation", known=get_args(Correlation))
    checked_choice(errors, "errors", known=get_args(GeeErrors))
    checked_choice(moments, "moments", known=("n - p", "n"))
    named = [name for name in (cluster, time, offset, exposure) if name is not None]
    design = small_design(formula, data, extra=named)
    _refuse_response(design.response, family=family)
    refuse_unfit(design.matrix, design.terms)
    offsets = _offset(design.extra, offset, exposure=exposure)
    clusters, turn = _clusters(design, cluster=cluster, time=time, offset=offsets, centred=family == "gaussian")
    if correlation != "independence" and clusters.sizes.max() < 2:
        raise ModelInputError(
            f"a working correlation needs clusters of two rows or more; column '{cluster}' makes "
            f"{clusters.sizes.size:,} clusters of one. Name the column that repeats, or use correlation='independence'."
        )
    if correlation == "ar1" and float((clusters.sizes.astype(np.float64) ** 2).sum()) / 2 > _MOST_PAIRS:
        raise ModelInputError(
            f"ar1 looks at all pairs of a cluster; the largest cluster has {int(clusters.sizes.max()):,} rows, too "
            "many. Use correlation='exchangeable', or finer clusters."
        )
    fit = fit_equations(
        clusters, family=family, correlation=correlation, corrected=moments == "n - p", fixed_scale=fixed_scale
    )
    _refuse_failure(fit, clusters, family=family, correlation=correlation)
    return _result(
        design,
        clusters,
        turn=turn,
        fit=fit,
        kinds=(family, correlation, errors),
        level=level,
        settings={
            "formula": formula,
            "cluster": cluster,
            "time": time,
            "offset": offset,
            "exposure": exposure,
            "moments": moments,
            "fixed_scale": fixed_scale,
        },
    )


def _result(
    design: SmallDesign,
    clusters: Clusters,
    *,
    turn: _Turn,
    fit: GeeFit,
    kinds: tuple[FamilyName, Correlation, GeeErrors],
    level: float,
    settings: dict[str, object],
) -> GeeResult:
    family, correlation, errors = kinds
    n_clusters = int(clusters.sizes.size)
    few = few_clusters_note(n_clusters, len(design.terms)) if errors == "robust" else ""
    return GeeResult(
        title=f"Generalised estimating equations, {family}",
        method=f"GEE, {family} family, {correlation} working correlation",
        source="Liang and Zeger 1986, Biometrika 73(1), 13-22",
        n=clusters.response.size,
        events=int(design.response.sum()) if family != "gaussian" else 0,
        exclusions=design.plan.exclusions,
        n_excluded=design.plan.n_excluded,
        persons={**design.persons, "clusters": n_clusters},
        settings={**settings, "family": family, "correlation": correlation, "errors": errors, "level": level},
        terms=tuple(design.terms),
        words=design.words,
        estimates=turn.inverse @ (fit.beta + turn.start),
        covariance=turn.inverse @ _covariance(clusters, fit, kinds=kinds) @ turn.inverse.T,
        measure=_MEASURES[family],
        errors=_ERRORS[errors],
        level=level,
        levels=design.levels,
        facts=(
            f"{n_clusters:,} clusters of {settings['cluster']}, of at most {int(clusters.sizes.max()):,} rows"
            + (f", in the order of {settings['time']}." if settings["time"] else "."),
            f"Working correlation {fit.alpha:.4f}, dispersion {format_coefficient(fit.scale)}.",
            *([f"{few} Try errors='bias-reduced'."] if few else []),
        ),
        family=family,
        correlation=correlation,
        alpha=fit.alpha,
        scale=fit.scale,
        n_clusters=n_clusters,
        largest_cluster=int(clusters.sizes.max()),
        iterations=fit.iterations,
    )


def _refuse_response(response: FloatArray, *, family: FamilyName) -> None:
    if family == "binomial" and not ((response >= 0) & (response <= 1)).all():
        outside = int(((response < 0) | (response > 1)).sum())
        raise ModelInputError(
            f"a binomial outcome lies in [0, 1]; found {outside:,} rows outside. R's coding 1/2 becomes == 2."
        )
    if family == "poisson" and (response < 0).any():
        raise ModelInputError(
            f"a Poisson outcome is 0 or more; found {int((response < 0).sum()):,} rows below 0. Check the outcome."
        )
    if response.size and (response == response[0]).all():
        raise ModelInputError(f"the outcome must vary; it is the same in all {response.size:,} rows. Check it.")


def _offset(extra: pd.DataFrame, offset: str | None, *, exposure: str | None) -> FloatArray:
    total = np.zeros(len(extra))
    for name, is_exposure in ((offset, False), (exposure, True)):
        if name is None:
            continue
        if not pd.api.types.is_numeric_dtype(extra[name].dtype) or pd.api.types.is_complex_dtype(extra[name].dtype):
            raise ModelInputError(
                f"offset and exposure are numbers; column '{name}' is {extra[name].dtype}. Convert it."
            )
        values = extra[name].to_numpy(dtype=np.float64)
        usable = np.isfinite(values) & ((values > 0) | (not is_exposure))
        if not usable.all():
            raise ModelInputError(
                f"{'exposure must be > 0' if is_exposure else 'an offset must be finite'}; column '{name}' is not in "
                f"{int((~usable).sum()):,} rows. Leave these rows out and say so."
            )
        total += np.log(values) if is_exposure else values
    return total


def _clusters(
    design: SmallDesign, *, cluster: str, time: str | None, offset: FloatArray, centred: bool
) -> tuple[Clusters, _Turn]:
    """Sort the rows by cluster, and by time within; turn the design so that its columns are orthonormal."""
    numbers, _ = numbered(design.extra[cluster], name=cluster)
    moment = np.zeros(numbers.size) if time is None else _moments(design.extra[time], name=time)
    order = np.lexsort((moment, numbers))
    numbers, moment = numbers[order], moment[order]
    is_first = np.append(True, numbers[1:] != numbers[:-1])
    firsts = np.flatnonzero(is_first).astype(np.int64)
    gaps = np.append(np.nan, np.diff(moment) if time is not None else np.ones(numbers.size - 1))
    gaps[is_first] = np.nan
    if (same := int((gaps == 0).sum())) > 0:
        raise ModelInputError(
            f"no two rows of a cluster may be at the same time; found {same:,} such rows in column '{time}'. Keep one "
            "of them, or use a finer time."
        )
    # Sums over an orthonormal design lose no digits to a covariate far from zero, nor to its unit.
    orthogonal, triangle = np.linalg.qr(design.matrix[order])
    root = np.sqrt(numbers.size)
    matrix, inverse = orthogonal * root, np.linalg.inv(triangle / root)
    response = design.response[order]
    start = matrix.T @ (response - offset[order]) / numbers.size if centred else np.zeros(matrix.shape[1])
    clusters = Clusters(
        matrix=matrix,
        response=response - matrix @ start,
        offset=offset[order],
        firsts=firsts,
        sizes=np.diff(np.append(firsts, numbers.size)).astype(np.int64),
        gaps=gaps,
    )
    return clusters, _Turn(inverse, start)


def _moments(column: pd.Series, *, name: str) -> FloatArray:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return np.asarray((column - column.min()) / pd.Timedelta(days=1), dtype=np.float64)
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_complex_dtype(column.dtype):
        raise ModelInputError(f"time must be a number or a date; column '{name}' is {column.dtype}. Convert it.")
    values = column.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        raise ModelInputError(f"time must be finite; column '{name}' is not in some rows. Leave them out.")
    return values


def _covariance(clusters: Clusters, fit: GeeFit, *, kinds: tuple[FamilyName, Correlation, GeeErrors]) -> FloatArray:
    family, correlation, errors = kinds
    bread = np.linalg.inv(fit.at.bread)
    if errors == "model":
        return np.asarray(bread * fit.scale)
    scores = fit.at.scores
    if errors == "bias-reduced":
        # (I - H)⁻¹ of Mancl and DeRouen, H the leverage of the cluster, needs p by p inverses only:
        # D'V⁻¹(I - H)⁻¹e = B (B - C)⁻¹ D'V⁻¹e, with B the whole sum D'V⁻¹D and C the cluster's part of it.
        parts = cluster_parts(clusters, fit.beta, family=family, correlation=correlation, alpha=fit.alpha)
        rest = fit.at.bread[None] - parts
        if np.linalg.cond(rest).max() > 1e13:
            raise ModelInputError(
                "bias-reduced errors need each coefficient to rest on several clusters; found one that a single "
                "cluster decides. Leave that covariate out, or use errors='robust'."
            )
        scores = np.linalg.solve(rest, scores[:, :, None])[:, :, 0] @ fit.at.bread
    found: FloatArray = bread @ (scores.T @ scores) @ bread
    return found


def _refuse_failure(fit: GeeFit, clusters: Clusters, *, family: FamilyName, correlation: Correlation) -> None:
    far = family != "gaussian" and float(np.abs(clusters.matrix @ fit.beta).max(initial=0.0)) > 25
    if family == "binomial" and (far or not fit.converged):
        along = clusters.matrix @ fit.beta
        yes, no = clusters.response == 1, clusters.response == 0
        if (yes | no).all() and along[yes].min() >= along[no].max() - 1e-6:
            raise SeparationError(
                "there is no finite odds ratio; the covariates foretell the outcome perfectly. Look for a group "
                "without cases, or without others, and leave it out or merge it."
            )
    if fit.converged:
        return
    if not np.isfinite(fit.alpha) or abs(fit.alpha) >= 1 or fit.alpha < 0:
        raise ConvergenceError(
            f"the working correlation came out as {fit.alpha:.3g}, which no data can have with clusters of "
            f"{int(clusters.sizes.max()):,}. Use correlation='independence'; robust errors still hold."
        )
    raise ConvergenceError(
        f"the estimating equations were not solved after {fit.iterations} steps; {clusters.response.size:,} rows in "
        f"{clusters.sizes.size:,} clusters, {correlation} correlation. Use correlation='independence', or fewer "
        "covariates."
    )
