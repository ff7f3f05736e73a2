"""The values that a report's parameters take, and the strict way from text and YAML to them.

Nothing is guessed: a float is no int, ``yes`` is no bool, and what does not fit is refused with the kind of value that
was found, never with the value itself.
"""

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

__all__ = ["LIST_ITEMS", "SCALARS", "ParameterType", "from_text", "is_date", "why_not", "with_declared_type"]

SCALARS = ("bool", "int", "float", "str", "date")
LIST_ITEMS = ("int", "float", "str")


@dataclass(frozen=True)
class ParameterType:
    """The declared type of one parameter.

    Parameters
    ----------
    kind : str
        One of bool, int, float, str, date (text, ``YYYY-MM-DD``), choice, list.
    item : str or None
        For a list: the kind of its items (int, float or str).
    choices : tuple
        For a choice: the values allowed, in the order written; else empty.
    optional : bool
        Whether None is a value.
    """

    kind: str
    item: str | None = None
    choices: tuple[str | int, ...] = ()
    optional: bool = False

    @property
    def text(self) -> str:
        """The type as a person writes it, for instance ``list[int]`` or ``Literal['efron', 'breslow']``."""
        if self.kind == "list":
            base = f"list[{self.item}]"
        elif self.kind == "choice":
            base = "Literal[" + ", ".join(repr(choice) for choice in self.choices) + "]"
        else:
            base = self.kind
        return f"{base} | None" if self.optional else base


class NotOfThisTypeError(ValueError):
    """A text that cannot be read as the declared type; its message says why, without the text."""


def is_date(value: str) -> bool:
    """Tell whether `value` is a calendar date written ``YYYY-MM-DD``.

    Parameters
    ----------
    value : str
        Any text.

    Returns
    -------
    bool
        True for a day that exists.
    """
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        return False
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an int too large for a float
        return False


_FITS: Mapping[str, Callable[[object], bool]] = MappingProxyType(
    {
        "bool": lambda value: isinstance(value, bool),
        "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
        "float": _is_number,
        "str": lambda value: isinstance(value, str),
        "date": lambda value: isinstance(value, str) and is_date(value),
    }
)

_WANTED = MappingProxyType(
    {
        "bool": "true or false",
        "int": "a whole number",
        "float": "a finite number",
        "str": "text",
        "date": "a date written YYYY-MM-DD",
    }
)


def why_not(declared: ParameterType, value: object) -> str | None:
    """Say why `value` is not of the type `declared`.

    Parameters
    ----------
    declared : ParameterType
        The type in the template.
    value : object
        Any value, as YAML or a literal gives it.

    Returns
    -------
    str or None
        What was wanted and what kind of value was found; None if it fits. Never the value.
    """
    if value is None:
        return None if declared.optional else f"wanted {wanted(declared)}, found nothing (null)"
    if declared.kind == "choice":
        fits = any(value == choice and type(value) is type(choice) for choice in declared.choices)
        return None if fits else f"wanted {wanted(declared)}, found {_found(value, among=declared.choices)}"
    if declared.kind != "list":
        return None if _FITS[declared.kind](value) else f"wanted {wanted(declared)}, found {_found(value)}"
    if not isinstance(value, list):
        return f"wanted {wanted(declared)}, found {_found(value)}"
    for position, item in enumerate(value, start=1):
        if not _FITS[str(declared.item)](item):
            return f"wanted {wanted(declared)}, found {_found(item)} as item {position}"
    return None


def wanted(declared: ParameterType) -> str:
    """Say in words what values `declared` takes."""
    if declared.kind == "choice":
        words = "one of " + ", ".join(str(choice) for choice in declared.choices)
    elif declared.kind == "list":
        words = f"a list, each item {_WANTED[str(declared.item)]}"
    else:
        words = _WANTED[declared.kind]
    return f"{words}, or null" if declared.optional else words


def _found(value: object, among: tuple[str | int, ...] = ()) -> str:
    kinds = {bool: "true or false", int: "a whole number", float: "a number with a fraction", str: "other text"}
    found = kinds.get(type(value), f"a {type(value).__name__}")
    if among and type(value) is type(among[0]):
        return "another text" if isinstance(value, str) else "another number"
    return found


def with_declared_type(declared: ParameterType, value: Any) -> Any:
    """Give a value that fits exactly the type declared: the int written for a float becomes a float.

    Parameters
    ----------
    declared : ParameterType
        The type in the template.
    value : object
        A value for which `why_not` is None.

    Returns
    -------
    object
        Equal to `value`.
    """
    if value is not None and declared.kind == "float":
        return float(value)
    if value is not None and declared.kind == "list" and declared.item == "float":
        return [float(item) for item in value]
    return value


def from_text(declared: ParameterType, text: str) -> Any:
    """Read what a person typed (``-p name=text``, a form field) as a value of the type `declared`.

    Parameters
    ----------
    declared : ParameterType
        The type in the template.
    text : str
        As typed. ``null`` or ``none`` is None where the type is optional; a list is ``1,2,3`` or a JSON array.

    Returns
    -------
    object
        A value for which `why_not` is None.

    Raises
    ------
    NotOfThisTypeError
        If it cannot be read so.
    """
    if declared.optional and text.strip().lower() in {"null", "none"}:
        return None
    if declared.kind == "choice":
        value: Any = _read_scalar("int" if isinstance(declared.choices[0], int) else "str", text)
    elif declared.kind == "list":
        value = _read_list(str(declared.item), text)
    else:
        value = _read_scalar(declared.kind, text)
    wrong = why_not(declared, value)
    if wrong is not None:
        raise NotOfThisTypeError(wrong)
    return with_declared_type(declared, value)


def _read_scalar(kind: str, text: str) -> Any:
    """Read one value; text that does not look like `kind` stays text, for `why_not` to refuse."""
    if kind == "bool":
        return {"true": True, "false": False, "True": True, "False": False}.get(text.strip(), text)
    if kind in {"int", "float"} and re.fullmatch(r"\s*[+-]?[0-9]{1,4000}\s*", text):
        return int(text)
    number = r"\s*[+-]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][+-]?[0-9]+)?\s*"
    if kind in {"int", "float"} and re.fullmatch(number, text):
        return float(text)
    return text.strip() if kind == "date" else text


def _read_list(item: str, text: str) -> Any:
    if not text.strip():
        return []
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as broken:
            raise NotOfThisTypeError("wanted a list, found text that begins with [ but is no JSON array") from broken
    return [_read_scalar(item, part.strip()) for part in text.split(",")]
