"""Report definitions as the database keeps them: what is asked for, what was approved, which slots are decided."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub_config.reports.database.connection import time_text
from hub_config.reports.database.tables import approvals, definitions, slots

__all__ = [
    "approvals_of",
    "approve",
    "drop_draft",
    "due_definitions",
    "find_definitions",
    "move_on",
    "one_definition",
    "pause",
    "remove_definition",
    "save_draft",
    "slots_of",
]

DRAFT = ("draft", "draft_sha256", "draft_template_sha256", "draft_sweep_sha256", "drafted_by", "drafted_at")

# Asked once a second, or for each run that ends.
_ONE = sa.select(definitions).where(
    definitions.c.project == sa.bindparam("of_project"), definitions.c.name == sa.bindparam("of_name")
)
_DUE = (
    sa.select(definitions)
    .where(definitions.c.next_slot <= sa.bindparam("moment"), definitions.c.enabled)
    .order_by(definitions.c.next_slot)
    .limit(sa.bindparam("most"))
)


def save_draft(
    tx: Connection,
    *,
    project: str,
    name: str,
    document: Mapping[str, Any],
    hashes: tuple[str, str],
    sweep_sha256: str | None = None,
    drafted_by: str,
    now: dt.datetime,
) -> None:
    """Write what somebody wants a definition to be; what was approved goes on running.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    project, name : str
        Which; made if it is new.
    document : mapping
        What it shall say, checked.
    hashes : tuple of str
        Of the document and of the template's content.
    sweep_sha256 : str, optional
        Of the file that its sweep names.
    drafted_by : str
        Who.
    now : datetime
        With a zone.
    """
    document_sha256, template_sha256 = hashes
    values = {
        "draft": dict(document),
        "draft_sha256": document_sha256,
        "draft_template_sha256": template_sha256,
        "draft_sweep_sha256": sweep_sha256,
        "drafted_by": drafted_by,
        "drafted_at": time_text(now),
        "changed_at": time_text(now),
    }
    if _change(tx, project=project, name=name, values=values) == 0:
        new = {"project": project, "name": name, "enabled": True, "decided_until": time_text(now)}
        tx.execute(sa.insert(definitions).values(**new, **values))


def approve(
    tx: Connection,
    definition: Row[Any],
    *,
    approved_by: str,
    now: dt.datetime,
    next_slot: dt.datetime | None,
    comment: str = "",
) -> None:
    """Make the draft of a definition what runs; slots of the past are not made up for.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    definition : Row
        With its draft as it was looked at.
    approved_by : str
        The lead.
    now : datetime
        With a zone.
    next_slot : datetime or None
        When it is due; None if never.
    comment : str, optional
        A word about it.
    """
    tx.execute(
        sa.insert(approvals).values(
            project=definition.project,
            definition=definition.name,
            template_sha256=definition.draft_template_sha256,
            document_sha256=definition.draft_sha256,
            sweep_sha256=definition.draft_sweep_sha256,
            approved_by=approved_by,
            approved_at=time_text(now),
            comment=comment[:500],
        )
    )
    values = {
        "document": definition.draft,
        "document_sha256": definition.draft_sha256,
        "template_sha256": definition.draft_template_sha256,
        "sweep_sha256": definition.draft_sweep_sha256,
        "approved_by": approved_by,
        "approved_at": time_text(now),
        **dict.fromkeys(DRAFT),
        "enabled": bool((definition.draft or {}).get("enabled", True)),
        "changed_at": time_text(now),
        "decided_until": time_text(now),
        "next_slot": time_text(next_slot) if next_slot is not None else None,
        "broken": None,
    }
    _change(tx, project=definition.project, name=definition.name, values=values)


def drop_draft(tx: Connection, *, project: str, name: str, now: dt.datetime) -> None:
    """Throw a draft away; a definition that was never approved goes with it.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    project, name : str
        Which.
    now : datetime
        With a zone.
    """
    which = (definitions.c.project == project, definitions.c.name == name)
    tx.execute(sa.delete(definitions).where(*which, definitions.c.document_sha256.is_(None)))
    fields = dict.fromkeys(DRAFT)
    _change(tx, project=project, name=name, values={**fields, "changed_at": time_text(now)})


def pause(
    tx: Connection, definition: Row[Any], *, enabled: bool, now: dt.datetime, next_slot: dt.datetime | None
) -> None:
    """Stop following a schedule, or go on; the slots in between are not made up for.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    definition : Row
        Which.
    enabled : bool
        Whether it is followed from now on.
    now : datetime
        With a zone.
    next_slot : datetime or None
        When it is due next, if it is followed.
    """
    values = {
        "enabled": enabled,
        "changed_at": time_text(now),
        "decided_until": time_text(now),
        "next_slot": time_text(next_slot) if enabled and next_slot is not None else None,
    }
    _change(tx, project=definition.project, name=definition.name, values=values)


def _change(tx: Connection, *, project: str, name: str, values: Mapping[str, Any]) -> int:
    which = (definitions.c.project == project, definitions.c.name == name)
    return int(tx.execute(sa.update(definitions).where(*which).values(**values)).rowcount)


def approvals_of(connection: Connection, *, project: str, name: str) -> list[Row[Any]]:
    """Read the approvals of a definition.

    Parameters
    ----------
    connection : Connection
        Of the database.
    project, name : str
        Which.

    Returns
    -------
    list of Row
        The newest first.
    """
    asked = sa.select(approvals).where(approvals.c.project == project, approvals.c.definition == name)
    return list(connection.execute(asked.order_by(approvals.c.id.desc())))


def one_definition(connection: Connection, *, project: str, name: str) -> Row[Any] | None:
    """Read one definition.

    Parameters
    ----------
    connection : Connection
        Of the database.
    project, name : str
        Which.

    Returns
    -------
    Row or None
        None if there is none.
    """
    return connection.execute(_ONE, {"of_project": project, "of_name": name}).first()


def find_definitions(connection: Connection, *, projects: Sequence[str] | None = None) -> list[Row[Any]]:
    """Read the definitions of some projects.

    Parameters
    ----------
    connection : Connection
        Of the database.
    projects : sequence of str, optional
        Which; all when left out.

    Returns
    -------
    list of Row
        By project and name.
    """
    asked = sa.select(definitions).order_by(definitions.c.project, definitions.c.name)
    if projects is not None:
        asked = asked.where(definitions.c.project.in_(list(projects)))
    return list(connection.execute(asked))


def remove_definition(tx: Connection, *, project: str, name: str) -> bool:
    """Take a definition away; its runs, slots and approvals stay, for whoever asks what was run and why.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    project, name : str
        Which.

    Returns
    -------
    bool
        False if there was none.
    """
    gone = tx.execute(sa.delete(definitions).where(definitions.c.project == project, definitions.c.name == name))
    return gone.rowcount == 1


def due_definitions(connection: Connection, *, now: dt.datetime, limit: int = 200) -> list[Row[Any]]:
    """Read the definitions of which a slot has come.

    Parameters
    ----------
    connection : Connection
        Of the database.
    now : datetime
        With a zone.
    limit : int, default 200
        At most; the others have their turn a moment later.

    Returns
    -------
    list of Row
        The longest due first.
    """
    return list(connection.execute(_DUE, {"moment": time_text(now), "most": limit}))


def move_on(
    tx: Connection,
    definition: Row[Any],
    *,
    decided_until: dt.datetime,
    next_slot: dt.datetime | None,
    broken: str | None = None,
) -> None:
    """Note up to where the slots of a definition are decided, and which is next.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    definition : Row
        Which; if it was changed meanwhile, the change stands.
    decided_until : datetime
        Never moved back.
    next_slot : datetime or None
        None if there is no further one.
    broken : str, optional
        Why it cannot be scheduled any more.
    """
    tx.execute(
        sa.update(definitions)
        .where(
            definitions.c.project == definition.project,
            definitions.c.name == definition.name,
            definitions.c.changed_at == definition.changed_at,
        )
        .values(
            decided_until=max(definition.decided_until, time_text(decided_until)),
            next_slot=time_text(next_slot) if next_slot is not None else None,
            broken=broken,
        )
    )


def slots_of(connection: Connection, *, project: str, name: str, limit: int = 50) -> list[Row[Any]]:
    """Read what was decided about the slots of a definition.

    Parameters
    ----------
    connection : Connection
        Of the database.
    project, name : str
        Which.
    limit : int, default 50
        At most.

    Returns
    -------
    list of Row
        The newest first.
    """
    asked = sa.select(slots).where(slots.c.project == project, slots.c.definition == name)
    return list(connection.execute(asked.order_by(slots.c.slot.desc()).limit(limit)))
