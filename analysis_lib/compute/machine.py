"""What this process may use of the machine: cores and memory, the smallest of all the limits set on it.

Dask looks at the root of the cgroup tree only, which is right in a container and wrong for a server that a spawner
has put into a group of its own; so the limits are read here along the process's whole path, for cgroups v1 and v2.
"""

import os
from collections.abc import Iterator
from math import ceil, inf
from pathlib import Path

__all__ = ["memory_per_bucket", "usable_cores", "usable_memory"]

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")
UNLIMITED = 1 << 60  # cgroups v1 write "no limit" as a number near 2^63
ENGINES_SHARE = 0.7  # the rest is for the process itself, and for what the engines answer
LEAST_PER_BUCKET = 128 << 20  # below this an engine stops instead of writing to disk


def usable_cores(*, cgroups: Path = CGROUPS, own: Path = OWN_CGROUP) -> int:
    """Count the cores that this process may use.

    Parameters
    ----------
    cgroups : Path, default /sys/fs/cgroup
        Where the control groups are mounted.
    own : Path, default /proc/self/cgroup
        The file that names the groups of this process.

    Returns
    -------
    int
        At least 1: the smallest of CPU affinity, the groups' quotas (rounded up) and ``CPU_LIMIT``, which JupyterHub
        sets for a server.
    """
    limits = [float(len(os.sched_getaffinity(0))), _positive(os.environ.get("CPU_LIMIT"))]
    for folder in _groups(cgroups, own, controller="cpu"):
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        limits.append(_positive(quota) / float(period or 1))
        limits.append(_positive(_read(folder / "cpu.cfs_quota_us")) / float(_read(folder / "cpu.cfs_period_us") or 1))
    return max(1, ceil(min(limits)))


def usable_memory(*, cgroups: Path = CGROUPS, own: Path = OWN_CGROUP) -> int:
    """Say how many bytes of memory this process and its children may use.

    Parameters
    ----------
    cgroups : Path, default /sys/fs/cgroup
        Where the control groups are mounted.
    own : Path, default /proc/self/cgroup
        The file that names the groups of this process.

    Returns
    -------
    int
        Bytes: the smallest of the machine's memory, the groups' limits and ``MEM_LIMIT``, which JupyterHub sets for
        a server.
    """
    limits = [float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")), _positive(os.environ.get("MEM_LIMIT"))]
    for folder in _groups(cgroups, own, controller="memory"):
        limits.extend(_positive(_read(folder / name)) for name in ("memory.max", "memory.limit_in_bytes"))
    return int(min(limit for limit in limits if limit < UNLIMITED))


def memory_per_bucket() -> int:
    """Say how many bytes an engine may use for one bucket, while every core works on a bucket of its own.

    Returns
    -------
    int
        Bytes: a core's share of `usable_memory`, and never less than 128 MiB.
    """
    return max(LEAST_PER_BUCKET, int(usable_memory() * ENGINES_SHARE / usable_cores()))


def _groups(cgroups: Path, own: Path, *, controller: str) -> Iterator[Path]:
    """Yield the folders of all groups above this process, for cgroups v2 (id 0) and v1 (`controller`)."""
    for line in _read(own).splitlines():
        number, names, path = line.split(":", 2)
        if number == "0":
            base = cgroups
        elif controller in names.split(","):
            base = cgroups / names if (cgroups / names).exists() else cgroups / controller
        else:
            continue
        below = Path(path.lstrip("/"))
        yield from (base / group for group in (below, *below.parents))


def _read(path: Path) -> str:
    """Return the text of `path`, empty where the kernel has no such file."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _positive(text: str | None) -> float:
    """Return the number in `text`, or infinity for none, "max", 0 and the -1 of cgroups v1."""
    try:
        number = float(text or inf)
    except ValueError:
        return inf
    return number if number > 0 else inf
