"""Which run folders may go, and removing one so that a crash leaves nothing half."""

import contextlib
import datetime as dt
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_config.errors import RunFolderError, RunNotFoundError
from hub_config.reports.folders.run_folders import FINAL_STATES, RUN_ID, RunFolder

__all__ = ["RetentionRule", "expired", "finish_removals", "remove_run_folder"]

SUFFIX = ".removing"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class RetentionRule:
    """How long the runs of a report are kept; a run goes only when both parts let it go.

    Parameters
    ----------
    successes : int or None
        How many of the newest successes stay in any case; None means that only `days` decides, and the newest success.
    days : float or None
        Days after its end for which every run stays; None means that only `successes` decides, and then what did not
        succeed goes once it ended before all the successes that stay.
    """

    successes: int | None = None
    days: float | None = None


def expired(runs: Iterable[Mapping[str, Any]], rule: RetentionRule, *, now: dt.datetime) -> list[str]:
    """Say which runs of one report may be removed.

    Parameters
    ----------
    runs : iterable of mapping
        Records of its runs, with ``run_id``, ``status``, ``ended_at`` (text as in run.json, or a datetime) and,
        for a run that somebody wants to keep, ``kept`` true.
    rule : RetentionRule
        Without any part, nothing goes.
    now : datetime
        With a time zone.

    Returns
    -------
    list of str
        Ids, the oldest end first. Never the newest success, a run that is kept, one that has not ended, or one whose
        end cannot be told.
    """
    if rule.successes is None and rule.days is None:
        return []
    ended = [(_time(run.get("ended_at")), run) for run in runs if run.get("status") in _ENDED]
    dated = sorted(
        ((time, str(run["run_id"]), run) for time, run in ended if time is not None), key=lambda row: row[:2]
    )
    successes = [(time, run_id) for time, run_id, run in dated if run["status"] == "succeeded"]
    staying = successes[-max(1, rule.successes or 1) :]
    enough = len(successes) >= max(1, rule.successes or 1)
    found = []
    for time, run_id, run in dated:
        old = rule.days is None or now - time > dt.timedelta(days=rule.days)
        if run["status"] == "succeeded":
            surplus = (time, run_id) not in staying
        else:
            surplus = rule.days is not None or (enough and (time, run_id) < staying[0])
        if old and surplus and not run.get("kept"):
            found.append(run_id)
    return found


_ENDED = (*FINAL_STATES, "skipped")


def _time(value: Any) -> dt.datetime | None:
    try:
        time = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time if time.tzinfo is not None else time.replace(tzinfo=dt.UTC)


def remove_run_folder(root: Path, run_id: str) -> None:
    """Remove the folder of a run that has ended: first its name, then its files.

    Killed in between, it leaves a hidden folder that is no run. Asked again it goes on there, and so does
    `finish_removals`.

    Parameters
    ----------
    root : Path
        The folder that holds the runs.
    run_id : str
        Of a run that has ended.

    Raises
    ------
    RunNotFoundError
        If there is no folder of that id below `root`, nor what a removal left of it; a link, a file and anything
        outside are none.
    RunFolderError
        If the run goes on, or something of the folder stays.
    """
    if RUN_ID.fullmatch(run_id) is None or run_id == "latest":
        raise RunNotFoundError(
            f"There is no such run in {root}; what was given cannot be a run's id. Look at the list."
        )
    try:
        inside = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as refused:
        raise RunNotFoundError(f"There are no runs in {root}; {refused.strerror}. Look at the list.") from refused
    except OSError as refused:  # a disk that does not answer: what lies on it is not gone
        raise _stays(run_id, refused.strerror) from refused
    try:
        if _is_folder(RunFolder(root, run_id).building.name, inside):
            raise RunFolderError(
                f"The run {run_id} cannot be removed; it goes on, or waits to be closed. Cancel it first."
            )
        _hide_and_remove(root, run_id, inside=inside)
    except OSError as refused:
        raise _stays(run_id, refused.strerror) from refused
    finally:
        os.close(inside)
    _remove_dangling(root)


def _stays(run_id: str, reason: str | None) -> RunFolderError:
    return RunFolderError(f"The run {run_id} cannot be removed whole; {reason}. Whatever is left is tried again.")


def _hide_and_remove(root: Path, run_id: str, *, inside: int) -> None:
    """Remove the folder, and what an earlier removal left that stopped on the way; come back only if both are gone."""
    hidden = f".{run_id}{SUFFIX}"
    found = [name for name in (hidden, run_id) if _is_folder(name, inside)]
    if not found:
        raise RunNotFoundError(f"There is no such run in {root}; it may be removed already. Look at the list.")
    # Another service may be at it as well, so what has gone meanwhile is no failure.
    for name in found:
        with contextlib.suppress(FileNotFoundError):
            if name == run_id:
                os.rename(run_id, hidden, src_dir_fd=inside, dst_dir_fd=inside)
                os.fsync(inside)
            _remove_tree(root / hidden)
    if _is_folder(hidden, inside) or _is_folder(run_id, inside):
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))


def _is_folder(name: str, inside: int) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=inside, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def finish_removals(root: Path) -> int:
    """Take away what removals left that were killed on the way.

    Parameters
    ----------
    root : Path
        The folder that holds the runs; it need not exist.

    Returns
    -------
    int
        How many folders went.
    """
    count = 0
    with contextlib.suppress(OSError):
        for entry in os.scandir(root):
            hidden = entry.name.startswith(".") and entry.name.endswith(SUFFIX)
            if hidden and RUN_ID.fullmatch(entry.name[1 : -len(SUFFIX)]) and entry.is_dir(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    _remove_tree(Path(entry.path))
                    count += 1
    return count


def _remove_tree(folder: Path) -> None:
    """Remove a folder without following links, opening folders that a notebook had closed to its own account."""
    _open_up(str(folder))
    top = os.open(folder, _FOLDER)
    try:
        _flatten(top)
    finally:
        os.close(top)
    shutil.rmtree(folder)


def _flatten(top: int) -> None:
    """Move every folder directly into the first: nothing walks down what a notebook can nest a thousand deep."""
    waiting = _folders_in(top)
    while waiting:
        name = waiting.pop()
        _open_up(name, inside=top)
        with contextlib.suppress(OSError):
            inside = os.open(name, _FOLDER, dir_fd=top)
            try:
                for one in _folders_in(inside):
                    _open_up(one, inside=inside)  # one that is closed to its owner cannot be moved
                    moved = f"{secrets.token_hex(8)}{SUFFIX}"
                    with contextlib.suppress(OSError):  # a mount, or gone: the rest goes all the same
                        os.rename(one, moved, src_dir_fd=inside, dst_dir_fd=top)
                        waiting.append(moved)
            finally:
                os.close(inside)


def _folders_in(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]


def _open_up(name: str, *, inside: int | None = None) -> None:
    """Let its owner into a folder; what its account puts in its place meanwhile is left alone, a link above all."""
    with contextlib.suppress(OSError):
        found = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=inside)
        try:
            Path(f"/proc/self/fd/{found}").chmod(0o700)  # a descriptor of this kind takes no fchmod
        finally:
            os.close(found)


def _remove_dangling(root: Path) -> None:
    """Take away links in ``latest/`` that lead to no run any more."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(root / "latest"):
            if entry.is_symlink() and not Path(entry.path).exists():
                Path(entry.path).unlink(missing_ok=True)
