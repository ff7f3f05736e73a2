"""Closing what a killed runner left, under the final state that the queue has given the run meanwhile.

Where runs come from a queue, the queue's word stands and not the folder's: a runner that was stopped in its last moment
may have shown, or be about to show, a folder that says something else.
"""

import contextlib
import fcntl
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from hub_config.reports.folders.closing import close_folder, finish_without_worker
from hub_config.reports.folders.run_folders import FINAL_STATES, RUN_ID, RunFolder, latest_name, remove_scratch
from hub_config.reports.folders.runs import drop_unlooked_at, read_record, runner_lives
from hub_config.reports.folders.sealing import seal_folder
from hub_config.reports.processes import end_marked
from hub_config.reports.verdicts import Place, Verdict

__all__ = ["Left", "close_left"]

Clean = Callable[[Path, Mapping[str, Any]], bool]

RECORDLESS_S = 10  # seconds after which nobody is about to write the first record any more


class Left(StrEnum):
    """What became of what a run left."""

    CLOSED = "closed"
    NOTHING = "nothing"
    HELD = "held"  # by its process, which lives, or by another that closes it just now


def close_left(root: Path, run_id: str, *, status: str, clean: Clean | None = None) -> Left:
    """Close the folder of a run that has its final state, if its own process is gone.

    Parameters
    ----------
    root : Path
        The folder that holds the runs; it need not exist.
    run_id : str
        Which.
    status : str
        The state that the run has: ``interrupted`` or ``cancelled``.
    clean : callable, optional
        Told the folder and the record of a run with secrets, takes out what holds one; False if it cannot. What the
        run wrote is thrown away then, and where it is left out.

    Returns
    -------
    Left
        Whether there is now a folder that says the same.

    Raises
    ------
    DiskFullError
        If there is no room for its last record.
    OSError
        If the folder cannot be read or written.
    """
    if RUN_ID.fullmatch(run_id) is None:
        return Left.NOTHING
    run = RunFolder(root, run_id)
    try:
        with _locked(run.building):
            return _close_building(run, status=status, clean=clean)
    except FileNotFoundError:
        return _check_shown(run, status=status)
    except BlockingIOError:
        return Left.HELD


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(folder, flags)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder.lstat()  # another process may have shown it while this one opened it
        yield
    finally:
        os.close(descriptor)


def _close_building(run: RunFolder, *, status: str, clean: Clean | None) -> Left:
    record = read_record(run.building)
    if record is None:
        return _remove_recordless(run)
    if record.get("host") != socket.gethostname() or runner_lives(record):
        return Left.HELD
    end_marked("COHORTHUB_RUN_DIR", str(run.building))
    remove_scratch(Path(str(record.get("scratch"))))
    if record["status"] == status and record.get("ended_at"):
        seal_folder(run, record)
        run.publish()
        return Left.CLOSED
    has_secrets = record["status"] not in FINAL_STATES and record.get("secrets")
    if has_secrets and not (clean is not None and clean(run.building, record)):
        drop_unlooked_at(run.building)
    _end_as(run, status, record=record)
    return Left.CLOSED


def _end_as(run: RunFolder, status: str, *, record: dict[str, Any]) -> None:
    verdict = Verdict.cancelled() if status == "cancelled" else Verdict.interrupted()
    verdict = finish_without_worker(run, verdict.at(Place(**record["progress"])), record=record)
    close_folder(run, verdict, record=record)


def _remove_recordless(run: RunFolder) -> Left:
    if time.time() - run.building.stat().st_mtime < RECORDLESS_S:
        return Left.HELD
    shutil.rmtree(run.building)
    return Left.NOTHING


def _check_shown(run: RunFolder, *, status: str) -> Left:
    """Look at a folder that was shown; one under another state was shown too late, and is taken back."""
    record = read_record(run.final)
    if record is None:
        return Left.NOTHING
    if record["status"] != status:
        run.final.rename(run.building)
        _forget_latest(run, str(record["template"]))
        with _locked(run.building):
            _end_as(run, status, record=record)
    return Left.CLOSED


def _forget_latest(run: RunFolder, template: str) -> None:
    pointer = run.root / "latest" / latest_name(template)
    with contextlib.suppress(OSError):
        if pointer.readlink().name == run.run_id:
            pointer.unlink()
