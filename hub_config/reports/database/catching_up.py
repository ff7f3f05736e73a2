"""Since when services make up for the slots of a downtime: known to all of them, and after each of them has ended."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub_config.reports.database.connection import time_text
from hub_config.reports.database.tables import catching_up

__all__ = ["caught_up_since"]

_THE_ROW = 1
_READ = sa.select(catching_up.c.since, catching_up.c.seen_at)
_CHANGE = sa.update(catching_up).values(since=sa.bindparam("back"), seen_at=sa.bindparam("seen"))
_ADD = sa.insert(catching_up)


def caught_up_since(tx: Connection, *, now: dt.datetime, break_s: float) -> dt.datetime:
    """Say since when slots are made up for without a break, and note that they are now.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    now : datetime
        With a zone.
    break_s : float
        If nobody was seen at it for so many seconds, it begins anew; so it does if the clock was set back.

    Returns
    -------
    datetime
        `now` if it begins now.
    """
    pause = dt.timedelta(seconds=break_s)
    row = tx.execute(_READ).first()
    goes_on = (
        row is not None
        and row.since <= time_text(now)
        and time_text(now - pause) <= row.seen_at <= time_text(now + pause)
    )
    since = row.since if row is not None and goes_on else time_text(now)
    seen = max(row.seen_at, time_text(now)) if row is not None and goes_on else time_text(now)
    if row is None:
        tx.execute(_ADD, {"id": _THE_ROW, "since": since, "seen_at": seen})
    else:
        tx.execute(_CHANGE, {"back": since, "seen": seen})
    return dt.datetime.fromisoformat(since)
