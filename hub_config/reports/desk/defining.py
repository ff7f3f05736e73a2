"""Writing report definitions: checked as a whole, approved by a project lead, and only then followed."""

import datetime as dt
import hashlib
from dataclasses import replace
from typing import Any

from sqlalchemy.engine import Connection, Row

from hub_config.projects import Action, Event, Project
from hub_config.reports.database.definitions import (
    approve,
    drop_draft,
    one_definition,
    pause,
    remove_definition,
    save_draft,
)
from hub_config.reports.database.history import template_content
from hub_config.reports.database.submissions import keep_template
from hub_config.reports.definitions import Definition, DefinitionError, Problem
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.checking import Draft, check_definition, next_times
from hub_config.reports.desk.desk import Desk
from hub_config.reports.desk.errors import DefinitionUnknownError, TemplateChangedError
from hub_config.reports.desk.person import Person
from hub_config.reports.desk.telling import tell_project
from hub_config.reports.desk.versions import WHATEVER, Condition, saved_version

__all__ = [
    "approve_draft",
    "check_version",
    "discard_draft",
    "draft_of",
    "find_definition",
    "pause_definition",
    "remove",
    "save_definition",
    "version_of",
]


def version_of(row: Row[Any] | None) -> str:
    """Name what stands in the database, so that whoever edits it can tell whether somebody has written since.

    Parameters
    ----------
    row : Row or None
        A definition; None if there is none.

    Returns
    -------
    str
        The hash of its newest document; '' if there is none.
    """
    return "" if row is None else str(row.draft_sha256 or row.document_sha256)


def save_definition(
    desk: Desk,
    definition: Definition,
    *,
    project: str,
    person: Person,
    now: dt.datetime,
    approve_too: bool = False,
    seen: str | None = None,
    condition: Condition = WHATEVER,
) -> Draft:
    """Write a definition as a draft; what is approved goes on as it is until a lead approves the draft.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    definition : Definition
        As it was written.
    project : str
        Whose.
    person : Person
        Who writes it.
    now : datetime
        With a zone.
    approve_too : bool, default False
        Whether a lead approves what they write in the same step.
    seen : str, optional
        The version that the writer began with, as `version_of` names it. Without it, what is there is replaced.
    condition : Condition, optional
        What must stand there for it to be written over.

    Returns
    -------
    Draft
        Without problems, and with the version that stands there now.

    Raises
    ------
    DefinitionError
        If it does not fit, or a new one has the name of another; all that is wrong is told at once, and nothing is
        written.
    TemplateChangedError
        If it is not the version that the writer has seen any more, or not as `condition` wants it.
    HubError
        If the person may not, or the definition has been removed.
    """
    found = desk.project(project, person=person, action=Action.DEFINE)
    if approve_too:
        desk.project(project, person=person, action=Action.APPROVE)
    draft = check_definition(desk, definition, project=project, person=person, now=now)
    if draft.problems or draft.template is None:
        raise DefinitionError(draft.problems)
    with desk.database.writing() as tx:
        # Only here nobody else can write in between.
        row = one_definition(tx, project=found.name, name=definition.name)
        check_version(row, seen)
        condition.check(row)
        template = draft.template
        keep_template(tx, sha256=template.sha256, name=template.name, content=template.content, now=now)
        sweep_sha256 = _keep_sweep(tx, draft, now=now)
        save_draft(
            tx,
            project=found.name,
            name=definition.name,
            document=definition.to_document(),
            hashes=(draft.sha256, template.sha256),
            sweep_sha256=sweep_sha256,
            drafted_by=person.name,
            now=now,
        )
        if approve_too:
            _approve(tx, _row(tx, project=found.name, name=definition.name), project=found, person=person, now=now)
        else:
            tell_project(
                tx,
                project=found,
                definition=definition,
                event=Event.APPROVAL_NEEDED,
                about=f"{definition.name}-{draft.sha256[:12]}",
                path=f"projects/{found.name}/reports/{definition.name}",
                now=now,
            )
        version = saved_version(_row(tx, project=found.name, name=definition.name))
    return replace(draft, version=version)


def _keep_sweep(tx: Connection, draft: Draft, *, now: dt.datetime) -> str | None:
    if draft.sweep is None:
        return None
    sha256 = hashlib.sha256(draft.sweep).hexdigest()
    keep_template(tx, sha256=sha256, name="sweep.csv", content=draft.sweep, now=now)
    return sha256


def check_version(row: Row[Any] | None, seen: str | None) -> None:
    """Refuse to write over what the writer has not seen.

    Parameters
    ----------
    row : Row or None
        What stands in the database now.
    seen : str or None
        The version that the writer began with; None replaces whatever is there.

    Raises
    ------
    DefinitionError
        If a new definition has the name of another.
    DefinitionUnknownError
        If it has been removed.
    TemplateChangedError
        If somebody has written meanwhile.
    """
    if seen is None or version_of(row) == seen:
        return
    if row is None:
        raise _unknown()
    if seen == "":
        raise DefinitionError(
            [Problem("name", "name-taken", "there is a report of this name already; choose another, or edit that one")]
        )
    raise TemplateChangedError(
        "The definition has changed since you looked at it; found another version. Look at it again."
    )


