"""What hospitals ask for and cron cannot say: working days, the last but one, quarters, the day after a holiday.

A rule is one English sentence: ``first working day of the month at 07:00``. Working days are Monday to Friday without
the schedule's holidays.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from hub_config.reports.calendar.errors import ScheduleError
from hub_config.reports.calendar.kinds import kind_of

__all__ = ["MONTHS", "PERIODS", "WEEKDAYS", "Rule", "is_working_day", "parse_rule"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
PERIODS = {"month": 1, "quarter": 3, "year": 12}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_HIGHEST = {"day": 31, "working day": 23, "weekday": 5}
_LAST = 5
_LONGEST = 200
_MOST_TIMES = 24
_HORIZON = 50  # years, as cronsim: the rarest day that there is, 29 February of one weekday, comes within 40
_DAY = timedelta(days=1)
_RULE = re.compile(
    r"(?:every (?P<every>[a-z, ]+?)"
    r"|(?:the )?(?P<ordinal>[a-z]+|[0-9]{1,2}(?:st|nd|rd|th))(?P<last> last)? (?P<what>working day|[a-z]+)"
    r" of (?P<period>[a-z, ]+?))"
    r"(?:,? or the (?P<shift>next|previous) working day)?,? at (?P<times>[0-9:, and]+)"
)
_ADVICE = (
    'Write for instance "first working day of the month at 07:00", "second Monday of the month at 07:00", '
    '"last working day of the quarter at 18:00", "15th day of the month or the next working day at 09:00" or '
    '"every working day at 07:00".'
)


def is_working_day(day: date, holidays: frozenset[date]) -> bool:
    """Tell whether people are at work.

    Parameters
    ----------
    day : date
        Any day.
    holidays : frozenset of date
        Days on which they are not.

    Returns
    -------
    bool
        True from Monday to Friday, except on holidays.
    """
    return day.weekday() < 5 and day not in holidays


@dataclass(frozen=True)
class Rule:
    """A rule that has been read.

    Parameters
    ----------
    nth : int or None
        Which day of the period, 1 the first, -1 the last; None for every one.
    what : str
        ``day``, ``working day`` or ``weekday``, the last with `weekdays`.
    weekdays : tuple of int
        0 is Monday.
    period : str
        ``month``, ``quarter`` or ``year``.
    months : tuple of int
        The months in which a period begins, 1 is January.
    shift : int
        What happens if the day is no working day: 1 the next working day is taken, -1 the previous, 0 neither.
    times : tuple of time
        Times of day, rising.
    """

    nth: int | None
    what: str
    weekdays: tuple[int, ...]
    period: str
    months: tuple[int, ...]
    shift: int
    times: tuple[time, ...]

    by_wall = True

    def days_from(self, start: date, holidays: frozenset[date]) -> Iterator[date]:
        """Walk over the days that are meant.

        Parameters
        ----------
        start : date
            The first day that may be given.
        holidays : frozenset of date
            Not working days. A rule that does not move to a working day leaves them out.

        Yields
        ------
        date
            Rising days; ends where none comes for fifty years.
        """
        reach = start
        while self.shift > 0 and not is_working_day(reach - _DAY, holidays):
            reach -= _DAY  # a free day before the start may be moved behind it
        newest: date | None = None
        for day in self._candidates(reach, holidays):
            moved = day
            while self.shift and not is_working_day(moved, holidays):
                moved += self.shift * _DAY
            if moved >= start and moved not in holidays and (newest is None or moved > newest):
                newest = moved
                yield moved

    def walls_after(self, wall: datetime, holidays: frozenset[date]) -> Iterator[datetime]:
        """Walk over the local times that are meant.

        Parameters
        ----------
        wall : datetime
            A local time, without an offset.
        holidays : frozenset of date
            As for `days_from`.

        Yields
        ------
        datetime
            Local times after `wall`, rising.
        """
        for day in self.days_from(wall.date(), holidays):
            for at in self.times:
                meant = datetime.combine(day, at)
                if meant > wall:
                    yield meant

    def _candidates(self, start: date, holidays: frozenset[date]) -> Iterator[date]:
        if self.nth is None:
            day = start
            while day.year < date.max.year:
                if self._is_meant(day, holidays):
                    yield day
                day += _DAY
            return
        length = PERIODS[self.period]
        number = (start.year * 12 + start.month - 1) // length * length
        newest = start.year
        while number // 12 <= min(newest + _HORIZON, date.max.year - 2):
            if number % 12 + 1 in self.months:
                day_or_none = self._nth_day(number, holidays)
                if day_or_none is not None and day_or_none >= start:
                    newest = day_or_none.year
                    yield day_or_none
            number += length

    def _nth_day(self, number: int, holidays: frozenset[date]) -> date | None:
        """Find the day in the period that begins with month `number` since the year 0."""
        nth = self.nth or 1
        after = number + PERIODS[self.period]
        begin, end = date(number // 12, number % 12 + 1, 1), date(after // 12, after % 12 + 1, 1)
        day, step = (begin, _DAY) if nth > 0 else (end - _DAY, -_DAY)
        left = abs(nth)
        while begin <= day < end:
            left -= self._is_meant(day, holidays)
            if left == 0:
                return day
            day += step
        return None

    def _is_meant(self, day: date, holidays: frozenset[date]) -> bool:
        if self.what == "working day":
            return is_working_day(day, holidays)
        return self.what == "day" or day.weekday() in self.weekdays


def _refuse(wrong: str, *, found: str, rule: str, advice: str = _ADVICE) -> ScheduleError:
    return ScheduleError(wrong, field="rule", found=found, rule=rule, advice=advice)


def parse_rule(text: object) -> Rule:
    """Read a rule.

    Parameters
    ----------
    text : object
        ``[every] DAYS [of PERIOD] [or the next|previous working day] at HH:MM [and HH:MM]``; capitals do not matter.

    Returns
    -------
    Rule
        What it means.

    Raises
    ------
    ScheduleError
        If it is anything else, or never comes.
    """
    if not isinstance(text, str) or not text.strip():
        raise _refuse("a rule is text", found=kind_of(text), rule="rule-not-text")
    if len(text) > _LONGEST:
        raise _refuse(f"a rule has at most {_LONGEST} characters", found=kind_of(text), rule="rule-too-long")
    return _parse(" ".join(text.lower().split()))


@lru_cache(maxsize=16_384)
def _parse(text: str) -> Rule:
    match = _RULE.fullmatch(text)
    if match is None:
        raise _refuse("the sentence is not one of those that are known", found=kind_of(text), rule="rule-sentence")
    what, weekdays = _days(match["every"] or match["what"], several=match["every"] is not None)
    nth = None if match["every"] else _nth(match["ordinal"], last=match["last"] is not None, what=what)
    period, months = ("month", tuple(range(1, 13))) if match["every"] else _period(match["period"])
    shift = {None: 0, "next": 1, "previous": -1}[match["shift"]]
    rule = Rule(nth, what, weekdays, period, months, shift, _times(match["times"]))
    if next(rule.days_from(date(2000, 1, 1), frozenset()), None) is None:
        raise _refuse(
            "no day is ever like this, as 30 February is not",
            found="a rule that never comes",
            rule="rule-never",
            advice="Take a smaller number, or last.",
        )
    return rule


def _words(text: str) -> list[str]:
    """Take the words out of ``a``, ``a and b``, ``a, b and c``."""
    return re.split(r", and |, | and ", text.strip())


def _days(text: str, *, several: bool) -> tuple[str, tuple[int, ...]]:
    if text in {"working day", "weekday"}:  # "first weekday of the month" is meant as the first working day
        return "working day", ()
    if text == "day":
        return "day", ()
    known = {name.lower(): number for number, name in enumerate(WEEKDAYS)}
    words = _words(text)
    if not set(words) <= known.keys() or len(set(words)) != len(words) or (len(words) > 1 and not several):
        raise _refuse(
            "the day is not known, or is named twice",
            found=kind_of(text),
            rule="rule-day",
            advice=f"Known: day, working day, {', '.join(WEEKDAYS)}.",
        )
    return "weekday", tuple(sorted(known[word] for word in words))


def _nth(word: str, *, last: bool, what: str) -> int:
    if word == "last" and not last:
        return -1
    number = _ORDINALS.get(word, 0)
    if word[0].isdigit():
        digits = int(word[:-2])
        ending = "th" if digits in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(digits % 10, "th")
        number = digits if word.endswith(ending) else 0
    highest = _LAST if last else _HIGHEST[what]
    if not (2 if last else 1) <= number <= highest:
        raise _refuse(
            f"which {what} is meant cannot be read, or there are never so many",
            found=kind_of(word),
            rule="rule-number",
            advice=f"Write first to fifth, 1st to {_HIGHEST[what]}th, last, or second last to fifth last.",
        )
    return -number if last else number


def _period(text: str) -> tuple[str, tuple[int, ...]]:
    name = text.removeprefix("the ")
    if text.startswith("the ") and name in PERIODS:
        return name, tuple(range(1, 13, PERIODS[name]))
    known = {month.lower(): number for number, month in enumerate(MONTHS, start=1)}
    words = _words(text)
    if not set(words) <= known.keys() or len(set(words)) != len(words):
        raise _refuse(
            "the period is not known, or a month is named twice",
            found=kind_of(text),
            rule="rule-period",
            advice=f"Known: the month, the quarter, the year, {', '.join(MONTHS)}.",
        )
    return "month", tuple(sorted(known[word] for word in words))


def _times(text: str) -> tuple[time, ...]:
    words = _words(text)
    if not all(re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", word) for word in words):
        raise _refuse(
            "a time of day cannot be read",
            found=kind_of(text),
            rule="rule-time",
            advice="Write 07:00, or 07:00 and 19:00.",
        )
    if len(set(words)) != len(words) or len(words) > _MOST_TIMES:
        raise _refuse(
            f"times of day are all different and at most {_MOST_TIMES}",
            found=f"{len(words)} times",
            rule="rule-times",
            advice="Use cron for what runs more often.",
        )
    return tuple(sorted(time.fromisoformat(word) for word in words))
