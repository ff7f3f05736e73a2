"""What a person's projects have to read: each report definition with its schedule and its newest run."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hub_config.errors import HubError
from hub_config.projects import Project
from hub_config.reports.calendar import describe
from hub_config.reports.database.connection import Database
from hub_config.reports.database.definitions import find_definitions
from hub_config.reports.database.newest import newest_of_definitions, succeeded_definitions
from hub_config.reports.database.states import ACTIVE
from hub_config.reports.definitions import schedules_of
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.service.texts import Texts

__all__ = ["Portal", "ReportLine", "Section"]

logger = logging.getLogger(__name__)

MOST_REMEMBERED = 10_000
# Of a sweep the page shows what most needs a look.
WORST_FIRST = ("failed", "timed_out", "interrupted", "cancelled", "running", "queued", "skipped", "succeeded")


@dataclass(frozen=True)
class ReportLine:
    """One report definition as the page shows it.

    Parameters
    ----------
    project, name : str
        Which.
    title : str
        In the reader's language, where it has one.
    schedule : str
        In words; '' if it only runs when somebody asks.
    next_slot : str or None
        When it is due next.
    state : str or None
        Of its newest run, or the worst one of its newest sweep; None if it never ran.
    newest : str
        The part of the address of that run or sweep.
    asked_at : str or None
        When it was asked for.
    succeeded_at : str or None
        When the newest success was asked for.
    marks : tuple of str
        Keys of words: what needs somebody's attention.
    """

    project: str
    name: str
    title: str
    schedule: str
    next_slot: str | None
    state: str | None
    newest: str
    asked_at: str | None
    succeeded_at: str | None
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """The reports of one project.

    Parameters
    ----------
    project : Project
        Which.
    lines : sequence of ReportLine
        Those that are shown.
    n_more : int
        How many are only on the project's own page.
    """

    project: Project
    lines: Sequence[ReportLine]
    n_more: int = 0


@dataclass
class Portal:
    """Reads what the first page and the page of a project show.

    Parameters
    ----------
    database : Database
        Where definitions and runs stand.
    """

    database: Database
    _schedules: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def sections(self, projects: Sequence[Project], *, texts: Texts, most: int) -> list[Section]:
        """Read the reports of some projects.

        Parameters
        ----------
        projects : sequence of Project
            Which the person may see.
        texts : Texts
            The words of the reader's language.
        most : int
            Reports of one project that are shown.

        Returns
        -------
        list of Section
            Of those that have reports.
        """
        names = [project.name for project in projects]
        with self.database.reading() as connection:
            rows = find_definitions(connection, projects=names)
            newest = newest_of_definitions(connection, projects=names)
            succeeded = succeeded_definitions(connection, projects=names)
        found = []
        for project in projects:
            own = [row for row in rows if row.project == project.name]
            lines = [
                self._line(
                    row,
                    newest.get((row.project, row.name), []),
                    project=project,
                    succeeded_at=succeeded.get((row.project, row.name)),
                    texts=texts,
                )
                for row in own[:most]
            ]
            if lines:
                found.append(Section(project, lines, n_more=len(own) - len(lines)))
        return found

    def _line(
        self, row: Any, runs: Sequence[Any], *, project: Project, succeeded_at: str | None, texts: Texts
    ) -> ReportLine:
        document = row.document or row.draft or {}
        states = {"running" if run.state == "closing" else run.state for run in runs}
        state = next((one for one in WORST_FIRST if one in states), None)
        title = texts.title_of(document.get("title") or row.name, document.get("title_ko"))
        newest = (f"batches/{runs[0].batch_id}" if len(runs) > 1 else f"runs/{runs[0].id}") if runs else ""
        return ReportLine(
            project=row.project,
            name=row.name,
            title=str(title),
            schedule=self._schedule(row, project=project, language=texts.language),
            next_slot=row.next_slot if row.enabled else None,
            state=state,
            newest=newest,
            asked_at=runs[0].queued_at if runs else None,
            succeeded_at=succeeded_at,
            marks=tuple(_marks(row, runs)),
        )

    def _schedule(self, row: Any, *, project: Project, language: str) -> str:
        if row.document is None:
            return ""
        key = (row.document_sha256 or "", project.timezone, language)
        if key not in self._schedules:
            if len(self._schedules) >= MOST_REMEMBERED:
                self._schedules.clear()
            self._schedules[key] = _described(row.document, zone=project.timezone, language=language)
        return self._schedules[key]


def _described(document: Any, *, zone: str, language: str) -> str:
    try:
        schedules = schedules_of(parse_definition(document), zone=zone)
        return "; ".join(describe(schedule, language) for schedule in schedules)
    except HubError as unreadable:  # approved by a version that knew other words
        logger.warning("The schedule of a definition cannot be read: %s", unreadable)
        return ""


def _marks(row: Any, runs: Sequence[Any]) -> list[str]:
    found = []
    if row.draft is not None:
        found.append("mark_approval")
    if row.document is not None and not row.enabled:
        found.append("mark_paused")
    if row.broken:
        found.append("mark_broken")
    if any(run.is_late and run.state in ACTIVE for run in runs):
        found.append("mark_late")
    return found
