"""The range of a parameter, written at the head of its comment: ``0 to 3650 days; covariates are read this far back``.

The grammar is small and strict, so that prose is never taken for a range::

    head    = part {", " part} end
    part    = values [" " unit] | length
    values  = VALUE " to " VALUE | ("<" | "<=" | ">" | ">=") VALUE | VALUE ("<" | "<=") "x" ("<" | "<=") VALUE
    length  = ("at most" | "at least" | "exactly") NUMBER what | NUMBER " to " NUMBER what
    what    = "items" | "characters"
    VALUE   = a number, a day written YYYY-MM-DD, or "today"
    unit    = one word
    end     = ";", or, if no unit is written, also a full stop or the end of the comment

Whatever does not fit to its end is help text: ``1 to 1 matching of cases and controls`` is prose. Only a comment that
begins with a comparison, as no prose does, has to be a range to its end, or it is refused.
"""

import datetime as dt
import re
import sys
from dataclasses import dataclass
from typing import Any

from hub_config.reports.parameters.dates import is_date

__all__ = ["NO_RANGE", "TODAY", "Bound", "Range", "RangeError", "read_range"]

TODAY = "today"
LARGEST_FLOAT = sys.float_info.max
LIKE_NUMBERS = frozenset({"int", "float"})
LIKE_DATES = frozenset({"date", "datetime"})
_VALUE = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|today|[+-]?[0-9]{1,400}(?:\.[0-9]{1,400})?(?:[eE][+-]?[0-9]{1,4})?)"
_COUNT = "[0-9]{1,5}"
_LENGTH = re.compile(
    rf"(?:(?P<how>at most|at least|exactly) (?P<n>{_COUNT})|(?P<low>{_COUNT}) to (?P<high>{_COUNT})) "
    "(?P<what>items|characters)"
)
_VALUES = re.compile(
    rf"(?:(?P<from>{_VALUE}) to (?P<to>{_VALUE})"
    rf"|(?P<sign>[<>]=?) ?(?P<bound>{_VALUE})"
    rf"|(?P<low>{_VALUE}) ?(?P<low_sign><=?) ?x ?(?P<high_sign><=?) ?(?P<high>{_VALUE}))"
    r"(?: (?P<unit>[^\W\d][^\s;,]{0,19}|%))?"
)
_WHOLE = re.compile("[+-]?[0-9]+")
_HEAD = re.compile(r"(?P<parts>[^;]*?)\s*(?P<end>;|\.(?=\s|\Z)|\Z)(?P<rest>.*)", re.DOTALL)
_COMPARISON = re.compile(rf"[<>]=?\s*{_VALUE}|{_VALUE}\s*<")


class RangeError(ValueError):
    """A range that cannot be meant; its message says why and what to write."""


@dataclass(frozen=True)
class Bound:
    """One end of a range.

    Parameters
    ----------
    value : int, float or str
        A number, a day, or ``today``.
    excluded : bool
        Whether the value itself is outside.
    """

    value: Any
    excluded: bool = False

    def on(self, today: dt.date) -> Any:
        """Give the value, with ``today`` as a day.

        Parameters
        ----------
        today : date
            The day on which a value is checked.

        Returns
        -------
        int, float or str
            To compare with.
        """
        return today.isoformat() if self.value == TODAY else self.value


@dataclass(frozen=True)
class Range:
    """What the head of a comment says of a parameter's values.

    Parameters
    ----------
    low, high : Bound or None
        The ends; of a list's items, if it is a list. For a datetime they are compared with the day as it is written.
    items : tuple of int or None
        The least and the greatest number of items of a list.
    characters : tuple of int or None
        The least and the greatest number of characters of a text.
    unit : str
        One word, or ''.
    """

    low: Bound | None = None
    high: Bound | None = None
    items: tuple[int | None, int | None] = (None, None)
    characters: tuple[int | None, int | None] = (None, None)
    unit: str = ""

    @property
    def text(self) -> str:
        """The range as a person writes it, for instance ``0 to 3650 days``; '' where there is none."""
        lengths = ((self.items, "items"), (self.characters, "characters"))
        parts = [self._values(), *(_length_text(ends, what) for ends, what in lengths)]
        return ", ".join(part for part in parts if part)

    def _values(self) -> str:
        low, high = self.low, self.high
        unit = f" {self.unit}" if self.unit else ""
        if low is not None and high is not None:
            if not low.excluded and not high.excluded:
                return f"{low.value} to {high.value}{unit}"
            signs = ["<" if bound.excluded else "<=" for bound in (low, high)]
            return f"{low.value} {signs[0]} x {signs[1]} {high.value}{unit}"
        if low is not None:
            return f"{'>' if low.excluded else '>='} {low.value}{unit}"
        return f"{'<' if high.excluded else '<='} {high.value}{unit}" if high is not None else ""

    def to_dict(self) -> dict[str, Any]:
        """Give the range as types that JSON knows.

        Returns
        -------
        dict
            Keys text, low, low_excluded, high, high_excluded, items, characters, unit.
        """
        return {
            "text": self.text,
            "low": self.low.value if self.low else None,
            "low_excluded": self.low is not None and self.low.excluded,
            "high": self.high.value if self.high else None,
            "high_excluded": self.high is not None and self.high.excluded,
            "items": list(self.items),
            "characters": list(self.characters),
            "unit": self.unit,
        }


