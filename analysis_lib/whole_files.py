"""Files that appear whole or not at all: written under a temporary name, synced to the disk, renamed.

A process that dies, or a disk that is full, leaves the file that was there before, and never half of the new one.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["replacing", "sync_folder", "write_whole"]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name to write to; what is written there takes the place of a file when all went well.

    Parameters
    ----------
    path : Path
        The file, in a folder that exists.

    Yields
    ------
    Path
        A name beside it, at which nothing lies yet.

    Raises
    ------
    OSError
        If it cannot be written; `path` is then as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_whole(path: Path, text: str, *, mode: int | None = None) -> None:
    """Write a file, whole or not at all, and replace the one that is there.

    Parameters
    ----------
    path : Path
        The file, in a folder that exists.
    text : str
        Its content, written as UTF-8.
    mode : int, optional
        Its permissions; when left out, the umask decides.

    Raises
    ------
    OSError
        If it cannot be written; `path` is then as it was.
    """
    with replacing(path) as temporary, temporary.open("x", encoding="utf-8") as file:
        file.write(text)
        if mode is not None:
            os.fchmod(file.fileno(), mode)


def sync_folder(folder: Path) -> None:
    """Write a folder's names to the disk, so that a rename in it outlives a loss of power.

    Parameters
    ----------
    folder : Path
        The folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
