"""Running an old report exactly again: the same notebook, values and data, and what is not the same is said."""

import datetime as dt
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from hub_config.kernels import KERNEL_NAME
from hub_config.projects import Action, Project
from hub_config.reports.database.history import template_content
from hub_config.reports.database.submissions import Batch, NewRun, Submission, submit
from hub_config.reports.desk.desk import Desk
from hub_config.reports.desk.errors import TemplateChangedError
from hub_config.reports.desk.meaning import kept_template, run_limits
from hub_config.reports.desk.person import Person
from hub_config.reports.folders.archive import read_document
from hub_config.reports.folders.provenance import Environment, describe_environment
from hub_config.reports.folders.reruns import (
    Conditions,
    Difference,
    conditions_now,
    conditions_of_run,
    rerun_differences,
)

__all__ = ["Rerun", "differences_of", "rerun"]


@dataclass(frozen=True)
class Rerun:
    """A run that repeats another.

    Parameters
    ----------
    batch : Batch
        Of the new run.
    differences : tuple of Difference
        What is not as it was; empty if nothing is.
    """

    batch: Batch
    differences: tuple[Difference, ...]


def differences_of(
    desk: Desk, run_id: str, *, person: Person, environment: Environment | None = None
) -> tuple[Difference, ...]:
    """Say what differs between how a run ran and how it would run now; may take a second.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    run_id : str
        Which run.
    person : Person
        Who looks.
    environment : Environment, optional
        Of the kernel, if it is known already.

    Returns
    -------
    tuple of Difference
        Empty if nothing does.

    Raises
    ------
    RunUnknownError
        If there is none that this person may see.
    """
    run, _ = _seen(desk, run_id, person=person, action=Action.READ)
    with desk.database.reading() as connection:
        kept = template_content(connection, run.template_sha256)
        kernel = kept_template(connection, run.template_sha256).kernel_name if kept is not None else None
    folder = desk.book.run_folder(run)
    old = Conditions()
    if folder is not None:
        old = conditions_of_run(folder, read_document(folder, name="run.json") or {})
    now = conditions_now(
        old,
        environment or describe_environment(),
        template_sha256=run.template_sha256 if kept is not None else None,
        kernel=kernel or KERNEL_NAME,
        cohorthub_version=version("cohorthub"),
        data=desk.data,
    )
    return rerun_differences(old, now)


def rerun(desk: Desk, run_id: str, *, person: Person, now: dt.datetime) -> Rerun:
    """Queue a run with the notebook, the values and the data releases of an old one.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    run_id : str
        Which run.
    person : Person
        Who asks.
    now : datetime
        With a zone.

    Returns
    -------
    Rerun
        The new run, and what differs all the same.

    Raises
    ------
    TemplateChangedError
        If its notebook is not kept.
    HubError
        If there is no such run for this person, or they may not run reports.
    """
    run, project = _seen(desk, run_id, person=person, action=Action.RUN)
    differences = differences_of(desk, run_id, person=person)
    again = NewRun(
        template_name=run.template_name,
        template_sha256=run.template_sha256,
        title=run.title,
        title_ko=run.title_ko,
        parameters=run.parameters,
        written=run.written,
        given=run.given,
        label=run.label,
        releases={**run.releases, **_releases_read(run)},
        limits={name: min(seconds, run.limits.get(name, seconds)) for name, seconds in run_limits(project).items()},
        rerun_of=run.id,
    )
    with desk.database.writing() as tx:
        if template_content(tx, run.template_sha256) is None:
            raise TemplateChangedError(
                "The run cannot be repeated exactly; found no copy of its notebook. "
                "Run the template again from its form, and compare."
            )
        batch = submit(
            tx,
            Submission(
                project=project.name,
                account=project.account,
                submitted_by=person.name,
                runs=[again],
                definition=run.definition,
                most_queued=project.limits.max_queued,
            ),
            now=now,
        )
    return Rerun(batch, differences)


def _seen(desk: Desk, run_id: str, *, person: Person, action: Action) -> tuple[Any, Project]:
    run, project = desk.run_in_project(run_id, person=person)
    return run, desk.project(project.name, person=person, action=action)


def _releases_read(run: Any) -> dict[str, str]:
    rows = run.facts.get("data_releases") or []
    return {str(row["name"]): str(row["release"]) for row in rows if row.get("name") and row.get("release")}
