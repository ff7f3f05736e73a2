"""Running what was asked for: a few at a time, each in a process group of its own, all ended with the service."""

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from hub_config.home import write_private
from hub_config.reports.run_folders import utc_now
from hub_config.reports.service.asked import Asked, AskedStore

__all__ = ["RunLine"]

logger = logging.getLogger(__name__)

# The runner ends its kernel and writes the run's last state; after these seconds it is killed with all its children.
CANCEL_GRACE = 8.0
SHUTDOWN_GRACE = 4.0
ANSWER_LIMIT = 1 << 20
# The service's token and addresses are not the notebook's business.
KEPT_FROM_NOTEBOOKS = ("JUPYTERHUB_",)


@dataclass
class RunLine:
    """Runs that wait, in order, and runs that are carried out.

    Parameters
    ----------
    home : Path
        The home whose `runs/` folder the runner writes into.
    store : AskedStore
        The records of what was asked for.
    max_running : int, default 2
        How many are carried out at the same time.
    """

    home: Path
    store: AskedStore
    max_running: int = 2
    _waiting: deque[str] = field(default_factory=deque)
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)
    _endings: set[asyncio.Task[None]] = field(default_factory=set)
    _closed: bool = False

    @property
    def n_waiting(self) -> int:
        """How many runs wait."""
        return len(self._waiting)

    def position(self, run_id: str) -> int | None:
        """Return how many runs begin before this one.

        Parameters
        ----------
        run_id : str
            Which.

        Returns
        -------
        int or None
            None if it does not wait.
        """
        return self._waiting.index(run_id) if run_id in self._waiting else None

    def is_running(self, run_id: str) -> bool:
        """Tell whether this service carries out a run now.

        Parameters
        ----------
        run_id : str
            Which.

        Returns
        -------
        bool
            Also True while it is being stopped.
        """
        return run_id in self._running

    def waiting_of(self, name: str) -> int:
        """Return how many runs of one person wait.

        Parameters
        ----------
        name : str
            The hub's name for them.

        Returns
        -------
        int
            Those that run already are not counted.
        """
        return sum(1 for run_id in self._waiting if (a := self.store.get(run_id)) and a.requested_by == name)

    def submit(self, asked: Asked) -> None:
        """Take a request; it begins at once if there is room.

        Parameters
        ----------
        asked : Asked
            What is asked for; its parameters were checked.
        """
        self.store.save(asked)
        self._waiting.append(asked.run_id)
        self._begin_what_fits()

    def cancel(self, run_id: str) -> bool:
        """Take a run out of the line, or begin to stop it; that takes some seconds, and nobody waits for it.

        Parameters
        ----------
        run_id : str
            Which.

        Returns
        -------
        bool
            False if it neither waits nor runs here.
        """
        if run_id in self._waiting:
            self._waiting.remove(run_id)
            self._close(run_id, state="cancelled")
            return True
        if run_id not in self._running:
            return False
        if self._state(run_id) != "cancelled":
            self._mark(run_id, state="cancelled")
            ending = asyncio.create_task(self._end(run_id, grace=CANCEL_GRACE), name=f"cancel {run_id}")
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
        return True

    async def close(self) -> None:
        """End everything: what waits will not begin, what runs is stopped, and the records say so."""
        self._closed = True
        while self._waiting:
            self._close(self._waiting.popleft(), state="interrupted")
        for run_id in self._running:
            if self._state(run_id) == "started":
                self._mark(run_id, state="interrupted")
        await asyncio.gather(*(self._end(run_id, grace=SHUTDOWN_GRACE) for run_id in list(self._running)))

    def recover(self) -> None:
        """Close the records that an earlier service left open, and end what it left running.

        A run belongs to the service that began it: without one nobody could cancel it or count it.
        """
        for asked in list(self.store):
            if asked.state not in {"queued", "started"}:
                continue
            orphan = _same_process(asked)
            if orphan is not None:
                logger.warning("Ending process %d of run %s, left by an earlier service", orphan.pid, asked.run_id)
                _kill(_tree(orphan))
            self._close(asked.run_id, state="interrupted")

    def _begin_what_fits(self) -> None:
        while self._waiting and len(self._running) < self.max_running and not self._closed:
            run_id = self._waiting.popleft()
            task = asyncio.create_task(self._carry_out(run_id), name=f"run {run_id}")
            self._running[run_id] = task
            task.add_done_callback(lambda done, run_id=run_id: self._finished(run_id, done))  # type: ignore[misc]

    def _finished(self, run_id: str, done: asyncio.Task[None]) -> None:
        self._running.pop(run_id, None)
        self._processes.pop(run_id, None)
        if not done.cancelled() and (failure := done.exception()) is not None:
            logger.error("Run %s could not be carried out", run_id, exc_info=failure)
            self._close(run_id, state="refused", code="INTERNAL")
        self._begin_what_fits()

    async def _carry_out(self, run_id: str) -> None:
        asked = self.store.get(run_id)
        if asked is None:
            return
        folder = self.home / "run" / "reports"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        parameters, log = folder / f"{run_id}.yaml", folder / f"{run_id}.log"
        # Only what was changed: the report then shows which values are the template's own.
        write_private(
            parameters, json.dumps({name: asked.parameters[name] for name in asked.given})
        )  # JSON is YAML, and quotes what YAML would guess at
        try:
            with log.open("wb") as errors:
                log.chmod(0o600)
                process = await asyncio.create_subprocess_exec(
                    *_command(asked, parameters=parameters, home=self.home),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=errors,
                    env=_environment(),
                    start_new_session=True,
                )
            self._processes[run_id] = process
            self._note_process(run_id, process.pid)
            answer = await _read_answer(process)
            status = await process.wait()
            self._record_end(run_id, status=status, answer=answer)
        finally:
            parameters.unlink(missing_ok=True)
        if status == 0:
            log.unlink(missing_ok=True)

    def _note_process(self, run_id: str, pid: int) -> None:
        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            started = None
        state = "started" if self._state(run_id) == "queued" else self._state(run_id)
        self._mark(run_id, state=state, pid=pid, pid_started=started)

    def _record_end(self, run_id: str, *, status: int, answer: bytes) -> None:
        """Note how the process ended. What it did is in the run folder, if it came to have one."""
        state = self._state(run_id)
        if state != "started":  # cancelled, or the service is stopping: said before the process was ended
            self._close(run_id, state=state)
            return
        error = _error_in(answer)
        if (self.home / "runs" / run_id).is_dir():
            self._close(run_id, state="ended")
        elif error:
            self._close(run_id, state="refused", code=error.get("code"), message=error.get("message"))
        else:
            logger.error("Run %s ended with status %d and left no folder", run_id, status)
            self._close(run_id, state="interrupted", code=f"EXIT {status}")

    async def _end(self, run_id: str, *, grace: float) -> None:
        """Ask the run's process to stop; kill it with all its children if it does not."""
        for _ in range(50):  # a run that is just being started has no process yet
            if run_id in self._processes or run_id not in self._running:
                break
            await asyncio.sleep(0.02)
        process = self._processes.get(run_id)
        if process is None:
            return
        members = _tree_of(process.pid)
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        task = self._running.get(run_id)
        if task is not None:
            await asyncio.wait([task], timeout=grace)
        # The kernel has a session of its own, so the process group alone would not reach it.
        _kill(members | _tree_of(process.pid))
        if task is not None:
            await asyncio.wait([task], timeout=1.0)

    def _state(self, run_id: str) -> str:
        asked = self.store.get(run_id)
        return asked.state if asked else "interrupted"

    def _mark(self, run_id: str, **changes: object) -> None:
        asked = self.store.get(run_id)
        if asked is not None:
            self.store.save(replace(asked, **changes))  # type: ignore[arg-type]

    def _close(self, run_id: str, *, state: str, code: str | None = None, message: str | None = None) -> None:
        self._mark(run_id, state=state, ended_at=utc_now(), code=code, message=message)


