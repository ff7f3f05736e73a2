"""Slots of schedules that were skipped, many in one line: after a long downtime they would hide all else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub_config.reports.database.decided_slots import NOT_IN_HISTORY
from hub_config.reports.database.history import RunFilter
from hub_config.reports.database.states import ACTIVE, FINAL
from hub_config.reports.database.tables import runs, slots

__all__ = ["NOT_SKIPPED", "SkippedSlots", "in_groups", "left_out", "skipped_slots"]

_LAST = sa.func.coalesce(slots.c.until, slots.c.slot)

NOT_SKIPPED = (*ACTIVE, *(state for state in FINAL if state != "skipped"))


@dataclass(frozen=True)
class SkippedSlots:
    """Slots of one report definition that were skipped one after another.

    Parameters
    ----------
    n : int
        How many.
    first, last : str
        When they were due, ISO 8601.
    project, definition : str
        Whose.
    title, title_ko : str or None
        As the history has them for the last of them.
    decided_at : str
        When the last of them was skipped.
    reason : str
        Why; '' where the page does not say it.
    zone : str
        Of the project.
    beside : str
        The run before which they are told, where the history shows some of them one by one; '' elsewhere.
    """

    n: int
    first: str
    last: str
    project: str = ""
    definition: str = ""
    title: str = ""
    decided_at: str = ""
    reason: str = ""
    zone: str = ""
    title_ko: str | None = None
    beside: str = ""


def skipped_slots(
    connection: Connection, wanted: RunFilter, *, after: str | None, until: str | None
) -> list[SkippedSlots]:
    """Count the skipped slots between two runs of a page.

    Parameters
    ----------
    connection : Connection
        Of the database.
    wanted : RunFilter
        Which runs are looked for.
    after, until : str or None
        Those that were decided after the one and no later than the other; None is without end.

    Returns
    -------
    list of SkippedSlots
        One for each definition, those that were decided last first.
    """
    asked = sa.select(
        runs.c.project,
        runs.c.definition,
        sa.func.min(runs.c.queued_at).label("begin"),
        sa.func.max(runs.c.queued_at).label("end"),
        sa.func.count().label("n"),
        sa.func.min(runs.c.slot).label("first"),
        sa.func.max(runs.c.slot).label("last"),
    ).where(*replace(wanted, states=["skipped"]).conditions(), runs.c.slot.is_not(None))
    if after is not None:
        asked = asked.where(runs.c.queued_at > after)
    if until is not None:
        asked = asked.where(runs.c.queued_at <= until)
    rows = connection.execute(asked.group_by(runs.c.project, runs.c.definition)).all()
    return sorted((_counted(connection, row) for row in rows), key=lambda one: one.decided_at, reverse=True)


def _counted(connection: Connection, row: Any) -> SkippedSlots:
    """Count from what was decided: of very many at once only the last stand in the history."""
    since = _shown_before(connection, row.project, definition=row.definition, moment=row.begin)
    asked = sa.select(sa.func.coalesce(sa.func.sum(slots.c.n), 0), sa.func.min(slots.c.slot), sa.func.max(_LAST)).where(
        *_decided(row.project, row.definition, since=since, upto=row.end)
    )
    n, first, last = connection.execute(asked).one()
    if n < row.n:  # of a definition that was removed
        n, first, last = row.n, row.first, row.last
    asked = sa.select(runs.c.title, runs.c.title_ko).where(
        *_shown(row.project, row.definition), runs.c.queued_at == row.end
    )
    newest = connection.execute(asked.order_by(runs.c.id.desc()).limit(1)).one()
    return SkippedSlots(n, first, last, row.project, row.definition, newest.title, row.end, title_ko=newest.title_ko)


def _shown_before(connection: Connection, project: str, *, definition: str, moment: str) -> str:
    """Say when the history last got a skipped slot: what was skipped since, and is not shown, is told with the next."""
    asked = sa.select(sa.func.max(runs.c.queued_at)).where(*_shown(project, definition), runs.c.queued_at < moment)
    return connection.execute(asked).scalar() or ""


def _shown(project: str, definition: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        runs.c.project == project,
        runs.c.definition == definition,
        runs.c.state == "skipped",
        runs.c.slot.is_not(None),
    )


def _decided(project: str, definition: str, *, since: str, upto: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        slots.c.project == project,
        slots.c.definition == definition,
        slots.c.decision == "skipped",
        slots.c.reason.is_(None) | slots.c.reason.not_in(NOT_IN_HISTORY),
        slots.c.decided_at > since,
        slots.c.decided_at <= upto,
    )


def left_out(connection: Connection, shown: Sequence[Any]) -> list[SkippedSlots]:
    """Count the skipped slots that the history leaves out beside those of a page that it shows one by one.

    Parameters
    ----------
    connection : Connection
        Of the database.
    shown : sequence of Row
        The skipped runs of a page.

    Returns
    -------
    list of SkippedSlots
        Each with the run before which it is told; none where nothing is left out.
    """
    found = []
    for project, definition in {(row.project, row.definition): None for row in shown if row.slot is not None}:
        moments = [row.queued_at for row in shown if (row.project, row.definition) == (project, definition)]
        since = _shown_before(connection, project, definition=definition, moment=min(moments))
        asked = sa.select(runs.c.id, runs.c.slot, runs.c.queued_at, runs.c.title, runs.c.title_ko).where(
            *_shown(project, definition), runs.c.queued_at >= min(moments), runs.c.queued_at <= max(moments)
        )
        each = connection.execute(asked.order_by(runs.c.queued_at, runs.c.id)).all()
        asked = sa.select(slots.c.slot, _LAST.label("last"), slots.c.n, slots.c.decided_at)
        decided = connection.execute(asked.where(*_decided(project, definition, since=since, upto=max(moments)))).all()
        in_history = {run.slot for run in each}
        others = [row for row in decided if row.slot not in in_history]
        for _, looked in groupby(each, key=lambda run: run.queued_at):
            oldest = next(looked)
            these = [row for row in others if since < row.decided_at <= oldest.queued_at]
            since = oldest.queued_at
            if these:
                found.append(_others(these, beside=oldest, project=project, definition=definition))
    return found


def _others(rows: Sequence[Any], *, beside: Any, project: str, definition: str) -> SkippedSlots:
    return SkippedSlots(
        n=sum(row.n for row in rows),
        first=min(row.slot for row in rows),
        last=max(row.last for row in rows),
        project=project,
        definition=definition,
        title=beside.title,
        title_ko=beside.title_ko,
        decided_at=beside.queued_at,
        beside=beside.id,
    )


def in_groups(rows: Sequence[Any]) -> list[Any]:
    """Put decided slots together where several were skipped one after another for the same reason.

    Parameters
    ----------
    rows : sequence of Row
        Of the table of slots, the newest first.

    Returns
    -------
    list of Row or SkippedSlots
        In the same order.
    """
    found: list[Any] = []
    for row in rows:
        before = found[-1] if found else None
        is_same = row.decision == "skipped" and before is not None and row.reason == _reason_of(before)
        if not is_same or before is None:
            found.append(row if row.n == 1 else _group_of(row))
        else:
            group = _group_of(before)
            found[-1] = replace(group, n=group.n + row.n, first=row.slot)
    return found


def _group_of(one: Any) -> SkippedSlots:
    if isinstance(one, SkippedSlots):
        return one
    return SkippedSlots(one.n, one.slot, one.until or one.slot, reason=one.reason or "")


def _reason_of(one: Any) -> str | None:
    if isinstance(one, SkippedSlots):
        return one.reason or None
    return one.reason if one.decision == "skipped" else ""
