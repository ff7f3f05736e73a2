"""A runner as small as it can be: it runs one template several times in forks of itself, and tells what it saw.

python runner.py HOME TEMPLATE COUNT AT_ONCE
"""

import json
import os
import select
import sys
from pathlib import Path
from typing import Any

from hub_config.reports.execution.warm.kernels import WarmKernels
from hub_config.reports.execution.warm.preloading import preload, why_no_fork
from hub_config.reports.folders.run_folders import new_run_id
from hub_config.reports.runners.carrying_out import RunProcess, start_run
from hub_config.reports.runners.messages import LeasedRun


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


def lease_of(home: Path, template: str) -> LeasedRun:
    limits = {"cell_s": 600.0, "run_s": 3600.0}
    run_id, content, root = new_run_id(), Path(template).read_bytes(), str(home / "runs")
    return LeasedRun(run_id, "lease", Path(template).stem, content, {"days": 7}, (), limits, root, "")


def main(home: Path, template: str, *, runs: int, at_once: int) -> None:
    preload()
    ends: list[dict[str, Any]] = []
    with WarmKernels.for_home(home, given=os.environ) as kernels:
        assert kernels.wait_until_ready(120)
        assert why_no_fork() is None
        print(json.dumps({"runner": os.getpid(), "parent": kernels.pid}), flush=True)
        before, started, going = [held(), of_parent(kernels)], 0, list[RunProcess]()
        while started < runs or going:
            while started < runs and len(going) < at_once:
                others = tuple(descriptor for run in going for descriptor in (run.news, run.word))
                going.append(start_run(lease_of(home, template), home=home, inherited=others, warm=kernels.offer()))
                started += 1
            readable, _, _ = select.select([run.news for run in going], [], [], 1)
            for run in [run for run in going if run.news in readable]:
                run.take_news()
                if run.report.phase == "closing" and run.report.verdict is not None:
                    run.answer(run.report.verdict["status"])
                if run.has_ended:
                    ends.append({"verdict": run.report.verdict, "folder": run.report.folder})
                    going.remove(run)
        select.select([], [], [], 0.3)
        kernels.tend()
        after = [held(), of_parent(kernels)]
    print(json.dumps({"ends": ends, "before": before, "after": after, "closed": held()}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], runs=int(sys.argv[3]), at_once=int(sys.argv[4]))
