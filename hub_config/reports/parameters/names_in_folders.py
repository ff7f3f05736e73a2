"""The data sets and cohort definitions that lie in folders, by name."""

import os
import re
from pathlib import Path

from hub_config.reports.parameters.values import NAME_PATTERNS

__all__ = ["SHIPPED_COHORTS", "cohorts_in", "datasets_in", "entries_of"]

# The analysis library has their files; it is not imported here, and need not be installed. A test holds both together.
SHIPPED_COHORTS = ("first_heart_failure", "first_osteoarthritis", "new_users_of_celecoxib")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,67}", re.ASCII)
_COHORT_NAME = re.compile(NAME_PATTERNS["Cohort"])


def datasets_in(data: Path) -> dict[str, list[str]]:
    """List the data sets of a data folder.

    Parameters
    ----------
    data : Path
        Where the releases lie; it need not be there.

    Returns
    -------
    dict
        The releases of each data set that has one, by its name.
    """
    found: dict[str, list[str]] = {}
    for name in _folders(data):
        releases = [one for one in _folders(data / name) if (data / name / one / "manifest.json").is_file()]
        if releases:
            found[name] = sorted(releases)
    return found


def cohorts_in(folder: Path, *, follows_links: bool = True) -> list[str]:
    """List the cohort definitions of a folder.

    Parameters
    ----------
    folder : Path
        Of ``NAME.json`` files; it need not be there.
    follows_links : bool, default True
        Whether a link to a file is one.

    Returns
    -------
    list of str
        Their names.
    """
    files = [entry.name for entry in entries_of(folder) if entry.is_file(follow_symlinks=follows_links)]
    names = [name.removesuffix(".json") for name in files if name.endswith(".json")]
    return sorted(name for name in names if _COHORT_NAME.fullmatch(name))


def entries_of(folder: Path, *, named: re.Pattern[str] = _NAME) -> list["os.DirEntry[str]"]:
    """List what lies in a folder under a name that may be.

    Parameters
    ----------
    folder : Path
        Any.
    named : Pattern, optional
        Which names.

    Returns
    -------
    list of DirEntry
        None if it is not there, or may not be read.
    """
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if named.fullmatch(entry.name)]
    except OSError:
        return []


def _folders(folder: Path) -> list[str]:
    return [entry.name for entry in entries_of(folder) if entry.is_dir()]
