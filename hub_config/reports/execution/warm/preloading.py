"""What a runner imports and works out once, so that the workers it forks need not: papermill, nbclient, the page."""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub_config.reports.execution.warm.ground import foreign_threads
from hub_config.reports.folders.provenance import Environment, describe_environment
from hub_config.reports.templates.notebook_files import load_nbformat

__all__ = ["kept_environment", "kept_exporter", "preload", "why_no_fork"]

MODULES = (
    "papermill",
    "papermill.execute",
    "nbclient",
    "nbconvert.filters",
    "jupyter_client.asynchronous",
    "jupyter_client.kernelspec",
    "zmq.asyncio",
    "hub_config.reports.execution.engine",
    "hub_config.reports.execution.supervisor",
    "hub_config.reports.execution.warm.provisioner",
    "hub_config.reports.html.page",
)
_exporters: list[Any] = []
_locks: dict[str | None, tuple[Any, Environment]] = {}


def preload() -> None:
    """Import what a worker needs, make the exporter of the page, and hash the environment.

    No thread, socket or event loop is made: this process is to be forked.
    """
    load_nbformat()
    with _without("pyarrow"):
        for name in MODULES:
            importlib.import_module(name)
    from hub_config.reports.html.page import load_exporter

    if not _exporters:
        _exporters.append(load_exporter())
    kept_environment(None)


@contextlib.contextmanager
def _without(name: str) -> Iterator[None]:
    """Make ``import NAME`` fail at once: papermill asks for Arrow to read from Hadoop, and with it come threads."""
    here = name in sys.modules
    sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # None is how Python is told "not here"
    try:
        yield
    finally:
        if not here:
            del sys.modules[name]


def why_no_fork() -> str | None:
    """Say why this process must not be forked.

    Returns
    -------
    str or None
        None if it may: it has one thread.
    """
    threads = foreign_threads()
    return f"it has threads besides the main one ({', '.join(threads[:5])})" if threads else None


def kept_exporter() -> Any:
    """Give the exporter of the page that `preload` made.

    Returns
    -------
    nbconvert.HTMLExporter or None
        None if there was no `preload`.
    """
    return _exporters[0] if _exporters else None


def kept_environment(python: str | None) -> Environment:
    """Ask what is installed where the kernel runs, anew only if something was installed or removed since.

    Parameters
    ----------
    python : str or None
        The kernel's interpreter; None is this process's own.

    Returns
    -------
    Environment
        As `hub_config.reports.folders.provenance.describe_environment` gives it.
    """
    state = _state_of_packages(python)
    kept = _locks.get(python)
    if kept is None or kept[0] != state or state is None:
        kept = state, describe_environment(python)
        _locks[python] = kept
    return kept[1]


def _state_of_packages(python: str | None) -> Any:
    """Give what changes when a distribution is installed or removed; None where that cannot be told from here."""
    if python is not None:
        return None
    return tuple((folder, _changed_at(folder)) for folder in sys.path if folder and Path(folder).is_dir())


def _changed_at(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116 - for the nanoseconds of a text
    except OSError:
        return 0
