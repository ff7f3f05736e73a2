"""Moments and exact quartiles of numbers by group.

Whole numbers of a small span, such as ages and counts, are counted value by value: everything follows from the counts.
Of other numbers one pass adds up the moments and sets aside those near each quartile, between two values of a sample
that enclose it almost surely; how many lie below is counted, so the quartiles are exact, and where a sample missed one
(it is noticed) the pass is done again without a sample (Floyd R. W., Rivest R. L. (1975). Expected time bounds for
selection. Commun. ACM 18(3), 165-172).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis_lib.errors import ModelInputError
from analysis_lib.report.columns.levels import with_overall
from analysis_lib.report.columns.persons import SMALL
from analysis_lib.report.columns.reading import NumberColumn, NumberPiece

__all__ = ["NumberFacts", "number_facts", "type_7"]

FloatArray = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Groups = npt.NDArray[np.uint8]

QUARTILES = (0.25, 0.5, 0.75)
#: A decoded column up to this many rows is kept until it is done (256 MiB); a longer one is decoded again.
_HELD = 2**25
#: Whole numbers that span no more are counted value by value.
_SPAN = 2**16
#: Counts of one column, over all groups: more would not fit the processor's cache.
_MOST_COUNTS = 2**20
#: Numbers in the sample that tells where quartiles lie, over all groups.
_SAMPLE = 65_536
#: Standard errors of a sample quantile on each side: outside lies one quartile in millions.
_WIDTH = 5.0
#: A group with fewer in the sample is set aside whole.
_FEW = 200
#: Squares of larger numbers do not fit a float, and those of numbers that are all smaller than its inverse vanish.
_LARGEST = 1e150


@dataclass(frozen=True)
class NumberFacts:
    """What is known of a column of numbers, by group; with everybody first where that was asked for.

    Attributes
    ----------
    n, missing : ndarray of int64, shape (groups,)
        Rows with and without a value.
    mean : ndarray of float64, shape (groups,)
        NaN where there is no value.
    squares : ndarray of float64, shape (groups,)
        Sum of squared differences from the mean.
    quartiles : ndarray of float64, shape (groups, 3), or None
        First quartile, median and third quartile by R's type 7; None if not asked for.
    yes : ndarray of int64, shape (groups,), or None
        Ones, where all values are 0 or 1; None for other numbers.
    ranks : RankFacts or None
        What tests on ranks need; None if not asked for.
    """

    n: Counts
    missing: Counts
    mean: FloatArray
    squares: FloatArray
    quartiles: FloatArray | None
    yes: Counts | None
    ranks: "RankFacts | None" = None

    @property
    def variance(self) -> FloatArray:
        """Variances with n - 1; NaN where a group has fewer than two values."""
        return np.where(self.n > 1, self.squares / np.maximum(self.n - 1, 1), np.nan)


@dataclass(frozen=True)
class RankFacts:
    """Ranks of numbers over all groups, without everybody as a group.

    Attributes
    ----------
    n : ndarray of int64, shape (groups,)
        Values by group.
    rank_sums : ndarray of float64, shape (groups,)
        Sums of ranks, tied values sharing the mean of theirs.
    ties : float
        Sum of ``t**3 - t`` over runs of `t` equal values.
    """

    n: Counts
    rank_sums: FloatArray
    ties: float


def number_facts(
    column: NumberColumn,
    groups: Groups,
    *,
    n_groups: int,
    overall: bool,
    quartiles: bool,
    ranks: bool,
    name: str,
) -> NumberFacts:
    """Add up a column of numbers by group.

    Parameters
    ----------
    column : NumberColumn
        Numbers of all rows.
    groups : ndarray of uint8
        Group of each row.
    n_groups : int
        How many groups there are.
    overall : bool
        Whether everybody comes first, as a group of its own.
    quartiles : bool
        Whether to find quartiles.
    ranks : bool
        Whether to sum ranks.
    name : str
        The column, for messages.

    Returns
    -------
    NumberFacts
        Exact: quartiles are those of all values.

    Raises
    ------
    ModelInputError
        If a number is infinite or too large to be squared.
    """
    held = column.in_memory or column.n_rows <= _HELD
    rows = _Rows(list(column.pieces()) if held else _Decoded(column), groups)
    small = groups.size <= SMALL
    counted = (_small_counts if small else _counted)(rows, n_groups=n_groups, name=name)
    wanted = _Wanted(n_groups, overall, quartiles, ranks)
    if counted is not None:
        return _from_counts(*counted, wanted=wanted)
    return _small(rows, wanted) if small else _selected(rows, wanted)


@dataclass(frozen=True)
class _Wanted:
    n_groups: int
    overall: bool
    quartiles: bool
    ranks: bool


@dataclass(frozen=True)
class _Decoded:
    """Pieces that are decoded anew each time."""

    column: NumberColumn

    def __iter__(self) -> Iterator[NumberPiece]:
        return self.column.pieces()


@dataclass(frozen=True)
class _Rows:
    """Numbers, and the group of each."""

    pieces: Iterable[NumberPiece]
    groups: Groups


def _refuse(low: float, high: float, *, infinite: int, name: str) -> None:
    if infinite:
        raise ModelInputError(
            f"numbers described must be finite; column '{name}' has {infinite:,} infinite "
            "ones. Mend the division that made them, or set them missing."
        )
    largest = max(abs(low), abs(high)) if low <= high else 0.0
    if largest > _LARGEST or 0 < largest < 1 / _LARGEST:
        raise ModelInputError(
            f"numbers described must lie within {1 / _LARGEST:g} and {_LARGEST:g}, or their squares are lost; those of "
            f"column '{name}' do not. "
            "Use another unit, or set missing what stands for a missing value."
        )


# Counting value by value


def _extent(pieces: Iterable[NumberPiece], name: str) -> tuple[float, float, bool]:
    from analysis_lib.report.columns.kernels import extent

    low, high, infinite, whole = np.inf, -np.inf, 0, True
    for piece in pieces:
        found = extent(piece.values, piece.bits, piece.offset)
        low, high, infinite, whole = min(low, found[0]), max(high, found[1]), infinite + found[2], whole and found[3]
    _refuse(low, high, infinite=infinite, name=name)
    return low, high, whole


def _counted(rows: _Rows, *, n_groups: int, name: str) -> tuple[Counts, FloatArray] | None:
    """Count each value by group, the missing last; None if there are too many values to count so."""
    from analysis_lib.report.columns.kernels import count_whole

    low, high, whole = _extent(rows.pieces, name)
    if low > high:
        low = high = 0.0
    if not whole or high - low >= _SPAN or (high - low + 2) * n_groups > _MOST_COUNTS:
        return None
    least, span = int(low), int(high) - int(low) + 1
    counts = np.zeros((n_groups, span + 1), dtype=np.int64)
    first = 0
    for piece in rows.pieces:
        count_whole(piece.values, piece.bits, piece.offset, rows.groups, first, least, counts)
        first += piece.values.size
    return counts, least + np.arange(span, dtype=np.float64)


def _small_counts(rows: _Rows, *, n_groups: int, name: str) -> tuple[Counts, FloatArray] | None:
    values = _with_nan(rows.pieces)
    known = values[~np.isnan(values)]
    infinite = int(np.isinf(known).sum())
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    _refuse(low, high, infinite=infinite, name=name)
    if not (known == np.floor(known)).all() or high - low >= min(_SPAN, _MOST_COUNTS / n_groups):
        return None
    span = int(high) - int(low) + 1
    counts = np.zeros((n_groups, span + 1), dtype=np.int64)
    places = np.where(np.isnan(values), span, np.nan_to_num(values) - low).astype(np.int64)
    np.add.at(counts, (rows.groups, places), 1)
    return counts, int(low) + np.arange(span, dtype=np.float64)


def _from_counts(counts: Counts, values: FloatArray, *, wanted: _Wanted) -> NumberFacts:
    ranks = _ranks_of_counts(counts[:, :-1]) if wanted.ranks else None
    if wanted.overall:
        counts = with_overall(counts)
    held, missing = counts[:, :-1], counts[:, -1]
    n = held.sum(axis=1)
    low = int(values[0])
    mean, squares = np.full(n.size, np.nan), np.zeros(n.size)
    for group in np.flatnonzero(n):
        # Whole numbers, added without any rounding however many there are.
        total, at = int(n[group]), np.flatnonzero(held[group])
        steps, times = at.tolist(), held[group, at].tolist()
        first = sum(step * count for step, count in zip(steps, times, strict=True))
        second = sum(step * step * count for step, count in zip(steps, times, strict=True))
        mean[group] = (low * total + first) / total
        squares[group] = (second * total - first * first) / total
    return NumberFacts(
        n=n,
        missing=missing,
        mean=mean,
        squares=squares,
        quartiles=_quartiles_of_counts(held, values) if wanted.quartiles else None,
        yes=_ones(held, values),
        ranks=ranks,
    )


def _ones(held: Counts, values: FloatArray) -> Counts | None:
    if not held.any() or values[0] < 0 or values[-1] > 1:
        return None
    return held[:, -1] if values[-1] == 1 else np.zeros(held.shape[0], dtype=np.int64)


def _quartiles_of_counts(held: Counts, values: FloatArray) -> FloatArray:
    found = np.full((held.shape[0], 3), np.nan)
    for group, counts in enumerate(held):
        upto = np.cumsum(counts)
        if upto[-1]:
            for place, share in enumerate(QUARTILES):
                at, below = _rank(int(upto[-1]), share)
                low, high = values[np.searchsorted(upto, [at, min(at + 1, upto[-1] - 1)], side="right")]
                found[group, place] = _between(float(low), float(high), part=below)
    return found


def _ranks_of_counts(held: Counts) -> RankFacts:
    every = held.sum(axis=0)
    mean_rank = np.cumsum(every) - (every - 1) / 2
    times = every.astype(np.float64)
    return RankFacts(held.sum(axis=1), held @ mean_rank, float((times**3 - times).sum()))


# Quantiles


def _rank(n: int, share: float) -> tuple[int, float]:
    """Find the order statistic below a quantile, counted from 0, and how far above it the quantile lies."""
    place = (n - 1) * share
    return int(place), place - int(place)


def _between(low: float, high: float, *, part: float) -> float:
    """Interpolate as numpy does, so that both give the same bits."""
    gap = high - low
    return high - gap * (1 - part) if part >= 0.5 else low + gap * part


def type_7(values: FloatArray, shares: Sequence[float] = QUARTILES) -> FloatArray:
    """Find quantiles by R's type 7.

    Parameters
    ----------
    values : ndarray of float64
        None missing.
    shares : sequence of float, default quartiles
        In [0, 1].

    Returns
    -------
    ndarray of float64
        NaN if there are no values.
    """
    return np.quantile(values, shares) if values.size else np.full(len(shares), np.nan)


# Numbers of any kind


def _with_nan(pieces: Iterable[NumberPiece]) -> FloatArray:
    parts = []
    for piece in pieces:
        values = piece.values.astype(np.float64)
        values[piece.missing()] = np.nan
        parts.append(values)
    return np.concatenate(parts) if parts else np.empty(0)


def _small(rows: _Rows, wanted: _Wanted) -> NumberFacts:
    values, groups = _with_nan(rows.pieces), rows.groups
    known = ~np.isnan(values)
    members = [groups == group for group in range(wanted.n_groups)]
    members = [np.ones(values.size, dtype=np.bool_), *members] if wanted.overall else members
    parts = [values[inside & known] for inside in members]
    moments = [_moments(part) for part in parts]
    return NumberFacts(
        n=np.array([part.size for part in parts], dtype=np.int64),
        missing=np.array([int((inside & ~known).sum()) for inside in members], dtype=np.int64),
        mean=np.array([mean for mean, _ in moments]),
        squares=np.array([squares for _, squares in moments]),
        quartiles=np.array([type_7(part) for part in parts]) if wanted.quartiles else None,
        yes=None,
        ranks=_ranks(values[known], groups[known], n_groups=wanted.n_groups) if wanted.ranks else None,
    )


def _moments(values: FloatArray) -> tuple[float, float]:
    if not values.size:
        return float("nan"), 0.0
    # From a value of the middle: exact where all are equal, and the mean's own rounding does not matter.
    middle = float(np.partition(values, values.size // 2)[values.size // 2])
    distances = values - middle
    mean = float(distances.mean())
    return middle + mean, float(np.square(distances - mean).sum())


def _ranks(values: FloatArray, groups: Groups, *, n_groups: int) -> RankFacts:
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if values.size else np.empty(0, int)
    times = np.diff(np.append(starts, values.size))
    mean_rank = np.repeat(starts + (times + 1) / 2, times)
    sums: FloatArray = np.bincount(groups[order], weights=mean_rank, minlength=n_groups).astype(np.float64)
    length = times.astype(np.float64)
    return RankFacts(np.bincount(groups, minlength=n_groups).astype(np.int64), sums, float((length**3 - length).sum()))


# One pass over many rows


@dataclass(frozen=True)
class _Sums:
    """What one pass found: totals, and the numbers set aside by bracket."""

    sums: FloatArray
    counts: Counts
    kept: list[FloatArray]
    cuts: FloatArray
    shift: FloatArray


def _selected(rows: _Rows, wanted: _Wanted) -> NumberFacts:
    """Sample, add up and select; everybody is a group of its own, with a pass of its own for its quartiles."""
    sample, of_group = _sample(rows)
    found = _added(rows, _Sample(sample, of_group, wanted.n_groups), quartiles=wanted.quartiles)
    n = found.counts[:, :-1].sum(axis=1)
    steps, squares = found.sums[:, 0] + found.sums[:, 2], found.sums[:, 1] + found.sums[:, 3]
    share = steps / np.maximum(n, 1)
    mean = np.where(n > 0, found.shift + share, np.nan)
    squares = np.maximum(squares - steps * share, 0.0)
    missing = found.counts[:, -1]
    quartiles = _quartiles(rows, found) if wanted.quartiles else None
    if wanted.overall:
        mean, squares = _pooled(n, mean, squares=squares)
        n, missing = with_overall(n), with_overall(missing)
        if quartiles is not None:
            together = _Rows(rows.pieces, np.zeros_like(rows.groups))
            every = _added(together, _Sample(sample, np.zeros_like(of_group), 1), quartiles=True)
            quartiles = np.vstack([_quartiles(together, every), quartiles])
    ranks = None
    if wanted.ranks:
        values = _with_nan(rows.pieces)
        known = ~np.isnan(values)
        ranks = _ranks(values[known], rows.groups[known], n_groups=wanted.n_groups)
    return NumberFacts(n=n, missing=missing, mean=mean, squares=squares, quartiles=quartiles, yes=None, ranks=ranks)


def _pooled(n: Counts, mean: FloatArray, *, squares: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Put everybody's moments before those of the groups (Chan, Golub and LeVeque)."""
    known = n > 0
    middle = mean[known][0] if known.any() else np.nan
    every = middle + float((n[known] * (mean[known] - middle)).sum()) / max(int(n.sum()), 1)
    together = float((squares[known] + n[known] * (mean[known] - every) ** 2).sum())
    return np.append(every, mean), np.append(together, squares)


