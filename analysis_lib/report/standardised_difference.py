"""How far two groups differ, in standard deviations: does not grow with the size of the study, as p values do."""

import numpy as np
import numpy.typing as npt

__all__ = ["difference_of_means", "difference_of_moments", "difference_of_shares"]

FloatArray = npt.NDArray[np.float64]


def difference_of_means(left: FloatArray, right: FloatArray) -> float:
    """Standardised difference of two means.

    ``|mean1 - mean2| / sqrt((var1 + var2) / 2)``, variances with n - 1 (Austin P. C. (2009). Statist. Med. 28(25),
    3083-3107).

    Parameters
    ----------
    left, right : ndarray of float64
        Values of the two groups, none missing.

    Returns
    -------
    float
        Missing (NaN) where a group has fewer than two values; 0 where all values are equal, infinite where the
        groups differ without any spread.
    """
    if min(left.size, right.size) < 2:
        return float("nan")
    first, second = ((values.size, float(values.mean()), float(values.var(ddof=1))) for values in (left, right))
    return difference_of_moments(first, second)


def difference_of_moments(left: tuple[int, float, float], right: tuple[int, float, float]) -> float:
    """Standardised difference of two means from what was added up.

    Parameters
    ----------
    left, right : tuple of int, float and float
        Size, mean and variance (with n - 1) of the two groups.

    Returns
    -------
    float
        As `difference_of_means`.
    """
    if min(left[0], right[0]) < 2:
        return float("nan")
    distance = abs(left[1] - right[1])
    spread = float(np.sqrt((left[2] + right[2]) / 2))
    if spread == 0:
        return 0.0 if distance == 0 else float("inf")
    return distance / spread


def difference_of_shares(left: FloatArray, right: FloatArray) -> float:
    """Standardised difference of two distributions over categories.

    Yang and Dalton's: the Mahalanobis distance between the shares of all levels but one, with the mean of the two
    multinomial covariances; for two levels it is the usual difference of proportions (Yang D., Dalton J. E. (2012).
    A unified approach to measuring the effect size between two groups using SAS. SAS Global Forum, paper 335).

    Parameters
    ----------
    left, right : ndarray of float64, shape (k,)
        Counts by level in the two groups.

    Returns
    -------
    float
        Missing (NaN) where a group is empty; infinite where the groups differ and no level varies within them.
    """
    if left.sum() == 0 or right.sum() == 0:
        return float("nan")
    shares = [counts / counts.sum() for counts in (left, right)]
    gap = (shares[0] - shares[1])[1:]
    covariance = sum(np.diag(share[1:]) - np.outer(share[1:], share[1:]) for share in shares) / 2
    if not np.abs(gap).max(initial=0.0) > 0:
        return 0.0
    # A level that neither group has makes the covariance singular without telling anything.
    inverse = np.linalg.pinv(covariance, hermitian=True)
    if not np.allclose(covariance @ inverse @ gap, gap, atol=1e-9):
        return float("inf")
    return float(np.sqrt(gap @ inverse @ gap))
