"""Keeping a run for ever, or no longer: a lead says so, and the run's history tells who did."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub_config.errors import HubError
from hub_config.projects import Action
from hub_config.reports.database.definitions import one_definition
from hub_config.reports.database.history import newest_event, one_run
from hub_config.reports.database.removals import IS_THERE
from hub_config.reports.database.submissions import note_event
from hub_config.reports.database.tables import runs
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.desk import Desk, no_such_run
from hub_config.reports.desk.errors import RunStaysError
from hub_config.reports.desk.person import Person
from hub_config.reports.desk.project_book import ProjectBook
from hub_config.reports.folders.retention import RetentionRule

__all__ = ["Keeping", "keep_run", "keeping_of", "may_with_run", "retention_rule", "run_for"]


@dataclass(frozen=True)
class Keeping:
    """How long a run is kept.

    Parameters
    ----------
    is_kept : bool
        Whether somebody keeps it for ever.
    by, since : str or None
        Who did, and when; None where nobody in particular did, as with runs from the command line.
    until : datetime or None
        Otherwise: the moment before which no rule lets it go; None if no such moment is known.
    successes : int or None
        Otherwise: so many of the newest successes stay in any case.
    """

    is_kept: bool
    by: str | None = None
    since: str | None = None
    until: dt.datetime | None = None
    successes: int | None = None


def run_for(desk: Desk, run_id: str, *, person: Person, action: Action) -> Any:
    """Give a run with which a person may do something.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    run_id : str
        Which.
    person : Person
        Who.
    action : Action
        What.

    Returns
    -------
    Row
        As it stands in the database.

    Raises
    ------
    RunUnknownError
        If there is none that this person may see.
    NotAllowedError
        If their role does not allow it.
    """
    with desk.database.reading() as connection:
        run = one_run(connection, run_id)
    if run is None or not may_with_run(desk.book, run.project, person=person, action=Action.READ):
        raise no_such_run()
    if desk.book.get(run.project) is not None:
        desk.project(run.project, person=person, action=action)
    return run


def may_with_run(book: ProjectBook, project: str, *, person: Person, action: Action) -> bool:
    """Tell whether a person may do something with the runs of a project.

    Parameters
    ----------
    book : ProjectBook
        The projects.
    project : str
        Name of the run's project; operators look after what belongs to none, or to one that is gone.
    person : Person
        Who.
    action : Action
        What.

    Returns
    -------
    bool
        By their role, or as an operator.
    """
    found = book.get(project)
    return person.may(found, action) if found is not None else person.is_operator


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
    RunStaysError
        If it is to be kept, and was removed.
    HubError
        If there is none that this person may see, or the person is no lead.
    """
    run_for(desk, run_id, person=person, action=Action.DELETE)
    with desk.database.writing() as tx:
        wish = sa.update(runs).where(runs.c.id == run_id, runs.c.is_kept.is_(not is_kept), IS_THERE)
        changed = tx.execute(wish.values(is_kept=is_kept)).rowcount == 1
        if changed:
            note_event(tx, run_id, kind="kept" if is_kept else "let_go", who=person.name, now=now)
        run = one_run(tx, run_id)
    if is_kept and (run is None or not run.is_kept):
        raise RunStaysError("The run cannot be kept; it was removed. Its history says when and by whom.")
    return changed


def keeping_of(desk: Desk, run: Any) -> Keeping:
    """Say how long a run that has ended is kept.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    run : Row
        As it stands in the database.

    Returns
    -------
    Keeping
        As the rules are now.
    """
    with desk.database.reading() as connection:
        if run.is_kept:
            said = newest_event(connection, run.id, kind="kept")
            return Keeping(True, said.who if said is not None else None, said.at if said is not None else None)
        rule = _rule_of(connection, run, book=desk.book)
    until = None
    if rule.days is not None and run.ended_at is not None:
        until = dt.datetime.fromisoformat(run.ended_at) + dt.timedelta(days=rule.days)
    return Keeping(False, until=until, successes=rule.successes)


def _rule_of(connection: Connection, run: Any, *, book: ProjectBook) -> RetentionRule:
    name = run.definition
    row = one_definition(connection, project=run.project, name=name) if name is not None else None
    return retention_rule(book, run.project, document=row.document if row is not None else None)


def retention_rule(book: ProjectBook, project: str, *, document: Any = None) -> RetentionRule:
    """Say how long runs are kept: by the definition's rule, within what the project allows.

    Parameters
    ----------
    book : ProjectBook
        The projects.
    project : str
        Whose runs.
    document : mapping, optional
        The approved definition; without one the project's rule holds.

    Returns
    -------
    RetentionRule
        Nothing goes by one that cannot be read.
    """
    found = book.get(project)
    days = found.limits.keep_days if found is not None else None
    if document is None:
        return RetentionRule(days=days)
    try:
        rule = parse_definition(document).retention
    except HubError:
        return RetentionRule()
    shorter = [one for one in (rule.days, days) if one is not None]
    return RetentionRule(successes=rule.successes, days=min(shorter) if shorter else None)