@dataclass(frozen=True)
class _Sample:
    values: FloatArray
    groups: Groups
    n_groups: int


def _sample(rows: _Rows) -> tuple[FloatArray, Groups]:
    """Take every so many rows, from a place drawn for each step: data that repeat themselves would fool a fixed one."""
    step = max(1, rows.groups.size // _SAMPLE)
    draw = np.random.default_rng(20_121_223)
    values, members = [], []
    first = 0
    for piece in rows.pieces:
        size = piece.values.size
        drawn = np.arange(0, size, step)
        drawn = np.minimum(drawn + draw.integers(0, step, drawn.size), max(size - 1, 0))
        drawn = drawn[~piece.missing()[drawn]]
        values.append(piece.values[drawn].astype(np.float64))
        members.append(rows.groups[first + drawn])
        first += size
    return np.concatenate(values), np.concatenate(members)


def _brackets(sample: FloatArray) -> FloatArray:
    """Enclose each quartile between two values of a sorted sample; brackets that touch become one."""
    m = sample.size
    if m < _FEW:
        return np.array([-np.inf, np.inf, *([np.inf] * 4)])
    ends: list[list[float]] = []
    for share in QUARTILES:
        half = _WIDTH * np.sqrt(share * (1 - share) * m) + 1
        low, high = (sample[int(np.clip(share * (m - 1) + side * half, 0, m - 1))] for side in (-1, 1))
        if ends and low <= ends[-1][1]:
            ends[-1][1] = max(float(high), ends[-1][1])
        else:
            ends.append([float(low), float(high)])
    return np.array([end for pair in ends for end in pair] + [np.inf] * (6 - 2 * len(ends)))


def _added(rows: _Rows, sample: _Sample, *, quartiles: bool) -> _Sums:
    """Go over all rows once."""
    shift, cuts = np.zeros(sample.n_groups), np.full((sample.n_groups, 6), np.inf)
    for group in range(sample.n_groups):
        mine = np.sort(sample.values[sample.groups == group])
        if mine.size:
            shift[group] = mine[mine.size // 2]
        elif sample.values.size:
            shift[group] = sample.values[0]
        if quartiles:
            cuts[group] = _brackets(mine)
    return _pass(rows, shift=shift, cuts=cuts if quartiles else np.empty((sample.n_groups, 0)))


def _pass(rows: _Rows, *, shift: FloatArray, cuts: FloatArray) -> _Sums:
    from analysis_lib.report.columns.kernels import add_numbers

    n_groups, n_brackets = cuts.shape[0], cuts.shape[1] // 2
    sums, counts = np.zeros((n_groups, 4)), np.zeros((n_groups, 2 * n_brackets + 2), dtype=np.int64)
    kept: list[list[FloatArray]] = [[] for _ in range(n_groups * n_brackets)]
    room, places = np.empty(0), np.empty(0, dtype=np.uint8)
    first = 0
    for piece in rows.pieces:
        size = piece.values.size
        if size > room.size:
            room, places = np.empty(size), np.empty(size, dtype=np.uint8)
        values = piece.values.astype(np.float64, copy=False)
        n_kept = add_numbers(
            values, piece.bits, piece.offset, rows.groups, first, shift, cuts, sums, counts, room, places
        )
        _set_aside(kept, room[:n_kept], places=places[:n_kept])
        first += size
    whole = [np.concatenate(parts) if parts else np.empty(0) for parts in kept]
    return _Sums(sums, counts, whole, cuts, shift)


def _set_aside(kept: list[list[FloatArray]], values: FloatArray, *, places: Groups) -> None:
    if values.size:
        order = np.argsort(places, kind="stable")
        found, starts = np.unique(places[order], return_index=True)
        for place, part in zip(found, np.split(values[order], starts[1:]), strict=True):
            kept[int(place)].append(part)


def _quartiles(rows: _Rows, found: _Sums) -> FloatArray:
    """Read the quartiles off the brackets; where one lies outside, go over all rows once more and keep the group."""
    quartiles = np.array([_of_group(found, group) for group in range(found.cuts.shape[0])])
    outside = np.isnan(quartiles).any(axis=1) & (found.counts[:, :-1].sum(axis=1) > 0)
    if outside.any():
        cuts = np.full_like(found.cuts, np.inf)
        cuts[outside, 0] = -np.inf
        again = _pass(rows, shift=found.shift, cuts=cuts)
        for group in np.flatnonzero(outside):
            quartiles[group] = _of_group(again, int(group))
    return quartiles


def _of_group(found: _Sums, group: int) -> FloatArray:
    counts = found.counts[group, :-1]
    n, upto = int(counts.sum()), np.cumsum(counts)
    result = np.full(3, np.nan)
    if not n:
        return result
    # All ranks of the group at once: two next to one another may lie in different brackets, or two quartiles in one.
    wanted = sorted({rank for share in QUARTILES for at, _ in [_rank(n, share)] for rank in (at, min(at + 1, n - 1))})
    at_rank: dict[int, float] = {}
    for place in range(1, counts.size, 2):
        below = int(upto[place - 1])
        inside = [rank - below for rank in wanted if below <= rank < int(upto[place])]
        if not inside:
            continue
        low, high = found.cuts[group, place - 1 : place + 1]
        if low == high:
            at_rank |= {rank + below: float(low) for rank in inside}
        else:
            values = np.partition(found.kept[group * (found.cuts.shape[1] // 2) + place // 2], inside)
            at_rank |= {rank + below: float(values[rank]) for rank in inside}
    for place, share in enumerate(QUARTILES):
        at, part = _rank(n, share)
        if at in at_rank and min(at + 1, n - 1) in at_rank:
            result[place] = _between(at_rank[at], at_rank[min(at + 1, n - 1)], part=part)
    return result
