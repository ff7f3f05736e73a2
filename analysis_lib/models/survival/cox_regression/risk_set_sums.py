"""The inner loops of Cox regression: sums over risk sets, and what each event time adds to the likelihood.

Rows come in blocks, covariates first. `last` and `before` of a row say at which event times it is at risk: those after
`before` up to and including `last`; -1 is before the first of its stratum. Sums are kept where a row leaves (`last`)
and, for rows that entered late, where it was not there yet (`before`), and are added up backwards later.
"""

# ruff: noqa: PLR0917  # numba compiles no keyword-only parameters

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ()  # inner loops, for the modules of this room

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int32]


@njit(cache=True, nogil=True, error_model="numpy")
def count_ranks(
    ranks: IndexArray | npt.NDArray[np.int64], among: npt.NDArray[np.bool_], counts: npt.NDArray[np.int64]
) -> None:
    """Count how often each rank is there among some rows."""
    for i in range(ranks.size):
        counts[ranks[i]] += among[i]


@njit(cache=True, nogil=True, error_model="numpy")
def add_leaving(
    x: FloatArray,
    weight: FloatArray,
    last: IndexArray,
    died: npt.NDArray[np.bool_],
    tied: IndexArray,
    lowest: int,
    first_tied: int,
    table: FloatArray,
) -> None:
    """Add each row's weight, and weight times covariates, where it leaves; deaths at tied times apart.

    Event time k has row ``k - lowest`` of the table, the deaths at the t-th tied time have row ``first_tied + t``: one
    table, because who dies cannot be foretold, and a processor that guesses wrong loses more time than the sums take.
    """
    p, m = x.shape
    for i in range(m):
        k = last[i]
        if k < 0:
            continue
        t = tied[k]
        at = table[first_tied + t if died[i] and t >= 0 else k - lowest]
        w = weight[i]
        at[0] += w
        for j in range(p):
            at[1 + j] += w * x[j, i]


@njit(cache=True, nogil=True, error_model="numpy")
def _add_exactly(high: FloatArray, low: FloatArray, value: FloatArray) -> None:
    """Add numbers and keep what rounding drops (Knuth's two-sum)."""
    for j in range(value.size):
        total = high[j] + value[j]
        part = total - high[j]
        low[j] += (high[j] - (total - part)) + (value[j] - part)
        high[j] = total


@njit(cache=True, nogil=True, error_model="numpy")
def add_entries(
    x: FloatArray,
    weight: FloatArray,
    last: IndexArray,
    before: IndexArray,
    died: npt.NDArray[np.bool_],
    tied: IndexArray,
    sums: FloatArray,
    rest: FloatArray,
    tied_sums: FloatArray,
) -> None:
    """Do as `add_leaving` for rows that may have entered late: what is added at `last` is taken away at `before`.

    Few may be at risk where many enter later, so the differences are formed in twice the precision.
    """
    p, m = x.shape
    value = np.empty(p + 1)
    for i in range(m):
        k = last[i]
        if k < 0 or before[i] >= k:
            continue
        value[0] = weight[i]
        for j in range(p):
            value[1 + j] = weight[i] * x[j, i]
        _add_exactly(sums[k], rest[k], value)
        if died[i] and tied[k] >= 0:
            tied_sums[tied[k]] += value
        if before[i] >= 0:
            _add_exactly(sums[before[i]], rest[before[i]], -value)


@njit(cache=True, nogil=True, error_model="numpy")
def add_up_backwards(sums: FloatArray, rest: FloatArray, begin: npt.NDArray[np.int64]) -> None:
    """Turn sums of those who leave at each event time into sums over those at risk, stratum by stratum, in place."""
    width = sums.shape[1]
    exact = rest.shape[0] > 0
    for s in range(begin.size - 1):
        high, low = np.zeros(width), np.zeros(width)
        for k in range(begin[s + 1] - 1, begin[s] - 1, -1):
            if exact:
                _add_exactly(high, low, sums[k])
                for j in range(width):
                    low[j] += rest[k, j]
                    sums[k, j] = high[j] + low[j]
            else:
                for j in range(width):
                    high[j] += sums[k, j]
                    sums[k, j] = high[j]


