"""Writing a definition: as TOML, checked as a whole, with the next times it would be due."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from tornado.web import HTTPError

from hub_config.errors import HubError
from hub_config.projects import Action, Project
from hub_config.reports.calendar import fire_times
from hub_config.reports.definitions import Definition, DefinitionError, Problem, read_definition, schedules_of, to_toml
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.defining import check_definition, save_definition
from hub_config.reports.service.writing.definition_pages import DefinitionPage

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
        """
        self.show(
            "edit.html",
            project=project,
            text=text,
            name=name,
            problems=problems,
            error=error,
            times=times,
            may_approve=self.may(project, Action.APPROVE),
        )

    def take(self, project: Project, *, name: str | None) -> None:
        """Check what was sent, or save it.

        Parameters
        ----------
        project : Project
            Whose.
        name : str or None
            The definition that is edited; its name stays.
        """
        text = self.get_body_argument("text", "", strip=False).replace("\r\n", "\n")
        wish = self.get_body_argument("do", "check")
        now = dt.datetime.now(dt.UTC)
        try:
            definition = read_definition(text, "toml")
            if name is not None and definition.name != name:
                raise DefinitionError(
                    [Problem("name", "name-changed", "must stay what it is; make a new report for another")]
                )
            if wish == "check":
                self._show_checked(project, definition, text=text, name=name, now=now)
                return
            save_definition(
                self.desk,
                definition,
                project=project.name,
                person=self.person,
                now=now,
                approve_too=wish == "approve",
            )
        except DefinitionError as refused:
            self.set_status(422)
            self.show_form(project, text, name=name, problems=refused.problems)
            return
        except HubError as refused:
            self.set_status(422)
            self.show_form(project, text, name=name, error=str(refused))
            return
        rest = "" if wish == "approve" else "/draft"
        self.redirect(self.address(project.name, definition.name, rest=rest), status=303)

    def _show_checked(
        self, project: Project, definition: Definition, *, text: str, name: str | None, now: dt.datetime
    ) -> None:
        draft = check_definition(self.desk, definition, project=project.name, person=self.person, now=now)
        if draft.problems:
            raise DefinitionError(draft.problems)
        schedules = schedules_of(definition, zone=project.timezone)
        times: Any = fire_times(schedules, now, n=5, language=self.texts.language) if schedules else []
        self.show_form(project, text, name=name, times=times)


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
        self.take(self.project_or_404(project), name=None)


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
        self.show_form(found, to_toml(parse_definition(document)), name=name)

    def post(self, project: str, name: str) -> None:
        """Check or save it.

        Parameters
        ----------
        project, name : str
            Which.
        """
        found = self.project_or_404(project)
        self.row_or_404(project, name)
        self.take(found, name=name)
