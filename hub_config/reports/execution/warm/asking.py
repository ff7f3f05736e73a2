"""The worker's side: asking the warm parent for a kernel, and holding it as if it were a process of one's own."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from hub_config.process_identity import Process
from hub_config.reports.execution.warm.ground import describe_ground, read_limits
from hub_config.reports.execution.warm.messages import BROKEN, Connection, knock

__all__ = ["KernelStart", "WarmKernel", "WarmParent"]

ANSWER_WAIT = 5.0  # seconds for the parent to fork; then a cold kernel is faster
END_WAIT = 5.5  # seconds for the host to end the kernel and all below it
LAUNCHER = ("-m", "ipykernel_launcher", "-f")


@dataclass(frozen=True)
class WarmParent:
    """A parent that is ready, as a worker needs it.

    Parameters
    ----------
    python : str
        The interpreter that it runs.
    channel : socket.socket
        The end that the runner and its forks hold.
    wait_s : float
        Seconds to wait for its answer; more for one that still imports.
    """

    python: str
    channel: socket.socket
    wait_s: float = ANSWER_WAIT


class WarmKernel:
    """A kernel forked by a warm parent, with the face of a `subprocess.Popen`.

    Parameters
    ----------
    connection : Connection
        To the process that holds the kernel.
    pid : int
        The kernel's process id.
    ticks : int
        When it began.
    """

    stdin = stdout = stderr = None

    def __init__(self, connection: Connection, *, pid: int, ticks: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._connection = connection
        self._process = Process(pid, ticks)
        # Time limits are kept by another thread, and a signal handler may come upon itself.
        self._lock = threading.RLock()

    def poll(self) -> int | None:
        """Look whether the kernel has ended.

        Returns
        -------
        int or None
            Its exit status, minus the signal's number if one ended it; None while it runs.
        """
        return self._look(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the kernel has ended.

        Parameters
        ----------
        timeout : float, optional
            Seconds; for ever when left out.

        Returns
        -------
        int
            As `poll` gives it.

        Raises
        ------
        subprocess.TimeoutExpired
            If it still runs then.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self._look(None if deadline is None else max(0.0, deadline - time.monotonic()))) is None:
            if deadline is not None and time.monotonic() >= deadline:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
        return status

    def _look(self, wait: float | None) -> int | None:
        with self._lock:
            if self.returncode is not None:
                return self.returncode
            status = -int(signal.SIGKILL)  # if the host was killed: the system then kills the kernel with it
            try:
                # A wait of 0 raises BlockingIOError, another TimeoutError, if nothing was said.
                status = int(self._connection.receive(wait=wait)["status"])
            except (BlockingIOError, TimeoutError):
                return self.returncode
            except (*BROKEN, KeyError):
                pass
            if self.returncode is None:
                self.returncode = status
            return self.returncode

    def send_signal(self, number: int) -> None:
        """Send the kernel a signal, if it runs.

        Parameters
        ----------
        number : int
            Which one.
        """
        self._process.signal(signal.Signals(number))

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def end(self) -> bool:
        """End the kernel and everything it started, and wait until all is gone.

        Returns
        -------
        bool
            False if something is left, or the host does not answer.
        """
        with self._lock:
            self.kill()
            with contextlib.suppress(*BROKEN):  # if the host is gone, the kernel is gone with it
                self._connection.send({"end": True}, wait=0)
            gone = self._connection.wait_for_end(END_WAIT)
            if self.returncode is None:
                self.returncode = -int(signal.SIGKILL)
            return gone


@dataclass
class KernelStart:
    """How a run's kernel comes to be, and how it came.

    Parameters
    ----------
    parent : WarmParent or None
        Where to ask for a warm one.
    held : sequence of int
        Descriptors that the kernel's host shall hold until all below it has ended.
    tell : callable
        Told, in a sentence, why the kernel is a cold one although there is a parent.
    kernel : WarmKernel or None
        Set when it is warm.
    """

    parent: WarmParent | None = None
    held: Sequence[int] = ()
    tell: Callable[[str], None] = lambda _reason: None
    kernel: WarmKernel | None = None

    @property
    def word(self) -> str:
        """As run.json has it: warm or cold."""
        return "warm" if self.kernel is not None else "cold"

    def end(self) -> None:
        """End a warm kernel and everything it started; a cold one is found among this process's own."""
        if self.kernel is not None:
            self.kernel.end()

    def ask(self, command: Sequence[str], *, options: dict[str, Any]) -> WarmKernel | None:
        """Ask the parent for a kernel.

        Parameters
        ----------
        command : sequence of str
            What would start a cold one.
        options : dict
            What would be given to `subprocess.Popen` with it.

        Returns
        -------
        WarmKernel or None
            None if there is no parent, or its kernel would be another than the command's; `tell` was told why.
        """
        if self.parent is None:
            return None
        if tuple(command[1:4]) != LAUNCHER or os.path.abspath(command[0]) != os.path.abspath(self.parent.python):  # noqa: PTH100
            self.tell("the template's kernel is started by another command than the warm parent's")
            return None
        try:
            self.kernel = self._started(command, options=options)
        except (*BROKEN, KeyError) as failure:
            self.tell(f"the warm parent did not answer ({type(failure).__name__})")
        return self.kernel

    def _started(self, command: Sequence[str], *, options: dict[str, Any]) -> WarmKernel | None:
        environment = dict(options["env"])
        mask = os.umask(0o077)
        os.umask(mask)
        request = {
            "arguments": list(command[3:]),
            "environment": environment,
            "folder": str(options["cwd"]),
            "mask": mask,
            "limits": read_limits(),
            "ground": describe_ground(environment),
        }
        parent = cast("WarmParent", self.parent)
        connection = knock(parent.channel)
        try:
            files = (int(options["stdout"]), int(options["stderr"]), *self.held)
            with contextlib.suppress(ConnectionError):  # the parent may have said no before it heard what was wanted
                connection.send(request, files=files, wait=parent.wait_s)
            said = connection.receive(wait=parent.wait_s)
        except BROKEN:
            connection.close()
            raise
        if "refused" in said:
            connection.close()
            self.tell(str(said["refused"]))
            return None
        return WarmKernel(connection, pid=int(said["kernel"]), ticks=int(said["ticks"]))