def _command(asked: Asked, *, parameters: Path, home: Path) -> list[str]:
    words = [sys.executable, "-P", "-m", "hub_config.cli", "report", "run", "--json"]
    words += [f"--parameters-file={parameters}", f"--run-id={asked.run_id}", f"--started-by={asked.requested_by}"]
    return [*words, f"--home={home}", "--", asked.template]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(KEPT_FROM_NOTEBOOKS)}


async def _read_answer(process: asyncio.subprocess.Process) -> bytes:
    """Read the one document the runner writes; what is too long is read away, so that the pipe never fills."""
    kept = b""
    if process.stdout is not None:
        while part := await process.stdout.read(65_536):
            kept = (kept + part)[:ANSWER_LIMIT]
    return kept


def _error_in(answer: bytes) -> dict[str, str] | None:
    try:
        document = json.loads(answer)
    except ValueError:
        return None
    error = document.get("error") if isinstance(document, dict) else None
    return error if isinstance(error, dict) else None


def _same_process(asked: Asked) -> psutil.Process | None:
    """Find the process of a record, if it lives and is the same one still."""
    if asked.pid is None or asked.pid_started is None:
        return None
    try:
        process = psutil.Process(asked.pid)
        return process if abs(process.create_time() - asked.pid_started) < 0.05 else None
    except psutil.NoSuchProcess:
        return None


def _tree_of(pid: int) -> set[psutil.Process]:
    try:
        return _tree(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return set()


def _tree(process: psutil.Process) -> set[psutil.Process]:
    try:
        return {process, *process.children(recursive=True)}
    except psutil.NoSuchProcess:
        return {process}


def _kill(processes: set[psutil.Process]) -> None:
    for process in processes:
        try:
            process.kill()  # psutil compares the start time first, so a pid that was given away is left alone
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            logger.warning("Process %d of a run cannot be ended: it belongs to another account", process.pid)
