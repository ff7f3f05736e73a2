"""Concept sets, resolved one concept at a time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["resolve_codesets"]

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]


def resolve_codesets(concept_sets: Sequence[Row], tables: Tables) -> dict[int, frozenset[int]]:
    """Return the concepts of each concept set by the set's id.

    A listed concept counts if the vocabulary has it, valid or not; a descendant only if it is valid. Mapped
    concepts are those with a valid "Maps to" into the listed ones, and into their descendants if asked for.

    Parameters
    ----------
    concept_sets : sequence of dict
        The definition's ``ConceptSets``.
    tables : dict of str to list of dict
        The vocabulary: ``concept``, ``concept_ancestor``, ``concept_relationship``.

    Returns
    -------
    dict of int to frozenset of int
        Concept ids, without the excluded ones.
    """
    invalid = {row["concept_id"]: row.get("invalid_reason") for row in tables.get("concept", ())}
    below: dict[int, set[int]] = defaultdict(set)
    for row in tables.get("concept_ancestor", ()):
        descendant = row["descendant_concept_id"]
        if descendant in invalid and invalid[descendant] is None:
            below[row["ancestor_concept_id"]].add(descendant)
    sources: dict[int, set[int]] = defaultdict(set)
    for row in tables.get("concept_relationship", ()):
        if row["relationship_id"] == "Maps to" and row.get("invalid_reason") is None:
            sources[row["concept_id_2"]].add(row["concept_id_1"])

    def resolve(items: Sequence[Row]) -> frozenset[int]:
        included: set[int] = set()
        excluded: set[int] = set()
        for item in items:
            concept_id = item["concept"]["CONCEPT_ID"]
            found = {concept_id} & invalid.keys()
            if item.get("includeDescendants"):
                found |= below[concept_id]
            if item.get("includeMapped"):
                found |= {source for one in found for source in sources[one]}
            (excluded if item.get("isExcluded") else included).update(found)
        return frozenset(included - excluded)

    return {one["id"]: resolve(one["expression"]["items"]) for one in concept_sets}
