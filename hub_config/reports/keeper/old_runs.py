"""Runs that need not be kept any longer: their folders go; what ran and how it ended stays in the history."""

import asyncio
import datetime as dt
import logging
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hub_config.errors import HubError, RunNotFoundError
from hub_config.reports.database.connection import Database
from hub_config.reports.database.definitions import find_definitions
from hub_config.reports.database.left_runs import note_removed
from hub_config.reports.database.states import FINAL
from hub_config.reports.database.tables import runs
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk.project_book import COMMAND_LINE, ProjectBook
from hub_config.reports.folders.retention import RetentionRule, expired, finish_removals, remove_run_folder

__all__ = ["OldRuns"]

logger = logging.getLogger(__name__)


@dataclass
class OldRuns:
    """Takes the folders of old runs away.

    Parameters
    ----------
    database : Database
        The history.
    book : ProjectBook
        The projects.
    """

    database: Database
    book: ProjectBook

    async def look(self, now: dt.datetime) -> None:
        """Remove what may go.

        Parameters
        ----------
        now : datetime
            With a zone.
        """
        # With many definitions and a long history this takes a while, in which runners and readers must be answered.
        for project, run_id in await asyncio.to_thread(self._expired, now):
            if await asyncio.to_thread(self._remove, project, run_id):
                with self.database.writing() as tx:
                    note_removed(tx, run_id, now=now)
        for each in self.book.everything():
            await asyncio.to_thread(finish_removals, self.book.runs_root(each.name))

    def _expired(self, now: dt.datetime) -> list[tuple[str, str]]:
        with self.database.reading() as connection:
            definitions = find_definitions(connection)
            rows = connection.execute(
                sa.select(
                    runs.c.id,
                    runs.c.project,
                    runs.c.definition,
                    runs.c.label,
                    runs.c.state,
                    runs.c.ended_at,
                    runs.c.is_kept,
                    runs.c.rerun_of,
                ).where(runs.c.state.in_(FINAL), runs.c.folder.is_not(None), runs.c.project != COMMAND_LINE)
            ).all()
        rules = {(row.project, row.name): self._rule(row) for row in definitions}
        groups: dict[tuple[str, str | None, str, bool], list[Any]] = defaultdict(list)
        for row in rows:
            # Those that repeat old ones are counted apart: they are not the newest, whenever they ran.
            groups[row.project, row.definition, row.label, row.rerun_of is None].append(row)
        found = []
        for (project, definition, _label, _is_new), members in groups.items():
            rule = rules.get((project, definition or "")) or self._rule_of_project(project)
            records = [
                {"run_id": row.id, "status": row.state, "ended_at": row.ended_at, "kept": row.is_kept}
                for row in members
            ]
            found += [(project, run_id) for run_id in expired(records, rule, now=now)]
        return found

    def _rule(self, row: Any) -> RetentionRule:
        """Take the definition's rule, within what the project allows."""
        days = self._rule_of_project(row.project).days
        if row.document is None:
            return RetentionRule(days=days)
        try:
            rule = parse_definition(row.document).retention
        except HubError:  # nothing goes by a rule that cannot be read
            return RetentionRule()
        shorter = [one for one in (rule.days, days) if one is not None]
        return RetentionRule(successes=rule.successes, days=min(shorter) if shorter else None)

    def _rule_of_project(self, name: str) -> RetentionRule:
        project = self.book.get(name)
        return RetentionRule(days=project.limits.keep_days if project is not None else None)

    def _remove(self, project: str, run_id: str) -> bool:
        """Remove a folder; say whether it is gone. One that stays is tried again."""
        try:
            remove_run_folder(self.book.runs_root(project), run_id)
        except RunNotFoundError:
            return True
        except HubError as refused:
            logger.warning("The folder of run %s stays: %s", run_id, refused)
            return False
        return True
