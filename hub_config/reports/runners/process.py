"""The runner: takes runs from the queue, carries them out, tells how they are, and ends when there is nothing to do.

It has one thread and does little itself, so it can fork safely: every run is a process of its own. Should a library
have begun threads all the same, the processes are started anew.
"""

import contextlib
import http.client
import json
import logging
import os
import secrets
import select
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from hub_config.reports.execution.warm.kernels import WarmKernels
from hub_config.reports.execution.warm.preloading import preload, why_no_fork
from hub_config.reports.runners.answering import start_answering
from hub_config.reports.runners.carrying_out import RunProcess, start_run
from hub_config.reports.runners.closing_left import ClosingLeft
from hub_config.reports.runners.messages import OVER, RunReport, SyncAnswer, SyncRequest

__all__ = ["Runner", "main"]

logger = logging.getLogger(__name__)

HEARTBEAT_S = 1.0
HTTP_LIMIT_S = 5.0
GRACE_S = 3.0  # for its runs to end when the runner is told to
FORSAKEN_S = 60.0  # without an answer; then a runner whose home is gone too ends
LONGEST_SILENCE_S = 86_400.0  # what runs wait to be told for so long, nobody comes to tell
REFUSED = (401, 403, 404)  # the service does not know this runner, or not any more


class RunnerRefusedError(Exception):
    """The service wants nothing of this runner."""


@dataclass
class Runner:
    """One runner.

    Parameters
    ----------
    runner_id : str
        The name of its server.
    url : str
        Where the service takes its requests.
    token : str
        What it shows.
    home : Path
        The home.
    capacity : int
        How many runs it carries out at once.
    kernels : WarmKernels or None
        Where its runs get their kernels; None starts each kernel anew.
    forsaken_s : float
        Seconds without an answer after which it looks whether its home is still there.
    """

    runner_id: str
    url: str
    token: str
    home: Path
    capacity: int = 2
    kernels: WarmKernels | None = None
    forsaken_s: float = FORSAKEN_S
    runs: dict[str, RunProcess] = field(default_factory=dict)  # by lease
    is_leaving: bool = False
    _ending: list[RunProcess] = field(default_factory=list)  # done, but their processes are not gone yet
    _connection: http.client.HTTPConnection | None = None
    _unanswered_since: float | None = None
    _idle_since: float = field(default_factory=time.monotonic)
    _idle_s: float = 60.0
    _left: ClosingLeft = field(default_factory=ClosingLeft)
    _process: str = field(default_factory=lambda: secrets.token_hex(10))

    def run(self) -> int:
        """Work until there is nothing to do, or until told to end.

        Returns
        -------
        int
            Exit code.
        """
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        self._warm_up()
        next_sync = 0.0
        while not self._is_over():
            if time.monotonic() >= next_sync:
                next_sync = time.monotonic() + (HEARTBEAT_S if self._sync() else HEARTBEAT_S / 2)
            has_news = self._wait(wake_read, until=next_sync)
            if has_news:
                next_sync = 0.0
        self._leave()
        if self.kernels is not None:
            self.kernels.close()
        return 0

    def _warm_up(self) -> None:
        """Import, while the warm parent does the same, what every run would import."""
        if self.kernels is None:
            return
        self.kernels.tend()
        preload()
        if (reason := why_no_fork()) is not None:
            logger.error("The runner cannot be forked: %s; each run starts in a process of its own, slower", reason)

    def _is_forsaken(self) -> bool:
        """Whether nobody will come any more to take what its runs have to tell."""
        if self._unanswered_since is None:
            return False
        silent_s = time.monotonic() - self._unanswered_since
        return silent_s > LONGEST_SILENCE_S or (silent_s > self.forsaken_s and not self.home.exists())

    def _is_over(self) -> bool:
        if self._is_forsaken():
            logger.error("The reports service is gone; the runner ends")
            self._give_up()
        if self.runs:
            self._idle_since = time.monotonic()
            return False
        return self.is_leaving or time.monotonic() - self._idle_since > self._idle_s

    def _wait(self, wake: int, *, until: float) -> bool:
        """Wait for news of the runs, a signal, or the time of the next heartbeat; say whether to tell at once."""
        if self.kernels is not None:
            self.kernels.tend()
        by_descriptor = {run.news: run for run in (*self.runs.values(), *self._ending) if not run.has_ended}
        left = max(0.0, until - time.monotonic())
        readable, _, _ = select.select([wake, *by_descriptor], [], [], left)
        has_news = False
        if wake in readable:
            os.read(wake, 512)
            self.is_leaving = has_news = True
            for run in self.runs.values():
                run.stop()
        for descriptor in readable:
            if descriptor in by_descriptor:
                has_changed = by_descriptor[descriptor].take_news()
                has_news |= has_changed and by_descriptor[descriptor] not in self._ending
        self._ending = [run for run in self._ending if not run.has_ended]
        for run in self.runs.values():
            if run.has_ended and run.report.phase not in OVER:
                logger.error("The process of run %s ended without a word", run.lease.run_id)
                run.report = replace(run.report, phase="died")
                has_news = True
        has_news |= self._left.look()
        return has_news

    def _sync(self) -> bool:
        """Tell the service what there is, and do what it says; False if it did not answer."""
        # Of a run that is over nothing is left to do, so its place is free in the same breath.
        n_going = sum(run.report.phase not in OVER for run in self.runs.values())
        free = 0 if self.is_leaving else max(0, self.capacity - n_going)
        told = [self._told(run) for run in self.runs.values()]
        closed = dict(self._left.closed)
        request = SyncRequest(self.runner_id, free, told, self.is_leaving, closed, self._process)
        try:
            answer = self._ask(request)
        except RunnerRefusedError:
            logger.warning("The reports service does not know this runner; it ends")
            self._give_up()
            return True
        except (OSError, http.client.HTTPException, ValueError) as silent:
            logger.warning("The reports service does not answer (%s)", type(silent).__name__)
            self._drop_connection()
            self._unanswered_since = self._unanswered_since or time.monotonic()
            return False
        self._unanswered_since = None
        self._left.has_told(closed)
        for run in self.runs.values():
            run.has_told()
        self._do(answer)
        return True

    def _told(self, run: RunProcess) -> RunReport:
        report = run.report
        was_stopped = report.verdict is not None and report.verdict["status"] == "cancelled"
        if self.is_leaving and was_stopped and report.phase == "closing":
            return replace(report, verdict={**(report.verdict or {}), "status": "interrupted"})
        return report

    def _ask(self, request: SyncRequest) -> SyncAnswer:
        parts = urlsplit(self.url)
        if self._connection is None:
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(parts.netloc, timeout=HTTP_LIMIT_S)
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        self._connection.request("POST", parts.path, json.dumps(request.to_document()).encode(), headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status in REFUSED:
            raise RunnerRefusedError(f"status {response.status}")
        if response.status != http.client.OK:
            raise ValueError(f"status {response.status}")
        return SyncAnswer.from_document(json.loads(content))

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _do(self, answer: SyncAnswer) -> None:
        self._idle_s = answer.idle_s
        for lease_id in answer.lost:
            self._lose(lease_id)
        for lease_id in answer.stop:
            if lease_id in self.runs:
                self.runs[lease_id].stop()
        for lease_id, status in answer.agreed.items():
            if lease_id in self.runs:
                self.runs[lease_id].answer(status)
        for lease_id in answer.done:
            run = self.runs.pop(lease_id, None)
            if run is not None and not run.has_ended:
                self._ending.append(run)
        self._left.begin(answer.left)
        for lease in answer.leases:
            if lease.lease_id in self.runs:
                continue  # it was given again because an answer was thought to be lost
            warm = self.kernels.offer(while_importing=True) if self.kernels is not None else None
            open_runs = [run for run in (*self.runs.values(), *self._ending) if not run.has_ended]
            kept = tuple(descriptor for run in open_runs for descriptor in (run.news, run.word))
            socket = getattr(self._connection, "sock", None)
            inherited = (*kept, *([socket.fileno()] if socket is not None else []))
            self.runs[lease.lease_id] = start_run(lease, home=self.home, inherited=inherited, warm=warm)

    def _lose(self, lease_id: str) -> None:
        """End a run that has had its final state from somebody else."""
        run = self.runs.get(lease_id)
        if run is None:
            return
        run.stop()
        run.answer("interrupted")
        if run.has_ended:
            del self.runs[lease_id]

    def _give_up(self) -> None:
        """Nobody wants this runner any more: its runs have had their final state."""
        self.is_leaving = True
        for run in self.runs.values():
            run.stop(hard=True)
            if not run.has_ended:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(run.pid, 0)
            run.close()
        self.runs.clear()

    def _leave(self) -> None:
        """Say good-bye, so that nobody waits for a heartbeat."""
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError, RunnerRefusedError):
            self._ask(SyncRequest(self.runner_id, 0, (), is_leaving=True, process=self._process))
        self._drop_connection()


