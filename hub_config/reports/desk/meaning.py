"""From a definition and a moment to the runs that are put into the queue."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection, Row

from hub_config.projects import Project
from hub_config.reports.database.history import template_content
from hub_config.reports.database.submissions import NewRun, Submission
from hub_config.reports.definitions import Definition, DefinitionError, expand
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.definitions.sweep_files import MOST_BYTES, too_large
from hub_config.reports.definitions.template_paths import find_in_project
from hub_config.reports.desk.choices import latest_releases
from hub_config.reports.desk.errors import DefinitionUnknownError, NotApprovedError
from hub_config.reports.desk.kept_sweeps import kept_sweep
from hub_config.reports.templates.templates import Template, template_from_content

if TYPE_CHECKING:
    from hub_config.reports.desk.desk import Desk

__all__ = ["kept_template", "run_limits", "submission_of", "sweep_file"]


def submission_of(
    desk: "Desk",
    tx: Connection,
    *,
    row: Row[Any],
    project: Project,
    at: dt.datetime,
    submitted_by: str,
    slot: dt.datetime | None = None,
    now: dt.datetime | None = None,
    idempotency_key: str | None = None,
) -> Submission:
    """Make the submission that a definition means at one moment, as it was approved.

    Parameters
    ----------
    desk : Desk
        Knows the projects and the data.
    tx : Connection
        Of the database.
    row : Row
        The definition.
    project : Project
        Whose it is.
    at : datetime
        The slot, or now.
    submitted_by : str
        Person, or ``~schedule``.
    slot : datetime, optional
        The slot that it is for.
    now : datetime, optional
        When it is made, where that is later than the slot.
    idempotency_key : str, optional
        The sender's name for this request.

    Returns
    -------
    Submission
        Not yet written.

    Raises
    ------
    NotApprovedError
        If no lead has approved it.
    DefinitionError
        If it does not fit its template any more, or names what is not there.
    """
    if row.document is None:
        raise NotApprovedError(
            "The report definition has not been approved; found a draft. A lead of the project approves it on its page."
        )
    definition = parse_definition(row.document)
    template = kept_template(tx, row.template_sha256)
    names = desk.known_names(project)
    sets = expand(
        definition,
        template.parameters,
        at=at,
        zone=definition.timezone or project.timezone,
        csv=kept_sweep(tx, definition, sha256=row.sweep_sha256),
        choices=names,
        now=now,
    )
    pinned = dict(definition.release.datasets)
    releases = {**latest_releases(names.datasets(), data=desk.data), **pinned}
    late = definition.late_after_seconds
    runs = [
        NewRun(
            template_name=template.name,
            template_sha256=template.sha256,
            title=definition.title,
            title_ko=definition.title_ko,
            parameters=dict(one.parameters),
            written=dict(one.written),
            given=list(one.given),
            label=one.label,
            releases=releases,
            limits=run_limits(project, definition),
            retry=definition.retry_rule(),
            priority=min(definition.priority, project.limits.max_priority),
            late_at=at + dt.timedelta(seconds=late) if late is not None else None,
        )
        for one in sets
    ]
    return Submission(
        project=project.name,
        account=project.account,
        submitted_by=submitted_by,
        runs=runs,
        definition=row.name,
        slot=slot,
        idempotency_key=idempotency_key,
        most_queued=project.limits.max_queued,
    )


def kept_template(tx: Connection, sha256: str) -> Template:
    """Read a template that was kept when it was submitted.

    Parameters
    ----------
    tx : Connection
        Of the database.
    sha256 : str
        Its hash.

    Returns
    -------
    Template
        As it was.

    Raises
    ------
    DefinitionUnknownError
        If it is not kept.
    """
    kept = template_content(tx, sha256)
    if kept is None:
        raise DefinitionUnknownError("The template is not kept; found none of its hash. Save the definition again.")
    return template_from_content(bytes(kept.content), name=kept.name)


def sweep_file(desk: "Desk", definition: Definition, *, project: Project) -> bytes | None:
    """Read the CSV file that a definition's sweep names, as it is now; what runs is what was approved.

    Parameters
    ----------
    desk : Desk
        Knows where projects lie.
    definition : Definition
        Which.
    project : Project
        Whose folder it lies in.

    Returns
    -------
    bytes or None
        None if it names none.

    Raises
    ------
    DefinitionError
        If there is no such file, or it is too large.
    """
    if definition.sweep is None or definition.sweep.csv is None:
        return None
    folder = desk.book.folder(project.name)
    path = find_in_project(definition.sweep.csv, folder=folder, field="sweep.csv", suffix=".csv")
    with path.open("rb") as file:  # no more of it than tells that it is too large
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise DefinitionError([too_large()])
    return content


def run_limits(project: Project, definition: Definition | None = None) -> dict[str, float]:
    """Take the definition's limits, within those of the project.

    Parameters
    ----------
    project : Project
        Whose limits hold for all its runs.
    definition : Definition, optional
        May have narrower ones.

    Returns
    -------
    dict
        ``cell_s`` and ``run_s``.
    """
    cell, run = project.limits.cell_seconds, project.limits.run_seconds
    if definition is not None:
        cell = min(cell, definition.limits.cell_seconds or cell)
        run = min(run, definition.limits.run_seconds or run)
    return {"cell_s": float(min(cell, run)), "run_s": float(run)}
