"""Many numbers of any kind: moments and exact quartiles in one pass.

The pass adds up the moments and sets aside the numbers near each quartile, between two values of a sample that enclose
it almost surely; how many lie below is counted, so the quartiles are exact, and where a sample missed one (it is
noticed) the pass is done again without a sample (Floyd R. W., Rivest R. L. (1975). Expected time bounds for selection.
Commun. ACM 18(3), 165-172).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis_lib.report.columns.levels import with_overall
from analysis_lib.report.columns.number_facts import (
    QUARTILES,
    NumberFacts,
    NumberRows,
    WantedNumbers,
    between,
    rank_of,
    ranks_of,
    with_nan,
)

__all__ = ["selected_facts"]

FloatArray = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Groups = npt.NDArray[np.uint8]

#: Numbers in the sample that tells where quartiles lie, over all groups.
_SAMPLE = 65_536
#: Standard errors of a sample quantile on each side: outside lies one quartile in millions.
_WIDTH = 5.0
#: A group with fewer in the sample is set aside whole.
_FEW = 200


@dataclass(frozen=True)
class _Sums:
    """What one pass found: totals, and the numbers set aside by bracket."""

    sums: FloatArray
    counts: Counts
    kept: list[FloatArray]
    cuts: FloatArray
    shift: FloatArray


def selected_facts(rows: NumberRows, wanted: WantedNumbers) -> NumberFacts:
    """Sample, add up and select; everybody is a group of its own, with a pass of its own for its quartiles.

    Parameters
    ----------
    rows : NumberRows
        Numbers and their groups.
    wanted : WantedNumbers
        What is asked.

    Returns
    -------
    NumberFacts
        Quartiles are exact.
    """
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
            together = NumberRows(rows.pieces, np.zeros_like(rows.groups))
            every = _added(together, _Sample(sample, np.zeros_like(of_group), 1), quartiles=True)
            quartiles = np.vstack([_quartiles(together, every), quartiles])
    ranks = None
    if wanted.ranks:
        values = with_nan(rows.pieces)
        known = ~np.isnan(values)
        ranks = ranks_of(values[known], rows.groups[known], n_groups=wanted.n_groups)
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


def _sample(rows: NumberRows) -> tuple[FloatArray, Groups]:
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


def _added(rows: NumberRows, sample: _Sample, *, quartiles: bool) -> _Sums:
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


def _pass(rows: NumberRows, *, shift: FloatArray, cuts: FloatArray) -> _Sums:
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


def _quartiles(rows: NumberRows, found: _Sums) -> FloatArray:
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
    wanted = sorted({rank for share in QUARTILES for at, _ in [rank_of(n, share)] for rank in (at, min(at + 1, n - 1))})
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
        at, part = rank_of(n, share)
        if at in at_rank and min(at + 1, n - 1) in at_rank:
            result[place] = between(at_rank[at], at_rank[min(at + 1, n - 1)], part=part)
    return result
