"""The launcher's processes: what runs below one, and ending it all."""

import ctypes
import os
import signal
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from hub_config.process_identity import Process, Stat, boot_identity, find_process, read_stat

__all__ = [
    "Process",
    "become_subreaper",
    "boot_identity",
    "descendants",
    "end_processes",
    "find_process",
    "own_line",
    "with_descendants",
]

_PR_SET_CHILD_SUBREAPER = 36


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def descendants(roots: Collection[int]) -> set[Process]:
    """Find all running processes below `roots`.

    Parameters
    ----------
    roots : collection of int
        Process ids; they themselves are not in the answer.

    Returns
    -------
    set of Process
        Children, their children and so on.
    """
    children: dict[int, list[tuple[int, Stat]]] = {}
    for pid in _all_pids():
        if (seen := read_stat(pid)) is not None:
            children.setdefault(seen.parent, []).append((pid, seen))
    found: set[Process] = set()
    pending = list(roots)
    while pending:
        for pid, seen in children.get(pending.pop(), ()):
            pending.append(pid)
            if seen.state not in "ZX":
                found.add(Process(pid, seen.started))
    return found


def with_descendants(processes: Iterable[Process]) -> set[Process]:
    """Keep those of `processes` that still run, and add what runs below them.

    Parameters
    ----------
    processes : iterable of Process
        As recorded some time ago.

    Returns
    -------
    set of Process
        All alive.
    """
    alive = {process for process in processes if process.is_alive()}
    return alive | descendants({process.pid for process in alive})


def own_line() -> set[int]:
    """Name this process and those above it, which clearing up must never end.

    Returns
    -------
    set of int
        Process ids.
    """
    line, pid = set(), os.getpid()
    while pid > 0:
        line.add(pid)
        seen = read_stat(pid)
        pid = seen.parent if seen else 0
    return line


def end_processes(processes: Iterable[Process], *, grace_seconds: float) -> None:
    """End processes and all below them: TERM, then KILL.

    Parameters
    ----------
    processes : iterable of Process
        Which; those that have ended are skipped.
    grace_seconds : float
        How long after TERM.
    """
    spared = own_line()
    wanted = {process for process in with_descendants(processes) if process.pid not in spared}
    for process in wanted:
        process.signal(signal.SIGTERM)
        # A stopped process (Ctrl-Z, SIGSTOP) hears TERM only after it goes on.
        process.signal(signal.SIGCONT)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline:
        wanted = {process for process in with_descendants(wanted) if process.pid not in spared}
        if not wanted:
            return
        time.sleep(0.05)
    deadline = time.monotonic() + 2
    while wanted and time.monotonic() < deadline:
        for process in wanted:
            process.signal(signal.SIGKILL)
        time.sleep(0.02)
        wanted = {process for process in with_descendants(wanted) if process.pid not in spared}


def become_subreaper() -> None:
    """Ask the kernel to give this process every orphan of its tree, so that none can slip away.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
