"""How benchmarks run a piece of work: in a process of its own, several times, its memory watched."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 1800
SAMPLE_S = 0.05


def say(line: str) -> None:
    """Tell a person what is being measured, on stderr."""
    print(line, file=sys.stderr, flush=True)


def machine() -> dict[str, Any]:
    """Describe what the figures were measured on, the load of others included."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "load_1min": round(os.getloadavg()[0], 2),
        "python": sys.version.split()[0],
    }


def repeated(work: Callable[[], Any], *, runs: int) -> tuple[Any, list[float], list[float]]:
    """Do the work several times; return the last answer, the seconds, and the seconds of processor time."""
    answer, walls, cpus = None, [], []
    for _ in range(runs):
        cpu, wall = time.process_time(), time.perf_counter()
        answer = work()
        walls.append(round(time.perf_counter() - wall, 4))
        cpus.append(round(time.process_time() - cpu, 4))
    return answer, walls, cpus


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and all that it started; an engine in compiled code may not hear a polite word."""
    family = [*psutil.Process(process.pid).children(recursive=True), process]
    for member in family:
        with suppress(psutil.Error, OSError):
            member.terminate()
    time.sleep(1)
    for member in family:
        with suppress(psutil.Error, OSError):
            member.kill()
    process.wait()


class _Peak(threading.Thread):
    """Watches the resident memory of a process and of each of its children; ends them where they pass a limit."""

    def __init__(self, process: subprocess.Popen[str], *, limit_mb: float) -> None:
        super().__init__(daemon=True)
        self.process = process
        self.root = psutil.Process(process.pid)
        self.total = self.largest = 0
        self.limit, self.passed = limit_mb * 2**20, False
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(SAMPLE_S):
            with suppress(psutil.Error):
                sizes = []
                for process in (self.root, *self.root.children(recursive=True)):
                    with suppress(psutil.Error):
                        sizes.append(process.memory_info().rss)
                self.total = max(self.total, sum(sizes))
                self.largest = max([self.largest, *sizes])  # none is left where the process has just ended
                if sum(sizes) > self.limit and not self.passed:
                    self.passed = True
                    _end(self.process)


def in_own_process(
    script: str,
    *words: str,
    python: str = sys.executable,
    limit_s: float = LIMIT_S,
    limit_mb: float = float("inf"),
    without: tuple[str, ...] = (),
    **variables: str,
) -> dict[str, Any]:
    """Run `python SCRIPT WORDS`, which prints one JSON document, and add the peak of its memory.

    `peak_mb` is of all its processes together, `largest_process_mb` of the one that held most. `python` may be that of
    another environment; `without` names variables that it must not see. A process that is still running after
    `limit_s`, or that takes more than `limit_mb`, is ended, and the answer says so.
    """
    kept = {name: value for name, value in os.environ.items() if name not in without}
    process = subprocess.Popen(
        [python, script, *words],
        cwd=ROOT,
        env={**kept, **variables},
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    peak = _Peak(process, limit_mb=limit_mb)
    peak.start()
    try:
        out, _ = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        _end(process)
        return {"failed": f"did not finish in {limit_s:g} s", "peak_mb": round(peak.total / 2**20)}
    except BaseException:
        _end(process)
        raise
    finally:
        peak.done.set()
    if peak.passed:
        return {"failed": f"took more than {limit_mb:.0f} MB"}
    if process.returncode:
        return {"failed": f"ended with {process.returncode}"}
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    found["peak_mb"] = round(peak.total / 2**20)
    found["largest_process_mb"] = round(peak.largest / 2**20)
    if "seconds" in found:
        found["median_s"] = round(median(found["seconds"]), 4)
    return found
