"""When a wall clock of a time zone first shows a time, and when its offset changes; see `hub_config.time_zones`."""

import difflib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hub_config.reports.calendar.errors import ScheduleError
from hub_config.reports.calendar.kinds import kind_of
from hub_config.time_zones import read_zone, zone_names

__all__ = ["first_moment", "load_zone", "next_change", "wall_time"]

_DAY = timedelta(days=1)


def load_zone(name: object) -> ZoneInfo:
    """Load a time zone from the `tzdata` package.

    Parameters
    ----------
    name : object
        A name of the IANA data base with an area, such as ``Asia/Seoul``, or ``UTC``.

    Returns
    -------
    ZoneInfo
        The zone; the same object for the same name.

    Raises
    ------
    ScheduleError
        If there is no such zone, or `name` is an abbreviation, an offset or no text.
    """
    if isinstance(name, str) and name in zone_names():
        return read_zone(name)
    advice = "Write the name of an area and a place, such as Asia/Seoul or Europe/Berlin, or UTC."
    if isinstance(name, str) and len(name) <= 40:
        near = difflib.get_close_matches(name, zone_names(), n=3, cutoff=0.75)
        advice = f"Known names that look alike: {', '.join(near)}." if near else advice
    raise ScheduleError(
        "not a time zone of the IANA data base", field="zone", found=kind_of(name), rule="zone-unknown", advice=advice
    )


def wall_time(at: datetime, zone: ZoneInfo) -> datetime:
    """Say what the clock on the wall shows.

    Parameters
    ----------
    at : datetime
        An instant, with its offset.
    zone : ZoneInfo
        Where the clock hangs.

    Returns
    -------
    datetime
        The local time, without an offset.
    """
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def first_moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """Find the first instant at which the clock on the wall shows `wall` or later.

    An ordinary time is shown once. A time that comes twice, as clocks are set back, is meant the first time. A time
    that never comes, as clocks are set forward, is the moment of the change. The answer never falls as `wall` rises.

    Parameters
    ----------
    wall : datetime
        A local time, without an offset.
    zone : ZoneInfo
        Where the clock hangs.

    Returns
    -------
    datetime
        An instant, in UTC.
    """
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_time(after, zone) == wall:
        return after
    # In a gap, fold=0 counts with the offset before the change and lands behind it, fold=1 the other way round.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if wall_time(middle, zone) >= wall:
            after = middle
        else:
            before = middle
    return after


def next_change(at: datetime, zone: ZoneInfo) -> datetime:
    """Find where the offset of `at` ends, looking one day ahead.

    Parameters
    ----------
    at : datetime
        An instant, in UTC.
    zone : ZoneInfo
        The zone whose offset is watched.

    Returns
    -------
    datetime
        The first instant with another offset, or a day after `at` if there is none until then.
    """
    offset = at.astimezone(zone).utcoffset()
    before, after = at.replace(microsecond=0), at.replace(microsecond=0) + _DAY
    if after.astimezone(zone).utcoffset() == offset:
        return after
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
