"""The projects as the service knows them: files read again when they change, and where each project's things lie."""

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub_config.accounts import NAME_PATTERN
from hub_config.projects import Project, Projects, load_projects, personal_project
from hub_config.projects.errors import ProjectError

__all__ = ["COMMAND_LINE", "ProjectBook"]

FRESH_S = 1.0
ACCOUNT = re.compile(NAME_PATTERN, re.ASCII)
COMMAND_LINE = "~"  # runs from the command line belong to no project; operators see them


@dataclass
class ProjectBook:
    """All projects of a home.

    Parameters
    ----------
    home : Path
        The home.
    """

    home: Path
    _projects: Projects | None = None
    _read_at: float = field(default=-FRESH_S)

    def _all(self) -> Projects:
        now = time.monotonic()
        if self._projects is None or now - self._read_at >= FRESH_S:
            self._projects = load_projects(self.home, before=self._projects)
            self._read_at = now
        return self._projects

    def get(self, name: str) -> Project | None:
        """Give a project.

        Parameters
        ----------
        name : str
            Its name; ``~PERSON`` for that person's own.

        Returns
        -------
        Project or None
            None if there is none that can be used.
        """
        if name.startswith("~"):
            return personal_project(name[1:]) if ACCOUNT.fullmatch(name[1:]) else None
        return self._all().valid.get(name)

    def refused(self) -> dict[str, ProjectError]:
        """Give the projects whose file cannot be used.

        Returns
        -------
        dict
            Reason by name.
        """
        return dict(self._all().refused)

    def of(self, person: str) -> list[Project]:
        """Give the projects of a person, their own first.

        Parameters
        ----------
        person : str
            An account's name.

        Returns
        -------
        list of Project
            By title.
        """
        shared = [project for project in self._all().valid.values() if person in project.members]
        return [personal_project(person), *sorted(shared, key=lambda project: project.title.casefold())]

    def everything(self) -> list[Project]:
        """Give all projects that have a file.

        Returns
        -------
        list of Project
            By name.
        """
        return [project for _, project in sorted(self._all().valid.items())]

    def folder(self, name: str) -> Path:
        """Say where a project's things lie.

        Parameters
        ----------
        name : str
            Of a project there is.

        Returns
        -------
        Path
            ``projects/NAME`` in the home; it need not exist.
        """
        return self.home / "projects" / name

    def runs_root(self, name: str) -> Path:
        """Say where a project's runs lie.

        Parameters
        ----------
        name : str
            Of a project, or `COMMAND_LINE`.

        Returns
        -------
        Path
            Below the project's folder; ``runs/`` in the home for the command line.
        """
        return self.home / "runs" if name == COMMAND_LINE else self.folder(name) / "runs"

    def run_folder(self, run: Any) -> Path | None:
        """Find the folder of a run that has ended.

        Where a runner says that it lies is not followed: whoever executes a project's notebooks can speak for its
        runner, and would be shown another project's runs.

        Parameters
        ----------
        run : Row
            As it stands in the database.

        Returns
        -------
        Path or None
            None if there is none, or it is being removed. One whose runner was killed is closed by the next runner.
        """
        if run.removal_asked_by is not None:  # it may lie there yet; nobody sees it any more
            return None
        folder = self.root_of(run) / run.id
        return folder if folder.is_dir() and not folder.is_symlink() else None

    def root_of(self, run: Any) -> Path:
        """Say in which folder the folder of a run lies, if it has one.

        Parameters
        ----------
        run : Row
            As it stands in the database.

        Returns
        -------
        Path
            The project's, or ``runs/`` in the home for what came from the command line or a version without a queue.
        """
        is_adopted = run.folder == f"runs/{run.id}"
        return self.runs_root(COMMAND_LINE) if is_adopted else self.runs_root(run.project)

    @property
    def pdfs(self) -> Path:
        """Where PDFs that were made of runs are kept a while."""
        return self.home / "run" / "pdf"

    def most_runners_of(self, account: str) -> int:
        """Say how many runners an account may have.

        Parameters
        ----------
        account : str
            Of a project.

        Returns
        -------
        int
            At least 1.
        """
        return max((p.limits.max_runners for p in self._all().valid.values() if p.account == account), default=1)
