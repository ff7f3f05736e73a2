"""Cron expressions of five fields, read strictly; which local times they mean is computed by cronsim.

cronsim follows Debian's cron. It is asked in local times without a zone only: what an hour that is missing or comes
twice means is decided in one place, `slots`. (Given a zone, cronsim 2.8 loses times after a change of half an hour,
as on Lord Howe Island, and after a start within a repeated hour it answers with a time that has passed.)
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from cronsim import CronSim, CronSimError

from hub_config.reports.calendar.errors import ScheduleError
from hub_config.reports.calendar.kinds import kind_of

__all__ = ["Cron", "CronValues", "parse_cron"]

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_LONGEST = 200
_ITEM = re.compile(
    r"(?:(?P<star>\*)|(?P<low>[0-9]{1,2}|[A-Z]{3})(?:-(?P<high>[0-9]{1,2}|[A-Z]{3}))?)(?:/(?P<step>[0-9]{1,2}))?"
)
_ADVICE = 'Write five fields (minute, hour, day of month, month, day of week), such as "0 7 * * 1-5".'


class _Field(NamedTuple):
    """One of the five fields."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    special: str = r"(?!)"  # what only this field knows, beside numbers, names, ranges and steps


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31, special="LW?"),
    _Field("month", 1, 12, names=_MONTHS),
    _Field("day of week", 0, 7, names=_DAYS, special="(?:[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#[1-5]|[0-7]L"),
)


