"""The pages of one run: how far it is, what it gave, where it comes from; and what can be done with it."""

import asyncio
import datetime as dt
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from hub_config.errors import HubError
from hub_config.projects import Action
from hub_config.reports.database.history import events_of, find_batch
from hub_config.reports.desk.rerunning import differences_of, rerun
from hub_config.reports.exports import declared_tables
from hub_config.reports.folders.archive import open_inside
from hub_config.reports.folders.failure_lines import failure_lines
from hub_config.reports.service.base import PageHandler
from hub_config.reports.service.board import Run
from hub_config.reports.service.keeping_pages import removal_told, shown_keeping
from hub_config.reports.service.live import LiveEvents, News, TooManyStreamsError, Watcher
from hub_config.reports.service.moments import NO_PROJECT_ZONE
from hub_config.reports.service.reading.change_tables import change_tables, sameness_told
from hub_config.reports.service.reading.comparisons import Comparisons
from hub_config.reports.service.reading.places import place_of
from hub_config.reports.service.run_words import (
    alerts,
    event_told,
    exact_told,
    facts,
    left_told,
    moments,
    progress,
    reason_told,
)
from hub_config.reports.service.shelf import Offer, Shelf
from hub_config.reports.service.texts import Texts
from hub_config.reports.templates.notebook_files import parse_notebook
from hub_config.reports.verdicts import Verdict

__all__ = ["AgainHandler", "CancelHandler", "EventsHandler", "RunHandler", "StateHandler"]

logger = logging.getLogger(__name__)

LARGEST_NOTEBOOK = 64 * 2**20
LINES_SHOWN = 200


class RunHandler(PageHandler):
    """One run: how far it is, or what it gave."""

    async def get(self, run_id: str) -> None:
        """Show it.

        Parameters
        ----------
        run_id : str
            Which.
        """
        run = self.run_or_404(run_id)
        project = self.desk.book.get(run.project)
        rights = {
            action: project is not None and self.person.may(project, action)
            for action in (Action.RUN, Action.CANCEL, Action.CANCEL_OWN)
        }
        may_read_log = self.board.may_read_log(run, person=self.person)
        with self.desk.database.reading() as connection:
            happened = events_of(connection, run.run_id)
            batch = find_batch(connection, run.batch)
        told = [event_told(event, self.texts, zone=run.zone) for event in happened[-LINES_SHOWN:]]
        tables, lines = await asyncio.to_thread(_from_folder, run, may_read_log=may_read_log)
        left_open = await asyncio.to_thread(left_told, run, self.texts, book=self.desk.book) if may_read_log else ""
        self.show(
            "run.html",
            run=run,
            **place_of(self.desk, run.project, definition=run.definition, person=self.person),
            progress=progress(run, self.texts),
            offer=self._offer(run),
            facts=facts(run, self.texts),
            moments=moments(run, self.texts),
            events=told,
            last_event=happened[-1].id if happened else 0,
            tables=tables,
            failure=[self.texts.placed(line) for line in lines],
            reason=reason_told(run.row.state_reason, self.texts),
            left_open=left_open,
            alerts=alerts(run, self.texts),
            keeping=shown_keeping(self.desk, run, person=self.person, texts=self.texts),
            removal=removal_told(run.row, self.texts, zone=run.zone),
            changes=await self._changes(run),
            exact=await self._exact(run),
            n_in_batch=batch.n_runs if batch is not None else 1,
            may_run=rights[Action.RUN],
            may_open=self.board.may_open(run, person=self.person),
            may_cancel=rights[Action.CANCEL] or (run.owner == self.person.name and rights[Action.CANCEL_OWN]),
        )

    async def _changes(self, run: Run) -> Mapping[str, Any] | None:
        """Say what changed since the last success; None if there was none, or this run is none."""
        if run.state != "succeeded":
            return None
        comparisons = self._comparisons
        earlier = comparisons.success_before(run)
        before = self.board.find(earlier, person=self.person) if earlier is not None else None
        found = await asyncio.to_thread(comparisons.compare, before, run) if before is not None else None
        if found is None:
            return None
        tables = change_tables(found.changes, self.texts.language, only_changed=True)
        return {"before": before, "sameness": sameness_told(found.changes, self.texts), "tables": tables}

    async def _exact(self, run: Run) -> Mapping[str, Any] | None:
        """Say whether an exact repetition gave exactly what it repeats gave; None if this run is none."""
        if run.state != "succeeded" or run.row.rerun_of is None:
            return None
        before = self.board.find(run.row.rerun_of, person=self.person)
        if before is None:
            return None
        if before.is_removed:
            return {"same": False, "text": self.texts["exact_gone"], "lines": []}
        found = await asyncio.to_thread(self._comparisons.compare_exactly, before, run)
        return exact_told(found, self.texts) if found is not None else None

    @property
    def _comparisons(self) -> Comparisons:
        comparisons: Comparisons = self.settings["comparisons"]
        return comparisons

    def _offer(self, run: Run) -> Offer | None:
        shelf: Shelf = self.settings["shelf"]
        return shelf.get(run.template)


