"""What dead runners left: runs that never reached them, and folders that somebody must close."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub_config.reports.database.changing import change_of_state
from hub_config.reports.database.conditions import is_one_of
from hub_config.reports.database.states import FINAL
from hub_config.reports.database.submissions import note_event
from hub_config.reports.database.tables import runs

__all__ = [
    "NO_FOLDER",
    "RUNNER_SILENT",
    "accounts_with_left_runs",
    "left_runs",
    "note_closed",
    "put_back",
    "unheard_of",
]

RUNNER_SILENT = "runner-silent"  # ended without its runner: nobody has told what lies in its folder
NO_FOLDER = "left-no-folder"  # the same, and there is no folder: it left none, or an old one was removed

# Asked with each heartbeat or once a second, so built once.
_UNHEARD_OF = sa.select(runs).where(
    runs.c.state == "running",
    runs.c.runner_id == sa.bindparam("of_runner"),
    runs.c.lease_id.not_in(sa.bindparam("told", expanding=True)),
)
_PUT_BACK = (
    change_of_state("running", "queued")
    .where(runs.c.lease_id == sa.bindparam("of_lease"))
    .values(runner_id=None, lease_id=None, started_at=None)
)
_IS_LEFT = sa.and_(
    is_one_of(runs.c.state, FINAL), runs.c.state_reason == RUNNER_SILENT, runs.c.folder.is_(None)
)  # fmt: skip
_IS_OF_ACCOUNT = sa.and_(runs.c.account == sa.bindparam("of_account"), _IS_LEFT)
_LEFT = (
    sa.select(runs.c.id, runs.c.project, runs.c.state)
    .where(_IS_OF_ACCOUNT)
    .order_by(runs.c.ended_at.desc(), runs.c.id)  # what lies on a machine that is gone must not hide the others
    .limit(sa.bindparam("most"))
)
_ACCOUNTS = sa.select(runs.c.account).where(_IS_LEFT, runs.c.ended_at >= sa.bindparam("since")).distinct()
_NOTE_CLOSED = sa.update(runs).where(runs.c.id == sa.bindparam("of_run"), _IS_OF_ACCOUNT)


def unheard_of(tx: Connection, *, runner_id: str, told: Iterable[str]) -> list[Row[Any]]:
    """Find the runs that a runner was given and does not name: the answer with them got lost.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    runner_id : str
        The runner, which names all that it has each time it speaks.
    told : iterable of str
        Leases that it named.

    Returns
    -------
    list of Row
        They have not begun.
    """
    return list(tx.execute(_UNHEARD_OF, {"of_runner": runner_id, "told": list(told)}))


def put_back(tx: Connection, run: Row[Any], *, now: dt.datetime) -> None:
    """Queue a run again that was given to a runner and never reached it.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    run : Row
        As `unheard_of` found it.
    now : datetime
        With a zone.
    """
    changed = tx.execute(_PUT_BACK, {"of_run": run.id, "of_lease": run.lease_id})
    if changed.rowcount == 1:
        note_event(tx, run.id, kind="queued", who=run.runner_id, now=now)


def left_runs(connection: Connection, *, account: str, limit: int = 20) -> list[Row[Any]]:
    """Find the runs of an account that ended without their runner, and whose folder nobody has closed.

    Parameters
    ----------
    connection : Connection
        Of the database.
    account : str
        Whose.
    limit : int, default 20
        At most.

    Returns
    -------
    list of Row
        The newest first.
    """
    return list(connection.execute(_LEFT, {"of_account": account, "most": limit}))


def accounts_with_left_runs(connection: Connection, *, since: str) -> set[str]:
    """Name the accounts for which a runner must look after a folder.

    Parameters
    ----------
    connection : Connection
        Of the database.
    since : str
        Runs that ended earlier start no runner: what could not be closed for so long waits for one that has work.

    Returns
    -------
    set of str
        Accounts.
    """
    return {row.account for row in connection.execute(_ACCOUNTS, {"since": since})}


def note_closed(tx: Connection, run_id: str, *, account: str, folder: str | None) -> None:
    """Write down that what a run left is closed.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    run_id : str
        Which.
    account : str
        Of the runner that says so; runs of others are left alone.
    folder : str or None
        Where it lies, relative to the home; None if it left none.
    """
    found = {"folder": folder, "state_reason": RUNNER_SILENT if folder is not None else NO_FOLDER}
    tx.execute(_NOTE_CLOSED, {"of_run": run_id, "of_account": account, **found})
