"""On what ground a process stands: whether a fork of it is the same as a fresh process would be.

Standard library only: it is imported by kernels' interpreters.
"""

import os
import resource
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = [
    "GIVEN",
    "describe_ground",
    "foreign_threads",
    "read_limits",
    "set_limits",
    "set_while_importing",
    "why_not_here",
]

GIVEN = dict(os.environ)  # before libraries are imported, some of which add to it

# Threads that may live in a process that forks. Arrow's copy of jemalloc has one that gives memory back; the library
# locks all its mutexes around a fork and does without the thread in the child. OpenBLAS ends its threads before a fork
# by itself, so none of them is seen after the first one.
HARMLESS_THREADS = frozenset({"jemalloc_bg_thd"})
# Variables that a run sets for itself, none of which a library reads while it is imported. All others must be equal:
# many decide at import how many threads there are, where caches lie, how numbers are written.
FREE_PREFIXES = ("COHORTHUB_",)
FREE_NAMES = frozenset({
    "TMPDIR", "IPYTHONDIR", "JUPYTER_PATH", "TZ", "JPY_PARENT_PID", "JPY_SESSION_NAME", "PWD", "OLDPWD", "SHLVL", "_",
})  # fmt: skip
LIMITS = (
    "RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_MEMLOCK", "RLIMIT_NOFILE",
    "RLIMIT_NPROC", "RLIMIT_STACK",
)  # fmt: skip


def foreign_threads() -> list[str]:
    """Name the threads of this process that may hold a lock for ever in a fork of it.

    Returns
    -------
    list of str
        Names as the system has them, without the calling thread and those known to be harmless; a thread that is about
        to end is counted.
    """
    mine, found = threading.get_native_id(), []
    for task in os.listdir("/proc/self/task"):  # noqa: PTH208 - without a Path object per thread
        if int(task) == mine:
            continue
        try:
            name = Path(f"/proc/self/task/{task}/comm").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue  # it has ended
        if name not in HARMLESS_THREADS:
            found.append(name)
    return sorted(found)


def describe_ground(environment: Mapping[str, str]) -> dict[str, Any]:
    """Describe all that a process hands down to those it starts.

    Parameters
    ----------
    environment : mapping of str to str
        What the new process is to have.

    Returns
    -------
    dict
        Plain values, to be sent and compared.
    """
    return {
        "account": [*os.getresuid(), *os.getresgid(), *sorted(os.getgroups())],
        "cores": sorted(os.sched_getaffinity(0)),
        "priority": os.getpriority(os.PRIO_PROCESS, 0),
        "namespaces": [str(Path(f"/proc/self/ns/{kind}").readlink()) for kind in ("mnt", "net", "pid", "user")],
        "control group": Path("/proc/self/cgroup").read_text(encoding="utf-8"),
        "environment": {name: value for name, value in environment.items() if not _is_free(name)},
    }


def _is_free(name: str) -> bool:
    return name in FREE_NAMES or name.startswith(FREE_PREFIXES)


def set_while_importing() -> dict[str, str]:
    """Give the environment variables that libraries set while they were imported, as they do in any kernel.

    Returns
    -------
    dict of str to str
        Those that differ from `GIVEN`.
    """
    return {name: value for name, value in os.environ.items() if GIVEN.get(name) != value}


def read_limits() -> dict[str, list[int]]:
    """Read this process's resource limits.

    Returns
    -------
    dict of str to list of int
        Soft and hard limit by the name of the constant.
    """
    return {name: list(resource.getrlimit(getattr(resource, name))) for name in LIMITS}


def set_limits(wanted: Mapping[str, list[int]]) -> None:
    """Set this process's resource limits.

    Parameters
    ----------
    wanted : mapping of str to list of int
        As `read_limits` gave them elsewhere.
    """
    for name, (soft, hard) in wanted.items():
        resource.setrlimit(getattr(resource, name), (soft, hard))


def why_not_here(wanted: Mapping[str, Any], *, limits: Mapping[str, list[int]]) -> str | None:
    """Say why a process started from this one would differ from one started where the request comes from.

    Parameters
    ----------
    wanted : mapping
        What `describe_ground` said there.
    limits : mapping of str to list of int
        What `read_limits` said there.

    Returns
    -------
    str or None
        A reason that names no value; None if there is no difference.
    """
    here = describe_ground(GIVEN)
    for name, value in here.items():
        if name != "environment" and wanted.get(name) != value:
            return f"its {name} is another one than the warm parent's"
    theirs, ours = wanted["environment"], here["environment"]
    differing = sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name))
    if differing:
        return f"the environment differs from the warm parent's in {', '.join(differing[:5])}"
    for name, (_soft, hard) in limits.items():
        mine = resource.getrlimit(getattr(resource, name))[1]
        if mine != resource.RLIM_INFINITY and (hard == resource.RLIM_INFINITY or hard > mine):
            return f"the warm parent has a lower {name}"
    return None