def main(environment: Mapping[str, str] | None = None) -> int:
    """Be a runner, as the hub's spawner starts it.

    Parameters
    ----------
    environment : mapping, optional
        Names and values; the process's own when left out.

    Returns
    -------
    int
        Exit code.
    """
    given = os.environ if environment is None else environment
    os.umask(0o077)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    needed = ("JUPYTERHUB_API_TOKEN", "JUPYTERHUB_SERVER_NAME", "COHORTHUB_REPORTS_URL", "COHORTHUB_HOME")
    missing = [name for name in needed if not given.get(name)]
    if missing:
        sys.stderr.write(f"error: the runner lacks its settings; not in the environment: {', '.join(missing)}.\n")
        return 2
    port = next((int(word.partition("=")[2]) for word in sys.argv[1:] if word.startswith("--port=")), None)
    answering = start_answering(given.get("JUPYTERHUB_SERVICE_URL", ""), port=port)
    runner = Runner(
        runner_id=given["JUPYTERHUB_SERVER_NAME"],
        url=given["COHORTHUB_REPORTS_URL"].rstrip("/") + "/runner/sync",
        token=given["JUPYTERHUB_API_TOKEN"],
        home=Path(given["COHORTHUB_HOME"]),
        capacity=int(given.get("COHORTHUB_RUNNER_CAPACITY") or 2),
    )
    for name in [name for name in os.environ if name.startswith(("JUPYTERHUB_", "JPY_"))]:
        del os.environ[name]  # no report inherits what the hub gave to the runner
    try:
        # After the removal: the warm parent gets what is left.
        runner.kernels = WarmKernels.for_home(runner.home, given=os.environ)
    except OSError as refused:
        logger.warning("Kernels are started cold; the kernel spec cannot be written: %s", refused.strerror)
    try:
        return runner.run()
    finally:
        if answering is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(answering, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
