"""What the two ways of writing a definition share: whose it is, which version was opened, and how it is saved."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tornado.web import HTTPError

from hub_config.errors import HubError
from hub_config.projects import Action, Project
from hub_config.reports.calendar import describe
from hub_config.reports.definitions import Definition, DefinitionError, Problem, schedules_of
from hub_config.reports.desk.checking import Draft, check_definition
from hub_config.reports.desk.defining import check_version, find_definition, save_definition, version_of
from hub_config.reports.desk.errors import DefinitionUnknownError
from hub_config.reports.service.moments import due_times
from hub_config.reports.service.writing.definition_pages import DefinitionPage

__all__ = ["Due", "Writing", "WritingPage"]


@dataclass(frozen=True)
class Writing:
    """A definition that somebody writes.

    Parameters
    ----------
    project : Project
        Whose it is.
    name : str or None
        The definition that is edited; its name stays. None for a new one.
    seen : str
        The version that the writer began with; '' for a new one.
    """

    project: Project
    name: str | None
    seen: str


@dataclass(frozen=True)
class Due:
    """When a definition would be due, in words.

    Parameters
    ----------
    lines : list of str
        Its schedule.
    times : sequence of str
        The next five times.
    """

    lines: list[str]
    times: Sequence[str]


class WritingPage(DefinitionPage):
    """A page on which a definition is written."""

    def project_or_404(self, name: str) -> Project:
        """Find a project in which this person may write definitions.

        Parameters
        ----------
        name : str
            From the address.

        Returns
        -------
        Project
            The project.
        """
        project = self.desk.book.get(name)
        if project is None or not self.may(project, Action.READ):
            raise HTTPError(404)
        if not self.may(project, Action.DEFINE):
            raise HTTPError(403)
        return project

    def due(self, definition: Definition, project: Project) -> Due:
        """Say when a definition would be due.

        Parameters
        ----------
        definition : Definition
            What was written.
        project : Project
            Whose it is.

        Returns
        -------
        Due
            Empty if it is never due, or its schedule cannot be meant.
        """
        language = self.texts.language
        try:
            schedules = schedules_of(definition, zone=project.timezone)
            lines = [describe(one, language) for one in schedules]
            times = due_times(schedules, dt.datetime.now(dt.UTC), language=language)
        except HubError:
            return Due([], [])
        return Due(lines, times)

    def check(self, definition: Definition, writing: Writing) -> Draft:
        """Find what is wrong with a definition; its name may be that of another.

        Parameters
        ----------
        definition : Definition
            What was written.
        writing : Writing
            By whom it is edited.

        Returns
        -------
        Draft
            With its problems.
        """
        draft = check_definition(
            self.desk, definition, project=writing.project.name, person=self.person, now=dt.datetime.now(dt.UTC)
        )
        taken: list[Problem] = []
        if writing.name is None:
            try:
                check_version(self.row_now(writing.project, definition.name), writing.seen)
            except DefinitionError as refused:
                taken = list(refused.problems)
        return Draft(draft.definition, draft.template, draft.sha256, (*taken, *draft.problems), draft.slots)

    def save(self, definition: Definition, writing: Writing, *, approve: bool) -> None:
        """Save a definition, all of it or nothing.

        Parameters
        ----------
        definition : Definition
            What was written.
        writing : Writing
            By whom it is edited.
        approve : bool
            Whether the writer, a lead, approves it in the same step.
        """
        save_definition(
            self.desk,
            definition,
            project=writing.project.name,
            person=self.person,
            now=dt.datetime.now(dt.UTC),
            approve_too=approve,
            seen=writing.seen,
        )

    def row_now(self, project: Project, name: str) -> Any:
        """Read a definition as it stands in the database.

        Parameters
        ----------
        project : Project
            Whose it is.
        name : str
            Which.

        Returns
        -------
        Row or None
            None if there is none.
        """
        try:
            return find_definition(self.desk, name, project=project.name, person=self.person)
        except DefinitionUnknownError:
            return None

    def newest(self, writing: Writing) -> Writing:
        """Give what is written as an edit of the version that stands in the database by now.

        Parameters
        ----------
        writing : Writing
            An edit of an older version.

        Returns
        -------
        Writing
            The same, after its writer was told.
        """
        row = self.row_now(writing.project, writing.name or "")
        return Writing(writing.project, writing.name, version_of(row))
