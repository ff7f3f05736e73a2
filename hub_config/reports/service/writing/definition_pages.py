"""The page of one report definition: what it does, when it is due, what was decided; and what can be done with it."""

import asyncio
import datetime as dt
import json
import re
import secrets
from dataclasses import replace
from typing import Any

from tornado.web import HTTPError

from hub_config.errors import HubError
from hub_config.projects import Action, Project
from hub_config.reports.calendar import describe
from hub_config.reports.database.definitions import approvals_of, slots_of
from hub_config.reports.database.errors import DatabaseUnreachableError, IdempotencyError
from hub_config.reports.database.history import RunFilter, newest_success
from hub_config.reports.definitions import Definition, schedules_of, to_toml
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.defining import find_definition, pause_definition, remove
from hub_config.reports.desk.errors import (
    DefinitionUnknownError,
    NotAllowedError,
    NotApprovedError,
    ProjectUnknownError,
    TemplateChangedError,
)
from hub_config.reports.desk.looking import Meaning, draft_changed_template, meaning_of
from hub_config.reports.service.base import PageHandler
from hub_config.reports.service.moments import due_times
from hub_config.reports.service.reading.skipped_slots import NOT_SKIPPED, SkippedSlots, in_groups
from hub_config.reports.service.run_words import reason_told
from hub_config.reports.service.texts import Texts
from hub_config.reports.service.writing.facts import definition_facts
from hub_config.reports.service.writing.problem_words import told_problems

__all__ = [
    "ChangedTemplateHandler",
    "DefinitionHandler",
    "DefinitionPage",
    "PauseHandler",
    "RemoveHandler",
    "RunNowHandler",
]

RUNS_SHOWN, SLOTS_READ, SLOTS_SHOWN, LABELS_SHOWN = 10, 1000, 20, 50
CONFLICTS = (DefinitionUnknownError, NotApprovedError, TemplateChangedError, IdempotencyError)
# The name that a page gives to a request, so that a second click asks for nothing new.
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


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
        return self.texts.title_of(definition.title, definition.title_ko)

    def show_unreadable(self, row: Any, project: Project, *, problem: str, why: HubError) -> None:
        """Show a definition that another version of the service has written, as it stands there.

        Parameters
        ----------
        row : Row
            The definition.
        project : Project
            Whose it is.
        problem : str
            What else was refused, or ''.
        why : HubError
            What this version cannot read.
        """
        document = row.draft if row.draft is not None else row.document
        self.show(
            "definition_unreadable.html",
            row=row,
            project=project,
            problem=problem,
            problems=told_problems(getattr(why, "problems", ()), self.texts),
            document=json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True),
        )

    def refuse(self, refused: HubError) -> str:
        """Set the status of an answer that refuses what was asked.

        Parameters
        ----------
        refused : HubError
            Why.

        Returns
        -------
        str
            The reason in a sentence of the reader's language.
        """
        self.set_status(403 if isinstance(refused, NotAllowedError) else 409 if isinstance(refused, CONFLICTS) else 422)
        known = f"refused_{refused.code}"
        return self.texts[known] if known in self.texts.words else self.texts.said(str(refused))


class _Shown(DefinitionPage):
    """The page of a definition, also where a wish was refused."""

    async def show_definition(self, project: str, name: str, *, refused: HubError | None = None) -> None:
        """Show a definition, with the reason if something was refused.

        Parameters
        ----------
        project, name : str
            Which.
        refused : HubError, optional
            What was refused.
        """
        row, found = self.row_or_404(project, name)
        problem = self.refuse(refused) if refused is not None else ""
        try:
            definition = parse_definition(row.document if row.document is not None else row.draft)
        except HubError as unreadable:  # written by another version
            self.show_unreadable(row, found, problem=problem, why=unreadable)
            return
        now, zone = dt.datetime.now(dt.UTC), definition.timezone or found.timezone
        # A large sweep takes a while, and others must not wait for it.
        meaning = await asyncio.to_thread(meaning_of, self.desk, row, project=found, now=now)
        with self.desk.database.reading() as connection:
            slots = slots_of(connection, project=project, name=name, limit=SLOTS_READ)
            approvals = approvals_of(connection, project=project, name=name)
            newest = newest_success(connection, project=project, definition=name)
        wanted = RunFilter(projects=[project], definition=name, states=NOT_SKIPPED)
        self.show(
            "definition.html",
            row=row,
            project=found,
            problem=problem,
            title=self.title_of(definition),
            slots=[_slot(one, zone=zone, texts=self.texts) for one in in_groups(slots)[:SLOTS_SHOWN]],
            approvals=approvals,
            has_success=newest is not None,
            document=to_toml(definition),
            runs=self.board.newest(self.person, wanted=wanted, limit=RUNS_SHOWN),
            facts=definition_facts(definition, project=found, texts=self.texts),
            key=secrets.token_urlsafe(18),
            may_run=self.may(found, Action.RUN) and row.document is not None,
            may_define=self.may(found, Action.DEFINE),
            may_pause=self.may(found, Action.PAUSE) and row.document is not None,
            may_remove=self.may(found, Action.DELETE),
            **self._times(row, definition, project=found, now=now),
            problems=told_problems(meaning.problems, self.texts),
            **_in_words(meaning),
        )

    def _times(self, row: Any, definition: Definition, *, project: Project, now: dt.datetime) -> dict[str, Any]:
        language = self.texts.language
        try:
            schedules = schedules_of(definition, zone=project.timezone)
            said = [describe(one, language) for one in schedules]
            times = due_times(schedules, now, language=language) if row.enabled else []
        except HubError:  # written by another version; what keeps it from running is told beside it
            said, times = list(definition.schedule), []
        return {"schedule": said, "times": times}


