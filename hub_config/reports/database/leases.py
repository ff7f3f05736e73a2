"""Leases: a runner takes a run, is heard while it has it, and gives it its one final state."""

import datetime as dt
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub_config.reports.database.changing import change_of_state
from hub_config.reports.database.conditions import is_one_of
from hub_config.reports.database.connection import time_text
from hub_config.reports.database.fair_shares import fair_shares
from hub_config.reports.database.states import ACTIVE, FINAL, HELD
from hub_config.reports.database.submissions import NewRun, note_event, repeat
from hub_config.reports.database.tables import runners, runs, turns

__all__ = ["Lease", "Told", "ask_to_stop", "begin_closing", "end_run", "heard", "take_runs"]

# What is asked with each heartbeat is built here, once: building a statement takes several times as long as asking it.
_IS_QUEUED = runs.c.state == "queued"
_HAS_COME = runs.c.not_before <= sa.bindparam("moment")
_COUNTS = (
    sa.select(
        runs.c.project,
        runs.c.account,
        sa.func.sum(sa.case((_IS_QUEUED, 0), else_=1)).label("held"),
        sa.func.sum(sa.case((_IS_QUEUED, 1), else_=0)).label("queued"),
        sa.func.sum(sa.case((sa.and_(_IS_QUEUED, _HAS_COME), 1), else_=0)).label("due"),
    )
    .where(is_one_of(runs.c.state, ACTIVE))
    .group_by(runs.c.project, runs.c.account)
)
_SERVED = sa.select(runners.c.account).where(is_one_of(runners.c.state, ("starting", "ready"))).distinct()
_TURNS = sa.select(turns)
_NEXT_RUNS = (
    sa.select(runs)
    .where(
        _IS_QUEUED,
        runs.c.project == sa.bindparam("of_project"),
        runs.c.account == sa.bindparam("of_account"),
        _HAS_COME,
    )
    .order_by(runs.c.priority.desc(), runs.c.queued_at, runs.c.batch_index, runs.c.id)
    .limit(sa.bindparam("most"))
)
_OF_RUN = runs.c.id == sa.bindparam("of_run")
_LEASE = change_of_state("queued", "running").values(heard=runs.c.heard + 1)
_EARLIER = turns.alias()
_LAST_TURN = sa.select(sa.func.coalesce(sa.func.max(_EARLIER.c.turn), 0) + 1).scalar_subquery()
_TAKE_TURN = sa.update(turns).where(turns.c.project == sa.bindparam("of_project")).values(turn=_LAST_TURN)
_OF_RUNS = runs.c.id.in_(sa.bindparam("of_runs", expanding=True))
_TOLD = sa.select(runs.c.id, runs.c.state, runs.c.lease_id, runs.c.stop_asked_by, runs.c.cell).where(_OF_RUNS)
_HEARD = sa.update(runs).where(_OF_RUNS).values(heard=runs.c.heard + 1)
_HEARD_OF_ONE = sa.update(runs).where(_OF_RUN).values(heard=runs.c.heard + 1)
_BEGIN_CLOSING = (
    change_of_state("running", "closing")
    .where(runs.c.lease_id == sa.bindparam("of_lease"))
    .values(heard=runs.c.heard + 1)
)
_RUN_TO_END = sa.select(
    *(runs.c.id, runs.c.definition, runs.c.state, runs.c.lease_id, runs.c.heard, runs.c.retry, runs.c.stop_asked_by)
).where(_OF_RUN)
_WHOLE_RUN = sa.select(runs).where(_OF_RUN)


@dataclass(frozen=True)
class Lease:
    """A run that a runner has.

    Parameters
    ----------
    run : Row
        As it stands in the table.
    lease_id : str
        What the runner must name from now on.
    """

    run: Row[Any]
    lease_id: str


