"""A run's folder as files for the browser: nothing outside the folder, and nothing through a link.

A notebook can write whatever it likes into its own folder, links to other people's files included. So every file is
opened relative to an open folder, without following links, and only regular files are read.
"""

import json
import os
import shutil
import stat
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

from hub_config.reports.folders.contents import DRAFT, FOLDER, READ

__all__ = ["open_inside", "read_document", "write_zip"]

LARGEST_DOCUMENT = 2**20


def open_inside(folder: Path, *, name: str) -> BinaryIO | None:
    """Open one regular file that lies directly in `folder`.

    Parameters
    ----------
    folder : Path
        A run's folder; the folder itself must not be a link.
    name : str
        The file's name, without any folder.

    Returns
    -------
    BinaryIO or None
        The open file, or None where there is no such regular file.
    """
    if os.sep in name or name in {"", ".", ".."}:
        return None
    try:
        descriptor = os.open(folder, FOLDER)
    except OSError:
        return None
    try:
        return _open_regular(name, inside=descriptor)
    finally:
        os.close(descriptor)


def read_document(folder: Path, *, name: str) -> dict[str, Any] | None:
    """Read a small JSON document that lies directly in `folder`, such as a run's record.

    Parameters
    ----------
    folder : Path
        A run's folder; the folder itself must not be a link.
    name : str
        The file's name, without any folder.

    Returns
    -------
    dict or None
        None where there is no such file, or it is no JSON object of at most 1 MiB.
    """
    file = open_inside(folder, name=name)
    if file is None:
        return None
    with file:
        try:
            document = json.loads(file.read(LARGEST_DOCUMENT))
        except (ValueError, RecursionError):
            return None
    return document if isinstance(document, dict) else None


def write_zip(folder: Path, *, to: IO[bytes], name: str, without: Collection[str] = ()) -> int:
    """Write all regular files of `folder` into a zip archive.

    Parameters
    ----------
    folder : Path
        A run's folder. Links, pipes, sockets and what the runner keeps in it while the run goes on are left out;
        hidden files of the notebook are not, as their hashes stand in the crate.
    to : file
        Where the archive is written.
    name : str
        What the folder is called in the archive.
    without : collection of str, optional
        Files that are left out, relative to the folder.

    Returns
    -------
    int
        How many files it holds.
    """
    count = 0
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for inside, source in _regular_files(folder):
            if inside in without:
                source.close()
                continue
            with source, archive.open(_entry(f"{name}/{inside}", source), "w", force_zip64=True) as entry:
                shutil.copyfileobj(source, entry)
            count += 1
    return count


def _regular_files(folder: Path) -> Iterator[tuple[str, BinaryIO]]:
    """Walk by folder descriptors, so that a folder swapped for a link on the way leads nowhere."""
    try:
        descriptor = os.open(folder, FOLDER)
    except OSError:
        return
    try:
        for path, folders, names, inside in os.fwalk(".", dir_fd=descriptor, follow_symlinks=False):
            folders.sort()
            for name in sorted(names):
                own = path == "." and (name == ".ballast" or DRAFT.fullmatch(name) is not None)
                source = None if own else _open_regular(name, inside=inside)
                if source is not None:
                    yield os.path.normpath(os.path.join(path, name)), source  # noqa: PTH118 - a name, not a path
    finally:
        os.close(descriptor)


def _open_regular(name: str, *, inside: int) -> BinaryIO | None:
    try:
        descriptor = os.open(name, READ, dir_fd=inside)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def _entry(name: str, source: BinaryIO) -> zipfile.ZipInfo:
    """Describe a file; the account, the mode and odd characters of this machine stay here."""
    entry = zipfile.ZipInfo(name.encode("utf-8", "replace").decode("utf-8"))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    entry.file_size = os.fstat(source.fileno()).st_size
    return entry
