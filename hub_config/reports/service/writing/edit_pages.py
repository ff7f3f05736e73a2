"""New definitions, and those that are there, to be written in the form or as text."""

from hub_config.errors import HubError
from hub_config.reports.definitions import to_toml
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.defining import version_of
from hub_config.reports.service.writing.fields_form import FieldsForm
from hub_config.reports.service.writing.form import Opened, typed_of
from hub_config.reports.service.writing.writing_page import Writing

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


class NewHandler(FieldsForm):
    """A new definition."""

    def get(self, project: str) -> None:
        """Show the empty form, or with ``?as=text`` an example as text.

        Parameters
        ----------
        project : str
            Whose.
        """
        writing = Writing(self.project_or_404(project), None, "")
        if self.get_query_argument("as", "") == "text":
            self.show_text(EXAMPLE, writing)
            return
        opened = Opened()
        self.show_fields(typed_of(opened), opened, writing=writing)

    async def post(self, project: str) -> None:
        """Check or save it.

        Parameters
        ----------
        project : str
            Whose.
        """
        await self.take(Writing(self.project_or_404(project), None, ""))


class EditHandler(FieldsForm):
    """A definition that is there."""

    def get(self, project: str, name: str) -> None:
        """Show the draft, or what was approved: in the form, or with ``?as=text`` as text.

        Parameters
        ----------
        project, name : str
            Which.
        """
        found = self.project_or_404(project)
        row, _ = self.row_or_404(project, name)
        try:
            definition = parse_definition(row.draft if row.draft is not None else row.document)
        except HubError as unreadable:  # written by another version
            self.set_status(409)
            self.show_unreadable(row, found, problem="", why=unreadable)
            return
        writing = Writing(found, name, version_of(row))
        if self.get_query_argument("as", "") == "text":
            self.show_text(to_toml(definition), writing)
            return
        opened = self.opened_with(definition.to_document(), found)
        self.show_fields(typed_of(opened), opened, writing=writing)

    async def post(self, project: str, name: str) -> None:
        """Check or save it.

        Parameters
        ----------
        project, name : str
            Which.
        """
        found = self.project_or_404(project)
        self.row_or_404(project, name)
        await self.take(Writing(found, name, self.get_body_argument("seen", "")))
