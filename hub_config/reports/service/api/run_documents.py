"""The documents that the API answers with: runs, their batches, and what happened to them."""

from typing import Any, Literal

from pydantic import Field

from hub_config.reports.service.api.documents import Document, Moment
from hub_config.reports.service.board import Run

__all__ = [
    "BatchShown",
    "CancelAnswer",
    "ComparisonShown",
    "DifferenceShown",
    "EventList",
    "EventShown",
    "KeepAnswer",
    "Queued",
    "RemoveAnswer",
    "RerunAnswer",
    "RerunDifferences",
    "RollUpShown",
    "RunList",
    "RunShown",
    "TableList",
    "TableShown",
    "shown_run",
]

State = Literal["queued", "running", "succeeded", "failed", "cancelled", "timed_out", "interrupted", "skipped"]


class RunError(Document, frozen=True):
    """How a run failed, without a value from the data."""

    code: str | None
    message: str | None
    name: str | None = Field(description="Name of the exception.")
    cell: int | None
    cell_title: str


class RunShown(Document, frozen=True):
    """A run."""

    id: str
    project: str
    state: State
    state_reason: str | None
    title: str
    title_ko: str | None = Field(description="What its definition called it in Korean when it was made.")
    template: str
    template_sha256: str
    definition: str | None
    batch: str
    label: str
    slot: Moment | None
    parameters: dict[str, Any]
    given: list[str] = Field(description="Names of parameters whose value is not the template's own.")
    releases: dict[str, str]
    attempt: int
    retry_of: str | None
    rerun_of: str | None
    submitted_by: str = Field(description="The person; `~schedule` where no person asked for it.")
    queued_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    seconds: float | None
    cell: int | None
    n_cells: int | None
    cell_title: str
    position: int | None = Field(
        description="How many of the project's runs begin before it; null if it does not wait."
    )
    is_stopping: bool
    is_late: bool
    is_kept: bool = Field(description="Whether it stays however old it gets.")
    removal_asked_by: str | None = Field(description="Who removed it; null also where it went because it was old.")
    removed_at: Moment | None = Field(description="When its folder had gone; its files are not there any more.")
    error: RunError | None
    facts: dict[str, Any] = Field(description="What its record says: releases, cohorts, versions, hashes.")
    has_report: bool


class RunList(Document, frozen=True):
    """A page of runs, the newest first."""

    runs: list[RunShown]
    cursor: str | None = Field(description="Gives the next page; null on the last.")


class EventShown(Document, frozen=True):
    """Something that happened to a run."""

    id: int
    at: Moment
    kind: str
    who: str | None
    text: str


class EventList(Document, frozen=True):
    """What happened to a run, in order."""

    events: list[EventShown]
    state: State


class Queued(Document, frozen=True):
    """A submission that was taken."""

    batch: str
    runs: list[str]
    is_new: bool = Field(description="False if the same request with the same key had come before.")


class CancelAnswer(Document, frozen=True):
    """What a request to stop a run came to."""

    run: str
    asked: bool = Field(description="False if the run had ended, or was ending.")
    state: State


class KeepAnswer(Document, frozen=True):
    """Whether a run is kept however old it gets."""

    run: str
    is_kept: bool
    changed: bool = Field(description="False if it was so before.")


class RemoveAnswer(Document, frozen=True):
    """What a request to remove a run came to."""

    run: str
    is_gone: bool = Field(description="False if its folder is hidden, and goes as soon as it can.")
    changed: bool = Field(description="False if it was removed, or asked for, before.")


class DifferenceShown(Document, frozen=True):
    """One thing that is not as it was."""

    kind: str
    name: str
    then: str | None
    now: str | None


class RerunDifferences(Document, frozen=True):
    """What would differ if a run were repeated now."""

    run: str
    differences: list[DifferenceShown]


class RerunAnswer(Queued, frozen=True):
    """A run that repeats another."""

    differences: list[DifferenceShown]


class BatchShown(Document, frozen=True):
    """A submission."""

    id: str
    project: str
    definition: str | None
    slot: Moment | None
    submitted_by: str
    submitted_at: Moment
    n_runs: int
    states: dict[str, int]
    runs: list[RunShown] = Field(description="Of each repeated run the last attempt.")


class RollUpShown(Document, frozen=True):
    """The numbers of a submission's runs, side by side."""

    batch: str
    parameters: list[str]
    numbers: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    remarks: list[dict[str, str]]


class ComparisonShown(Document, frozen=True):
    """Two runs side by side."""

    before: str
    after: str
    comparison: dict[str, Any]
    exact: dict[str, Any] = Field(
        description="Whether all that both declared is the same to the last bit: identical, comparable (whether both "
        "declared anything), outputs and files (how many were compared), differences (output, what, file)."
    )
    text: str = Field(description="The same for a terminal.")


class TableShown(Document, frozen=True):
    """A table that a run declared."""

    id: str
    title: str
    is_figure: bool


class TableList(Document, frozen=True):
    """The tables of a run."""

    tables: list[TableShown]


def shown_run(run: Run) -> RunShown:
    """Write a run as a document.

    Parameters
    ----------
    run : Run
        As the board gives it.

    Returns
    -------
    RunShown
        Without paths of this machine.
    """
    row = run.row
    error = None
    if run.code or run.message or run.error_name:
        error = RunError(
            code=run.code, message=run.message, name=run.error_name, cell=run.cell, cell_title=run.cell_title
        )
    taken = {
        name: getattr(row, name)
        for name in (
            "id", "project", "state_reason", "title", "title_ko", "template_sha256", "definition", "label", "slot",
            "parameters", "given", "releases", "attempt", "retry_of", "rerun_of", "submitted_by", "queued_at",
            "started_at", "ended_at", "is_late", "is_kept", "removed_at", "facts",
        )
    }  # fmt: skip
    return RunShown(
        **taken,
        state=run.state,  # type: ignore[arg-type]  # the tables' states, which a test holds to
        template=run.template,
        batch=run.batch,
        seconds=run.seconds,
        cell=run.cell,
        n_cells=run.n_cells,
        cell_title=run.cell_title,
        position=run.position,
        is_stopping=run.is_stopping,
        removal_asked_by=row.removal_asked_by or None,
        error=error,
        has_report=run.has_report,
    )
