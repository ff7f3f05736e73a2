"""Processes by pid *and* start time, read from /proc: a pid alone is handed out again, and a name proves nothing.

The start time is counted from the machine's own start, so that setting the clock does not change it.
"""

import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Process", "Stat", "boot_identity", "find_process", "read_stat"]


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
        seen = read_stat(self.pid)
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
class Stat:
    """What /proc says about one process.

    Parameters
    ----------
    state : str
        One letter; Z and X have ended.
    parent : int
        Its parent's process id.
    started : int
        When it started, in clock ticks since the machine's own start.
    """

    state: str
    parent: int
    started: int


def read_stat(pid: int) -> Stat | None:
    """Read what /proc says about one process.

    Parameters
    ----------
    pid : int
        Its process id.

    Returns
    -------
    Stat or None
        None where there is none.
    """
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold spaces and parentheses itself: the fields begin after the last one.
    fields = line[line.rindex(")") + 2 :].split()
    return Stat(fields[0], int(fields[1]), int(fields[19]))


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
    seen = read_stat(pid)
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
