"""Processes by pid *and* start time, read from /proc: a pid alone is handed out again, and a name proves nothing."""

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True, order=True)
class Process:
    """One process, identified beyond doubt as long as the machine does not restart.

    Parameters
    ----------
    pid : int
        Its process id.
    started : int
        When it started, in clock ticks since the machine's own start.
    """

    pid: int
    started: int

    def is_alive(self) -> bool:
        """Tell whether it still runs; one that has ended and waits to be reaped does not.

        Returns
        -------
        bool
            Whether a process of this pid *and* start time runs.
        """
        seen = _read_stat(self.pid)
        return seen is not None and seen.started == self.started and seen.state not in "ZX"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it is still that process.

        Parameters
        ----------
        number : signal.Signals
            Which one.
        """
        with contextlib.suppress(ProcessLookupError, PermissionError):
            try:
                # Between check and signal the pid cannot pass to another process unseen: the descriptor pins it.
                descriptor = os.pidfd_open(self.pid)
            except ProcessLookupError:
                return
            except OSError:  # no pidfd in this kernel or sandbox: the gap of some microseconds stays
                if self.is_alive():
                    os.kill(self.pid, number)
                return
            try:
                if self.is_alive():
                    signal.pidfd_send_signal(descriptor, number)
            finally:
                os.close(descriptor)


@dataclass(frozen=True)
class _Stat:
    state: str
    parent: int
    started: int


def _read_stat(pid: int | str) -> _Stat | None:
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold spaces and parentheses itself: the fields begin after the last one.
    fields = line[line.rindex(")") + 2 :].split()
    return _Stat(fields[0], int(fields[1]), int(fields[19]))


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def find_process(pid: int) -> Process | None:
    """Look a running process up.

    Parameters
    ----------
    pid : int
        Its process id.

    Returns
    -------
    Process or None
        None where there is none.
    """
    seen = _read_stat(pid)
    return None if seen is None or seen.state in "ZX" else Process(pid, seen.started)


def boot_identity() -> str:
    """Name this run of this machine, and the pid namespace: start times and pids mean nothing outside them.

    Returns
    -------
    str
        Opaque.
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{boot} {Path('/proc/self/ns/pid').readlink()}"


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
    children: dict[int, list[tuple[int, _Stat]]] = {}
    for pid in _all_pids():
        if (seen := _read_stat(pid)) is not None:
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
        seen = _read_stat(pid)
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
