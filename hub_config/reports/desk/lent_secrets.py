"""Whose the files of a project's secrets are, where its runs are carried out by a unix account of their own."""

import contextlib
import os
import pwd
from pathlib import Path

from hub_config.projects import Project

__all__ = ["lend", "owner_of", "unix_account"]

OURS = (0, 0)  # only root can give a file away


def unix_account(name: str) -> pwd.struct_passwd | None:
    """Find the unix account that carries out runs.

    Parameters
    ----------
    name : str
        Of a project's account.

    Returns
    -------
    pwd.struct_passwd or None
        None if there is none, or nothing can be given to it: runs are carried out by the service's own account then.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def owner_of(project: Project, name: str) -> tuple[int, int] | None:
    """Say who owns the file of a secret.

    Parameters
    ----------
    project : Project
        Whose.
    name : str
        The secret's name.

    Returns
    -------
    tuple of int or None
        User and group; None for the service's own account, where there is no other. The addresses of notices are for
        the service alone.
    """
    account = unix_account(project.account)
    if account is None:
        return None
    return OURS if name in project.notice_secrets else (account.pw_uid, account.pw_gid)


def lend(secrets: Path, project: Project) -> None:
    """Let a project's account read its secrets, where there is one of its own; it writes none.

    Parameters
    ----------
    secrets : Path
        Their folder, which need not be there.
    project : Project
        Whose.
    """
    account = unix_account(project.account)
    if account is None or secrets.is_symlink() or not secrets.is_dir():
        return
    os.chown(secrets, 0, account.pw_gid, follow_symlinks=False)
    secrets.chmod(0o750)
    with os.scandir(secrets) as entries:
        for entry in entries:
            # What begins with a dot is being written, and may become the address of a notice.
            if entry.name.startswith(".") or not entry.is_file(follow_symlinks=False):
                continue
            with contextlib.suppress(FileNotFoundError):  # taken away meanwhile
                state = entry.stat(follow_symlinks=False)
                wanted = OURS if entry.name in project.notice_secrets else (account.pw_uid, account.pw_gid)
                if (state.st_uid, state.st_gid) != wanted:
                    os.chown(entry.path, *wanted, follow_symlinks=False)
