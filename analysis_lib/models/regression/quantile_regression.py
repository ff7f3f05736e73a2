"""Quantile regression: the median, or another quantile, as a linear function of covariates."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ConvergenceError, ModelInputError
from analysis_lib.models.arguments import checked_choice, checked_level, checked_number, columns_by_name
from analysis_lib.models.regression.small_design import refuse_unfit, small_design
from analysis_lib.models.regression.small_result import SmallDataResult
from analysis_lib.models.rows import Data

__all__ = ["QuantileResult", "quantile_regression"]

FloatArray = npt.NDArray[np.float64]
QuantileErrors = Literal["nid", "iid", "kernel"]
_ERRORS = {
    "nid": "local sparsity, errors not identically distributed (Hendricks and Koenker 1992)",
    "iid": "sparsity, errors identically distributed (Koenker and Bassett 1978)",
    "kernel": "kernel sandwich (Powell 1991)",
}
#: R's: residuals and densities below this count as zero.
_ZERO = float(np.sqrt(np.finfo(np.float64).eps))
_MOST_ROWS = 500_000


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class QuantileResult(SmallDataResult):
    """A fitted quantile regression.

    Attributes
    ----------
    q : float
        The quantile.
    objective : float
        Sum of the check function of the residuals: what the coefficients minimise.
    pseudo_r2 : float
        One minus that sum over the one without covariates (Koenker and Machado 1999).
    """

    q: float
    objective: float
    pseudo_r2: float


@columns_by_name
def quantile_regression(
    formula: str, data: Data, *, q: float = 0.5, errors: QuantileErrors = "nid", level: float = 0.95
) -> QuantileResult:
    """Fit a quantile regression [1]_.

    The coefficients are the exact solution of the linear programme, a corner of it, as R's ``quantreg::rq`` gives; not
    the end of an iteration.

    Parameters
    ----------
    formula : str
        Such as ``"length_of_stay ~ age + C(sex)"``.
    data : DataFrame, Dask frame, Features or path
        Rows with a missing value in a column of the formula are left out.
    q : float, default 0.5
        The quantile, in (0, 1); 0.5 is the median.
    errors : {"nid", "iid", "kernel"}, default "nid"
        Kind of standard errors, as R's ``summary.rq(se = )`` names them (``ker`` there). ``nid`` and ``kernel`` hold
        where the spread depends on the covariates too; ``iid`` does not.
    level : float, default 0.95
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    QuantileResult
        Estimates; shows itself as a table, draws itself as a forest plot.

    Raises
    ------
    ModelInputError
        If the data or an argument cannot be used, or there are too many rows for a linear programme.
    ConvergenceError
        If the linear programme was not solved.

    References
    ----------
    .. [1] Koenker R., Bassett G. (1978). Regression quantiles. Econometrica 46(1), 33-50.
    .. [2] Koenker R. (2005). Quantile Regression. Cambridge University Press, section 3.4.
    """
    checked_level(level)
    checked_choice(errors, "errors", known=get_args(QuantileErrors))
    if not 0 < checked_number(q, "q") < 1:
        raise ModelInputError(f"q must lie between 0 and 1; found {q:g}. For the median write 0.5.")
    design = small_design(formula, data)
    x, y = design.matrix, design.response
    n, p = x.shape
    if n > _MOST_ROWS:
        raise ModelInputError(
            f"quantile regression solves a linear programme of at most {_MOST_ROWS:,} rows; found {n:,}. Draw a random "
            "sample of the rows."
        )
    refuse_unfit(x, design.terms)
    beta = solve_quantile(x, y, q=q)
    residuals = y - x @ beta
    orthogonal, triangle = np.linalg.qr(x)
    turned, n_flat = _covariance(
        orthogonal, y - orthogonal @ (triangle @ beta), residuals=residuals, q=q, errors=errors
    )
    inverse = np.linalg.inv(triangle)
    objective, alone = _check_loss(residuals, q=q), _check_loss(y - _quantile_of(y, q=q), q=q)
    return QuantileResult(
        title=f"Quantile regression, q = {q:g}",
        method=f"quantile regression at {q:g}, exact linear programme",
        source="Koenker and Bassett 1978, Econometrica 46(1), 33-50",
        n=n,
        events=0,
        exclusions=design.plan.exclusions,
        n_excluded=design.plan.n_excluded,
        persons=design.persons,
        settings={"formula": formula, "q": q, "errors": errors, "level": level},
        terms=tuple(design.terms),
        words=design.words,
        estimates=beta,
        covariance=inverse @ turned @ inverse.T,
        measure="",
        errors=_ERRORS[errors],
        df_errors=float(n - p),
        level=level,
        levels=design.levels,
        facts=(
            f"Sum of the check function {objective:.6g}; pseudo R² {1 - objective / alone if alone else np.nan:.4f}.",
            *(
                [f"The fitted quantiles cross in {n_flat:,} rows, whose density counts as zero in the errors."]
                if n_flat
                else []
            ),
        ),
        q=q,
        objective=objective,
        pseudo_r2=1 - objective / alone if alone else float("nan"),
    )


def _check_loss(residuals: FloatArray, *, q: float) -> float:
    return float(np.where(residuals >= 0, q, q - 1) @ residuals)


def _quantile_of(y: FloatArray, *, q: float) -> float:
    return float(np.quantile(y, q, method="inverted_cdf"))


def solve_quantile(x: FloatArray, y: FloatArray, *, q: float) -> FloatArray:
    """Minimise the check function.

    The dual programme has one equation per coefficient, and its multipliers are the coefficients.

    Parameters
    ----------
    x : ndarray of float64, shape (n, p)
        The design, of full rank.
    y : ndarray of float64, shape (n,)
        The outcome.
    q : float
        The quantile.

    Returns
    -------
    ndarray of float64, shape (p,)
        A corner of the solution: p rows are fitted exactly.

    Raises
    ------
    ConvergenceError
        If the programme was not solved.
    """
    from scipy.optimize import linprog

    # An orthonormal design and residuals of least squares keep the solver's absolute tolerances meaningful.
    orthogonal, triangle = np.linalg.qr(x)
    first = orthogonal.T @ y
    left = y - orthogonal @ first
    scale = float(np.abs(left).mean())
    if scale <= 1e-12 * float(np.abs(y).max(initial=0.0)):
        return np.asarray(np.linalg.solve(triangle, first), dtype=np.float64)
    root = np.sqrt(len(y))
    solved = linprog(
        -left / scale,
        A_eq=orthogonal.T * root,
        b_eq=(1 - q) * orthogonal.sum(axis=0) * root,
        bounds=(0, 1),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if solved.status != 0:
        raise ConvergenceError(
            f"the linear programme of the quantile regression was not solved; {len(y):,} rows, {x.shape[1]} "
            "coefficients. Bring the covariates to similar scales, or use fewer."
        )
    turned = first - np.asarray(solved.eqlin.marginals) * scale * root
    near = _corner(orthogonal, left - orthogonal @ (turned - first), scale=scale)
    if near.size == x.shape[1]:
        exact = np.linalg.solve(x[near], y[near])
        if _check_loss(y - x @ exact, q=q) <= _check_loss(y - orthogonal @ turned, q=q) * (1 + 1e-9):
            return np.asarray(exact, dtype=np.float64)
    return np.asarray(np.linalg.solve(triangle, turned), dtype=np.float64)


def _corner(orthogonal: FloatArray, residuals: FloatArray, *, scale: float) -> npt.NDArray[np.intp]:
    """Choose the rows that the solution fits exactly, as many as there are coefficients and independent."""
    from scipy.linalg import qr

    p = orthogonal.shape[1]
    fitted = np.flatnonzero(np.abs(residuals) < 1e-7 * scale)
    if fitted.size < p:
        return np.empty(0, dtype=np.intp)
    _, triangle, order = qr(orthogonal[fitted].T, mode="economic", pivoting=True)
    independent = np.abs(np.diag(triangle)[:p]) > 1e-9 * abs(triangle[0, 0])
    return fitted[order[:p]] if independent.all() else np.empty(0, dtype=np.intp)


def _bandwidth(q: float, n: int) -> float:
    """Hall and Sheather's bandwidth, at 95 % as R has it, whatever the level of the intervals."""
    from scipy.stats import norm

    at = float(norm.ppf(q))
    density = float(norm.pdf(at))
    return float(n ** (-1 / 3) * norm.ppf(0.975) ** (2 / 3) * (1.5 * density**2 / (2 * at**2 + 1)) ** (1 / 3))


