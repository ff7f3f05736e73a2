"""Checks of the fields of a definition.

A definition becomes SQL, and what becomes SQL is a whole number or a word from a closed list, never a user's text.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from analysis_lib.errors import InvalidDefinitionError

MOST_DAYS = 100_000
MOST_VALUE = 2**63


def check_text(field: str, value: object) -> None:
    """Refuse a name that is no text, is empty or breaks a line.

    Parameters
    ----------
    field : str
        What it is, for the message.
    value : object
        What was given.
    """
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InvalidDefinitionError(
            f"{field} must be one line of text; got {_kind(value)}. Write a short name that people will read in tables."
        )


def check_count(field: str, value: object, *, least: int = 0) -> None:
    """Refuse what is no whole number of at least `least`; True and 3.0 are none.

    Parameters
    ----------
    field : str
        What it is, for the message.
    value : object
        What was given.
    least : int, default 0
        The smallest allowed.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**63:
        raise InvalidDefinitionError(f"{field} must be a whole number, {least} or more; got {_kind(value)}.")


def check_choice(field: str, value: object, *, known: Collection[str]) -> None:
    """Refuse a word that is not on the list.

    Parameters
    ----------
    field : str
        What it is, for the message.
    value : object
        What was given.
    known : collection of str
        The list.
    """
    if not isinstance(value, str) or value not in known:
        raise InvalidDefinitionError(f"{field} is not known; got {_kind(value)}. Choose one of: {', '.join(known)}.")


def check_days(field: str, value: object, *, least: int = 0) -> None:
    """Refuse what is no whole number of days within a few lifetimes; beyond them calendars end.

    Parameters
    ----------
    field : str
        What it is, for the message.
    value : object
        What was given.
    least : int, default 0
        The smallest allowed.
    """
    check_count(field, value, least=least)
    if isinstance(value, int) and value > MOST_DAYS:
        raise InvalidDefinitionError(f"{field} must be at most {MOST_DAYS:,}; got {value}. Is it given in days?")


def check_letters(document: Any) -> None:
    """Refuse JSON that holds half a letter, such as ``\\ud800``: neither a file nor the engine can take it.

    Parameters
    ----------
    document : Any
        What was read from JSON.
    """
    waiting = [document]
    while waiting:
        part = waiting.pop()
        waiting += [*part, *part.values()] if isinstance(part, dict) else part if isinstance(part, list) else []
        if isinstance(part, str) and not part.isascii():
            _check_whole_letters("a text in the definition", part)


def _check_whole_letters(field: str, text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidDefinitionError(
            f"{field} must be written in whole letters; found a surrogate, half of one. Write the text again."
        ) from None


def check_type(field: str, value: object, *, types: tuple[type, ...]) -> None:
    """Refuse a part of the wrong kind.

    Parameters
    ----------
    field : str
        What it is, for the message.
    value : object
        What was given.
    types : tuple of type
        The right kinds.
    """
    if not isinstance(value, types):
        names = " or ".join(kind.__name__ for kind in types)
        raise InvalidDefinitionError(f"{field} must be {names}; got {_kind(value)}.")


def count_of_days(days: int) -> str:
    """Write a number of days.

    Parameters
    ----------
    days : int
        How many.

    Returns
    -------
    str
        ``1 day``, ``365 days``.
    """
    return "1 day" if days == 1 else f"{days:,} days"


def _kind(value: object) -> str:
    shown = repr(value) if isinstance(value, str | int | float | date) or value is None else ""
    return f"{type(value).__name__} {shown}".strip()


def check_parts(field: str, values: Iterable[Any], *, types: tuple[type, ...], least: int = 0) -> tuple[Any, ...]:
    """Refuse a list with a part of the wrong kind.

    Parameters
    ----------
    field : str
        What it is, for the message.
    values : iterable
        The parts.
    types : tuple of type
        The right kinds.
    least : int, default 0
        How many parts there must be.

    Returns
    -------
    tuple
        The parts.
    """
    if isinstance(values, str | dict) or not isinstance(values, Iterable):
        raise InvalidDefinitionError(f"{field} must be a tuple of parts; got {_kind(values)}. Write (part,).")
    parts = tuple(values)
    name, of, whole = field.partition(" of ")
    for number, part in enumerate(parts):
        check_type(f"{name}[{number}]{of}{whole}", part, types=types)
    if len(parts) < least:
        raise InvalidDefinitionError(f"{field} must have {least} part or more; got {len(parts)}.")
    return parts


def check_flag(field: str, value: object) -> None:
    """Refuse what is neither True nor False.

    Parameters
    ----------
    field : str
        What it is, for the message.
    value : object
        What was given.
    """
    if not isinstance(value, bool):
        raise InvalidDefinitionError(f"{field} must be True or False; got {_kind(value)}.")


def check_offset(field: str, value: object) -> None:
    """Refuse what is no whole number of days, before (negative) or after.

    Parameters
    ----------
    field : str
        What it is, for the message.
    value : object
        What was given.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidDefinitionError(f"{field} must be a whole number of days, negative before; got {_kind(value)}.")
    if abs(value) > MOST_DAYS:
        raise InvalidDefinitionError(
            f"{field} must be within {MOST_DAYS:,} days; got {value}. Leave it out for no limit."
        )


def as_date(field: str, value: object) -> date:
    """Read a date.

    Parameters
    ----------
    field : str
        What it is, for the message.
    value : object
        A date, or text such as ``"2020-03-01"``.

    Returns
    -------
    date
        The date.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        year, month, day = map(int, value.split("-") if isinstance(value, str) else [])
        return date(year, month, day)
    except ValueError:
        raise InvalidDefinitionError(
            f"{field} must be a date; got {_kind(value)}. Write it as year-month-day, such as 2020-03-01."
        ) from None


def as_number(field: str, value: object) -> int | float:
    """Read a number.

    Parameters
    ----------
    field : str
        What it is, for the message.
    value : object
        A whole number or a finite decimal.

    Returns
    -------
    int or float
        The number; a decimal without a fraction is made whole.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MOST_VALUE:
        raise InvalidDefinitionError(f"{field} must be a number; got {_kind(value)}.")
    return int(value) if float(value).is_integer() else value
