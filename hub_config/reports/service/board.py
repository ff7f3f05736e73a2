"""The board of runs: what was asked for, what is going on and what is done, as one list, for those who may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub_config.reports.folders.run_folders import FINAL_STATES, new_run_id, utc_now
from hub_config.reports.processes import is_running
from hub_config.reports.service.asked import Asked, AskedStore
from hub_config.reports.service.folders import FolderReader, RunFolderView, is_run_id
from hub_config.reports.service.line import RunLine
from hub_config.reports.service.person import Person
from hub_config.reports.service.shelf import Offer

__all__ = ["ACTIVE_STATES", "Board", "Run"]

ACTIVE_STATES = frozenset({"queued", "running"})


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
        The template's title.
    parameters : mapping
        Values by name.
    given : sequence of str
        Names of those whose value is not the template's own.
    owner : str or None
        Who asked for it on the page; None for a run from the command line.
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
        How many begin before it, if it waits.
    is_stopping : bool
        Whether somebody has asked it to stop, and it has not yet.
    folder : Path or None
        Where its files are, once it has ended.
    has_report : bool
        Whether there is a page to read.
    record : mapping
        The whole ``run.json``.
    """

    run_id: str
    state: str
    template: str
    title: str
    parameters: Mapping[str, Any]
    given: Sequence[str]
    owner: str | None
    asked_at: str | None
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
    has_report: bool = False
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ACTIVE_STATES

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
    folders : FolderReader
        What the runner wrote.
    asked : AskedStore
        What people asked for here.
    line : RunLine
        What waits and runs.
    """

    folders: FolderReader
    asked: AskedStore
    line: RunLine

    def runs_of(self, person: Person) -> list[str]:
        """Return the ids of all runs that a person may see.

        Parameters
        ----------
        person : Person
            Who looks.

        Returns
        -------
        list of str
            The newest first.
        """
        ids = {asked.run_id for asked in self.asked} | set(self.folders.ids())
        return sorted(
            (run_id for run_id in ids if person.may_see(self._owner(run_id))), key=self._time_of, reverse=True
        )

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
        if not is_run_id(run_id) or not person.may_see(self._owner(run_id)):
            return None
        asked = self.asked.get(run_id)
        folder = self.folders.get(run_id)
        if folder is not None:
            return self._with_folder(folder, asked)
        return self._without_folder(asked) if asked is not None else None

    def ask(self, offer: Offer, *, values: Mapping[str, Any], person: Person) -> str:
        """Put a run into the line.

        Parameters
        ----------
        offer : Offer
            The template.
        values : mapping
            Values of all parameters, checked.
        person : Person
            Who asks.

        Returns
        -------
        str
            The new run's id.
        """
        run_id = new_run_id()
        self.line.submit(
            Asked(
                run_id=run_id,
                template=str(offer.path),
                title=offer.title,
                parameters=dict(values),
                given=tuple(one.name for one in offer.parameters if values[one.name] != one.default),
                requested_by=person.name,
                asked_at=utc_now(),
            )
        )
        return run_id

    def _owner(self, run_id: str) -> str | None:
        """Return who asked on the page. What a run's own folder says is not trusted: a notebook can write there."""
        asked = self.asked.get(run_id)
        return asked.requested_by if asked is not None else None

    def _time_of(self, run_id: str) -> str:
        asked = self.asked.get(run_id)
        if asked is not None:
            return asked.asked_at
        folder = self.folders.get(run_id)
        return str(folder.record.get("started_at") or "") if folder is not None else ""

    def _without_folder(self, asked: Asked) -> Run:
        """Describe a run that has not begun, or never did."""
        state = asked.state
        if self.line.is_running(asked.run_id):  # the runner is looking at the template; there is no folder yet
            state = "running"
        elif state in {"started", "ended"} or (state == "queued" and self.line.position(asked.run_id) is None):
            state = "interrupted"  # the folder has been removed since, or the run could not be begun
        return Run(
            run_id=asked.run_id,
            state=state,
            template=Path(asked.template).stem,
            title=asked.title,
            parameters=asked.parameters,
            given=asked.given,
            owner=asked.requested_by,
            asked_at=asked.asked_at,
            ended_at=asked.ended_at,
            code=asked.code,
            message=asked.message,
            position=self.line.position(asked.run_id),
            is_stopping=state == "running" and asked.state not in {"queued", "started"},
        )

    def _with_folder(self, folder: RunFolderView, asked: Asked | None) -> Run:
        record, error = folder.record, _mapping(folder.record.get("error"))
        progress = _mapping(record.get("progress"))
        place = error if error.get("cell") else progress
        state = self._state(folder, asked)
        return Run(
            run_id=folder.run_id,
            state=state,
            template=_template_name(record, asked),
            title=_text(record.get("title")) or (asked.title if asked else folder.run_id),
            parameters=_mapping(record.get("parameters")) or (asked.parameters if asked else {}),
            given=[name for name in _sequence(record.get("given")) if isinstance(name, str)],
            owner=asked.requested_by if asked else None,
            asked_at=asked.asked_at if asked else _text(record.get("started_at")),
            started_at=_text(record.get("started_at")),
            ended_at=_text(record.get("ended_at")) or (asked.ended_at if asked else None),
            cell=_number(place.get("cell")),
            n_cells=_number(progress.get("cells")),
            cell_title=_text(place.get("title")) or "",
            is_stopping=state == "running" and asked is not None and asked.state != "started",
            error_name=_text(error.get("ename")),
            message=_text(error.get("message")),
            code=_text(error.get("code")),
            folder=folder.path if state not in ACTIVE_STATES else None,
            has_report=folder.is_final and folder.has_report,
            record=record,
        )

    def _state(self, folder: RunFolderView, asked: Asked | None) -> str:
        """Say what became of a run; nobody's word that it runs is taken unless its process lives."""
        said = str(folder.record.get("status"))
        if folder.is_final:
            stopped = {"cancelled", "interrupted"}
            if asked is not None and said in stopped and asked.state in stopped:
                return asked.state  # the runner cannot know who stopped it, nor why
            return said if said in FINAL_STATES else "interrupted"
        if self.line.is_running(folder.run_id):
            return "running"
        if asked is not None:
            return "cancelled" if asked.state == "cancelled" else "interrupted"
        return "running" if _lives(folder.record) else "interrupted"


def _lives(record: Mapping[str, Any]) -> bool:
    """Tell whether the process that writes this record is alive and is the same one."""
    pid, started = record.get("pid"), record.get("pid_started")
    if not isinstance(pid, int) or not isinstance(started, int | float):
        return False
    return is_running(pid, started, ticks=_number(record.get("pid_ticks")), boot=_text(record.get("pid_boot")))


def _template_name(record: Mapping[str, Any], asked: Asked | None) -> str:
    return _text(record.get("template")) or (Path(asked.template).stem if asked else "")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(written: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written) if written else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
