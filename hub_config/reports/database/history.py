"""Reading what is in the database: runs as they are, one page at a time, and what happened to each."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub_config.reports.database.states import ACTIVE, FINAL
from hub_config.reports.database.tables import batches, events, notices, runners, runs, templates

__all__ = [
    "RunFilter",
    "count_runs",
    "events_of",
    "find_batch",
    "find_runs",
    "newest_event",
    "newest_success",
    "one_run",
    "queue_figures",
    "queue_position",
    "runs_of_batch",
    "template_content",
]


@dataclass(frozen=True, kw_only=True)
class RunFilter:
    """Which runs are looked for; None is any.

    Parameters
    ----------
    projects : sequence of str or None
        Projects that the person may see; None is all.
    definition : str or None
        Of one report definition.
    template : str or None
        Of one template.
    states : sequence of str or None
        In one of these states.
    submitted_by : str or None
        Asked for by one person.
    since, until : str or None
        Queued in this time, as the tables write it.
    release : tuple of str or None
        With this release of a data set: its name, and the release.
    """

    projects: Sequence[str] | None = None
    definition: str | None = None
    template: str | None = None
    states: Sequence[str] | None = None
    submitted_by: str | None = None
    since: str | None = None
    until: str | None = None
    release: tuple[str, str] | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Give the filter as SQL.

        Returns
        -------
        list
            All must hold.
        """
        found: list[sa.ColumnElement[bool]] = []
        if self.projects is not None:
            found.append(runs.c.project.in_(list(self.projects)))
        if self.states is not None:
            found.append(runs.c.state.in_(list(self.states)))
        for column, value in (
            (runs.c.definition, self.definition),
            (runs.c.template_name, self.template),
            (runs.c.submitted_by, self.submitted_by),
        ):
            if value is not None:
                found.append(column == value)
        if self.since is not None:
            found.append(runs.c.queued_at >= self.since)
        if self.until is not None:
            found.append(runs.c.queued_at < self.until)
        if self.release is not None:
            name, release = self.release
            found.append(runs.c.releases[name].as_string() == release)
        return found


def find_runs(
    connection: Connection, wanted: RunFilter, *, limit: int = 25, offset: int = 0, before: str | None = None
) -> list[Row[Any]]:
    """Read a page of runs.

    Parameters
    ----------
    connection : Connection
        Of the database.
    wanted : RunFilter
        Which.
    limit : int, default 25
        At most.
    offset : int, default 0
        So many of the newest are left out.
    before : str, optional
        Only runs older than this one, as ``QUEUED_AT/ID``: the next page.

    Returns
    -------
    list of Row
        The newest first.
    """
    newest_first = (runs.c.queued_at.desc(), runs.c.id.desc())
    # The ids first: what runs hold besides is long, and is only read for those of the page.
    asked = sa.select(runs.c.id).where(*wanted.conditions())
    if before is not None:
        moment, _, run_id = before.partition("/")
        asked = asked.where(sa.or_(runs.c.queued_at < moment, sa.and_(runs.c.queued_at == moment, runs.c.id < run_id)))
    ids = asked.order_by(*newest_first).limit(limit).offset(offset).subquery()
    return list(connection.execute(sa.select(runs).where(runs.c.id.in_(sa.select(ids.c.id))).order_by(*newest_first)))


def count_runs(connection: Connection, wanted: RunFilter) -> int:
    """Count runs.

    Parameters
    ----------
    connection : Connection
        Of the database.
    wanted : RunFilter
        Which.

    Returns
    -------
    int
        How many.
    """
    return int(
        connection.execute(sa.select(sa.func.count()).select_from(runs).where(*wanted.conditions())).scalar_one()
    )


def one_run(connection: Connection, run_id: str) -> Row[Any] | None:
    """Read one run.

    Parameters
    ----------
    connection : Connection
        Of the database.
    run_id : str
        Which.

    Returns
    -------
    Row or None
        None if there is none.
    """
    return connection.execute(sa.select(runs).where(runs.c.id == run_id)).first()


def queue_position(connection: Connection, run: Row[Any]) -> int:
    """Say how many runs of its project begin before one that waits.

    Parameters
    ----------
    connection : Connection
        Of the database.
    run : Row
        A run that waits.

    Returns
    -------
    int
        0 for the next.
    """
    earlier = sa.or_(
        runs.c.priority > run.priority,
        sa.and_(runs.c.priority == run.priority, runs.c.queued_at < run.queued_at),
        sa.and_(
            runs.c.priority == run.priority,
            runs.c.queued_at == run.queued_at,
            sa.or_(
                runs.c.batch_index < run.batch_index,
                sa.and_(runs.c.batch_index == run.batch_index, runs.c.id < run.id),
            ),
        ),
    )
    asked = (
        sa.select(sa.func.count())
        .select_from(runs)
        .where(runs.c.state == "queued", runs.c.project == run.project, earlier)
    )
    return int(connection.execute(asked).scalar_one())


