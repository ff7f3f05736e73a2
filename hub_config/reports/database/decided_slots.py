"""What is done with the slots of definitions: each is decided once, alone or together with those around it."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub_config.reports.database.connection import time_text
from hub_config.reports.database.tables import slots

__all__ = ["NOT_IN_HISTORY", "NO_PROJECT", "PROJECT_EXPIRED", "decide_slot", "skip_slots"]

NO_PROJECT, PROJECT_EXPIRED = "no-project", "project-expired"
NOT_IN_HISTORY = (NO_PROJECT, PROJECT_EXPIRED)  # why no slot of a project runs; none of them is shown as a run


def decide_slot(
    tx: Connection,
    definition: Row[Any],
    *,
    slot: dt.datetime,
    decision: str,
    now: dt.datetime,
    reason: str | None = None,
    batch_id: str | None = None,
) -> bool:
    """Write down what is done with a slot, unless that is decided.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    definition : Row
        Whose slot.
    slot : datetime
        The moment.
    decision : str
        ``run`` or ``skipped``.
    now : datetime
        With a zone.
    reason : str, optional
        Why it is skipped.
    batch_id : str, optional
        The submission made for it.

    Returns
    -------
    bool
        False if it was decided before, by whichever service.
    """
    if _is_decided(tx, definition, first=time_text(slot), last=time_text(slot)):
        return False
    tx.execute(
        sa.insert(slots).values(
            project=definition.project,
            definition=definition.name,
            slot=time_text(slot),
            n=1,
            decision=decision,
            reason=reason,
            decided_at=time_text(now),
            batch_id=batch_id,
        )
    )
    return True


def skip_slots(
    tx: Connection, definition: Row[Any], *, slots_skipped: Sequence[dt.datetime], reason: str, now: dt.datetime
) -> bool:
    """Write down, in one row, that slots are skipped which follow one another, unless one of them is decided.

    If they follow upon others that were skipped for the same reason in the step before, they join the row of these.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    definition : Row
        Whose slots.
    slots_skipped : sequence of datetime
        At least one, rising; between them there is no other slot of the definition.
    reason : str
        Why.
    now : datetime
        With a zone.

    Returns
    -------
    bool
        False if one was decided before, by whichever service; none is then written down.
    """
    first, last = time_text(slots_skipped[0]), time_text(slots_skipped[-1])
    if _is_decided(tx, definition, first=first, last=last):
        return False
    before = _row_before(tx, definition, slot=first)
    if before is not None and before.until == definition.decided_until and before.reason == reason:
        which = (
            slots.c.project == before.project,
            slots.c.definition == before.definition,
            slots.c.slot == before.slot,
        )
        values = {"until": last, "n": before.n + len(slots_skipped), "decided_at": time_text(now)}
        tx.execute(sa.update(slots).where(*which).values(**values))
        return True
    row = {"project": definition.project, "definition": definition.name, "slot": first, "n": len(slots_skipped)}
    until = last if last != first else None
    tx.execute(
        sa.insert(slots).values(**row, until=until, decision="skipped", reason=reason, decided_at=time_text(now))
    )
    return True


def _row_before(tx: Connection, definition: Row[Any], *, slot: str) -> Row[Any] | None:
    asked = sa.select(slots).where(slots.c.project == definition.project, slots.c.definition == definition.name)
    return tx.execute(asked.where(slots.c.slot < slot).order_by(slots.c.slot.desc()).limit(1)).first()


def _is_decided(tx: Connection, definition: Row[Any], *, first: str, last: str) -> bool:
    """Whether a slot from `first` to `last` is decided, alone or with others: the newest that begins before tells."""
    asked = (
        sa.select(sa.func.coalesce(slots.c.until, slots.c.slot))
        .where(slots.c.project == definition.project, slots.c.definition == definition.name, slots.c.slot <= last)
        .order_by(slots.c.slot.desc())
        .limit(1)
    )
    newest = tx.execute(asked).scalar()
    return newest is not None and newest >= first
