"""Relative dates in parameters: ``{month:-1.start}`` is the first day of the month before the slot's.

They are resolved once for each slot, in the schedule's zone, and the result is what is recorded: a run that is repeated
a year later reads the same days. Nothing is formatted or evaluated; the words below are all there are.

| written | as `str` | as `date` | as `datetime` |
|---|---|---|---|
| ``{today}``, ``{day:-1}`` | 2026-11-02 | 2026-11-02 | its first moment |
| ``{week:-1}`` | 2026-W44 (ISO) | its Monday | its first moment |
| ``{month:-1}`` | 2026-10 | its first day | its first moment |
| ``{quarter:-1}`` | 2026-Q3 | its first day | its first moment |
| ``{year:-1}`` | 2025 | its first day | its first moment |
| ``{month:-1.start}`` | the first day, 2026-10-01 | the same | its first moment |
| ``{month:-1.end}`` | the last day, 2026-10-31 | the same | its last second |
| ``{slot}``, ``{now}`` | date-time with offset | refused | date-time with offset |
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hub_config.reports.calendar.errors import RelativeDateError
from hub_config.reports.calendar.kinds import kind_of
from hub_config.reports.calendar.zones import first_moment, load_zone

__all__ = ["KINDS", "check_text", "resolve"]

KINDS = ("str", "date", "datetime")
_LONGEST = 4_000
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MOMENTS = ("slot", "now")
# How far one may count: two hundred years, so that no sum leaves the calendar.
_FARTHEST = MappingProxyType({"day": 73_000, "week": 10_400, "month": 2_400, "quarter": 800, "year": 200})
_KNOWN = (
    "Known: {today}, {slot}, {now}, and {day:-1}, {week:-1}, {month:-1}, {quarter:-1}, {year:-1}, "
    "each also with .start or .end; a brace itself is written twice."
)
_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|\{|\}")
_WORD = re.compile(
    r"(?P<moment>slot|now)|(?:(?P<today>today)|(?P<unit>day|week|month|quarter|year)(?::(?P<by>[+-]?[0-9]{1,5}))?)"
    r"(?:\.(?P<edge>start|end))?"
)


class _Expression(NamedTuple):
    """What stands between two braces."""

    unit: str  # a unit of _FARTHEST, or one of _MOMENTS
    by: int = 0
    edge: str | None = None


def check_text(text: str, *, kind: str) -> bool:
    """Check a parameter's text when a report is defined, before there is a slot.

    Parameters
    ----------
    text : str
        The text, with or without relative dates.
    kind : {'str', 'date', 'datetime'}
        The kind of parameter that it is for.

    Returns
    -------
    bool
        Whether it holds relative dates.

    Raises
    ------
    RelativeDateError
        If `resolve` would refuse it.
    """
    return any(isinstance(piece, _Expression) for piece in _read(text, kind))


def resolve(text: str, *, at: datetime, zone: str, kind: str, now: datetime | None = None) -> str:
    """Replace the relative dates in a parameter's text.

    Parameters
    ----------
    text : str
        The text. For `str` parameters dates may stand anywhere in it; for the others, text with a relative date is
        that date alone.
    at : datetime
        The slot, with its offset.
    zone : str
        The schedule's zone, in which `at` has its day.
    kind : {'str', 'date', 'datetime'}
        The kind of parameter.
    now : datetime, optional
        What ``{now}`` says, with its offset: when the run was made. The slot if not given.

    Returns
    -------
    str
        For `date` ``YYYY-MM-DD``, for `datetime` ISO 8601 with seconds and offset. Text without relative dates comes
        back as it is, with double braces made single.

    Raises
    ------
    RelativeDateError
        If a brace is open, a word is not known, a number too large, or what is written does not fit the kind.
    ScheduleError
        If the zone is not known.
    """
    tz = load_zone(zone)
    slot = _local(at, tz)
    moments = {"slot": slot, "now": slot if now is None else _local(now, tz)}
    pieces = _read(text, kind)
    try:
        return "".join(piece if isinstance(piece, str) else _said(piece, moments, kind=kind, tz=tz) for piece in pieces)
    except (OverflowError, ValueError):
        raise _refuse("the date is outside the calendar", text, rule="relative-far") from None


def _refuse(wrong: str, text: object, *, rule: str, advice: str = _KNOWN) -> RelativeDateError:
    return RelativeDateError(wrong, field="text", found=kind_of(text), rule=rule, advice=advice)


def _local(at: datetime, tz: ZoneInfo) -> datetime:
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise _refuse("the slot has no offset", at, rule="relative-instant", advice="Give a datetime in UTC.")
    return at.astimezone(tz)


def _read(text: str, kind: str) -> list[str | _Expression]:
    """Cut the text into plain pieces and expressions."""
    if kind not in KINDS:
        raise _refuse(
            "the kind of parameter is not known", kind, rule="relative-kind", advice=f"Known: {', '.join(KINDS)}."
        )
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise _refuse(f"text of at most {_LONGEST} characters is wanted", text, rule="relative-text")
    pieces: list[str | _Expression] = []
    end = 0
    for match in _PIECE.finditer(text):
        pieces.append(text[end : match.start()])
        pieces.append(match[0][0] if match[0] in {"{{", "}}"} else _expression(match[1], text))
        end = match.end()
    pieces.append(text[end:])
    pieces = [piece for piece in pieces if piece != ""]
    expressions = [piece for piece in pieces if isinstance(piece, _Expression)]
    if kind != "str" and expressions:
        if len(pieces) > 1:
            raise _refuse(f"for a {kind}, a relative date stands alone", text, rule="relative-alone")
        if kind == "date" and expressions[0].unit in _MOMENTS:
            raise _refuse(
                "for a date, a date-time is too much",
                text,
                rule="relative-moment",
                advice="Write {today} for the day of the slot.",
            )
    return pieces


def _expression(inner: str | None, text: str) -> _Expression:
    if inner is None:
        raise _refuse("a brace is not closed, or not opened", text, rule="relative-brace")
    match = _WORD.fullmatch(inner)
    if match is None:
        raise _refuse("the word between braces is not known", inner, rule="relative-word")
    if match["moment"]:
        return _Expression(match["moment"])
    unit, by = match["unit"] or "day", int(match["by"] or 0)
    if abs(by) > _FARTHEST[unit]:
        raise _refuse(
            "the number between braces is too large",
            inner,
            rule="relative-far",
            advice=f"Count at most {_FARTHEST[unit]} of this unit.",
        )
    return _Expression(unit, by, match["edge"])


def _month(day: date, by: int) -> date:
    number = day.year * 12 + day.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)


def _quarter_start(day: date, by: int) -> date:
    return _month(day, 3 * by - (day.month - 1) % 3)


# The first day of a period that lies `by` periods from the one that holds a day.
_STARTS: Mapping[str, Callable[[date, int], date]] = MappingProxyType(
    {
        "day": lambda day, by: day + by * _DAY,
        "week": lambda day, by: day + (7 * by - day.weekday()) * _DAY,
        "month": _month,
        "quarter": _quarter_start,
        "year": lambda day, by: date(day.year + by, 1, 1),
    }
)
_NAMES: Mapping[str, Callable[[date], str]] = MappingProxyType(
    {
        "day": lambda first: first.isoformat(),
        "week": lambda first: f"{first.isocalendar().year:04d}-W{first.isocalendar().week:02d}",
        "month": lambda first: first.isoformat()[:7],
        "quarter": lambda first: f"{first.year:04d}-Q{(first.month + 2) // 3}",
        "year": lambda first: f"{first.year:04d}",
    }
)


def _said(expression: _Expression, moments: Mapping[str, datetime], *, kind: str, tz: ZoneInfo) -> str:
    """Write one expression as the kind wants it."""
    if expression.unit in moments:
        return moments[expression.unit].isoformat(timespec="seconds")
    start_of, today = _STARTS[expression.unit], moments["slot"].date()
    first = start_of(today, expression.by)
    following = start_of(today, expression.by + 1)
    if kind == "datetime":
        return _edge_moment(first, following, edge=expression.edge, tz=tz)
    if kind == "str" and expression.edge is None:
        return _NAMES[expression.unit](first)
    return (following - _DAY if expression.edge == "end" else first).isoformat()


def _edge_moment(first: date, following: date, *, edge: str | None, tz: ZoneInfo) -> str:
    """The first moment of a period, or its last second, as its zone counts; midnight may be missing there."""
    at = first_moment(datetime.combine(following if edge == "end" else first, time()), tz)
    at = at - _SECOND if edge == "end" else at
    return at.astimezone(tz).isoformat(timespec="seconds")
