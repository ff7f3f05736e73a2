"""What waits for a project lead: who wrote it, what it changes, and the notebook cell by cell."""

import asyncio
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from tornado.web import HTTPError

from hub_config.errors import HubError
from hub_config.projects import Action, Project
from hub_config.reports.calendar import describe
from hub_config.reports.database.errors import DatabaseUnreachableError
from hub_config.reports.definitions import Definition, diff_definitions, schedules_of, to_toml
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.checking import check_definition
from hub_config.reports.desk.defining import approve_draft, discard_draft, draft_of
from hub_config.reports.desk.kept_sweeps import sweep_change
from hub_config.reports.service.moments import due_times
from hub_config.reports.service.texts import Texts
from hub_config.reports.service.writing.definition_pages import DefinitionPage
from hub_config.reports.service.writing.notebook_view import view_of
from hub_config.reports.service.writing.problem_words import told_problems

__all__ = ["ApproveHandler", "DiscardHandler", "DraftHandler"]

LONGEST_COMMENT = 500
EMPTY = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


class DraftHandler(DefinitionPage):
    """A draft beside what was approved."""

    async def get(self, project: str, name: str) -> None:
        """Show what differs.

        Parameters
        ----------
        project, name : str
            Which.
        """
        await self.show_draft(project, name)

    async def show_draft(self, project: str, name: str, *, refused: HubError | None = None) -> None:
        """Show the draft, with what kept the last try from succeeding.

        Parameters
        ----------
        project, name : str
            Which.
        refused : HubError, optional
            What was refused.
        """
        row, found = self.row_or_404(project, name)
        error = self.refuse(refused) if refused is not None else ""
        if row.draft is None and refused is not None:
            raise HTTPError(404) from refused
        if row.draft is None:
            self.redirect(self.address(project, name))
            return
        try:
            draft = parse_definition(row.draft)
        except HubError as unreadable:
            self.show_unreadable(row, found, problem=error, why=unreadable)
            return
        shown = await asyncio.to_thread(self._compared, row, draft, project=found)
        self.show(
            "draft.html",
            row=row,
            project=found,
            error=error,
            comment=self.get_body_argument("comment", "")[:LONGEST_COMMENT],
            may_approve=self.may(found, Action.APPROVE),
            may_define=self.may(found, Action.DEFINE),
            **shown,
        )

    def _compared(self, row: Any, draft: Definition, *, project: Project) -> Mapping[str, Any]:
        """Compare, in a thread: notebooks may be large."""
        now = dt.datetime.now(dt.UTC)
        schedules = schedules_of(draft, zone=project.timezone)
        language = self.texts.language
        before, after = draft_of(self.desk, row)
        try:
            notebook, unreadable = view_of(before or EMPTY, after or EMPTY, language=language), ""
        except HubError as refused:
            notebook, unreadable = None, self.texts.said(str(refused))
        approved, old = _approved(row, self.texts)
        changes = list(diff_definitions(approved, draft)) if approved is not None else []
        with self.desk.database.reading() as connection:
            sweep = sweep_change(connection, row) if approved is not None else None
        changes += [sweep] if sweep is not None else []
        checked = check_definition(self.desk, draft, project=project.name, person=self.person, now=now)
        return {
            "draft": draft,
            "title": self.title_of(draft),
            "is_new": approved is None,
            "approved_unreadable": old,
            "document": to_toml(draft),
            "changes": [
                {
                    "field": one.field,
                    "kind": one.kind,
                    "before": _said(one.before, self.texts),
                    "after": _said(one.after, self.texts),
                }
                for one in changes
            ],
            "schedule": [describe(one, language) for one in schedules],
            "times": due_times(schedules, now, language=language),
            "problems": told_problems(checked.problems, self.texts),
            "notebook": notebook,
            "unreadable": unreadable,
        }


def _approved(row: Any, texts: Texts) -> tuple[Definition | None, str]:
    """Read what was approved; where another version wrote it, there is nothing to compare with, and that is said."""
    try:
        return (parse_definition(row.document) if row.document is not None else None), ""
    except HubError:
        return None, texts["draft_approved_unreadable"]


def _said(value: Any, texts: Texts) -> str:
    """Write a value for reading; what has parts as JSON, so that each part is told from the next."""
    plain = not isinstance(value, list | dict) or (
        isinstance(value, list) and all(isinstance(one, int) for one in value)
    )
    return texts.shown(value) if plain else json.dumps(value, ensure_ascii=False)


class ApproveHandler(DraftHandler):
    """Approving what was seen."""

    async def post(self, project: str, name: str) -> None:
        """Approve the draft if it is still the one that was looked at.

        Parameters
        ----------
        project, name : str
            Which.
        """
        self.row_or_404(project, name)
        hashes = (self.get_body_argument("document", ""), self.get_body_argument("template", ""))
        try:
            approve_draft(
                self.desk,
                name,
                project=project,
                hashes=hashes,
                person=self.person,
                now=dt.datetime.now(dt.UTC),
                comment=self.get_body_argument("comment", "")[:LONGEST_COMMENT],
            )
        except DatabaseUnreachableError:
            raise
        except HubError as refused:
            await self.show_draft(project, name, refused=refused)
            return
        self.redirect(self.address(project, name), status=303)

    def get(self, project: str, name: str) -> Any:
        """Lead back to the draft.

        Parameters
        ----------
        project, name : str
            Which.

        Returns
        -------
        None
            A redirect was sent.
        """
        self.redirect(self.address(project, name, rest="/draft"))


class DiscardHandler(DraftHandler):
    """Throwing a draft away."""

    async def post(self, project: str, name: str) -> None:
        """Do it, and show what is left.

        Parameters
        ----------
        project, name : str
            Which.
        """
        row, _ = self.row_or_404(project, name)
        try:
            discard_draft(self.desk, name, project=project, person=self.person, now=dt.datetime.now(dt.UTC))
        except DatabaseUnreachableError:
            raise
        except HubError as refused:
            await self.show_draft(project, name, refused=refused)
            return
        is_gone = row.document is None
        place = f"{self.site.prefix}projects/{project}" if is_gone else self.address(project, name)
        self.redirect(place, status=303)
