"""Notices that wait to be sent: written with what they tell of, sent at least once, and never the same one twice."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub_config.reports.database.connection import time_text
from hub_config.reports.database.tables import notices

__all__ = ["add_notice", "claim_notices", "put_off", "recipients_due", "record_outcome", "sent_lately"]

_RECIPIENTS_DUE = (
    sa.select(notices.c.project, notices.c.target, sa.func.min(notices.c.due_at).label("since"))
    .where(notices.c.due_at <= sa.bindparam("moment"))
    .group_by(notices.c.project, notices.c.target)
    .order_by(sa.text("since"))
)

CLAIMED_FOR = dt.timedelta(minutes=5)  # a service that is killed while it sends leaves them to the next one


def add_notice(
    tx: Connection,
    *,
    project: str,
    target: str,
    event: str,
    about: str,
    content: Mapping[str, Any],
    now: dt.datetime,
    run_id: str | None = None,
) -> bool:
    """Write a notice, unless the same one was written before.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    project, target : str
        Whom to tell: the project's target of this name.
    event : str
        What happened.
    about : str
        The run, or the slot or draft that has none.
    content : mapping
        What it says; no data.
    now : datetime
        With a zone.
    run_id : str, optional
        The run.

    Returns
    -------
    bool
        Whether it is new.
    """
    key = f"{project}/{target}/{about}/{event}"
    if tx.execute(sa.select(notices.c.id).where(notices.c.key == key)).first() is not None:
        return False
    tx.execute(
        sa.insert(notices).values(
            key=key,
            project=project,
            target=target,
            run_id=run_id,
            event=event,
            content=dict(content),
            due_at=time_text(now),
            attempts=0,
            made_at=time_text(now),
        )
    )
    return True


def recipients_due(connection: Connection, *, now: dt.datetime) -> list[tuple[str, str]]:
    """Say for whom notices are due.

    Parameters
    ----------
    connection : Connection
        Of the database.
    now : datetime
        With a zone.

    Returns
    -------
    list of tuple
        Project and target, the longest due first.
    """
    rows = connection.execute(_RECIPIENTS_DUE, {"moment": time_text(now)})
    return [(row.project, row.target) for row in rows]


def claim_notices(tx: Connection, *, project: str, target: str, now: dt.datetime, limit: int = 1000) -> list[Row[Any]]:
    """Take what is due for one recipient, so that no other service sends it meanwhile.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    project, target : str
        The recipient.
    now : datetime
        With a zone.
    limit : int, default 1000
        At most.

    Returns
    -------
    list of Row
        The oldest first.
    """
    found = tx.execute(
        sa.select(notices)
        .where(notices.c.project == project, notices.c.target == target, notices.c.due_at <= time_text(now))
        .order_by(notices.c.id)
        .limit(limit)
    ).all()
    put_off(tx, [row.id for row in found], until=now + CLAIMED_FOR)
    return list(found)


def put_off(tx: Connection, ids: Sequence[int], *, until: dt.datetime) -> None:
    """Let notices wait.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    ids : sequence of int
        Which.
    until : datetime
        When they are due again.
    """
    tx.execute(sa.update(notices).where(notices.c.id.in_(list(ids))).values(due_at=time_text(until)))


def record_outcome(
    tx: Connection, ids: Sequence[int], *, outcome: str, now: dt.datetime, again_at: dt.datetime | None
) -> None:
    """Write down how a sending ended.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    ids : sequence of int
        What was in it.
    outcome : str
        A word.
    now : datetime
        With a zone.
    again_at : datetime or None
        When to try again; None if it is done with.
    """
    tx.execute(
        sa.update(notices)
        .where(notices.c.id.in_(list(ids)))
        .values(
            attempts=notices.c.attempts + 1,
            outcome=outcome[:20],
            due_at=time_text(again_at) if again_at is not None else None,
            ended_at=time_text(now) if again_at is None else None,
        )
    )


def sent_lately(connection: Connection, *, project: str, target: str, now: dt.datetime) -> list[dt.datetime]:
    """Say when messages went to a recipient in the last hour; what was sent in one message has one time.

    Parameters
    ----------
    connection : Connection
        Of the database.
    project, target : str
        The recipient.
    now : datetime
        With a zone.

    Returns
    -------
    list of datetime
        Rising.
    """
    rows = connection.execute(
        sa.select(notices.c.ended_at)
        .where(
            notices.c.project == project,
            notices.c.target == target,
            notices.c.outcome == "sent",
            notices.c.ended_at > time_text(now - dt.timedelta(hours=1)),
        )
        .distinct()
    )
    return sorted(dt.datetime.fromisoformat(row.ended_at) for row in rows)
