"""Which data releases this process has read: a report must say so, whether or not its author did."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis_lib.catalog.dataset import Dataset

__all__ = ["forget_read", "note_read", "read_so_far", "watch", "watching"]

Watcher = Callable[["Dataset"], None]

_READ: "dict[tuple[str, str, str], Dataset]" = {}
_WATCHERS: list[Watcher] = []


def note_read(dataset: "Dataset") -> None:
    """Take notice that a release was opened by its name, or that a file of it was read.

    Parameters
    ----------
    dataset : Dataset
        The release.
    """
    _READ.setdefault((dataset.name, dataset.release, dataset.manifest_sha256), dataset)
    for watcher in tuple(_WATCHERS):
        watcher(dataset)


def read_so_far() -> "list[Dataset]":
    """List what was read.

    Returns
    -------
    list of Dataset
        Each release once, in the order of the first time.
    """
    return list(_READ.values())


def forget_read() -> None:
    """Begin anew, as a new process would."""
    _READ.clear()
    _WATCHERS.clear()


def watch(watcher: Watcher) -> None:
    """Be told of all that is read from now on.

    Parameters
    ----------
    watcher : callable
        Called with each release, as often as it is read.
    """
    _WATCHERS.append(watcher)


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Be told of what is read for a while.

    Parameters
    ----------
    watcher : callable
        Called with each release, as often as it is read.
    """
    _WATCHERS.append(watcher)
    try:
        yield
    finally:
        if watcher in _WATCHERS:
            _WATCHERS.remove(watcher)
