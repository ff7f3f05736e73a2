"""Figures for whoever watches the service: what waits, how long runs take, what was lost, which notices failed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub_config.reports.database.left_runs import NO_FOLDER, RUNNER_SILENT
from hub_config.reports.database.tables import notices, runs

__all__ = ["DURATION_BOUNDS", "Durations", "lost_leases", "notice_outcomes", "oldest_waits", "run_durations"]

# No bound value: PostgreSQL takes the same expression with two of them for two expressions, and groups by neither.
SLASH: sa.ColumnElement[str] = sa.literal_column("'/'", sa.String)
DURATION_BOUNDS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0)


@dataclass(frozen=True)
class Durations:
    """How long the runs of one report took.

    Parameters
    ----------
    report : str
        ``PROJECT/DEFINITION``, or the template's name for runs without a definition; '' for all that are left over.
    within : sequence of int
        How many took no longer than each of `DURATION_BOUNDS`.
    n : int
        How many there are.
    seconds : float
        In all.
    """

    report: str
    within: Sequence[int]
    n: int
    seconds: float


def run_durations(connection: Connection, *, most: int = 200) -> list[Durations]:
    """Count how long runs took, report by report.

    Parameters
    ----------
    connection : Connection
        Of the database.
    most : int, default 200
        So many reports, those with the most runs; the others are counted together.

    Returns
    -------
    list of Durations
        Of runs that have begun and ended.
    """
    report = sa.case(
        (runs.c.definition.is_not(None), runs.c.project + SLASH + runs.c.definition),
        else_=runs.c.template_name,
    )
    within = [sa.func.sum(sa.case((runs.c.seconds <= bound, 1), else_=0)) for bound in DURATION_BOUNDS]
    asked = (
        sa.select(report.label("report"), sa.func.count(), sa.func.sum(runs.c.seconds), *within)
        .where(runs.c.seconds.is_not(None))
        .group_by(report)
        .order_by(sa.func.count().desc(), report)
    )
    found = [
        Durations(row[0], [int(n) for n in row[3:]], int(row[1]), float(row[2])) for row in connection.execute(asked)
    ]
    return found[:most] + ([_together(found[most:])] if found[most:] else [])


def _together(rest: Sequence[Durations]) -> Durations:
    within = [sum(column) for column in zip(*(one.within for one in rest), strict=True)]
    return Durations("", within, sum(one.n for one in rest), sum(one.seconds for one in rest))


def oldest_waits(connection: Connection, *, now: dt.datetime) -> Mapping[str, float]:
    """Say how long the run that waits longest has waited, project by project.

    Parameters
    ----------
    connection : Connection
        Of the database.
    now : datetime
        With a zone.

    Returns
    -------
    mapping
        Project to seconds; projects in which nothing waits are left out.
    """
    asked = (
        sa.select(runs.c.project, sa.func.min(runs.c.queued_at))
        .where(runs.c.state == "queued")
        .group_by(runs.c.project)
    )
    return {
        project: max((now - dt.datetime.fromisoformat(oldest)).total_seconds(), 0.0)
        for project, oldest in connection.execute(asked)
    }


def lost_leases(connection: Connection) -> int:
    """Count the runs whose runner was lost.

    Parameters
    ----------
    connection : Connection
        Of the database.

    Returns
    -------
    int
        Over all time.
    """
    lost = runs.c.state_reason.in_((RUNNER_SILENT, NO_FOLDER))
    asked = sa.select(sa.func.count()).select_from(runs).where(lost)
    return int(connection.execute(asked).scalar_one())


def notice_outcomes(connection: Connection) -> Mapping[str, int]:
    """Count the notices that are done with, by what became of them.

    Parameters
    ----------
    connection : Connection
        Of the database.

    Returns
    -------
    mapping
        Outcome to number.
    """
    asked: Any = sa.select(notices.c.outcome, sa.func.count()).where(notices.c.outcome.is_not(None))
    return {outcome: int(n) for outcome, n in connection.execute(asked.group_by(notices.c.outcome))}
