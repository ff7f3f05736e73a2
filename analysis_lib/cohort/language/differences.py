"""What changed from one definition to another, in words and for machines."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from analysis_lib.cohort.language.concepts import Concept, ConceptSet, ConceptSetItem
from analysis_lib.cohort.language.conditions import Where
from analysis_lib.cohort.language.criteria import Criterion, Demographics, Group, InclusionRule
from analysis_lib.cohort.language.documents import part_document
from analysis_lib.cohort.language.entries import Entry, EntryEvent
from analysis_lib.cohort.language.events import CustomEra, Event
from analysis_lib.cohort.language.rules import PriorObservation, Washout
from analysis_lib.cohort.language.sentences import (
    condition_words,
    entry_sentences,
    event_words,
    group_words,
    rule_sentences,
)
from analysis_lib.cohort.language.tree import parts_of
from analysis_lib.tables import html_table

if TYPE_CHECKING:
    from analysis_lib.cohort.language.definition import CohortDefinition

__all__ = ["Difference", "Differences", "difference"]


@dataclass(frozen=True)
class Difference:
    """One thing that changed.

    Parameters
    ----------
    path : str
        Where, such as ``inclusion_rules[2].group.criteria[0].count``, in the later definition (in the earlier one if
        it was taken away).
    kind : {"changed", "added", "removed"}
        What happened to it.
    before, after : Any
        What JSON can hold; None where there is nothing.
    sentence : str
        The same in words.
    """

    path: str
    kind: str
    before: Any
    after: Any
    sentence: str


@dataclass(frozen=True)
class Differences:
    """All that changed from one definition to another.

    Parameters
    ----------
    items : tuple of Difference
        In the order of the definition.
    same_meaning : bool
        Whether both find the same people on any data: their hashes are equal.
    """

    items: tuple[Difference, ...]
    same_meaning: bool

    @property
    def lines(self) -> list[str]:
        """What changed, one sentence each, the verdict first."""
        if not self.items:
            return ["Nothing changed."]
        verdict = "Only the wording changed; the meaning is the same." if self.same_meaning else "The meaning changed."
        return [verdict, *(f"  {item.sentence}" for item in self.items)]

    def as_dicts(self) -> list[dict[str, Any]]:
        """Give the changes for machines.

        Returns
        -------
        list of dict
            With ``path``, ``kind``, ``before``, ``after`` and ``sentence``.
        """
        return [{field.name: getattr(item, field.name) for field in fields(item)} for item in self.items]

    def __bool__(self) -> bool:
        return bool(self.items)

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def _repr_html_(self) -> str:
        rows = [[item.path, item.kind, item.sentence] for item in self.items]
        return html_table(["Where", "What", "In words"], rows, caption=self.lines[0], notes=[], left=3)


def difference(before: "CohortDefinition", after: "CohortDefinition") -> Differences:
    """Say what changed from one definition to another.

    Parameters
    ----------
    before, after : CohortDefinition
        The definitions.

    Returns
    -------
    Differences
        Sentences, and a form for machines.
    """
    return Differences(tuple(_compared("", before=before, after=after)), before.sha256 == after.sha256)


def _compared(path: str, *, before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before, ConceptSet) and isinstance(after, ConceptSet):
        yield from _concept_sets(path, before=before, after=after)
    elif isinstance(before, tuple) and isinstance(after, tuple) and _has_parts(before + after):
        yield from _lists(path, before=before, after=after)
    elif is_dataclass(before) and type(before) is type(after) and not isinstance(before, Where):
        below_before, below_after = parts_of(before, path), parts_of(after, path)
        for (below, old), (_, new) in zip(below_before, below_after, strict=True):
            yield from _compared(below, before=old, after=new)
    elif before is None:
        yield _difference(path, "added", before=None, after=after)
    elif after is None:
        yield _difference(path, "removed", before=before, after=None)
    else:
        yield _difference(path, "changed", before=before, after=after)


def _has_parts(values: tuple[Any, ...]) -> bool:
    return any(is_dataclass(value) and not isinstance(value, Concept) for value in values)


def _lists(path: str, *, before: tuple[Any, ...], after: tuple[Any, ...]) -> Iterator[Difference]:
    for kind, b0, b1, a0, a1 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        paired = min(b1 - b0, a1 - a0) if kind == "replace" else 0
        if kind == "equal":
            continue
        for number in range(paired):
            yield from _compared(f"{path}[{a0 + number}]", before=before[b0 + number], after=after[a0 + number])
        for number in range(b0 + paired, b1):
            yield _difference(f"{path}[{number}]", "removed", before=before[number], after=None)
        for number in range(a0 + paired, a1):
            yield _difference(f"{path}[{number}]", "added", before=None, after=after[number])


def _concept_sets(path: str, *, before: ConceptSet, after: ConceptSet) -> Iterator[Difference]:
    if before.name != after.name:
        yield _difference(f"{path}.name", "changed", before=before.name, after=after.name)
    old, new = ({item.meaning: item for item in each.items} for each in (before, after))
    for kind, some, others in (("removed", old, new), ("added", new, old)):
        for meaning, item in some.items():
            if meaning not in others:
                said = f"concept set '{after.name}': line {kind}: {_words(item)}"
                document = part_document(item)
                sides = (document, None) if kind == "removed" else (None, document)
                yield Difference(f"{path}.items", kind, sides[0], sides[1], sentence=f"{path}: {said}")


def _difference(path: str, kind: str, *, before: Any, after: Any) -> Difference:
    where = path or "the definition"
    if kind == "changed":
        old, new = _words(before), _words(after)
        # Whole sentences read on badly without marks around them.
        said = (
            f"{where}: '{old}' became '{new}'"
            if old.endswith(".") or new.endswith(".")
            else f"{where}: {old} became {new}"
        )
    else:
        said = f"{where} {kind}: {_words(before if kind == 'removed' else after)}"
    return Difference(path, kind, part_document(before), part_document(after), sentence=said)


def _words(part: Any) -> str:
    says: tuple[tuple[Any, Callable[[Any], str]], ...] = (
        (Event | CustomEra, event_words),
        (Where, condition_words),
        (Entry | EntryEvent, lambda entry: " ".join(words for _, words in entry_sentences(entry))),
        (InclusionRule | PriorObservation | Washout, lambda rule: " ".join(words for _, words in rule_sentences(rule))),
        (Group | Criterion | Demographics, group_words),
        (ConceptSetItem, lambda item: ConceptSet("item", [item], may_be_empty=True).describe().removeprefix("item ")),
    )
    for kind, say in says:
        if isinstance(part, kind):
            return say(part)
    return str(part.describe()) if hasattr(part, "describe") else repr(part_document(part))
