"""Cohort definitions as JSON: written canonically, read strictly; an unknown part is refused, never dropped."""

import json
from collections.abc import Mapping
from typing import Any

from analysis_lib.cohort.language.concepts import ConceptSet, ConceptSetItem
from analysis_lib.cohort.language.definition import (
    CohortDefinition,
    EndOfObservation,
    EntryEvent,
    Exit,
    FixedDuration,
    InclusionRule,
    PriorObservation,
    Washout,
)
from analysis_lib.cohort.language.fields import check_choice, check_type
from analysis_lib.errors import InvalidDefinitionError

__all__ = ["SCHEMA", "read_definition"]

SCHEMA = "cohorthub.cohort-definition/1"
_PARTS = {part.__name__: part for part in (EntryEvent, PriorObservation, Washout, EndOfObservation, FixedDuration)}
_KEYS = {"schema", "cohort_definition_id", "name", "entry", "inclusion_rules", "entries_per_person", "exit"}


def read_definition(text: str) -> CohortDefinition:
    """Read what `CohortDefinition.to_json` wrote.

    Parameters
    ----------
    text : str
        The JSON.

    Returns
    -------
    CohortDefinition
        Equal to the one that was written.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InvalidDefinitionError(
            "a cohort definition must be JSON; the text is not. Give what CohortDefinition.to_json() wrote."
        ) from error
    _check_keys("a cohort definition", document, known=_KEYS)
    check_choice("schema of a cohort definition", document["schema"], known=(SCHEMA,))
    check_type("inclusion_rules of a cohort definition", document["inclusion_rules"], types=(list,))
    return CohortDefinition(
        name=document["name"],
        entry=_read_part(document["entry"]),
        inclusion_rules=tuple(_read_part(rule) for rule in document["inclusion_rules"]),
        exit=_read_part(document["exit"]),
        entries_per_person=document["entries_per_person"],
        cohort_definition_id=document["cohort_definition_id"],
    )


def _read_part(document: Any) -> Any:
    check_type("a part of a cohort definition", document, types=(dict,))
    check_choice("type of a part of a cohort definition", document.get("type"), known=_PARTS)
    part = _PARTS[document["type"]]
    _check_keys(part.__name__, document, known={"type", *part.__dataclass_fields__})
    values = {key: value for key, value in document.items() if key != "type"}
    if "concept_set" in values:
        values["concept_set"] = _read_concept_set(values["concept_set"])
    return part(**values)


def _read_concept_set(document: Any) -> ConceptSet:
    _check_keys("a concept set", document, known={"name", "items"})
    check_type("items of a concept set", document["items"], types=(list,))
    for item in document["items"]:
        _check_keys("a line of a concept set", item, known=set(ConceptSetItem._fields))
        check_type("include_descendants", item["include_descendants"], types=(bool,))
        check_type("is_excluded", item["is_excluded"], types=(bool,))
    return ConceptSet(document["name"], [ConceptSetItem(**item) for item in document["items"]])


def _check_keys(what: str, document: Any, *, known: set[str]) -> None:
    check_type(what, document, types=(dict,))
    assert isinstance(document, Mapping)  # noqa: S101 - for the type checker; check_type has refused the rest
    unknown, missing = sorted(document.keys() - known), sorted(known - document.keys())
    if unknown or missing:
        raise InvalidDefinitionError(
            f"{what} must have exactly these keys: {', '.join(sorted(known))}; "
            f"unknown: {', '.join(unknown) or 'none'}; missing: {', '.join(missing) or 'none'}."
        )


def as_document(definition: CohortDefinition) -> dict[str, Any]:
    """Turn a definition into what JSON can hold; `read_definition` is the way back."""
    return {
        "schema": SCHEMA,
        "cohort_definition_id": definition.cohort_definition_id,
        "name": definition.name,
        "entry": _part(definition.entry),
        "inclusion_rules": [_part(rule) for rule in definition.inclusion_rules],
        "entries_per_person": definition.entries_per_person,
        "exit": _part(definition.exit),
    }


def _part(part: EntryEvent | InclusionRule | Exit) -> dict[str, Any]:
    values = {name: getattr(part, name) for name in part.__dataclass_fields__}
    return {"type": type(part).__name__} | {
        name: _concept_set(value) if isinstance(value, ConceptSet) else value for name, value in values.items()
    }


def _concept_set(concept_set: ConceptSet) -> dict[str, Any]:
    return {"name": concept_set.name, "items": [item._asdict() for item in concept_set.items]}


def meaning_of(value: Any) -> Any:
    """Leave out of a document what only people read: names, and the number of the cohort."""
    if isinstance(value, Mapping):
        return {key: meaning_of(inner) for key, inner in value.items() if key not in {"name", "cohort_definition_id"}}
    return [meaning_of(inner) for inner in value] if isinstance(value, list) else value


def canonical_json(document: Any) -> str:
    """Write `document` so that equal documents give equal text."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
