"""Runs that need not be kept any longer: their folders go; what ran and how it ended stays in the history."""

import asyncio
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hub_config.reports.database.connection import Database
from hub_config.reports.database.definitions import find_definitions
from hub_config.reports.database.removals import let_old_go, removals_asked
from hub_config.reports.database.states import FINAL
from hub_config.reports.database.tables import runs
from hub_config.reports.desk.keeping import retention_rule
from hub_config.reports.desk.project_book import COMMAND_LINE, ProjectBook
from hub_config.reports.folders.retention import expired, finish_removals
from hub_config.reports.keeper.removed_runs import try_to_take_away

__all__ = ["OldRuns"]


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
        with self.database.reading() as connection:
            asked = removals_asked(connection)
        for run_id in await asyncio.to_thread(self._expired, now):
            if not await asyncio.to_thread(self._remove, run_id, now, asked=asked):
                break
        for each in self.book.everything():
            await asyncio.to_thread(finish_removals, self.book.runs_root(each.name))

    def _expired(self, now: dt.datetime) -> list[str]:
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
                ).where(
                    runs.c.state.in_(FINAL),
                    runs.c.folder.is_not(None),
                    runs.c.removal_asked_by.is_(None),
                    runs.c.project != COMMAND_LINE,
                )
            ).all()
        rules = {
            (row.project, row.name): retention_rule(self.book, row.project, document=row.document)
            for row in definitions
        }
        groups: dict[tuple[str, str | None, str, bool], list[Any]] = defaultdict(list)
        for row in rows:
            # Those that repeat old ones are counted apart: they are not the newest, whenever they ran.
            groups[row.project, row.definition, row.label, row.rerun_of is None].append(row)
        found: list[str] = []
        for (project, definition, _label, _is_new), members in groups.items():
            rule = rules.get((project, definition or "")) or retention_rule(self.book, project)
            records = [
                {"run_id": row.id, "status": row.state, "ended_at": row.ended_at, "kept": row.is_kept}
                for row in members
            ]
            found += expired(records, rule, now=now)
        return found

    def _remove(self, run_id: str, now: dt.datetime, *, asked: int) -> bool:
        """Remove a folder, unless somebody keeps the run since; what stays is tried again with the other removals.

        Once somebody has removed another run since, the list is no good any more: a success of it may be the newest.
        """
        with self.database.writing() as tx:
            if removals_asked(tx) != asked:
                return False
            if not let_old_go(tx, run_id):
                return True
        try_to_take_away(self.database, self.book, run_id=run_id, now=now)
        return True
