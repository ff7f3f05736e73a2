"""Which data sets and cohort definitions the kernel of a run in the foreground will find."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hub_config.reports.parameters.names_in_folders import SHIPPED_COHORTS, cohorts_in, datasets_in

__all__ = ["NamesHere"]


@dataclass(frozen=True)
class NamesHere:
    """`Choices` of a run without a project; looked up when a parameter names one.

    Parameters
    ----------
    home : Path
        The CohortHub home.
    environment : mapping of str to str
        What the kernel is told of it, as `kernel_environment` passes it on.
    """

    home: Path
    environment: Mapping[str, str]

    def datasets(self) -> dict[str, list[str]]:
        """Give the releases of every data set that the kernel may open.

        Returns
        -------
        dict
            Releases by name.
        """
        found = datasets_in(Path(self.environment.get("COHORTHUB_DATA") or self.home / "data"))
        listed = self.environment.get("COHORTHUB_DATASETS")
        if listed is None:
            return found
        allowed = {name.strip() for name in listed.split(",")}
        return {name: releases for name, releases in found.items() if name in allowed}

    def cohorts(self) -> list[str]:
        """Give the names of the cohort definitions.

        Returns
        -------
        list of str
            Those that come along, and one's own.
        """
        folder = self.environment.get("COHORTHUB_COHORTS", str(self.home / "cohorts"))
        return sorted({*SHIPPED_COHORTS, *(cohorts_in(Path(folder)) if folder else [])})

    def secrets(self) -> None:
        """Leave secrets to the run: it reads those that it names before it begins, and refuses what is not there."""
