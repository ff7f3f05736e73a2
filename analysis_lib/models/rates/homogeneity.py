"""Tests of whether a ratio is the same in all strata."""

import numpy as np
import numpy.typing as npt

from analysis_lib.models.rates.effect_measures import Test

__all__ = ["of_odds_ratios", "of_rate_ratios"]

FloatArray = npt.NDArray[np.float64]


def of_odds_ratios(case: FloatArray, other: FloatArray, *, common: float) -> list[Test]:
    """Test equal odds ratios: Breslow and Day's, with Tarone's correction [1]_ [2]_, and Woolf's [3]_.

    Parameters
    ----------
    case, other : ndarray of float64, shape (strata, 2)
        Persons with and without the event, exposed and unexposed.
    common : float
        The Mantel-Haenszel odds ratio.

    Returns
    -------
    list of Test
        Empty where fewer than two strata can say anything.

    References
    ----------
    .. [1] Breslow N. E., Day N. E. (1980). Statistical Methods in Cancer Research I, IARC, section 4.4.
    .. [2] Tarone R. E. (1985). On heterogeneity tests based on efficient scores. Biometrika 72(1), 91-95.
    .. [3] Woolf B. (1955). On estimating the relation between blood group and disease. Ann. Hum. Genet. 19(4), 251-253.
    """
    exposed, unexposed, ill = (case + other)[:, 0], (case + other)[:, 1], case.sum(axis=1)
    tells = (exposed > 0) & (unexposed > 0) & (ill > 0) & (ill < exposed + unexposed)
    if tells.sum() < 2:
        return []
    case, other, exposed, unexposed, ill = (each[tells] for each in (case, other, exposed, unexposed, ill))
    expected = _expected(exposed, unexposed, ill=ill, common=common)
    cells = np.stack([expected, ill - expected, exposed - expected, unexposed - ill + expected])
    variance = 1 / (1 / cells).sum(axis=0)
    difference = case[:, 0] - expected
    statistic = float((difference**2 / variance).sum())
    corrected = statistic - float(difference.sum() ** 2 / variance.sum())
    df = int(tells.sum()) - 1
    return [
        _chi_square("Breslow-Day test of equal odds ratios", statistic, df=df),
        _chi_square("Breslow-Day test of equal odds ratios, Tarone", corrected, df=df),
        _woolf(case, other, df=df),
    ]


def _expected(exposed: FloatArray, unexposed: FloatArray, *, ill: FloatArray, common: float) -> FloatArray:
    """Exposed cases that give each stratum the common odds ratio and its own margins: a root of a quadratic."""
    linear = (unexposed - ill) + common * (exposed + ill)
    square = 1 - common
    constant = -common * exposed * ill
    root = np.sqrt(np.maximum(linear**2 - 4 * square * constant, 0))
    # Of the two forms of the root the one that does not subtract nearly equal numbers; the first holds at 1 too.
    positive = linear >= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        expected: FloatArray = np.where(
            positive, -2 * constant / np.where(positive, linear + root, 1), (root - linear) / (2 * square)
        )
    return expected


def _woolf(case: FloatArray, other: FloatArray, *, df: int) -> Test:
    added = 0.5 if (case == 0).any() or (other == 0).any() else 0.0
    case, other = case + added, other + added
    log = np.log(case[:, 0]) + np.log(other[:, 1]) - np.log(case[:, 1]) - np.log(other[:, 0])
    weight = 1 / (1 / case + 1 / other).sum(axis=1)
    mean = (weight * log).sum() / weight.sum()
    name = "Woolf's test of equal odds ratios" + (", 1/2 added to each count" if added else "")
    return _chi_square(name, float((weight * (log - mean) ** 2).sum()), df=df)


def of_rate_ratios(cases: FloatArray, years: FloatArray, *, common: float) -> list[Test]:
    """Test equal rate ratios: each stratum's exposed cases against those that the common ratio gives [1]_.

    Parameters
    ----------
    cases, years : ndarray of float64, shape (strata, 2)
        Events and person-time, exposed and unexposed.
    common : float
        The Mantel-Haenszel rate ratio.

    Returns
    -------
    list of Test
        Empty where fewer than two strata can say anything.

    References
    ----------
    .. [1] Breslow N. E., Day N. E. (1987). Statistical Methods in Cancer Research II, IARC, section 3.6.
    """
    ill = cases.sum(axis=1)
    tells = (ill > 0) & (years > 0).all(axis=1)
    if tells.sum() < 2:
        return []
    share = common * years[tells, 0] / (common * years[tells, 0] + years[tells, 1])
    expected = ill[tells] * share
    statistic = float(((cases[tells, 0] - expected) ** 2 / (expected * (1 - share))).sum())
    return [_chi_square("Breslow-Day test of equal rate ratios", statistic, df=int(tells.sum()) - 1)]


def _chi_square(name: str, statistic: float, *, df: int) -> Test:
    from scipy.stats import chi2

    return Test(name, statistic, df, float(chi2.sf(statistic, df)))
