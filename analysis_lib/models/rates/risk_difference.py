"""The difference of two risks: its limits and its test by one and the same method."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis_lib.models.rates.effect_measures import Estimate

__all__ = ["DifferenceInterval", "risk_difference"]

DifferenceInterval = Literal["newcombe", "score", "wald"]
FloatArray = npt.NDArray[np.float64]
_FARTHEST = 1e12


def risk_difference(cases: FloatArray, total: FloatArray, *, kind: DifferenceInterval, level: float) -> Estimate:
    """Estimate a difference of risks; its p value is below 1 - level exactly where its limits leave 0 out.

    Parameters
    ----------
    cases, total : ndarray of float64, shape (2,)
        Persons with the event, and all persons; the reference last.
    kind : {"newcombe", "score", "wald"}
        Newcombe's limits from two Wilson intervals, with the p value at which they touch 0; Miettinen and Nurminen's
        score limits and test; or Wald's.
    level : float
        Coverage of the interval.

    Returns
    -------
    Estimate
        The difference.
    """
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    risk = cases / total
    value = float(risk[0] - risk[1])
    if kind == "newcombe":
        below, above = _newcombe(risk, total, z=z)
        p_value = float(2 * norm.sf(_touching(risk, total)))
        return Estimate(
            "risk difference", value, value - below, value + above, p_value, "Newcombe score", "Newcombe, inverted"
        )
    if kind == "score":
        low, high = _score_limits(risk, total, z=z)
        statistic = _score(0.0, risk, total=total) if value else 0.0
        return Estimate(
            "risk difference",
            value,
            low,
            high,
            float(2 * norm.sf(abs(statistic))),
            "Miettinen-Nurminen score",
            "Miettinen-Nurminen score",
        )
    spread = float(np.sqrt(np.sum(risk * (1 - risk) / total)))
    if not spread:  # nobody or everybody in both groups: no variance to estimate
        return Estimate("risk difference", value, float("nan"), float("nan"), float("nan"), "Wald", "Wald")
    p_value = float(2 * norm.sf(abs(value) / spread))
    return Estimate("risk difference", value, value - z * spread, value + z * spread, p_value, "Wald", "Wald")


def _newcombe(risk: FloatArray, total: FloatArray, *, z: float) -> tuple[float, float]:
    """Give the distances from the difference to its lower and upper limit."""
    share = z * z / total
    middle = (risk + share / 2) / (1 + share)
    half = np.sqrt(share * (risk * (1 - risk) + share / 4)) / (1 + share)
    down, up = risk - np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0) - risk
    return float(np.hypot(down[0], up[1])), float(np.hypot(up[0], down[1]))


def _touching(risk: FloatArray, total: FloatArray) -> float:
    """Find the normal quantile whose limits touch 0; both distances grow with it, so there is one."""
    from scipy.optimize import brentq

    value = float(risk[0] - risk[1])
    if value == 0:
        return 0.0

    def room(z: float) -> float:
        below, above = _newcombe(risk, total, z=z)
        return abs(value) - (below if value > 0 else above)

    far = 1.0
    while room(far) > 0 and far < _FARTHEST:
        far *= 2
    return float(brentq(room, 0.0, far, xtol=1e-14, rtol=1e-14)) if far < _FARTHEST else far


def _restricted(difference: float, risk: FloatArray, *, total: FloatArray) -> FloatArray:
    """Give the likeliest risks that differ by so much: the middle root of a cubic (Farrington and Manning 1990)."""
    theta = total[1] / total[0]
    first = 1 + theta
    second = -(1 + theta + risk[0] + theta * risk[1] + difference * (theta + 2))
    third = difference**2 + difference * (2 * risk[0] + theta + 1) + risk[0] + theta * risk[1]
    fourth = -risk[0] * difference * (1 + difference)
    turn = (second / (3 * first)) ** 3 - second * third / (6 * first**2) + fourth / (2 * first)
    reach = np.copysign(np.sqrt(max((second / (3 * first)) ** 2 - third / (3 * first), 0.0)), turn)
    angle = (np.pi + np.arccos(np.clip(turn / reach**3, -1, 1))) / 3 if reach else np.pi / 2
    treated = 2 * reach * np.cos(angle) - second / (3 * first)
    treated = float(np.clip(treated, max(0.0, difference), min(1.0, 1 + difference)))
    return np.array([treated, min(max(treated - difference, 0.0), 1.0)])


def _score(difference: float, risk: FloatArray, *, total: FloatArray) -> float:
    """Give the score statistic of one difference, with Miettinen and Nurminen's n / (n - 1) in its variance."""
    likely = _restricted(difference, risk, total=total)
    variance = float((likely * (1 - likely) / total).sum()) * float(total.sum() / (total.sum() - 1))
    distance = float(risk[0] - risk[1]) - difference
    if variance <= 0:
        return float(np.copysign(np.inf, distance)) if distance else 0.0
    return distance / float(np.sqrt(variance))


def _score_limits(risk: FloatArray, total: FloatArray, *, z: float) -> tuple[float, float]:
    from scipy.optimize import brentq

    value = float(risk[0] - risk[1])

    def beyond(difference: float, quantile: float) -> float:
        # Bounded, so that the root finder may stand on -1 and 1, where the variance is zero.
        return float(np.clip(_score(difference, risk, total=total) - quantile, -1e6, 1e6))

    low = brentq(beyond, -1.0, value, args=(z,), xtol=1e-15, rtol=1e-14) if beyond(-1.0, z) > 0 else -1.0
    high = brentq(beyond, value, 1.0, args=(-z,), xtol=1e-15, rtol=1e-14) if beyond(1.0, -z) < 0 else 1.0
    return float(low), float(high)