def take_runs(
    tx: Connection,
    *,
    runner_id: str,
    account: str,
    free: int,
    most_running: int,
    limit_of: Callable[[str], int],
    now: dt.datetime,
) -> list[Lease]:
    """Give a runner what it may execute now.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`: the counts must hold until the end.
    runner_id, account : str
        Who asks.
    free : int
        How many more it can execute.
    most_running : int
        How many may run in all.
    limit_of : callable
        Gives how many runs of a project may run at once.
    now : datetime
        With a zone.

    Returns
    -------
    list of Lease
        At most `free`; the highest priority first, then the longest wait.
    """
    if free <= 0:
        return []
    counts = _counts(tx, now=now)
    held, waiting = _by_project(counts, "held"), _by_project(counts, "due")
    if not waiting:
        return []
    mine = {row.project for row in counts if row.queued and row.account == account}
    served = _accounts_served(tx)
    able = {row.project for row in counts if row.queued and row.account in served}
    turn_of = {row.project: row.turn for row in tx.execute(_TURNS)}
    demand = {
        project: min(limit_of(project), held.get(project, 0) + (waiting.get(project, 0) if project in able else 0))
        for project in {*waiting, *held}
    }
    shares = fair_shares(demand, capacity=most_running, turns=turn_of)
    leases: list[Lease] = []
    room = min(free, most_running - sum(held.values()))
    for project in sorted(mine & set(waiting), key=lambda one: turn_of.get(one, 0)):
        granted = min(shares.get(project, 0) - held.get(project, 0), room - len(leases))
        if granted > 0:
            leases += _lease(tx, project, n=granted, runner_id=runner_id, account=account, now=now)
    return leases


def _counts(tx: Connection, *, now: dt.datetime) -> list[Row[Any]]:
    """Count, in one look, what each project has: runs that runners have, runs that wait, and those of them to begin."""
    return list(tx.execute(_COUNTS, {"moment": time_text(now)}))


