"""The run folder: one folder per run, built out of sight, synced, then shown under its name in one step.

While a run goes on it is ``.RUN_ID.running/``, whose ``run.json`` is replaced as a whole at every cell; when it has
ended, however it ended, it is ``RUN_ID/``. ``latest/TEMPLATE`` is a link that only success moves.
"""

import contextlib
import datetime as dt
import errno
import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_config.errors import RunFolderError, RunIdError

__all__ = ["FINAL_STATES", "RUN_ID", "RunFolder", "check_output_folder", "check_run_id", "new_run_id", "sync_tree"]

FINAL_STATES = ("succeeded", "failed", "cancelled", "timed_out", "interrupted")
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", re.ASCII)
# Room that is given back when the disk is full, so that the failure itself can be written down.
BALLAST = 256 * 1024
SCRATCH_PREFIX = "cohorthub-run-"


def new_run_id() -> str:
    """Make a run id that sorts by time.

    Returns
    -------
    str
        UTC time to the millisecond and six random letters, ``20261123T021500123Z-a1b2c3``.
    """
    now = dt.datetime.now(dt.UTC)
    return f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}Z-{secrets.token_hex(3)}"


def check_run_id(run_id: str) -> str:
    """Refuse a run id that is not safe as the name of a folder.

    Parameters
    ----------
    run_id : str
        As given.

    Returns
    -------
    str
        The same.

    Raises
    ------
    RunIdError
        If it holds anything but ASCII letters, digits, ``_`` and ``-``, begins with one of the two signs, is longer
        than 80 characters, or is the word ``latest``.
    """
    if RUN_ID.fullmatch(run_id) is None or run_id == "latest":
        raise RunIdError(
            f"The run id cannot name a folder; found {len(run_id)} characters, wanted 1 to 80 ASCII letters, digits, "
            "'_' or '-', the first a letter or digit, and not the word 'latest'. Leave --run-id out to get one."
        )
    return run_id


def check_output_folder(folder: Path) -> Path:
    """Make sure that runs can be written below `folder`, before anything is started.

    Parameters
    ----------
    folder : Path
        Made if it is not there.

    Returns
    -------
    Path
        Absolute, links resolved.

    Raises
    ------
    RunFolderError
        If it has ``{`` or ``}`` in it, cannot be made, or cannot be written.
    """
    if "{" in str(folder) or "}" in str(folder):
        raise RunFolderError(
            "The output folder has a brace in its name; nothing is filled in there, as papermill would do. "
            "Give the folder's own name."
        )
    try:
        _make_private(folder)
        folder = folder.resolve()
        probe = folder / f".probe.{secrets.token_hex(4)}"
        probe.mkdir()
        probe.rmdir()
    except (OSError, ValueError) as refused:
        reason = getattr(refused, "strerror", None) or "not a path"
        raise RunFolderError(f"Runs cannot be written to {folder}; {reason}. Give another --output-dir.") from refused
    return folder


def _make_private(folder: Path) -> None:
    """Make `folder` and what is missing above it, closed to other accounts; what is there stays as it is."""
    missing = [folder, *folder.parents]
    for part in reversed(missing):
        if not part.exists():
            part.mkdir(mode=0o700, exist_ok=True)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "it is not a folder")


