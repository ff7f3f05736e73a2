"""Conditions as Circe writes them, both ways."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from math import isfinite
from typing import Any

from analysis_lib.cohort.language.attributes import Attribute
from analysis_lib.cohort.language.circe_keys import Node
from analysis_lib.cohort.language.codesets import Codesets
from analysis_lib.cohort.language.concepts import Concept, ConceptSet
from analysis_lib.cohort.language.conditions import Where

__all__ = ["read_conditions", "write_conditions"]

COMPARISONS = {
    "<": "lt",
    "<=": "lte",
    "=": "eq",
    "!=": "!eq",
    ">": "gt",
    ">=": "gte",
    "between": "bt",
    "not between": "!bt",
}
TEXTS = {
    "=": "eq",
    "!=": "!eq",
    "contains": "contains",
    "not contains": "!contains",
    "starts with": "startsWith",
    "not starts with": "!startsWith",
    "ends with": "endsWith",
    "not ends with": "!endsWith",
}


def write_conditions(
    conditions: Iterable[Where], known: Mapping[str, Attribute], *, codesets: Codesets
) -> dict[str, Any]:
    """Write conditions as attributes of a Circe criterion.

    Parameters
    ----------
    conditions : iterable of Where
        The conditions.
    known : mapping of str to Attribute
        Their fields.
    codesets : Codesets
        Numbers the concept sets.

    Returns
    -------
    dict
        The attributes.
    """
    document: dict[str, Any] = {}
    for condition in conditions:
        attribute = known[condition.field]
        if attribute.kind == "concepts":
            document |= _written_concepts(condition, attribute, codesets=codesets)
        elif attribute.kind == "concept_set":
            document[attribute.circe] = codesets.number(condition.value)
        elif attribute.kind == "text":
            document[attribute.circe] = {"Text": condition.value, "Op": TEXTS[condition.operator]}
        elif attribute.kind == "flag":
            document[attribute.circe] = condition.value
        elif attribute.kind == "period":
            days = zip(("StartDate", "EndDate"), condition.value, strict=True)
            document[attribute.circe] = {name: day.isoformat() for name, day in days if day is not None}
        else:
            document[attribute.circe] = _written_range(condition)
    return document


def _written_range(condition: Where) -> dict[str, Any]:
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    written = [value.isoformat() if isinstance(value, date) else value for value in values]
    return dict(zip(("Value", "Extent"), written, strict=False)) | {"Op": COMPARISONS[condition.operator]}


def _written_concepts(condition: Where, attribute: Attribute, *, codesets: Codesets) -> dict[str, Any]:
    excluded = condition.operator in ("not in", "is not recorded")
    if isinstance(condition.value, ConceptSet):
        number = codesets.number(condition.value)
        return {f"{attribute.circe}CS": {"CodesetId": number, "IsExclusion": excluded}}
    if condition.value is None:
        return {f"{attribute.circe}CS": {"IsExclusion": excluded}}
    listed = [{"CONCEPT_ID": one.concept_id, "CONCEPT_NAME": one.concept_name} for one in condition.value]
    return {attribute.circe: listed} | ({attribute.exclusion: True} if excluded else {})


def read_conditions(
    node: Node, known: Mapping[str, Attribute], *, concept_sets: Mapping[int, ConceptSet]
) -> tuple[Where, ...]:
    """Read the attributes of a Circe criterion.

    Parameters
    ----------
    node : Node
        The criterion; what is read is taken from it.
    known : mapping of str to Attribute
        What can be asked.
    concept_sets : mapping of int to ConceptSet
        The document's concept sets.

    Returns
    -------
    tuple of Where
        The conditions.
    """
    found: list[Where] = []
    for attribute in known.values():
        if attribute.kind == "concepts":
            found += _read_concepts(node, attribute, concept_sets=concept_sets)
        elif attribute.kind == "concept_set":
            number = node.take(attribute.circe)
            if number is not None:
                found.append(Where(attribute.name, "in", node.concept_set(attribute.circe, number, among=concept_sets)))
        elif attribute.kind == "flag":
            if node.flag(attribute.circe):
                found.append(Where(attribute.name, "is", value=True))
        else:
            below = node.below(attribute.circe)
            if below is not None:
                found += _READERS[attribute.kind](below, attribute)
    return tuple(found)


def _read_concepts(node: Node, attribute: Attribute, *, concept_sets: Mapping[int, ConceptSet]) -> Iterator[Where]:
    excluded = bool(attribute.exclusion) and node.flag(attribute.exclusion)
    listed = node.nodes(attribute.circe) if attribute.listed else []
    concepts = [concept for each in listed if (concept := read_concept(each)) is not None]
    if concepts:
        yield Where(attribute.name, "not in" if excluded else "in", tuple(concepts))
    chosen = node.below(f"{attribute.circe}CS") if attribute.chosen else None
    if chosen is not None:
        number, exclusion = chosen.take("CodesetId"), chosen.flag("IsExclusion")
        chosen.finish()
        if number is None:
            yield Where(attribute.name, "is not recorded" if exclusion else "is recorded")
        else:
            concept_set = chosen.concept_set("CodesetId", number, among=concept_sets)
            yield Where(attribute.name, "not in" if exclusion else "in", concept_set)


def read_concept(node: Node) -> Concept | None:
    """Read a concept; of all that Circe writes of it only the id counts, and the name is kept for people.

    Parameters
    ----------
    node : Node
        The concept.

    Returns
    -------
    Concept or None
        None if it has no id, which Circe passes over.
    """
    concept_id, name = node.take("CONCEPT_ID"), node.take("CONCEPT_NAME")
    if concept_id is None:
        return None
    return Concept(node.whole("CONCEPT_ID", concept_id), plain_text(name))


def plain_text(value: Any) -> str:
    """Make one printable line of a text for people.

    Parameters
    ----------
    value : Any
        The text, or none.

    Returns
    -------
    str
        The line; "" for none.
    """
    return " ".join("".join(one if one.isprintable() else " " for one in str(value or "")).split())


def _read_range(node: Node, attribute: Attribute) -> Iterator[Where]:
    operator, value, extent = node.take("Op"), node.take("Value"), node.take("Extent")
    node.finish()
    if operator is None and value is None:
        return
    word = node.word("Op", operator, known={circe.lower(): word for word, circe in COMPARISONS.items()})
    if attribute.kind == "whole":
        # As circe-be does; the SQL compares whole numbers.
        value, extent = (int(each) if isinstance(each, float) and isfinite(each) else each for each in (value, extent))
    pair = word in ("between", "not between")
    yield Where(attribute.name, word, (value, extent) if pair else value)


def _read_text(node: Node, attribute: Attribute) -> Iterator[Where]:
    operator, text = node.take("Op"), node.take("Text")
    node.finish()
    if operator is not None or text is not None:
        # Circe's own SQL looks for the word "null" where the text is missing; so it is refused.
        word = node.word("Op", operator, known={circe.lower(): word for word, circe in TEXTS.items()})
        yield Where(attribute.name, word, text)


def _read_period(node: Node, attribute: Attribute) -> Iterator[Where]:
    days = (node.take("StartDate"), node.take("EndDate"))
    node.finish()
    if days != (None, None):
        yield Where(attribute.name, "is", days)


_READERS = {
    "number": _read_range,
    "whole": _read_range,
    "date": _read_range,
    "text": _read_text,
    "period": _read_period,
}
