"""Reading a project's files as nobody but their owner can have written them."""

import os
import stat
from pathlib import Path
from typing import NoReturn

from hub_config.projects.errors import ProjectError

__all__ = ["check_folder", "open_folder", "read_text"]

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def open_folder(folder: Path, *, within: int | None = None) -> int:
    """Open a folder that only its owner can change.

    Parameters
    ----------
    folder : Path
        The folder; not through a link.
    within : int, optional
        Descriptor of the folder that a relative path begins in, so that nobody can put another in its place.

    Returns
    -------
    int
        A file descriptor, for the caller to close.

    Raises
    ------
    ProjectError
        If it is a link, no folder, or somebody else's to change.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)
    except OSError as refused:
        _refuse_unreadable(folder.name, refused, wanted="a folder")
    try:
        check_folder(os.fstat(descriptor), folder.name)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def check_folder(status: os.stat_result, name: str) -> None:
    """Make sure that no other account can change a file or folder.

    Parameters
    ----------
    status : os.stat_result
        What the system says of it.
    name : str
        How to call it.

    Raises
    ------
    ProjectError
        If another account owns it, or group or others may write.
    """
    if status.st_uid not in {os.geteuid(), 0}:
        raise ProjectError(
            f"{name} must belong to the account that runs CohortHub, or to root; found another owner. "
            "Give it back with chown."
        )
    if status.st_mode & _OTHERS_WRITE:
        raise ProjectError(
            f"{name} must be writable by its owner alone; found mode {stat.S_IMODE(status.st_mode):04o}. "
            f"Take the right away with chmod go-w."
        )


def read_text(folder: int, name: str, *, limit: int, private: bool = False) -> str:
    """Read a small text file in an open folder.

    Parameters
    ----------
    folder : int
        Descriptor of the folder.
    name : str
        The file's name in it.
    limit : int
        The most bytes it may have.
    private : bool, default False
        Whether others may not even read it, as for a secret.

    Returns
    -------
    str
        What it says.

    Raises
    ------
    ProjectError
        If it is missing, a link, no file, too large, not UTF-8, or somebody else's to change.
    """
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as refused:
        _refuse_unreadable(name, refused, wanted="a file")
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ProjectError(f"{name} must be a file; found something else. Put a plain file there.")
        check_folder(status, name)
        if private and status.st_mode & (stat.S_IRGRP | stat.S_IROTH):
            raise ProjectError(
                f"{name} holds a secret and must be readable by its owner alone; "
                f"found mode {stat.S_IMODE(status.st_mode):04o}. Close it with chmod 600."
            )
        content = os.read(descriptor, limit + 1)
    except OSError as refused:
        _refuse_unreadable(name, refused, wanted="a file")
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise ProjectError(f"{name} must have at most {limit} bytes; found more. Shorten it.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as broken:
        raise ProjectError(f"{name} must be UTF-8 text; found other bytes. Save it as UTF-8.") from broken


def _refuse_unreadable(name: str, refused: OSError, *, wanted: str) -> NoReturn:
    if isinstance(refused, FileNotFoundError):
        raise ProjectError(f"{name} is needed; found nothing of that name. Make it.") from refused
    if isinstance(refused, PermissionError):
        raise ProjectError(
            f"{name} must be readable by the account that runs CohortHub; {refused.strerror}. "
            "An operator gives it to that account with chown."
        ) from refused
    # A link opened with O_NOFOLLOW is "too many links" (ELOOP), or, for folders, "not a directory".
    raise ProjectError(
        f"{name} must be {wanted}, not a link, and readable; {refused.strerror or type(refused).__name__}. "
        f"Put {wanted} there."
    ) from refused
