"""Logistic regression of outcomes on what was predicted: intercept, slope and a smooth curve, on millions of rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis_lib.models.prediction.predicted_rows import PredictedRows
from analysis_lib.models.prediction.proportions import weighted_quantiles
from analysis_lib.models.sums.maximise import LikelihoodAt, maximise

__all__ = ["LogisticFit", "fit_logistic", "knots_of", "spline_basis"]

FloatArray = npt.NDArray[np.float64]
BLOCK = 65_536
#: A log likelihood per row that is nearer to 0 than this is that of a perfect fit.
PERFECT = 1e-9

#: Harrell F. E. (2015). Regression Modeling Strategies, 2nd ed., Springer, table 2.3.
KNOT_QUANTILES = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
    6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    7: (0.025, 0.1833, 0.3417, 0.50, 0.6583, 0.8167, 0.975),
}


@dataclass(frozen=True)
class LogisticFit:
    """Coefficients with their covariance.

    Attributes
    ----------
    params : ndarray of float64, shape (p,)
        NaN where no finite maximum exists.
    cov : ndarray of float64, shape (p, p)
        Model-based where rows are independent, else robust and summed by person.
    """

    params: FloatArray
    cov: FloatArray

    @property
    def bse(self) -> FloatArray:
        """Standard errors."""
        return np.sqrt(np.diag(self.cov))


def knots_of(values: FloatArray, weights: FloatArray | None, *, count: int) -> FloatArray:
    """Place the knots of a restricted cubic spline at Harrell's quantiles.

    Parameters
    ----------
    values : ndarray of float64
        What the spline is of.
    weights : ndarray of float64, or None
        Frequencies.
    count : int
        Knots wanted, 3 to 7.

    Returns
    -------
    ndarray of float64
        Distinct knots; fewer where quantiles coincide, none where fewer than 3 are left.
    """
    for fewer in range(count, 2, -1):
        knots = np.unique(weighted_quantiles(values, weights, at=KNOT_QUANTILES[fewer]))
        if knots.size == fewer:
            return knots
    return np.empty(0)


def spline_basis(values: FloatArray, knots: FloatArray) -> FloatArray:
    """Make the columns of a restricted cubic spline: linear beyond the outer knots.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Where to evaluate it.
    knots : ndarray of float64, shape (k,)
        Rising; none for a straight line.

    Returns
    -------
    ndarray of float64, shape (1 + max(k - 1, 1), n)
        Ones, the values, and k - 2 cubic columns.
    """
    columns = [np.ones_like(values), values]
    if knots.size:
        last, before = knots[-1], knots[-2]
        size = (last - knots[0]) ** 2

        def cubed(knot: float) -> FloatArray:
            return np.maximum(values - knot, 0.0) ** 3

        columns += [
            (cubed(knot) - (cubed(before) * (last - knot) - cubed(last) * (before - knot)) / (last - before)) / size
            for knot in knots[:-2]
        ]
    return np.vstack(columns)


@dataclass(frozen=True)
class _Blocks:
    """Covariates of a block at a time, so that millions of rows need no second copy."""

    predictor: FloatArray
    knots: FloatArray | None

    def __iter__(self) -> Iterator[tuple[slice, FloatArray]]:
        for start in range(0, self.predictor.size, BLOCK):
            part = slice(start, start + BLOCK)
            values = self.predictor[part]
            yield part, np.ones((1, values.size)) if self.knots is None else spline_basis(values, self.knots)

    @property
    def terms(self) -> int:
        return 1 if self.knots is None else 2 + max(self.knots.size - 2, 0)


def fit_logistic(rows: PredictedRows, predictor: FloatArray, *, knots: FloatArray | None) -> LogisticFit:
    """Regress the outcome on a linear predictor.

    Parameters
    ----------
    rows : PredictedRows
        Outcomes, weights and persons.
    predictor : ndarray of float64, shape (n,)
        Log odds of the predicted risks, finite.
    knots : ndarray of float64, or None
        Knots of a spline, none for a straight line; None for an intercept alone, with the predictor as offset.

    Returns
    -------
    LogisticFit
        NaN where no finite maximum exists.
    """
    blocks = _Blocks(predictor, knots)
    weights, terms = rows.weights, blocks.terms
    missing = LogisticFit(np.full(terms, np.nan), np.full((terms, terms), np.nan))
    if not 0 < rows.events < rows.n or (knots is not None and _separated(rows, predictor)):
        return missing

    def linear(point: FloatArray, columns: FloatArray, *, part: slice) -> FloatArray:
        eta: FloatArray = point @ columns
        return eta + predictor[part] if knots is None else eta

    def likelihood(point: FloatArray) -> LikelihoodAt:
        value, gradient, information = 0.0, np.zeros(terms), np.zeros((terms, terms))
        for part, columns in blocks:
            eta, weight, outcome = linear(point, columns, part=part), weights[part], rows.outcome[part]
            fitted = _expit(eta)
            value += float(np.sum(weight * (outcome * eta - np.logaddexp(0.0, eta))))
            gradient += columns @ (weight * (outcome - fitted))
            information += (columns * (weight * fitted * (1 - fitted))) @ columns.T
        return LikelihoodAt(value, gradient, information)

    start = np.zeros(terms)
    if knots is not None:
        start[1] = 1.0  # predictions that are right are the best first guess
    try:
        top = maximise(likelihood, start)
        bread = np.linalg.inv(top.at.information)
    except np.linalg.LinAlgError:
        return missing
    # A spline can part the classes where a line cannot: the likelihood then rises to that of a perfect fit.
    if not top.converged or top.at.value > -PERFECT * weights.sum():
        return missing
    if rows.independent:
        return LogisticFit(top.point, np.asarray(bread, dtype=np.float64))
    if not rows.both_classes_repeat:
        return LogisticFit(top.point, missing.cov)
    scores = np.concatenate(
        [columns * (rows.outcome[part] - _expit(linear(top.point, columns, part=part))) for part, columns in blocks],
        axis=1,
    )
    return LogisticFit(top.point, np.asarray(bread @ _meat(rows, scores) @ bread, dtype=np.float64))


def _separated(rows: PredictedRows, predictor: FloatArray) -> bool:
    """Tell whether the predictor is constant, or puts all with the outcome to one side of all without."""
    inside, outside = predictor[rows.outcome], predictor[~rows.outcome]
    return bool(inside.min() >= outside.max() or inside.max() <= outside.min())


def _meat(rows: PredictedRows, scores: FloatArray) -> FloatArray:
    """Sum the products of scores, those of one person together."""
    weighted = np.vstack([rows.by_person(column) for column in scores * rows.weights])
    product: FloatArray = weighted @ weighted.T
    return product


def _expit(values: FloatArray) -> FloatArray:
    from scipy.special import expit

    risks: FloatArray = expit(values)
    return risks
