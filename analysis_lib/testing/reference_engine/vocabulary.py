"""Concept sets, resolved one concept at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["resolve_codesets"]

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]


def resolve_codesets(concept_sets: Sequence[Row], tables: Tables) -> dict[int, frozenset[int]]:
    """Return the concepts of each concept set by the set's id.

    A listed concept counts if the vocabulary has it, valid or not; a descendant only if it is valid. Mapped
    concepts are those with a valid "Maps to" into the listed ones, and into their descendants if asked for.
    """
    return {one["id"]: _resolve(one["expression"]["items"], tables) for one in concept_sets}


def _resolve(items: Sequence[Row], tables: Tables) -> frozenset[int]:
    included: set[int] = set()
    excluded: set[int] = set()
    for item in items:
        (excluded if item.get("isExcluded") else included).update(_concepts_of(item, tables))
    return frozenset(included - excluded)


def _concepts_of(item: Row, tables: Tables) -> set[int]:
    concept_id = item["concept"]["CONCEPT_ID"]
    invalid = {row["concept_id"]: row.get("invalid_reason") for row in tables.get("concept", ())}
    found = {concept_id} & invalid.keys()
    if item.get("includeDescendants"):
        found |= {
            row["descendant_concept_id"]
            for row in tables.get("concept_ancestor", ())
            if row["ancestor_concept_id"] == concept_id
            and row["descendant_concept_id"] in invalid
            and invalid[row["descendant_concept_id"]] is None
        }
    return found | _mapped_to(found, tables) if item.get("includeMapped") else found


def _mapped_to(concepts: set[int], tables: Tables) -> set[int]:
    return {
        row["concept_id_1"]
        for row in tables.get("concept_relationship", ())
        if row["relationship_id"] == "Maps to" and row.get("invalid_reason") is None and row["concept_id_2"] in concepts
    }
