"""A vocabulary made from the concept sets of Circe documents: their concepts, and invented ones around them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]
FIRST_INVENTED = 2_100_000_000
"""Ids above two billion are left to local use by the model."""
_INVENTED_PER_CONCEPT = 4


class CirceVocabulary:
    """Concepts, their hierarchy and their mappings.

    Every concept that a concept set names gets an invented child, a grandchild, a deprecated child and a source code
    that maps to it. What a set excludes lies below what the set includes, so that leaving it out matters.

    Parameters
    ----------
    documents : iterable of mapping
        Circe documents.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self.concepts: dict[int, dict[str, Any]] = {}
        self.maps_to: dict[int, int] = {}
        self._children: dict[int, set[int]] = {}
        self._parents: dict[int, set[int]] = {}
        documents = list(documents)
        sets = [list(_items(chosen)) for document in documents for chosen in document.get("ConceptSets") or ()]
        for items in sets:
            for item in items:
                self._add(item["concept"])
        in_sets = sorted(self.concepts)
        for document in documents:
            for concept in _concepts_within(document):
                self._add(concept)
        for number, concept_id in enumerate(in_sets):
            self._invent(concept_id, number)
        self._put_excluded_below_included(sets)
        self._below: dict[int, frozenset[int]] = {}

    def _add(self, concept: Mapping[str, Any]) -> None:
        concept_id = int(concept["CONCEPT_ID"])
        standard, invalid = concept.get("STANDARD_CONCEPT"), concept.get("INVALID_REASON")
        self.concepts.setdefault(
            concept_id,
            {
                "concept_id": concept_id,
                "concept_name": concept.get("CONCEPT_NAME") or f"concept {concept_id}",
                "domain_id": concept.get("DOMAIN_ID") or "Observation",
                "vocabulary_id": concept.get("VOCABULARY_ID") or "None",
                "concept_class_id": concept.get("CONCEPT_CLASS_ID") or "Undefined",
                "standard_concept": standard if standard in {"S", "C"} else None,
                "concept_code": concept.get("CONCEPT_CODE") or str(concept_id),
                "invalid_reason": invalid if invalid in {"D", "U"} else None,
            },
        )

    def _invent(self, concept_id: int, number: int) -> None:
        origin = self.concepts[concept_id]
        child, grandchild, deprecated, source = (
            FIRST_INVENTED + number * _INVENTED_PER_CONCEPT + offset for offset in range(_INVENTED_PER_CONCEPT)
        )
        name = origin["concept_name"]
        for new_id, word, changes in (
            (child, "mild", {"standard_concept": "S", "invalid_reason": None}),
            (grandchild, "very mild", {"standard_concept": "S", "invalid_reason": None}),
            (deprecated, "formerly", {"standard_concept": None, "invalid_reason": "D"}),
            (source, "code of", {"standard_concept": None, "invalid_reason": None, "vocabulary_id": "Local"}),
        ):
            code = {"concept_id": new_id, "concept_name": f"{word} {name}", "concept_code": f"invented-{new_id}"}
            self.concepts[new_id] = {**origin, **code, **changes}
        for above, below in ((concept_id, child), (concept_id, deprecated), (child, grandchild)):
            self._put_below(above, below)
        self.maps_to[source] = concept_id

    def _put_below(self, parent: int, child: int) -> None:
        self._children.setdefault(parent, set()).add(child)
        self._parents.setdefault(child, set()).add(parent)

    def _put_excluded_below_included(self, sets: list[list[Mapping[str, Any]]]) -> None:
        included_of: dict[int, set[int]] = {}
        excluding: dict[int, set[int]] = {}
        for number, items in enumerate(sets):
            for item in items:
                side = excluding if item.get("isExcluded") else included_of
                side.setdefault(int(item["concept"]["CONCEPT_ID"]), set()).add(number)
        for items in sets:
            above = [i for i in items if i.get("includeDescendants") and not i.get("isExcluded")]
            for place, item in enumerate(i for i in items if i.get("isExcluded") and above):
                parent = int(above[place % len(above)]["concept"]["CONCEPT_ID"])
                child = int(item["concept"]["CONCEPT_ID"])
                # Never empty another set: one that asks for the child and excludes the parent.
                conflict = any(
                    excluding.get(one, set()) & included_of.get(other, set())
                    for one in _reach(parent, self._parents)
                    for other in _reach(child, self._children)
                )
                if parent not in _reach(child, self._children) and not conflict:
                    self._put_below(parent, child)

    def descendants(self, concept_id: int) -> frozenset[int]:
        """Find the concept and all below it.

        Parameters
        ----------
        concept_id : int
            Any concept.

        Returns
        -------
        frozenset of int
            With the concept itself, deprecated ones included.
        """
        if concept_id not in self._below:
            self._below[concept_id] = frozenset(_reach(concept_id, self._children))
        return self._below[concept_id]

    def resolve(self, items: Iterable[Mapping[str, Any]]) -> frozenset[int]:
        """Find what a concept set stands for, as the official query does.

        Parameters
        ----------
        items : iterable of mapping
            The set's items.

        Returns
        -------
        frozenset of int
            Concept ids.
        """
        sides: dict[bool, set[int]] = {False: set(), True: set()}
        for item in items:
            concept_id = int(item["concept"]["CONCEPT_ID"])
            found = {concept_id}
            if item.get("includeDescendants"):
                found |= {below for below in self.descendants(concept_id) if not self.concepts[below]["invalid_reason"]}
            if item.get("includeMapped"):
                found |= {source for source, standard in self.maps_to.items() if standard in found}
            sides[bool(item.get("isExcluded"))] |= found
        return frozenset(sides[False] - sides[True])

    def beside(self, items: Iterable[Mapping[str, Any]]) -> frozenset[int]:
        """Find what a concept set nearly stands for: excluded and deprecated concepts below what it names.

        Parameters
        ----------
        items : iterable of mapping
            The set's items.

        Returns
        -------
        frozenset of int
            Concept ids, none of them in the set.
        """
        items = list(items)
        named = [int(item["concept"]["CONCEPT_ID"]) for item in items]
        return frozenset().union(*map(self.descendants, named)) - self.resolve(items)

    def ancestor_rows(self) -> Iterator[dict[str, int]]:
        """Write concept_ancestor.

        Yields
        ------
        dict of str to int
            One row; each concept is its own ancestor.
        """
        for concept_id in self.concepts:
            for below in sorted(self.descendants(concept_id)):
                distance = int(below != concept_id)
                yield {
                    "ancestor_concept_id": concept_id,
                    "descendant_concept_id": below,
                    "min_levels_of_separation": distance,
                    "max_levels_of_separation": distance,
                }


def _reach(concept_id: int, steps: Mapping[int, set[int]]) -> set[int]:
    """Find a concept and all that lies above or below it."""
    found, waiting = {concept_id}, [concept_id]
    while waiting:
        new = steps.get(waiting.pop(), set()) - found
        found |= new
        waiting.extend(new)
    return found


def _items(concept_set: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (concept_set.get("expression") or {}).get("items") or ()


def concept_set_items(document: Document) -> dict[int, list[Mapping[str, Any]]]:
    """List the items of each concept set of a document.

    Parameters
    ----------
    document : mapping
        A Circe document.

    Returns
    -------
    dict of int to list
        By the number that criteria use.
    """
    return {int(chosen["id"]): list(_items(chosen)) for chosen in document.get("ConceptSets") or ()}


def _concepts_within(part: Any) -> Iterator[Mapping[str, Any]]:
    """Find every concept that is written out anywhere in a document."""
    if isinstance(part, Mapping):
        if "CONCEPT_ID" in part:
            yield part
        for inner in part.values():
            yield from _concepts_within(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _concepts_within(inner)
