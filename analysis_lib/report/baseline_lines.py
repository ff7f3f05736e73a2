"""What a table says of a column of people, group by group: means, medians, counts, and how far the groups differ."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import listed
from analysis_lib.printed_numbers import format_estimate
from analysis_lib.report.columns import LevelFacts, NumberFacts
from analysis_lib.report.group_tests import OF_COUNTS, OF_MOMENTS, OF_RANKS, GroupTest, Moments, Ranks
from analysis_lib.report.standardised_difference import difference_of_moments, difference_of_shares
from analysis_lib.tables import level_in_words

__all__ = [
    "MISSING",
    "MOST_LEVELS",
    "OVERALL",
    "ColumnFacts",
    "Line",
    "frame_of",
    "lines_of",
    "refuse_many",
    "statistics_of",
]

OVERALL = "Overall"
#: A column of text with more values than this is an id or free text, and no table shows it.
MOST_LEVELS = 50
MISSING = "Missing, n (%)"
_POWERS = -1  # in place of decimals: write 1.2e-06
#: Distance of the quartiles of a normal distribution, in standard deviations.
_QUARTILES_OF_NORMAL = 1.349


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Attributes
    ----------
    variable : str
        Column described.
    label : str
        What the line says.
    statistic : str
        What its cells hold: ``n``, ``n (%)``, ``mean (SD)``, ``median [IQR]``, or empty for a heading.
    cells : dict of str to str
        Formatted cells by group.
    smd : float or None
        Standardised mean difference; None on lines that have none.
    counts : dict of str to int
        Distinct persons by group, for lines that count.
    test : GroupTest or None
        Whether the groups differ; None on lines that have no test.
    """

    variable: str
    label: str
    statistic: str
    cells: dict[str, str]
    smd: float | None
    counts: dict[str, int]
    test: GroupTest | None = None


@dataclass(frozen=True)
class ColumnFacts:
    """What is known of one column.

    Attributes
    ----------
    name : str
        The column.
    label : str
        What the table calls it.
    groups : tuple of str
        The groups in order, `OVERALL` first where it is one of them beside others.
    compared : slice
        Which of them are compared.
    levels : LevelFacts or None
        Counts, for what is counted and for the missing of numbers.
    numbers : NumberFacts or None
        Moments and quartiles, for what is measured.
    nonnormal : bool
        Whether numbers are shown by median and quartiles.
    tested : str or None
        The test asked for; empty for the usual one, None for none.
    """

    name: str
    label: str
    groups: tuple[str, ...]
    compared: slice
    levels: LevelFacts
    numbers: NumberFacts | None
    nonnormal: bool
    tested: str | None


def lines_of(facts: ColumnFacts) -> Iterator[Line]:
    """Write the lines of one column.

    Parameters
    ----------
    facts : ColumnFacts
        What was added up.

    Yields
    ------
    Line
        One for a number or a yes/no, a heading and one per level for a category; one more if values are missing.
    """
    found = facts.levels
    known = found.counts.sum(axis=1)
    if facts.numbers is not None:
        yield _number_line(facts, facts.numbers)
        known = facts.numbers.n
    elif found.truth:
        yield _count_line(facts, 1, label=f"{facts.label}, n (%)", of=known)
    else:
        yield Line(facts.name, f"{facts.label}, n (%)", "", {}, _share_smd(facts), {}, _count_test(facts))
        for index, level in enumerate(found.levels):
            yield _count_line(facts, index, label=f"  {level_in_words(level)}", of=known)
    if found.missing.any():
        cells = _shares(facts.groups, found.missing, of=known + found.missing)
        counts = dict(zip(facts.groups, map(int, found.persons_missing), strict=True))
        yield Line(facts.name, f"  {MISSING}", "n (%)", cells, None, counts)


def refuse_many(n_levels: int, name: str) -> None:
    """Refuse a column with more levels than fit in a table.

    Parameters
    ----------
    n_levels : int
        Different values, up to where they were counted.
    name : str
        The column.

    Raises
    ------
    ModelInputError
        If there are too many.
    """
    if n_levels > MOST_LEVELS:
        raise ModelInputError(
            f"column '{name}' has {n_levels:,} different values, more than fit in a table ({MOST_LEVELS}). "
            "Is it an id or free text? Leave it out of variables."
        )


def statistics_of(facts: ColumnFacts) -> Iterator[dict[str, Any]]:
    """Give the unrounded numbers of one column.

    Parameters
    ----------
    facts : ColumnFacts
        What was added up.

    Yields
    ------
    dict
        One per group for numbers, one per group and level else.
    """
    missing = facts.levels.missing
    for place, group in enumerate(facts.groups):
        first = {"variable": facts.name, "group": group, "level": "", "missing": int(missing[place])}
        if facts.numbers is not None:
            found = facts.numbers
            quartiles = found.quartiles[place].tolist() if found.quartiles is not None else [math.nan] * 3
            yield first | {
                "n": int(found.n[place]),
                "mean": float(found.mean[place]),
                "sd": math.sqrt(found.variance[place]) if found.n[place] > 1 else math.nan,
                **dict(zip(("q1", "median", "q3"), quartiles, strict=True)),
            }
            continue
        known = int(facts.levels.counts[place].sum())
        for index, level in enumerate(facts.levels.levels):
            count = int(facts.levels.counts[place, index])
            yield first | {
                "n": known,
                "level": level_in_words(level),
                "count": count,
                "share": count / known if known else math.nan,
            }