def _covariance(
    x: FloatArray, y: FloatArray, *, residuals: FloatArray, q: float, errors: QuantileErrors
) -> tuple[FloatArray, int]:
    """Covariance of the coefficients, and in how many rows the density came out as zero."""
    n = len(y)
    width = _bandwidth(q, n)
    if errors == "iid":
        return _iid(x, residuals, q=q, width=width), 0
    while q - width < 0 or q + width > 1:
        width /= 2
    if errors == "nid":
        spread = x @ (solve_quantile(x, y, q=q + width) - solve_quantile(x, y, q=q - width))
        with np.errstate(divide="ignore"):
            density = np.maximum(0.0, 2 * width / (spread - _ZERO))
    else:
        density = _kernel_density(residuals, q=q, width=width)
    flat = int((density <= 0).sum())
    information = (x * density[:, None]).T @ x
    if not np.isfinite(information).all() or np.linalg.cond(information) > 1e14:
        raise ModelInputError(
            f"the density around the quantile came out as zero for {flat:,} of {n:,} rows, too many for standard "
            "errors. Use errors='iid', or a quantile nearer to 0.5."
        )
    inverse = np.linalg.inv(information)
    found: FloatArray = q * (1 - q) * inverse @ (x.T @ x) @ inverse
    return found, flat


