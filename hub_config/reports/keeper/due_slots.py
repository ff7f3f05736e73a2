"""Slots that have come become runs: each is decided once, whichever service sees it first."""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any

from sqlalchemy.engine import Connection

from hub_config.errors import HubError
from hub_config.projects import Event, Project
from hub_config.reports.calendar import Decision, Schedule, decide, next_slots, slots_after
from hub_config.reports.database.catching_up import caught_up_since
from hub_config.reports.database.connection import time_text
from hub_config.reports.database.decided_slots import NO_PROJECT, PROJECT_EXPIRED, decide_slot, skip_slots
from hub_config.reports.database.definitions import due_definitions, move_on, one_definition
from hub_config.reports.database.errors import DatabaseUnreachableError
from hub_config.reports.database.submissions import BY_SCHEDULE, NewRun, Submission, submit
from hub_config.reports.definitions import Definition, schedules_of
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.desk import Desk
from hub_config.reports.desk.meaning import submission_of
from hub_config.reports.desk.telling import tell_recipients

__all__ = ["DueSlots"]

logger = logging.getLogger(__name__)

GRACE_S = 120.0  # a slot that is seen so late is on time: the service was busy, or started a moment ago
MOST_SHOWN = 100  # skipped slots of a downtime that are shown as runs in the history; all are written down and counted
AT_ONCE = 500  # slots that are decided in one transaction: after a long downtime others have their turn in between
BUSY_S = 0.1  # after which a transaction takes no more of them: runs take longer to make than slots to skip
LOOK_S = 5.0  # of a look; what is left is decided in the next
LEAP_S = 3600.0  # a clock that is this much ahead of where it should be is not believed at once
DISBELIEF_S = 120.0


