"""The runs that there are, and closing those whose runner is gone."""

import contextlib
import fcntl
import json
import logging
import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub_config.errors import DiskFullError, RunNotFoundError
from hub_config.reports.folders.closing import close_folder, finish_without_worker
from hub_config.reports.folders.run_folders import FINAL_STATES, RUN_ID, RunFolder, remove_scratch
from hub_config.reports.folders.sealing import seal_folder
from hub_config.reports.processes import end_marked, is_running
from hub_config.reports.verdicts import Place, Verdict

logger = logging.getLogger(__name__)

__all__ = ["close_interrupted", "drop_unlooked_at", "find_run", "list_runs", "read_record", "runner_lives"]

# A folder without a record for longer than this was left by a runner killed in its first moment.
RECORDLESS_S = 60
# What the run's own processes write holds no secret: the notebook and the page are masked before they are saved.
LOOKED_AT = frozenset({"run.json", "template.ipynb", "environment.txt", "report.ipynb", "report.html", ".ballast"})
DROPPED = (
    "What this run wrote was thrown away: it was cut short, and its secrets could not be looked for in it, "
    "because they have changed since or cannot be read here.\n"
)


def list_runs(root: Path) -> list[dict[str, Any]]:
    """Read the records of all runs, after closing those that were interrupted.

    Parameters
    ----------
    root : Path
        The folder that holds the runs; it need not exist.

    Returns
    -------
    list of dict
        What each ``run.json`` holds and ``folder`` (str), the newest start first. A run still going on has the status
        ``running``. Folders without a readable record are left out.
    """
    close_interrupted(root)
    records = []
    for folder in _folders(root):
        record = read_record(folder)
        if record is not None:
            records.append(record | {"folder": str(folder)})
    return sorted(records, key=lambda record: (str(record.get("started_at")), str(record["run_id"])), reverse=True)


def find_run(root: Path, run_id: str) -> dict[str, Any]:
    """Read the record of one run.

    Parameters
    ----------
    root : Path
        The folder that holds the runs.
    run_id : str
        Which; ``latest/TEMPLATE`` is not one.

    Returns
    -------
    dict
        As `list_runs` gives it.

    Raises
    ------
    RunNotFoundError
        If there is no run of this id.
    """
    close_interrupted(root)
    if RUN_ID.fullmatch(run_id):
        run = RunFolder(root, run_id)
        for folder in (run.final, run.building, run.final):  # it may be renamed between the looks
            record = read_record(folder)
            if record is not None:
                return record | {"folder": str(folder)}
    raise RunNotFoundError(
        f"There is no such run in {root}; found none of the id given. See them with `cohorthub report list`."
    )


def read_record(folder: Path) -> dict[str, Any] | None:
    """Read ``run.json`` of one folder.

    Parameters
    ----------
    folder : Path
        A run's folder.

    Returns
    -------
    dict or None
        None if it is not there or not a record.
    """
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    whole = isinstance(record, dict) and {"run_id", "status", "template", "progress"} <= set(record)
    return record if whole and isinstance(record["progress"], dict) else None


def _folders(root: Path) -> Iterator[Path]:
    """Give the folders of runs below `root`, those going on included."""
    with contextlib.suppress(OSError):
        for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
            running = entry.name.startswith(".") and entry.name.endswith(".running")
            run_id = entry.name[1 : -len(".running")] if running else entry.name
            if RUN_ID.fullmatch(run_id) and run_id != "latest" and entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)


def close_interrupted(root: Path) -> list[str]:
    """Give a last state to every run whose runner is gone: killed, or lost with the machine.

    Any number of processes may do this at once; one of them does the work.

    Parameters
    ----------
    root : Path
        The folder that holds the runs; it need not exist.

    Returns
    -------
    list of str
        Ids of the runs closed by this call.
    """
    closed = []
    for building in _folders(root):
        if building.name.startswith("."):
            try:
                with _locked(building):
                    if _close_if_left(root, building):
                        closed.append(building.name[1 : -len(".running")])
            except (OSError, DiskFullError, TypeError, ValueError, KeyError) as strange:
                # Held by another process, no room, or not a record of ours: the other runs are still to be shown.
                logger.debug("%s was not closed: %s", building.name, type(strange).__name__)
    return closed


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _close_if_left(root: Path, building: Path) -> bool:
    if not building.exists():  # another process closed it while this one waited
        return False
    record = read_record(building)
    if record is None:
        _remove_if_recordless(building)
        return False
    if record.get("host") != socket.gethostname() or runner_lives(record):
        return False
    end_marked("COHORTHUB_RUN_DIR", str(building))
    remove_scratch(Path(str(record.get("scratch"))))
    folder = RunFolder(root, building.name[1 : -len(".running")])
    if record["status"] in FINAL_STATES:
        # It had ended, and was killed before it could show the folder: its own word stands.
        seal_folder(folder, record)
        folder.publish()
        return True
    if record.get("secrets"):
        drop_unlooked_at(building)
    verdict = Verdict.interrupted().at(Place(**record["progress"]))
    verdict = finish_without_worker(folder, verdict, record=record)
    close_folder(folder, verdict, record=record)
    return True


def drop_unlooked_at(building: Path) -> None:
    """Take out what a run with secrets wrote where nobody can look for them in it, and say so in its log.

    Parameters
    ----------
    building : Path
        The folder of a run whose process is gone.
    """
    for entry in list(os.scandir(building)):
        if entry.name in LOOKED_AT:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            Path(entry.path).unlink(missing_ok=True)
    (building / "log.txt").write_text(DROPPED, encoding="utf-8")


def _remove_if_recordless(building: Path) -> None:
    """Remove an old folder that never got a record; one whose record cannot be read may be a run going on."""
    try:
        (building / "run.json").lstat()
    except FileNotFoundError:
        if time.time() - building.stat().st_mtime > RECORDLESS_S:
            shutil.rmtree(building, ignore_errors=True)
        return
    logger.warning("The record of the run in %s cannot be read; the folder is left as it is", building)


def runner_lives(record: dict[str, Any]) -> bool:
    """Look for the process that holds a run; a record that does not name one raises, and is left alone.

    Parameters
    ----------
    record : dict
        Of a run on this machine.

    Returns
    -------
    bool
        Whether it is there.
    """
    ticks, boot = record.get("pid_ticks"), record.get("pid_boot")
    return is_running(
        int(record["pid"]),
        float(record["pid_started"]),
        ticks=int(ticks) if ticks is not None else None,
        boot=str(boot) if boot is not None else None,
    )
