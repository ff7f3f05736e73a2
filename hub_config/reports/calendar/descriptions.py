"""Schedules in words, in English and Korean, and the next times as people read them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from hub_config.reports.calendar.cron import CronValues
from hub_config.reports.calendar.errors import ScheduleError
from hub_config.reports.calendar.kinds import kind_of
from hub_config.reports.calendar.rules import PERIODS, Rule
from hub_config.reports.calendar.schedules import Schedule
from hub_config.reports.calendar.slots import Slot, next_slots
from hub_config.reports.calendar.texts import LANGUAGES, NAMES, TEXTS

__all__ = ["describe", "fire_times", "nth_in_words"]

_MOST_TIMES = 6  # more times of day than these are said by hours and minutes


def describe(schedule: Schedule, language: str = "en") -> str:
    """Say in words when a report is due.

    Parameters
    ----------
    schedule : Schedule
        The schedule.
    language : {'en', 'ko'}
        English or Korean.

    Returns
    -------
    str
        Such as ``every weekday at 07:00, Asia/Seoul``.

    Raises
    ------
    ScheduleError
        If the language is not known.
    """
    words = _Words(language)
    when = schedule.when
    days = _rule_days(when, words) if isinstance(when, Rule) else _cron_days(when.values(), words)
    times, by_times = _rule_times(when, words) if isinstance(when, Rule) else _cron_times(when.values(), words)
    if not by_times:
        every_day = days == words.say("every_day")
        days = "" if every_day else words.say("days_behind", days=days)
    whole = "whole" if by_times else "whole_by_minutes"
    limits = _limits(schedule, words)
    return words.say(whole, days=days, times=times, zone=schedule.zone, limits=limits)


def fire_times(
    schedule: Schedule | Sequence[Schedule], after: datetime, *, n: int = 5, language: str = "en"
) -> list[str]:
    """Write the next times in the schedule's zone, with their offset from UTC.

    Parameters
    ----------
    schedule : Schedule or sequence of Schedule
        The schedule, or several together.
    after : datetime
        An instant, with its offset.
    n : int, default 5
        How many at most.
    language : {'en', 'ko'}
        English or Korean.

    Returns
    -------
    list of str
        Such as ``Mon 2026-11-30 07:00 UTC+09:00``.

    Raises
    ------
    ScheduleError
        If the language is not known, or `after` has no offset.
    """
    words = _Words(language)
    return [_written(slot, words) for slot in next_slots(schedule, after, n=n)]


def nth_in_words(number: int, language: str) -> str:
    """Say which one of several is meant.

    Parameters
    ----------
    number : int
        1 is the first, -1 the last.
    language : {'en', 'ko'}
        English or Korean.

    Returns
    -------
    str
        Such as ``first``, ``15th``, ``second last``.

    Raises
    ------
    ScheduleError
        If the language is not known.
    """
    return _Words(language).nth(number)


class _Words:
    """The texts of one language."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise ScheduleError(
                "the language is not known",
                field="language",
                found=kind_of(language),
                rule="language",
                advice=f"Known: {', '.join(LANGUAGES)}.",
            )
        self._texts, self._names = TEXTS[language], NAMES[language]

    def say(self, key: str, **values: object) -> str:
        """Fill one text of the table."""
        return self._texts[key].format(**values)

    def name(self, kind: str, number: int) -> str:
        """One of a row of names."""
        return self._names[kind][number]

    def names(self, kind: str, numbers: Iterable[int]) -> str:
        """Several names, joined."""
        return self.joined([self.name(kind, number) for number in numbers])

    def joined(self, items: Sequence[str], *, choose: bool = False) -> str:
        """Items as a list in a sentence."""
        between, last, last_choice = self._names["joins"]
        head = between.join(items[:-1])
        return head + (last_choice if choose else last) + items[-1] if head else items[-1]

    def ranges(self, numbers: Sequence[int], *, names: str | None = None) -> list[str]:
        """Numbers, or what they name, in words; three and more in a row as a range."""
        runs: list[list[int]] = []
        for number in numbers:
            if runs and number == runs[-1][-1] + 1:
                runs[-1].append(number)
            else:
                runs.append([number])
        said: list[str] = []
        for run in runs:
            words = [str(number) if names is None else self.name(names, number) for number in run]
            said += [self.say("range", low=words[0], high=words[-1])] if len(run) > 2 else words
        return said

    def nth(self, number: int) -> str:
        """Which one: first, 15th, last, second last."""
        if number < 0:
            return self.say("last") if number == -1 else self.say("nth_last", nth=self.nth(-number))
        if number <= 5:
            return self.name("ordinals", number - 1)
        ending = "th" if number in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return self.say("nth", n=number, ending=ending)


def _written(slot: Slot, words: _Words) -> str:
    local = slot.local
    weekday = words.name("short_weekdays", local.weekday())
    return words.say(
        "fire_time", weekday=weekday, date=f"{local:%Y-%m-%d}", time=f"{local:%H:%M}", offset=local.isoformat()[19:]
    )