@dataclass
class DueSlots:
    """Looks for slots.

    Parameters
    ----------
    desk : Desk
        Makes submissions of definitions.
    clock : callable, optional
        Seconds that only go forward.
    """

    desk: Desk
    clock: Callable[[], float] = time.monotonic
    _offset: float | None = None
    _doubted_until: float = field(default=-1.0)
    _failing: set[tuple[str, str]] = field(default_factory=set)

    async def look(self, now: dt.datetime) -> None:
        """Decide the slots that have come.

        Parameters
        ----------
        now : datetime
            With a zone.
        """
        if not self._is_believed(now):
            return
        with self.desk.database.reading() as connection:
            due = due_definitions(connection, now=now)
        looked = _Look(now, begin=time.monotonic(), is_catching_up=self._is_catching_up(due, now))
        for row in due:
            try:
                await self._decide_all(row, look=looked)
                self._failing.discard((row.project, row.name))
            except DatabaseUnreachableError:
                raise
            except HubError as refused:
                # It was fine when it was approved, so the database was changed by hand, or by another version.
                logger.error("The schedule of %s/%s cannot be followed: %s", row.project, row.name, refused)
                with self.desk.database.writing() as tx:
                    move_on(tx, row, decided_until=now, next_slot=None, broken=f"[{refused.code}] {refused}")
            except Exception:  # one definition must not stop the others; it is tried again
                if (row.project, row.name) not in self._failing:
                    self._failing.add((row.project, row.name))
                    logger.exception("The slots of %s/%s could not be decided", row.project, row.name)

    def _is_catching_up(self, due: Sequence[Any], now: dt.datetime) -> bool:
        """Whether slots are late, other than those of definitions that cannot be decided: these stay late."""
        self._failing &= {(row.project, row.name) for row in due}
        late = time_text(now - dt.timedelta(seconds=GRACE_S))
        return any(row.next_slot < late and (row.project, row.name) not in self._failing for row in due)

    async def _decide_all(self, row: Any, *, look: "_Look") -> None:
        """Decide the slots of a definition some at a time: heartbeats and pages are answered in between."""
        made = 0
        while True:
            with self.desk.database.writing() as tx:
                # What was read before the turn to write may have been changed: then the next look sees what holds.
                if one_definition(tx, project=row.project, name=row.name) != row:
                    return
                step = self._decide(tx, row, now=look.now, back_since=look.back_since(tx), made=made)
                row, made = one_definition(tx, project=row.project, name=row.name), step.made
            if not step.is_more or row is None or look.seconds > LOOK_S:
                return
            await asyncio.sleep(0)

    def _is_believed(self, now: dt.datetime) -> bool:
        """Wait a little before slots are decided by a clock that leapt ahead: what is decided stays decided."""
        ticks = self.clock()
        offset = now.timestamp() - ticks
        if self._offset is not None and offset - self._offset > LEAP_S:
            logger.error("The clock leapt ahead by %.0f s; slots wait for %.0f s", offset - self._offset, DISBELIEF_S)
            self._doubted_until = ticks + DISBELIEF_S
        self._offset = offset
        return ticks >= self._doubted_until

    def _decide(self, tx: Connection, row: Any, *, now: dt.datetime, back_since: dt.datetime, made: int) -> "_Step":
        """Decide the oldest slots that have come, as many as may be decided in one go."""
        definition = parse_definition(row.document)
        project = self.desk.book.get(row.project)
        zone = project.timezone if project is not None else "UTC"
        schedules = schedules_of(definition, zone=zone)
        decided = dt.datetime.fromisoformat(row.decided_until)
        # Beyond those that are decided now, as many as can matter to them: of late slots the newest ones run.
        most = AT_ONCE + definition.missed_limit + MOST_SHOWN
        slots = list(islice(slots_after(schedules, decided, upto=now), most))
        decisions = decide(
            slots,
            now,
            policy=definition.missed,
            last=decided,
            most=definition.missed_limit,
            grace_s=GRACE_S,
            until=definition.until,
            back_since=back_since,
        )
        closed = _why_closed(project, now)
        is_last = len(slots) < most
        # The list has all that are late if it ends with one that is not, however many more of those there are.
        has_all_late = is_last or (back_since - slots[-1].at).total_seconds() <= GRACE_S
        skipped = [one for one in decisions if not one.runs] if has_all_late and closed is None else []
        shown = {one.slot.at for one in skipped[-MOST_SHOWN:]}
        problem, n_decided, end = None, 0, time.monotonic() + BUSY_S
        for group in _in_groups(decisions if is_last else decisions[:AT_ONCE], closed=closed, shown=shown):
            if project is None or closed is not None or len(group) > 1:
                reason = closed or str(group[0].reason)
                skip_slots(tx, row, slots_skipped=[one.slot.at for one in group], reason=reason, now=now)
                problem = closed if any(one.runs for one in group) else problem
            else:
                # Those that are made up for together come one after the other: so they run, and so they are compared.
                queued_at = now + dt.timedelta(milliseconds=made)
                why = self._do(
                    tx,
                    row,
                    decision=group[0],
                    definition=definition,
                    project=project,
                    now=now,
                    queued_at=queued_at,
                    shown=shown,
                )
                problem = why if group[0].runs else problem
                made += group[0].runs
            n_decided += len(group)
            if time.monotonic() > end:
                break
        left = slots[n_decided:]
        move_on(
            tx,
            row,
            decided_until=slots[n_decided - 1].at if left else now,
            next_slot=left[0].at if left else _next(schedules, now),
            broken=problem,
        )
        return _Step(is_more=bool(left), made=made)

    def _do(
        self,
        tx: Connection,
        row: Any,
        *,
        decision: Decision,
        definition: Definition,
        project: Project,
        now: dt.datetime,
        queued_at: dt.datetime,
        shown: set[dt.datetime],
    ) -> str | None:
        """Run or skip one slot; say what kept it from running."""
        slot = decision.slot.at
        if not decision.runs:
            reason = str(decision.reason)
            if decide_slot(tx, row, slot=slot, decision="skipped", reason=reason, now=now) and slot in shown:
                self._show_skipped(tx, row, slot=slot, reason=reason, definition=definition, project=project, now=now)
            return None
        nested = tx.begin_nested()
        try:
            if not decide_slot(tx, row, slot=slot, decision="run", now=now):
                nested.rollback()
                return None
            submission = submission_of(
                self.desk, tx, row=row, project=project, at=slot, submitted_by=BY_SCHEDULE, slot=slot, now=now
            )
            submit(tx, submission, now=queued_at)
            nested.commit()
        except DatabaseUnreachableError:
            raise
        except HubError as refused:
            nested.rollback()
            logger.warning("Slot of %s/%s did not run: %s", row.project, row.name, refused)
            decide_slot(tx, row, slot=slot, decision="skipped", reason=refused.code, now=now)
            self._show_skipped(tx, row, slot=slot, reason=refused.code, definition=definition, project=project, now=now)
            return f"[{refused.code}] {refused}"
        return None

    def _show_skipped(
        self,
        tx: Connection,
        row: Any,
        *,
        slot: dt.datetime,
        reason: str,
        definition: Definition,
        project: Project,
        now: dt.datetime,
    ) -> None:
        """Put a slot that does not run into the history, and tell those who asked for it."""
        run = NewRun(
            template_name=definition.template.rpartition("/")[2].removesuffix(".ipynb"),
            template_sha256=row.template_sha256,
            title=definition.title,
            title_ko=definition.title_ko,
            parameters={},
        )
        batch = submit(
            tx,
            Submission(
                project=project.name,
                account=project.account,
                submitted_by=BY_SCHEDULE,
                runs=[run],
                definition=row.name,
                slot=slot,
                state="skipped",
                state_reason=reason[:40],
            ),
            now=now,
        )
        (run_id,) = batch.run_ids
        tell_recipients(
            tx,
            project=project,
            definition=definition,
            event=Event.SKIPPED,
            about=run_id,
            path=f"runs/{run_id}",
            now=now,
            run_id=run_id,
        )


@dataclass(frozen=True)
class _Look:
    """One look at what is due."""

    now: dt.datetime
    begin: float
    is_catching_up: bool

    @property
    def seconds(self) -> float:
        """How long it takes so far."""
        return time.monotonic() - self.begin

    def back_since(self, tx: Connection) -> dt.datetime:
        """Say since when slots are looked at without a break: what is due since then is on time, also if it waits."""
        if not self.is_catching_up:
            return self.now
        return caught_up_since(tx, now=self.now + dt.timedelta(seconds=self.seconds), break_s=GRACE_S)


@dataclass(frozen=True)
class _Step:
    """How far the slots of a definition are decided."""

    is_more: bool
    made: int  # runs in this look so far


def _why_closed(project: Project | None, now: dt.datetime) -> str | None:
    """Say why no slot of a project runs."""
    if project is None:
        return NO_PROJECT
    return PROJECT_EXPIRED if project.is_expired(now) else None


def _in_groups(
    decisions: Sequence[Decision], *, closed: str | None, shown: set[dt.datetime]
) -> Iterator[list[Decision]]:
    """Put slots together that are skipped one after another for one reason, and that the history does not show."""

    def kind(place: tuple[int, Decision]) -> object:
        number, one = place
        if closed is not None:
            return closed
        return number if one.runs or one.slot.at in shown else str(one.reason)

    for _, group in groupby(enumerate(decisions), key=kind):
        yield [one for _, one in group]


def _next(schedules: Sequence[Schedule], now: dt.datetime) -> dt.datetime | None:
    slots = next_slots(schedules, now, n=1) if schedules else []
    return slots[0].at if slots else None
