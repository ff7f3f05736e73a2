"""A template's parameters as JSON Schema (draft 2020-12): what it accepts is what `why_not` accepts.

One difference lies in JSON Schema itself: there ``3.0`` is an integer, here it is a number with a fraction.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from hub_config.reports.parameters.choices import Choices, names_of
from hub_config.reports.parameters.dates import DATE, DATETIME, END, day_from, day_upto
from hub_config.reports.parameters.declarations import Parameter
from hub_config.reports.parameters.ranges import LARGEST_FLOAT, LIKE_DATES, LIKE_NUMBERS, Bound, Range
from hub_config.reports.parameters.values import (
    LARGEST_INT,
    LONGEST_TEXT,
    MOST_ITEMS,
    NAME_PATTERNS,
    NAMED,
    PLAIN_TEXT,
    ParameterType,
)

__all__ = ["DRAFT", "json_schema", "type_schema"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ONE_DAY = dt.timedelta(days=1)
_NOTHING: dict[str, Any] = {"type": "null"}  # no day at all; whether null is allowed is said elsewhere


def json_schema(
    parameters: Iterable[Parameter], *, today: dt.date | None = None, choices: Choices | None = None
) -> dict[str, Any]:
    """Describe the values of a template's parameters.

    Parameters
    ----------
    parameters : iterable of Parameter
        Of the template.
    today : date, optional
        What ``today`` in a range means; without it, the day in UTC.
    choices : Choices, optional
        The data sets, cohorts and secrets that exist; they become the values allowed.

    Returns
    -------
    dict
        A JSON Schema of an object: name to value, none of them required, as each has a default.
    """
    properties = {}
    for one in parameters:
        described = {"title": one.label, "description": one.help, **type_schema(one.type, today=today, choices=choices)}
        properties[one.name] = {key: value for key, value in described.items() if value != ""} | {
            "default": one.default,
            "x-type": one.type.text,
        }
        if one.type.range.text:
            properties[one.name] |= {"x-range": one.type.range.text}
        if one.type.range.unit:
            properties[one.name] |= {"x-unit": one.type.range.unit}
    return {"$schema": DRAFT, "type": "object", "properties": properties, "additionalProperties": False}


def type_schema(
    declared: ParameterType, *, today: dt.date | None = None, choices: Choices | None = None
) -> dict[str, Any]:
    """Describe the values of one type.

    Parameters
    ----------
    declared : ParameterType
        The type.
    today : date, optional
        What ``today`` in a range means; without it, the day in UTC.
    choices : Choices, optional
        The data sets, cohorts and secrets that exist.

    Returns
    -------
    dict
        A JSON Schema.
    """
    if declared.kind == "list":
        low, high = declared.range.items
        schema = {
            "type": "array",
            "items": type_schema(declared.of_items, today=today, choices=choices),
            "minItems": low or 0,
            "maxItems": min(MOST_ITEMS, MOST_ITEMS if high is None else high),
        }
    else:
        schema = _scalar(declared, today or dt.datetime.now(dt.UTC).date(), choices=choices)
    return _or_null(schema) if declared.optional else schema


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    widened = schema | {"type": [schema["type"], "null"]}
    return widened | {"enum": [*schema["enum"], None]} if "enum" in schema else widened


def _scalar(declared: ParameterType, today: dt.date, *, choices: Choices | None) -> dict[str, Any]:
    kind = declared.kind
    if kind == "choice":
        is_number = isinstance(declared.choices[0], int)
        return {"type": "integer" if is_number else "string", "enum": list(declared.choices)}
    if kind == "bool":
        return {"type": "boolean"}
    if kind in LIKE_NUMBERS:
        return _number(declared)
    if kind in LIKE_DATES:
        return _day(kind, declared.range, today=today)
    if kind in NAMED:
        named: dict[str, Any] = {"type": "string", "pattern": f"^{NAME_PATTERNS[kind]}{END}"}
        return named | ({"enum": names_of(kind, choices)} if choices is not None else {})
    low, high = declared.range.characters
    return {
        "type": "string",
        "minLength": low or 0,
        "maxLength": min(LONGEST_TEXT, LONGEST_TEXT if high is None else high),
        "pattern": f"^{PLAIN_TEXT}{END}",
    }


def _number(declared: ParameterType) -> dict[str, Any]:
    is_whole = declared.kind == "int"
    limits: dict[str, Any] = {
        "minimum": -LARGEST_INT - 1 if is_whole else -LARGEST_FLOAT,
        "maximum": LARGEST_INT if is_whole else LARGEST_FLOAT,
    }
    low, high = declared.range.low, declared.range.high
    if low is not None:
        name = "exclusiveMinimum" if low.excluded else "minimum"
        limits[name] = low.value if low.excluded else max(limits[name], low.value)
    if high is not None:
        name = "exclusiveMaximum" if high.excluded else "maximum"
        limits[name] = high.value if high.excluded else min(limits[name], high.value)
    return {"type": "integer" if is_whole else "number", **limits}


def _day(kind: str, limits: Range, *, today: dt.date) -> dict[str, Any]:
    # `format` is no more than a remark to most validators, so the pattern decides; ranges are patterns as well.
    schema: dict[str, Any] = {"type": "string", "pattern": DATE if kind == "date" else DATETIME}
    if kind == "date":
        schema["format"] = "date"
    ways = [
        _end_of_days(bound, today=today, step=step) for bound, step in ((limits.low, 1), (limits.high, -1)) if bound
    ]
    return schema | ({"allOf": ways} if ways else {})


def _end_of_days(bound: Bound, *, today: dt.date, step: int) -> dict[str, Any]:
    day = dt.date.fromisoformat(bound.on(today))
    if bound.excluded:
        try:
            day += step * _ONE_DAY
        except OverflowError:
            return _NOTHING
    return {"pattern": day_from(day.isoformat()) if step > 0 else day_upto(day.isoformat())}
