"""Ending a kernel with everything it started, however it tried to get away.

A process that daemonises leaves its parent, its group and its session; it cannot leave its *subreaper*. The processes
that supervise and execute a report make themselves subreapers, so whatever the kernel left behind becomes their own
child and is found.
"""

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Iterable
from typing import TypedDict

import psutil

from hub_config.process_identity import Process, boot_identity, find_process

__all__ = ["adopt_orphans", "end_descendants", "end_marked", "is_running", "name_process", "reap"]

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
PATIENCE = 5.0  # seconds; a process in an uninterruptible system call cannot be ended sooner


def adopt_orphans() -> None:
    """Make this process the parent of every orphan below it, until it ends (Linux 3.4; elsewhere nothing is done)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants(*, keep: Iterable[int] = (), patience: float = PATIENCE) -> int:
    """Send SIGKILL to every process below this one until none is left.

    SIGTERM is not tried: a stopped process ignores it, and a report's work is thrown away anyhow.

    Parameters
    ----------
    keep : iterable of int
        Process ids that are left alone, with what is below them.
    patience : float
        Seconds after which those that do not end are given up.

    Returns
    -------
    int
        How many are still there.
    """
    kept = set(keep)
    deadline = time.monotonic() + patience
    while True:
        left = _below(psutil.Process(), kept)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process.send_signal(signal.SIGKILL)
        # A process may have forked between the look and the kill: look again until there is nothing to see.
        if not left or time.monotonic() > deadline:
            return len(left)
        time.sleep(0.02)
        for process in left:
            reap(process.pid)


def _below(process: psutil.Process, kept: set[int]) -> list[psutil.Process]:
    found = []
    try:
        children = process.children()
    except psutil.NoSuchProcess:
        return []
    for child in children:
        if child.pid in kept:
            continue
        found.extend(_below(child, kept))
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.status() == psutil.STATUS_ZOMBIE:
                reap(child.pid)
                continue
        found.append(child)
    return found


def reap(pid: int) -> None:
    """Take the exit status of a child that has ended, so that it does not stay as a zombie.

    Parameters
    ----------
    pid : int
        Of any process; if it is no child of this one, or still runs, nothing happens.
    """
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


class NamedProcess(TypedDict):
    """What a record says about a process, so that it can be told from a later one of the same id."""

    pid: int
    pid_started: float | None
    pid_ticks: int | None
    pid_boot: str | None


def name_process(pid: int) -> NamedProcess:
    """Name a process for good.

    Parameters
    ----------
    pid : int
        Process id.

    Returns
    -------
    NamedProcess
        Its id; when it began in seconds since 1970, for people; the same in clock ticks since the machine's start,
        and the name of that start, to compare. All but the id are None if there is no such process.
    """
    found = find_process(pid)
    try:
        started = float(psutil.Process(pid).create_time())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        started = None
    return {
        "pid": pid,
        "pid_started": started,
        "pid_ticks": found.started if found is not None else None,
        "pid_boot": boot_identity() if found is not None else None,
    }


def is_running(pid: int, started: float | None, *, ticks: int | None = None, boot: str | None = None) -> bool:
    """Tell whether the process that `name_process` named is still there.

    Parameters
    ----------
    pid : int
        Process id.
    started : float or None
        Its ``pid_started``; looked at only where one of the others is missing, as in older records.
    ticks : int, optional
        Its ``pid_ticks``.
    boot : str, optional
        Its ``pid_boot``.

    Returns
    -------
    bool
        False too if the id now belongs to another process, or the process is a zombie.
    """
    if ticks is not None and boot is not None:
        return boot == boot_identity() and Process(pid, ticks).is_alive()
    if started is None:
        return False
    try:
        process = psutil.Process(pid)
        # This time is counted from the clock, which may have been corrected since by fractions of a second.
        return abs(process.create_time() - started) < 2 and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def end_marked(name: str, value: str) -> None:
    """Send SIGKILL to every process of this account that was started with a certain environment variable.

    For what is left of a run whose runner is gone, and with it the chain of parents.

    Parameters
    ----------
    name : str
        Name of the variable.
    value : str
        Its value; not empty, and nobody else's.
    """
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied, OSError):
            ours = process.pid != os.getpid() and process.uids().real == os.getuid()
            if ours and process.environ().get(name) == value:
                process.send_signal(signal.SIGKILL)
