"""Sending what was written: a few at a time, one in flight for each recipient, in processes of their own."""

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from hub_config.projects import Event
from hub_config.reports.calendar import load_zone
from hub_config.reports.database.connection import Database
from hub_config.reports.database.notices import (
    claim_notices,
    put_off,
    recipients_due,
    record_outcome,
    sent_lately,
)
from hub_config.reports.desk.project_book import ProjectBook
from hub_config.reports.notices import Letter, Notice, NoticeError, Outcome, State, Target, send, targets_of
from hub_config.reports.notices.pacing import next_attempt, next_letters
from hub_config.settings import Settings

__all__ = ["SentNotices"]

logger = logging.getLogger(__name__)

AT_ONCE = 4


@dataclass
class SentNotices:
    """Sends notices.

    Parameters
    ----------
    database : Database
        Where they wait.
    book : ProjectBook
        Knows the targets.
    settings : Settings
        The operator's mail server, and where notices may go.
    pages : str
        Address of the service's pages, as people reach them.
    """

    database: Database
    book: ProjectBook
    settings: Settings
    pages: str
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE, thread_name_prefix="notices"))
    _in_flight: dict[tuple[str, str], "asyncio.Task[None]"] = field(default_factory=dict)

    async def look(self, now: dt.datetime) -> None:
        """Begin to send what is due.

        Parameters
        ----------
        now : datetime
            With a zone.
        """
        with self.database.reading() as connection:
            due = recipients_due(connection, now=now)
        for recipient in due:
            if recipient not in self._in_flight and len(self._in_flight) < AT_ONCE:
                task = asyncio.create_task(self._tell(recipient, now=now), name=f"notices for {'/'.join(recipient)}")
                self._in_flight[recipient] = task
                task.add_done_callback(lambda done, recipient=recipient: self._ended(recipient, done))  # type: ignore[misc]

    def _ended(self, recipient: tuple[str, str], done: "asyncio.Task[None]") -> None:
        self._in_flight.pop(recipient, None)
        if not done.cancelled() and (failure := done.exception()) is not None:
            logger.error("Notices for %s could not be sent (%s)", "/".join(recipient), type(failure).__name__)

    async def close(self) -> None:
        """Wait for nothing: what is in flight is taken up by the next service."""
        for task in list(self._in_flight.values()):
            task.cancel()
        await asyncio.gather(*self._in_flight.values(), return_exceptions=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _tell(self, recipient: tuple[str, str], *, now: dt.datetime) -> None:
        project, name = recipient
        target = self._target(project, name)
        with self.database.writing() as tx:
            rows = claim_notices(tx, project=project, target=name, now=now)
            if target is None:
                record_outcome(tx, [row.id for row in rows], outcome="no-target", now=now, again_at=None)
                return
            sent = sent_lately(tx, project=project, target=name, now=now)
        for is_new in (True, False):  # what is new goes before what failed before
            part = [row for row in rows if (row.attempts == 0) is is_new]
            await self._send_part(part, target=target, sent=sent, now=now)

    async def _send_part(
        self, rows: Sequence[Any], *, target: Target, sent: list[dt.datetime], now: dt.datetime
    ) -> None:
        notices = [self._notice(row) for row in rows]
        good = [(row, notice) for row, notice in zip(rows, notices, strict=True) if notice is not None]
        bad = [row.id for row, notice in zip(rows, notices, strict=True) if notice is None]
        plan = next_letters([notice for _, notice in good], sent=sent, now=now, per_hour=self.settings.notices.per_hour)
        with self.database.writing() as tx:
            record_outcome(tx, bad, outcome="not-sendable", now=now, again_at=None)
            if plan.again_at is not None:
                put_off(tx, [row.id for row, _ in good], until=plan.again_at)
        waiting = list(good)
        for letter in plan.letters:
            told, waiting = waiting[: letter.count], waiting[letter.count :]
            await self._send(letter, [row for row, _ in told], target=target)
            sent.append(now)

    async def _send(self, letter: Letter, rows: Sequence[Any], *, target: Target) -> None:
        loop = asyncio.get_running_loop()
        outcome: Outcome = await loop.run_in_executor(self._pool, lambda: send(letter, target, settings=self.settings))
        now = dt.datetime.now(dt.UTC)
        again = None
        if outcome.state is State.LATER:
            attempts = 1 + max(row.attempts for row in rows)
            again = next_attempt(attempts, now, retry_after_seconds=outcome.retry_after_seconds)
        if outcome.state is not State.SENT:
            logger.warning("A notice for %s was not sent (%s)", target.recipient, outcome.code)
        with self.database.writing() as tx:
            word = "sent" if outcome.state is State.SENT else outcome.code
            record_outcome(tx, [row.id for row in rows], outcome=word, now=now, again_at=again)

    def _target(self, project: str, name: str) -> Target | None:
        found = self.book.get(project)
        targets = targets_of(found, home=self.book.home) if found is not None else ()
        return next((one for one in targets if one.recipient == f"{project}/{name}"), None)

    def _notice(self, row: Any) -> Notice | None:
        content = row.content
        try:
            return Notice(
                project=row.project,
                title=content["title"],
                run_id=content["about"],
                event=Event(row.event),
                when=dt.datetime.fromisoformat(content["when"]).astimezone(load_zone(content["zone"])),
                link=self.pages.rstrip("/") + "/" + content["path"].lstrip("/"),
                error_code=content["error_code"],
                language=content["language"],
            )
        except (NoticeError, KeyError, ValueError, TypeError):
            logger.exception("Notice %d cannot be sent", row.id)
            return None
