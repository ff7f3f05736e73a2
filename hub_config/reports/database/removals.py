"""Runs whose folder goes: those that somebody asked to remove, and those that need not be kept."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub_config.reports.database.conditions import is_one_of
from hub_config.reports.database.connection import time_text
from hub_config.reports.database.left_runs import NO_FOLDER, RUNNER_SILENT
from hub_config.reports.database.states import FINAL
from hub_config.reports.database.submissions import note_event
from hub_config.reports.database.tables import runs

__all__ = ["IS_THERE", "NOBODY", "ask_to_remove", "let_old_go", "note_removed", "removals_asked", "removals_waiting"]

IS_THERE = sa.and_(runs.c.removal_asked_by.is_(None), runs.c.removed_at.is_(None))
"""Neither removed, nor about to be."""

NOBODY = ""  # asked for a run that is removed because it is old, until its folder is gone
# Of the facts, what holds numbers that the run found: whole, and by the rows of one.
RESULTS = ("alerts",)
COUNTS = {"cohorts": ("persons",)}

# Asked every second or two, so built once.
_WAITING = (
    sa.select(runs.c.id)
    .where(runs.c.removal_asked_by >= NOBODY, runs.c.removed_at.is_(None))  # SQLite's index answers no "is not null"
    .order_by(runs.c.ended_at, runs.c.id)
)
_ASK = sa.update(runs).where(
    runs.c.id == sa.bindparam("of_run"), is_one_of(runs.c.state, FINAL), runs.c.is_kept.is_(False), IS_THERE
)


def ask_to_remove(tx: Connection, run_id: str, *, who: str, now: dt.datetime) -> bool:
    """Write down that a run is to be removed: from then on nothing of its folder is shown.

    What ran, when and for whom stays, and how it ended. The numbers of its results that are kept beside the folder go.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    run_id : str
        Which.
    who : str
        The person who asked.
    now : datetime
        With a zone.

    Returns
    -------
    bool
        False if it has not ended, is kept, was removed, or was asked for before.
    """
    changed = tx.execute(_ASK, {"of_run": run_id, "removal_asked_by": who})
    if changed.rowcount != 1:
        return False
    facts = tx.execute(sa.select(runs.c.facts).where(runs.c.id == run_id)).scalar_one()
    tx.execute(sa.update(runs).where(runs.c.id == run_id).values(facts=_without_results(facts)))
    note_event(tx, run_id, kind="remove", who=who, now=now)
    return True


def _without_results(facts: Mapping[str, Any]) -> dict[str, Any]:
    left = {name: value for name, value in facts.items() if name not in RESULTS}
    for name, counts in COUNTS.items():
        if isinstance(left.get(name), list):
            rows = [row for row in left[name] if isinstance(row, dict)]
            left[name] = [{key: value for key, value in row.items() if key not in counts} for row in rows]
    return left


def let_old_go(tx: Connection, run_id: str) -> bool:
    """Write down that a run is removed because it is old: from then on it cannot be kept, and nothing of it is shown.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    run_id : str
        Which.

    Returns
    -------
    bool
        False if somebody keeps it, or it is removed already.
    """
    return tx.execute(_ASK, {"of_run": run_id, "removal_asked_by": NOBODY}).rowcount == 1


def removals_waiting(connection: Connection) -> list[str]:
    """Find the runs that are to be removed, and are not yet.

    Parameters
    ----------
    connection : Connection
        Of the database.

    Returns
    -------
    list of str
        Ids.
    """
    return [row.id for row in connection.execute(_WAITING)]


def removals_asked(connection: Connection) -> int:
    """Count what people have asked to remove, ever: a number that changes with each wish.

    Parameters
    ----------
    connection : Connection
        Of the database.

    Returns
    -------
    int
        How many runs.
    """
    asked = sa.select(sa.func.count()).select_from(runs).where(runs.c.removal_asked_by > NOBODY)
    return int(connection.execute(asked).scalar_one())


def note_removed(tx: Connection, run_id: str, *, now: dt.datetime) -> None:
    """Write down that the folder of a run is gone; once, whoever sees it first.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    run_id : str
        Which.
    now : datetime
        With a zone.
    """
    run = tx.execute(sa.select(runs).where(runs.c.id == run_id, runs.c.removed_at.is_(None))).first()
    if run is None:
        return
    # Why it ended stays; only that its folder waits for a runner is not so any more.
    reason = NO_FOLDER if run.state_reason == RUNNER_SILENT else run.state_reason
    who = run.removal_asked_by or None
    gone = {"folder": None, "state_reason": reason, "removal_asked_by": who, "removed_at": time_text(now)}
    changed = tx.execute(sa.update(runs).where(runs.c.id == run_id, runs.c.removed_at.is_(None)).values(**gone))
    if changed.rowcount == 1:
        note_event(tx, run_id, kind="removed", who=who, now=now)