@dataclass
class RunFolder:
    """The folder of one run, while it is being made.

    Parameters
    ----------
    root : Path
        The folder that holds all runs.
    run_id : str
        Checked.
    """

    root: Path
    run_id: str

    @property
    def building(self) -> Path:
        """Where the run writes while it goes on."""
        return self.root / f".{self.run_id}.running"

    @property
    def final(self) -> Path:
        """Where it lies once it has ended."""
        return self.root / self.run_id

    def create(self, record: Mapping[str, Any] | None = None, *, template: bytes | None = None) -> None:
        """Make the folder, closed to other accounts.

        Parameters
        ----------
        record : mapping, optional
            The first record; without room for it there is no folder.
        template : bytes, optional
            The notebook that is to run, kept as ``template.ipynb``: the file it came from may change.

        Raises
        ------
        RunIdError
            If a run of this id is there already.
        RunFolderError
            If the disk is full or the folder cannot be made.
        """
        try:
            self.building.mkdir(mode=0o700)
            if self.final.exists() or self.final.is_symlink():
                self.building.rmdir()
                raise FileExistsError
            for name in ("work", "outputs"):
                (self.building / name).mkdir(mode=0o700)
            with self._private(".ballast") as file:
                os.posix_fallocate(file, 0, BALLAST)
            if template is not None:
                self.replace("template.ipynb", template)
            if record is not None:
                self.write_record(record)
        except FileExistsError as taken:
            raise RunIdError(
                f"The run id is taken; there is a run {self.run_id} in {self.root}. "
                "Leave --run-id out to get a new one."
            ) from taken
        except OSError as refused:
            shutil.rmtree(self.building, ignore_errors=True)
            raise RunFolderError(
                f"The run's folder cannot be made in {self.root}; {refused.strerror}. "
                "Make room, or give another --output-dir."
            ) from refused

    @contextlib.contextmanager
    def _private(self, name: str) -> Iterator[int]:
        descriptor = os.open(
            self.building / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def replace(self, name: str, content: bytes) -> None:
        """Replace one file of the folder in one step; a reader sees the old one or the new one.

        Parameters
        ----------
        name : str
            File name.
        content : bytes
            All of it.
        """
        draft = f".{name}.{os.getpid()}.new"
        try:
            with self._private(draft) as descriptor:
                view = memoryview(content)
                while view:
                    view = view[os.write(descriptor, view) :]
            (self.building / draft).replace(self.building / name)
        except BaseException:
            (self.building / draft).unlink(missing_ok=True)
            raise

    def write_record(self, record: Mapping[str, Any]) -> None:
        """Replace ``run.json``.

        Parameters
        ----------
        record : mapping
            The whole record.
        """
        text = json.dumps(record, ensure_ascii=False, indent=1, default=str, allow_nan=False)
        self.replace("run.json", text.encode())

    def make_room(self) -> None:
        """Give back the room that was kept for writing down a failure."""
        (self.building / ".ballast").unlink(missing_ok=True)

    def publish(self) -> None:
        """Sync everything and show the folder under its own name."""
        self.make_room()
        for name in ("work", "outputs"):
            with contextlib.suppress(OSError):  # not empty: it stays
                (self.building / name).rmdir()
        sync_tree(self.building)
        self.building.rename(self.final)
        _sync_folder(self.root)

    def point_latest(self, template: str) -> None:
        """Move ``latest/TEMPLATE`` to this run, in one step.

        Parameters
        ----------
        template : str
            The template's name.
        """
        folder = self.root / "latest"
        folder.mkdir(mode=0o700, exist_ok=True)
        draft = folder / f".{secrets.token_hex(6)}"
        draft.symlink_to(Path("..") / self.run_id)
        try:
            draft.replace(folder / latest_name(template))
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        _sync_folder(folder)


def name_scratch() -> Path:
    """Choose the place of a private folder for what a run needs while it goes on; nothing is made.

    Returns
    -------
    Path
        In the system's folder for temporary files, whose path is short enough for sockets.
    """
    return Path(tempfile.gettempdir(), SCRATCH_PREFIX + secrets.token_hex(6))


def make_scratch(scratch: Path) -> None:
    """Make the private folder of a run: for sockets, the kernel's temporary files, and its secrets.

    Parameters
    ----------
    scratch : Path
        As `name_scratch` chose it, and as the run's record names it already: whoever finds a record whose process is
        gone removes the folder, so nothing can be left that nobody knows of.

    Raises
    ------
    OSError
        If it cannot be made, or something of its name is there.
    """
    scratch.mkdir(mode=0o700)
    (scratch / "tmp").mkdir(mode=0o700)


def remove_scratch(scratch: Path) -> None:
    """Remove a folder that `make_scratch` made, if it is there, and nothing else.

    Parameters
    ----------
    scratch : Path
        Perhaps read from a record, so not to be trusted.
    """
    ours = scratch.name.startswith(SCRATCH_PREFIX) and scratch.parent == Path(tempfile.gettempdir())
    if ours and not scratch.is_symlink():
        shutil.rmtree(scratch, ignore_errors=True)


def latest_name(template: str) -> str:
    """Give the file name below ``latest/`` that a template has.

    Parameters
    ----------
    template : str
        The template's name; any text.

    Returns
    -------
    str
        It, with everything but letters, digits, ``.``, ``_`` and ``-`` made ``_``, at most 120 characters.
    """
    return re.sub(r"[^\w.-]", "_", template)[:120].lstrip(".") or "_"


def sync_tree(folder: Path) -> None:
    """Have the system write every file below `folder` to disk.

    Parameters
    ----------
    folder : Path
        A folder; links in it are not followed.
    """
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(parent) / name
            if path.is_symlink() or not path.is_file():
                continue
            with contextlib.suppress(PermissionError):
                _sync(path, os.O_RDONLY)
        _sync_folder(Path(parent))


def _sync_folder(folder: Path) -> None:
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def utc_now() -> str:
    """Give the time as run.json writes it.

    Returns
    -------
    str
        ISO 8601, UTC, to the millisecond.
    """
    return dt.datetime.fromtimestamp(time.time(), dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_disk_full(failure: OSError) -> bool:
    """Tell whether a write failed for want of room.

    Parameters
    ----------
    failure : OSError
        What a write raised.

    Returns
    -------
    bool
        True for a full disk, a full quota, and a file that reached the size limit.
    """
    return failure.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
