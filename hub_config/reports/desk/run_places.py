"""Where and with what the runs of each project are carried out."""

from dataclasses import dataclass
from pathlib import Path

from hub_config.reports.desk.project_book import ProjectBook
from hub_config.reports.runners.hearing import RunPlace

__all__ = ["RunPlaces"]


@dataclass(frozen=True)
class RunPlaces:
    """Gives the place of a project's runs.

    Parameters
    ----------
    book : ProjectBook
        The projects.
    """

    book: ProjectBook

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
        folder = self.book.folder(project)
        runs, stages = self.book.runs_root(project), folder / "stages"
        for one in (folder, runs, stages):
            _make(one)
        environment = {"COHORTHUB_STAGES": str(stages), "COHORTHUB_PROJECT": project}
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
