"""The processes below this one, found and ended with the standard library alone, as kernels' interpreters have no more.

`hub_config.reports.processes` does the same for the hub's own processes, with psutil.
"""

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Collection

__all__ = ["PATIENCE", "die_with_parent", "kill_below", "kill_until_none", "start_ticks", "take_orphans"]

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 5.0  # seconds; a process in an uninterruptible system call cannot be ended sooner
_LIBC = ctypes.CDLL(None, use_errno=True)


def take_orphans() -> None:
    """Make this process the parent of every orphan below it, until it ends."""
    if _LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def die_with_parent(parent: int) -> None:
    """Have the system kill this process when its parent ends.

    Parameters
    ----------
    parent : int
        The parent's process id; if it has ended already, so does this process.
    """
    _LIBC.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def kill_below(*, keep: Collection[int] = ()) -> int:
    """Send SIGKILL once to every process below this one, and take the exit status of those that have ended.

    Parameters
    ----------
    keep : collection of int
        Process ids that are left alone, with what is below them.

    Returns
    -------
    int
        How many there were.
    """
    children: dict[int, list[int]] = {}
    ended = set()
    for name in os.listdir("/proc"):  # noqa: PTH208 - without a Path object per process
        if name.isdecimal():
            state, parent = _state_and_parent(int(name))
            children.setdefault(parent, []).append(int(name))
            if state in "ZX":
                ended.add(int(name))
    found, waiting = 0, [pid for pid in children.get(os.getpid(), []) if pid not in keep]
    while waiting:
        pid = waiting.pop()
        waiting += [child for child in children.get(pid, []) if child not in keep]
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if pid not in ended:
                found += 1
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return found


def kill_until_none(*, patience: float = PATIENCE) -> int:
    """Send SIGKILL to every process below this one until none is left.

    Parameters
    ----------
    patience : float
        Seconds after which those that do not end are given up.

    Returns
    -------
    int
        How many are still there.
    """
    deadline, pause = time.monotonic() + patience, 0.001
    # A process may have forked between the look and the kill: look again until there is nothing to see.
    while (left := kill_below()) and time.monotonic() < deadline:
        time.sleep(pause)
        pause = min(0.05, pause * 2)
    return left


def start_ticks(pid: int) -> int:
    """Tell when a process began.

    Parameters
    ----------
    pid : int
        Its process id.

    Returns
    -------
    int
        Clock ticks since the machine's start, as `hub_config.process_identity` has them; 0 if there is none.
    """
    try:
        return int(_fields(pid)[19])
    except (OSError, ValueError, IndexError):
        return 0


def _fields(pid: int) -> list[str]:
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
        line = file.read()
    return line[line.rindex(")") + 2 :].split()


def _state_and_parent(pid: int) -> tuple[str, int]:
    try:
        fields = _fields(pid)
        return fields[0], int(fields[1])
    except (OSError, ValueError, IndexError):
        return "X", -1
