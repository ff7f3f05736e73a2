"""What a project's reports may name: data sets with their releases, cohort definitions, and secrets."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub_config.projects import Project
from hub_config.reports.parameters.choices import KnownNames
from hub_config.reports.parameters.values import NAME_PATTERNS

__all__ = ["SHIPPED_COHORTS", "cohorts_folder", "known_names", "latest_releases"]

# The analysis library has their files; it is not imported here, and need not be installed. A test holds both together.
SHIPPED_COHORTS = ("first_heart_failure", "first_osteoarthritis", "new_users_of_celecoxib")

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,67}", re.ASCII)
COHORT_NAME = re.compile(NAME_PATTERNS["Cohort"])
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
    datasets = {name: found for name, found in _datasets(data).items() if project.may_use(name)}
    own = {name.removesuffix(".json") for name in _files(cohorts_folder(folder)) if name.endswith(".json")}
    cohorts = {*SHIPPED_COHORTS, *(name for name in own if COHORT_NAME.fullmatch(name))}
    # An address that notices go to holds a password of its own, which no report needs.
    secrets = sorted(set(_files(folder / "secrets", named=SECRET_NAME)) - set(project.notice_secrets))
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


def _datasets(data: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in _folders(data):
        releases = [one for one in _folders(data / name) if (data / name / one / "manifest.json").is_file()]
        if releases:
            found[name] = sorted(releases)
    return found


def _folders(folder: Path) -> list[str]:
    return [entry.name for entry in _entries(folder) if entry.is_dir()]


def _files(folder: Path, *, named: re.Pattern[str] = NAME) -> list[str]:
    return [entry.name for entry in _entries(folder, named=named) if entry.is_file(follow_symlinks=False)]


def _entries(folder: Path, *, named: re.Pattern[str] = NAME) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if named.fullmatch(entry.name)]
    except OSError:
        return []
