"""The exact (discrete) partial likelihood: which d of those at risk have the event, given that d do.

Cox D. R. (1972), with the recursion of Gail M. H., Lubin J. H., Rubinstein L. V. (1981), Likelihood calculations for
matched case-control studies and survival studies with tied death times, Biometrika 68(3), 703-707. The sum over all
subsets of d people is the d-th coefficient of the product of (1 + c r z); with c chosen so that d are expected, it is
the probability that d of independent events happen, which neither overflows nor underflows.
"""

# ruff: noqa: PLR0917  # numba compiles no keyword-only parameters

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ()  # inner loops, for the modules of this room

FloatArray = npt.NDArray[np.float64]


@njit(cache=True, nogil=True, error_model="numpy")
def add_exact_time(
    x: FloatArray, predictor: FloatArray, deaths: int, gradient: FloatArray, hessian: FloatArray
) -> float:
    """Add one event time's derivatives of the log of the sum over subsets, and return that log.

    `x` (rows, covariates) and `predictor` are of those at risk; `deaths` of them have the event.
    """
    n, p = x.shape
    top = predictor.max()
    risk = np.exp(predictor - top)
    c = deaths / (risk.sum() * max(1.0 - deaths / n, 1.0 / n))
    f = np.zeros(deaths + 1)
    g = np.zeros((deaths + 1, p))
    h = np.zeros((deaths + 1, p, p))
    f[0] = 1.0
    logs = 0.0
    for i in range(n):
        odds = c * risk[i]
        chance, stay = odds / (1.0 + odds), 1.0 / (1.0 + odds)
        logs += np.log1p(odds)
        highest = min(i + 1, deaths)
        lowest = max(0, deaths - (n - i - 1))
        for j in range(highest, max(lowest, 1) - 1, -1):
            for a in range(p):
                for b in range(a + 1):
                    h[j, a, b] = stay * h[j, a, b] + chance * (
                        h[j - 1, a, b] + x[i, a] * g[j - 1, b] + x[i, b] * g[j - 1, a] + x[i, a] * x[i, b] * f[j - 1]
                    )
            for a in range(p):
                g[j, a] = stay * g[j, a] + chance * (g[j - 1, a] + x[i, a] * f[j - 1])
            f[j] = stay * f[j] + chance * f[j - 1]
        f[0] *= stay
    if not f[deaths] > 0.0:
        return np.nan
    for a in range(p):
        gradient[a] += g[deaths, a] / f[deaths]
        for b in range(a + 1):
            second = h[deaths, a, b] / f[deaths] - g[deaths, a] * g[deaths, b] / (f[deaths] * f[deaths])
            hessian[a, b] += second
            if b < a:
                hessian[b, a] += second
    log: float = np.log(f[deaths]) + logs - deaths * np.log(c) + deaths * top
    return log
