"""A runner as small as it can be: it runs one template several times in forks of itself, and tells what it saw.

python runner.py HOME TEMPLATE COUNT AT_ONCE
"""

import json
import os
import select
import sys
from pathlib import Path
from typing import Any

from hub_config.reports.execution.supervisor import Request
from hub_config.reports.execution.warm.forks import fork_run
from hub_config.reports.execution.warm.kernels import WarmKernels
from hub_config.reports.execution.warm.preloading import preload, why_no_fork
from hub_config.reports.templates import find_template, inspect_template


def count(folder: str) -> int:
    return sum(1 for _ in Path(folder).iterdir())


def held() -> dict[str, int]:
    return {
        "files": count("/proc/self/fd"),
        "threads": count("/proc/self/task"),
        "children": len(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()),
    }


def of_parent(kernels: WarmKernels) -> dict[str, int]:
    found = {
        "files": count(f"/proc/{kernels.pid}/fd"),
        "threads": count(f"/proc/{kernels.pid}/task"),
    }
    return found | {"children": len(Path(f"/proc/{kernels.pid}/task/{kernels.pid}/children").read_text().split())}


def main(home: Path, template: str, *, runs: int, at_once: int) -> None:
    preload()
    found = inspect_template(find_template(template))
    request = Request(found, {p.name: p.default for p in found.parameters}, (), home, home / "runs")
    ends: list[dict[str, Any]] = []
    with WarmKernels.for_home(home, given=os.environ) as kernels:
        assert kernels.wait_until_ready(120)
        assert why_no_fork() is None
        print(json.dumps({"runner": os.getpid(), "parent": kernels.pid}), flush=True)
        before, started, going = [held(), of_parent(kernels)], 0, []
        while started < runs or going:
            while started < runs and len(going) < at_once:
                going.append(fork_run(request, on_cell=lambda _place: None, kernels=kernels))
                started += 1
            select.select(going, [], [], 1)
            for run in [run for run in going if run.poll() is not None]:
                ends.append(run.poll() or {})
                going.remove(run)
        select.select([], [], [], 0.3)
        kernels.tend()
        after = [held(), of_parent(kernels)]
    print(json.dumps({"ends": ends, "before": before, "after": after, "closed": held()}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], runs=int(sys.argv[3]), at_once=int(sys.argv[4]))
