"""Kept results on the disk: a folder for each key, there whole or not at all, believed only with its checksums."""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis_lib.report.stages.content import Content, canonical, sha256_of_text
from analysis_lib.whole_files import sync_folder

__all__ = ["Kept", "StageFolder", "UnbelievableError"]

SCHEMA = "cohorthub.stage/1"
RECORD = "stage.json"
_UNFINISHED = ".unfinished-"
_SURELY_DEAD_S = 3600


class UnbelievableError(Exception):
    """What lies there is not what a stage wrote; the text says why, in a few words."""


@dataclass(frozen=True)
class Kept:
    """One kept stage.

    Attributes
    ----------
    record : dict
        What ``stage.json`` says of it.
    content : Content
        The results.
    bytes : int
        Of all its files.
    """

    record: dict[str, Any]
    content: Content
    bytes: int


class StageFolder:
    """A folder of kept stages, closed to other accounts.

    Parameters
    ----------
    root : Path
        The folder; made when something is kept.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def load(self, name: str, key: str) -> Kept | None:
        """Read what was kept under a key.

        Parameters
        ----------
        name : str
            The stage's.
        key : str
            Its key.

        Returns
        -------
        Kept or None
            None where nothing was kept.

        Raises
        ------
        UnbelievableError
            If what lies there is damaged, or could have been written by somebody else.
        """
        folder = self.root / name / key
        if not os.path.lexists(folder):
            return None
        try:
            return self._read(folder, key)
        except (OSError, ValueError, KeyError, TypeError, IndexError, pa.ArrowException) as error:
            raise UnbelievableError(f"{type(error).__name__} when it was read") from error

    def _read(self, folder: Path, key: str) -> Kept:
        _check_closed(folder)
        text = (folder / RECORD).read_bytes()
        document = json.loads(text)
        record = document["record"]
        if sha256_of_text(canonical(record)) != document["sha256"] or (record["schema"], record["key"]) != (
            SCHEMA,
            key,
        ):
            raise UnbelievableError("its record is not as written")
        arrays: dict[int, Any] = {}
        size = len(text)
        for file, told in record["files"].items():
            content = (folder / Path(file).name).read_bytes()
            size += len(content)
            if hashlib.sha256(content).hexdigest() != told["sha256"]:
                raise UnbelievableError("a file of it is not as written")
            table = pq.read_table(pa.BufferReader(content))
            arrays |= {number: _array(table.column(str(number))) for number in told["arrays"]}
        results = Content(record["results"], tuple(arrays[number] for number in sorted(arrays)))
        if results.sha256 != record["content_sha256"]:
            raise UnbelievableError("its results are not as written")
        with contextlib.suppress(OSError):
            os.utime(folder)  # whoever clears old stages away sees that this one is in use
        return Kept(record, results, size)

    def save(self, record: dict[str, Any], content: Content) -> Kept:
        """Keep a stage; if another run has kept it meanwhile, that one stays.

        Parameters
        ----------
        record : dict
            With ``name`` and ``key``.
        content : Content
            The results.

        Returns
        -------
        Kept
            As it was read back from the disk.

        Raises
        ------
        OSError
            If it cannot be written; nothing is left of it.
        UnbelievableError
            If what comes back from the disk is not what was written.
        """
        parent = self.root / record["name"]
        for folder in (self.root, parent):
            folder.mkdir(mode=0o700, parents=folder is self.root, exist_ok=True)
        self._clear(parent)
        target = parent / record["key"]
        with _unfinished(parent) as (folder, descriptor):
            files = _write_arrays(folder, content)
            whole = {
                **record,
                "schema": SCHEMA,
                "results": content.node,
                "content_sha256": content.sha256,
                "files": files,
            }
            document = {"record": whole, "sha256": sha256_of_text(canonical(whole))}
            with os.fdopen(os.dup(descriptor), "w", encoding="ascii") as file:
                json.dump(document, file, allow_nan=False)
                file.flush()
                os.fsync(file.fileno())
            sync_folder(folder)
            kept = self._read(folder, record["key"])
            try:
                folder.rename(target)
            except OSError as error:
                if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                    raise
                kept = self.load(record["name"], record["key"]) or kept  # who came first stays: all runs show the same
        sync_folder(parent)
        return kept

    def drop(self, name: str, key: str) -> None:
        """Take away what is not believed.

        Parameters
        ----------
        name : str
            The stage's.
        key : str
            Its key.
        """
        target = self.root / name / key
        aside = target.with_name(f"{_UNFINISHED}{secrets.token_hex(8)}")
        with contextlib.suppress(OSError):
            target.rename(aside)  # in one step, so that no other run reads half of it
            if aside.is_symlink() or not aside.is_dir():
                aside.unlink()
            else:
                shutil.rmtree(aside, ignore_errors=True)

    def _clear(self, parent: Path) -> None:
        """Take away what runs that died have left unfinished; who still writes holds a lock."""
        for folder in parent.glob(f"{_UNFINISHED}*"):
            with contextlib.suppress(OSError):
                if folder.stat().st_mtime < time.time() - _SURELY_DEAD_S:
                    folder.rmdir()  # one that died before it had a record
            with contextlib.suppress(OSError), (folder / RECORD).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)

    def newest(self, name: str) -> dict[str, Any] | None:
        """Read the record of the stage of this name that was computed last.

        Parameters
        ----------
        name : str
            The stage's.

        Returns
        -------
        dict or None
            None where there is none that can be read; it is for telling what changed, and is not checked.
        """
        found = []
        for file in (self.root / name).glob(f"[0-9a-f]*/{RECORD}"):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                record = json.loads(file.read_bytes())["record"]
                found.append((str(record["computed_at"]), record))
        return max(found, key=lambda each: each[0])[1] if found else None


def _check_closed(folder: Path) -> None:
    """Refuse what another account could have put there."""
    for place in (folder.parent.parent, folder.parent, folder, *folder.iterdir()):
        told = place.lstat()
        if stat.S_ISLNK(told.st_mode) or told.st_uid != os.geteuid() or told.st_mode & 0o022:
            raise UnbelievableError("another account may have written it")


@contextlib.contextmanager
def _unfinished(parent: Path) -> Iterator[tuple[Path, int]]:
    """Make a folder to write in, with its record locked: a lock says better than an age that somebody writes."""
    folder = parent / f"{_UNFINISHED}{os.getpid()}-{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    try:
        descriptor = os.open(folder / RECORD, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield folder, descriptor
        finally:
            os.close(descriptor)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_arrays(folder: Path, content: Content) -> dict[str, dict[str, Any]]:
    """Write arrays of one length into one Parquet file: the columns of a frame lie side by side."""
    by_length: dict[int, list[int]] = {}
    for number, array in enumerate(content.arrays):
        by_length.setdefault(len(array), []).append(number)
    files = {}
    for place, numbers in enumerate(by_length.values(), start=1):
        table = pa.table({str(number): _arrow(content.arrays[number]) for number in numbers})
        path = folder / f"{place}.parquet"
        texts = [str(number) for number in numbers if not isinstance(content.arrays[number], np.ndarray)]
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            # A dictionary of floats would make one of -0.0 and 0.0, and one of all kinds of NaN.
            pq.write_table(table, file, compression="zstd", use_dictionary=texts or False, write_page_checksum=True)
            file.flush()
            os.fsync(file.fileno())
        files[path.name] = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "arrays": numbers}
    return files


def _arrow(array: Any) -> Any:
    return pa.array(array, from_pandas=False) if isinstance(array, np.ndarray) else array


def _array(column: Any) -> Any:
    if pa.types.is_large_string(column.type):
        joined = column.combine_chunks()
        return pa.concat_arrays(joined.chunks) if isinstance(joined, pa.ChunkedArray) else joined
    found = column.to_numpy()
    return found.astype(bool) if pa.types.is_boolean(column.type) else found
