"""The board of runs: what was asked for, what is going on and what is done, for those who may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub_config.projects import Action
from hub_config.reports.database.connection import Database
from hub_config.reports.database.history import RunFilter, count_runs, find_runs, one_run, queue_position, runs_of_batch
from hub_config.reports.database.states import ACTIVE
from hub_config.reports.desk import COMMAND_LINE, Person, ProjectBook
from hub_config.reports.folders.archive import open_inside
from hub_config.reports.folders.run_folders import RUN_ID
from hub_config.reports.service.moments import NO_PROJECT_ZONE

__all__ = ["REPORT", "Board", "Run"]

REPORT = "report.html"


@dataclass(frozen=True)
class Run:
    """One run as the pages show it.

    Parameters
    ----------
    run_id : str
        Its id.
    state : str
        A key of `texts.STATES`.
    template : str
        The template's name.
    title : str
        What it is called.
    title_ko : str or None
        What its definition called it in Korean when it was made.
    project : str
        Whose it is.
    parameters : mapping
        Values by name.
    given : sequence of str
        Names of those whose value is not the template's own.
    owner : str or None
        Who asked for it; None for a run from the command line.
    asked_at : str or None
        UTC, ISO 8601.
    started_at : str or None
        UTC, ISO 8601; None before it has begun.
    ended_at : str or None
        UTC, ISO 8601; None while it goes on.
    cell : int or None
        Number of the cell that runs, or that failed; the first is 1.
    n_cells : int or None
        How many there are.
    cell_title : str
        The heading above that cell, or ''.
    error_name : str or None
        Name of the exception, as ``KeyError``; never its text.
    message : str or None
        What the runner says about the end; holds no data.
    code : str or None
        Stable code of that.
    position : int or None
        How many of the project's runs begin before it, if it waits.
    is_stopping : bool
        Whether somebody has asked it to stop, and it has not yet.
    folder : Path or None
        Where its files are, once it has ended.
    definition : str or None
        The report definition it comes from.
    batch : str
        The submission it belongs to.
    facts : mapping
        What its record says: releases, cohorts, versions.
    row : object
        As it stands in the database.
    zone : str
        Of its project; its times are shown by that clock.
    """

    run_id: str
    state: str
    template: str
    title: str
    project: str
    parameters: Mapping[str, Any]
    given: Sequence[str]
    owner: str | None
    asked_at: str | None
    title_ko: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    cell: int | None = None
    n_cells: int | None = None
    cell_title: str = ""
    error_name: str | None = None
    message: str | None = None
    code: str | None = None
    position: int | None = None
    is_stopping: bool = False
    folder: Path | None = None
    definition: str | None = None
    batch: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    row: Any = None
    zone: str = NO_PROJECT_ZONE

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in {"queued", "running"}

    @property
    def is_removed(self) -> bool:
        """Whether what it wrote is gone, or is about to be."""
        return self.row is not None and (self.row.removal_asked_by is not None or self.row.removed_at is not None)

    @property
    def has_report(self) -> bool:
        """Whether there is a page to read."""
        file = open_inside(self.folder, name=REPORT) if self.folder is not None else None
        if file is None:
            return False
        file.close()
        return True

    @property
    def seconds(self) -> float | None:
        """How long it took, or has taken so far; None before it has begun."""
        begin = _moment(self.started_at)
        end = datetime.now(UTC) if self.is_active else _moment(self.ended_at)
        return max((end - begin).total_seconds(), 0.0) if begin and end else None


@dataclass
class Board:
    """All runs of one home.

    Parameters
    ----------
    database : Database
        The queue.
    book : ProjectBook
        The projects.
    """

    database: Database
    book: ProjectBook

    def seen_by(self, person: Person) -> list[str] | None:
        """Name the projects whose runs a person may see.

        Parameters
        ----------
        person : Person
            Who looks.

        Returns
        -------
        list of str or None
            None is all.
        """
        return None if person.is_operator else [project.name for project in self.book.of(person.name)]

    def page(self, person: Person, *, number: int, size: int, wanted: RunFilter | None = None) -> tuple[list[Run], int]:
        """Read one page of the runs that a person may see.

        Parameters
        ----------
        person : Person
            Who looks.
        number : int
            1 is the newest.
        size : int
            Runs on a page.
        wanted : RunFilter, optional
            Which runs are looked for; of what it names, only what the person may see.

        Returns
        -------
        list of Run
            The newest first; the last page where there are not so many.
        int
            How many pages there are.
        """
        limited = self.limited(wanted or RunFilter(), person=person)
        with self.database.reading() as connection:
            n_pages = max(1, -(-count_runs(connection, limited) // size))
            offset = (min(number, n_pages) - 1) * size
            rows = find_runs(connection, limited, limit=size, offset=offset)
            return [self._shown(row, position=None) for row in rows], n_pages

    def newest(self, person: Person, *, wanted: RunFilter, limit: int, before: str | None = None) -> list[Run]:
        """Read some of the runs that a person may see, without counting all.

        Parameters
        ----------
        person : Person
            Who looks.
        wanted : RunFilter
            Which runs are looked for.
        limit : int
            At most.
        before : str, optional
            Only runs older than this one, as ``QUEUED_AT/ID``.

        Returns
        -------
        list of Run
            The newest first.
        """
        limited = self.limited(wanted, person=person)
        with self.database.reading() as connection:
            return [
                self._shown(row, position=None) for row in find_runs(connection, limited, limit=limit, before=before)
            ]

    def of_batch(self, batch_id: str) -> list[Run]:
        """Read the runs of a submission, for somebody who may see its project.

        Parameters
        ----------
        batch_id : str
            Which.

        Returns
        -------
        list of Run
            In the order of the sweep, of each repeated run the last attempt.
        """
        with self.database.reading() as connection:
            return [self._shown(row, position=None) for row in runs_of_batch(connection, batch_id)]

    def limited(self, wanted: RunFilter, *, person: Person) -> RunFilter:
        """Limit what is looked for to what a person may see.

        Parameters
        ----------
        wanted : RunFilter
            Which runs are looked for.
        person : Person
            Who looks.

        Returns
        -------
        RunFilter
            Of what it names, only what they may see.
        """
        seen = self.seen_by(person)
        if seen is None:
            return wanted
        asked = wanted.projects
        return replace(wanted, projects=[one for one in seen if asked is None or one in asked])

    def find(self, run_id: str, *, person: Person) -> Run | None:
        """Return one run.

        Parameters
        ----------
        run_id : str
            Any text.
        person : Person
            Who looks.

        Returns
        -------
        Run or None
            None if there is no such run, and just so if the person may not see it.
        """
        if RUN_ID.fullmatch(run_id) is None:
            return None
        with self.database.reading() as connection:
            row = one_run(connection, run_id)
            if row is None or not self._may_see(row.project, person=person):
                return None
            position = queue_position(connection, row) if row.state == "queued" else None
        return self._shown(row, position=position)

    def seen(self, row: Any, *, person: Person, position: int | None = None) -> Run | None:
        """Return a run that was read already.

        Parameters
        ----------
        row : Row
            As it stands in the database.
        person : Person
            Who looks.
        position : int, optional
            How many runs begin before it, if it waits.

        Returns
        -------
        Run or None
            None if the person may not see it.
        """
        return self._shown(row, position=position) if self._may_see(row.project, person=person) else None

    def _may_see(self, name: str, *, person: Person) -> bool:
        if person.is_operator:
            return True
        project = self.book.get(name) if name != COMMAND_LINE else None
        return project is not None and person.may(project, Action.READ)

    def may_read_log(self, run: Run, *, person: Person) -> bool:
        """Tell whether a person may see the log of a run, and what no check has looked at.

        Parameters
        ----------
        run : Run
            One that they may see.
        person : Person
            Who looks.

        Returns
        -------
        bool
            By their role, or as an operator.
        """
        project = self.book.get(run.project)
        return person.is_operator or (project is not None and person.may(project, Action.READ_LOG))

    def may_open(self, run: Run, *, person: Person) -> bool:
        """Tell whether a person may see what a run wrote: of one that failed, what it printed has passed no check.

        Parameters
        ----------
        run : Run
            One that they may see.
        person : Person
            Who looks.

        Returns
        -------
        bool
            True for successes, and for those who may see logs.
        """
        return run.state == "succeeded" or self.may_read_log(run, person=person)

    def _shown(self, row: Any, *, position: int | None) -> Run:
        error = row.error or {}
        is_over = row.state not in ACTIVE
        return Run(
            run_id=row.id,
            state="running" if row.state == "closing" else row.state,
            template=row.template_name,
            title=row.title,
            title_ko=row.title_ko,
            project=row.project,
            parameters=row.parameters,
            given=row.given,
            owner=row.submitted_by if row.project != COMMAND_LINE else None,
            asked_at=row.queued_at,
            started_at=row.started_at,
            ended_at=row.ended_at,
            cell=error.get("cell") or row.cell,
            n_cells=row.n_cells,
            cell_title=error.get("title") or row.cell_title,
            error_name=error.get("ename"),
            message=error.get("message"),
            code=error.get("code"),
            position=position,
            is_stopping=row.state == "running" and row.stop_asked_by is not None,
            folder=self.book.run_folder(row) if is_over else None,
            definition=row.definition,
            batch=row.batch_id,
            facts=row.facts,
            row=row,
            zone=self.zone_of(row.project),
        )

    def zone_of(self, name: str) -> str:
        """Name the zone in which the times of a project are shown.

        Parameters
        ----------
        name : str
            Of any project.

        Returns
        -------
        str
            IANA name.
        """
        project = self.book.get(name) if name != COMMAND_LINE else None
        return project.timezone if project is not None else NO_PROJECT_ZONE


def _moment(written: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written) if written else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