def _in_words(meaning: Meaning) -> dict[str, Any]:
    swept = meaning.definition.sweep is not None
    values, given, written = dict(meaning.definition.parameters), tuple(meaning.definition.parameters), {}
    if meaning.sets:
        first = meaning.sets[0]
        # In what its runs differ, their labels say.
        values = {
            name: value
            for name, value in first.parameters.items()
            if all(name in one.parameters and one.parameters[name] == value for one in meaning.sets)
        }
        given, written = first.given, dict(first.written)
    return {
        "meaning": meaning,
        "values": values,
        "given": given,
        "written": written,
        "labels": [each.label for each in meaning.sets[:LABELS_SHOWN]] if swept else [],
    }


def _slot(row: Any, *, zone: str, texts: Texts) -> dict[str, Any]:
    why = reason_told(row.reason, texts)
    if isinstance(row, SkippedSlots):
        return {"slots": replace(row, zone=zone), "why": why}
    return {"at": row.slot, "zone": zone, "what": texts[f"slot_{row.decision}"], "why": why}


class DefinitionHandler(_Shown):
    """One report definition."""

    async def get(self, project: str, name: str) -> None:
        """Show it.

        Parameters
        ----------
        project, name : str
            Which.
        """
        await self.show_definition(project, name)


class RunNowHandler(_Shown):
    """Running a definition now, whatever its schedule says."""

    async def post(self, project: str, name: str) -> None:
        """Queue its runs, once for each time the page was loaded, and show them.

        Parameters
        ----------
        project, name : str
            Which.
        """
        self.row_or_404(project, name)
        key = self.get_body_argument("key", "")
        if KEY.fullmatch(key) is None:
            raise HTTPError(400)
        try:
            batch = self.desk.run_definition(
                name,
                project=project,
                person=self.person,
                now=dt.datetime.now(dt.UTC),
                idempotency_key=f"page-{self.person.name}-{key}",
            )
        except DatabaseUnreachableError:
            raise
        except HubError as refused:
            await self.show_definition(project, name, refused=refused)
            return
        place = f"runs/{batch.run_ids[0]}" if len(batch.run_ids) == 1 else f"batches/{batch.batch_id}"
        self.redirect(self.site.prefix + place, status=303)


class PauseHandler(_Shown):
    """Stopping a schedule for a while, and letting it go on."""

    async def post(self, project: str, name: str) -> None:
        """Do it, and show the definition.

        Parameters
        ----------
        project, name : str
            Which.
        """
        self.row_or_404(project, name)
        enabled = self.get_body_argument("enabled", "") == "yes"
        now = dt.datetime.now(dt.UTC)
        try:
            pause_definition(self.desk, name, project=project, enabled=enabled, person=self.person, now=now)
        except DatabaseUnreachableError:
            raise
        except HubError as refused:
            await self.show_definition(project, name, refused=refused)
            return
        self.redirect(self.address(project, name), status=303)


class RemoveHandler(_Shown):
    """Taking a definition away; its runs stay."""

    async def post(self, project: str, name: str) -> None:
        """Do it, and show the project.

        Parameters
        ----------
        project, name : str
            Which.
        """
        self.row_or_404(project, name)
        try:
            remove(self.desk, name, project=project, person=self.person)
        except DatabaseUnreachableError:
            raise
        except HubError as refused:
            await self.show_definition(project, name, refused=refused)
            return
        self.redirect(f"{self.site.prefix}projects/{project}", status=303)


class ChangedTemplateHandler(_Shown):
    """Making a draft of a notebook that has changed on the disk."""

    async def post(self, project: str, name: str) -> None:
        """Do it, and show the draft.

        Parameters
        ----------
        project, name : str
            Which.
        """
        self.row_or_404(project, name)
        try:
            draft_changed_template(self.desk, name, project=project, person=self.person, now=dt.datetime.now(dt.UTC))
        except DatabaseUnreachableError:
            raise
        except HubError as refused:
            await self.show_definition(project, name, refused=refused)
            return
        self.redirect(self.address(project, name, rest="/draft"), status=303)