class CronValues(NamedTuple):
    """The values that the five fields take, each rising; days of the week count from Monday, 0."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    last_day: bool
    last_weekday: bool
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    nth_weekdays: tuple[tuple[int, int], ...]  # day of the week, which of the month (-1 the last)
    both: bool  # whether day of month and day of week must both fit; else one is enough

    @property
    def any_day(self) -> bool:
        """Whether the day of month is left open."""
        return len(self.days) == 31

    @property
    def any_weekday(self) -> bool:
        """Whether the day of the week is left open."""
        return len(self.weekdays) == 7


@dataclass(frozen=True)
class Cron:
    """A cron expression that has been checked.

    Parameters
    ----------
    text : str
        The five fields in capitals, with single spaces.
    """

    text: str

    @property
    def by_wall(self) -> bool:
        """Whether it names times of day; if minute or hour begin with a star it runs by the minutes that pass."""
        minute, hour, *_ = self.text.split()
        return not minute.startswith("*") and not hour.startswith("*")

    def values(self) -> "CronValues":
        """Say which values each field takes.

        Returns
        -------
        CronValues
            As cronsim reads the expression.
        """
        sim = CronSim(self.text, datetime(2000, 1, 1))  # noqa: DTZ001 - the calendar, in no zone
        days = {value for value in sim.days if value > 0}
        plain = {item % 7 for item in sim.weekdays if isinstance(item, int)}
        nth = {item for item in sim.weekdays if isinstance(item, tuple)}
        return CronValues(
            minutes=tuple(sorted(sim.minutes)),
            hours=tuple(sorted(sim.hours)),
            days=tuple(sorted(days)),
            last_day=CronSim.LAST in sim.days,
            last_weekday=CronSim.LAST_WEEKDAY in sim.days,
            months=tuple(sorted(sim.months)),
            weekdays=tuple(sorted((day - 1) % 7 for day in plain)),
            nth_weekdays=tuple(sorted(((day - 1) % 7, -1 if nth < 0 else nth) for day, nth in nth)),
            both=sim.day_and,
        )

    def walls_after(self, wall: datetime) -> Iterator[datetime]:
        """Walk over the local times that are meant.

        Parameters
        ----------
        wall : datetime
            A local time, without an offset.

        Returns
        -------
        iterator of datetime
            Local times after `wall`, rising; ends where no time comes for fifty years.
        """
        return iter(CronSim(self.text, wall))


def _refuse(wrong: str, *, found: str, rule: str, advice: str = _ADVICE) -> ScheduleError:
    return ScheduleError(wrong, field="cron", found=found, rule=rule, advice=advice)


def parse_cron(text: object) -> Cron:
    """Read a cron expression.

    Parameters
    ----------
    text : object
        Five fields: numbers, names (``MON``, ``JAN``), ``*``, ranges, steps and lists of these; ``L`` and ``LW`` as day
        of month; ``1#2`` (second Monday) and ``5L`` (last Friday) as day of week.

    Returns
    -------
    Cron
        The expression.

    Raises
    ------
    ScheduleError
        If it is anything else, or never comes.
    """
    if not isinstance(text, str) or not text.strip():
        raise _refuse("a cron expression is text", found=kind_of(text), rule="cron-not-text")
    if len(text) > _LONGEST:
        raise _refuse(f"a cron expression has at most {_LONGEST} characters", found=kind_of(text), rule="cron-too-long")
    if text.strip().startswith("@"):
        raise _refuse("names such as @daily are not known", found="a name with @", rule="cron-nickname")
    if not re.fullmatch(r"[0-9A-Za-z*,/#\- \t]+", text):
        raise _refuse("a sign that cron does not know", found=kind_of(text), rule="cron-sign")
    parts = text.upper().split()
    if len(parts) != len(_FIELDS):
        more = " Seconds and years cannot be given." if len(parts) > len(_FIELDS) else ""
        raise _refuse(
            "a cron expression has five fields",
            found=f"{len(parts)} fields" if len(parts) > 1 else "one field",
            rule="cron-fields",
            advice=_ADVICE + more,
        )
    return _parse(tuple(parts))


@lru_cache(maxsize=16_384)
def _parse(parts: tuple[str, ...]) -> Cron:
    for field, part in zip(_FIELDS, parts, strict=True):
        for item in part.split(","):
            _check_item(item, field)
    return _that_comes(" ".join(parts))


def _check_item(item: str, field: _Field) -> None:
    """Refuse what cronsim would take without a word, and say in which field the fault is."""
    if re.fullmatch(field.special, item):
        return
    match = _ITEM.fullmatch(item)
    if match is None:
        raise _refuse(f"the {field.name} cannot be read", found=kind_of(item), rule="cron-syntax")
    low = field.low if match["star"] else _number(match["low"], field)
    # "5/15" is short for "5-59/15"
    open_end = match["star"] or (match["step"] and not match["high"])
    high = field.high if open_end else _number(match["high"] or match["low"], field)
    if field.name == "day of week" and open_end:
        high = 6  # 7 is Sunday once more
    if high < low:
        raise _refuse(
            f"a range of the {field.name} runs backwards",
            found="a first value above the last",
            rule="cron-range",
            advice="Write the smaller value first, or two ranges with a comma (SAT and SUN are 6-7).",
        )
    if match["step"] is not None and not 1 <= int(match["step"]) <= max(high - low, 1):
        raise _refuse(
            f"a step of the {field.name} is zero or longer than its range, so it does not repeat",
            found="a number",
            rule="cron-step",
            advice=f"Write a step from 1 to {max(high - low, 1)}; cron cannot count across the end of its field.",
        )


def _number(word: str, field: _Field) -> int:
    if word in field.names:
        return field.names.index(word) + (1 if field.names is _MONTHS else 0)
    if not word.isdigit():
        raise _refuse(
            f"the {field.name} has a name that cron does not know",
            found=kind_of(word),
            rule="cron-name",
            advice=f"Known: {', '.join(field.names)}." if field.names else "Write numbers.",
        )
    if not field.low <= int(word) <= field.high:
        raise _refuse(
            f"the {field.name} is outside {field.low} to {field.high}",
            found="a number",
            rule="cron-outside",
            advice=f"Write a number from {field.low} to {field.high}.",
        )
    return int(word)


def _that_comes(text: str) -> Cron:
    start = datetime(2000, 1, 1) - timedelta(seconds=1)  # noqa: DTZ001 - the calendar, in no zone
    try:
        sim = CronSim(text, start)
    except CronSimError:
        sim = None  # by now only: a day that no given month has
    if sim is None or next(sim, None) is None:
        raise _refuse(
            "no day is ever like this, as 30 February is not",
            found="an expression that never comes",
            rule="cron-never",
            advice="Look at day of month, month and day of week together.",
        )
    return Cron(text)
