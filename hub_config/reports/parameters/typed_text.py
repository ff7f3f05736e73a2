"""From what a person types to a value of the declared type, and back."""

import datetime as dt
import json
import re
from typing import Any

from hub_config.reports.parameters.values import ParameterType, why_not, with_declared_type

__all__ = ["NotOfThisTypeError", "from_text", "read_text", "to_text"]


class NotOfThisTypeError(ValueError):
    """A text that cannot be read as the declared type; its message says why, without the text."""


def from_text(
    declared: ParameterType, text: str, *, today: dt.date | None = None, zone: dt.tzinfo | None = None
) -> Any:
    """Read what a person typed (``-p name=text``, a form field) as a value of the type `declared`.

    Parameters
    ----------
    declared : ParameterType
        The type in the template.
    text : str
        As typed. ``null`` or ``none`` is None where the type is optional; a list is ``1,2,3`` or a JSON array.
    today : date, optional
        What ``today`` in a range means; without it, the day in UTC.
    zone : tzinfo, optional
        In which datetimes without an offset are meant; without it they are left as they are.

    Returns
    -------
    object
        A value for which `why_not` is None.

    Raises
    ------
    NotOfThisTypeError
        If it cannot be read so.
    """
    value = read_text(declared, text)
    wrong = why_not(declared, value, today=today)
    if wrong is not None:
        raise NotOfThisTypeError(wrong)
    return with_declared_type(declared, value, zone=zone)


def read_text(declared: ParameterType, text: str) -> Any:
    """Read what a person typed as far as it can be read, without checking that it fits.

    Parameters
    ----------
    declared : ParameterType
        The type in the template.
    text : str
        As for `from_text`.

    Returns
    -------
    object
        What does not look like `declared` stays text, for `why_not` to refuse, or for relative dates to be resolved.

    Raises
    ------
    NotOfThisTypeError
        If it begins like a JSON array and is none.
    """
    if declared.optional and text.strip().lower() in {"null", "none"}:
        return None
    return _read_list(declared.of_items, text) if declared.kind == "list" else _read_scalar(declared, text)


def _read_scalar(declared: ParameterType, text: str) -> Any:
    """Read one value; text that does not look like `declared` stays text, for `why_not` to refuse."""
    kind = declared.kind
    if kind == "choice":
        kind = "int" if isinstance(declared.choices[0], int) else "str"
    if kind == "bool":
        return {"true": True, "false": False, "True": True, "False": False}.get(text.strip(), text)
    if kind in {"int", "float"} and re.fullmatch(r"\s*[+-]?[0-9]{1,4000}\s*", text):
        return int(text)
    number = r"\s*[+-]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][+-]?[0-9]+)?\s*"
    if kind in {"int", "float"} and re.fullmatch(number, text):
        return float(text)
    return text if kind == "str" else text.strip()


def _read_list(item: ParameterType, text: str) -> Any:
    if not text.strip():
        return []
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as broken:
            raise NotOfThisTypeError("wanted a list, found text that begins with [ but is no JSON array") from broken
    return [_read_scalar(item, part.strip()) for part in text.split(",")]


def to_text(value: Any) -> str:
    """Write a value as a person would type it, so that `from_text` reads the same value.

    Parameters
    ----------
    value : object
        A value of a parameter.

    Returns
    -------
    str
        The text; None is ``null``. Only a text that is itself ``null`` or ``none`` cannot come back where the type is
        optional.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
