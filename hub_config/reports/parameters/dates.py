"""Dates and times of day as the text that parameters hold, and the one pattern for each that code and schema share."""

import datetime as dt
import re

__all__ = ["DATE", "DATETIME", "END", "day_from", "day_upto", "is_date", "is_datetime", "with_offset"]

# `$` would also match before a line feed at the end, and `\d` other digits than ours: these patterns mean the same in
# Python, in ECMAScript and so in JSON Schema.
END = r"(?![\s\S])"
_LONG_MONTH = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
_SHORT_MONTH = "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
_MONTH_AND_DAY = f"(?:{_LONG_MONTH}|{_SHORT_MONTH}|02-(?:0[1-9]|1[0-9]|2[0-8]))"
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DAY = f"(?!0000)(?:[0-9]{{4}}-{_MONTH_AND_DAY}|{_LEAP_YEAR}-02-29)"
# Seconds in an offset: before standard time came, towns kept their own, and ISO text of such a time has them.
_TIME = (
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
    "(?:Z|[+-](?:0[0-9]|1[0-5]):[0-5][0-9](?::[0-5][0-9])?)?"
)
DATE = f"^{_DAY}{END}"
DATETIME = f"^{_DAY}T{_TIME}{END}"
_A_DATE, _A_DATETIME = re.compile(DATE), re.compile(DATETIME)


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
    return _A_DATE.match(value) is not None


def is_datetime(value: str) -> bool:
    """Tell whether `value` is a date and a time of day in ISO 8601, such as ``2026-03-01T07:00`` or with ``+09:00``.

    Parameters
    ----------
    value : str
        Any text.

    Returns
    -------
    bool
        True for a day that exists and a time within it; an offset or ``Z`` may follow.
    """
    return _A_DATETIME.match(value) is not None


def with_offset(value: str, zone: dt.tzinfo) -> str:
    """Write the offset behind a time that has none.

    A time that the clocks skip is read with the offset before the change, one that comes twice is the first of the two.

    Parameters
    ----------
    value : str
        A text for which `is_datetime` is true.
    zone : tzinfo
        In which the time is meant.

    Returns
    -------
    str
        The same text if it has an offset, else the same time with the zone's.
    """
    parsed = dt.datetime.fromisoformat(value)
    return value if parsed.tzinfo is not None else parsed.replace(tzinfo=zone).isoformat()


def day_from(day: str) -> str:
    """Give the pattern of all texts that begin with `day` or a later one.

    Parameters
    ----------
    day : str
        ``YYYY-MM-DD``.

    Returns
    -------
    str
        To be used beside `DATE` or `DATETIME`, which check that there is a day at all.
    """
    return _beyond(day, step=1, last="9")


def day_upto(day: str) -> str:
    """Give the pattern of all texts that begin with `day` or an earlier one.

    Parameters
    ----------
    day : str
        ``YYYY-MM-DD``.

    Returns
    -------
    str
        To be used beside `DATE` or `DATETIME`, which check that there is a day at all.
    """
    return _beyond(day, step=-1, last="0")


def _beyond(day: str, *, step: int, last: str) -> str:
    ways = [day]
    for place, digit in enumerate(day):
        if digit not in {"-", last}:
            low, high = sorted((chr(ord(digit) + step), last))
            ways.append(f"{day[:place]}[{low}-{high}]")
    return f"^(?:{'|'.join(ways)})"
