"""Which cell of one notebook is which cell of another.

Cells that are equal, and cells with the same id, are put together first. What is left between them is given to nbdime,
whose comparison costs the product of the lengths of all pairs of cells: a few cells take milliseconds, a hundred
rewritten ones minutes. Beyond a budget cells are therefore matched by the lines they share.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from importlib import import_module
from typing import Any

__all__ = ["Alignment", "Budget", "CellText", "align_cells", "pairs_of_operations"]

#: Products of lengths that nbdime may be given in all; 20 ns each on two levels, so about 0.4 s.
BUDGET = 10_000_000
#: Pairs of cells that are compared by their lines.
MOST_PAIRS = 40_000
MOST_CELLS = 5_000


@dataclass(frozen=True)
class CellText:
    """What of a cell is compared; outputs and counts are not.

    Parameters
    ----------
    kind : str
        ``code``, ``markdown`` or ``raw``.
    source : str
        With a line end behind the last line.
    id : str
        '' where it has none.
    tags : tuple of str
        In the order written.
    metadata : mapping
        Without tags and what a run leaves there.
    """

    kind: str
    source: str
    id: str = ""
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass
class Alignment:
    """Cells that belong together.

    Parameters
    ----------
    pairs : list of (int, int)
        Positions in the old and the new notebook, rising on both sides.
    is_rough : bool
        Whether some were matched by their lines alone.
    """

    pairs: list[tuple[int, int]] = field(default_factory=list)
    is_rough: bool = False


@dataclass
class Budget:
    """How much more nbdime may be given.

    Parameters
    ----------
    left : int
        Products of lengths.
    """

    left: int

    def take(self, cost: int) -> bool:
        """Spend, if there is as much.

        Parameters
        ----------
        cost : int
            A product of lengths.

        Returns
        -------
        bool
            Whether it was spent.
        """
        if cost > self.left:
            return False
        self.left -= cost
        return True


Gap = tuple[int, int, int, int]


def align_cells(old: Sequence[CellText], new: Sequence[CellText]) -> Alignment:
    """Find out which cell became which.

    Parameters
    ----------
    old, new : sequence of CellText
        The cells of two notebooks.

    Returns
    -------
    Alignment
        Pairs in order; a cell that moved past others is in none.
    """
    anchors = _equal_runs([(c.kind, c.source) for c in old], [(c.kind, c.source) for c in new])
    for gap in _gaps(anchors, n_old=len(old), n_new=len(new)):
        anchors += _same_ids(old, new, gap=gap)
    anchors.sort()
    found = Alignment(list(anchors))
    budget = Budget(BUDGET)
    for gap in _gaps(anchors, n_old=len(old), n_new=len(new)):
        i, j, k, m = gap
        # However short they are, to compare two cells costs as much as some hundred signs.
        cost = sum(len(c.source) + 20 for c in old[i:j]) * sum(len(c.source) + 20 for c in new[k:m])
        if i == j or k == m:
            continue
        if budget.take(cost):
            pairs = _by_nbdime(old[i:j], new[k:m])
        else:
            found.is_rough = True
            pairs = _by_lines(old[i:j], new[k:m])
        found.pairs += [(i + one, k + other) for one, other in pairs]
    found.pairs.sort()
    return found


def _equal_runs(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pair what is equal, the ends first, as most edits leave them alone."""
    low = 0
    while low < min(len(old), len(new)) and old[low] == new[low]:
        low += 1
    high = 0
    while high < min(len(old), len(new)) - low and old[-1 - high] == new[-1 - high]:
        high += 1
    pairs = [(n, n) for n in range(low)] + [(len(old) - n, len(new) - n) for n in range(high, 0, -1)]
    if max(len(old), len(new)) - low - high > MOST_CELLS:
        return pairs
    # Of more than 200 cells, those that come again and again are no anchors: they cost the square of their number.
    matcher = SequenceMatcher(None, old[low : len(old) - high], new[low : len(new) - high])
    blocks = matcher.get_matching_blocks()
    return sorted(pairs + [(low + b.a + n, low + b.b + n) for b in blocks for n in range(b.size)])


