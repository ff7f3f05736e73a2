"""Sealing a run's folder: its crate and the crate's own hash, written last, so that every later change can be seen."""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub_config.errors import RunFolderError
from hub_config.reports.folders.contents import open_regular, read_contents, tidy_folder
from hub_config.reports.folders.crate import CRATE, crate_document
from hub_config.reports.folders.run_folders import RunFolder, utc_now

__all__ = ["LARGEST_CRATE", "SEAL", "folder_sha256", "seal_folder"]

SEAL = f"{CRATE}.sha256"
LARGEST_CRATE = 256 * 2**20


def seal_folder(folder: RunFolder, record: Mapping[str, Any]) -> None:
    """Write the crate of a run that has ended, and the crate's hash in a file that ``sha256sum -c`` reads.

    Parameters
    ----------
    folder : RunFolder
        Its last record is written, and nobody writes into it any more.
    record : mapping
        That record.
    """
    folder.make_room()
    removed = tidy_folder(folder.building)
    if removed:
        _log(folder.building, f"{len(removed)} links, pipes or sockets were left out")
    for name in (CRATE, SEAL):  # the names are ours, whatever a notebook made of them
        path = folder.building / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
    document = crate_document(read_contents(folder.building), record)
    content = json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace") + b"\n"
    folder.replace(CRATE, content)
    folder.replace(SEAL, f"{hashlib.sha256(content).hexdigest()}  {CRATE}\n".encode())


def _log(folder: Path, line: str) -> None:
    with contextlib.suppress(OSError):
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(folder / "log.txt", flags, 0o600)
        try:
            os.write(descriptor, f"{utc_now()} {line}\n".encode())
        finally:
            os.close(descriptor)


def folder_sha256(folder: Path) -> str:
    """Give the one hash that stands for all files of a run, to be kept where the run's account cannot write.

    Parameters
    ----------
    folder : Path
        Of a run that has ended.

    Returns
    -------
    str
        SHA-256 of ``ro-crate-metadata.json``, which holds the hash of every other file.

    Raises
    ------
    RunFolderError
        If the folder has no crate: it is of an older version, or the file was taken away.
    """
    try:
        with open_regular(folder / CRATE) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as refused:
        raise RunFolderError(
            f"The run's folder has no {CRATE} that can be read; {refused.strerror}. Runs that older versions closed "
            "have none; otherwise take the folder from a backup."
        ) from refused
