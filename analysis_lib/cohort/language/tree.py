"""A definition as a tree of parts: every part with its path, and limits to depth and size."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from analysis_lib.errors import InvalidDefinitionError

__all__ = ["MOST_DEPTH", "check_tree", "parts_of"]

MOST_DEPTH = 40
MOST_PARTS = 100_000


def parts_of(part: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """List the parts directly below a part.

    Parameters
    ----------
    part : Any
        A part of the language, or a tuple of parts.
    path : str, default ""
        Where it stands.

    Yields
    ------
    tuple of str and Any
        Path and part.
    """
    if isinstance(part, tuple):
        for number, each in enumerate(part):
            yield f"{path}[{number}]", each
    elif is_dataclass(part):
        for field in fields(part):
            # The events of an entry are the entry: entry[0], not entry.events[0].
            below = path if (path, field.name) == ("entry", "events") else f"{path}.{field.name}".lstrip(".")
            yield below, getattr(part, field.name)


def check_tree(definition: Any) -> None:
    """Refuse a definition that is too deep or too large, or holds itself.

    Parameters
    ----------
    definition : Any
        The definition.

    Raises
    ------
    InvalidDefinitionError
        With the path of the part.
    """
    # Concept sets are no tree: their lines are not walked, and a set of 50,000 codes is a real one.
    waiting: list[tuple[str, Any, int, frozenset[int]]] = [("", definition, 0, frozenset())]
    parts = 0
    while waiting:
        path, part, depth, above = waiting.pop()
        parts += 1
        if id(part) in above:
            raise InvalidDefinitionError(f"{path} holds itself; found a cycle of {len(above)} parts. Break it.")
        if depth > MOST_DEPTH:
            raise InvalidDefinitionError(
                f"{path} lies too deep; found more than {MOST_DEPTH} parts inside one another. Flatten the groups."
            )
        if parts > MOST_PARTS:
            raise InvalidDefinitionError(
                f"the definition is too large; found more than {MOST_PARTS:,} parts. Split it into several cohorts."
            )
        if type(part).__name__ not in ("ConceptSet", "Concept"):
            inside = above | {id(part)}
            # A tuple is a list of parts, not a level.
            deeper = depth + (not isinstance(part, tuple))
            waiting += [(below, each, deeper, inside) for below, each in parts_of(part, path) if _is_part(each)]


def _is_part(value: Any) -> bool:
    return isinstance(value, tuple) or is_dataclass(value)
