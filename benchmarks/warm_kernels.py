"""Measure what a warm kernel saves: an empty report, a sweep against stock papermill side by side, memory, threads.

Four questions. How long does an empty report take in a runner, the first and those after it? How long does a sweep of
runs take, each importing the stack and the library, one after another, against as many calls of bare papermill? What
does the warm parent hold, and what does a kernel add? Which threads live in it, before and after its first fork? The
order of a sweep's two sides alternates. It measures and asserts no times: the machine may be busy (the load is written
down).

Run: ./dev bench warm_kernels [--runs 20] [--repeats 3] [--at-once 1]
"""

import argparse
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import nbformat
from _measuring import ROOT, in_own_process, machine, say

RESULTS = ROOT / "benchmarks" / "results" / "warm_kernels.json"
GOALS = {"empty_report_s": "at most 0.7 after the first", "sweep": "at least 4 times faster than stock papermill"}
IMPORTS = """import dask.dataframe, pandas, statsmodels.api, xarray
from analysis_lib.catalog import open_catalog
from analysis_lib.cohort import build_cohort
from analysis_lib.models import incidence_rates
from analysis_lib.report import Report"""
SUM = "print(pandas.Series(range(days)).sum())"


def write_template(folder: Path, *, name: str, cells: tuple[str, ...], kernel: str) -> Path:
    """Write a template with one parameter and these cells."""
    parameters = nbformat.v4.new_code_cell("days: int = 7  # days", metadata={"tags": ["parameters"]})
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# Days"), parameters, *map(nbformat.v4.new_code_cell, cells)],
        metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
    )
    file = folder / f"{name}.ipynb"
    nbformat.write(book, file)
    return file


def in_runner(template: Path, home: Path, *, runs: int, at_once: int) -> dict[str, Any]:
    """Run a template several times in forks of this process; say what each took, and what the parent was like."""
    from hub_config.reports.execution.warm.kernels import WarmKernels
    from hub_config.reports.execution.warm.preloading import preload
    from hub_config.reports.runners.carrying_out import start_run
    from hub_config.reports.runners.messages import LeasedRun

    begin = time.perf_counter()
    with WarmKernels.for_home(home, given=os.environ) as kernels:
        preload()
        if not kernels.wait_until_ready(120):
            raise SystemExit("the warm parent is not ready")
        ready = time.perf_counter() - begin
        name, content, limits = template.stem, template.read_bytes(), {"cell_s": 600.0, "run_s": 3600.0}
        root = str(home / "runs")
        waiting = [
            LeasedRun(f"{name}-{n}", "lease", name, content, {"days": n + 1}, ("days",), limits, root, "")
            for n in range(runs)
        ]
        began, going, took, starts = time.perf_counter(), [], [], set()
        while waiting or going:
            while waiting and len(going) < at_once:
                others = tuple(descriptor for _, run in going for descriptor in (run.news, run.word))
                run = start_run(waiting.pop(0), home=home, inherited=others, warm=kernels.offer())
                going.append((time.perf_counter(), run))
            readable, _, _ = select.select([run.news for _, run in going], [], [])
            for at, run in [(at, run) for at, run in going if run.news in readable]:
                run.take_news()
                if run.report.phase == "closing":
                    run.answer(str((run.report.verdict or {})["status"]))
                if run.has_ended:
                    going.remove((at, run))
                    took.append(round(time.perf_counter() - at, 3))
                    if (run.report.verdict or {}).get("status") != "succeeded":
                        raise SystemExit(f"a run ended as {run.report.verdict}")
                    starts.add((run.report.facts or {})["kernel_start"])
        total = time.perf_counter() - began
        parent = memory_mb(kernels.pid or 0)
    return {
        "ready_s": round(ready, 2),
        "total_s": round(total, 2),
        "seconds": took,
        "kernels": sorted(starts),
        **parent,
    }


def memory_mb(pid: int) -> dict[str, int]:
    """Read what a process holds."""
    lines = [line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]]
    found = {words[0].rstrip(":"): int(words[1]) // 1024 for words in lines}
    return {"parent_rss_mb": found["Rss"], "parent_pss_mb": found["Pss"]}


def memory_of_kernel(home: Path, folder: Path) -> dict[str, int]:
    """Let a kernel that has imported the stack say what it holds, and what of it is its own."""
    look = (
        "lines = [line.split() for line in open('/proc/self/smaps_rollup')]\n"
        "print({w[0]: int(w[1]) // 1024 for w in lines if w[0] in ('Rss:', 'Pss:', 'Private_Dirty:')})"
    )
    template = write_template(folder, name="memory", cells=(IMPORTS, look), kernel="cohort-analysis")
    in_runner(template, home, runs=1, at_once=1)
    book = nbformat.read(home / "runs" / "memory-0" / "report.ipynb", as_version=4)
    found = json.loads(book.cells[-1].outputs[0].text.replace("'", '"'))
    return {"rss_mb": found["Rss:"], "pss_mb": found["Pss:"], "own_mb": found["Private_Dirty:"]}


def threads() -> dict[str, Any]:
    """Import the stack as the parent does; name the threads that live then, after a fork, and in the child."""
    from hub_config.reports.execution.warm.stack import import_stack

    def names() -> list[str]:
        tasks = Path("/proc/self/task").iterdir()
        return sorted((task / "comm").read_text().strip() for task in tasks if task.name != str(os.getpid()))

    left_out, before = import_stack(), None
    before = names()
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, json.dumps(names()).encode())
        os._exit(0)
    os.wait()
    return {"left_out": left_out, "at_first": before, "after_a_fork": names(), "child": json.loads(os.read(read, 4096))}


