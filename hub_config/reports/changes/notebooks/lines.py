"""What changed in the source of one cell: line by line, and word by word within a line."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib import import_module
from typing import Any, Literal

from hub_config.reports.changes.notebooks.cells import Budget, pairs_of_operations

__all__ = ["BUDGET", "LineChange", "Segment", "compare_sources"]

Segment = tuple[Literal["same", "other"], str]
#: Products of the lengths of sources whose lines nbdime may compare in all; about 0.2 s.
BUDGET = 10_000_000
LONGEST_LINE = 500
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class LineChange:
    """One line of a comparison.

    Parameters
    ----------
    kind : {"same", "added", "removed"}
        A line that changed is one removed and one added.
    text : str
        Without its end.
    segments : tuple of (str, str)
        For a line that changed: its parts, each ``same`` or ``other`` than in its partner; else empty.
    """

    kind: Literal["same", "added", "removed"]
    text: str
    segments: tuple[Segment, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the line as types that JSON knows.

        Returns
        -------
        dict
            Keys kind, text, segments.
        """
        return {"kind": self.kind, "text": self.text, "segments": [list(part) for part in self.segments]}


def compare_sources(old: str, new: str, *, budget: Budget) -> tuple[LineChange, ...]:
    """Compare two sources line by line.

    Parameters
    ----------
    old, new : str
        Each with a line end behind its last line.
    budget : Budget
        What nbdime may be given; beyond it lines are matched where they are equal, and by their order else.

    Returns
    -------
    tuple of LineChange
        All lines of both, in order.
    """
    before, after = old.splitlines(), new.splitlines()
    low = 0
    while low < min(len(before), len(after)) and before[low] == after[low]:
        low += 1
    high = 0
    while high < min(len(before), len(after)) - low and before[-1 - high] == after[-1 - high]:
        high += 1
    middle = before[low : len(before) - high], after[low : len(after) - high]
    found = [LineChange("same", line) for line in before[:low]]
    found += _walk(*middle, pairs=_pair_lines(*middle, budget=budget))
    found += [LineChange("same", line) for line in before[len(before) - high :]]
    return tuple(found)


def _pair_lines(before: list[str], after: list[str], *, budget: Budget) -> list[tuple[int, int]]:
    if not before or not after:
        return []
    if budget.take(sum(map(len, before)) * sum(map(len, after)) + len(before) * len(after)):
        nbdime = import_module("nbdime")
        operations = nbdime.diff(before, after, path="/cells/*/source", config=_line_config())
        return pairs_of_operations(operations, n_old=len(before), n_new=len(after))
    # Of more than 200 lines, those that come again and again are no anchors: they cost the square of their number.
    matcher = SequenceMatcher(None, before, after)
    found = []
    for operation, i, j, k, m in matcher.get_opcodes():
        if operation == "equal" or (operation == "replace" and j - i == m - k):
            pairs = zip(range(i, j), range(k, m), strict=True)
            found += [(a, b) for a, b in pairs if operation == "equal" or _alike(before[a], after[b])]
    return found


def _alike(old: str, new: str) -> bool:
    """Tell whether two lines share half their words."""
    before, after = Counter(_WORDS.findall(old[:LONGEST_LINE])), Counter(_WORDS.findall(new[:LONGEST_LINE]))
    return 2 * (before & after).total() >= 0.5 * (before.total() + after.total())


def _line_config() -> Any:
    """Pair lines as nbdime does in a source: equal ones first, then those that are alike."""
    generic, config = import_module("nbdime.diffing.generic"), import_module("nbdime.diffing.config")
    predicates = {"/cells/*/source": [generic.compare_strings_approximate, str.__eq__]}
    return config.DiffConfig(predicates=predicates, differs={"/cells/*/source/*": _no_characters})


def _no_characters(*_: Any, **__: Any) -> list[Any]:
    """Leave out nbdime's comparison by characters; words are easier to read."""
    return []


def _walk(before: list[str], after: list[str], *, pairs: list[tuple[int, int]]) -> Iterator[LineChange]:
    one = other = 0
    for i, j in [*pairs, (len(before), len(after))]:
        yield from (LineChange("removed", line) for line in before[one:i])
        yield from (LineChange("added", line) for line in after[other:j])
        if i < len(before) and j < len(after):
            yield from _line(before[i], after[j])
        one, other = i + 1, j + 1


def _line(old: str, new: str) -> Iterator[LineChange]:
    if old == new:
        yield LineChange("same", old)
        return
    segments = _segments(old, new) if max(len(old), len(new)) <= LONGEST_LINE else ((), ())
    yield LineChange("removed", old, segments[0])
    yield LineChange("added", new, segments[1])


def _segments(old: str, new: str) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    removed: list[Segment] = []
    added: list[Segment] = []
    for operation, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        kind: Literal["same", "other"] = "same" if operation == "equal" else "other"
        if i < j:
            removed.append((kind, "".join(before[i:j])))
        if k < m:
            added.append((kind, "".join(after[k:m])))
    return tuple(removed), tuple(added)
