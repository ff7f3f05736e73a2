"""What happens to runs, told to whoever watches them: server-sent events, from one look at the database for all."""

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from hub_config.reports.database.connection import Database
from hub_config.reports.database.tables import events

__all__ = ["LiveEvents", "TooManyStreamsError", "Watcher"]

MOST_STREAMS = 12  # of one person: a browser's tabs, and more than any reader has open
MOST_WAITING = 1000
HEARTBEAT_S = 2.0  # how often a reader is told that the run goes on, though nothing happened


class TooManyStreamsError(Exception):
    """One person watches more runs than anybody reads."""


@dataclass
class Watcher:
    """Somebody who watches a run.

    Parameters
    ----------
    run_id : str
        Which.
    after : int
        The last event that they have seen.
    """

    run_id: str
    after: int
    waiting: "asyncio.Queue[Any]" = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))

    async def news(self) -> list[Any]:
        """Wait for what happens next.

        Returns
        -------
        list of Row
            Events; empty where nothing happened for a while.
        """
        try:
            found = [await asyncio.wait_for(self.waiting.get(), HEARTBEAT_S)]
        except TimeoutError:
            return []
        while not self.waiting.empty():
            found.append(self.waiting.get_nowait())
        return found


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
            Gives the events.

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

    async def look(self, now: dt.datetime) -> None:  # noqa: ARG002 - a task of the keeper is told the time
        """Read what is new, once for all.

        Parameters
        ----------
        now : datetime
            Not needed.
        """
        if not self._watchers:
            return
        since = min(watcher.after for watchers in self._watchers.values() for watcher in watchers)
        with self.database.reading() as connection:
            found = connection.execute(
                sa.select(events)
                .where(events.c.run_id.in_(list(self._watchers)), events.c.id > since)
                .order_by(events.c.id)
                .limit(2000)
            ).all()
        for event in found:
            for watcher in self._watchers.get(event.run_id, ()):
                if event.id > watcher.after and not watcher.waiting.full():
                    watcher.after = event.id
                    watcher.waiting.put_nowait(event)
