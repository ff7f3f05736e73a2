"""The secrets of a project as its leads set and take them away: who may, what needs them, and the record of it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection, Row

from hub_config.errors import HubError
from hub_config.projects import Action, Project
from hub_config.projects.secrets import KeptSecret, check_secret, check_secret_name, kept_secrets
from hub_config.projects.secrets import remove_secret as remove_file
from hub_config.projects.secrets import set_secret as set_file
from hub_config.reports.database.connection import time_text
from hub_config.reports.database.definitions import find_definitions
from hub_config.reports.database.history import template_content
from hub_config.reports.database.secret_changes import note_secret_change
from hub_config.reports.definitions import expand
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.desk import Desk
from hub_config.reports.desk.kept_sweeps import kept_sweep
from hub_config.reports.desk.lent_secrets import lend, owner_of
from hub_config.reports.desk.person import Person
from hub_config.reports.execution.secrets import named_secrets
from hub_config.reports.templates.templates import template_from_content

__all__ = ["ProjectSecret", "ProjectSecrets", "remove_secret", "secrets_of", "set_secret"]

# A notebook in which this does not stand, nor what JSON may write letters as, has no parameter of that type.
TYPE_NAME, ESCAPED = b"Secret", b"\\u00"


@dataclass(frozen=True)
class ProjectSecret:
    """A secret that there is, or that something needs.

    Parameters
    ----------
    name : str
        Its name.
    set_at : str or None
        When it was set last; None if it is not there.
    is_usable : bool
        False if it is there, and a run would refuse it: its file is open to other accounts, or not the service's own.
    definitions : sequence of str
        Names of the report definitions that name it, as they were approved or as a draft has them.
    targets : sequence of str
        Names of the notification targets whose address it is.
    """

    name: str
    set_at: str | None
    is_usable: bool
    definitions: Sequence[str]
    targets: Sequence[str]


@dataclass(frozen=True)
class ProjectSecrets:
    """All secrets of a project.

    Parameters
    ----------
    secrets : sequence of ProjectSecret
        By name.
    unread : sequence of str
        Names of the definitions of which cannot be said what they need.
    """

    secrets: Sequence[ProjectSecret]
    unread: Sequence[str]

    def named(self, name: str) -> ProjectSecret | None:
        """Find a secret.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        ProjectSecret or None
            None if there is none, and nothing needs one.
        """
        return next((one for one in self.secrets if one.name == name), None)


def secrets_of(desk: Desk, name: str, *, person: Person, now: dt.datetime) -> ProjectSecrets:
    """Look which secrets a project has, and what needs them.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    name : str
        Of the project.
    person : Person
        Who looks.
    now : datetime
        With a zone.

    Returns
    -------
    ProjectSecrets
        Those that there are, and those that something needs and that are not there.

    Raises
    ------
    HubError
        If the person may not, or the folder of the secrets cannot be trusted.
    """
    project = desk.project(name, person=person, action=Action.REMOVE_SECRET)
    kept = {one.name: one for one in kept_secrets(desk.book.folder(project.name))}
    definitions, unread = _needed(desk, project, now=now)
    targets: dict[str, list[str]] = {}
    for target, told in project.notify.items():
        if told.url_file is not None:
            targets.setdefault(told.url_file.removeprefix("secrets/"), []).append(target)
    found = [
        _told(one, kept.get(one), definitions=definitions.get(one, ()), targets=targets.get(one, ()))
        for one in sorted({*kept, *definitions, *targets})
    ]
    return ProjectSecrets(found, unread)


def _told(name: str, kept: KeptSecret | None, *, definitions: Sequence[str], targets: Sequence[str]) -> ProjectSecret:
    return ProjectSecret(
        name=name,
        set_at=time_text(kept.set_at) if kept is not None else None,
        is_usable=kept is None or kept.is_usable,
        definitions=definitions,
        targets=targets,
    )


def _needed(desk: Desk, project: Project, *, now: dt.datetime) -> tuple[Mapping[str, Sequence[str]], Sequence[str]]:
    """Say which definitions name which secret, and of which that cannot be said."""
    needed: dict[str, list[str]] = {}
    unread: list[str] = []
    with desk.database.reading() as connection:
        for row in find_definitions(connection, projects=[project.name]):
            names: set[str] = set()
            is_read = True
            for which in ("", "draft_"):
                found = _named(connection, row, which=which, zone=project.timezone, now=now)
                names |= found or set()
                is_read = is_read and found is not None
            for name in names:
                needed.setdefault(name, []).append(row.name)
            if not is_read:
                unread.append(row.name)
    return needed, unread


def _named(connection: Connection, row: Row[Any], *, which: str, zone: str, now: dt.datetime) -> set[str] | None:
    """Give the secrets that a definition names, as approved or as drafted; None if that cannot be said."""
    document = row.draft if which else row.document
    if document is None:
        return set()
    kept = template_content(connection, getattr(row, f"{which}template_sha256"))
    if kept is None:
        return None
    content = bytes(kept.content)
    if TYPE_NAME not in content and ESCAPED not in content:
        return set()
    try:
        definition = parse_definition(document)
        parameters = template_from_content(content, name=kept.name).parameters
        sweep = kept_sweep(connection, definition, sha256=getattr(row, f"{which}sweep_sha256"))
        # Any name will do: one that is not there is what is looked for.
        sets = expand(definition, parameters, at=now, zone=definition.timezone or zone, csv=sweep)
    except HubError:
        return None
    return {name for one in sets for name in named_secrets(parameters, one.parameters)}


def set_secret(desk: Desk, name: str, *, project: str, value: str, person: Person, now: dt.datetime) -> bool:
    """Set a secret, or replace it.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    name : str
        The secret's.
    project : str
        Whose.
    value : str
        What is kept; it goes nowhere but into its file.
    person : Person
        A lead.
    now : datetime
        With a zone.

    Returns
    -------
    bool
        Whether one of this name was replaced.

    Raises
    ------
    HubError
        If the person may not, or the name or the value cannot be used, or the file not be written.
    """
    found = desk.project(project, person=person, action=Action.SET_SECRET)
    check_secret_name(name)
    check_secret(value)
    folder = desk.book.folder(found.name)
    # Who comes second waits here, so that the last of the record is who wrote the file.
    with desk.database.writing() as tx:
        note_secret_change(tx, project=found.name, name=name, change="set", who=person.name, now=now)
        replaced = set_file(folder, name, value=value, owner=owner_of(found, name))
    lend(folder / "secrets", found)
    return replaced


def remove_secret(desk: Desk, name: str, *, project: str, person: Person, now: dt.datetime) -> bool:
    """Take a secret away; what needs it cannot run any more.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    name : str
        The secret's.
    project : str
        Whose.
    person : Person
        A lead.
    now : datetime
        With a zone.

    Returns
    -------
    bool
        False if there was none of this name.

    Raises
    ------
    HubError
        If the person may not, or the file cannot be removed.
    """
    found = desk.project(project, person=person, action=Action.REMOVE_SECRET)
    with desk.database.writing() as tx:
        removed = remove_file(desk.book.folder(found.name), name)
        if removed:
            note_secret_change(tx, project=found.name, name=name, change="removed", who=person.name, now=now)
    return removed
