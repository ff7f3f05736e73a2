"""Finding and naming design columns that the ones before them give."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import listed

__all__ = ["refuse_collinear", "refuse_collinear_matrix"]

FloatArray = npt.NDArray[np.float64]

#: A column explained by the others to this share of its variance is one of them in disguise; sums see no finer.
UNEXPLAINED_BY_SUMS = 1e-11
#: The same for the length of what QR leaves of a column, where the design fits memory: as fine as rounding allows.
UNEXPLAINED_BY_QR = 1e-12


def refuse_collinear(gram: FloatArray, terms: Sequence[str]) -> None:
    """Refuse a design whose matrix of sums is singular.

    Parameters
    ----------
    gram : ndarray of float64, shape (p, p)
        X'WX, columns centred as far as possible.
    terms : sequence of str
        Names of the columns.

    Raises
    ------
    ModelInputError
        Naming the first column that those before it give, and them.
    """
    diagonal = np.diag(gram)
    if (diagonal <= 0).any():
        raise ModelInputError(
            f"a covariate must vary; '{terms[int(np.argmin(diagonal))]}' is zero in all rows that count. Leave it out."
        )
    unit = np.sqrt(diagonal)
    scaled = gram / np.outer(unit, unit)
    if np.linalg.eigvalsh(scaled)[0] > UNEXPLAINED_BY_SUMS * 10:
        return
    for index in range(1, len(terms)):
        weights, *_ = np.linalg.lstsq(scaled[:index, :index], scaled[:index, index], rcond=None)
        left = scaled[index, index] - scaled[:index, index] @ weights
        if left < UNEXPLAINED_BY_SUMS:
            _refuse(terms, index=index, weights=weights)


def refuse_collinear_matrix(matrix: FloatArray, terms: Sequence[str]) -> None:
    """Refuse a small design with columns that the ones before them give.

    Parameters
    ----------
    matrix : ndarray of float64, shape (p, n)
        Covariate-major, columns centred as far as possible.
    terms : sequence of str
        Names of the columns.

    Raises
    ------
    ModelInputError
        Naming the first column that those before it give, and them.
    """
    norms = np.sqrt((matrix * matrix).sum(axis=1))
    if (norms == 0).any():
        raise ModelInputError(
            f"a covariate must vary; '{terms[int(np.argmin(norms))]}' is zero in all rows that count. Leave it out."
        )
    scaled = (matrix / norms[:, None]).T
    triangle = np.linalg.qr(scaled, mode="r")
    left = np.abs(np.diag(triangle))
    if len(left) < len(terms):
        raise ModelInputError(
            f"a model needs more rows than coefficients; found {matrix.shape[1]:,} rows for {len(terms):,}. Use fewer "
            "covariates, or elastic_net."
        )
    small = np.flatnonzero(left < UNEXPLAINED_BY_QR * max(1.0, np.sqrt(matrix.shape[1]) / 10))
    if small.size:
        index = int(small[0])
        weights, *_ = np.linalg.lstsq(scaled[:, :index], scaled[:, index], rcond=None)
        _refuse(terms, index=index, weights=weights)


def _refuse(terms: Sequence[str], *, index: int, weights: FloatArray) -> None:
    givers = [term for term, weight in zip(terms[:index], weights, strict=True) if abs(weight) > 1e-6]
    # The intercept is said only where it is the whole reason: it goes along with any column that is not centred.
    named = [term for term in givers if term != "Intercept"] or list(terms[:index])
    raise ModelInputError(
        f"the covariates are collinear; '{terms[index]}' is a combination of {listed(named)}. Leave one of them out."
    )
