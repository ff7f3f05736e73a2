"""Running what was asked for: a few at a time, each in a process group of its own, all ended with the service."""

import asyncio
import contextlib
import json
import logging
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from hub_config.home import write_private
from hub_config.reports.folders.run_folders import utc_now
from hub_config.reports.processes import is_running, name_process
from hub_config.reports.service.asked import Asked, AskedStore
from hub_config.reports.service.ending import end_for_good, tree_of
from hub_config.reports.service.runner import close_cut_off_runs, error_in, read_answer, start_runner

__all__ = ["RunLine"]

logger = logging.getLogger(__name__)

# The runner ends its kernel and writes the run's last state; after these seconds it is killed with all its children.
CANCEL_GRACE = 8.0
SHUTDOWN_GRACE = 2.5


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
    _background: set[asyncio.Task[None]] = field(default_factory=set)
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
        self.store.save(asked)  # if there is no room for it, the run is not taken
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
            self._background.add(ending)
            ending.add_done_callback(self._background.discard)
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
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    def recover(self) -> None:
        """Close the records that an earlier service left open, and end what it left running.

        A run belongs to the service that began it: without one nobody could cancel it or count it.
        """
        for asked in list(self.store):
            if asked.ended_at is not None:
                continue
            if asked.pid is not None and is_running(
                asked.pid, asked.pid_started, ticks=asked.pid_ticks, boot=asked.pid_boot
            ):
                logger.warning("Ending process %d of run %s, left by an earlier service", asked.pid, asked.run_id)
                end_for_good(tree_of(asked.pid), building=self._building(asked.run_id))
            self._close(asked.run_id, state="cancelled" if asked.state == "cancelled" else "interrupted")

    def close_folders(self) -> None:
        """Have the folders of killed runs closed, in the background."""
        task = asyncio.create_task(close_cut_off_runs(self.home), name="close cut-off runs")
        self._background.add(task)
        task.add_done_callback(self._background.discard)

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
            with log.open("wb") as said:
                log.chmod(0o600)
                process = await start_runner(asked, parameters=parameters, home=self.home, log=said)
            self._processes[run_id] = process
            self._note_process(run_id, process.pid)
            answer = await read_answer(process)
            status = await process.wait()
            self._record_end(run_id, status=status, answer=answer)
        finally:
            parameters.unlink(missing_ok=True)
        if status == 0:
            log.unlink(missing_ok=True)

    def _note_process(self, run_id: str, pid: int) -> None:
        state = "started" if self._state(run_id) == "queued" else self._state(run_id)
        self._mark(run_id, state=state, **name_process(pid))

    def _record_end(self, run_id: str, *, status: int, answer: bytes) -> None:
        """Note how the process ended. What it did is in the run folder, if it came to have one."""
        if self._building(run_id).is_dir() and not self._closed:
            self.close_folders()
        state = self._state(run_id)
        if state != "started":  # cancelled, or the service is stopping: said before the process was ended
            self._close(run_id, state=state)
            return
        error = error_in(answer)
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
        members = _members(process)
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        task = self._running.get(run_id)
        if task is not None:
            await asyncio.wait([task], timeout=grace)
        # The kernel has a session of its own, so the process group alone would not reach it.
        end_for_good(members | _members(process), building=self._building(run_id))
        if task is not None:
            await asyncio.wait([task], timeout=0.5)

    def _building(self, run_id: str) -> Path:
        return self.home / "runs" / f".{run_id}.running"

    def _state(self, run_id: str) -> str:
        asked = self.store.get(run_id)
        return asked.state if asked else "interrupted"

    def _mark(self, run_id: str, **changes: object) -> None:
        asked = self.store.get(run_id)
        if asked is None:
            return
        try:
            self.store.save(replace(asked, **changes))  # type: ignore[arg-type]
        except OSError as failure:
            # The store remembers it all the same; a full disk must not part the service from a run that goes on.
            logger.warning("What became of run %s could not be written down: %s", run_id, failure.strerror)

    def _close(self, run_id: str, *, state: str, code: str | None = None, message: str | None = None) -> None:
        self._mark(run_id, state=state, ended_at=utc_now(), code=code, message=message)


def _members(process: asyncio.subprocess.Process) -> set[psutil.Process]:
    """Give a runner and all below it; once it has ended, its pid may be another's."""
    return tree_of(process.pid) if process.returncode is None else set()
