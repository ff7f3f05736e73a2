"""Writing a definition: as TOML, checked as a whole, with the next times it would be due."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from tornado.web import HTTPError

from hub_config.errors import HubError
from hub_config.projects import Action, Project
from hub_config.reports.calendar import fire_times
from hub_config.reports.database.errors import DatabaseUnreachableError
from hub_config.reports.definitions import Definition, DefinitionError, Problem, read_definition, schedules_of, to_toml
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.checking import check_definition
from hub_config.reports.desk.defining import check_version, find_definition, save_definition, version_of
from hub_config.reports.desk.errors import DefinitionUnknownError, TemplateChangedError
from hub_config.reports.service.writing.definition_pages import DefinitionPage
from hub_config.reports.service.writing.problem_words import told_problems

__all__ = ["EditHandler", "NewHandler"]

EXAMPLE = """\
name = "monthly-quality"
title = "Monthly quality"
template = "data_quality"
schedule = "first working day of the month at 07:00"
missed = "once"
alerts = []

[parameters]
"""


class _Form(DefinitionPage):
    """The form, new or with a definition in it."""

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

    def show_form(
        self,
        project: Project,
        text: str,
        *,
        name: str | None,
        problems: Sequence[Problem] = (),
        error: str = "",
        times: Sequence[str] | None = None,
        seen: str = "",
    ) -> None:
        """Show the form.

        Parameters
        ----------
        project : Project
            Whose definition.
        text : str
            What is written.
        name : str or None
            The definition that is edited; None for a new one.
        problems : sequence of Problem, optional
            What is wrong with it.
        error : str, optional
            What is wrong with the whole.
        times : sequence of str, optional
            The next times it would be due, once it was found to be good.
        seen : str, optional
            Which version the writer began with; '' for a new one.
        """
        self.show(
            "edit.html",
            project=project,
            text=text,
            name=name,
            problems=told_problems(problems, self.texts),
            error=error,
            times=times,
            seen=seen,
            may_approve=self.may(project, Action.APPROVE),
        )

    def take(self, project: Project, *, row: Any = None) -> None:
        """Check what was sent, or save it.

        Parameters
        ----------
        project : Project
            Whose.
        row : Row, optional
            The definition that is edited; its name stays. None for a new one.
        """
        text = self.get_body_argument("text", "", strip=False).replace("\r\n", "\n")
        name, seen = (row.name, self.get_body_argument("seen", "")) if row is not None else (None, "")
        wish = self.get_body_argument("do", "check")
        try:
            definition = self._read(text, name=name)
            self._take(definition, project=project, text=text, name=name, seen=seen, wish=wish)
        except DatabaseUnreachableError:
            raise
        except TemplateChangedError:
            self.set_status(409)
            now = version_of(self._row_now(project, definition.name))
            self.show_form(project, text, name=name, error=self.texts["edited_meanwhile"], seen=now)
        except DefinitionError as refused:
            self.set_status(422)
            self.show_form(project, text, name=name, problems=refused.problems, seen=seen)
        except HubError as refused:
            self.show_form(project, text, name=name, error=self.refuse(refused), seen=seen)

    def _read(self, text: str, *, name: str | None) -> Definition:
        definition = read_definition(text, "toml")
        if name is not None and definition.name != name:
            raise DefinitionError(
                [Problem("name", "name-changed", "must stay what it is; make a new report for another")]
            )
        return definition

    def _row_now(self, project: Project, name: str) -> Any:
        try:
            return find_definition(self.desk, name, project=project.name, person=self.person)
        except DefinitionUnknownError:
            return None

    def _take(
        self, definition: Definition, *, project: Project, text: str, name: str | None, seen: str, wish: str
    ) -> None:
        common: Any = {"project": project.name, "person": self.person, "now": dt.datetime.now(dt.UTC)}
        if name is None:
            check_version(self._row_now(project, definition.name), seen)
        if wish == "check":
            draft = check_definition(self.desk, definition, **common)
            if draft.problems:
                raise DefinitionError(draft.problems)
            schedules = schedules_of(definition, zone=project.timezone)
            language = self.texts.language
            times = fire_times(schedules, common["now"], n=5, language=language) if schedules else []
            self.show_form(project, text, name=name, times=times, seen=seen)
            return
        save_definition(self.desk, definition, approve_too=wish == "approve", seen=seen, **common)
        rest = "" if wish == "approve" else "/draft"
        self.redirect(self.address(project.name, definition.name, rest=rest), status=303)


class NewHandler(_Form):
    """A new definition."""

    def get(self, project: str) -> None:
        """Show the form with an example.

        Parameters
        ----------
        project : str
            Whose.
        """
        self.show_form(self.project_or_404(project), EXAMPLE, name=None)

    def post(self, project: str) -> None:
        """Check or save it.

        Parameters
        ----------
        project : str
            Whose.
        """
        self.take(self.project_or_404(project))


class EditHandler(_Form):
    """A definition that is there."""

    def get(self, project: str, name: str) -> None:
        """Show the form with the draft, or with what was approved.

        Parameters
        ----------
        project, name : str
            Which.
        """
        found = self.project_or_404(project)
        row, _ = self.row_or_404(project, name)
        document = row.draft if row.draft is not None else row.document
        try:
            definition = parse_definition(document)
        except HubError as unreadable:  # written by another version
            self.set_status(409)
            self.show_unreadable(row, found, problem="", why=unreadable)
            return
        self.show_form(found, to_toml(definition), name=name, seen=version_of(row))

    def post(self, project: str, name: str) -> None:
        """Check or save it.

        Parameters
        ----------
        project, name : str
            Which.
        """
        found = self.project_or_404(project)
        row, _ = self.row_or_404(project, name)
        self.take(found, row=row)
