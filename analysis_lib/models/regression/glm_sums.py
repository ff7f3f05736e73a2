"""What a generalised linear model adds up over rows: outcome, score and information, squared scores, leverages."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis_lib.errors import ModelInputError
from analysis_lib.models.regression.families import Family, Link
from analysis_lib.models.sums import Block

#: Designs of more columns than this are as fast by BLAS.
_NARROW = 64

__all__ = ["IrlsSums", "OutcomeSums", "Weighting", "predictor", "row_weights", "total_weights"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Weighting:
    """The columns that weigh and move rows.

    Attributes
    ----------
    weights : str or None
        Analytic weights: the variance of a row is the scale over its weight; or sampling weights.
    frequency : str or None
        How many rows a row stands for.
    offset : str or None
        Known part of the linear predictor.
    exposure : str or None
        Its logarithm is such a part.
    sampling : bool
        Whether `weights` say how many others a row speaks for: their size then means nothing.
    unit : float
        What `weights` are divided by: their mean where they are sampling weights.
    """

    weights: str | None = None
    frequency: str | None = None
    offset: str | None = None
    exposure: str | None = None
    sampling: bool = False
    unit: float = 1.0

    @property
    def settings(self) -> dict[str, str | None]:
        """The columns by the arguments that named them."""
        return {
            "weights": None if self.sampling else self.weights,
            "frequency_weights": self.frequency,
            "sampling_weights": self.weights if self.sampling else None,
            "offset": self.offset,
            "exposure": self.exposure,
        }

    @property
    def columns(self) -> list[str]:
        """Names of those that are there."""
        return [name for name in (self.weights, self.frequency, self.offset, self.exposure) if name]


def _numbers(block: Block, name: str) -> FloatArray:
    column = block.extra[name]
    if column.dtype.kind not in "biuf":
        raise ModelInputError(
            f"weights, offset and exposure are numbers; column '{name}' is {column.dtype}. Convert it first, with "
            "pd.to_numeric."
        )
    return np.asarray(column.astype(np.float64))


def row_weights(block: Block, weighting: Weighting) -> tuple[FloatArray | None, FloatArray | None]:
    """Take analytic and frequency weights from a block.

    Parameters
    ----------
    block : Block
        Rows.
    weighting : Weighting
        Which columns.

    Returns
    -------
    weights, frequency : ndarray of float64, shape (rows,), or None
        None where all are 1.
    """
    weights = _numbers(block, weighting.weights) if weighting.weights else None
    if weights is not None and weighting.unit != 1.0:
        weights /= weighting.unit
    frequency = _numbers(block, weighting.frequency) if weighting.frequency else None
    return weights, frequency


def total_weights(block: Block, weighting: Weighting) -> FloatArray | None:
    """Multiply the weights of rows: what each counts in sums of the likelihood.

    Parameters
    ----------
    block : Block
        Rows.
    weighting : Weighting
        Which columns.

    Returns
    -------
    ndarray of float64, shape (rows,), or None
        None where all are 1.
    """
    weights, frequency = row_weights(block, weighting)
    if weights is None or frequency is None:
        return frequency if weights is None else weights
    return weights * frequency


def predictor(block: Block, coefficients: FloatArray, *, weighting: Weighting) -> FloatArray:
    """Work out the linear predictor of a block, with offset and exposure.

    Parameters
    ----------
    block : Block
        Rows.
    coefficients : ndarray of float64, shape (p,)
        Of the design less its shift.
    weighting : Weighting
        Where the offset is.

    Returns
    -------
    ndarray of float64, shape (rows,)
        A fresh array.
    """
    eta: FloatArray = coefficients @ block.x
    if weighting.offset:
        eta += _numbers(block, weighting.offset)
    if weighting.exposure:
        eta += np.log(_numbers(block, weighting.exposure))
    return eta


@dataclass(frozen=True)
class OutcomeSums:
    """First pass: is the outcome possible, and what does the likelihood have that no coefficient changes?

    Sums: rows, total frequency, weighted total of y and of the weights, impossible outcomes, saturated log likelihood,
    bad weights, bad offsets, events, sum of frequency * log y, sum of log analytic weights, and for each design column
    the total of frequency * column * y and of frequency * column; whether an outcome is a share between 0 and 1; total
    of the weights, and rows whose weight is no whole number.
    """

    family: Family
    weighting: Weighting
    needs_design: bool = True

    def start(self, p: int) -> list[Any]:
        """Give empty sums.

        Parameters
        ----------
        p : int
            Design columns.

        Returns
        -------
        list
            Zeros.
        """
        return [*([0.0] * 11), np.zeros(p), np.zeros(p), 0, 0.0, 0]

    def add(self, sums: list[Any], block: Block) -> None:
        """Add a block.

        Parameters
        ----------
        sums : list
            As `start` made it.
        block : Block
            Rows.
        """
        y = block.y
        weights, frequency = row_weights(block, self.weighting)
        w = np.ones_like(y) if weights is None else weights
        f = np.ones_like(y) if frequency is None else frequency
        sums[6] += int((~(w > 0) | ~np.isfinite(w)).sum() + (~(f >= 0) | (f != np.floor(f)) | ~np.isfinite(f)).sum())
        if sums[6]:
            return  # the model is refused; sums of infinite weights would only warn
        possible = self.family.fits(y)
        sums[0] += y.size
        sums[1] += float(f.sum())
        sums[2] += float((w * f) @ y)
        sums[3] += float((w * f).sum())
        if weights is not None:
            sums[14] += float(w.sum())
            sums[15] += int((w != np.floor(w)).sum())
        sums[4] += 0 if possible else sum(not self.family.fits(value) for value in y[:, None])
        if possible and not self.family.has_scale:
            sums[5] += self.family.saturated(y, w, frequency=f)
        if self.weighting.exposure:
            sums[7] += int((~(_numbers(block, self.weighting.exposure) > 0)).sum())
        if self.weighting.offset:
            sums[7] += int((~np.isfinite(_numbers(block, self.weighting.offset))).sum())
        sums[8] += float(f @ y) if self.family.name in {"binomial", "poisson", "negative binomial"} else 0.0
        if self.family.has_scale and possible:
            sums[9] += float(f @ np.log(y)) if self.family.name != "gaussian" else 0.0
            sums[10] += float(f @ np.log(w))
        if self.family.name == "binomial":
            sums[13] += not _is_binary(y)
        if self.needs_design:
            sums[11] += block.x @ (f * y)
            sums[12] += block.x @ f


@dataclass(frozen=True)
class IrlsSums:
    """Deviance, score, information and Pearson's statistic at given coefficients, or for the first step from a guess.

    Attributes
    ----------
    family : Family
        Distribution.
    link : Link
        Link.
    weighting : Weighting
        Weights and offsets.
    coefficients : ndarray of float64, shape (p,), or None
        Of the design less its shift; None takes the linear predictor that the outcome itself suggests.
    centre : float
        Mean of the outcome, for that guess.
    compiled : bool
        Whether there are rows enough that compiled sums are worth loading.
    """

    family: Family
    link: Link
    weighting: Weighting
    coefficients: FloatArray | None
    centre: float
    compiled: bool = False

    def start(self, p: int) -> list[Any]:
        """Give empty sums.

        Parameters
        ----------
        p : int
            Design columns.

        Returns
        -------
        list
            Deviance, score, information, Pearson.
        """
        return [0.0, np.zeros(p), np.zeros((p, p)), 0.0]

    def add(self, sums: list[Any], block: Block) -> None:
        """Add a block.

        Parameters
        ----------
        sums : list
            As `start` made it.
        block : Block
            Rows.
        """
        rows = self.rows(block)
        if rows is None:
            sums[0] = np.inf
            return
        deviance, residual, weight, pearson = rows
        sums[0] += deviance
        sums[3] += pearson
        _add_products(sums, block.x, weight=weight, residual=residual, compiled=self.compiled)

    def rows(self, block: Block) -> tuple[float, FloatArray, FloatArray, float] | None:
        """Work out deviance, working residual times weight, weight, and Pearson's statistic of a block.

        Parameters
        ----------
        block : Block
            Rows.

        Returns
        -------
        tuple or None
            None where a mean is out of range.
        """
        total = total_weights(block, self.weighting)
        if self.family.name == "binomial" and self.link.name == "logit" and self.coefficients is not None:
            return _logistic(block.y, predictor(block, self.coefficients, weighting=self.weighting), total=total)
        y = block.y
        if self.coefficients is None:
            guess = self.link.predictor(self.family.start(y, self.centre))
            mu = self.link.mean(guess)
            slope = self.link.slope(guess)
            known = predictor(block, np.zeros(block.x.shape[0]), weighting=self.weighting)
            gap = (y - mu) + slope * (guess - known)
        else:
            eta = predictor(block, self.coefficients, weighting=self.weighting)
            if self.link.positive and not (eta > 0).all():
                return None
            with np.errstate(over="ignore"):
                mu, slope = self.link.mean(eta), self.link.slope(eta)
            if not self._inside(mu):
                return None
            gap = y - mu
        variance = self.family.variance(mu)
        over = slope / variance
        residual, weight = over * gap, over * slope
        deviance, pearson = self.family.unit_deviance(y, mu), (y - mu) ** 2 / variance
        if total is None:
            return float(deviance.sum()), residual, weight, float(pearson.sum())
        return float(total @ deviance), total * residual, total * weight, float(total @ pearson)

    def _inside(self, mu: FloatArray) -> bool:
        if not np.isfinite(mu).all():
            return False
        if self.family.name == "binomial":
            return bool(((mu > 0) & (mu < 1)).all())
        return self.family.name == "gaussian" or bool((mu > 0).all())


def _add_products(sums: list[Any], x: FloatArray, *, weight: FloatArray, residual: FloatArray, compiled: bool) -> None:
    """Add X r to the score and X W X' to the information."""
    if compiled and len(x) <= _NARROW:
        from analysis_lib.models.sums.product_kernels import add_weighted_products

        add_weighted_products(x, weight, residual, sums[1], sums[2])
        return
    sums[1] += x @ residual
    # The square root on both sides makes it a product of a matrix with itself, which BLAS does at half the cost.
    scaled = x * np.sqrt(weight)
    sums[2] += scaled @ scaled.T


