"""Writing report definitions: checked as a whole, approved by a project lead, and only then followed."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.engine import Connection, Row

from hub_config.errors import HubError
from hub_config.projects import Action, Event, Project
from hub_config.reports.calendar import Slot, next_slots
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
from hub_config.reports.definitions import (
    Definition,
    DefinitionError,
    Problem,
    check_against_template,
    check_in_project,
    document_sha256,
    schedules_of,
)
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.definitions.template_paths import locate_template
from hub_config.reports.desk.desk import Desk
from hub_config.reports.desk.errors import DefinitionUnknownError, TemplateChangedError
from hub_config.reports.desk.meaning import sweep_file
from hub_config.reports.desk.person import Person
from hub_config.reports.desk.telling import tell_project
from hub_config.reports.templates.templates import Template, inspect_template

__all__ = [
    "Draft",
    "approve_draft",
    "check_definition",
    "discard_draft",
    "draft_of",
    "find_definition",
    "next_times",
    "pause_definition",
    "remove",
    "save_definition",
]


@dataclass(frozen=True)
class Draft:
    """A definition that was written, and what is between it and its first run.

    Parameters
    ----------
    definition : Definition
        What it says.
    template : Template
        What it runs, as it is now.
    sha256 : str
        Of the document.
    problems : sequence of Problem
        What keeps it from running.
    slots : sequence of Slot
        The next five times it is due.
    """

    definition: Definition
    template: Template | None
    sha256: str
    problems: Sequence[Problem] = ()
    slots: Sequence[Slot] = field(default_factory=tuple)


def check_definition(desk: Desk, definition: Definition, *, project: str, person: Person, now: dt.datetime) -> Draft:
    """Find all that is wrong with a definition, and when it would be due, without writing anything.

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

    Returns
    -------
    Draft
        With its problems, if there are any.

    Raises
    ------
    HubError
        If there is no such project for this person.
    """
    found = desk.project(project, person=person, action=Action.READ)
    problems: list[Problem] = list(check_in_project(definition, found))
    template: Template | None = None
    try:
        template = inspect_template(locate_template(definition.template, folder=desk.book.folder(found.name)))
        problems += check_against_template(
            definition,
            template.parameters,
            at=now,
            zone=definition.timezone or found.timezone,
            csv=sweep_file(desk, definition, project=found),
            choices=desk.known_names(found),
        )
    except DefinitionError as refused:
        problems += refused.problems
    except HubError as refused:
        problems.append(Problem("template", "unreadable", str(refused)))
    slots = _slots(definition, project=found, now=now) if not problems else ()
    return Draft(definition, template, document_sha256(definition), tuple(problems), tuple(slots))


def _slots(definition: Definition, *, project: Project, now: dt.datetime, n: int = 5) -> list[Slot]:
    schedules = schedules_of(definition, zone=project.timezone)
    return next_slots(schedules, now, n=n) if schedules else []


def next_times(definition: Definition, *, project: Project, now: dt.datetime, n: int = 5) -> list[Slot]:
    """Give the next times at which a definition is due.

    Parameters
    ----------
    definition : Definition
        Any.
    project : Project
        Whose zone holds where the definition names none.
    now : datetime
        With a zone.
    n : int, default 5
        How many at most.

    Returns
    -------
    list of Slot
        Empty if it is never due by itself.
    """
    return _slots(definition, project=project, now=now, n=n)


def save_definition(
    desk: Desk, definition: Definition, *, project: str, person: Person, now: dt.datetime, approve_too: bool = False
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

    Returns
    -------
    Draft
        Without problems.

    Raises
    ------
    DefinitionError
        If it does not fit; all that is wrong is told at once, and nothing is written.
    HubError
        If the person may not.
    """
    found = desk.project(project, person=person, action=Action.DEFINE)
    if approve_too:
        desk.project(project, person=person, action=Action.APPROVE)
    draft = check_definition(desk, definition, project=project, person=person, now=now)
    if draft.problems or draft.template is None:
        raise DefinitionError(draft.problems)
    with desk.database.writing() as tx:
        template = draft.template
        keep_template(tx, sha256=template.sha256, name=template.name, content=template.content, now=now)
        save_draft(
            tx,
            project=found.name,
            name=definition.name,
            document=definition.to_document(),
            hashes=(draft.sha256, template.sha256),
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
    return draft


def approve_draft(
    desk: Desk,
    name: str,
    *,
    project: str,
    hashes: tuple[str, str],
    person: Person,
    now: dt.datetime,
    comment: str = "",
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

    Raises
    ------
    TemplateChangedError
        If the draft is another one by now.
    HubError
        If the person may not, or there is no draft.
    """
    found = desk.project(project, person=person, action=Action.APPROVE)
    with desk.database.writing() as tx:
        row = _row(tx, project=found.name, name=name)
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
    slots = _slots(definition, project=project, now=now, n=1) if definition.enabled else []
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


def discard_draft(desk: Desk, name: str, *, project: str, person: Person, now: dt.datetime) -> None:
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
    """
    found = desk.project(project, person=person, action=Action.DEFINE)
    with desk.database.writing() as tx:
        _row(tx, project=found.name, name=name)
        drop_draft(tx, project=found.name, name=name, now=now)


def pause_definition(desk: Desk, name: str, *, project: str, enabled: bool, person: Person, now: dt.datetime) -> None:
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
    """
    found = desk.project(project, person=person, action=Action.PAUSE)
    with desk.database.writing() as tx:
        row = _row(tx, project=found.name, name=name)
        slots = _slots(parse_definition(row.document), project=found, now=now, n=1) if row.document else []
        pause(tx, row, enabled=enabled, now=now, next_slot=slots[0].at if slots else None)


def remove(desk: Desk, name: str, *, project: str, person: Person) -> None:
    """Take a definition away; its runs stay.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    name, project : str
        Which.
    person : Person
        A lead.
    """
    found = desk.project(project, person=person, action=Action.DELETE)
    with desk.database.writing() as tx:
        _row(tx, project=found.name, name=name)
        remove_definition(tx, project=found.name, name=name)


def _row(connection: Connection, *, project: str, name: str) -> Row[Any]:
    row = one_definition(connection, project=project, name=name)
    if row is None:
        raise DefinitionUnknownError(
            "There is no such report definition; found none of this name in the project. "
            "See them on the project's page, or with `cohorthub report list --project NAME`."
        )
    return row
