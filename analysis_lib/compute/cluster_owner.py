"""The owner's side of a cluster's process: start it, hear from it, end it. The other side is `cluster_process`."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import weakref
from contextlib import suppress
from typing import IO, Any

from analysis_lib.errors import ClusterStartError

__all__ = ["START_SECONDS", "STOP_SECONDS", "OwnedProcess"]

START_SECONDS = 60.0
STOP_SECONDS = 12.0
# `-P`: a file of the working folder, say json.py, must not replace the standard library's in the new process.
START_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from analysis_lib.compute.cluster_process import main; main()"
)


class OwnedProcess:
    """A process that runs a cluster and ends when this one does.

    Attributes
    ----------
    folder : str
        Where workers spill; 0700, so that no rows are open to other accounts of the machine; removed with the process.
    """

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="cohorthub-cluster-")
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", START_CODE, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # an interrupt meant for the kernel must not reach the scheduler
        )
        # Runs at exit as well; the process id keeps a forked child from ending its parent's cluster.
        self._finalizer = weakref.finalize(self, _end, self._process, self.folder, owner=os.getpid())

    @property
    def pid(self) -> int:
        """Number of the process.

        Returns
        -------
        int
            As the system counts.
        """
        return self._process.pid

    def start(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Hand over the settings and wait until the cluster is ready.

        Parameters
        ----------
        settings : dict
            What `cluster_process` reads, but ``owner`` and ``local_directory``, which are added here.

        Returns
        -------
        dict
            The event: ``address`` and ``dashboard_port``.

        Raises
        ------
        ClusterStartError
            If the process dies, or says nothing for a minute.
        """
        with suppress(BrokenPipeError):  # it has died already: the missing event says so
            told = {**settings, "owner": os.getpid(), "local_directory": self.folder}
            _pipe(self._process.stdin).write(json.dumps(told) + "\n")
            _pipe(self._process.stdin).flush()
        timer = threading.Timer(START_SECONDS, self._process.kill)
        timer.start()
        try:
            event = self._next_event()
        finally:
            timer.cancel()
        if event.get("event") != "ready":
            raise ClusterStartError(
                f"The Dask cluster did not start within {START_SECONDS:.0f} seconds; found "
                f"{event.get('why', 'no answer from its process')}. The server's log has the details; "
                "without a cluster the same code runs in threads."
            )
        return event

    def wait_for_end(self) -> str:
        """Wait until the process says that it stops, or dies.

        Returns
        -------
        str
            "idle", "closed", "shut down" or "died".
        """
        with _pipe(self._process.stdout):
            return str(self._next_event().get("why", "died"))

    def end(self) -> None:
        """Ask it to close, kill what does not, remove its files. Ending twice is no error."""
        self._finalizer()

    def abandon(self) -> None:
        """Kill it before it has become ready: it would not hear the question."""
        self._process.kill()
        self.end()
        _pipe(self._process.stdout).close()

    def _next_event(self) -> dict[str, Any]:
        line = _pipe(self._process.stdout).readline()
        return dict(json.loads(line)) if line else {}


def _pipe(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # noqa: S101 - for the type checker: all streams were asked for as pipes
    return stream


def _end(process: "subprocess.Popen[str]", folder: str, *, owner: int) -> None:
    if os.getpid() != owner:
        return
    import shutil

    import psutil

    workers = []
    with suppress(psutil.NoSuchProcess):
        workers = psutil.Process(process.pid).children(recursive=True)
    with suppress(OSError):
        _pipe(process.stdin).close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for worker in workers:
        with suppress(psutil.NoSuchProcess):  # as it should be; psutil tells a reused number from the old process
            worker.kill()
    shutil.rmtree(folder, ignore_errors=True)