def _number_line(facts: ColumnFacts, found: NumberFacts) -> Line:
    digits = _digits(_spread(found, facts.compared))
    if facts.nonnormal and found.quartiles is not None:
        statistic, cells = "median [IQR]", _medians(facts, found.quartiles, digits=digits)
    else:
        statistic, cells = "mean (SD)", _means(facts.groups, found, digits=digits)
    compared = range(len(facts.groups))[facts.compared]
    differences = [
        difference_of_moments(*pair)
        for pair in combinations(
            ((int(found.n[at]), float(found.mean[at]), float(found.variance[at])) for at in compared), 2
        )
    ]
    test = _number_test(facts, found)
    return Line(facts.name, f"{facts.label}, {statistic}", statistic, cells, _largest(differences), {}, test)


def _largest(differences: list[float]) -> float | None:
    """Find the largest over the pairs that have one; `max` would depend on where a missing one stands."""
    if not differences:
        return None
    return max((value for value in differences if not math.isnan(value)), default=math.nan)


def _spread(found: NumberFacts, compared: slice) -> float:
    """Standard deviation of all groups together; 0 where nobody has a value."""
    n, squares = found.n[compared], found.squares[compared]
    total = int(n.sum())
    if not total:
        return 0.0
    mean = np.where(n > 0, found.mean[compared], 0.0)
    centre = float((n * mean).sum()) / total
    return math.sqrt(float((squares + n * (mean - centre) ** 2).sum()) / total)


def _digits(spread: float) -> int:
    """Decimals that show a spread to two figures, at least one and at most four; `_POWERS` where four show nothing."""
    needed = 1 if spread == 0 else max(1, 1 - math.floor(math.log10(spread)))
    return min(4, needed) if needed <= 5 else _POWERS


def _written(value: float, digits: int) -> str:
    return f"{value:.1e}" if digits == _POWERS and math.isfinite(value) else format_estimate(value, digits=digits)


def _means(groups: tuple[str, ...], found: NumberFacts, *, digits: int) -> dict[str, str]:
    cells = {}
    for group, n, mean, variance in zip(groups, found.n, found.mean, found.variance, strict=True):
        spread = _written(math.sqrt(variance) if n > 1 else math.nan, digits)
        cells[group] = f"{_written(float(mean), digits)} ({spread})" if n else "–"
    return cells


def _medians(facts: ColumnFacts, quartiles: Any, *, digits: int) -> dict[str, str]:
    # A few large values, as laboratories report, widen the standard deviation and not the quartiles.
    widths = (quartiles[facts.compared, 2] - quartiles[facts.compared, 0]) / _QUARTILES_OF_NORMAL
    finer = _digits(max((float(width) for width in widths if width > 0), default=0.0))
    digits = finer if finer == _POWERS else max(digits, finer)
    if all(float(value).is_integer() for value in quartiles.ravel() if not math.isnan(value)):
        digits = 0
    cells = {}
    for group, found in zip(facts.groups, quartiles, strict=True):
        low, middle, high = (_written(float(value), digits) for value in found)
        cells[group] = "–" if math.isnan(found[1]) else f"{middle} [{low} to {high}]"
    return cells


def _shares(groups: tuple[str, ...], counts: Any, *, of: Any) -> dict[str, str]:
    return {
        group: f"{count:,} ({100 * count / total:.1f})" if total else "–"
        for group, count, total in zip(groups, counts, of, strict=True)
    }


def _count_line(facts: ColumnFacts, index: int, *, label: str, of: Any) -> Line:
    alone = facts.levels.truth
    return Line(
        facts.name,
        label,
        "n (%)",
        _shares(facts.groups, facts.levels.counts[:, index], of=of),
        _share_smd(facts) if alone else None,
        dict(zip(facts.groups, map(int, facts.levels.persons[:, index]), strict=True)),
        _count_test(facts) if alone else None,
    )


def _share_smd(facts: ColumnFacts) -> float | None:
    counts = facts.levels.counts[facts.compared].astype(np.float64)
    return _largest([difference_of_shares(*pair) for pair in combinations(counts, 2)])


def _count_test(facts: ColumnFacts) -> GroupTest | None:
    if facts.tested is None:
        return None
    if (facts.tested or None) not in OF_COUNTS:
        raise _wrong_kind(facts.name, facts.tested, holds="counts", known=[name for name in OF_COUNTS if name])
    return OF_COUNTS[facts.tested or None](facts.levels.counts[facts.compared])


def _number_test(facts: ColumnFacts, found: NumberFacts) -> GroupTest | None:
    if facts.tested is None:
        return None
    name = facts.tested or ("kruskal" if facts.nonnormal else "welch")
    if name in OF_RANKS and found.ranks is not None:
        known = found.ranks.n > 0
        return OF_RANKS[name](Ranks(found.ranks.n[known], found.ranks.rank_sums[known], found.ranks.ties))
    if name in OF_MOMENTS:
        known = np.flatnonzero(found.n[facts.compared]) + (facts.compared.start or 0)
        return OF_MOMENTS[name](Moments(found.n[known], found.mean[known], found.variance[known]))
    raise _wrong_kind(facts.name, name, holds="numbers", known=[*OF_MOMENTS, *OF_RANKS])


def _wrong_kind(column: str, test: str, *, holds: str, known: Sequence[str]) -> ModelInputError:
    return ModelInputError(
        f"column '{column}' holds {holds}, which are tested by one of {listed(known)}; found {test!r}. "
        "Use one of these."
    )


def frame_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Put unrounded numbers into a frame.

    Parameters
    ----------
    rows : list of dict
        From `statistics_of`.

    Returns
    -------
    DataFrame
        All columns, whatever kinds of columns were described.
    """
    names = ["variable", "level", "group", "n", "missing", "count", "share", "mean", "sd", "q1", "median", "q3"]
    return pd.DataFrame(rows, columns=names).astype({"count": "Int64"})
