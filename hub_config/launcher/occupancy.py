"""Who holds a home: the lock of the one launcher, what it says about itself, and the list of its processes."""

import fcntl
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hub_config.errors import AlreadyRunningError
from hub_config.home import Home, write_private
from hub_config.launcher.processes import Process, boot_identity, descendants, find_process

__all__ = ["Occupancy", "already_running", "is_held", "left_over", "read_state", "running_launcher"]

_LOCK = "lock"
_STATE = "state.json"
_PROCESSES = "processes.json"


class Occupancy:
    """The lock on one home, held until this process ends, however it ends.

    Parameters
    ----------
    home : Home
        The home, whose folders exist.

    Raises
    ------
    AlreadyRunningError
        If another launcher holds it.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._lock = os.open(home.run / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise already_running(home) from None
        self._recorded: frozenset[Process] | None = None

    def say(self, **state: Any) -> None:
        """Publish what this launcher is and where it answers.

        Parameters
        ----------
        **state : JSON-able
            `url`, `ready` and the like.
        """
        me = find_process(os.getpid())
        document = {"pid": os.getpid(), "started": me and me.started, "boot": boot_identity(), **state}
        write_private(self.home.run / _STATE, json.dumps(document) + "\n")

    def record(self, processes: Iterable[Process]) -> None:
        """Keep the list of processes to end should this launcher be killed; written only when it has changed.

        Parameters
        ----------
        processes : iterable of Process
            All that run below this launcher.
        """
        now = frozenset(processes)
        if now == self._recorded:
            return
        document = {"boot": boot_identity(), "processes": [[p.pid, p.started] for p in sorted(now)]}
        write_private(self.home.run / _PROCESSES, json.dumps(document) + "\n")
        self._recorded = now

    def is_clear(self) -> bool:
        """Tell whether nothing runs any more, of this launcher or of one before it.

        Returns
        -------
        bool
            False as long as somebody will need the list of processes.
        """
        return not descendants({os.getpid()}) and not left_over(self.home)

    def release(self) -> None:
        """Give the lock back; the list of processes goes only when nothing of it runs any more."""
        try:
            (self.home.run / _STATE).unlink(missing_ok=True)
            if self.is_clear():
                (self.home.run / _PROCESSES).unlink(missing_ok=True)
        finally:
            os.close(self._lock)


def left_over(home: Home) -> list[Process]:
    """Read what an earlier launcher recorded and did not end.

    Parameters
    ----------
    home : Home
        The home; no launcher holds it, or it is the caller.

    Returns
    -------
    list of Process
        Those that still run.
    """
    try:
        document = json.loads((home.run / _PROCESSES).read_text(encoding="utf-8"))
        if document["boot"] != boot_identity():
            return []
        recorded = [Process(int(pid), int(started)) for pid, started in document["processes"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # none was written, or it was cut off: nothing can be told apart by it
    return [process for process in recorded if process.is_alive()]


def read_state(home: Home) -> dict[str, Any]:
    """Read what the home's launcher said last.

    Parameters
    ----------
    home : Home
        The home.

    Returns
    -------
    dict
        Empty where there is nothing to read.
    """
    try:
        document = json.loads((home.run / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def running_launcher(home: Home) -> Process | None:
    """Find the launcher that holds a home.

    Parameters
    ----------
    home : Home
        The home.

    Returns
    -------
    Process or None
        None where none runs, or it has only just begun.
    """
    state = read_state(home)
    pid, started = state.get("pid"), state.get("started")
    if state.get("boot") != boot_identity() or not isinstance(pid, int) or not isinstance(started, int):
        return None
    process = Process(pid, started)
    return process if process.is_alive() else None


def is_held(home: Home) -> bool:
    """Tell whether a launcher holds the home, without waiting and without leaving a trace.

    Parameters
    ----------
    home : Home
        The home.

    Returns
    -------
    bool
        Whether the lock is taken.
    """
    try:
        descriptor = os.open(Path(home.run / _LOCK), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def already_running(home: Home) -> AlreadyRunningError:
    """Build the error that names the launcher on a home.

    Parameters
    ----------
    home : Home
        The home.

    Returns
    -------
    AlreadyRunningError
        To raise.
    """
    state = read_state(home)
    where = state.get("url") if state.get("ready") else "still starting"
    return AlreadyRunningError(
        f"already running (pid {state.get('pid', 'unknown')}, {where}). Use that one, or end it with `cohorthub down`."
    )