def _from_folder(run: Run, *, may_read_log: bool) -> tuple[Sequence[Any], Sequence[str]]:
    """Read what the page shows of the run's folder; in a thread, as a notebook may be large."""
    if run.folder is None:
        return (), ()
    lines: Sequence[str] = ()
    if run.state not in {"succeeded", "skipped"} and may_read_log and run.code is not None:
        lines = _failure(run)
    return declared_tables(run.folder), lines


def _failure(run: Run) -> Sequence[str]:
    file = open_inside(run.folder, name="report.ipynb") if run.folder is not None else None
    if file is None:
        return ()
    with file:
        content = file.read(LARGEST_NOTEBOOK + 1)
    error = run.row.error or {}
    verdict = Verdict(
        run.state,
        code=error.get("code"),
        message=error.get("message") or "",
        ename=error.get("ename"),
        cell=error.get("cell"),
        title=error.get("title") or "",
    )
    try:
        return failure_lines(parse_notebook(content, name="report.ipynb"), verdict)
    except HubError:
        return ()


class StateHandler(PageHandler):
    """The state of one run, for the page's script."""

    def get(self, run_id: str) -> None:
        """Answer with JSON.

        Parameters
        ----------
        run_id : str
            Which.
        """
        run = self.run_or_404(run_id)
        self.finish({**progress(run, self.texts), "active": run.is_active})


class EventsHandler(PageHandler):
    """What happens to a run, as it happens: server-sent events."""

    _watcher: Watcher | None = None

    async def get(self, run_id: str) -> None:
        """Send events until the run has ended or nobody listens; ``Last-Event-ID`` says where to go on.

        Parameters
        ----------
        run_id : str
            Which.
        """
        self.run_or_404(run_id)
        live: LiveEvents = self.settings["live"]
        given = self.request.headers.get("Last-Event-ID", "") or self.get_query_argument("after", "")
        after = int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else 0
        try:
            async with live.watch(run_id, person=self.person.name, after=after) as watcher:
                self.set_header("Content-Type", "text/event-stream; charset=utf-8")
                await self._send("retry: 2000\n\n")
                self._watcher = watcher
                while (news := await watcher.news()) is not None and await self._tell(news):
                    pass
        except TooManyStreamsError as enough:
            raise HTTPError(429) from enough
        except StreamClosedError:
            return

    async def _tell(self, news: News) -> bool:
        """Tell what happened, or only how far the run is; say whether it goes on."""
        run = self.board.seen(news.run, person=self.person, position=news.position) if news.run is not None else None
        goes_on = run is not None and (run.is_active or not news.is_whole)
        now = progress(run, self.texts) if run is not None else {}
        zone = run.zone if run is not None else NO_PROJECT_ZONE
        last = len(news.events) - 1
        # A reader who is told of the end takes in nothing more, so only the last of them says so.
        for number, event in enumerate(news.events):
            told = {**now, "active": goes_on or number < last, "line": event_told(event, self.texts, zone=zone)}
            self.write(f"id: {event.id}\nevent: {event.kind}\ndata: {json.dumps(told, ensure_ascii=False)}\n\n")
        if not news.events:
            told = {**now, "active": goes_on, "line": None}
            self.write(f"event: state\ndata: {json.dumps(told, ensure_ascii=False)}\n\n")
        await self.flush()
        return goes_on

    async def _send(self, text: str) -> None:
        self.write(text)
        await self.flush()

    def on_connection_close(self) -> None:
        """Stop when the reader has gone."""
        if self._watcher is not None:
            self._watcher.leave()


class CancelHandler(PageHandler):
    """Stopping a run."""

    def post(self, run_id: str) -> None:
        """Stop it and show its page; a run that is over stays as it is.

        Parameters
        ----------
        run_id : str
            Which.
        """
        run = self.run_or_404(run_id)
        if run.is_active:
            self.desk.cancel(run_id, person=self.person, now=dt.datetime.now(dt.UTC))
        self.redirect(f"{self.site.prefix}runs/{run_id}", status=303)


class AgainHandler(PageHandler):
    """Running a run exactly again: first what would differ, then the run."""

    async def get(self, run_id: str) -> None:
        """Say what differs between how it ran and how it would run now.

        Parameters
        ----------
        run_id : str
            Which.
        """
        run = self.run_or_404(run_id)
        differences = await asyncio.to_thread(differences_of, self.desk, run_id, person=self.person)
        self.show("again.html", run=run, differences=[_difference(one, self.texts) for one in differences])

    async def post(self, run_id: str) -> None:
        """Queue it, and show the new run.

        Parameters
        ----------
        run_id : str
            Which.
        """
        self.run_or_404(run_id)
        now = dt.datetime.now(dt.UTC)
        again = await asyncio.to_thread(rerun, self.desk, run_id, person=self.person, now=now)
        self.redirect(f"{self.site.prefix}runs/{again.batch.run_ids[0]}", status=303)


def _difference(one: Any, texts: Texts) -> tuple[str, str, str]:
    label = texts[f"differs_{one.kind}"] + (f" {one.name}" if one.name else "")
    unknown = texts["differs_unknown"]
    return label, _shortened(one.then) or unknown, _shortened(one.now) or unknown


def _shortened(value: str | None) -> str:
    return value[:12] if value is not None and len(value) == 64 else (value or "")
