"""The values that a report's parameters take, and the strict way from text and YAML to them.

Nothing is guessed: a float is no int, ``yes`` is no bool, and what does not fit is refused with the kind of value that
was found, never with the value itself. Every value is one that JSON knows, and goes through JSON, YAML and a
notebook's cell unchanged.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from hub_config.reports.parameters.dates import is_date, is_datetime, with_offset
from hub_config.reports.parameters.ranges import LARGEST_FLOAT, LIKE_DATES, NO_RANGE, Range

__all__ = ["LIST_ITEMS", "NAMED", "SCALARS", "ParameterType", "why_not", "with_declared_type"]

NAMED = ("Dataset", "Cohort", "Secret")
SCALARS = ("bool", "int", "float", "str", "date", "datetime", *NAMED)
LIST_ITEMS = ("bool", "int", "float", "str", "date", "datetime", "Dataset", "Cohort")

LARGEST_INT = 2**63 - 1  # ids of persons and concepts have 64 bits, as has what a table can hold
LONGEST_TEXT = 10_000
MOST_ITEMS = 10_000
NAME = "[a-z0-9][a-z0-9_-]{0,62}"
RELEASE = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
SECRET_NAME = "[A-Za-z0-9_][A-Za-z0-9._-]{0,63}"  # noqa: S105 - a pattern
# A NUL ends a text in many places, and half a surrogate pair is none that a file could hold.
PLAIN_TEXT = r"[^\u0000\ud800-\udfff]*"
NAME_PATTERNS: Mapping[str, str] = MappingProxyType(
    {"Dataset": f"{NAME}(?:@{RELEASE})?", "Cohort": NAME, "Secret": SECRET_NAME}
)


@dataclass(frozen=True)
class ParameterType:
    """The declared type of one parameter.

    Parameters
    ----------
    kind : str
        One of bool, int, float, str, date (text, ``YYYY-MM-DD``), datetime (text, ISO 8601), Dataset, Cohort, Secret
        (each a name), choice, list.
    item : str or None
        For a list: the kind of its items, which may be choice.
    choices : tuple
        For a choice, or a list of them: the values allowed, in the order written; else empty.
    optional : bool
        Whether None is a value.
    range : Range
        What the comment says of the values; empty if it says nothing.
    """

    kind: str
    item: str | None = None
    choices: tuple[str | int, ...] = ()
    optional: bool = False
    range: Range = NO_RANGE

    @property
    def text(self) -> str:
        """The type as a person writes it, for instance ``list[int]`` or ``Literal['efron', 'breslow']``."""
        base = f"list[{self.of_items.text}]" if self.kind == "list" else self.kind
        if self.kind == "choice":
            base = "Literal[" + ", ".join(repr(choice) for choice in self.choices) + "]"
        return f"{base} | None" if self.optional else base

    @property
    def of_items(self) -> "ParameterType":
        """The type of a list's items."""
        return replace(self, kind=str(self.item), item=None, optional=False)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -LARGEST_FLOAT <= value <= LARGEST_FLOAT


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -LARGEST_INT - 1 <= value <= LARGEST_INT


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and re.fullmatch(PLAIN_TEXT, value) is not None


