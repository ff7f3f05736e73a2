"""What follows the end of a run: alert rules are checked, and people are told."""

import asyncio
import datetime as dt
import logging
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub_config.errors import HubError
from hub_config.projects import Event, Project
from hub_config.reports.changes import Tolerances, check_alerts, parse_alert
from hub_config.reports.changes.alerts.rules import AlertRule
from hub_config.reports.changes.texts import text
from hub_config.reports.database.conditions import is_one_of
from hub_config.reports.database.connection import Database, time_text
from hub_config.reports.database.definitions import one_definition
from hub_config.reports.database.errors import DatabaseUnreachableError
from hub_config.reports.database.newest import success_to_compare
from hub_config.reports.database.removals import IS_THERE
from hub_config.reports.database.states import ACTIVE, FINAL
from hub_config.reports.database.submissions import note_event
from hub_config.reports.database.tables import runs
from hub_config.reports.definitions import Definition
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.project_book import ProjectBook
from hub_config.reports.desk.telling import tell_recipients

__all__ = ["SettledRuns"]

logger = logging.getLogger(__name__)

AT_ONCE = 50
WORDS = (("text", "en"), ("text_ko", "ko"))

# Asked once a second, so built once.
_ENDED = sa.select(runs).where(runs.c.is_settled.is_(False), is_one_of(runs.c.state, FINAL)).limit(sa.bindparam("most"))
_LATE = (
    sa.select(runs)
    .where(is_one_of(runs.c.state, ACTIVE), runs.c.is_late.is_(False), runs.c.late_at <= sa.bindparam("moment"))
    .limit(AT_ONCE)
)
_SETTLE = sa.update(runs).where(runs.c.id == sa.bindparam("of_run"), runs.c.is_settled.is_(False))


@dataclass
class SettledRuns:
    """Looks for runs that have ended, and for those that are late.

    Parameters
    ----------
    database : Database
        The queue.
    book : ProjectBook
        The projects.
    """

    database: Database
    book: ProjectBook
    _failing: set[str] = field(default_factory=set)

    async def look(self, now: dt.datetime) -> None:
        """Settle what has ended.

        Parameters
        ----------
        now : datetime
            With a zone.
        """
        most = AT_ONCE + len(self._failing)  # those that fail each time must not fill the look
        with self.database.reading() as connection:
            ended = connection.execute(_ENDED, {"most": most}).all()
            late = connection.execute(_LATE, {"moment": time_text(now)}).all()
        for run in ended:
            try:
                await self._settle(run, now=now)
                self._failing.discard(run.id)
            except DatabaseUnreachableError:
                raise
            except Exception:  # one run must not keep the others waiting; it is tried again
                if run.id not in self._failing:
                    self._failing.add(run.id)
                    logger.exception("What follows the end of run %s could not be done", run.id)
        for run in late:
            self._call_late(run, now=now)

    async def _settle(self, run: Any, *, now: dt.datetime) -> None:
        project, definition = self._definition(run)
        alerts: list[dict[str, Any]] = []
        if definition is not None and definition.alerts and run.state == "succeeded":
            alerts = await asyncio.to_thread(self._alerts, run, definition)
        with self.database.writing() as tx:
            # Of a run that was removed meanwhile no number stays, and what was read of it may be half.
            if tx.execute(sa.select(runs.c.id).where(runs.c.id == run.id, IS_THERE)).first() is None:
                alerts = []
            found = {"facts": {**run.facts, "alerts": alerts}} if alerts else {}
            claimed = tx.execute(_SETTLE, {"of_run": run.id, "is_settled": True, **found})
            if claimed.rowcount == 1 and project is not None and definition is not None:
                self._tell(tx, run, project=project, definition=definition, alerts=alerts, now=now)

    def _tell(
        self,
        tx: Connection,
        run: Any,
        *,
        project: Project,
        definition: Definition,
        alerts: list[dict[str, Any]],
        now: dt.datetime,
    ) -> None:
        is_tried_again = tx.execute(sa.select(runs.c.id).where(runs.c.retry_of == run.id)).first() is not None
        happened = [] if is_tried_again else [Event(run.state)]
        if any(one["state"] != "quiet" for one in alerts):
            happened.append(Event.ALERT)
            note_event(tx, run.id, kind="alert", now=now)
        for event in happened:
            tell_recipients(
                tx,
                project=project,
                definition=definition,
                event=event,
                about=run.id,
                path=f"runs/{run.id}",
                now=now,
                run_id=run.id,
                error_code=(run.error or {}).get("code") if event is not Event.ALERT else None,
            )

    def _call_late(self, run: Any, *, now: dt.datetime) -> None:
        project, definition = self._definition(run)
        with self.database.writing() as tx:
            claimed = tx.execute(
                sa.update(runs).where(runs.c.id == run.id, runs.c.is_late.is_(False)).values(is_late=True)
            )
            if claimed.rowcount != 1:
                return
            note_event(tx, run.id, kind="late", now=now)
            if project is not None and definition is not None:
                # By the first attempt's name: a report that is late is late once, however often it is tried.
                about = run.id if run.retry_of is None else f"{run.batch_id}-{run.batch_index}"
                tell_recipients(
                    tx,
                    project=project,
                    definition=definition,
                    event=Event.LATE,
                    about=about,
                    path=f"runs/{run.id}",
                    now=now,
                    run_id=run.id,
                )

    def _definition(self, run: Any) -> tuple[Project | None, Definition | None]:
        project = self.book.get(run.project)
        if run.definition is None or project is None:
            return project, None
        with self.database.reading() as connection:
            row = one_definition(connection, project=run.project, name=run.definition)
        document = row.document if row is not None else None
        try:
            return project, parse_definition(document) if document is not None else None
        except HubError:
            logger.exception("The definition of run %s cannot be read", run.id)
            return project, None

    def _alerts(self, run: Any, definition: Definition) -> list[dict[str, Any]]:
        folder = self.book.run_folder(run)
        if folder is None:
            return []
        with self.database.reading() as connection:
            earlier = success_to_compare(connection, run)
        before = self.book.run_folder(earlier) if earlier is not None else None
        tolerances = Tolerances.from_document({name: one.model_dump() for name, one in definition.compare.items()})
        rules, unread = _rules(definition)
        results = check_alerts(rules, before=before, after=folder, tolerances=tolerances)
        if before is not None and not before.is_dir():  # removed while it was read: half of it raises no alert
            results = check_alerts(rules, before=None, after=folder, tolerances=tolerances)
        return unread + [
            one.to_dict() | {"text": one.page_text("en"), "text_ko": one.page_text("ko")}
            for one in results
            # A report's first run has nothing to be compared with; that is no alert.
            if not (one.state == "unchecked" and one.reason == "no-earlier-run")
        ]


def _rules(definition: Definition) -> tuple[list[AlertRule], list[dict[str, Any]]]:
    """Read the alert rules; those of a version with other words are told as unchecked, never left out."""
    rules: list[AlertRule] = []
    unread: list[dict[str, Any]] = []
    for rule in definition.alerts:
        try:
            rules.append(parse_alert(rule))
        except HubError:
            words = {key: text("alert_unchecked", language, rule=rule) for key, language in WORDS}
            unread.append({"rule": rule, "state": "unchecked", "reason": "rule-unreadable", **words})
    return rules, unread
