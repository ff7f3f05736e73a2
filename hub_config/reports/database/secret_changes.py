"""Who set or took away which secret of a project: the record of it, which knows names alone."""

import datetime as dt
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub_config.reports.database.connection import time_text
from hub_config.reports.database.tables import secret_changes

__all__ = ["note_secret_change", "secret_changes_of"]


def note_secret_change(
    tx: Connection, *, project: str, name: str, change: Literal["set", "removed"], who: str, now: dt.datetime
) -> None:
    """Note that somebody set a secret, or took it away.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    project, name : str
        Which.
    change : str
        What was done.
    who : str
        The person.
    now : datetime
        With a zone.
    """
    noted = {"project": project, "name": name, "change": change, "who": who, "at": time_text(now)}
    tx.execute(sa.insert(secret_changes).values(**noted))


def secret_changes_of(connection: Connection, *, project: str, limit: int = 20) -> list[Row[Any]]:
    """Read what was noted about the secrets of a project.

    Parameters
    ----------
    connection : Connection
        Of the database.
    project : str
        Whose.
    limit : int, default 20
        At most.

    Returns
    -------
    list of Row
        The newest first.
    """
    asked = sa.select(secret_changes).where(secret_changes.c.project == project)
    return list(connection.execute(asked.order_by(secret_changes.c.id.desc()).limit(limit)))
