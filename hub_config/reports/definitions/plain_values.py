"""The values that a definition's parameters may hold before a template says their types: those that JSON knows."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from hub_config.reports.parameters.declarations import why_no_name
from hub_config.reports.parameters.values import MOST_ITEMS, ParameterType, why_not

__all__ = ["found_kind", "plain_table", "plain_value"]

MOST_PARAMETERS = 200
_NULL = {"null": True}  # TOML has no null of its own
_SCALARS = {bool: ParameterType("bool"), int: ParameterType("int"), float: ParameterType("float")}
_KINDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number with a fraction",
    dt.datetime: "a date with a time",
    dt.date: "a date",
    dt.time: "a time",
    dict: "a table",
    type(None): "nothing (null)",
}


def found_kind(value: object) -> str:
    """Say what kind of value was found, never which.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    str
        Such as ``text of 12 characters``.
    """
    if isinstance(value, str):
        return f"text of {len(value)} characters"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return next((words for kind, words in _KINDS.items() if isinstance(value, kind)), f"a {type(value).__name__}")


def plain_table(values: object) -> dict[str, Any]:
    """Check a table of parameters: names that can be names, and plain values.

    Parameters
    ----------
    values : object
        What was written.

    Returns
    -------
    dict
        The values by name, dates as ISO text.

    Raises
    ------
    ValueError
        With the name of the parameter and what is wrong.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"found {found_kind(values)}, must be a table of name = value")
    if len(values) > MOST_PARAMETERS:
        raise ValueError(f"found {len(values)} parameters, at most {MOST_PARAMETERS} are taken")
    table = {}
    for name, value in values.items():
        reason = "it is no text" if not isinstance(name, str) else why_no_name(name)
        if reason is not None or len(name) > 100:
            raise ValueError(f"found a name that no parameter can have; {reason or 'it is too long'}")
        try:
            table[name] = plain_value(value)
        except ValueError as wrong:
            raise ValueError(f"parameter {name}: {wrong}") from None
    return table


def plain_value(value: object) -> Any:
    """Check one value.

    Parameters
    ----------
    value : object
        What was written.

    Returns
    -------
    object
        None, bool, int, float, str, or a list of these; dates as ISO text, ``{null = true}`` as None.

    Raises
    ------
    ValueError
        If it is anything else, or larger than a parameter can be.
    """
    if value is None or (isinstance(value, dict) and value == _NULL and value["null"] is True):
        return None
    if isinstance(value, list | tuple):
        if len(value) > MOST_ITEMS:
            raise ValueError(f"found a list of {len(value)} items, at most {MOST_ITEMS} are taken")
        return [_scalar(item) for item in value]
    return _scalar(value)


def _scalar(value: object) -> Any:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    declared = _SCALARS.get(type(value)) or (ParameterType("str") if isinstance(value, str) else None)
    wrong = f"found {found_kind(value)}, no parameter takes such values"
    wrong = wrong if declared is None else why_not(declared, value) or ""
    if wrong:
        raise ValueError(wrong)
    return value
