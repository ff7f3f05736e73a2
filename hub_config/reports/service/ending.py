"""Ending the processes of a run for good: the runner, its worker, the kernel, and whatever the notebook started."""

import contextlib
import logging
from pathlib import Path

import psutil

from hub_config.reports.processes import end_marked

__all__ = ["end_for_good", "tree_of"]

logger = logging.getLogger(__name__)


def tree_of(pid: int) -> set[psutil.Process]:
    """Return a process and all below it.

    Parameters
    ----------
    pid : int
        Process id.

    Returns
    -------
    set of psutil.Process
        Empty if there is no such process.
    """
    try:
        process = psutil.Process(pid)
        return {process, *process.children(recursive=True)}
    except psutil.NoSuchProcess:
        return set()


def end_for_good(processes: set[psutil.Process], *, building: Path) -> None:
    """Kill processes, and every other that was started for the run.

    Parameters
    ----------
    processes : set of psutil.Process
        Taken earlier; a pid that was given to another process since is left alone.
    building : Path
        The folder the run writes into, which all processes of a run carry in their environment.
    """
    for process in processes:
        try:
            process.kill()  # psutil compares the start time first
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            logger.warning("Process %d of a run cannot be ended: it belongs to another account", process.pid)
    with contextlib.suppress(psutil.Error):
        end_marked("COHORTHUB_RUN_DIR", str(building))
