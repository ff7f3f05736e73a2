"""What a project's reports may name: data sets with their releases, cohort definitions, and secrets."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub_config.projects import Project
from hub_config.reports.parameters.choices import KnownNames
from hub_config.reports.parameters.names_in_folders import SHIPPED_COHORTS, cohorts_in, datasets_in, entries_of
from hub_config.reports.parameters.values import NAME_PATTERNS

__all__ = ["SHIPPED_COHORTS", "cohorts_folder", "known_names", "latest_releases"]

SECRET_NAME = re.compile(NAME_PATTERNS["Secret"])


def cohorts_folder(project_folder: Path) -> Path:
    """Say where a project keeps its cohort definitions.

    Parameters
    ----------
    project_folder : Path
        The project's folder.

    Returns
    -------
    Path
        A folder of ``NAME.json`` files, which need not be there.
    """
    return project_folder / "cohorts"


def known_names(project: Project, *, data: Path, folder: Path) -> KnownNames:
    """Look what there is.

    Parameters
    ----------
    project : Project
        Whose reports.
    data : Path
        Where the releases lie.
    folder : Path
        The project's folder.

    Returns
    -------
    KnownNames
        Data sets that the project may read, with their releases; names of the cohort definitions that come along and
        of the project's own; names of its secrets.
    """
    datasets = {name: found for name, found in datasets_in(data).items() if project.may_use(name)}
    # A link in a project's folder may lead to what its members may not read.
    cohorts = {*SHIPPED_COHORTS, *cohorts_in(cohorts_folder(folder), follows_links=False)}
    # An address that notices go to holds a password of its own, which no report needs.
    secrets = sorted(set(_secrets(folder / "secrets")) - set(project.notice_secrets))
    return KnownNames(datasets, sorted(cohorts), secrets)


def latest_releases(datasets: Mapping[str, Sequence[str]], *, data: Path) -> dict[str, str]:
    """Say which release of each data set is the one that is opened when none is named.

    Parameters
    ----------
    datasets : mapping
        Releases by name.
    data : Path
        Where the releases lie.

    Returns
    -------
    dict
        What the pointer ``latest`` names, else the last by name.
    """
    found = {}
    for name, releases in datasets.items():
        pointer = data / name / "latest"
        try:
            named = pointer.readlink().name if pointer.is_symlink() else pointer.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            named = ""
        chosen = named if named in releases else (releases[-1] if releases else None)
        if chosen is not None:
            found[name] = chosen
    return found


def _secrets(folder: Path) -> list[str]:
    return [entry.name for entry in entries_of(folder, named=SECRET_NAME) if entry.is_file(follow_symlinks=False)]
