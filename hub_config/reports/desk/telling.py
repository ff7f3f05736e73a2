"""Whom a report tells of what: from what happened to the notices that are written."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from sqlalchemy.engine import Connection

from hub_config.projects import Event, Project
from hub_config.reports.database.notices import add_notice
from hub_config.reports.definitions import Definition

__all__ = ["tell_project", "tell_recipients"]


def tell_recipients(
    tx: Connection,
    *,
    project: Project,
    definition: Definition,
    event: Event,
    about: str,
    path: str,
    now: dt.datetime,
    run_id: str | None = None,
    error_code: str | None = None,
) -> int:
    """Write the notices of one event for all who asked for it in a definition.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    project : Project
        Whose targets they are.
    definition : Definition
        Names the recipients.
    event : Event
        What happened.
    about : str
        The run, or the slot that has none.
    path : str
        Of the page about it, below the service.
    now : datetime
        With a zone.
    run_id : str, optional
        The run.
    error_code : str, optional
        A stable code.

    Returns
    -------
    int
        How many are new.
    """
    targets = [one.target for one in definition.recipients if event.value in one.events]
    return _tell(
        tx,
        _contents(project, targets=targets, title=definition.title, title_ko=definition.title_ko),
        project=project,
        event=event,
        about=about,
        path=path,
        now=now,
        run_id=run_id,
        error_code=error_code,
    )


def tell_project(
    tx: Connection, *, project: Project, definition: Definition, event: Event, about: str, path: str, now: dt.datetime
) -> int:
    """Write the notices of one event for all targets of a project that asked for it.

    Parameters
    ----------
    tx : Connection
        From `Database.writing`.
    project : Project
        Whose targets they are.
    definition : Definition
        What it is about.
    event : Event
        What happened.
    about : str
        What makes it the same as another.
    path : str
        Of the page about it, below the service.
    now : datetime
        With a zone.

    Returns
    -------
    int
        How many are new.
    """
    targets = [name for name, target in project.notify.items() if event in target.events]
    contents = _contents(project, targets=targets, title=definition.title, title_ko=definition.title_ko)
    return _tell(tx, contents, project=project, event=event, about=about, path=path, now=now)


def _contents(
    project: Project, *, targets: list[str], title: str, title_ko: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in targets:
        target = project.notify.get(name)
        if target is not None:  # a target that was taken out of the project since
            shown = title_ko if target.language == "ko" and title_ko else title
            yield name, {"title": shown, "language": target.language}


def _tell(
    tx: Connection,
    contents: Iterator[tuple[str, dict[str, Any]]],
    *,
    project: Project,
    event: Event,
    about: str,
    path: str,
    now: dt.datetime,
    run_id: str | None = None,
    error_code: str | None = None,
) -> int:
    common = {"path": path, "when": now.isoformat(), "zone": project.timezone, "error_code": error_code, "about": about}
    return sum(
        add_notice(
            tx,
            project=project.name,
            target=name,
            event=event.value,
            about=about,
            content=content | common,
            now=now,
            run_id=run_id,
        )
        for name, content in contents
    )