def _is_named(pattern: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


_FITS: Mapping[str, Callable[[object], bool]] = MappingProxyType(
    {
        "bool": lambda value: isinstance(value, bool),
        "int": _is_whole,
        "float": _is_number,
        "str": _is_text,
        "date": lambda value: isinstance(value, str) and is_date(value),
        "datetime": lambda value: isinstance(value, str) and is_datetime(value),
        **{kind: _is_named(pattern) for kind, pattern in NAME_PATTERNS.items()},
    }
)

_WANTED = MappingProxyType(
    {
        "bool": "true or false",
        "int": "a whole number of at most 64 bits",
        "float": "a finite number",
        "str": f"text of at most {LONGEST_TEXT} characters without NUL",
        "date": "a date written YYYY-MM-DD",
        "datetime": "a date and time written YYYY-MM-DDTHH:MM, with or without +HH:MM behind it",
        "Dataset": "the name of a data set, or NAME@RELEASE",
        "Cohort": "the name of a cohort",
        "Secret": "the name of a secret, never the secret itself",
    }
)


def why_not(declared: ParameterType, value: object, *, today: dt.date | None = None) -> str | None:
    """Say why `value` is not of the type `declared`.

    Parameters
    ----------
    declared : ParameterType
        The type in the template.
    value : object
        Any value, as YAML or a literal gives it.
    today : date, optional
        What ``today`` in a range means; without it, the day in UTC.

    Returns
    -------
    str or None
        What was wanted and what kind of value was found; None if it fits. Never the value.
    """
    if value is None:
        return None if declared.optional else f"wanted {wanted(declared)}, found nothing (null)"
    if declared.kind != "list":
        found = _misfit(declared, value, today=today)
        return found and f"wanted {wanted(declared)}, found {found}"
    if not isinstance(value, list):
        return f"wanted {wanted(declared)}, found {_found(value)}"
    n_low, n_high = declared.range.items
    if not (n_low or 0) <= len(value) <= (MOST_ITEMS if n_high is None else n_high):
        return f"wanted {wanted(declared)}, found a list of {len(value)}"
    for position, item in enumerate(value, start=1):
        found = _misfit(declared.of_items, item, today=today)
        if found is not None:
            return f"wanted {wanted(declared)}, found {found} as item {position}"
    return None


def _misfit(declared: ParameterType, value: object, *, today: dt.date | None) -> str | None:
    """Say what kind of value was found instead of one; None if it fits."""
    if declared.kind == "choice":
        fits = any(value == choice and type(value) is type(choice) for choice in declared.choices)
        return None if fits else _found(value, among=declared.choices)
    if not _FITS[declared.kind](value):
        return _found(value)
    return _outside(declared, value, today=today)


def _outside(declared: ParameterType, value: Any, *, today: dt.date | None) -> str | None:
    low, high = declared.range.low, declared.range.high
    n_low, n_high = declared.range.characters
    if declared.kind == "str" and not (n_low or 0) <= len(value) <= (LONGEST_TEXT if n_high is None else n_high):
        return f"text of {len(value)} characters"
    today = today or dt.datetime.now(dt.UTC).date()
    is_day = declared.kind in LIKE_DATES
    compared = value[:10] if is_day else value
    if low is not None and (compared < low.on(today) or (low.excluded and compared == low.on(today))):
        return "an earlier one" if is_day else "a number below that"
    if high is not None and (compared > high.on(today) or (high.excluded and compared == high.on(today))):
        return "a later one" if is_day else "a number above that"
    return None


def wanted(declared: ParameterType) -> str:
    """Say in words what values `declared` takes."""
    if declared.kind == "choice":
        words = "one of " + ", ".join(str(choice) for choice in declared.choices)
    elif declared.kind == "list":
        words = f"a list of at most {MOST_ITEMS} items, each {wanted(replace(declared.of_items, range=NO_RANGE))}"
        words += _in_range(declared)
    else:
        words = _WANTED[declared.kind] + _in_range(declared)
    return f"{words}, or null" if declared.optional else words


def _in_range(declared: ParameterType) -> str:
    return f", {declared.range.text}" if declared.range.text else ""


def _found(value: object, among: tuple[str | int, ...] = ()) -> str:
    kinds = {bool: "true or false", int: "a whole number", float: "a number with a fraction", str: "other text"}
    found = kinds.get(type(value), f"a {type(value).__name__}")
    if among and type(value) is type(among[0]):
        return "another text" if isinstance(value, str) else "another number"
    if isinstance(value, int) and not isinstance(value, bool) and not _is_whole(value):
        return "a number of more than 64 bits"
    return found


def with_declared_type(declared: ParameterType, value: Any, *, zone: dt.tzinfo | None = None) -> Any:
    """Give a value that fits exactly the type declared: the int written for a float becomes a float.

    Parameters
    ----------
    declared : ParameterType
        The type in the template.
    value : object
        A value for which `why_not` is None.
    zone : tzinfo, optional
        In which datetimes without an offset are meant; without it they are left as they are.

    Returns
    -------
    object
        Equal to `value`; a datetime has the offset of the zone written behind it.
    """
    if value is None:
        return None
    if declared.kind == "list":
        return [with_declared_type(declared.of_items, item, zone=zone) for item in value]
    if declared.kind == "float":
        return float(value)
    if declared.kind == "datetime" and zone is not None:
        return with_offset(value, zone)
    return value
