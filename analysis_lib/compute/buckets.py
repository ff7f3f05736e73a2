"""One function over many buckets: on the open cluster if there is one, else in threads of this process."""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

from analysis_lib.compute.machine import usable_cores
from analysis_lib.errors import AnalysisError, BucketFailedError

__all__ = ["MapsItems", "items_at_once", "map_buckets", "map_in_threads", "mapping_place"]

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")


class MapsItems(Protocol):
    """Anything that can run a function over items elsewhere, as an open cluster does."""

    @property
    def place(self) -> str:
        """Where the work runs, in words."""

    @property
    def at_once(self) -> int:
        """How many items are worked on at once."""

    def map_in_order(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Run `function` on every item and return the results in the items' order.

        Parameters
        ----------
        function : callable
            Called with one item.
        items : sequence
            What to call it with.
        """


# The clusters that are open in this process, oldest first; `cluster()` adds, closing removes.
open_clusters: list[MapsItems] = []


def map_buckets(
    function: Callable[[Item], Result], items: Iterable[Item], *, on: MapsItems | None = None
) -> list[Result]:
    """Run `function` on every item, in parallel, and return the results in the items' order.

    Small jobs need no cluster: where none is open, threads of this process do the work (DuckDB, polars and numpy let
    other threads run). Where the work was done is logged at INFO; `mapping_place` says it beforehand.

    Parameters
    ----------
    function : callable
        Called with one item. On a cluster it is pickled, by value if it was defined in a notebook.
    items : iterable
        What to call it with, for example ``range(dataset.bucket_count)``.
    on : Cluster, optional
        The cluster to use; when left out the one opened last in this process, and threads if there is none.

    Returns
    -------
    list
        One result per item, in the order of `items`.

    Raises
    ------
    AnalysisError
        If `function` raises one: it passes unchanged. The work not yet begun is cancelled.
    BucketFailedError
        If `function` raises anything else; the message names the item's place and the error's type, not its text,
        which may hold a person's value; for the same reason that error is no cause, which a notebook would show, but
        the attribute `original`.
    WorkerLostError
        If a worker died repeatedly under the same item, in most cases for lack of memory.
    ClusterStoppedError
        If `on` has been closed or has stopped itself.
    """
    work = list(items)
    where = _chosen(on)
    logger.info("mapping %s over %d items on %s", _name(function), len(work), mapping_place(on=on))
    if not work:
        return []
    if where is not None:
        return where.map_in_order(function, work)
    return map_in_threads(function, work)


def mapping_place(*, on: MapsItems | None = None) -> str:
    """Say in words where `map_buckets` runs its work.

    Parameters
    ----------
    on : Cluster, optional
        As for `map_buckets`.

    Returns
    -------
    str
        For example "2 threads of this process (no cluster is open)".
    """
    where = _chosen(on)
    if where is not None:
        return where.place
    cores = usable_cores()
    return f"{cores} thread{'s' if cores > 1 else ''} of this process (no cluster is open)"


def items_at_once(*, on: MapsItems | None = None) -> int:
    """Say how many items `map_buckets` works on at once.

    Parameters
    ----------
    on : Cluster, optional
        As for `map_buckets`.

    Returns
    -------
    int
        At least 1.
    """
    where = _chosen(on)
    return usable_cores() if where is None else where.at_once


def _chosen(on: MapsItems | None) -> MapsItems | None:
    """Give the cluster that is asked for, else the one opened last; None for threads of this process."""
    return on or (open_clusters[-1] if open_clusters else None)


def map_in_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Run `function` on every item in threads of this process, whether a cluster is open or not: what is in its memory.

    Parameters
    ----------
    function : callable
        Called with one item.
    items : sequence
        What to call it with; may be empty.

    Returns
    -------
    list
        One result per item, in order; errors as `map_buckets`.
    """
    if not items:
        return []
    with ThreadPoolExecutor(min(usable_cores(), len(items)), thread_name_prefix="map_buckets") as pool:
        futures: list[Future[Result]] = [pool.submit(function, item) for item in items]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            # After an error or a Ctrl-C the items that have not begun are dropped; those under way end by themselves.
            pool.shutdown(wait=False, cancel_futures=True)
        for position, future in enumerate(futures):
            if future in done and (error := future.exception()) is not None:
                raise reworded(error, function=function, position=position, items=items)
    return [future.result() for future in futures]


def reworded(
    error: BaseException, *, function: Callable[..., object], position: int, items: Sequence[object]
) -> BaseException:
    """Turn what `function` raised for the item at `position` into what `map_buckets` raises.

    Parameters
    ----------
    error : BaseException
        What came out of the call.
    function : callable
        What was called.
    position : int
        Index of the item in `items`.
    items : sequence
        All items.

    Returns
    -------
    BaseException
        `error` itself if it is one of ours or an interruption, else a BucketFailedError that keeps it as `original`
        and not as its cause, so that no traceback shows its text.
    """
    if isinstance(error, AnalysisError) or not isinstance(error, Exception):
        return error
    failed = BucketFailedError(
        f"The work on item {position + 1} of {len(items)} failed; found {type(error).__name__} in {_name(function)}. "
        "Call the function on that item alone to see the whole error."
    )
    failed.original = error
    return failed


def _name(function: Callable[..., object]) -> str:
    return getattr(function, "__name__", type(function).__name__)
