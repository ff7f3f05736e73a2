"""What lies in a run's folder: every regular file with its hash, and what is neither file nor folder.

A notebook can leave anything in its folder: links to other people's files, pipes that nobody writes to, sockets. So the
walk goes by open folders, follows no link, and opens regular files only.
"""

import contextlib
import errno
import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Contents", "StoredFile", "open_regular", "read_contents", "tidy_folder"]

# O_NONBLOCK: opening a pipe must not wait for a writer.
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
DEEPEST = 64  # folders in folders; each takes a descriptor while it is walked
DRAFT = re.compile(r"\.[\w.-]+\.\d+\.new", re.ASCII)  # of `RunFolder.replace`, left by a process that was killed


@dataclass(frozen=True)
class StoredFile:
    """One regular file.

    Parameters
    ----------
    path : str
        Relative to the folder, with ``/``; bytes that are no UTF-8 as `os.fsdecode` writes them.
    size : int
        Bytes.
    sha256 : str
        In hexadecimal.
    """

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Contents:
    """All that lies in a folder.

    Parameters
    ----------
    files : tuple of StoredFile
        By path.
    strange : tuple of (str, str)
        Path and kind of everything else: ``link``, ``special`` (a pipe, a socket, a device), ``unreadable``.
    """

    files: tuple[StoredFile, ...]
    strange: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Entry:
    """Something met on the walk; `inside` is open only until the next one."""

    path: str
    name: str
    kind: str
    mode: int
    inside: int


def read_contents(folder: Path) -> Contents:
    """Hash every file of a folder, a piece at a time, however large.

    Parameters
    ----------
    folder : Path
        Of a run; must not itself be a link.

    Returns
    -------
    Contents
        Folders are not listed, and empty ones leave no trace.

    Raises
    ------
    OSError
        If the folder itself cannot be opened.
    """
    files, strange = [], []
    for entry in _walk(folder):
        if entry.kind == "folder":
            continue
        stored = _hashed(entry) if entry.kind == "file" else None
        if stored is not None:
            files.append(stored)
        else:
            strange.append((entry.path, "unreadable" if entry.kind == "file" else entry.kind))
    return Contents(tuple(sorted(files, key=lambda file: file.path)), tuple(sorted(strange)))


def tidy_folder(folder: Path) -> list[str]:
    """Leave nothing in a folder but files and folders that can be read.

    A link would show what is elsewhere, now or later, and no hash could tell; so what is closed holds none. Drafts of a
    process that was killed go as well.

    Parameters
    ----------
    folder : Path
        Of a run that has ended.

    Returns
    -------
    list of str
        What was removed, drafts left out.
    """
    removed = []
    for entry in _walk(folder, open_up=True):
        draft = entry.kind == "file" and DRAFT.fullmatch(entry.path) is not None
        if entry.kind in {"link", "special"} or draft:
            with contextlib.suppress(OSError):
                os.unlink(entry.name, dir_fd=entry.inside)
                removed += [] if draft else [entry.path]
        elif entry.kind == "file" and not entry.mode & stat.S_IRUSR:
            with contextlib.suppress(OSError):
                os.chmod(entry.name, 0o600, dir_fd=entry.inside)
    return sorted(removed)


def open_regular(path: Path) -> io.BufferedReader:
    """Open a file that is neither a link nor anything special.

    Parameters
    ----------
    path : Path
        Neither the file nor the folder that it lies in may be a link.

    Returns
    -------
    BufferedReader
        To read.

    Raises
    ------
    OSError
        If there is no such regular file, or it may not be read.
    """
    inside = os.open(path.parent, FOLDER)
    try:
        descriptor = os.open(path.name, READ, dir_fd=inside)
    finally:
        os.close(inside)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file")
    return os.fdopen(descriptor, "rb")


def _walk(folder: Path, *, open_up: bool = False) -> Iterator[_Entry]:
    descriptor = os.open(folder, FOLDER)
    try:
        yield from _walk_open(descriptor, "", depth=0, open_up=open_up)
    finally:
        os.close(descriptor)


def _walk_open(inside: int, path: str, *, depth: int, open_up: bool) -> Iterator[_Entry]:
    for name in sorted(os.listdir(inside)):
        try:
            mode = os.stat(name, dir_fd=inside, follow_symlinks=False).st_mode
        except OSError:
            continue  # gone since
        entry = _Entry(f"{path}{name}", name, _kind(mode), mode, inside)
        if entry.kind != "folder":
            yield entry
            continue
        if open_up and mode & stat.S_IRWXU != stat.S_IRWXU:
            with contextlib.suppress(OSError):
                os.chmod(name, 0o700, dir_fd=inside)
        try:
            if depth >= DEEPEST:
                raise RecursionError
            below = os.open(name, FOLDER, dir_fd=inside)
        except (OSError, RecursionError):
            yield _Entry(entry.path, name, "unreadable", mode, inside)
            continue
        try:
            yield from _walk_open(below, f"{entry.path}/", depth=depth + 1, open_up=open_up)
        finally:
            os.close(below)


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "folder"
    if stat.S_ISREG(mode):
        return "file"
    return "link" if stat.S_ISLNK(mode) else "special"


def _hashed(entry: _Entry) -> StoredFile | None:
    try:
        descriptor = os.open(entry.name, READ, dir_fd=entry.inside)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return StoredFile(entry.path, os.fstat(descriptor).st_size, digest)
    except OSError:
        return None
