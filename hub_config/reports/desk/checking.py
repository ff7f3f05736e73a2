"""Finding all that is wrong with a report definition, and when it would be due, without writing anything."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from hub_config.errors import HubError
from hub_config.projects import Action, Project
from hub_config.reports.calendar import Slot, next_slots
from hub_config.reports.definitions import (
    Definition,
    DefinitionError,
    Problem,
    check_against_template,
    check_in_project,
    document_sha256,
    schedules_of,
)
from hub_config.reports.definitions.template_paths import locate_template
from hub_config.reports.desk.desk import Desk
from hub_config.reports.desk.kept_sweeps import pinned_sha256
from hub_config.reports.desk.meaning import sweep_file
from hub_config.reports.desk.person import Person
from hub_config.reports.templates.templates import Template, inspect_template

__all__ = ["Draft", "check_definition", "next_times"]


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
        Of the document, and of the file that its sweep names.
    problems : sequence of Problem
        What keeps it from running.
    slots : sequence of Slot
        The next five times it is due.
    sweep : bytes or None
        The file that its sweep names, as it is now.
    version : str or None
        Once it is written: what stands in the database then, as `saved_version` names it.
    """

    definition: Definition
    template: Template | None
    sha256: str
    problems: Sequence[Problem] = ()
    slots: Sequence[Slot] = field(default_factory=tuple)
    sweep: bytes | None = None
    version: str | None = None


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
    sweep: bytes | None = None
    try:
        template = inspect_template(locate_template(definition.template, folder=desk.book.folder(found.name)))
        sweep = sweep_file(desk, definition, project=found)
        problems += check_against_template(
            definition,
            template.parameters,
            at=now,
            zone=definition.timezone or found.timezone,
            csv=sweep,
            choices=desk.known_names(found),
        )
    except DefinitionError as refused:
        problems += refused.problems
    except HubError as refused:
        problems.append(Problem("template", "unreadable", str(refused)))
    slots = next_times(definition, project=found, now=now) if not problems else ()
    sha256 = pinned_sha256(document_sha256(definition), sweep)
    return Draft(definition, template, sha256, tuple(problems), tuple(slots), sweep)


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
    schedules = schedules_of(definition, zone=project.timezone)
    return next_slots(schedules, now, n=n) if schedules else []
