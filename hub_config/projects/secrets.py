"""The secrets of a project: one private file each. They are written and taken away, and never shown."""

import contextlib
import datetime as dt
import errno
import os
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from hub_config.home import PRIVATE_FILE, PRIVATE_FOLDER
from hub_config.projects.errors import ProjectError
from hub_config.projects.files import open_folder

__all__ = [
    "LARGEST",
    "SECRET_NAME",
    "SHORTEST",
    "KeptSecret",
    "check_secret",
    "check_secret_name",
    "kept_secrets",
    "remove_secret",
    "secret_names",
    "set_secret",
]

SECRET_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)
SHORTEST = 6  # a run refuses a shorter one: it could not be kept out of what the report writes
LARGEST = 64 * 1024
FOLDER = Path("secrets")
_OTHERS_MAY = 0o077
_DRAFT = re.compile(r"\.[0-9a-f]{16}")  # no secret's name begins with a dot
_LEFT_S = 60.0  # after which nobody is at work on a draft any more
_NOT_OURS = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@dataclass(frozen=True)
class KeptSecret:
    """What may be told of a secret: nothing that says anything of its value.

    Parameters
    ----------
    name : str
        Its name.
    set_at : datetime
        When its file was written last.
    is_usable : bool
        False if a run would refuse it: other accounts may read it, or the service's own may not.
    """

    name: str
    set_at: dt.datetime
    is_usable: bool


def kept_secrets(folder: Path) -> list[KeptSecret]:
    """Look which secrets a project has.

    Parameters
    ----------
    folder : Path
        The project's.

    Returns
    -------
    list of KeptSecret
        By name. Links and what else is no plain file are none.

    Raises
    ------
    ProjectError
        If their folder is a link, or somebody else's to change.
    """
    if not os.path.lexists(folder / FOLDER):
        return []
    descriptor = open_folder(folder / FOLDER)
    found = []
    try:
        with os.scandir(descriptor) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):  # taken away meanwhile
                    if SECRET_NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                        found.append(_kept(entry.name, entry.stat(follow_symlinks=False)))
    finally:
        os.close(descriptor)
    return sorted(found, key=lambda one: one.name)


def _kept(name: str, state: os.stat_result) -> KeptSecret:
    is_readable = os.geteuid() in {0, state.st_uid}
    return KeptSecret(
        name=name,
        set_at=dt.datetime.fromtimestamp(state.st_mtime, dt.UTC),
        is_usable=is_readable and not state.st_mode & _OTHERS_MAY,
    )


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
    return [one.name for one in kept_secrets(folder)]


def check_secret_name(name: str) -> None:
    """Refuse what cannot name a secret.

    Parameters
    ----------
    name : str
        Any text.

    Raises
    ------
    ProjectError
        If it cannot. It is not repeated: a secret may have been typed where its name belongs.
    """
    if SECRET_NAME.fullmatch(name) is None:
        raise ProjectError(
            "a secret's name has letters, digits, dots, hyphens and underscores, at most 64 of them; found another. "
            "Choose such a name."
        )


def check_secret(value: str) -> str:
    """Refuse what cannot be kept secret.

    Parameters
    ----------
    value : str
        Any text.

    Returns
    -------
    str
        What is kept: the value without ends of lines at its end, as runs read it.

    Raises
    ------
    ProjectError
        If a run would refuse it; nothing of the value is told.
    """
    kept = value.rstrip("\r\n")
    if not SHORTEST <= len(kept) <= LARGEST or not _is_text(kept):
        raise ProjectError(
            f"a secret has {SHORTEST} characters to {LARGEST} bytes, and is text; found another. "
            "Use one that cannot stand in a report by chance."
        )
    return kept


def _is_text(kept: str) -> bool:
    """Tell whether a value can be written; an error of encoding would hold the whole of it, so none is raised."""
    size = len(kept.encode("utf-8", "surrogatepass"))
    return size <= LARGEST and "\0" not in kept and not any("\ud800" <= one <= "\udfff" for one in kept)


def set_secret(folder: Path, name: str, *, value: str, owner: tuple[int, int] | None = None) -> bool:
    """Write a secret in one step, readable by its owner alone.

    Parameters
    ----------
    folder : Path
        The project's; made if it is not there yet, as that of a person's own project.
    name : str
        The secret's name; one of this name is replaced, and a link of this name is not followed.
    value : str
        What is to be kept secret.
    owner : tuple of int, optional
        User and group that the file is given to before it has its name; those of this process when left out.

    Returns
    -------
    bool
        Whether one of this name was replaced.

    Raises
    ------
    ProjectError
        If the name or the value cannot be used, or the file not be written; nothing is changed then.
    """
    check_secret_name(name)
    kept = check_secret(value)
    try:
        descriptor = _open_made(folder)
        try:
            was_there = name in secret_names(folder)
            _replace(descriptor, name, text=kept, owner=owner)
        finally:
            os.close(descriptor)
    except OSError as refused:
        if refused.errno in _NOT_OURS:
            raise ProjectError(
                "the secret cannot be written; the account that runs CohortHub may not change the project's folder of "
                f"secrets ({refused.strerror}). An operator gives the folder to that account with chown, or sets the "
                "secret with `cohorthub project secret set`."
            ) from refused
        raise ProjectError(
            f"the secret cannot be written; found {refused.strerror}. Free some space or rights in the project's "
            "folder."
        ) from refused
    return was_there


def _open_made(folder: Path) -> int:
    """Open the folder of the secrets, made if need be, by way of the project's: no link leads elsewhere meanwhile."""
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    above = open_folder(folder)
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(FOLDER, mode=PRIVATE_FOLDER, dir_fd=above)
        return open_folder(FOLDER, within=above)
    finally:
        os.close(above)


def _replace(folder: int, name: str, *, text: str, owner: tuple[int, int] | None) -> None:
    _remove_left(folder)
    draft = f".{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(draft, flags, PRIVATE_FILE, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
            if owner is not None:
                os.fchown(descriptor, *owner)
            out.write(text)
            out.flush()
            os.fsync(descriptor)
        os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=folder)
        raise


def _remove_left(folder: int) -> None:
    """Take away values that were being written when their writer was killed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):  # taken away meanwhile, or not ours
                if _DRAFT.fullmatch(entry.name) and time.time() - entry.stat(follow_symlinks=False).st_mtime > _LEFT_S:
                    os.unlink(entry.name, dir_fd=folder)


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
    descriptor = open_folder(folder / FOLDER)
    try:
        _remove_left(descriptor)
        os.unlink(name, dir_fd=descriptor)
        os.fsync(descriptor)
    except FileNotFoundError:  # somebody else did
        return False
    except OSError as refused:
        if refused.errno in _NOT_OURS:
            raise ProjectError(
                "the secret cannot be removed; the account that runs CohortHub may not change the project's folder of "
                f"secrets ({refused.strerror}). An operator gives the folder to that account with chown, or removes "
                "the secret with `cohorthub project secret remove`."
            ) from refused
        raise ProjectError(
            f"the secret cannot be removed; found {refused.strerror}. Look at the rights of the project's folder."
        ) from refused
    finally:
        os.close(descriptor)
    return True
