"""The exact conditional likelihood of matched sets: sums over all ways to choose the cases, by recursion; compiled."""

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["conditional_sums"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def _tilt(weight: FloatArray, chosen: int) -> float:
    """Find the factor by which odds become chances that add up to the number of cases.

    The conditional distribution is the same for every factor; with this one no sum of the recursion runs over.
    """
    low, high = -800.0, 800.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        total = 0.0
        for value in weight:
            total += 1.0 / (1.0 + np.exp(-(value + middle)))
        if total > chosen:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)


@njit(cache=True, nogil=True)
def _one_case(  # noqa: PLR0917 numba knows no keyword-only arguments
    values: FloatArray, weight: FloatArray, gradient: FloatArray, information: FloatArray
) -> float:
    """Sets with one case: the log of the sum of the odds, with the mean and covariance that belong to it."""
    n, p = values.shape
    top = weight.max()
    total = 0.0
    mean = np.zeros(p)
    second = np.zeros((p, p))
    for member in range(n):
        share = np.exp(weight[member] - top)
        total += share
        for i in range(p):
            part = share * values[member, i]
            mean[i] += part
            for j in range(i + 1):
                second[i, j] += part * values[member, j]
    for i in range(p):
        mean[i] /= total
    for i in range(p):
        gradient[i] -= mean[i]
        for j in range(i + 1):
            information[i, j] += second[i, j] / total - mean[i] * mean[j]
    value: float = top + np.log(total)
    return value


@njit(cache=True, nogil=True)
def _several_cases(  # noqa: PLR0917
    values: FloatArray, weight: FloatArray, chosen: int, gradient: FloatArray, information: FloatArray
) -> float:
    """Sets with several cases: members join one by one; for each number of cases the chance, and its first moments."""
    n, p = values.shape
    factor = _tilt(weight, chosen)
    chance = np.zeros(chosen + 1)
    first = np.zeros((chosen + 1, p))
    second = np.zeros((chosen + 1, p, p))
    chance[0] = 1.0
    log_rest = 0.0
    for member in range(n):
        odds = weight[member] + factor
        yes = 1.0 / (1.0 + np.exp(-odds))
        no = 1.0 / (1.0 + np.exp(odds))
        log_rest += odds + np.log1p(np.exp(-odds)) if odds > 0 else np.log1p(np.exp(odds))
        x = values[member]
        for cases in range(min(chosen, member + 1), -1, -1):
            if cases == 0:
                chance[0] *= no
                continue
            before = chance[cases - 1]
            for i in range(p):
                for j in range(i + 1):
                    second[cases, i, j] = no * second[cases, i, j] + yes * (
                        second[cases - 1, i, j]
                        + x[i] * first[cases - 1, j]
                        + first[cases - 1, i] * x[j]
                        + x[i] * x[j] * before
                    )
            for i in range(p):
                first[cases, i] = no * first[cases, i] + yes * (first[cases - 1, i] + x[i] * before)
            chance[cases] = no * chance[cases] + yes * before
        # With no case chosen there is nothing to sum: first[0] and second[0] stay zero.
    total = chance[chosen]
    for i in range(p):
        gradient[i] -= first[chosen, i] / total
        for j in range(i + 1):
            information[i, j] += second[chosen, i, j] / total - first[chosen, i] * first[chosen, j] / total**2
    value: float = np.log(total) + log_rest - chosen * factor
    return value


@njit(cache=True, nogil=True)
def _one_set(  # noqa: PLR0917
    inside: FloatArray,
    is_case: npt.NDArray[np.bool_],
    beta: FloatArray,
    gradient: FloatArray,
    information: FloatArray,
) -> float:
    """Add one set to gradient and information, and give its part of the value."""
    n, p = inside.shape
    weight = np.dot(inside, beta)
    value, cases = 0.0, 0
    for member in range(n):
        if is_case[member]:
            cases += 1
            value += weight[member]
            gradient += inside[member]
    if cases == 1:
        value -= _one_case(inside, weight, gradient, information)
    elif 2 * cases <= n:
        value -= _several_cases(inside, weight, cases, gradient, information)
    else:
        # Fewer members are no cases than are: choosing those, with reversed odds, sums the same in fewer steps.
        turned = np.zeros(p)
        value -= weight.sum() + _several_cases(-inside, -weight, n - cases, turned, information)
        gradient += turned
        for member in range(n):
            gradient -= inside[member]
    return float(value)


@njit(cache=True, nogil=True)
def conditional_sums(  # noqa: PLR0917
    values: FloatArray, is_case: npt.NDArray[np.bool_], firsts: IntArray, beta: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Log conditional likelihood with its gradient and information.

    Parameters
    ----------
    values : ndarray of float64, shape (n, p)
        Covariates, set by set, centred within sets.
    is_case : ndarray of bool, shape (n,)
        Outcome.
    firsts : ndarray of int64, shape (sets + 1,)
        Where each set begins, and the end.
    beta : ndarray of float64, shape (p,)
        Where.

    Returns
    -------
    value : float
        Log likelihood.
    gradient : ndarray of float64, shape (p,)
        First derivatives.
    information : ndarray of float64, shape (p, p)
        Minus the second derivatives.
    """
    p = beta.size
    value = 0.0
    gradient = np.zeros(p)
    information = np.zeros((p, p))
    for one in range(firsts.size - 1):
        first, last = firsts[one], firsts[one + 1]
        value += _one_set(values[first:last], is_case[first:last], beta, gradient, information)
    for i in range(p):
        for j in range(i):
            information[j, i] = information[i, j]
    return value, gradient, information
