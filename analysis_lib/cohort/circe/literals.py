"""Days and dates of a definition, checked and written as SQL."""

import datetime
from typing import Any

from analysis_lib.errors import CirceError

__all__ = ["date_literal", "whole"]

MOST_DAYS = 1_000_000


def date_literal(value: Any) -> str:
    """Write a date of a definition as SQL.

    Parameters
    ----------
    value : Any
        Year, month and day with hyphens.

    Returns
    -------
    str
        A date literal.
    """
    try:
        year, month, day = (int(part) for part in str(value).split("-"))
        return f"DATE '{datetime.date(year, month, day).isoformat()}'"
    except ValueError:
        raise CirceError("a date of the definition is none; it must be YYYY-MM-DD. Mend the definition.") from None


def whole(value: Any) -> int:
    """Check a number of days.

    Parameters
    ----------
    value : Any
        From the definition.

    Returns
    -------
    int
        The number.
    """
    if value is None or abs(int(value)) > MOST_DAYS:
        raise CirceError(
            f"a number of days must be between -{MOST_DAYS:,} and {MOST_DAYS:,}; found "
            f"{'none' if value is None else 'a larger one'}. Mend the definition."
        )
    return int(value)
