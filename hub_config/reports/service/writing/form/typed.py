"""What stands in the form's fields, as a browser sends it: a few texts behind each name, none of them empty."""

import re
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["UNITS", "Typed", "as_sent", "first", "number", "seconds", "sent_seconds", "typed_from", "whole"]

Typed = Mapping[str, Sequence[str]]

UNITS: Mapping[str, int] = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?")


def typed_from(arguments: Mapping[str, Iterable[bytes]]) -> dict[str, list[str]]:
    """Take what a browser sent.

    Parameters
    ----------
    arguments : mapping
        Values by name.

    Returns
    -------
    dict
        Texts by name, line ends as everywhere. An empty text is no text, but its field is known to have been there.

    Raises
    ------
    UnicodeDecodeError
        If it is not UTF-8.
    """
    return {name: as_sent(value.decode("utf-8") for value in values) for name, values in arguments.items()}


def as_sent(texts: Iterable[str]) -> list[str]:
    """Write texts as they come back from a browser.

    Parameters
    ----------
    texts : iterable of str
        Values of one field.

    Returns
    -------
    list of str
        Without empty ones.
    """
    return [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts if text]


def first(typed: Typed, name: str) -> str:
    """Give what a field of one text holds.

    Parameters
    ----------
    typed : mapping
        All fields.
    name : str
        Which.

    Returns
    -------
    str
        '' if there is nothing.
    """
    return next(iter(typed.get(name, ())), "")


def whole(text: str) -> int | str:
    """Read a whole number.

    Parameters
    ----------
    text : str
        As typed.

    Returns
    -------
    int or str
        The text where it is none, for the definition to refuse.
    """
    return int(text) if _WHOLE.fullmatch(text.strip()) else text.strip()


def number(text: str) -> float | str:
    """Read a number.

    Parameters
    ----------
    text : str
        As typed.

    Returns
    -------
    float or str
        The text where it is none, for the definition to refuse.
    """
    return float(text) if _NUMBER.fullmatch(text.strip()) else text.strip()


def seconds(text: str, unit: str) -> int | str:
    """Read a duration.

    Parameters
    ----------
    text : str
        A number of the unit, such as ``1.5``.
    unit : str
        A key of `UNITS`.

    Returns
    -------
    int or str
        Seconds; the text where it is no number, or they are not whole.
    """
    found = number(text)
    meant = found * UNITS.get(unit, 1) if isinstance(found, float) else None
    return int(meant) if meant is not None and meant.is_integer() and abs(meant) < 1e15 else text.strip()


def sent_seconds(value: int | None) -> tuple[str, str]:
    """Write a duration in the largest unit of which it is a whole number.

    Parameters
    ----------
    value : int or None
        Seconds.

    Returns
    -------
    str
        The number; '' for None.
    str
        The unit.
    """
    if value is None:
        return "", "min"
    unit = next(name for name, length in UNITS.items() if value % length == 0) if value else "s"
    return str(value // UNITS[unit]), unit
