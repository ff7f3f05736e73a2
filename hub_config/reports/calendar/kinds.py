"""What kind of value was found, in words that give nothing of it away."""

from collections.abc import Mapping
from datetime import date, datetime

__all__ = ["kind_of"]

_KINDS = (
    (type(None), "nothing"),
    (bool, "true or false"),  # before int, which it is
    (int | float, "a number"),
    (date, "a date"),
    (Mapping, "a table"),
)


def kind_of(value: object) -> str:
    """Say what kind of value was found, never which.

    Parameters
    ----------
    value : object
        Anything that TOML, JSON, a form or a caller may give.

    Returns
    -------
    str
        Such as ``text of 12 characters``.
    """
    if isinstance(value, str):
        return f"text of {len(value)} characters" if value.strip() else "empty text"
    if isinstance(value, list | tuple | set | frozenset):
        return f"a list of {len(value)}"
    if isinstance(value, datetime):
        return "a date-time" if value.tzinfo is None else "a date-time with an offset"
    known = (kind for type_, kind in _KINDS if isinstance(value, type_))
    return next(known, f"a value of type {type(value).__name__}")
