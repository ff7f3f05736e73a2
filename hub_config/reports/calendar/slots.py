"""Slots: the instants at which a schedule is due, exactly one for each time that is meant.

Two kinds of schedule are told apart, as Debian's cron does (cron(8), 3.0pl1-162). A rule, and a cron expression whose
minute and hour do not begin with a star, name **times of day**: a time that the clocks skip is due at the moment of
the change, a time that comes twice is due the first time, and times that fall on one instant are one slot. A cron
expression whose minute or hour begins with a star runs **by the minutes that pass**: it is due at every minute whose
local time fits, so an hourly report is made 25 times on a day of 25 hours.

Unlike Debian's cron, changes of three hours and more are no exception: on a day that a country skips (Samoa's
30 December 2011) a daily report is due once, at the moment of the change.

The zones' rules are those of the locked `tzdata` package; see `zones`.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice

from hub_config.reports.calendar.errors import ScheduleError
from hub_config.reports.calendar.kinds import kind_of
from hub_config.reports.calendar.schedules import Schedule
from hub_config.reports.calendar.zones import first_moment, next_change, wall_time

__all__ = ["Slot", "next_slots", "slots_after"]

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_YEARS = range(1901, 9000)


@dataclass(frozen=True)
class Slot:
    """One time at which a report is due.

    Parameters
    ----------
    at : datetime
        The instant, in UTC. It tells the slots of a schedule apart.
    local : datetime
        The same instant with the offset that holds there and then.
    intended : datetime
        The local time that is meant, without an offset; another than `local` where clocks skip it.
    zone : str
        Name of the zone.
    by_wall : bool
        Whether the schedule names times of day, so that `intended` comes only once.
    """

    at: datetime
    local: datetime
    intended: datetime
    zone: str
    by_wall: bool


def next_slots(schedule: Schedule | Sequence[Schedule], after: datetime, *, n: int = 5) -> list[Slot]:
    """Give the next slots.

    Parameters
    ----------
    schedule : Schedule or sequence of Schedule
        When a report is due; with several, whenever one of them says so.
    after : datetime
        An instant, with its offset; a slot at `after` itself is not given.
    n : int, default 5
        How many at most.

    Returns
    -------
    list of Slot
        In order; fewer than `n` only if the schedule ends.

    Raises
    ------
    ScheduleError
        If `after` has no offset or is far from our time.
    """
    return list(islice(slots_after(schedule, after), n))


def slots_after(
    schedule: Schedule | Sequence[Schedule], after: datetime, *, upto: datetime | None = None
) -> Iterator[Slot]:
    """Walk over the slots after an instant, computing each when it is asked for.

    Wherever one starts, the same slots follow.

    Parameters
    ----------
    schedule : Schedule or sequence of Schedule
        When a report is due; with several, whenever one of them says so, and once where they agree.
    after : datetime
        An instant, with its offset; a slot at `after` itself is not given.
    upto : datetime, optional
        The last instant that may be given; without it the walk ends only with the schedule.

    Returns
    -------
    iterator of Slot
        Rising, none twice.

    Raises
    ------
    ScheduleError
        If `after` or `upto` have no offset or are far from our time.
    """
    start, end = _instant(after), None if upto is None else _instant(upto)
    if isinstance(schedule, Schedule):
        return _within(schedule, start, end=end)
    return _together([_within(one, start, end=end) for one in schedule])


def _together(walks: list[Iterator[Slot]]) -> Iterator[Slot]:
    newest = None
    for slot in heapq.merge(*walks, key=lambda slot: slot.at):
        if slot.at != newest:
            newest = slot.at
            yield slot


def _instant(at: datetime) -> datetime:
    if not isinstance(at, datetime) or at.tzinfo is None or at.year not in _YEARS:
        raise ScheduleError(
            f"an instant of the years {_YEARS[0]} to {_YEARS[-1]} with its offset is wanted",
            field="after",
            found=kind_of(at),
            rule="instant",
            advice="Give a datetime in UTC.",
        )
    return at.astimezone(UTC)


def _within(schedule: Schedule, start: datetime, *, end: datetime | None) -> Iterator[Slot]:
    first_wall = schedule.first_at
    if first_wall is not None:
        start = max(start, first_moment(first_wall, schedule.tz) - _SECOND)
    by_wall = schedule.when.by_wall
    newest = start
    for at, wall in _by_wall(schedule, start) if by_wall else _by_minutes(schedule, start):
        # A day later, because by the minutes a clock that is set back may show the day before once more.
        if (end is not None and at > end) or (schedule.until and wall.date() > schedule.until + _DAY):
            return
        if at <= newest or (schedule.until and wall.date() > schedule.until):
            continue
        if by_wall and first_wall and wall < first_wall:  # meant before the first time, and moved to it by a gap
            continue
        newest = at
        offset = at.astimezone(schedule.tz).utcoffset() or timedelta()
        yield Slot(at, at.astimezone(timezone(offset)), wall, schedule.zone, by_wall)


def _by_wall(schedule: Schedule, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Times of day: `first_moment` never falls, so what was meant before `start` cannot come after it."""
    for wall in schedule.walls_after(wall_time(start, schedule.tz)):
        if wall.year not in _YEARS:
            return
        yield first_moment(wall, schedule.tz), wall


def _by_minutes(schedule: Schedule, start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Minutes that pass: one stretch of constant offset after the other, in each of which local times are plain."""
    at = start
    while at.year in _YEARS:
        end = next_change(at, schedule.tz)
        wall_start = wall_time(at, schedule.tz)
        offset = wall_start - at.replace(tzinfo=None)
        for wall in schedule.walls_after(wall_start - _SECOND):
            instant = (wall - offset).replace(tzinfo=UTC)
            if instant >= end:
                # Nothing is meant until `wall`; two days are more than clocks ever were set in one step.
                at = max(end, instant - 2 * _DAY)
                break
            yield instant, wall
        else:
            return
