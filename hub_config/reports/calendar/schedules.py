"""A schedule: when a report is due."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from hub_config.reports.calendar.cron import Cron, parse_cron
from hub_config.reports.calendar.errors import ScheduleError
from hub_config.reports.calendar.kinds import kind_of
from hub_config.reports.calendar.rules import Rule, parse_rule
from hub_config.reports.calendar.zones import load_zone

__all__ = ["Schedule"]

_YEARS = range(1970, 3000)
_MOST_HOLIDAYS = 2_000
_SECOND = timedelta(seconds=1)
_BEGINS_AS_CRON = re.compile(r"\s*(?:@|[0-9*,/-]+(?:\s|$))")


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When a report is due.

    Parameters
    ----------
    zone : str
        Name in the IANA data base; all times of the schedule are local times there.
    cron : str or None
        A cron expression of five fields; either this or `rule`.
    rule : str or None
        A sentence such as ``first working day of the month at 07:00``.
    first_at : datetime or None
        Local time, without an offset, before which nothing is due. A date means its first moment.
    until : date or None
        The last local day on which something is due.
    holidays : tuple of date
        Local days that are not working days; nothing is due on them. Kept in order, each once.

    Raises
    ------
    ScheduleError
        If a value cannot be meant, or no slot would ever come.
    """

    zone: str
    cron: str | None = None
    rule: str | None = None
    first_at: datetime | None = None
    until: date | None = None
    holidays: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        """Check every value, and bring each to its one form."""
        if (self.cron is None) == (self.rule is None):
            raise ScheduleError(
                "a schedule has either cron or rule",
                field="cron",
                found="neither" if self.cron is None else "both",
                rule="schedule-one",
                advice='Write cron = "0 7 * * 1-5", or rule = "first working day of the month at 07:00".',
            )
        self._set("zone", load_zone(self.zone).key)
        self._set("first_at", _as_datetime(self.first_at))
        self._set("until", None if self.until is None else _as_date(self.until, field="until"))
        self._set("holidays", _as_dates(self.holidays))
        if isinstance(self.when, Cron):
            self._set("cron", self.when.text)
        else:
            self._set("rule", " ".join(str(self.rule).split()))
        self._check_range()

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _check_range(self) -> None:
        if self.until is None or self.first_at is None:
            return
        first = next(self.walls_after(self.first_at - _SECOND), None)
        if first is None or first.date() > self.until:
            raise ScheduleError(
                "nothing is ever due from first_at until the end of this day",
                field="until",
                found="a day before the first time" if self.first_at.date() <= self.until else "a day before first_at",
                rule="schedule-empty",
                advice="Take a later last day, or an earlier first time.",
            )

    @cached_property
    def when(self) -> Cron | Rule:
        """The cron expression or the rule, read."""
        return parse_rule(self.rule) if self.cron is None else parse_cron(self.cron)

    @property
    def tz(self) -> ZoneInfo:
        """The zone, loaded; not kept here, as a zone that was read from a file cannot be sent to another process."""
        return load_zone(self.zone)

    @cached_property
    def free_days(self) -> frozenset[date]:
        """The holidays, to look up."""
        return frozenset(self.holidays)

    def walls_after(self, wall: datetime) -> Iterator[datetime]:
        """Walk over the local times that cron or rule mean, without the holidays, whatever first and last day are.

        Parameters
        ----------
        wall : datetime
            A local time, without an offset.

        Yields
        ------
        datetime
            Local times after `wall`, rising.
        """
        if isinstance(self.when, Rule):
            yield from self.when.walls_after(wall, self.free_days)
            return
        for meant in self.when.walls_after(wall):
            if not self.free_days or meant.date() not in self.free_days:
                yield meant

    @classmethod
    def from_text(cls, text: str, *, zone: str, until: date | None = None, holidays: Sequence[date] = ()) -> "Schedule":
        """Read what a definition has: a cron expression or a sentence.

        Parameters
        ----------
        text : str
            What begins with a number or a star alone, or with ``@``, is read as cron, all else as a sentence.
        zone : str
            As for the class.
        until : date, optional
            As for the class.
        holidays : sequence of date, optional
            As for the class.

        Returns
        -------
        Schedule
            The schedule.

        Raises
        ------
        ScheduleError
            If a value cannot be meant.
        """
        is_cron = isinstance(text, str) and _BEGINS_AS_CRON.match(text) is not None
        cron, rule = (text, None) if is_cron else (None, text)
        return cls(cron=cron, rule=rule, zone=zone, until=until, holidays=tuple(holidays))


def _refuse_date(value: object, field: str, *, wanted: str) -> ScheduleError:
    return ScheduleError(
        f"{wanted} of the years {_YEARS[0]} to {_YEARS[-1]} is wanted",
        field=field,
        found=kind_of(value),
        rule=f"{field.replace('_', '-')}-date",
        advice="Write it as 2027-01-31" + (", or 2027-01-31T07:00 without an offset." if "time" in wanted else "."),
    )


def _as_date(value: object, *, field: str) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise _refuse_date(value, field, wanted="a date") from None
    if not isinstance(value, date) or isinstance(value, datetime) or value.year not in _YEARS:
        raise _refuse_date(value, field, wanted="a date")
    return value


def _as_datetime(value: object) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(
        r"[0-9]{4}(?:-[0-9]{2}){2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?", value
    ):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise _refuse_date(value, "first_at", wanted="a date or local time") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a local time
    if not isinstance(value, datetime) or value.tzinfo is not None or value.year not in _YEARS:
        raise _refuse_date(value, "first_at", wanted="a date or local time")
    return value.replace(microsecond=0, fold=0)


def _as_dates(value: object) -> tuple[date, ...]:
    if not isinstance(value, list | tuple | set | frozenset) or len(value) > _MOST_HOLIDAYS:
        raise ScheduleError(
            f"holidays are a list of at most {_MOST_HOLIDAYS} dates",
            field="holidays",
            found=kind_of(value),
            rule="holidays-list",
            advice="Write holidays = [2027-01-01, 2027-02-08].",
        )
    return tuple(sorted({_as_date(day, field="holidays") for day in value}))