def stock_papermill(template: Path, folder: Path, *, runs: int, at_once: int) -> dict[str, Any]:
    """Run the template with papermill's own command, in a process each."""
    began, going, took, waiting = time.perf_counter(), [], [], list(range(runs))
    while waiting or going:
        while waiting and len(going) < at_once:
            number = waiting.pop(0)
            words = ["-m", "papermill", "--no-progress-bar", "-p", "days", str(number + 1)]
            command = [sys.executable, *words, str(template), str(folder / f"stock-{number}.ipynb")]
            going.append((time.perf_counter(), subprocess.Popen(command, stderr=subprocess.DEVNULL)))
        at, process = going.pop(0)
        if process.wait():
            raise SystemExit("papermill failed")
        took.append(round(time.perf_counter() - at, 3))
    return {"total_s": round(time.perf_counter() - began, 2), "seconds": took}


def measure(wanted: argparse.Namespace) -> dict[str, Any]:
    """Measure all of it, each piece in a fresh process."""
    found: dict[str, Any] = {"benchmark": "warm_kernels", "machine": machine(), "goals": GOALS}
    # Children find the package of this file's tree, whatever is installed.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    with tempfile.TemporaryDirectory(prefix="cohorthub-warm-kernels-") as name:
        folder = Path(name)

        def runner(template: Path, *, runs: int, at_once: int = 1) -> dict[str, Any]:
            home = Path(tempfile.mkdtemp(dir=folder))
            told = in_own_process(__file__, "--worker", "runner", str(template), str(home), str(runs), str(at_once))
            shutil.rmtree(home)
            return told

        say("threads")
        found["threads"] = in_own_process(__file__, "--worker", "threads")
        say("memory")
        found["kernel_memory"] = in_own_process(__file__, "--worker", "memory", str(folder))
        say("empty reports")
        empty = write_template(folder, name="empty", cells=("print(days)",), kernel="cohort-analysis")
        told = runner(empty, runs=20)
        found["empty"] = {"first_s": told["seconds"][0], "later_median_s": median(told["seconds"][1:]), **told}
        cells = (IMPORTS, SUM)
        ours = write_template(folder, name="sweep", cells=cells, kernel="cohort-analysis")
        theirs = write_template(folder, name="stock", cells=cells, kernel="python3")
        found["sweeps"] = []
        for repeat in range(wanted.repeats):
            sides: dict[str, Any] = {}
            for side in ("ours", "stock") if repeat % 2 == 0 else ("stock", "ours"):
                say(f"sweep {repeat + 1} of {wanted.repeats}: {side}")
                if side == "ours":
                    sides["ours"] = runner(ours, runs=wanted.runs, at_once=wanted.at_once)
                else:
                    sides["stock"] = stock_papermill(theirs, folder, runs=wanted.runs, at_once=wanted.at_once)
            times = (
                sides["stock"]["total_s"],
                sides["ours"]["total_s"],
                sides["ours"]["total_s"] + sides["ours"]["ready_s"],
            )
            faster = {
                "times_faster": round(times[0] / times[1], 2),
                "with_start_of_runner": round(times[0] / times[2], 2),
            }
            found["sweeps"].append({**faster, "load_1min": machine()["load_1min"], **sides})
    return found


def main() -> None:
    """Measure, print the JSON, and keep it under benchmarks/results/."""
    if sys.argv[1:2] == ["--worker"]:
        task, *words = sys.argv[2:]
        if task == "threads":
            print(json.dumps(threads()), flush=True)
            os._exit(0)
        if task == "memory":
            print(json.dumps(memory_of_kernel(Path(tempfile.mkdtemp(dir=words[0])), Path(words[0]))))
            return
        template, home, runs, at_once = words
        print(json.dumps(in_runner(Path(template), Path(home), runs=int(runs), at_once=int(at_once))))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20, help="runs of a sweep (default 20)")
    parser.add_argument("--repeats", type=int, default=3, help="how often the two sides are compared (default 3)")
    parser.add_argument("--at-once", type=int, default=1, help="runs at the same time, on both sides (default 1)")
    text = json.dumps(measure(parser.parse_args()), indent=2)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