def _gaps(pairs: Sequence[tuple[int, int]], *, n_old: int, n_new: int) -> list[Gap]:
    """List the stretches between pairs; empty on both sides left out."""
    found, at = [], (0, 0)
    for one, other in [*pairs, (n_old, n_new)]:
        if one > at[0] or other > at[1]:
            found.append((at[0], one, at[1], other))
        at = (one + 1, other + 1)
    return found


def _same_ids(old: Sequence[CellText], new: Sequence[CellText], *, gap: Gap) -> list[tuple[int, int]]:
    i, j, k, m = gap
    if max(j - i, m - k) > MOST_CELLS:
        return []
    # A cell without an id is like no other.
    one = [(c.id, c.kind) if c.id else (n, "old") for n, c in enumerate(old[i:j])]
    other = [(c.id, c.kind) if c.id else (n, "new") for n, c in enumerate(new[k:m])]
    blocks = SequenceMatcher(None, one, other).get_matching_blocks()
    return [(i + b.a + n, k + b.b + n) for b in blocks for n in range(b.size)]


def _by_nbdime(old: Sequence[CellText], new: Sequence[CellText]) -> list[tuple[int, int]]:
    nbdime = import_module("nbdime")  # takes a moment, so only where it is needed
    operations = nbdime.diff_notebooks(_document(old), _document(new))
    cells: list[Any] = next((operation["diff"] for operation in operations if operation["key"] == "cells"), [])
    pairs = pairs_of_operations(cells, n_old=len(old), n_new=len(new))
    # nbdime takes the same id for the same cell, though code may have become text.
    return [(i, j) for i, j in pairs if old[i].kind == new[j].kind]


def pairs_of_operations(operations: Sequence[Any], *, n_old: int, n_new: int) -> list[tuple[int, int]]:
    """Read which entries belong together out of nbdime's operations on a list.

    Parameters
    ----------
    operations : sequence of mapping
        nbdime's diff of two lists.
    n_old, n_new : int
        Lengths of the lists.

    Returns
    -------
    list of (int, int)
        Positions in both, rising.
    """
    pairs = []
    one = other = 0
    for operation in operations:
        while one < operation["key"]:
            pairs.append((one, other))
            one, other = one + 1, other + 1
        if operation["op"] == "addrange":
            other += len(operation["valuelist"])
        elif operation["op"] == "removerange":
            one += operation["length"]
    while one < n_old and other < n_new:
        pairs.append((one, other))
        one, other = one + 1, other + 1
    return pairs


def _document(cells: Sequence[CellText]) -> dict[str, Any]:
    """Make the notebook that nbdime is shown: sources, kinds and ids, nothing else."""
    listed: list[dict[str, Any]] = []
    for cell in cells:
        entry: dict[str, Any] = {"cell_type": cell.kind, "source": cell.source, "metadata": {}}
        if cell.id:
            entry["id"] = cell.id
        if cell.kind == "code":
            entry |= {"outputs": [], "execution_count": None}
        listed.append(entry)
    return {"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _by_lines(old: Sequence[CellText], new: Sequence[CellText]) -> list[tuple[int, int]]:
    """Pair cells of which half the lines are the same, as many as can be without crossing."""
    if len(old) * len(new) > MOST_PAIRS:
        return []
    counted = [[Counter(cell.source.splitlines()) for cell in cells] for cells in (old, new)]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    alike = [[0.0] * len(new) for _ in old]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            alike[i][j] = _share(counted[0][i], counted[1][j]) if old[i].kind == new[j].kind else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], alike[i][j] + best[i + 1][j + 1])
    pairs, i, j = [], 0, 0
    while i < len(old) and j < len(new):
        if alike[i][j] and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _share(old: Counter[str], new: Counter[str]) -> float:
    total = old.total() + new.total()
    share = 2 * (old & new).total() / total if total else 0.0
    return share if share >= 0.5 else 0.0
