"""The desk: what pages, API and command line ask for is checked here, and written down."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_config.projects import Action, Project
from hub_config.reports.calendar import load_zone
from hub_config.reports.database.connection import Database
from hub_config.reports.database.definitions import one_definition
from hub_config.reports.database.errors import RunUnknownError
from hub_config.reports.database.history import one_run
from hub_config.reports.database.leases import ask_to_stop
from hub_config.reports.database.submissions import Batch, NewRun, Submission, keep_template, submit
from hub_config.reports.desk.choices import known_names, latest_releases
from hub_config.reports.desk.errors import (
    DefinitionUnknownError,
    NotAllowedError,
    ProjectUnknownError,
)
from hub_config.reports.desk.meaning import run_limits, submission_of
from hub_config.reports.desk.person import Person
from hub_config.reports.desk.project_book import ProjectBook
from hub_config.reports.parameters import resolve_parameters
from hub_config.reports.parameters.choices import KnownNames
from hub_config.reports.templates.templates import Template

__all__ = ["Desk", "no_such_run"]


@dataclass
class Desk:
    """Takes requests.

    Parameters
    ----------
    database : Database
        Where they are written.
    book : ProjectBook
        The projects.
    data : Path
        Where the data releases lie.
    """

    database: Database
    book: ProjectBook
    data: Path

    def project(self, name: str, *, person: Person, action: Action) -> Project:
        """Give a project in which a person may do something.

        Parameters
        ----------
        name : str
            Which.
        person : Person
            Who.
        action : Action
            What.

        Returns
        -------
        Project
            The project.

        Raises
        ------
        ProjectUnknownError
            If there is none, or it is not for this person to see.
        NotAllowedError
            If their role does not allow it.
        """
        project = self.book.get(name)
        if project is None or not person.may(project, Action.READ):
            raise ProjectUnknownError(
                "There is no such project; found none of this name that you may see. "
                "See yours on the Reports page, or ask a project lead to make you a member."
            )
        if not person.may(project, action):
            role = project.members.get(person.name)
            raise NotAllowedError(
                f"Your role does not allow this; found {role.value if role else 'no role'} and the action "
                f"{action.value!r}. Ask a lead of the project."
            )
        return project

    def known_names(self, project: Project) -> KnownNames:
        """Look which data sets and secrets a project's reports may name.

        Parameters
        ----------
        project : Project
            Whose.

        Returns
        -------
        KnownNames
            As they are now.
        """
        return known_names(project, data=self.data, folder=self.book.folder(project.name))

    def run_template(
        self,
        template: Template,
        *,
        project: str,
        values: Mapping[str, Any],
        person: Person,
        now: dt.datetime,
        idempotency_key: str | None = None,
    ) -> Batch:
        """Queue one run of a template, without a definition.

        Parameters
        ----------
        template : Template
            What runs.
        project : str
            For which project.
        values : mapping
            Values by name; the template's own stand for the rest.
        person : Person
            Who asks.
        now : datetime
            With a zone.
        idempotency_key : str, optional
            The sender's name for this request.

        Returns
        -------
        Batch
            Of one run.

        Raises
        ------
        HubError
            If the person may not, or a value does not fit.
        """
        found = self.project(project, person=person, action=Action.RUN)
        names = self.known_names(found)
        at = now.astimezone(load_zone(found.timezone))
        checked = resolve_parameters(template, texts={}, values=values, at=at, choices=names)
        run = NewRun(
            template_name=template.name,
            template_sha256=template.sha256,
            title=template.title,
            parameters=checked,
            given=[one.name for one in template.parameters if one.name in values and checked[one.name] != one.default],
            releases=latest_releases(names.datasets(), data=self.data),
            limits=run_limits(found),
        )
        with self.database.writing() as tx:
            keep_template(tx, sha256=template.sha256, name=template.name, content=template.content, now=now)
            return submit(
                tx,
                Submission(
                    project=found.name,
                    account=found.account,
                    submitted_by=person.name,
                    runs=[run],
                    idempotency_key=idempotency_key,
                    most_queued=found.limits.max_queued,
                ),
                now=now,
            )

    def run_definition(
        self,
        name: str,
        *,
        project: str,
        person: Person,
        now: dt.datetime,
        idempotency_key: str | None = None,
    ) -> Batch:
        """Queue the runs of a definition now, whatever its schedule says.

        Parameters
        ----------
        name, project : str
            Which.
        person : Person
            Who asks.
        now : datetime
            With a zone; relative dates are resolved at it.
        idempotency_key : str, optional
            The sender's name for this request.

        Returns
        -------
        Batch
            Of one run, or of a sweep.

        Raises
        ------
        HubError
            If the person may not, the definition is not approved, or it does not fit its template any more.
        """
        found = self.project(project, person=person, action=Action.RUN)
        with self.database.writing() as tx:
            row = one_definition(tx, project=found.name, name=name)
            if row is None:
                raise DefinitionUnknownError(
                    "There is no such report definition; found none of this name in the project. "
                    "See them with `cohorthub report list --project NAME`."
                )
            submission = submission_of(
                self, tx, row=row, project=found, at=now, submitted_by=person.name, idempotency_key=idempotency_key
            )
            return submit(tx, submission, now=now)

    def run_in_project(self, run_id: str, *, person: Person) -> tuple[Any, Project]:
        """Find a run of a project that a person may read.

        Parameters
        ----------
        run_id : str
            Which.
        person : Person
            Who asks.

        Returns
        -------
        Row
            As it stands in the database.
        Project
            Whose it is.

        Raises
        ------
        RunUnknownError
            If there is none that this person may see.
        """
        with self.database.reading() as connection:
            run = one_run(connection, run_id)
        project = self.book.get(run.project) if run is not None else None
        if run is None or project is None or not person.may(project, Action.READ):
            raise no_such_run()
        return run, project

    def cancel(self, run_id: str, *, person: Person, now: dt.datetime) -> bool:
        """Cancel a run.

        Parameters
        ----------
        run_id : str
            Which.
        person : Person
            Who asks.
        now : datetime
            With a zone.

        Returns
        -------
        bool
            False if it has ended, or is ending.

        Raises
        ------
        RunUnknownError
            If there is none that this person may see.
        NotAllowedError
            If it is not theirs to cancel.
        """
        run, project = self.run_in_project(run_id, person=person)
        action = Action.CANCEL_OWN if run.submitted_by == person.name else Action.CANCEL
        self.project(project.name, person=person, action=action)
        with self.database.writing() as tx:
            return ask_to_stop(tx, run_id=run_id, who=person.name, now=now)


def no_such_run() -> RunUnknownError:
    """Say that a run is not there, or not for who asks.

    Returns
    -------
    RunUnknownError
        To raise.
    """
    return RunUnknownError(
        "There is no such run; found none of this id that you may see. See them with `cohorthub report list`."
    )
