"""From what pydantic found wrong to problems that name field, kind of value and rule, never the value."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from hub_config.reports.definitions.document import Definition
from hub_config.reports.definitions.plain_values import found_kind
from hub_config.reports.definitions.problems import Problem

__all__ = ["problems_of"]

_SHOWABLE = re.compile(r"[A-Za-z0-9_-]{1,60}")
_RULES: Mapping[str, str] = {
    "dict_type": "must be a table",
    "mapping_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "tuple_type": "must be a list",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text",
    "finite_number": "must be a finite number",
    "too_short": "must have at least one entry",
}
_PATTERNS: Mapping[str, str] = {
    "name": "must be 1 to 40 lower-case letters, digits and hyphens",
    "target": "must be the name of a notification target: at most 40 lower-case letters, digits and hyphens",
    "datasets": "must be names of a data set and of a release: letters, digits, hyphens, underscores",
    "compare": "must be the id of an output: at most 64 lower-case letters, digits and single hyphens",
}


def problems_of(faults: ValidationError) -> list[Problem]:
    """Reword what pydantic found.

    Parameters
    ----------
    faults : ValidationError
        Of `Definition`.

    Returns
    -------
    list of Problem
        One for each fault.
    """
    found = faults.errors(include_url=False, include_context=True)
    # A list whose entries are wrong is also called too short.
    return [_problem(one) for one in found if one["type"] != "too_short" or not one["input"]]


def _problem(fault: Mapping[str, Any]) -> Problem:
    path = [part for part in fault["loc"] if part != "[key]"]
    place = _place(path)
    kind, value = fault["type"], fault.get("input")
    if kind == "extra_forbidden":
        known = _known_fields(path[:-1])
        return Problem(place, "unknown-field", f"is no field of a definition{_near(str(path[-1]), known)}")
    if kind == "missing":
        return Problem(place, "missing-field", "is missing")
    message = str(fault["msg"]).removeprefix("Value error, ")
    if kind == "contradiction":  # about several fields; it says beside which one it is told
        return Problem(str(fault["ctx"]["place"]), kind, message)
    if kind == "value_error" and not message.startswith("must"):  # it says already what was found
        return Problem(place, "value", message)
    rule = _RULES.get(kind) or (_in_words(path) if kind == "string_pattern_mismatch" else message)
    rule = re.sub(r"^\w+ should", "must", rule)
    hint = (
        _near(value, re.findall(r"'(\w+)'", rule))
        if kind in {"literal_error", "enum"} and isinstance(value, str)
        else ""
    )
    return Problem(place, _stable(kind), f"found {found_kind(value)}, {rule}{hint}")


def _stable(kind: str) -> str:
    if kind in {"value_error", "string_pattern_mismatch", "literal_error", "enum", "string_too_long"}:
        return "value"
    if kind in {"greater_than_equal", "less_than_equal", "finite_number", "too_long", "too_short"}:
        return "range"
    return "type"


def _in_words(path: Sequence[Any]) -> str:
    return next((_PATTERNS[str(part)] for part in reversed(path) if part in _PATTERNS), "must be written otherwise")


def _place(path: Iterable[Any]) -> str:
    """Write a place such as ``recipients[2].target``; the first entry of a list is 1."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            shown = part if _SHOWABLE.fullmatch(part) else f"(a name of {len(part)} characters)"
            text += f".{shown}" if text else shown
    return text


def _known_fields(path: Iterable[Any]) -> list[str]:
    model: type[BaseModel] = Definition
    for part in path:
        if isinstance(part, int) or part not in model.model_fields:
            continue
        inner = _models_in(model.model_fields[part].annotation)
        model = inner[0] if inner else model
    return list(model.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word[:60], list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""
