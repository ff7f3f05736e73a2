"""Reading the newest request of every report definition, which has ever succeeded, and what a run is compared with."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub_config.reports.database.history import newest_success, one_run
from hub_config.reports.database.removals import IS_THERE
from hub_config.reports.database.tables import runs

__all__ = ["newest_of_definitions", "succeeded_definitions", "success_to_compare"]


def _newest(*conditions: sa.ColumnElement[bool], projects: Sequence[str]) -> sa.Select[Any]:
    return (
        sa.select(runs.c.project, runs.c.definition, sa.func.max(runs.c.queued_at).label("queued_at"))
        .where(runs.c.project.in_(list(projects)), runs.c.definition.is_not(None), *conditions)
        .group_by(runs.c.project, runs.c.definition)
    )


def newest_of_definitions(connection: Connection, *, projects: Sequence[str]) -> dict[tuple[str, str], list[Any]]:
    """Read the newest runs of each definition: one, or all of its newest sweep.

    Parameters
    ----------
    connection : Connection
        Of the database.
    projects : sequence of str
        Whose definitions.

    Returns
    -------
    dict
        Runs by project and definition, with ``id``, ``batch_id``, ``state``, ``queued_at`` and ``is_late``.
    """
    newest = _newest(projects=projects).subquery()
    columns = (runs.c.project, runs.c.definition, runs.c.id, runs.c.batch_id, runs.c.state, runs.c.queued_at)
    asked = (
        sa.select(*columns, runs.c.is_late)
        .join(
            newest,
            sa.and_(
                runs.c.project == newest.c.project,
                runs.c.definition == newest.c.definition,
                runs.c.queued_at == newest.c.queued_at,
            ),
        )
        .order_by(runs.c.id)
    )
    found: dict[tuple[str, str], list[Any]] = {}
    for row in connection.execute(asked):
        found.setdefault((row.project, row.definition), []).append(row)
    return found


def succeeded_definitions(connection: Connection, *, projects: Sequence[str]) -> dict[tuple[str, str], str]:
    """Read when each definition last succeeded.

    A run that repeats an old one exactly does not count, nor one that is removed.

    Parameters
    ----------
    connection : Connection
        Of the database.
    projects : sequence of str
        Whose definitions.

    Returns
    -------
    dict
        When the newest success was asked for, by project and definition; those that never did are left out.
    """
    asked = _newest(runs.c.state == "succeeded", runs.c.rerun_of.is_(None), IS_THERE, projects=projects)
    return {(row.project, row.definition): row.queued_at for row in connection.execute(asked)}


def success_to_compare(connection: Connection, run: Row[Any]) -> Row[Any] | None:
    """Read the run with which another is compared: the success before it, or the one that it repeats exactly.

    Parameters
    ----------
    connection : Connection
        Of the database.
    run : Row
        Any.

    Returns
    -------
    Row or None
        Of the same definition and part of a sweep, or of the same template where there is no definition; None if there
        is none, or if what is repeated has not succeeded.
    """
    if run.rerun_of is not None:
        original = one_run(connection, run.rerun_of)
        if original is None or original.project != run.project or original.state != "succeeded":
            return None
        return None if original.removal_asked_by else original
    return newest_success(
        connection,
        project=run.project,
        definition=run.definition,
        template=run.template_name if run.definition is None else None,
        before=run.queued_at,
        label=run.label,
        folder_may_be_gone=True,  # what came right before it, also where that can only be called gone
    )
