"""Running a report in a fork of the runner, which has everything imported."""

import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from hub_config.errors import HubError
from hub_config.reports.execution.supervisor import Request, run_report
from hub_config.reports.execution.warm.errors import ForkUnsafeError
from hub_config.reports.execution.warm.kernels import WarmKernels
from hub_config.reports.execution.warm.preloading import why_no_fork
from hub_config.reports.verdicts import Place

__all__ = ["ForkedRun", "fork_run"]


class ForkedRun:
    """A run that a fork of this process supervises.

    Parameters
    ----------
    pid : int
        Process id of the supervisor; send it SIGTERM to cancel the run.
    outcome : int
        Descriptor on which it tells how the run ended.
    """

    def __init__(self, pid: int, outcome: int) -> None:
        self.pid = pid
        self._outcome = outcome
        self._told = b""
        self.status: int | None = None

    def fileno(self) -> int:
        """Give the descriptor that becomes readable when the run has ended.

        Returns
        -------
        int
            To wait for with `select`.
        """
        return self._outcome

    def poll(self) -> dict[str, Any] | None:
        """Look whether the run has ended.

        Returns
        -------
        dict or None
            None while it goes on. Keys: ``folder`` (str) and ``verdict`` (fields of a `Verdict`); or ``error`` (str, a
            stable code) and ``message`` if it was refused before anything was made; or nothing, if the supervisor was
            killed: `hub_config.reports.folders.runs.close_interrupted` then closes what it left.
        """
        while self.status is None and select.select([self._outcome], [], [], 0)[0]:
            piece = os.read(self._outcome, 65536)
            self._told += piece
            if not piece:
                self.status = os.waitpid(self.pid, 0)[1]
                os.close(self._outcome)
        if self.status is None:
            return None
        try:
            return dict(json.loads(self._told))
        except ValueError:
            return {}

    def wait(self) -> dict[str, Any]:
        """Wait until the run has ended.

        Returns
        -------
        dict
            As `poll` gives it.
        """
        while (ended := self.poll()) is None:
            select.select([self._outcome], [], [], None)
        return ended

    def cancel(self) -> None:
        """Ask the run to end."""
        if self.status is None:
            os.kill(self.pid, signal.SIGTERM)


def fork_run(request: Request, *, on_cell: Callable[[Place], None], kernels: WarmKernels | None = None) -> ForkedRun:
    """Run a report in a fork of this process.

    Call `hub_config.reports.execution.warm.preload` once before, and keep this process free of threads.

    Parameters
    ----------
    request : Request
        What to run.
    on_cell : callable
        Told, in the run's worker, the `Place` of each cell as it begins.
    kernels : WarmKernels, optional
        Where the run may have its kernel from.

    Returns
    -------
    ForkedRun
        While it goes on.

    Raises
    ------
    ForkUnsafeError
        If this process has threads; ``cohorthub report run`` in a process of its own then does the same.
    """
    reason = why_no_fork()
    if reason is not None:
        raise ForkUnsafeError(
            f"The run cannot be forked from this process; {reason}. Start `cohorthub report run` instead."
        )
    warm = kernels.offer() if kernels is not None else None
    read, write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    # A signal in the moment before the supervisor has its handlers waits for them.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _supervise(lambda: run_report(request, on_cell=on_cell, warm=warm), outcome=write)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(write)
    return ForkedRun(pid, read)


def _supervise(run: Callable[[], Any], *, outcome: int) -> None:
    """Be the supervisor, tell how the run ended, and end."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)  # a signal to the runner's group is the runner's to pass on
    told: dict[str, Any] = {}
    try:
        result = run()
        told = {"folder": str(result.folder), "verdict": asdict(result.verdict)}
    except HubError as refused:
        told = {"error": refused.code, "message": str(refused)}
    except BaseException:  # noqa: BLE001 - nothing of the runner may go on in its fork
        traceback.print_exc()
    finally:
        os.set_blocking(outcome, True)
        os.write(outcome, json.dumps(told).encode())
        os._exit(0)