def approve_draft(
    desk: Desk,
    name: str,
    *,
    project: str,
    hashes: tuple[str, str],
    person: Person,
    now: dt.datetime,
    comment: str = "",
    condition: Condition = WHATEVER,
) -> None:
    """Approve the draft of a definition as it was looked at.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    name, project : str
        Which.
    hashes : tuple of str
        Of the document and the template that the lead has seen.
    person : Person
        The lead.
    now : datetime
        With a zone.
    comment : str, optional
        A word about it.
    condition : Condition, optional
        What must stand there for it to be done.

    Raises
    ------
    TemplateChangedError
        If the draft is another one by now, or the definition is not as `condition` wants it.
    HubError
        If the person may not, or there is no draft.
    """
    found = desk.project(project, person=person, action=Action.APPROVE)
    with desk.database.writing() as tx:
        row = _row(tx, project=found.name, name=name)
        condition.check(row)
        if row.draft is None:
            raise DefinitionUnknownError("Nothing waits for approval; found no draft of this definition. Look again.")
        if hashes != (row.draft_sha256, row.draft_template_sha256):
            raise TemplateChangedError(
                "The draft has changed since you looked at it; found other hashes. Look at the differences again."
            )
        _approve(tx, row, project=found, person=person, now=now, comment=comment)


def _approve(
    tx: Connection, row: Row[Any], *, project: Project, person: Person, now: dt.datetime, comment: str = ""
) -> None:
    definition = parse_definition(row.draft)
    slots = next_times(definition, project=project, now=now, n=1) if definition.enabled else []
    next_slot = slots[0].at if slots else None
    approve(tx, row, approved_by=person.name, now=now, next_slot=next_slot, comment=comment)


def find_definition(desk: Desk, name: str, *, project: str, person: Person) -> Row[Any]:
    """Read a definition.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    name, project : str
        Which.
    person : Person
        Who looks.

    Returns
    -------
    Row
        As it stands in the database.

    Raises
    ------
    HubError
        If there is none that this person may see.
    """
    found = desk.project(project, person=person, action=Action.READ)
    with desk.database.reading() as connection:
        return _row(connection, project=found.name, name=name)


def draft_of(desk: Desk, row: Row[Any]) -> tuple[bytes | None, bytes | None]:
    """Give the template of a definition as it was approved, and as its draft has it.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    row : Row
        The definition.

    Returns
    -------
    bytes or None
        The approved notebook; None if there is none.
    bytes or None
        The draft's; None if there is no draft.
    """
    with desk.database.reading() as connection:
        found = [
            template_content(connection, sha256) if sha256 is not None else None
            for sha256 in (row.template_sha256, row.draft_template_sha256)
        ]
    before, after = (bytes(one.content) if one is not None else None for one in found)
    return before, after


def discard_draft(
    desk: Desk, name: str, *, project: str, person: Person, now: dt.datetime, condition: Condition = WHATEVER
) -> None:
    """Throw a draft away.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    name, project : str
        Which.
    person : Person
        Who wants it.
    now : datetime
        With a zone.
    condition : Condition, optional
        What must stand there for it to be done.
    """
    found = desk.project(project, person=person, action=Action.DEFINE)
    with desk.database.writing() as tx:
        condition.check(_row(tx, project=found.name, name=name))
        drop_draft(tx, project=found.name, name=name, now=now)


def pause_definition(
    desk: Desk,
    name: str,
    *,
    project: str,
    enabled: bool,
    person: Person,
    now: dt.datetime,
    condition: Condition = WHATEVER,
) -> None:
    """Stop following a schedule, or go on.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    name, project : str
        Which.
    enabled : bool
        Whether it is followed from now on.
    person : Person
        Who wants it.
    now : datetime
        With a zone.
    condition : Condition, optional
        What must stand there for it to be done.
    """
    found = desk.project(project, person=person, action=Action.PAUSE)
    with desk.database.writing() as tx:
        row = _row(tx, project=found.name, name=name)
        condition.check(row)
        slots = next_times(parse_definition(row.document), project=found, now=now, n=1) if row.document else []
        pause(tx, row, enabled=enabled, now=now, next_slot=slots[0].at if slots else None)


def remove(desk: Desk, name: str, *, project: str, person: Person, condition: Condition = WHATEVER) -> None:
    """Take a definition away; its runs stay.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    name, project : str
        Which.
    person : Person
        A lead.
    condition : Condition, optional
        What must stand there for it to be done.
    """
    found = desk.project(project, person=person, action=Action.DELETE)
    with desk.database.writing() as tx:
        condition.check(_row(tx, project=found.name, name=name))
        remove_definition(tx, project=found.name, name=name)


def _row(connection: Connection, *, project: str, name: str) -> Row[Any]:
    row = one_definition(connection, project=project, name=name)
    if row is None:
        raise _unknown()
    return row


def _unknown() -> DefinitionUnknownError:
    return DefinitionUnknownError(
        "There is no such report definition; found none of this name in the project. "
        "See them on the project's page, or with `cohorthub report list --project NAME`."
    )
