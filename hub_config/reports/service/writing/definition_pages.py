"""The page of one report definition: what it does, when it is due, what was decided; and what can be done with it."""

import datetime as dt
import secrets
from typing import Any

from tornado.web import HTTPError

from hub_config.errors import HubError
from hub_config.projects import Action, Project
from hub_config.reports.calendar import describe, fire_times
from hub_config.reports.database.definitions import approvals_of, slots_of
from hub_config.reports.definitions import Definition, schedules_of, to_toml
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.definitions.template_paths import locate_template
from hub_config.reports.desk.defining import find_definition, pause_definition, remove
from hub_config.reports.desk.errors import DefinitionUnknownError, NotAllowedError, ProjectUnknownError
from hub_config.reports.service.base import PageHandler
from hub_config.reports.templates.templates import inspect_template

__all__ = ["DefinitionHandler", "DefinitionPage", "PauseHandler", "RemoveHandler", "RunNowHandler"]

SLOTS_SHOWN = 20


class DefinitionPage(PageHandler):
    """What the pages of a definition share."""

    def row_or_404(self, project: str, name: str) -> tuple[Any, Project]:
        """Find a definition that this person may see.

        Parameters
        ----------
        project, name : str
            From the address.

        Returns
        -------
        Row
            As it stands in the database.
        Project
            Whose it is.
        """
        try:
            row = find_definition(self.desk, name, project=project, person=self.person)
        except (ProjectUnknownError, DefinitionUnknownError) as unknown:
            raise HTTPError(404) from unknown
        found = self.desk.book.get(project)
        if found is None:
            raise HTTPError(404)
        return row, found

    def may(self, project: Project, action: Action) -> bool:
        """Tell whether this person may do something in a project.

        Parameters
        ----------
        project : Project
            Which.
        action : Action
            What.

        Returns
        -------
        bool
            By their role.
        """
        return self.person.may(project, action)

    def address(self, project: str, name: str, *, rest: str = "") -> str:
        """Give the address of a definition's page.

        Parameters
        ----------
        project, name : str
            Which.
        rest : str, optional
            A page below it.

        Returns
        -------
        str
            A path.
        """
        return f"{self.site.prefix}projects/{project}/reports/{name}{rest}"


class DefinitionHandler(DefinitionPage):
    """One report definition."""

    def get(self, project: str, name: str) -> None:
        """Show it.

        Parameters
        ----------
        project, name : str
            Which.
        """
        row, found = self.row_or_404(project, name)
        definition = parse_definition(row.document if row.document is not None else row.draft)
        with self.desk.database.reading() as connection:
            slots = slots_of(connection, project=project, name=name, limit=SLOTS_SHOWN)
            approvals = approvals_of(connection, project=project, name=name)
        schedules = schedules_of(definition, zone=found.timezone)
        language, now = self.texts.language, dt.datetime.now(dt.UTC)
        self.show(
            "definition.html",
            row=row,
            project=found,
            definition=definition,
            title=self.title_of(definition),
            schedule=[describe(one, language) for one in schedules],
            times=fire_times(schedules, now, n=5, language=language) if schedules and row.enabled else [],
            slots=slots,
            approvals=approvals,
            document=to_toml(definition),
            is_changed=self._is_changed(row, definition, project=found),
            key=secrets.token_urlsafe(12),
            may_run=self.may(found, Action.RUN) and row.document is not None,
            may_define=self.may(found, Action.DEFINE),
            may_pause=self.may(found, Action.PAUSE) and row.document is not None,
            may_remove=self.may(found, Action.DELETE),
        )

    def title_of(self, definition: Definition) -> str:
        """Give a definition's title in the reader's language.

        Parameters
        ----------
        definition : Definition
            Which.

        Returns
        -------
        str
            The Korean one for Korean readers, where there is one.
        """
        return definition.title_ko if self.texts.language == "ko" and definition.title_ko else definition.title

    def _is_changed(self, row: Any, definition: Definition, *, project: Project) -> bool:
        """Tell whether the notebook is another one by now than what runs, and waits for nobody."""
        if row.document is None or row.draft is not None:
            return False
        try:
            path = locate_template(definition.template, folder=self.desk.book.folder(project.name))
            return bool(inspect_template(path).sha256 != row.template_sha256)
        except HubError:
            return False


class RunNowHandler(DefinitionPage):
    """Running a definition now, whatever its schedule says."""

    def post(self, project: str, name: str) -> None:
        """Queue its runs, once for each time the page was loaded, and show them.

        Parameters
        ----------
        project, name : str
            Which.
        """
        self.row_or_404(project, name)
        key = self.get_body_argument("key", "")[:100]
        batch = self.desk.run_definition(
            name,
            project=project,
            person=self.person,
            now=dt.datetime.now(dt.UTC),
            idempotency_key=f"page-{self.person.name}-{key}" if key else None,
        )
        place = f"runs/{batch.run_ids[0]}" if len(batch.run_ids) == 1 else f"batches/{batch.batch_id}"
        self.redirect(self.site.prefix + place, status=303)


class PauseHandler(DefinitionPage):
    """Stopping a schedule for a while, and letting it go on."""

    def post(self, project: str, name: str) -> None:
        """Do it, and show the definition.

        Parameters
        ----------
        project, name : str
            Which.
        """
        self.row_or_404(project, name)
        enabled = self.get_body_argument("enabled", "") == "yes"
        now = dt.datetime.now(dt.UTC)
        pause_definition(self.desk, name, project=project, enabled=enabled, person=self.person, now=now)
        self.redirect(self.address(project, name), status=303)


class RemoveHandler(DefinitionPage):
    """Taking a definition away; its runs stay."""

    def post(self, project: str, name: str) -> None:
        """Do it, and show the project.

        Parameters
        ----------
        project, name : str
            Which.
        """
        self.row_or_404(project, name)
        try:
            remove(self.desk, name, project=project, person=self.person)
        except NotAllowedError as refused:
            raise HTTPError(403) from refused
        self.redirect(f"{self.site.prefix}projects/{project}", status=303)
