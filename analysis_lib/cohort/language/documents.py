"""Cohort definitions as JSON: written canonically, read strictly; an unknown part is refused, never dropped."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any

from analysis_lib.cohort.language.concepts import Concept, ConceptSet, ConceptSetItem
from analysis_lib.cohort.language.fields import check_choice, check_letters
from analysis_lib.errors import InvalidDefinitionError

__all__ = ["SCHEMA", "as_document", "canonical_json", "part_document", "read_definition"]

SCHEMA = "cohorthub.cohort-definition/2"
_READ = (SCHEMA, "cohorthub.cohort-definition/1")  # the first had fewer parts, which are still written so
MOST_LETTERS = 100_000_000
MOST_LEVELS = 60


@cache
def _parts() -> dict[str, type]:
    from analysis_lib.cohort import exits
    from analysis_lib.cohort.language import computed, conditions, criteria, definition, entries, events, rules

    named = {
        definition: ("CohortDefinition",),
        entries: entries.__all__,
        events: events.__all__,
        conditions: ("Where",),
        criteria: criteria.__all__,
        rules: rules.__all__,
        exits: exits.__all__,
        computed: computed.__all__,
    }
    found = [getattr(module, name) for module, names in named.items() for name in names]
    return {part.__name__: part for part in found if isinstance(part, type)}


def read_definition(text: str) -> Any:
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
    if len(text) > MOST_LETTERS:
        raise InvalidDefinitionError(f"a cohort definition is too large; found {len(text):,} letters. Split it.")
    try:
        document = json.loads(text)
        check_letters(document)
    except RecursionError:
        raise InvalidDefinitionError("a cohort definition lies too deep to be one. Flatten its groups.") from None
    except ValueError as error:
        raise InvalidDefinitionError(
            "a cohort definition must be JSON; the text is not. Give what CohortDefinition.to_json() wrote."
        ) from error
    if not isinstance(document, dict):
        raise InvalidDefinitionError(f"a cohort definition must be dict; got {type(document).__name__}.")
    check_choice("schema of a cohort definition", document.get("schema"), known=_READ)
    values = {key: value for key, value in document.items() if key != "schema"}
    try:
        return _made(_parts()["CohortDefinition"], values, path="")
    except RecursionError:
        raise InvalidDefinitionError("a cohort definition lies too deep to be one. Flatten its groups.") from None


def _read(value: Any, path: str) -> Any:
    if path.count(".") > MOST_LEVELS:
        raise InvalidDefinitionError(f"{path[:80]}… lies too deep; found more than {MOST_LEVELS} levels. Flatten it.")
    if isinstance(value, list):
        return tuple(_read(each, f"{path}[{number}]") for number, each in enumerate(value))
    if not isinstance(value, dict):
        return value
    if "type" in value:
        with _at(path):
            check_choice("type of a part of a cohort definition", value["type"], known=_parts())
        part = _parts()[value["type"]]
        return _made(part, {key: each for key, each in value.items() if key != "type"}, path=path)
    if "items" in value:
        return _read_concept_set(value, path)
    return _made(Concept, value, path=path)


def _made(part: Callable[..., Any], document: Mapping[str, Any], *, path: str) -> Any:
    known = {field.name: field for field in fields(part) if field.init}  # type: ignore[arg-type]
    needed = {name for name, field in known.items() if field.default is MISSING and field.default_factory is MISSING}
    _check_keys(part.__name__, document, path=path, known=set(known), needed=needed)
    values = {key: _read(value, _below(path, key)) for key, value in document.items()}
    with _at(path):
        return part(**values)


def _below(path: str, key: str) -> str:
    return path if (path, key) == ("entry", "events") else f"{path}.{key}".lstrip(".")


def _read_concept_set(document: Mapping[str, Any], path: str) -> ConceptSet:
    _check_keys("a concept set", document, path=path, known={"name", "items"}, needed={"name", "items"})
    if not isinstance(document["items"], list):
        raise InvalidDefinitionError(f"{path}.items must be a list; got {type(document['items']).__name__}.")
    items = []
    for number, each in enumerate(document["items"]):
        below = f"{path}.items[{number}]"
        known = {field.name for field in fields(ConceptSetItem)}
        _check_keys("a line of a concept set", each, path=below, known=known, needed={"concept_id"})
        with _at(below):
            items.append(ConceptSetItem(**each))
    with _at(path):
        return ConceptSet(document["name"], items, may_be_empty=True)


def _check_keys(what: str, document: Any, *, path: str, known: set[str], needed: set[str]) -> None:
    where = f" at {path}" if path else ""
    if not isinstance(document, dict):
        raise InvalidDefinitionError(f"{what}{where} must be dict; got {type(document).__name__}.")
    unknown, missing = sorted(document.keys() - known), sorted(needed - document.keys())
    if unknown or missing:
        raise InvalidDefinitionError(
            f"{what}{where} must have these keys only: {', '.join(sorted(known))}; "
            f"unknown: {', '.join(unknown) or 'none'}; missing: {', '.join(missing) or 'none'}."
        )


@contextmanager
def _at(path: str) -> Iterator[None]:
    """Put the path before what a part says when it refuses its values."""
    try:
        yield
    except InvalidDefinitionError as error:
        if not path:
            raise
        raise InvalidDefinitionError(f"{path}: {error}") from None


def as_document(definition: Any) -> dict[str, Any]:
    """Turn a definition into what JSON can hold; `read_definition` is the way back.

    Parameters
    ----------
    definition : CohortDefinition
        The definition.

    Returns
    -------
    dict
        Without what has its default.
    """
    document: dict[str, Any] = part_document(definition)
    document.pop("type")
    return {"schema": SCHEMA} | document


def part_document(part: Any) -> Any:
    """Turn a part, or a value in it, into what JSON can hold.

    Parameters
    ----------
    part : Any
        The part.

    Returns
    -------
    Any
        Dictionaries, lists, texts, numbers.
    """
    if isinstance(part, ConceptSet):
        return {"name": part.name, "items": [_values(item) for item in part.items]}
    if isinstance(part, Concept):
        return _values(part)
    if is_dataclass(part):
        return {"type": type(part).__name__} | _values(part)
    if isinstance(part, tuple):
        return [part_document(each) for each in part]
    return part.isoformat() if isinstance(part, date) else part


def _values(part: Any) -> dict[str, Any]:
    values = {}
    for field in fields(part):
        value = getattr(part, field.name)
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if value != default or type(value) is not type(default):
            values[field.name] = part_document(value)
    return values


def canonical_json(document: Any) -> str:
    """Write `document` so that equal documents give equal text.

    Parameters
    ----------
    document : Any
        What JSON can hold.

    Returns
    -------
    str
        Keys sorted, no spaces.
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
