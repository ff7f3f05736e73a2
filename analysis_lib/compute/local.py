"""The one supported way to get a Dask cluster: on this machine, encrypted, with limits, and gone when its owner is."""

import html
import logging
import os
import secrets
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar

from analysis_lib.compute.buckets import open_clusters, reworded
from analysis_lib.compute.cluster_owner import START_SECONDS, STOP_SECONDS, OwnedProcess
from analysis_lib.compute.machine import usable_cores, usable_memory
from analysis_lib.errors import ClusterStartError, ClusterStoppedError, WorkerLostError

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Cluster", "cluster"]

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_PROCESSES = 8  # beyond these, more threads per worker: a process costs 100 MB and a second to start
WORKERS_SHARE = 0.75  # of the usable memory; the rest is the kernel's and the scheduler's
LEAST_MEMORY = 256 * 2**20  # a worker that has imported pandas and DuckDB fills half of this
TLS_FIELDS = tuple(
    ["tls_ca_file"] + [f"tls_{role}_{part}" for role in ("client", "scheduler", "worker") for part in ("key", "cert")]
)


def cluster(
    *,
    workers: int | None = None,
    threads_per_worker: int | None = None,
    memory_limit: int | str | None = None,
    idle_minutes: float = 30.0,
) -> "Cluster":
    """Start a Dask cluster on this machine and make it the one that Dask uses in this process.

    It speaks TLS with a certificate of its own and refuses every client without it; it listens on loopback only; its
    dashboard opens by the link that the cluster shows; it stops when it is closed, when it has been idle, and when
    this process ends, however it ends. One cluster is open per process: a second call closes the first.

    Parameters
    ----------
    workers : int, optional
        Worker processes; by default one per usable core, at most 8.
    threads_per_worker : int, optional
        By default so many that workers times threads fill the usable cores.
    memory_limit : int or str, optional
        Memory of each worker, in bytes or as "2 GB": it spills to disk from 70 % on and is restarted at 95 %. By
        default an equal share of three quarters of the usable memory.
    idle_minutes : float, default 30
        The cluster stops after so many minutes without work; data persisted on it is then gone.

    Returns
    -------
    Cluster
        Open, with all workers connected. Use it in a ``with`` statement or call `close`.

    Raises
    ------
    ClusterStartError
        If a setting does not fit the machine, or the cluster does not answer within a minute.

    Examples
    --------
    >>> from analysis_lib.compute import cluster, map_buckets
    >>> with cluster(workers=2):
    ...     map_buckets(abs, [-1, 2])
    [1, 2]
    """
    cores = usable_cores()
    n_workers = min(cores, MOST_PROCESSES) if workers is None else workers
    threads = ceil(cores / max(1, n_workers)) if threads_per_worker is None else threads_per_worker
    if n_workers < 1 or threads < 1 or not idle_minutes > 0:
        raise ClusterStartError(
            "workers, threads_per_worker and idle_minutes must be above 0; "
            f"found {n_workers}, {threads} and {idle_minutes:g}. Leave them out for what suits this machine."
        )
    settings = {
        "workers": n_workers,
        "threads_per_worker": threads,
        "memory_limit": _memory_per_worker(memory_limit, n_workers=n_workers),
        "idle_seconds": idle_minutes * 60,
    }
    for earlier in list(open_clusters):
        if isinstance(earlier, Cluster):
            logger.info("closing the cluster that was open in this process: there is one at a time")
            earlier.close()
    return Cluster(settings)


def _memory_per_worker(asked: int | str | None, *, n_workers: int) -> int:
    usable = usable_memory()
    if asked is None:
        share = int(usable * WORKERS_SHARE / n_workers)
    else:
        from dask.utils import parse_bytes

        try:
            share = parse_bytes(asked)
        except ValueError as cause:
            raise ClusterStartError(
                'memory_limit is no amount of memory; found a text that is not like "2 GB". '
                "Give bytes as a number, or a text with a unit."
            ) from cause
    if share < LEAST_MEMORY or share * n_workers > usable:
        raise ClusterStartError(
            f"{n_workers} workers of {_gib(share)} do not fit; found {_gib(usable)} usable here, and a worker needs at "
            f"least {_gib(LEAST_MEMORY)}. Ask for fewer workers or another memory_limit."
        )
    return share


