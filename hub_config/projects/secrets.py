"""The secrets of a project: one private file each. They are written and taken away, and never shown."""

import os
import re
from pathlib import Path

from hub_config.home import PRIVATE_FOLDER, write_private
from hub_config.projects.errors import ProjectError
from hub_config.projects.files import open_folder

__all__ = ["remove_secret", "secret_names", "set_secret"]

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)
SHORTEST = 6  # a run refuses a shorter one: it could not be kept out of what the report writes
LARGEST = 64 * 1024


def secret_names(folder: Path) -> list[str]:
    """List the secrets of a project.

    Parameters
    ----------
    folder : Path
        The project's.

    Returns
    -------
    list of str
        Their names alone, sorted.

    Raises
    ------
    ProjectError
        If their folder is a link, or somebody else's to change.
    """
    secrets = folder / "secrets"
    if not os.path.lexists(secrets):
        return []
    descriptor = open_folder(secrets)
    try:
        with os.scandir(descriptor) as entries:
            found = [one.name for one in entries if one.is_file(follow_symlinks=False) and NAME.fullmatch(one.name)]
    finally:
        os.close(descriptor)
    return sorted(found)


def set_secret(folder: Path, name: str, *, value: str) -> bool:
    """Write a secret in one step, readable by its owner alone.

    Parameters
    ----------
    folder : Path
        The project's.
    name : str
        The secret's name; one of this name is replaced.
    value : str
        What is to be kept secret.

    Returns
    -------
    bool
        Whether one of this name was replaced.

    Raises
    ------
    ProjectError
        If the name or the value cannot be used, or the file not be written; nothing is changed then.
    """
    if NAME.fullmatch(name) is None:
        raise ProjectError(
            "a secret's name has letters, digits, dots, hyphens and underscores, at most 64 of them; found another. "
            "Choose such a name."
        )
    if len(value) < SHORTEST or len(value.encode("utf-8", "replace")) > LARGEST or "\0" in value:
        raise ProjectError(
            f"a secret has {SHORTEST} characters to {LARGEST} bytes, and is text; found another. "
            "Use one that cannot stand in a report by chance."
        )
    secrets = folder / "secrets"
    try:
        secrets.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        os.close(open_folder(secrets))
        was_there = name in secret_names(folder)
        write_private(secrets / name, value)
    except (OSError, UnicodeEncodeError) as refused:
        raise ProjectError(
            f"the secret cannot be written; found {getattr(refused, 'strerror', None) or 'text that is not UTF-8'}. "
            "Free some space or rights in the project's folder."
        ) from refused
    return was_there


def remove_secret(folder: Path, name: str) -> bool:
    """Take a secret away.

    Parameters
    ----------
    folder : Path
        The project's.
    name : str
        The secret's name.

    Returns
    -------
    bool
        False if there was none of this name.

    Raises
    ------
    ProjectError
        If the file cannot be removed.
    """
    if name not in secret_names(folder):
        return False
    try:
        (folder / "secrets" / name).unlink(missing_ok=True)
    except OSError as refused:
        raise ProjectError(
            f"the secret cannot be removed; found {refused.strerror}. Look at the rights of the project's folder."
        ) from refused
    return True