def _limits(schedule: Schedule, words: _Words) -> str:
    said = ""
    if schedule.first_at is not None:
        midnight = schedule.first_at.hour == schedule.first_at.minute == 0
        said += words.say(
            "from", first=f"{schedule.first_at:%Y-%m-%d}" if midnight else f"{schedule.first_at:%Y-%m-%d %H:%M}"
        )
    if schedule.until is not None:
        said += words.say("until", last=schedule.until.isoformat())
    n = len(schedule.holidays)
    return said + (words.say("one_holiday" if n == 1 else "holidays", n=n) if n else "")


def _rule_times(rule: Rule, words: _Words) -> tuple[str, bool]:
    return words.say("at", times=words.joined([f"{at:%H:%M}" for at in rule.times])), True


def _rule_days(rule: Rule, words: _Words) -> str:
    days = _every_day(rule, words) if rule.nth is None else _nth_day(rule, words, nth=rule.nth)
    if rule.shift:
        days = words.say("or_next" if rule.shift > 0 else "or_previous", days=days)
    return days


def _every_day(rule: Rule, words: _Words) -> str:
    if rule.what == "weekday":
        return words.say("every_named_day", days=words.names("weekdays", rule.weekdays))
    return words.say("every_working_day" if rule.what == "working day" else "every_day")


def _nth_day(rule: Rule, words: _Words, *, nth: int) -> str:
    day = words.name("weekdays", rule.weekdays[0]) if rule.weekdays else words.say(rule.what.replace(" ", "_"))
    whole = rule.period != "month" or len(rule.months) == 12
    counted = rule.what == "day" and nth > 0
    of = "months" if not whole else "month" if counted and rule.period == "month" else "period"
    key = ("day_n_of_" if counted else "nth_of_") + of
    period = words.name("periods", list(PERIODS).index(rule.period))
    months = words.names("months", (month - 1 for month in rule.months))
    return words.say(key, n=nth, nth=words.nth(nth), day=day, period=period, months=months)


def _cron_times(values: CronValues, words: _Words) -> tuple[str, bool]:
    minutes, hours = values.minutes, values.hours
    if len(minutes) * len(hours) <= _MOST_TIMES:
        times = [f"{hour:02d}:{minute:02d}" for hour in hours for minute in minutes]
        return words.say("at", times=words.joined(times)), True
    step = 60 // len(minutes)
    some_hours = len(hours) < 24
    if len(minutes) > 1 and minutes == tuple(range(0, 60, step)):
        key = ("every_minute" if step == 1 else "every_n_minutes") + ("_of_hours" if some_hours else "")
    else:
        key = "minutes_of_hours" if some_hours else "minutes_of_all_hours"
    said = words.joined(words.ranges(minutes))
    return words.say(key, n=step, minutes=said, hours=words.joined(words.ranges(hours))), False


def _cron_days(values: CronValues, words: _Words) -> str:
    if values.both and values.any_weekday:
        return (
            _in_months(words.say("every_day"), words, values=values)
            if values.any_day
            else _days_of_month(values, words)
        )
    if values.both and values.any_day:
        return _days_of_week(values, words)
    of_month = _days_of_month(values, words)
    if not values.both:
        return words.say("either", one=of_month, other=_days_of_week(values, words))
    names = [words.name("weekdays", day) for day in values.weekdays] + _nth_names(values, words)
    return words.say("both", one=of_month, days=words.joined(names, choose=True))


def _in_months(days: str, words: _Words, *, values: CronValues) -> str:
    return days if len(values.months) == 12 else words.say("in_months", days=days, months=_months(values, words))


def _of(values: CronValues, words: _Words) -> str:
    whole = len(values.months) == 12
    return words.say("of_every_month") if whole else words.say("of_months", months=_months(values, words))


def _months(values: CronValues, words: _Words) -> str:
    return words.names("months", (month - 1 for month in values.months))


def _days_of_month(values: CronValues, words: _Words) -> str:
    of = _of(values, words)
    said = []
    if values.days:
        numbers = words.ranges(values.days) + ([words.say("last_among_days")] if values.last_day else [])
        said.append(words.say("days_of_month", days=words.joined(numbers), of=of))
    elif values.last_day:
        said.append(words.say("last_day_of_month", of=of))
    if values.last_weekday:
        said.append(words.say("last_weekday_of_month", of=of))
    return _either(said, words)


def _either(said: list[str], words: _Words) -> str:
    return said[0] if len(said) == 1 else words.say("either", one=said[0], other=said[1])


def _days_of_week(values: CronValues, words: _Words) -> str:
    said = []
    if values.weekdays == (0, 1, 2, 3, 4):
        said.append(_in_months(words.say("every_weekday"), words, values=values))
    elif values.any_weekday:
        said.append(_in_months(words.say("every_day"), words, values=values))
    elif values.weekdays:
        named = words.say("every_named_day", days=words.joined(words.ranges(values.weekdays, names="weekdays")))
        said.append(_in_months(named, words, values=values))
    if values.nth_weekdays:
        nth = words.joined(_nth_names(values, words))
        said.append(words.say("nth_named_days", days=nth, of=_of(values, words)))
    return _either(said, words)


def _nth_names(values: CronValues, words: _Words) -> list[str]:
    return [
        words.say("nth_named_day", nth=words.nth(nth), day=words.name("weekdays", day))
        for day, nth in values.nth_weekdays
    ]