def _iid(x: FloatArray, residuals: FloatArray, *, q: float, width: float) -> FloatArray:
    """Sparsity from the residuals nearest to zero, whose order statistics a median line is drawn through, as in R."""
    n, p = x.shape
    zeros = int((np.abs(residuals) < _ZERO).sum())
    many = int(max(p + 1, np.ceil(n * width)))
    ranks = np.arange(zeros + 1, min(many + zeros + 1, n) + 1)
    nearest = np.sort(residuals[np.argsort(np.abs(residuals), kind="stable")][ranks - 1])
    line = np.column_stack([np.ones(ranks.size), ranks / (n - p)])
    if ranks.size < 2:
        raise ModelInputError(
            f"the outcome is fitted exactly in {zeros:,} of {n:,} rows, too many for standard errors. Is the outcome a "
            "count with few values? Quantile regression is for measurements."
        )
    sparsity = solve_quantile(line, nearest, q=0.5)[1]
    found: FloatArray = sparsity**2 * q * (1 - q) * np.linalg.inv(x.T @ x)
    return found


def _kernel_density(residuals: FloatArray, *, q: float, width: float) -> FloatArray:
    from scipy.stats import norm

    low, high = np.quantile(residuals, [0.25, 0.75])
    spread = min(float(residuals.std(ddof=1)), float(high - low) / 1.34)
    window = float(norm.ppf(q + width) - norm.ppf(q - width)) * spread
    if not window > 0:
        raise ModelInputError(
            f"half of the {residuals.size:,} residuals are the same, so that there is no density to estimate. Is the "
            "outcome a count with few values? Quantile regression is for measurements."
        )
    found: FloatArray = norm.pdf(residuals / window) / window
    return found
