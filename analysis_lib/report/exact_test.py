"""Fisher's exact test of a table of any size: exactly where it can be counted, by drawn tables where not."""

from collections.abc import Iterator
from math import lgamma

import numpy as np
import numpy.typing as npt

__all__ = ["DRAWN_TABLES", "exact_p", "simulated_p"]

IntArray = npt.NDArray[np.int64]
#: Tables drawn where they cannot all be counted; the p value is then known within 0.0014 at 0.05.
DRAWN_TABLES = 100_000
#: Tables whose probabilities differ by less than this are equally probable; R's.
_TOLERANCE = 1e-7
_DIGITS = 9
#: Steps before counting is given up, about a second; a column takes a few for itself.
_MOST_STEPS = 400_000
_OF_A_COLUMN = 5


def exact_p(table: IntArray) -> float | None:
    """Add up the probabilities of all tables with the same margins that are no more probable than this one.

    Columns are filled one after the other. What is left of the row totals is a node, and all ways to a node that are
    equally probable so far are one way (the network of Mehta and Patel 1983, without its bounds).

    Parameters
    ----------
    table : ndarray of int64, shape (rows, columns)
        Counts, without rows or columns of zeros.

    Returns
    -------
    float or None
        The p value; None where there are too many ways.
    """
    counts = table.T if table.shape[0] > table.shape[1] else table
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    constant = sum(lgamma(total + 1) for total in [*rows, *columns]) - lgamma(counts.sum() + 1)
    observed = constant - sum(lgamma(count + 1) for count in counts.ravel())
    # By what is left of the rows (sorted: tables are alike in any order of rows), then by log probability so far, how
    # many ways lead there.
    paths: dict[tuple[int, ...], dict[float, int]] = {tuple(sorted(map(int, rows))): {0.0: 1}}
    steps = 0
    for total in columns[:-1]:
        following: dict[tuple[int, ...], dict[float, int]] = {}
        for left, ways in paths.items():
            for column in _filled(left, int(total)):
                rest = tuple(sorted(have - taken for have, taken in zip(left, column, strict=True)))
                step = -sum(lgamma(taken + 1) for taken in column)
                target = following.setdefault(rest, {})
                steps += _OF_A_COLUMN + len(ways)
                if steps > _MOST_STEPS:
                    return None
                for so_far, number in ways.items():
                    value = round(so_far + step, _DIGITS)
                    target[value] = target.get(value, 0) + number
        paths = following
    values, numbers = [], []
    for left, ways in paths.items():  # the last column is what is left
        step = constant - sum(lgamma(have + 1) for have in left)
        for so_far, number in ways.items():
            values.append(so_far + step)
            numbers.append(float(number))
    chances = np.exp(np.array(values)) * np.array(numbers)
    extreme = np.array(values) <= observed + _TOLERANCE
    return float(min(1.0, chances[extreme].sum()))


def _filled(left: tuple[int, ...], total: int) -> Iterator[tuple[int, ...]]:
    """All columns with this total that the rows have room for, one by one: there may be very many."""
    if len(left) == 1:
        yield (total,)
        return
    room = sum(left[1:])
    for one in range(max(0, total - room), min(left[0], total) + 1):
        for others in _filled(left[1:], total - one):
            yield (one, *others)


def simulated_p(table: IntArray, *, seed: int = 0) -> float:
    """Draw tables with the same margins and count those no more probable than this one.

    Parameters
    ----------
    table : ndarray of int64, shape (rows, columns)
        Counts.
    seed : int, default 0
        Of the draw.

    Returns
    -------
    float
        One more than the tables counted over one more than those drawn, as R does with ``simulate.p.value = TRUE``.
    """
    from scipy.special import gammaln
    from scipy.stats import random_table

    margins = random_table(table.sum(axis=1), table.sum(axis=0))
    observed = float(-gammaln(table + 1.0).sum())
    random = np.random.default_rng(seed)
    extreme = 0
    for size in [DRAWN_TABLES // 100] * 100:
        drawn = margins.rvs(size=size, random_state=random)
        extreme += int((-gammaln(drawn + 1.0).sum(axis=(1, 2)) <= observed + _TOLERANCE).sum())
    return (extreme + 1) / (DRAWN_TABLES + 1)
