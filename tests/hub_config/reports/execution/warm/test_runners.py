"""Many runs, several runners, and any of the processes killed: every run has its end, and nothing is left."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from hub_config.reports.folders.runs import list_runs

from ...conftest import alive, code, notebook, parameters, text, wait_for
from ..test_ends_of_runs import DAEMON, pids
from .conftest import own_environment

RUNNER = Path(__file__).with_name("runner.py")
Runner = subprocess.Popen[str]
Start = Callable[..., Runner]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """The runners' folder for temporary files; its path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="runners-") as folder:
        yield Path(folder)


@pytest.fixture
def start(tmp_path: Path, temporary: Path) -> Iterator[Start]:
    started: list[Runner] = []

    def start(home: Path, *cells: Any, count: int = 1, at_once: int = 1) -> Runner:
        template = tmp_path / "steps.ipynb"
        template.write_text(json.dumps(notebook(text("# T"), parameters(), *cells)))
        process = subprocess.Popen(
            [sys.executable, str(RUNNER), str(home), str(template), str(count), str(at_once)],
            stdout=subprocess.PIPE, text=True, cwd=tmp_path, start_new_session=True,
            env=own_environment() | {"TMPDIR": str(temporary)},
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def said(process: Runner) -> dict[str, Any]:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def test_four_runners_at_once_leave_a_hundred_ends_and_nothing_else(start: Start, tmp_path: Path, temporary: Path):
    runners = [start(tmp_path / f"home{n}", code("print(days)"), count=25, at_once=2) for n in range(4)]
    parents = [said(runner)["parent"] for runner in runners]
    for number, (runner, parent) in enumerate(zip(runners, parents, strict=True)):
        told = said(runner)
        assert runner.wait(30) == 0
        assert [end["verdict"]["status"] for end in told["ends"]] == ["succeeded"] * 25
        starts = [json.loads((Path(end["folder"]) / "run.json").read_text())["kernel_start"] for end in told["ends"]]
        assert starts == ["warm"] * 25
        assert told["after"] == told["before"]
        assert (told["closed"]["threads"], told["closed"]["children"]) == (1, 0)
        assert not alive(parent)
        assert len(list_runs(tmp_path / f"home{number}" / "runs")) == 25
    assert list(temporary.iterdir()) == []


def family(runner: int, parent: int, folder: Path) -> dict[str, int]:
    wait_for(lambda: (folder / "pids").exists() and len(pids(folder)) == 2)
    (kernel,) = [pid for pid in pids(folder) if os.getsid(pid) == pid]
    host = psutil.Process(kernel).ppid()
    (supervisor,) = [one for one in psutil.Process(runner).children() if one.pid != parent]
    (worker,) = supervisor.children()
    assert psutil.Process(host).ppid() == parent
    return {"parent": parent, "host": host, "kernel": kernel, "supervisor": supervisor.pid, "worker": worker.pid}


@pytest.mark.parametrize(
    ("victim", "status", "error"),
    [
        ("parent", "failed", "REPORT-KERNEL-DIED"),
        ("host", "failed", "REPORT-KERNEL-DIED"),
        ("kernel", "failed", "REPORT-KERNEL-DIED"),
        ("worker", "failed", "REPORT-RUNNER-DIED"),
        ("supervisor", "interrupted", "REPORT-INTERRUPTED"),
    ],
)
def test_whichever_process_is_killed_nothing_is_left_after_five_seconds(
    start: Start, tmp_path: Path, victim: str, status: str, error: str
):
    home = tmp_path / "home"
    runner = start(home, code(DAEMON), code("import time; time.sleep(600)"))
    parent = said(runner)["parent"]

    def look() -> Path | None:
        for file in (home / "runs").glob(".*.running/run.json"):
            if json.loads(file.read_text())["progress"]["cell"] == 3:
                return file.parent
        return None

    folder = wait_for(look)
    processes = family(runner.pid, parent, folder)
    below_host = {*pids(folder), processes["host"], processes["worker"]}
    os.kill(processes[victim], signal.SIGKILL)
    wait_for(lambda: not any(alive(pid) for pid in below_host), seconds=5)
    wait_for(lambda: not psutil.pid_exists(processes["host"]), seconds=5)  # not as a zombie either
    (end,) = said(runner)["ends"]
    (run,) = list_runs(home / "runs")
    assert (run["status"], run["error"]["code"]) == (status, error)
    if victim != "supervisor":
        assert end["verdict"]["status"] == status
    assert not Path(run["scratch"]).exists()
    assert runner.wait(30) == 0
    assert not alive(parent)


def test_a_killed_runner_takes_its_run_along_and_leaves_nothing(start: Start, tmp_path: Path, temporary: Path):
    home = tmp_path / "home"
    runner = start(home, code("import time; time.sleep(600)"))
    parent = said(runner)["parent"]
    wait_for(lambda: list((home / "runs").glob(".*.running")))
    runner.kill()
    runner.wait()
    wait_for(lambda: [run for run in list_runs(home / "runs") if run["status"] == "interrupted"], seconds=30)
    wait_for(lambda: not alive(parent), seconds=5)
    assert list(temporary.iterdir()) == []
