"""What happens to runs, told to whoever watches them: server-sent events, from one look at the database for all."""

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from hub_config.reports.database.connection import Database
from hub_config.reports.database.history import queue_position
from hub_config.reports.database.states import FINAL
from hub_config.reports.database.tables import events, runs

__all__ = ["LiveEvents", "News", "TooManyStreamsError", "Watcher"]

MOST_STREAMS = 12  # of one person: a browser's tabs, and more than any reader has open
MOST_WAITING = 100  # news that a slow reader has not taken; what comes later waits in the database
MOST_EVENTS = 2000  # of one look
_ROWS = sa.select(runs).where(runs.c.id.in_(sa.bindparam("of_runs", expanding=True)))
BEAT = dt.timedelta(seconds=2)  # how often a reader is told that the run goes on, though nothing happened


class TooManyStreamsError(Exception):
    """One person watches more runs than anybody reads."""


@dataclass(frozen=True)
class News:
    """What one look found for a reader.

    Parameters
    ----------
    events : sequence of Row
        All that happened since the last news, in its order; none only says how far the run is.
    run : Row or None
        The run as it stood then; None if it is no more.
    position : int or None
        How many runs begin before it, if it waits.
    is_whole : bool
        Whether nothing more had happened until then: a run that has ended is told to its end only then.
    """

    events: Sequence[Any]
    run: Any
    position: int | None = None
    is_whole: bool = True


@dataclass(eq=False)
class Watcher:
    """Somebody who watches a run.

    Parameters
    ----------
    run_id : str
        Which.
    after : int
        The last event that they have been given.
    """

    run_id: str
    after: int
    waiting: "asyncio.Queue[News | None]" = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    is_new: bool = True

    async def news(self) -> News | None:
        """Wait for what happens next.

        Returns
        -------
        News or None
            None if nobody reads any more.
        """
        return await self.waiting.get()

    def leave(self) -> None:
        """Wait no longer."""
        while not self.waiting.empty():
            self.waiting.get_nowait()
        self.waiting.put_nowait(None)


@dataclass
class LiveEvents:
    """All who watch.

    Parameters
    ----------
    database : Database
        Where the events are.
    """

    database: Database
    _watchers: dict[str, list[Watcher]] = field(default_factory=lambda: defaultdict(list))
    _streams: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _last_beat: dt.datetime | None = None

    @asynccontextmanager
    async def watch(self, run_id: str, *, person: str, after: int) -> AsyncIterator[Watcher]:
        """Watch a run for as long as the context lasts.

        Parameters
        ----------
        run_id : str
            Which.
        person : str
            Who watches.
        after : int
            The last event that they have seen; 0 for none.

        Yields
        ------
        Watcher
            Gives the news.

        Raises
        ------
        TooManyStreamsError
            If the person watches enough already.
        """
        if self._streams[person] >= MOST_STREAMS:
            raise TooManyStreamsError
        watcher = Watcher(run_id, after)
        self._streams[person] += 1
        self._watchers[run_id].append(watcher)
        try:
            yield watcher
        finally:
            self._watchers[run_id].remove(watcher)
            if not self._watchers[run_id]:
                del self._watchers[run_id]
            self._streams[person] -= 1
            if not self._streams[person]:
                del self._streams[person]

    async def look(self, now: dt.datetime) -> None:
        """Read what is new, once for all.

        Parameters
        ----------
        now : datetime
            With a zone.
        """
        # Who has not taken the last news is not looked for: what happened stays in the database.
        ready = {
            run_id: free
            for run_id, watchers in self._watchers.items()
            if (free := [watcher for watcher in watchers if not watcher.waiting.full()])
        }
        if not ready:
            return
        is_beat = self._last_beat is None or now - self._last_beat >= BEAT
        if is_beat:
            self._last_beat = now
        with self.database.reading() as connection:
            found = self._events(connection, ready)
            told = {one.run_id for one in found}
            wanted = [
                run_id for run_id, free in ready.items() if is_beat or run_id in told or any(one.is_new for one in free)
            ]
            rows = {row.id: row for row in connection.execute(_ROWS, {"of_runs": wanted})} if wanted else {}
            # Each question sees the newest state: what ended a run may have come after the events were read.
            if any(row.state in FINAL for row in rows.values()):
                found = self._events(connection, ready)
            places = {row.id: queue_position(connection, row) for row in rows.values() if row.state == "queued"}
        for run_id in wanted:
            own = [one for one in found if one.run_id == run_id]
            for watcher in ready[run_id]:
                mine = [one for one in own if one.id > watcher.after]
                if mine or is_beat or watcher.is_new:
                    watcher.is_new = False
                    watcher.after = max([watcher.after, *(one.id for one in mine)])
                    news = News(mine, rows.get(run_id), places.get(run_id), is_whole=len(found) < MOST_EVENTS)
                    watcher.waiting.put_nowait(news)

    @staticmethod
    def _events(connection: sa.Connection, ready: dict[str, list[Watcher]]) -> Sequence[Any]:
        # Of each run from where its own readers are: those of others would be read again and again.
        newer = [
            sa.and_(events.c.run_id == run_id, events.c.id > min(watcher.after for watcher in free))
            for run_id, free in ready.items()
        ]
        asked = sa.select(events).where(sa.or_(*newer)).order_by(events.c.id).limit(MOST_EVENTS)
        return connection.execute(asked).all()