def newest_success(
    connection: Connection,
    *,
    project: str,
    definition: str | None,
    template: str | None = None,
    before: str | None = None,
    label: str | None = None,
    folder_may_be_gone: bool = False,
) -> Row[Any] | None:
    """Read the newest run that succeeded; one that repeats an old one exactly is as old as that.

    Never one that somebody removed.

    Parameters
    ----------
    connection : Connection
        Of the database.
    project : str
        Whose.
    definition : str or None
        Of this report definition; None for runs without one.
    template : str, optional
        Of this template, for runs without a definition.
    before : str, optional
        Queued before this moment.
    label : str, optional
        Of this part of a sweep.
    folder_may_be_gone : bool, default False
        Whether it may be one whose folder went because it was old.

    Returns
    -------
    Row or None
        None if none has.
    """
    conditions = [
        runs.c.project == project,
        runs.c.state == "succeeded",
        runs.c.rerun_of.is_(None),
        runs.c.definition.is_not_distinct_from(definition),
        sa.func.coalesce(runs.c.removal_asked_by, "") == "",
    ]
    if not folder_may_be_gone:
        conditions += [runs.c.removal_asked_by.is_(None), runs.c.removed_at.is_(None)]
    for column, value in ((runs.c.template_name, template), (runs.c.label, label)):
        if value is not None:
            conditions.append(column == value)
    if before is not None:
        conditions.append(runs.c.queued_at < before)
    asked = sa.select(runs).where(*conditions).order_by(runs.c.queued_at.desc(), runs.c.id.desc()).limit(1)
    return connection.execute(asked).first()


def find_batch(connection: Connection, batch_id: str) -> Row[Any] | None:
    """Read one submission.

    Parameters
    ----------
    connection : Connection
        Of the database.
    batch_id : str
        Which.

    Returns
    -------
    Row or None
        None if there is none.
    """
    return connection.execute(sa.select(batches).where(batches.c.id == batch_id)).first()


def runs_of_batch(connection: Connection, batch_id: str) -> list[Row[Any]]:
    """Read the runs of a submission, of each repeated run the last attempt.

    Parameters
    ----------
    connection : Connection
        Of the database.
    batch_id : str
        Which.

    Returns
    -------
    list of Row
        In the order of the sweep.
    """
    found = connection.execute(
        sa.select(runs)
        .where(runs.c.batch_id == batch_id)
        .order_by(runs.c.batch_index, runs.c.attempt, runs.c.queued_at)
    )
    return list({run.batch_index: run for run in found}.values())


def events_of(connection: Connection, run_id: str, *, after: int = 0, limit: int = 500) -> list[Row[Any]]:
    """Read what happened to a run.

    Parameters
    ----------
    connection : Connection
        Of the database.
    run_id : str
        Which.
    after : int, default 0
        Only events with a higher id.
    limit : int, default 500
        At most.

    Returns
    -------
    list of Row
        In the order in which they happened.
    """
    asked = sa.select(events).where(events.c.run_id == run_id, events.c.id > after).order_by(events.c.id).limit(limit)
    return list(connection.execute(asked))


def newest_event(connection: Connection, run_id: str, *, kind: str) -> Row[Any] | None:
    """Read what of one kind happened last to a run.

    Parameters
    ----------
    connection : Connection
        Of the database.
    run_id : str
        Which.
    kind : str
        As the table has it.

    Returns
    -------
    Row or None
        None if nothing of that kind did.
    """
    asked = sa.select(events).where(events.c.run_id == run_id, events.c.kind == kind).order_by(events.c.id.desc())
    return connection.execute(asked.limit(1)).first()


def template_content(connection: Connection, sha256: str) -> Row[Any] | None:
    """Read a template that was kept.

    Parameters
    ----------
    connection : Connection
        Of the database.
    sha256 : str
        Its hash.

    Returns
    -------
    Row or None
        ``sha256``, ``name``, ``content``.
    """
    return connection.execute(sa.select(templates).where(templates.c.sha256 == sha256)).first()


def queue_figures(connection: Connection, *, now: dt.datetime) -> Mapping[str, Any]:
    """Count what an operator watches.

    Parameters
    ----------
    connection : Connection
        Of the database.
    now : datetime
        With a zone.

    Returns
    -------
    mapping
        ``states`` (active ones by project), ``ended`` (by final state, in all), ``oldest_wait_s``, ``runners`` (by
        state) and ``notices_due``.
    """
    active = connection.execute(
        sa.select(runs.c.project, runs.c.state, sa.func.count().label("n"))
        .where(runs.c.state.in_(ACTIVE))
        .group_by(runs.c.project, runs.c.state)
    ).all()
    ended = connection.execute(
        sa.select(runs.c.state, sa.func.count().label("n")).where(runs.c.state.in_(FINAL)).group_by(runs.c.state)
    ).all()
    oldest = connection.execute(sa.select(sa.func.min(runs.c.queued_at)).where(runs.c.state == "queued")).scalar()
    found = connection.execute(sa.select(runners.c.state, sa.func.count().label("n")).group_by(runners.c.state)).all()
    due = connection.execute(
        sa.select(sa.func.count()).select_from(notices).where(notices.c.due_at.is_not(None))
    ).scalar_one()
    wait = (now - dt.datetime.fromisoformat(oldest)).total_seconds() if oldest else 0.0
    return {
        "states": {(row.project, row.state): row.n for row in active},
        "ended": {row.state: row.n for row in ended},
        "oldest_wait_s": max(wait, 0.0),
        "runners": {row.state: row.n for row in found},
        "notices_due": int(due),
    }
