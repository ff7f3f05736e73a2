"""Parameters of a definition in the form: one field for each that the template declares; others are kept or dropped."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hub_config.reports.definitions import Problem
from hub_config.reports.parameters import Parameter, ParameterType, why_not
from hub_config.reports.parameters.typed_text import NotOfThisTypeError, read_text
from hub_config.reports.parameters.values import with_declared_type
from hub_config.reports.service.forms import as_typed
from hub_config.reports.service.ticks import is_ticked, read_ticks, ticks_of
from hub_config.reports.service.writing.form.typed import Typed, as_sent, first

__all__ = ["KEPT", "PREFIX", "read_parameters", "read_value", "same", "typed_parameters"]

PREFIX = "parameters."
KEPT = "kept.parameters"


def same(one: object, other: object) -> bool:
    """Tell whether two values are the same to a reader, to whom 1, 1.0 and true are three things.

    Parameters
    ----------
    one, other : object
        Values that JSON knows.

    Returns
    -------
    bool
        By their JSON.
    """
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def typed_parameters(values: Mapping[str, Any], declared: Mapping[str, Parameter]) -> dict[str, list[str]]:
    """Write parameters into the form.

    Parameters
    ----------
    values : mapping
        What the definition sets.
    declared : mapping
        What the template declares, by name; where nothing is set, its own value is shown.

    Returns
    -------
    dict
        Texts by name.
    """
    typed = {PREFIX + name: _typed(values.get(name, one.default), one.type) for name, one in declared.items()}
    return typed | {KEPT: [name for name in values if name not in declared]}


def _typed(value: Any, declared: ParameterType) -> list[str]:
    return ticks_of(value, declared) if is_ticked(declared) else as_sent([as_typed(value, declared)])


def read_parameters(
    typed: Typed, *, before: Mapping[str, Any], declared: Mapping[str, Parameter]
) -> tuple[dict[str, Any], list[Problem]]:
    """Read parameters from the form.

    Parameters
    ----------
    typed : mapping
        All fields.
    before : mapping
        What the definition set when it was opened; what was not touched stays just that.
    declared : mapping
        What the template declares, by name.

    Returns
    -------
    dict
        What the definition sets: what differs from the template's own values, and what was set before.
    list of Problem
        Fields that need a value and have none.
    """
    opened = typed_parameters(before, declared)
    values: dict[str, Any] = {}
    problems = []
    for name, parameter in declared.items():
        field = PREFIX + name
        if list(typed.get(field, opened[field])) == opened[field]:
            values |= {name: before[name]} if name in before else {}
            continue
        value = read_value(parameter, typed.get(field, ()), place=field)
        if isinstance(value, Problem):
            problems.append(value)
        elif not _is_default(parameter, value):
            values[name] = value
    kept = [name for name in typed.get(KEPT, ()) if name in before and name not in declared]
    lost = [field.removeprefix(PREFIX) for field in typed if field.startswith(PREFIX) and typed[field]]
    # The template has changed since its fields were shown, so what was typed into one that is gone is not dropped.
    values |= {name: first(typed, PREFIX + name) for name in lost if name not in declared}
    return values | {name: before[name] for name in kept}, problems


def read_value(parameter: Parameter, texts: Sequence[str], *, place: str) -> Any:
    """Read what stands in one parameter's field.

    Parameters
    ----------
    parameter : Parameter
        The declaration.
    texts : sequence of str
        As typed: one text, or what is ticked.
    place : str
        The field's name.

    Returns
    -------
    object
        The value, a text that does not fit, or a `Problem` if a value is needed and none is there, or
        what is ticked contradicts itself.
    """
    declared = parameter.type
    if is_ticked(declared):
        return _read_ticks(texts, declared, place=place)
    text = next(iter(texts), "")
    if declared.kind == "bool" and not declared.optional:
        return text == "on"
    if not text.strip() and declared.optional:
        return None
    if not text.strip() and declared.kind not in {"str", "list"}:
        return Problem(place, "missing-field", "is missing")
    try:
        return read_text(declared, text)
    except NotOfThisTypeError:
        return text


def _read_ticks(ticked: Sequence[str], declared: ParameterType, *, place: str) -> Any:
    try:
        return read_ticks(ticked, declared)
    except NotOfThisTypeError as refused:
        return Problem(place, "parameter-value", str(refused))


def _is_default(parameter: Parameter, value: Any) -> bool:
    if why_not(parameter.type, value) is not None:
        return False
    return same(with_declared_type(parameter.type, value), parameter.default)
