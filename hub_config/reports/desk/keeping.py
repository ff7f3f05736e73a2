"""Keeping a run for ever, or no longer: a lead says so, and the run's history tells who did."""

import datetime as dt

import sqlalchemy as sa

from hub_config.projects import Action
from hub_config.reports.database.errors import RunUnknownError
from hub_config.reports.database.history import one_run
from hub_config.reports.database.submissions import note_event
from hub_config.reports.database.tables import runs
from hub_config.reports.desk.desk import Desk
from hub_config.reports.desk.person import Person

__all__ = ["keep_run"]


def keep_run(desk: Desk, run_id: str, *, is_kept: bool, person: Person, now: dt.datetime) -> bool:
    """Keep a run however old it gets, or let it go when its time has come.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    run_id : str
        Which.
    is_kept : bool
        Whether it is kept from now on.
    person : Person
        A lead of its project.
    now : datetime
        With a zone.

    Returns
    -------
    bool
        False if it was so before.

    Raises
    ------
    RunUnknownError
        If there is none that this person may see.
    NotAllowedError
        If the person is no lead.
    """
    with desk.database.reading() as connection:
        run = one_run(connection, run_id)
    project = desk.book.get(run.project) if run is not None else None
    if run is None or project is None or not person.may(project, Action.READ):
        raise RunUnknownError(
            "There is no such run; found none of this id that you may see. See them with `cohorthub report list`."
        )
    desk.project(project.name, person=person, action=Action.DELETE)
    with desk.database.writing() as tx:
        changed = tx.execute(
            sa.update(runs).where(runs.c.id == run_id, runs.c.is_kept.is_(not is_kept)).values(is_kept=is_kept)
        )
        if changed.rowcount == 1:
            note_event(tx, run_id, kind="kept" if is_kept else "let_go", who=person.name, now=now)
    return changed.rowcount == 1
