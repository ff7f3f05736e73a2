"""Where and with what the runs of each project are carried out."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hub_config.projects import Project
from hub_config.reports.desk.choices import cohorts_folder
from hub_config.reports.desk.lent_secrets import lend, unix_account
from hub_config.reports.desk.project_book import ProjectBook
from hub_config.reports.runners.hearing import RunPlace

__all__ = ["RunPlaces"]


FRESH_S = 2.0  # folders that were there a moment ago are not looked at for every heartbeat


@dataclass(frozen=True)
class RunPlaces:
    """Gives the place of a project's runs.

    Parameters
    ----------
    book : ProjectBook
        The projects.
    clock : callable, optional
        Seconds that only go forward.
    """

    book: ProjectBook
    clock: Callable[[], float] = time.monotonic
    _made: dict[str, tuple[float, int, Project, RunPlace]] = field(default_factory=dict)

    def __call__(self, project: str) -> RunPlace | None:
        """Look it up, and make its folders.

        Parameters
        ----------
        project : str
            Its name.

        Returns
        -------
        RunPlace or None
            None if there is no such project.
        """
        found = self.book.get(project)
        if found is None:
            return None
        made, changed_at = self._made.get(project), _changed_at(self.book.folder(project) / "secrets")
        if made is not None and self.clock() - made[0] < FRESH_S and made[1:3] == (changed_at, found):
            return made[3]
        place = self._prepare(project, found)
        self._made[project] = (self.clock(), changed_at, found, place)
        return place

    def _prepare(self, project: str, found: Project) -> RunPlace:
        folder = self.book.folder(project)
        runs, stages = self.book.runs_root(project), folder / "stages"
        _make(folder)
        for one in (runs, stages):
            _make(one)
            _give(one, found.account)
        lend(folder / "secrets", found)
        environment = {
            "COHORTHUB_STAGES": str(stages),
            "COHORTHUB_COHORTS": str(cohorts_folder(folder)),
            "COHORTHUB_PROJECT": project,
        }
        if found.datasets != ("*",):
            environment["COHORTHUB_DATASETS"] = ",".join(found.datasets)
        return RunPlace(
            root=runs,
            most_running=found.limits.max_running,
            environment=environment,
            secrets_folder=folder / "secrets",
        )


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _give(folder: Path, account: str) -> None:
    """Give a folder to the unix account that the project's runs are carried out by, where there is one of its own.

    Only root can give, and reads it all the same; elsewhere runs are carried out by the service's own account.
    """
    owner = unix_account(account)
    # The folder above is not the account's, so it can put no link in this one's place.
    if owner is not None and not folder.is_symlink() and folder.stat().st_uid != owner.pw_uid:
        os.chown(folder, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def _changed_at(folder: Path) -> int:
    """Say when a file was last put into a folder, or taken out of it: a new secret is lent before it is asked for."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