def _logistic(
    y: FloatArray, eta: FloatArray, *, total: FloatArray | None
) -> tuple[float, FloatArray, FloatArray, float]:
    """Do the commonest model with as few calls as possible.

    With e = exp(-eta): mu = 1/(1+e), mu (1 - mu) = e mu^2 without cancellation, and minus the log likelihood of a row
    is -log(mu) + (1 - y) eta. Where eta is below -700 the row is taken to be there, so that e stays finite.
    """
    np.maximum(eta, -700.0, out=eta)
    e = np.negative(eta)
    np.exp(e, out=e)
    mu = e + 1.0
    np.reciprocal(mu, out=mu)
    weight = e * mu
    weight *= mu
    residual = y - mu
    # Floored, so that a row told without error adds nothing instead of 0/0.
    pearson = np.maximum(weight, 1e-300, out=e)
    np.divide(residual, pearson, out=pearson)
    np.log(mu, out=mu)
    shares = 0.0
    if not _is_binary(y):
        own = special.xlogy(y, y) + special.xlogy(1 - y, 1 - y)
        shares = float(own.sum() if total is None else total @ own)
    if total is None:
        below = float(mu.sum()) - float(eta.sum()) + float(y @ eta)
        return 2 * (shares - below), residual, weight, float(pearson @ residual)
    below = float(total @ mu) - float((total * (1.0 - y)) @ eta)
    return 2 * (shares - below), total * residual, total * weight, float((total * pearson) @ residual)


def _is_binary(y: FloatArray) -> bool:
    """Tell a 0/1 outcome by its squares adding up to its sum, which no share in between does."""
    return bool(y @ y == y.sum())