class Cluster:
    """An open Dask cluster on this machine; made by `cluster`, never by hand.

    Parameters
    ----------
    settings : dict
        ``workers``, ``threads_per_worker``, ``memory_limit`` (bytes per worker), ``idle_seconds``.

    Attributes
    ----------
    client : distributed.Client
        For what `map_buckets` does not do: ``submit``, ``persist``, ``gather`` and the rest of Dask's own interface.
    """

    client: "Client"

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._secret = secrets.token_hex(32)
        self._reason: str | None = None  # why it has stopped
        self._lock = threading.Lock()
        self._process = OwnedProcess()
        try:
            security = _new_security()  # both processes import Dask now, at the same time
            keys = {name: getattr(security, name) for name in TLS_FIELDS}
            ready = self._process.start({**settings, "gate_secret": self._secret, "tls": keys})
            self._dashboard_port: int = ready["dashboard_port"]
            self.client = _connect(ready["address"], security, n_workers=settings["workers"])
        except BaseException:
            self._process.abandon()
            raise
        open_clusters.append(self)
        self._watcher = threading.Thread(
            target=_watch, args=(weakref.ref(self), self._process), name="cluster", daemon=True
        )
        self._watcher.start()

    @property
    def is_open(self) -> bool:
        """Whether the cluster takes work.

        Returns
        -------
        bool
            False once it has been closed, has stopped itself or has died.
        """
        return self._reason is None

    @property
    def place(self) -> str:
        """Where the work runs, in words.

        Returns
        -------
        str
            For example "2 Dask workers, 1 thread and 8.9 GiB each".
        """
        workers, threads = self._settings["workers"], self._settings["threads_per_worker"]
        return (
            f"{workers} Dask worker{'s' if workers > 1 else ''}, {threads} thread{'s' if threads > 1 else ''} "
            f"and {_gib(self._settings['memory_limit'])} each"
        )

    @property
    def at_once(self) -> int:
        """How many items are worked on at once.

        Returns
        -------
        int
            Workers times their threads.
        """
        return int(self._settings["workers"] * self._settings["threads_per_worker"])

    @property
    def dashboard_link(self) -> str:
        """A new link to the dashboard, good for one visit; the browser that used it may come back without.

        Returns
        -------
        str
            Inside a hub a path on the hub, through the user's own server; else an address on loopback.
        """
        from analysis_lib.compute.dashboard import link_key

        port, own_server = self._dashboard_port, os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "")
        # A report's kernel may have inherited the prefix of the reports service, which forwards no ports.
        base = f"{own_server}proxy/{port}/" if "/user/" in own_server else f"http://127.0.0.1:{port}/"
        return f"{base}status?key={link_key(self._secret)}"

    def map_in_order(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Run `function` on every item on the workers; `map_buckets` is the shorter way to it.

        Parameters
        ----------
        function : callable
            Called with one item; pickled, by value if it was defined in a notebook or a script.
        items : sequence
            What to call it with.

        Returns
        -------
        list
            One result per item, in the order of `items`.

        Raises
        ------
        BucketFailedError
            If `function` raises anything but an AnalysisError, which passes unchanged.
        WorkerLostError
            If workers died repeatedly under one item.
        ClusterStoppedError
            If the cluster has been closed or has stopped itself.
        """
        from distributed import as_completed

        self._require_open()
        futures = self.client.map(function, items, pure=False)
        places = {future.key: place for place, future in enumerate(futures)}
        try:
            for future in as_completed(futures):
                if future.status != "finished":
                    raise self._failure(future, function=function, place=places[future.key], items=items)
            return list(self.client.gather(futures))
        except BaseException:
            if self.is_open:
                self.client.cancel(futures, force=True)
            raise

    def _failure(
        self, future: Any, *, function: Callable[..., object], place: int, items: Sequence[object]
    ) -> BaseException:
        from distributed import KilledWorker

        if future.status != "error":  # "cancelled" or "lost": the scheduler is gone
            self._mark_stopped("died")
            return self._stopped_error()
        error = future.exception()
        if isinstance(error, KilledWorker):
            lost = WorkerLostError(
                f"Workers died {error.allowed_failures + 1} times under item {place + 1} of {len(items)}; found "
                f"a limit of {_gib(self._settings['memory_limit'])} per worker, most likely exceeded. "
                "Start the cluster with fewer workers or a higher memory_limit, or ask for less at once."
            )
            lost.__cause__ = error
            return lost
        return reworded(error, function=function, position=place, items=items)

    def close(self) -> None:
        """Stop the scheduler and all workers and wait until their processes are gone. Closing twice is no error."""
        self._mark_stopped("closed")
        self._process.end()
        self._watcher.join(STOP_SECONDS)

    def _mark_stopped(self, reason: str) -> None:
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
        with suppress(ValueError):
            open_clusters.remove(self)
        _disconnect(self.client)

    def _require_open(self) -> None:
        if not self.is_open:
            raise self._stopped_error()

    def _stopped_error(self) -> ClusterStoppedError:
        found = {
            "closed": "it has been closed",
            "shut down": "it has been shut down",
            "idle": f"it was idle for {self._settings['idle_seconds'] / 60:g} minutes and stopped itself",
        }.get(self._reason or "", "its process has died")
        return ClusterStoppedError(f"This cluster takes no more work; found that {found}. Start another: cluster().")

    def __enter__(self) -> "Cluster":
        self._require_open()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Cluster({self.place}{'' if self.is_open else ', stopped'})"

    def _repr_html_(self) -> str:
        if not self.is_open:
            return f"<p><b>Dask cluster</b>: stopped ({self._reason}). Start another with <code>cluster()</code>.</p>"
        return (
            f"<p><b>Dask cluster</b>: {html.escape(self.place)}; TLS, this machine only; stops after "
            f"{self._settings['idle_seconds'] / 60:g} idle minutes.<br>"
            f'<a href="{html.escape(self.dashboard_link)}" target="_blank" rel="noreferrer">Open its dashboard</a> '
            "(the link works in one browser; show the cluster again for another link).</p>"
        )


def _new_security() -> Any:
    from ssl import TLSVersion

    from distributed.security import Security

    return Security.temporary(tls_min_version=TLSVersion.TLSv1_3)


def _connect(address: str, security: Any, *, n_workers: int) -> "Client":
    from distributed import Client

    try:
        client = Client(address, security=security, timeout=START_SECONDS, name="cohorthub")
    except OSError as cause:
        raise ClusterStartError(
            f"The Dask cluster cannot be reached; found {type(cause).__name__} on loopback. "
            "Try again; without a cluster the same code runs in threads."
        ) from cause
    client.wait_for_workers(n_workers, timeout=START_SECONDS)
    return client


def _disconnect(client: "Client") -> None:
    with suppress(Exception):  # the other side may be gone already, which is all that is wanted
        client.close(timeout=2)


def _watch(cluster_ref: "weakref.ref[Cluster]", process: OwnedProcess) -> None:
    """Notice that the cluster has stopped by itself, and tell the client before it complains about a lost scheduler."""
    reason = process.wait_for_end()
    stopped = cluster_ref()
    if stopped is not None:
        stopped._mark_stopped(reason)  # noqa: SLF001 - the same module's own class
    process.end()


def _gib(amount: float) -> str:
    return f"{amount / 2**30:.1f} GiB"
