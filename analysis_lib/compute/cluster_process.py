"""The process that holds a cluster: Dask's scheduler, its dashboard and the nannies of the workers.

It is apart from the kernel on purpose. A script needs no ``if __name__ == "__main__"``, since workers are spawned from
here and not from the script; a kernel that is busy or interrupted does not stop the scheduler; and when the kernel
dies, however it dies, the kernel closes our standard input, and we end every worker and go.

Standard input: one JSON line of settings, then silence; its end means "close". Standard output: one JSON line an event.
"""

import asyncio
import json
import logging
import os
import select
import shutil
import ssl
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import IO, Any

import dask
import psutil
from distributed import Nanny, Scheduler, SpecCluster, Worker
from distributed.security import Security

from analysis_lib.compute.dashboard import Gate

__all__ = ["main"]

START_SECONDS = 50.0
LEAVE_SECONDS = 3.0
CLOSE_SECONDS = 8.0
LOOPBACK = "127.0.0.1"
CONFIG = {
    "distributed.comm.require-encryption": True,
    "distributed.worker.multiprocessing-method": "spawn",
    "distributed.worker.http.routes": [],
    "distributed.scheduler.http.routes": [
        "distributed.http.scheduler.info",
        "distributed.http.scheduler.json",
        "distributed.http.health",
        "distributed.http.statics",
    ],
    "distributed.scheduler.idle-timeout": None,
    "distributed.scheduler.dashboard.tls": {"ca-file": None, "key": None, "cert": None},
}
# Dask logs a failed task with its arguments, which may be rows of data; the failure itself reaches the caller anyway.
QUIET = logging.CRITICAL


class GatedScheduler(Scheduler):
    """Dask's scheduler with a gate before its whole HTTP server.

    Parameters
    ----------
    *args : object
        Passed on.
    gate_secret : str
        What the links to the dashboard are signed with.
    **kwargs : object
        Passed on.
    """

    def __init__(self, *args: Any, gate_secret: str, **kwargs: Any) -> None:
        self._gate_secret = gate_secret
        super().__init__(*args, **kwargs)

    def start_http_server(self, *args: Any, **kwargs: Any) -> None:
        """Start the HTTP server and put the gate before it, before the loop can accept a connection.

        Parameters
        ----------
        *args, **kwargs : object
            Passed on.
        """
        super().start_http_server(*args, **kwargs)
        port = self.services["dashboard"].port
        self.http_server.request_callback = Gate(self.http_application, secret=self._gate_secret, port=port)


class ClosedWorker(Worker):
    """Dask's worker without its HTTP server, which shows the worker's state to every account of the machine."""

    def start_http_server(self, *args: Any, **kwargs: Any) -> None:
        """Let Dask make its HTTP server, then stop it listening.

        Parameters
        ----------
        *args, **kwargs : object
            Passed on.
        """
        super().start_http_server(*args, **kwargs)
        self.http_server.stop()


def main() -> None:
    """Run a cluster until its owner closes it, dies, or leaves it idle."""
    events = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what tasks print must not look like an event
    settings = json.loads(sys.stdin.readline())
    dask.config.set(CONFIG)
    try:
        asyncio.run(_serve(settings, events))
    except Exception as failure:
        _say(events, event="failed", why=type(failure).__name__)
        _end_at_once(settings["local_directory"], status=1)
        raise
    _end_at_once(settings["local_directory"], status=0)


async def _serve(settings: dict[str, Any], events: IO[str]) -> None:
    """Run the cluster until it is idle, closed or shut down."""
    cluster = await asyncio.wait_for(_start(settings), START_SECONDS)
    asked_to_close = asyncio.Event()
    loop = asyncio.get_running_loop()
    owner = settings["owner"]
    close = partial(loop.call_soon_threadsafe, asked_to_close.set)
    threading.Thread(target=_await_end, args=(owner, close), name="owner", daemon=True).start()
    _say(
        events,
        event="ready",
        address=cluster.scheduler.address,
        dashboard_port=cluster.scheduler.http_server.port,
    )
    ends = {
        "idle": asyncio.create_task(_become_idle(cluster.scheduler, settings["idle_seconds"])),
        "closed": asyncio.create_task(asked_to_close.wait()),
        "shut down": asyncio.create_task(cluster.scheduler.finished()),  # by the owner, with Dask's own words
    }
    await asyncio.wait(ends.values(), return_when=asyncio.FIRST_COMPLETED)
    reason = next(reason for reason, end in ends.items() if end.done())
    # Told before the scheduler goes: the owner's client then leaves by itself and does not complain of a lost one.
    _say(events, event="stopped", why=reason)
    with suppress(TimeoutError):
        await asyncio.wait_for(asked_to_close.wait(), LEAVE_SECONDS)
    if os.getppid() == owner:
        with suppress(Exception):  # whatever is left after this is ended by force
            await asyncio.wait_for(cluster.close(), CLOSE_SECONDS)


async def _become_idle(scheduler: Scheduler, seconds: float) -> None:
    """Wait until there was no work for so long; the time counts from when the owner has connected."""
    while set(scheduler.clients) <= {"fire-and-forget"}:
        await asyncio.sleep(0.1)
    connected = time.time()
    while time.time() < max(connected, scheduler.idle_since or time.time()) + seconds:
        await asyncio.sleep(min(1.0, seconds / 4))


async def _start(settings: dict[str, Any]) -> Any:
    security = Security(require_encryption=True, tls_min_version=ssl.TLSVersion.TLSv1_3, **settings["tls"])
    shared = {"host": LOOPBACK, "protocol": "tls://", "security": security}
    worker = {
        "cls": Nanny,
        "options": {
            **shared,
            "nthreads": settings["threads_per_worker"],
            "memory_limit": settings["memory_limit"],
            "local_directory": settings["local_directory"],
            "silence_logs": QUIET,
            "worker_class": ClosedWorker,
        },
    }
    scheduler = {
        "cls": GatedScheduler,
        "options": {
            **shared,
            "port": 0,
            "dashboard": True,
            "dashboard_address": f"{LOOPBACK}:0",
            "gate_secret": settings["gate_secret"],
        },
    }
    return await SpecCluster(
        scheduler=scheduler,
        worker=worker,
        workers=dict.fromkeys(range(settings["workers"]), worker),
        security=security,
        silence_logs=QUIET,
        asynchronous=True,
        name="cohorthub",
    )


def _await_end(owner: int, asked_to_close: Callable[[], object]) -> None:
    """Wait for the end of standard input, which comes when the owner closes it or dies.

    A process that the owner forked may hold the other end open beyond that death, so the parent is looked at too.
    """
    while os.getppid() == owner:
        readable, _, _ = select.select([sys.stdin], [], [], 1.0)
        if readable and not os.read(sys.stdin.fileno(), 1024):
            break
    with suppress(RuntimeError):  # the loop has ended by itself
        asked_to_close()


def _say(events: IO[str], **event: Any) -> None:
    with suppress(BrokenPipeError):  # the owner is dead: nobody listens, and there is still work to do
        events.write(json.dumps(event) + "\n")
        events.flush()


def _end_at_once(local_directory: str, *, status: int) -> None:
    """Kill what is left of the workers, remove their files, and end without waiting for threads."""
    left = psutil.Process().children(recursive=True)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=2)  # takes the dead off the process table
    shutil.rmtree(local_directory, ignore_errors=True)
    sys.stderr.flush()
    if status == 0:
        os._exit(0)
