"""The projects of a home: one by its folder, or all, read again only where something changed."""

import os
import pwd
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from hub_config.accounts import AccountStore
from hub_config.projects.document import Project
from hub_config.projects.errors import ProjectError
from hub_config.projects.files import open_folder, read_text
from hub_config.projects.parsing import MOST_BYTES, check_name, parse_project

__all__ = ["FILE", "Projects", "load_project", "load_projects"]

FILE = "project.toml"
_FIRST_PERSONS_UID = 1000  # below are the system's own accounts, root among them

Stamp = tuple[int, ...]
Read = Project | ProjectError


@dataclass(frozen=True)
class Projects:
    """All projects of a home at one moment.

    Parameters
    ----------
    valid : mapping of str to Project
        By name.
    refused : mapping of str to ProjectError
        Those that cannot be used, each with the reason.
    files : mapping
        What was read when, so that a next call reads only what changed.
    people : AccountStore, optional
        Whose accounts are people's.
    """

    valid: Mapping[str, Project]
    refused: Mapping[str, ProjectError]
    files: Mapping[str, tuple[Stamp, Read]] = field(repr=False, default_factory=dict)
    people: AccountStore | None = field(repr=False, default=None)


def load_projects(home: Path, *, before: Projects | None = None) -> Projects:
    """Read all projects; one that is broken never stops the others.

    Parameters
    ----------
    home : Path
        The home.
    before : Projects, optional
        What an earlier call returned: only files that changed since are read. 500 unchanged ones take milliseconds.

    Returns
    -------
    Projects
        The valid and the refused.

    Raises
    ------
    HomeCorruptError
        If the accounts file cannot be understood: then nobody knows which accounts are people's.
    ProjectError
        If the folder of all projects is a link, no folder, or somebody else's to change.
    """
    # Making a store hashes a password once (0.1 s), so it is kept.
    store = (before and before.people) or AccountStore(home / "secrets" / "accounts.json")
    earlier = before.files if before else {}
    folder = home / "projects"
    read = {name: _read_if_changed(folder, name, earlier=earlier.get(name)) for name in _folders(folder)}
    valid = {name: found for name, (_, found) in read.items() if isinstance(found, Project)}
    refused = {name: found for name, (_, found) in read.items() if isinstance(found, ProjectError)}
    people = {account.name for account in store.accounts()}
    refused.update(_wrong_accounts(valid, people))
    valid = {name: project for name, project in valid.items() if name not in refused}
    return Projects(MappingProxyType(valid), MappingProxyType(refused), read, store)


def load_project(folder: Path) -> Project:
    """Read one project.

    Parameters
    ----------
    folder : Path
        ``HOME/projects/NAME``.

    Returns
    -------
    Project
        Checked also against people and the other projects.

    Raises
    ------
    ProjectError
        If it cannot be used.
    """
    project = _read(folder)
    reason = load_projects(folder.parent.parent).refused.get(folder.name)
    if reason is not None:
        raise reason
    return project


def _folders(all_projects: Path) -> Iterator[str]:
    """Give the names in the folder of projects that could be projects.

    What begins with a dot is a draft; with ``~`` it is the folder of a person's own project, which has no file.
    """
    try:
        folder = open_folder(all_projects)
    except ProjectError as refused:
        if isinstance(refused.__cause__, FileNotFoundError):
            return
        raise
    try:
        with os.scandir(folder) as entries:
            named = [entry for entry in entries if not entry.name.startswith((".", "~"))]
            found = sorted(entry.name for entry in named if entry.is_symlink() or entry.is_dir())
    finally:
        os.close(folder)
    yield from found


def _read_if_changed(folder: Path, name: str, *, earlier: tuple[Stamp, Read] | None) -> tuple[Stamp, Read]:
    stamp = _stamp(f"{folder}/{name}")
    if earlier is not None and earlier[0] == stamp:
        return earlier
    try:
        return stamp, _read(folder / name)
    except ProjectError as reason:
        # The frames that a traceback holds would keep the file's text in memory.
        return stamp, reason.with_traceback(None)


def _stamp(folder: str) -> Stamp:
    try:
        outer, inner = os.lstat(folder), os.lstat(f"{folder}/{FILE}")
    except OSError as missing:
        return (missing.errno or 0,)
    return (
        *(outer.st_ino, outer.st_mode, outer.st_uid, inner.st_ino, inner.st_mode, inner.st_uid),
        *(inner.st_size, inner.st_mtime_ns, inner.st_ctime_ns),
    )


def _read(folder: Path) -> Project:
    check_name(folder.name)
    opened = open_folder(folder)
    try:
        project = parse_project(read_text(opened, FILE, limit=MOST_BYTES), name=folder.name)
    finally:
        os.close(opened)
    if _is_systems_own(project.account):
        raise _account_error("the system's, or that of CohortHub itself")
    return project


def _wrong_accounts(valid: Mapping[str, Project], people: set[str]) -> Iterator[tuple[str, ProjectError]]:
    """Say which projects would run as somebody else.

    Of several that ask for one account, the project that it is named after keeps it, so that nobody can stop a
    project by naming its account in another's file; if it is named after none of them, none gets it.
    """
    asked = Counter(project.account for project in valid.values())
    for name, project in valid.items():
        account = project.account
        if account in people:
            yield name, _account_error("a person's")
        elif asked[account] > 1 and account != f"project-{name}":
            yield name, _account_error("another project's")


def _account_error(whose: str) -> ProjectError:
    return ProjectError(
        f"a project's account must be its own; found {whose}. Give `account` in project.toml another name."
    )


def _is_systems_own(account: str) -> bool:
    try:
        uid = pwd.getpwnam(account).pw_uid
    except KeyError:
        return False
    return uid < _FIRST_PERSONS_UID or uid == os.geteuid()
