"""Slots of schedules that were skipped, many in one line: after a long downtime they would hide all else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub_config.reports.database.history import RunFilter
from hub_config.reports.database.states import ACTIVE, FINAL
from hub_config.reports.database.tables import runs, slots

__all__ = ["NOT_SKIPPED", "SkippedSlots", "in_groups", "skipped_slots"]

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
    title : str
        As the history has it.
    decided_at : str
        When the last of them was skipped.
    reason : str
        Why; '' where the page does not say it.
    zone : str
        Of the project.
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
        sa.func.max(runs.c.title).label("title"),
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
    last_of_each = sa.func.coalesce(slots.c.until, slots.c.slot)
    asked = sa.select(
        sa.func.coalesce(sa.func.sum(slots.c.n), 0), sa.func.min(slots.c.slot), sa.func.max(last_of_each)
    ).where(
        slots.c.project == row.project,
        slots.c.definition == row.definition,
        slots.c.decision == "skipped",
        slots.c.decided_at >= row.begin,
        slots.c.decided_at <= row.end,
    )
    n, first, last = connection.execute(asked).one()
    if n < row.n:  # of a definition that was removed
        n, first, last = row.n, row.first, row.last
    return SkippedSlots(n, first, last, row.project, row.definition, row.title, row.end)


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
