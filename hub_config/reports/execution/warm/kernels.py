"""The runner's side: one warm parent of the account, started, watched, replaced, ended."""

import contextlib
import json
import logging
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hub_config.kernels import KERNEL_NAME, ensure_kernel
from hub_config.reports.execution.kernel_environment import kernel_environment
from hub_config.reports.execution.warm.asking import WarmParent
from hub_config.reports.execution.warm.messages import BROKEN, Connection

__all__ = ["WarmKernels"]

logger = logging.getLogger(__name__)

BOOT = Path(__file__).with_name("boot.py")
IMPORT_WAIT = 15.0  # seconds that a run waits for a parent that still imports
END_WAIT = 8.0  # seconds for a parent to end its kernels and itself
PAUSES = (0.0, 1.0, 10.0, 60.0)  # seconds before another attempt, the more often it failed


class _Started:
    """One parent process."""

    def __init__(self, python: str, *, environment: Mapping[str, str], modules: Sequence[str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cohorthub-warm-"))
        self.ready: dict[str, Any] | None = None
        self.stopped: str | None = None
        self.channel, their_channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        status, their_status = socket.socketpair()
        self.status = Connection(status)
        with their_channel, their_status, (self.folder / "log.txt").open("wb") as log:
            self.process = subprocess.Popen(
                [python, str(BOOT), str(their_channel.fileno()), str(their_status.fileno()), *modules],
                pass_fds=(their_channel.fileno(), their_status.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,  # nothing is found here by chance, a matplotlibrc for one
                env={**environment, "TMPDIR": str(self.folder)},
                umask=0o077,
                start_new_session=True,  # a signal to the runner's group is not meant for it
            )

    def listen(self) -> None:
        """Take in what it says of itself."""
        with contextlib.suppress(*BROKEN):
            while select.select([self.status], [], [], 0)[0]:
                said = self.status.receive(wait=1)
                if "stopped" in said:
                    self.stopped = str(said["stopped"])
                else:
                    self.ready = said
                    self.stopped = said["refusal"]

    def let_go(self) -> None:
        """Hold it no longer; it ends when the last run that may ask it has ended."""
        self.channel.close()

    def forget(self) -> None:
        """Remove what is left of one that has ended."""
        self.channel.close()
        self.status.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def end(self) -> None:
        """End it with all its kernels."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(END_WAIT)
            except subprocess.TimeoutExpired:
                self.process.kill()  # its hosts see that, and end their kernels
                self.process.wait()
        self.forget()


class WarmKernels:
    """The warm parent that a runner keeps for the runs it forks.

    Parameters
    ----------
    python : str
        The kernels' interpreter, as their kernel spec names it.
    environment : mapping of str to str
        What kernels get, without what is each run's own.
    modules : sequence of str, optional
        What it imports; the stack of the analysis library when left out.
    """

    def __init__(self, python: str, *, environment: Mapping[str, str], modules: Sequence[str] = ()) -> None:
        self._python = python
        self._environment = dict(environment)
        self._modules = tuple(modules)
        self._current: _Started | None = None
        self._retired: list[_Started] = []
        self._failures = 0
        self._next_try = 0.0

    @classmethod
    def for_home(cls, home: Path, *, given: Mapping[str, str]) -> "WarmKernels":
        """Make one for the kernel that reports of this home run in.

        Parameters
        ----------
        home : Path
            The CohortHub home.
        given : mapping of str to str
            The runner's environment, from which each run's kernel gets its own.

        Returns
        -------
        WarmKernels
            Not started yet.
        """
        spec = ensure_kernel(home) / "kernels" / KERNEL_NAME / "kernel.json"
        python = json.loads(spec.read_text(encoding="utf-8"))["argv"][0]
        environment = kernel_environment(given, run_dir=home, home=home, scratch=home)
        for name in ("COHORTHUB_RUN_DIR", "IPYTHONDIR"):
            del environment[name]
        return cls(python, environment=environment)

    @property
    def pid(self) -> int | None:
        """Process id of the parent that serves; None if there is none."""
        return self._current.process.pid if self._current is not None else None

    @property
    def imported_s(self) -> float | None:
        """Seconds that its imports took; None until it is ready."""
        ready = self._current.ready if self._current is not None else None
        return float(ready["seconds"]) if ready is not None else None

    def tend(self) -> None:
        """Start the parent if there is none, replace one that has ended or become old; call it once a second."""
        for old in [one for one in self._retired if one.process.poll() is not None]:
            old.forget()
            self._retired.remove(old)
        current = self._current
        if current is not None:
            current.listen()
            if current.process.poll() is not None:
                self._note_failure(current)
            elif current.ready is not None and current.stopped is not None:
                self._retire(current)
        if self._current is None and time.monotonic() >= self._next_try:
            self._current = _Started(self._python, environment=self._environment, modules=self._modules)

    def _note_failure(self, current: _Started) -> None:
        self._current = None
        self._failures = 0 if current.ready is not None else self._failures + 1
        # One that was ready and was killed is replaced at once; one that cannot even begin is not tried for ever.
        self._next_try = time.monotonic() + PAUSES[min(self._failures, len(PAUSES) - 1)]
        logger.warning("the warm parent ended with %s; %s", current.process.returncode, _last_line(current.folder))
        current.forget()

    def _retire(self, current: _Started) -> None:
        logger.info("the warm parent is replaced: %s", current.stopped)
        refused = current.ready is not None and current.ready["refusal"] is not None
        self._failures = len(PAUSES) - 1 if refused else 0
        self._next_try = time.monotonic() + PAUSES[self._failures]
        self._current = None
        current.let_go()
        self._retired.append(current)

    def offer(self, *, while_importing: bool = False) -> WarmParent | None:
        """Give what a run needs to ask for a kernel; call it just before the run is forked.

        Parameters
        ----------
        while_importing : bool, default False
            Whether the run shall wait for a parent that still imports, rather than import the same beside it.

        Returns
        -------
        WarmParent or None
            None if there is no parent that may answer: the run then starts a cold kernel.
        """
        self.tend()
        current = self._current
        if current is None or current.stopped is not None:
            return None
        if current.ready is not None:
            return WarmParent(self._python, current.channel)
        return WarmParent(self._python, current.channel, wait_s=IMPORT_WAIT) if while_importing else None

    def wait_until_ready(self, wait: float = 60.0) -> bool:
        """Wait for the parent's imports.

        Parameters
        ----------
        wait : float, default 60
            Seconds.

        Returns
        -------
        bool
            Whether `offer` would give a parent.
        """
        deadline = time.monotonic() + wait
        while self.offer() is None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def close(self) -> None:
        """End the parent, with the kernels of runs that still go on."""
        for one in (*self._retired, *([self._current] if self._current is not None else [])):
            one.end()
        self._retired, self._current = [], None

    def __enter__(self) -> "WarmKernels":
        self.tend()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _last_line(folder: Path) -> str:
    try:
        lines = (folder / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "it said nothing"
