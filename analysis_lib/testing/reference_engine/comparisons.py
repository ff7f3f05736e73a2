"""Compare values as SQL does: a missing value satisfies nothing, nor does its negation.

Dates are day numbers (`datetime.date.toordinal`), so that adding days to the year 9999 is possible.
"""

import datetime
import operator
import re
from collections.abc import Callable, Collection, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

__all__ = ["day", "in_date_range", "in_range", "is_like", "is_selected", "shift", "year"]

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "!eq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
}


def day(value: datetime.date | str | None) -> int | None:
    """Return the day number of a date, a timestamp or an ISO date's text.

    Parameters
    ----------
    value : date, datetime, str or None
        A text is ``YYYY-MM-DD``; a time of day is dropped.

    Returns
    -------
    int or None
        None for a missing value.
    """
    if value is None:
        return None
    if isinstance(value, str):
        year_part, month, day_part = (int(part) for part in value.split("-"))
        value = datetime.date(year_part, month, day_part)
    return value.toordinal()


def shift(start: int | None, days: float | None) -> int | None:
    """Return the day `days` later, or None where either is missing.

    Parameters
    ----------
    start : int or None
        A day number.
    days : float or None
        How many days later, earlier if negative; a fraction is cut off.

    Returns
    -------
    int or None
        A day number.
    """
    return None if start is None or days is None else start + int(days)


def year(start: int | None) -> int | None:
    """Return the calendar year of a day number.

    Parameters
    ----------
    start : int or None
        A day number, of the years 1 to 9999.

    Returns
    -------
    int or None
        None for a missing day.
    """
    return None if start is None else datetime.date.fromordinal(start).year


def in_range(value: Any, bounds: Mapping[str, Any], *, decimals: int = 0) -> bool:
    """Tell whether a number is in a Circe range.

    The official SQL writes the bounds of whole-number attributes cut to an integer, those of the others with
    four decimals, and so compares with these.

    Parameters
    ----------
    value : int, float, Decimal or None
        The number.
    bounds : dict
        The range: ``Op``, ``Value`` and, for ``bt`` and ``!bt``, ``Extent``.
    decimals : int
        How many the bounds are rounded to; with 0 they are cut to an integer.

    Returns
    -------
    bool
        False for a missing number, whatever the operator.
    """
    low, high = (_written(bounds.get(key), decimals) for key in ("Value", "Extent"))
    return _compare(value, bounds["Op"], bounds=(low, high))


def in_date_range(value: int | None, bounds: Mapping[str, Any]) -> bool:
    """Tell whether a day is in a Circe date range.

    Parameters
    ----------
    value : int or None
        A day number.
    bounds : dict
        As in `in_range`, with ISO dates as ``Value`` and ``Extent``.

    Returns
    -------
    bool
        False for a missing day, whatever the operator.
    """
    return _compare(value, bounds["Op"], bounds=(day(bounds.get("Value")), day(bounds.get("Extent"))))


def _written(bound: float | None, decimals: int) -> float | None:
    if bound is None:
        return None
    if decimals == 0:
        return int(bound)
    return float(Decimal(repr(bound)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


def _compare(value: Any, op: str, *, bounds: tuple[Any, Any]) -> bool:
    if value is None:
        return False
    low, high = bounds
    if op.endswith("bt"):
        return bool(low <= value <= high) is not op.startswith("!")
    return bool(_OPERATORS[op](value, low))


def is_like(value: str | None, condition: Mapping[str, Any]) -> bool:
    """Tell whether a text satisfies a Circe text filter; ``%`` and ``_`` in it are SQL's wildcards.

    Parameters
    ----------
    value : str or None
        The text; upper and lower case differ.
    condition : dict
        The filter: ``Text`` and ``Op``, which is ``contains``, ``startsWith`` or ``endsWith``, or one
        of these after ``!``.

    Returns
    -------
    bool
        False for a missing text, whatever the operator.
    """
    if value is None:
        return False
    op = condition["Op"]
    pattern = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in condition["Text"])
    before = ".*" if op.endswith(("endsWith", "contains")) else ""
    after = ".*" if op.endswith(("startsWith", "contains")) else ""
    found = re.fullmatch(before + pattern + after, value, re.DOTALL) is not None
    return found is not op.startswith("!")


def is_selected(
    concept_id: int | None, selection: Mapping[str, Any], *, codesets: Mapping[int, Collection[int]]
) -> bool:
    """Tell whether a concept is in (or, excluding, not in) the chosen concept set.

    Without a set the question is whether there is a concept at all. Nothing, not even a missing concept, is in
    an empty set, so all is outside it.

    Parameters
    ----------
    concept_id : int or None
        The recorded concept.
    selection : dict
        ``CodesetId``, the set's id, and ``IsExclusion``; both may be missing.
    codesets : dict of int to collection of int
        Concepts by the set's id; a set that is not there is empty.

    Returns
    -------
    bool
        Whether the concept is as chosen.
    """
    excluding = bool(selection.get("IsExclusion"))
    if selection.get("CodesetId") is None:
        return bool((concept_id is None) == excluding)
    concepts = codesets.get(selection["CodesetId"], ())
    if concept_id is None:
        return excluding and not concepts
    return (concept_id in concepts) != excluding
