"""What a report definition means at one moment, for whoever looks at it; and a template that changed since."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Row

from hub_config.errors import HubError
from hub_config.projects import Project
from hub_config.reports.calendar import Slot
from hub_config.reports.definitions import Definition, DefinitionError, ParameterSet, Problem, expand
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.definitions.template_paths import locate_template
from hub_config.reports.desk.checking import Draft, next_times
from hub_config.reports.desk.defining import find_definition, save_definition, version_of
from hub_config.reports.desk.desk import Desk
from hub_config.reports.desk.errors import DefinitionUnknownError
from hub_config.reports.desk.kept_sweeps import kept_sweep
from hub_config.reports.desk.meaning import kept_template, sweep_file
from hub_config.reports.desk.person import Person
from hub_config.reports.templates.templates import Template, inspect_template

__all__ = ["Meaning", "draft_changed_template", "meaning_of"]


@dataclass(frozen=True)
class Meaning:
    """What a definition means now.

    Parameters
    ----------
    definition : Definition
        As it was approved, or as its first draft has it.
    template : Template or None
        What it runs, as it was kept; None if it cannot be read.
    sets : sequence of ParameterSet
        The runs it makes, with relative dates resolved; empty if there are problems.
    problems : sequence of Problem
        What would keep it from running now.
    slots : sequence of Slot
        The next times it is due by its schedule.
    has_changed_template : bool
        Whether the notebook on the disk is another one than was approved, and no draft holds it yet.
    """

    definition: Definition
    template: Template | None
    sets: Sequence[ParameterSet]
    problems: Sequence[Problem]
    slots: Sequence[Slot]
    has_changed_template: bool


def meaning_of(desk: Desk, row: Row[Any], *, project: Project, now: dt.datetime) -> Meaning:
    """Say what a definition means.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    row : Row
        The definition.
    project : Project
        Whose it is.
    now : datetime
        With a zone.

    Returns
    -------
    Meaning
        With the problems, if there are any.

    Raises
    ------
    HubError
        If the document cannot be read.
    """
    approved = row.document is not None
    definition = parse_definition(row.document if approved else row.draft)
    template: Template | None = None
    sets: Sequence[ParameterSet] = ()
    problems: Sequence[Problem] = ()
    try:
        with desk.database.reading() as connection:
            template = kept_template(connection, row.template_sha256 if approved else row.draft_template_sha256)
            sha256 = row.sweep_sha256 if approved else row.draft_sweep_sha256
            sweep = kept_sweep(connection, definition, sha256=sha256)
        sets = expand(
            definition,
            template.parameters,
            at=now,
            zone=definition.timezone or project.timezone,
            csv=sweep,
            choices=desk.known_names(project),
        )
    except DefinitionError as refused:
        problems = refused.problems
    except HubError as refused:
        problems = (Problem("template", "unreadable", str(refused)),)
    return Meaning(
        definition=definition,
        template=template,
        sets=sets,
        problems=problems,
        slots=next_times(definition, project=project, now=now),
        has_changed_template=_has_changed(desk, row, project=project),
    )


def _has_changed(desk: Desk, row: Row[Any], *, project: Project) -> bool:
    newest = row.draft if row.draft is not None else row.document
    known = row.draft_template_sha256 if row.draft is not None else row.template_sha256
    try:
        there = inspect_template(locate_template(newest["template"], folder=desk.book.folder(project.name)))
    except HubError:  # what was kept goes on running; there is nothing that could be approved instead
        return False
    return bool(there.sha256 != known) or _has_changed_sweep(desk, row, project=project)


def _has_changed_sweep(desk: Desk, row: Row[Any], *, project: Project) -> bool:
    is_draft = row.draft is not None
    try:
        there = sweep_file(desk, parse_definition(row.draft if is_draft else row.document), project=project)
    except HubError:
        return False
    known = row.draft_sweep_sha256 if is_draft else row.sweep_sha256
    return there is not None and hashlib.sha256(there).hexdigest() != known


def draft_changed_template(desk: Desk, name: str, *, project: str, person: Person, now: dt.datetime) -> Draft:
    """Make a draft of a definition with its notebook as it lies on the disk now.

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

    Returns
    -------
    Draft
        It waits for a lead.

    Raises
    ------
    DefinitionUnknownError
        If the notebook is as it was.
    HubError
        If the person may not, or the definition does not fit its changed notebook.
    """
    row = find_definition(desk, name, project=project, person=person)
    found = desk.book.get(project)
    if found is None or not _has_changed(desk, row, project=found):
        raise DefinitionUnknownError(
            "The notebook has not changed; found the one that is known. Nothing is to be done."
        )
    document = row.draft if row.draft is not None else row.document
    return save_definition(
        desk, parse_definition(document), project=project, person=person, now=now, seen=version_of(row)
    )
