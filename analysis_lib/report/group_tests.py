"""Tests of whether groups differ, from counts, moments and rank sums: what R computes under the same names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis_lib.report.exact_test import DRAWN_TABLES, exact_p, simulated_p

__all__ = [
    "COUNT_TESTS",
    "NUMBER_TESTS",
    "OF_COUNTS",
    "OF_MOMENTS",
    "OF_RANKS",
    "GroupTest",
    "Moments",
    "Ranks",
    "chi_square",
    "fisher",
    "kruskal",
    "same_variance",
    "welch",
    "wilcoxon",
]

FloatArray = npt.NDArray[np.float64]

#: Tests of numbers and of counts by the names that `table_one` takes.
NUMBER_TESTS = ("welch", "student", "kruskal", "wilcoxon")
COUNT_TESTS = ("chi-square", "chi-square uncorrected", "fisher")
#: Expected counts below this make the chi-square distribution a poor approximation (Cochran 1954).
_FEW_EXPECTED = 5


@dataclass(frozen=True)
class GroupTest:
    """What a test found.

    Attributes
    ----------
    name : str
        The test, as a paper names it.
    statistic : float
        Its statistic; NaN where there is none or it could not be computed.
    df : tuple of float
        Degrees of freedom; empty where there are none.
    p_value : float
        NaN where the data do not allow the test.
    caution : str
        What limits its use here; empty if nothing does.
    """

    name: str
    statistic: float
    df: tuple[float, ...]
    p_value: float
    caution: str = ""


@dataclass(frozen=True)
class Moments:
    """Groups with a value.

    Attributes
    ----------
    n, mean, variance : ndarray, shape (groups,)
        Variances with n - 1.
    """

    n: Any
    mean: FloatArray
    variance: FloatArray


@dataclass(frozen=True)
class Ranks:
    """Groups with a value, their values ranked together.

    Attributes
    ----------
    n, rank_sums : ndarray, shape (groups,)
        Tied values share the mean of their ranks.
    ties : float
        Sum of ``t**3 - t`` over runs of `t` equal values.
    """

    n: Any
    rank_sums: FloatArray
    ties: float


def _none(name: str) -> GroupTest:
    return GroupTest(name, float("nan"), (), float("nan"))


def welch(groups: Moments) -> GroupTest:
    """Test equal means without assuming equal variances; R's ``t.test`` and ``oneway.test``.

    Welch B. L. (1947). Biometrika 34, 28-35, and (1951). Biometrika 38, 330-336.

    Parameters
    ----------
    groups : Moments
        Two or more.

    Returns
    -------
    GroupTest
        Student's t with Welch's degrees of freedom for two groups, Welch's F for more.
    """
    from scipy import stats

    n, mean, variance = groups.n, groups.mean, groups.variance
    k = len(n)
    name = "Welch's t test" if k <= 2 else "Welch's analysis of variance"
    if k < 2 or min(n) < 2 or not (variance > 0).all():
        return _none(name)
    weight = n / variance
    centre = float((weight * mean).sum() / weight.sum())
    spread = float(((1 - weight / weight.sum()) ** 2 / (n - 1)).sum())
    between = float((weight * (mean - centre) ** 2).sum()) / (k - 1)
    f = between / (1 + 2 * (k - 2) * spread / (k**2 - 1))
    within = (k**2 - 1) / (3 * spread)
    p_value = float(stats.f.sf(f, k - 1, within))
    if k == 2:
        t = float((mean[0] - mean[1]) / np.sqrt((variance / n).sum()))
        return GroupTest(name, t, (within,), 2 * float(stats.t.sf(abs(t), within)))
    return GroupTest(name, f, (k - 1.0, within), p_value)


def same_variance(groups: Moments) -> GroupTest:
    """Test equal means, assuming equal variances; R's ``t.test(var.equal = TRUE)`` and ``aov``.

    Parameters
    ----------
    groups : Moments
        Two or more.

    Returns
    -------
    GroupTest
        Student's t for two groups, Fisher's F for more.
    """
    from scipy import stats

    n, mean, variance = groups.n, groups.mean, groups.variance
    k, total = len(n), float(np.sum(n))
    name = "Student's t test" if k <= 2 else "analysis of variance"
    within = float(((n - 1) * np.where(n > 1, variance, 0.0)).sum())
    if k < 2 or total <= k or not within > 0:
        return _none(name)
    df = total - k
    centre = float((n * mean).sum()) / total
    f = float((n * (mean - centre) ** 2).sum()) / (k - 1) / (within / df)
    if k == 2:
        t = float((mean[0] - mean[1]) / np.sqrt(within / df * (1 / n).sum()))
        return GroupTest(name, t, (df,), 2 * float(stats.t.sf(abs(t), df)))
    return GroupTest(name, f, (k - 1.0, df), float(stats.f.sf(f, k - 1, df)))


def kruskal(ranks: Ranks) -> GroupTest:
    """Test equal distributions by ranks, corrected for ties; R's ``kruskal.test``.

    Kruskal W. H., Wallis W. A. (1952). J. Am. Stat. Assoc. 47, 583-621.

    Parameters
    ----------
    ranks : Ranks
        Of two or more groups.

    Returns
    -------
    GroupTest
        H, asymptotically chi-square.
    """
    from scipy import stats

    n, rank_sums, ties = ranks.n, ranks.rank_sums, ranks.ties
    name, total = "Kruskal-Wallis test", float(np.sum(n))
    if len(n) < 2 or ties >= total**3 - total:
        return _none(name)
    middle = (total + 1) / 2
    h = 12 / (total * (total + 1)) * float((n * (rank_sums / n - middle) ** 2).sum())
    h /= 1 - ties / (total**3 - total)
    return GroupTest(name, h, (len(n) - 1.0,), float(stats.chi2.sf(h, len(n) - 1)))


def wilcoxon(ranks: Ranks) -> GroupTest:
    """Test equal distributions of two groups by ranks; R's ``wilcox.test(exact = FALSE)``.

    Parameters
    ----------
    ranks : Ranks
        Of two groups.

    Returns
    -------
    GroupTest
        W of the first group, asymptotically normal, with R's correction for continuity.
    """
    from scipy import stats

    n, rank_sums, ties = ranks.n, ranks.rank_sums, ranks.ties
    name = "Wilcoxon rank-sum test"
    if len(n) != 2:
        return _none(name)
    first, second = float(n[0]), float(n[1])
    total = first + second
    w = float(rank_sums[0]) - first * (first + 1) / 2
    variance = first * second / 12 * ((total + 1) - ties / (total * (total - 1)))
    if not variance > 0:
        return _none(name)
    away = w - first * second / 2
    z = (away - np.sign(away) * 0.5) / np.sqrt(variance)
    return GroupTest(name, w, (), min(1.0, 2 * float(stats.norm.sf(abs(z)))))


def _filled(counts: Any) -> FloatArray:
    """Leave out groups without a value and levels that nobody has."""
    table = np.asarray(counts, dtype=np.float64)
    table = table[table.sum(axis=1) > 0]
    filled: FloatArray = table[:, table.sum(axis=0) > 0]
    return filled


def chi_square(counts: Any, *, corrected: bool = True) -> GroupTest:
    """Test equal shares by Pearson's chi-square; R's ``chisq.test``.

    Parameters
    ----------
    counts : array of int, shape (groups, levels)
        Rows and columns of zeros do not count.
    corrected : bool, default True
        Whether to correct a table of two by two for continuity (Yates), as R does when not told otherwise.

    Returns
    -------
    GroupTest
        With a caution where expected counts are small.
    """
    from scipy import stats

    table = _filled(counts)
    corrected = corrected and table.shape == (2, 2)
    name = "chi-square test with Yates' correction" if corrected else "chi-square test"
    if min(table.shape) < 2:
        return _none(name)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    distance = np.abs(table - expected)
    if corrected:
        distance = distance - min(0.5, float(distance.min()))
    found = float((distance**2 / expected).sum())
    df = float((table.shape[0] - 1) * (table.shape[1] - 1))
    few = "expected counts below 5" if (expected < _FEW_EXPECTED).any() else ""
    return GroupTest(name, found, (df,), float(stats.chi2.sf(found, df)), few)


def fisher(counts: Any) -> GroupTest:
    """Test equal shares exactly; R's ``fisher.test``.

    Tables larger than two by two are counted in full where that takes about a second or less; otherwise tables are
    drawn, with the same seed each time, and the name says so.

    Parameters
    ----------
    counts : array of int, shape (groups, levels)
        Rows and columns of zeros do not count.

    Returns
    -------
    GroupTest
        The statistic is the sample odds ratio of a table of two by two, NaN of larger ones.
    """
    from scipy import stats

    table = _filled(counts).astype(np.int64)
    if min(table.shape) < 2:
        return _none("Fisher's exact test")
    if table.shape != (2, 2):
        counted = exact_p(table)
        name = "Fisher's exact test" + ("" if counted is not None else f", {DRAWN_TABLES:,} drawn tables")
        return GroupTest(name, float("nan"), (), simulated_p(table) if counted is None else counted)
    odds, p_value = stats.fisher_exact(table)
    return GroupTest("Fisher's exact test", float(odds), (), float(p_value))


def _counted(counts: Any) -> GroupTest:
    """Pearson's chi-square, and Fisher's exact test where a table of two by two has few expected."""
    found = chi_square(counts)
    return fisher(counts) if found.caution and _filled(counts).shape == (2, 2) else found


#: How a name becomes a test of counts; None is what `table_one` does when not told.
OF_COUNTS: dict[str | None, Callable[[Any], GroupTest]] = {
    None: _counted,
    "chi-square": chi_square,
    "chi-square uncorrected": lambda counts: chi_square(counts, corrected=False),
    "fisher": fisher,
}
OF_MOMENTS = {"welch": welch, "student": same_variance}
OF_RANKS = {"kruskal": kruskal, "wilcoxon": wilcoxon}