def _by_project(counts: Iterable[Row[Any]], name: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in counts:
        if n := int(getattr(row, name)):
            found[row.project] = found.get(row.project, 0) + n
    return found


def _accounts_served(tx: Connection) -> set[str]:
    """Accounts that have a runner, or will have one in a moment: only for their projects is a share kept free."""
    return {row.account for row in tx.execute(_SERVED)}


def _lease(tx: Connection, project: str, *, n: int, runner_id: str, account: str, now: dt.datetime) -> list[Lease]:
    moment = time_text(now)
    asked = {"of_project": project, "of_account": account, "moment": moment, "most": n}
    chosen = tx.execute(_NEXT_RUNS, asked).all()
    leases = []
    for run in chosen:
        lease_id = secrets.token_hex(10)
        lease = {"runner_id": runner_id, "lease_id": lease_id, "started_at": moment}
        changed = tx.execute(_LEASE, {"of_run": run.id, **lease})
        if changed.rowcount == 1:
            note_event(tx, run.id, kind="running", who=runner_id, now=now)
            leases.append(Lease(run, lease_id))
    if leases:
        _note_turn(tx, project)
    return leases


def _note_turn(tx: Connection, project: str) -> None:
    """Put a project behind all others."""
    if tx.execute(_TAKE_TURN, {"of_project": project}).rowcount == 0:
        tx.execute(sa.insert(turns).values(project=project, turn=_LAST_TURN))


@dataclass(frozen=True)
class Told:
    """What a runner tells of a run that it has.

    Parameters
    ----------
    run_id, lease_id : str
        Which.
    cell, n_cells : int or None
        How far it is.
    cell_title : str
        The heading above that cell.
    """

    run_id: str
    lease_id: str
    cell: int | None = None
    n_cells: int | None = None
    cell_title: str = ""


def heard(tx: Connection, told: Iterable[Told], *, runner_id: str, now: dt.datetime) -> dict[str, str]:
    """Note that a runner was heard, and how far its runs are.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    told : iterable of Told
        All the runs that it has.
    runner_id : str
        Who.
    now : datetime
        With a zone.

    Returns
    -------
    dict of str to str
        By lease: ``lost`` where the run is not this runner's any more, ``stop`` where somebody wants it stopped.
    """
    answers: dict[str, str] = {}
    told = list(told)
    rows = {run.id: run for run in tx.execute(_TOLD, {"of_runs": [one.run_id for one in told]})} if told else {}
    no_further: list[str] = []
    for one in told:
        run = rows.get(one.run_id)
        if run is None or run.lease_id != one.lease_id or run.state not in HELD:
            answers[one.lease_id] = "lost"
            continue
        if one.cell is not None and one.cell != run.cell:
            _note_cell(tx, one, runner_id=runner_id, now=now)
        else:
            no_further.append(one.run_id)
        if run.stop_asked_by is not None and run.state == "running":
            answers[one.lease_id] = "stop"
    if no_further:
        tx.execute(_HEARD, {"of_runs": no_further, "runner_id": runner_id})
    return answers


def _note_cell(tx: Connection, one: Told, *, runner_id: str, now: dt.datetime) -> None:
    note_event(tx, one.run_id, kind="cell", now=now, text=f"{one.cell}/{one.n_cells} {one.cell_title}".rstrip())
    place = {"cell": one.cell, "n_cells": one.n_cells, "cell_title": one.cell_title[:200]}
    tx.execute(_HEARD_OF_ONE, {"of_run": one.run_id, "runner_id": runner_id, **place})


def begin_closing(tx: Connection, *, run_id: str, lease_id: str, verdict: Mapping[str, Any]) -> bool:
    """Let a runner show the folder of a run: from now on its verdict is the run's.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    run_id, lease_id : str
        Which.
    verdict : mapping
        ``status`` and ``error``.

    Returns
    -------
    bool
        False if the run is not this runner's any more, or was let before.
    """
    agreed = {"state_reason": str(verdict["status"]), "error": verdict.get("error")}
    changed = tx.execute(_BEGIN_CLOSING, {"of_run": run_id, "of_lease": lease_id, **agreed})
    return changed.rowcount == 1


def end_run(
    tx: Connection,
    *,
    run_id: str,
    state: str,
    now: dt.datetime,
    lease_id: str | None = None,
    heard_before: int | None = None,
    reason: str | None = None,
    error: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    folder: str | None = None,
    who: str | None = None,
) -> bool:
    """Give a run its final state, unless it has one.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    run_id : str
        Which.
    state : str
        One of `states.FINAL`.
    now : datetime
        With a zone.
    lease_id : str, optional
        Only if the run still has this lease.
    heard_before : int, optional
        Only if its runner was not heard since.
    reason : str, optional
        A word of why.
    error : mapping, optional
        ``code``, ``message``, ``cell``, ``title``, ``ename``.
    facts : mapping, optional
        What the run's record says.
    folder : str, optional
        Where it lies, relative to the home.
    who : str, optional
        Who ended it.

    Returns
    -------
    bool
        Whether this call ended it.

    Raises
    ------
    ValueError
        If no run ends so that is where this one is.
    """
    if state not in FINAL:
        raise ValueError(f"{state!r} is no final state")
    run = tx.execute(_RUN_TO_END, {"of_run": run_id}).first()
    if run is None or run.state in FINAL:
        return False
    if (lease_id is not None and run.lease_id != lease_id) or (heard_before is not None and run.heard != heard_before):
        return False
    values: dict[str, Any] = {"state_reason": reason, "ended_at": time_text(now), "error": error}
    if facts is not None:
        values |= {"facts": dict(facts), "seconds": facts.get("duration_s")}
    if folder is not None:
        values["folder"] = folder
    if run.definition is None:
        values["is_settled"] = True  # it has no recipients and no alerts
    tx.execute(change_of_state(run.state, state), {"of_run": run_id, **values})
    note_event(tx, run_id, kind=state, who=who, now=now, text=str((error or {}).get("code") or reason or ""))
    _retry(tx, run, state=state, now=now)
    return True


def _retry(tx: Connection, ended: Any, *, state: str, now: dt.datetime) -> None:
    """Queue a run once more, where its definition says that this is safe."""
    rule = ended.retry or {}
    left = int(rule.get("left", 0))
    if left <= 0 or state not in rule.get("states", ()) or ended.stop_asked_by is not None:
        return
    run = tx.execute(_WHOLE_RUN, {"of_run": ended.id}).one()
    again = NewRun(
        template_name=run.template_name,
        template_sha256=run.template_sha256,
        title=run.title,
        title_ko=run.title_ko,
        parameters=run.parameters,
        written=run.written,
        given=run.given,
        label=run.label,
        releases=run.releases,
        limits=run.limits,
        retry={**rule, "left": left - 1},
        priority=run.priority,
        not_before=now + dt.timedelta(seconds=float(rule.get("delay_s", 0))),
        late_at=dt.datetime.fromisoformat(run.late_at) if run.late_at else None,
        attempt=run.attempt + 1,
        retry_of=run.id,
        rerun_of=run.rerun_of,
    )
    repeat(tx, run, again=again, submitted_by=run.submitted_by, now=now)


def ask_to_stop(tx: Connection, *, run_id: str, who: str, now: dt.datetime) -> bool:
    """Cancel a run that waits, or ask the runner of one that runs to stop it.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    run_id : str
        Which.
    who : str
        Who wants it.
    now : datetime
        With a zone.

    Returns
    -------
    bool
        False if it has ended already, or is ending.
    """
    run = tx.execute(sa.select(runs.c.state, runs.c.stop_asked_by).where(runs.c.id == run_id)).first()
    if run is None or run.state not in {"queued", "running"}:
        return False
    if run.stop_asked_by is None:
        tx.execute(sa.update(runs).where(runs.c.id == run_id).values(stop_asked_by=who))
        note_event(tx, run_id, kind="stop", who=who, now=now)
    if run.state == "queued":
        return end_run(tx, run_id=run_id, state="cancelled", now=now, who=who)
    return True
