"""One process that starts the others, starts again what dies, and at the end leaves nothing behind."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from hub_config.errors import KeepsDyingError, StartFailedError
from hub_config.launcher.occupancy import Occupancy
from hub_config.launcher.processes import descendants, end_processes, find_process

__all__ = ["Part", "StopRequestedError", "Supervisor"]

MAX_DEATHS = 5
DEATHS_WITHIN_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 8.0
# How often the list of processes is written while all is quiet. One look at /proc takes some milliseconds.
LOOK_SECONDS = 2.0


class StopRequestedError(Exception):
    """Somebody asked for the end while things were still starting."""


@dataclass
class Part:
    """One process to run: a lasting one, or a task that ends by itself.

    Parameters
    ----------
    name : str
        What messages call it.
    argv : sequence of str
        The program and its arguments; no secrets.
    environment : mapping
        The whole environment.
    log : Path
        Where its output goes.
    cwd : Path
        Where it starts.
    lasting : bool, default True
        Whether its end is a fault.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    cwd: Path
    lasting: bool = True
    process: subprocess.Popen[bytes] | None = None
    deaths: deque[float] = field(default_factory=deque)
    start_again_at: float | None = None

    def start(self) -> None:
        """Start the process, in a session of its own so that Ctrl-C reaches only the launcher."""
        self.start_again_at = None
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.argv),
                env=dict(self.environment),
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def status(self) -> int | None:
        """How it ended; None while it runs."""
        return None if self.process is None else self.process.poll()


class Supervisor:
    """The event loop over all parts; used from one thread only.

    Parameters
    ----------
    occupancy : Occupancy
        Where the processes are recorded.
    say : callable
        Takes one line for the person at the terminal.
    """

    def __init__(self, occupancy: Occupancy, say: Callable[[str], None]) -> None:
        self.occupancy = occupancy
        self.say = say
        self.parts: list[Part] = []
        self.stop_requests = 0
        self._last_look = 0.0
        self._said_unwritable = False
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def close(self) -> None:
        """Give back the pair of sockets through which signals wake the loop."""
        self._reader.close()
        self._writer.close()

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Take over the signals that ask for the end, and the one that tells of a child's."""
        handlers = {
            signal.SIGINT: self._on_stop,
            signal.SIGTERM: self._on_stop,
            signal.SIGCHLD: lambda _number, _frame: None,
        }
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup means: stay when the terminal goes
            handlers[signal.SIGHUP] = self._on_stop
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_requests += 1

    def start(self, part: Part) -> None:
        """Start a part and watch over it from now on.

        Parameters
        ----------
        part : Part
            What to start.
        """
        self.parts.append(part)
        part.start()
        self._look()

    def wait_until(self, done: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Let the parts run until `done`; they are still starting, so the end of any lasting one is final.

        Parameters
        ----------
        done : callable
            Asked again and again; must answer at once.
        seconds : float
            How long at most.
        what : str
            What is waited for, for the message.

        Raises
        ------
        StartFailedError
            If a part ends, or the time is over.
        StopRequestedError
            If a signal asks for the end.
        """
        deadline = time.monotonic() + seconds
        while not done():
            if self.stop_requests:
                raise StopRequestedError
            if time.monotonic() > deadline:
                raise StartFailedError(
                    f"{what} took too long; waited {seconds:.0f} seconds. Look into {self.occupancy.home.logs} for "
                    "what it was doing, then try again."
                )
            self._step(0.1)
            for part in self.parts:
                if part.lasting and part.status is not None:
                    raise StartFailedError(
                        f"{part.name} ended while starting; its status was {part.status}. Its last words are in "
                        f"{part.log}."
                    )

    def watch(self) -> None:
        """Run until somebody asks for the end; start again what dies.

        Raises
        ------
        KeepsDyingError
            If one part dies too often.
        """
        while not self.stop_requests:
            due = [part.start_again_at for part in self.parts if part.start_again_at is not None]
            pause = min([LOOK_SECONDS, *(at - time.monotonic() for at in due)])
            self._step(max(pause, 0.0))
            for part in self.parts:
                if part.lasting:
                    self._tend(part)

    def _tend(self, part: Part) -> None:
        now = time.monotonic()
        if part.start_again_at is not None:
            if now >= part.start_again_at:
                part.start()
                self._look()
            return
        if part.status is None:
            return
        part.deaths.append(now)
        while now - part.deaths[0] > DEATHS_WITHIN_SECONDS:
            part.deaths.popleft()
        if len(part.deaths) > MAX_DEATHS:
            raise KeepsDyingError(
                f"{part.name} keeps ending; it was started again {MAX_DEATHS} times within a minute, the last status "
                f"was {part.status}. Everything is being stopped; its last words are in {part.log}."
            )
        pause = 0.0 if len(part.deaths) == 1 else min(2.0 ** (len(part.deaths) - 2), LONGEST_PAUSE_SECONDS)
        part.start_again_at = now + pause
        self.say(f"{part.name} ended (status {part.status}); starting it again")

    def _step(self, seconds: float) -> None:
        readable, _, _ = select.select([self._reader], [], [], seconds)
        if readable:
            with contextlib.suppress(BlockingIOError):
                while self._reader.recv(512):
                    pass
        self._reap_adopted()
        if readable or time.monotonic() - self._last_look >= LOOK_SECONDS:
            self._look()

    def _look(self) -> None:
        self._last_look = time.monotonic()
        running = descendants({os.getpid()})
        try:
            self.occupancy.record(running)
        except OSError as refused:
            # A full disk must not end a hub that runs: the list is needed only should this process be killed.
            if not self._said_unwritable:
                self._said_unwritable = True
                self.say(f"the list of processes cannot be written ({refused.strerror}); free some space")

    def _reap_adopted(self) -> None:
        """Take note of the end of orphans that the kernel gave us; a zombie would look alive to the hub."""
        own = {part.process.pid: part for part in self.parts if part.process is not None}
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            part = own.get(ended.si_pid)
            if part is not None:
                # subprocess must be the one to reap it, to learn its status.
                if part.status is None:
                    return
            else:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(ended.si_pid, os.WNOHANG)

    def stop(self, *, first: Sequence[str], seconds: float) -> None:
        """End everything that runs below this process.

        Parameters
        ----------
        first : sequence of str
            Names of parts that are asked before the others, and given time to end what they hold in order.
        seconds : float
            How long they have; a second request for the end cuts it short.
        """
        asked_before = self.stop_requests
        try:
            self._end_in_order(first, seconds, asked_before=asked_before)
        finally:
            self._end_all(hurried=self.stop_requests > max(asked_before, 1))

    def _end_in_order(self, first: Sequence[str], seconds: float, *, asked_before: int) -> None:
        leading = [part for part in self.parts if part.name in first and part.status is None]
        for part in leading:
            if part.process is not None and (process := find_process(part.process.pid)) is not None:
                process.signal(signal.SIGTERM)
                process.signal(signal.SIGCONT)
        deadline = time.monotonic() + seconds
        while any(part.status is None for part in leading) and time.monotonic() < deadline:
            if self.stop_requests > max(asked_before, 1):
                self.say("ending everything at once")
                break
            self._step(0.1)

    def _end_all(self, *, hurried: bool) -> None:
        # Again and again: what loses its parent here becomes our child, and is seen in the next round.
        for grace in (0.0 if hurried else 2.0, 0.5, 0.0, 0.0):
            if left := descendants({os.getpid()}):
                end_processes(left, grace_seconds=grace)
            self._reap_adopted()
        for part in self.parts:
            if part.process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    part.process.wait(timeout=1)
        self._reap_adopted()