NO_RANGE = Range()


def _length_text(ends: tuple[int | None, int | None], what: str) -> str:
    low, high = ends
    if low is None and high is None:
        return ""
    if low == high:
        return f"exactly {low} {what}"
    if low is None:
        return f"at most {high} {what}"
    return f"at least {low} {what}" if high is None else f"{low} to {high} {what}"


def read_range(comment: str, *, kind: str, is_list: bool = False) -> tuple[Range, str]:
    """Read the range at the head of a comment.

    Parameters
    ----------
    comment : str
        What stands behind a parameter.
    kind : str
        Of its values, or of the items of a list. Only numbers, texts, dates and datetimes have ranges, and all lists.
    is_list : bool, default False
        Whether it is a list.

    Returns
    -------
    tuple of Range and str
        The range, empty if the comment begins with none, and the help text: what is left of the comment.

    Raises
    ------
    RangeError
        If the range does not suit the type, is empty, or begins with a comparison and goes on as something else.
    """
    if not (is_list or kind in LIKE_NUMBERS | LIKE_DATES | {"str"}):
        return NO_RANGE, comment
    head = _HEAD.match(comment)
    found = _parts(head["parts"], kind=kind, is_list=is_list) if head is not None else None
    if head is not None and found is not None and (not found.unit or head["end"] == ";"):
        return found, head["rest"].strip()
    if _COMPARISON.match(comment) and (kind in LIKE_NUMBERS | LIKE_DATES):
        raise RangeError(
            "its comment begins like a range and goes on otherwise; write `>= 0; help`, with a semicolon behind the "
            "range, or begin the help with a word"
        )
    return NO_RANGE, comment


def _parts(text: str, *, kind: str, is_list: bool) -> Range | None:
    values: re.Match[str] | None = None
    lengths: dict[str, tuple[int | None, int | None]] = {}
    for part in text.split(", "):
        length, value = _LENGTH.fullmatch(part), _VALUES.fullmatch(part)
        if length is not None and length["what"] not in lengths:
            lengths[length["what"]] = _length(length)
        elif value is not None and values is None:
            values = value
        else:
            return None
    _check_suits(values is not None, lengths, kind=kind, is_list=is_list)
    low, high, unit = _ends(values, kind) if values is not None else (None, None, "")
    return Range(low, high, lengths.get("items", (None, None)), lengths.get("characters", (None, None)), unit)


def _length(found: re.Match[str]) -> tuple[int | None, int | None]:
    if found["how"]:
        n = int(found["n"])
        return (None if found["how"] == "at most" else n, None if found["how"] == "at least" else n)
    low, high = int(found["low"]), int(found["high"])
    if low > high:
        raise RangeError("its range ends before it begins; write the smaller number first")
    return low, high


def _check_suits(
    has_values: bool, lengths: dict[str, tuple[int | None, int | None]], *, kind: str, is_list: bool
) -> None:
    if "items" in lengths and not is_list:
        raise RangeError("its range counts items, which only a list has; leave that out, or declare a list")
    if "characters" in lengths and kind != "str":
        raise RangeError("its range counts characters, which only a text has; leave that out, or declare a str")
    if has_values and kind not in LIKE_NUMBERS | LIKE_DATES:
        raise RangeError(
            f"its range is one of numbers or dates, but the type is {kind}; declare int, float, date or datetime, or "
            "begin the help with a word"
        )


def _ends(found: re.Match[str], kind: str) -> tuple[Bound | None, Bound | None, str]:
    low = high = None
    if found["from"]:
        low, high = Bound(_value(found["from"], kind)), Bound(_value(found["to"], kind))
    elif found["sign"]:
        bound = Bound(_value(found["bound"], kind), excluded=len(found["sign"]) == 1)
        low, high = (bound, None) if found["sign"].startswith(">") else (None, bound)
    else:
        low = Bound(_value(found["low"], kind), excluded=found["low_sign"] == "<")
        high = Bound(_value(found["high"], kind), excluded=found["high_sign"] == "<")
    _check_order(low, high)
    return low, high, found["unit"] or ""


def _check_order(low: Bound | None, high: Bound | None) -> None:
    if low is None or high is None or (low.value == TODAY) != (high.value == TODAY):
        return  # whether today is later than a day, only the day of the check can tell
    if low.value > high.value or (low.value == high.value and (low.excluded or high.excluded)):
        raise RangeError("its range ends before it begins; write the smaller value first")


def _value(text: str, kind: str) -> Any:
    if kind in LIKE_DATES:
        if text == TODAY or is_date(text):
            return text
        raise RangeError("its range does not fit a date; write days as YYYY-MM-DD, or today")
    number = int(text) if _WHOLE.fullmatch(text) else _fraction(text)
    if number is None or (kind == "int" and isinstance(number, float)):
        raise RangeError(f"its range does not fit the type {kind}; write {'whole ' if kind == 'int' else ''}numbers")
    if not abs(number) <= LARGEST_FLOAT:
        raise RangeError("its range has a number that is too large; leave that end out")
    return number


def _fraction(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # a day, or today
        return None
