"""The page of a project's secrets: which there are and what needs them; and the forms that set one or take it away."""

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Any

from hub_config.projects import Action, Project, ProjectError
from hub_config.projects.secrets import LARGEST, SECRET_NAME, SHORTEST, check_secret, check_secret_name
from hub_config.reports.database.secret_changes import secret_changes_of
from hub_config.reports.desk.project_secrets import ProjectSecrets, remove_secret, secrets_of, set_secret
from hub_config.reports.service.writing.definition_pages import DefinitionPage

__all__ = ["RemoveSecretHandler", "SecretsHandler"]


class _Shown(DefinitionPage):
    """The page of the secrets, also where a wish was refused."""

    def typed(self, name: str) -> str:
        """Read a field of the form.

        Tornado's own way logs the beginning of what it cannot decode, and here that may be a secret.

        Parameters
        ----------
        name : str
            The field's.

        Returns
        -------
        str
            What was typed, with what is no UTF-8 as a text that every check refuses; '' where it is not there once.
        """
        given = self.request.body_arguments.get(name, [])
        return given[0].decode("utf-8", "surrogateescape") if len(given) == 1 else ""

    async def show_secrets(
        self, name: str, *, chosen: str = "", faults: Mapping[str, str] | None = None, problem: str = ""
    ) -> None:
        """Show which secrets there are.

        Parameters
        ----------
        name : str
            Of the project.
        chosen : str, optional
            The name that stands in the form.
        faults : mapping, optional
            What is wrong with a field of the form, by its name. What was typed for a secret is never shown again.
        problem : str, optional
            What else is wrong.
        """
        project = self.desk.project(name, person=self.person, action=Action.REMOVE_SECRET)
        try:
            found = await asyncio.to_thread(
                secrets_of, self.desk, project.name, person=self.person, now=dt.datetime.now(dt.UTC)
            )
        except ProjectError as broken:  # their folder is a link, or not ours
            found, problem = ProjectSecrets((), ()), problem or self.refuse(broken)
        with self.desk.database.reading() as connection:
            changes = secret_changes_of(connection, project=project.name)
        self.show(
            "secrets.html",
            project=project,
            found=found,
            changes=changes,
            chosen=chosen,
            faults=faults or {},
            problem=problem,
            **self._allowed(project),
        )

    def _allowed(self, project: Project) -> dict[str, Any]:
        return {
            "may_set": self.may(project, Action.SET_SECRET),
            "is_over": project.is_expired(dt.datetime.now(dt.UTC)),
            "shortest": SHORTEST,
            "largest_kib": LARGEST // 1024,
        }


class SecretsHandler(_Shown):
    """The secrets of one project."""

    async def get(self, project: str) -> None:
        """Show them, with the form for one that was chosen.

        Parameters
        ----------
        project : str
            Whose.
        """
        chosen = self.get_query_argument("name", "")
        await self.show_secrets(project, chosen=chosen if SECRET_NAME.fullmatch(chosen) else "")

    async def post(self, project: str) -> None:
        """Set one, and show them.

        Parameters
        ----------
        project : str
            Whose.
        """
        self.desk.project(project, person=self.person, action=Action.SET_SECRET)
        name, value = self.typed("name").strip(), self.typed("value")
        faults = self._faults(name, value)
        if faults:
            self.set_status(422)
            # A name that cannot be one is not shown again: a secret may have been typed in its place.
            await self.show_secrets(project, chosen="" if "name" in faults else name, faults=faults)
            return
        try:
            await asyncio.to_thread(
                set_secret,
                self.desk,
                name,
                project=project,
                value=value,
                person=self.person,
                now=dt.datetime.now(dt.UTC),
            )
        except ProjectError as refused:
            await self.show_secrets(project, chosen=name, problem=self.refuse(refused))
            return
        self.redirect(f"{self.site.prefix}projects/{project}/secrets#secret-{name}", status=303)

    def _faults(self, name: str, value: str) -> dict[str, str]:
        faults = {}
        for field, check, typed in (("name", check_secret_name, name), ("value", check_secret, value)):
            try:
                check(typed)
            except ProjectError:
                faults[field] = self.texts.text(f"secret_{field}_wrong", n=SHORTEST, kib=LARGEST // 1024)
        return faults


class RemoveSecretHandler(_Shown):
    """Taking a secret away."""

    async def post(self, project: str) -> None:
        """Do it, and show what is left; what somebody else has taken away meanwhile is away as well.

        Parameters
        ----------
        project : str
            Whose.
        """
        try:
            await asyncio.to_thread(
                remove_secret,
                self.desk,
                self.typed("name"),
                project=project,
                person=self.person,
                now=dt.datetime.now(dt.UTC),
            )
        except ProjectError as refused:
            await self.show_secrets(project, problem=self.refuse(refused))
            return
        self.redirect(f"{self.site.prefix}projects/{project}/secrets", status=303)

    def get(self, project: str) -> Any:
        """Lead back to the page.

        Parameters
        ----------
        project : str
            Whose.

        Returns
        -------
        None
            A redirect was sent.
        """
        self.redirect(f"{self.site.prefix}projects/{project}/secrets")
