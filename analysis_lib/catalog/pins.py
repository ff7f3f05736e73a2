"""What a project says of its data, by environment: which data sets it may open, and which release of each is meant.

``COHORTHUB_DATASETS`` is a list with commas: no other data set is opened. Set to nothing, none is.
``COHORTHUB_RELEASES`` pins releases, as in ``gibleed=2026-11-01-0123456789;other=2026-10-01-abcdef0123``: what is
opened without naming a release is that one. Neither guards the files: who may read them, their permissions say.
"""

import os
from collections.abc import Iterable

from analysis_lib.errors import DatasetNameError, DatasetNotFoundError

__all__ = ["DATASETS_VARIABLE", "RELEASES_VARIABLE", "allowed", "check_allowed", "pinned_release", "split_release"]

DATASETS_VARIABLE = "COHORTHUB_DATASETS"
RELEASES_VARIABLE = "COHORTHUB_RELEASES"


def allowed(names: Iterable[str]) -> list[str]:
    """Leave out what the project does not list.

    Parameters
    ----------
    names : iterable of str
        Data sets.

    Returns
    -------
    list of str
        Those that may be opened, in their order.
    """
    listed = _listed()
    return [name for name in names if listed is None or name in listed]


def check_allowed(name: str) -> None:
    """Refuse a data set that the project does not list.

    Parameters
    ----------
    name : str
        The data set.

    Raises
    ------
    DatasetNotFoundError
        If there is a list and it is not on it.
    """
    listed = _listed()
    if listed is not None and name not in listed:
        known = f"it has: {', '.join(listed)}" if listed else "it has none"
        raise DatasetNotFoundError(
            f"data set {ascii(name)[:66]} is not one of this project's; {known}. Use one of these, or ask the "
            "project's lead to add it."
        )


def _listed() -> list[str] | None:
    text = os.environ.get(DATASETS_VARIABLE)
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def pinned_release(name: str) -> str | None:
    """Say which release of a data set is meant where none is named.

    Parameters
    ----------
    name : str
        The data set.

    Returns
    -------
    str or None
        None where nothing is pinned.

    Raises
    ------
    DatasetNameError
        If the pins cannot be read: the newest release would be taken for the pinned one.
    """
    pins: dict[str, str] = {}
    for pair in os.environ.get(RELEASES_VARIABLE, "").split(";"):
        if not pair.strip():
            continue
        pinned, sign, release = (part.strip() for part in pair.partition("="))
        if not (pinned and sign and release) or pinned in pins:
            raise DatasetNameError(
                f"the pinned releases cannot be read; {RELEASES_VARIABLE} has a part that is not NAME=RELEASE, or a "
                "name twice. Write 'NAME=RELEASE;OTHER=RELEASE'."
            )
        pins[pinned] = release
    return pins.get(name)


def split_release(name: str, release: str | None) -> tuple[str, str | None]:
    """Take ``NAME@RELEASE`` apart.

    Parameters
    ----------
    name : str
        A data set's name, with or without a release.
    release : str or None
        The release that was named beside it.

    Returns
    -------
    name : str
        Of the data set.
    release : str or None
        None where none was named.

    Raises
    ------
    DatasetNotFoundError
        If two were named that differ, or nothing stands behind the sign.
    """
    if not isinstance(name, str) or "@" not in name:
        return name, release
    bare, _, named = name.partition("@")
    if not named or (release is not None and release != named):
        raise DatasetNotFoundError(
            f"the release of {ascii(bare)[:66]} cannot be told; found {'none' if not named else 'two'} named. "
            "Write NAME@RELEASE."
        )
    return bare, named