@njit(cache=True, nogil=True, error_model="numpy")
def event_terms(
    at_risk: FloatArray,
    tied: IndexArray,
    tied_sums: FloatArray,
    deaths: IndexArray,
    weight_of_deaths: FloatArray,
    lowest_sum: float,
    terms: FloatArray,
) -> float:
    """Work out what each event time adds to the hazard and to the information; return the sum of log denominators.

    With m the mean weight of the d deaths, f = 0, 1/d, ... (d-1)/d at tied times and 0 elsewhere, D = S0 - f D0, the
    columns of `terms` are the sums of m/D, f m/D, m/D^2, f m/D^2, f^2 m/D^2. NaN where a risk set vanishes.
    """
    total, correction = 0.0, 0.0
    for k in range(at_risk.size):
        s0 = at_risk[k]
        if tied[k] < 0:
            if not s0 > lowest_sum:
                return np.nan
            w = weight_of_deaths[k]
            terms[k, 0] = w / s0
            terms[k, 1] = 0.0
            terms[k, 2] = w / (s0 * s0)
            terms[k, 3] = 0.0
            terms[k, 4] = 0.0
            added = w * np.log(s0)
        else:
            d, d0 = deaths[k], tied_sums[tied[k], 0]
            m, per_s0 = weight_of_deaths[k] / d, 1.0 / s0
            t0, t1, t2, t3, t4, added, left = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0
            for i in range(d):
                f = i / d
                denominator = s0 - f * d0
                if not denominator > lowest_sum:
                    return np.nan
                q = m / denominator
                t0 += q
                t1 += f * q
                q /= denominator
                t2 += q
                t3 += f * q
                t4 += f * f * q
                # Few logarithms: of products of shares of s0, which lie in (0, 1] and are let go before they vanish.
                left *= denominator * per_s0
                if left < 1e-20:
                    added += np.log(left)
                    left = 1.0
            added = m * (added + np.log(left) + d * np.log(s0))
            terms[k, 0], terms[k, 1], terms[k, 2], terms[k, 3], terms[k, 4] = t0, t1, t2, t3, t4
        before = total
        total += added
        correction += (before - total) + added if abs(before) >= abs(added) else (added - total) + before
    return total + correction


@njit(cache=True, nogil=True, error_model="numpy")
def cumulate(values: FloatArray, begin: npt.NDArray[np.int64], out: FloatArray) -> None:
    """Add up forwards, stratum by stratum, along the first axis."""
    for s in range(begin.size - 1):
        running = np.zeros(values.shape[1])
        for k in range(begin[s], begin[s + 1]):
            for j in range(values.shape[1]):
                running[j] += values[k, j]
                out[k, j] = running[j]


@njit(cache=True, nogil=True, error_model="numpy")
def exposures(
    weight: FloatArray,
    last: IndexArray,
    before: IndexArray,
    died: npt.NDArray[np.bool_],
    cumulative: FloatArray,
    given_back: FloatArray,
    out: FloatArray,
) -> None:
    """Multiply each row's weight by the hazard it was exposed to; `before` may be empty where nobody entered late.

    Efron's method takes part of those who die together out of their own risk set: `given_back`, by event time.
    """
    late = before.size > 0
    for i in range(last.size):
        k = last[i]
        if k < 0 or (late and before[i] >= k):
            out[i] = 0.0
            continue
        hazard = cumulative[k]
        if late and before[i] >= 0:
            hazard -= cumulative[before[i]]
        hazard -= given_back[k] * died[i]  # no branch: who dies cannot be foretold
        out[i] = weight[i] * hazard
