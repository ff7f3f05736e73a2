"""A runner as the hub starts it takes the kernels of its runs from a warm parent, and takes the parent along.

What it opens for a run it gives back, and it does not wait for ever for a service that is gone.
"""

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from hub_config.reports.runners.messages import LeasedRun, LeftRun, SyncAnswer, SyncRequest

from ..conftest import alive, code, notebook, parameters, text, wait_for

RUNS = 4
StartRunner = Callable[..., subprocess.Popen[bytes]]
ONE_WITH_A_THREAD = """
import sys, threading, time
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
from hub_config.reports.runners.process import main
sys.exit(main())
"""


class Service(http.server.ThreadingHTTPServer):
    """Hands out its runs, agrees with every verdict, and remembers what it was told."""

    daemon_threads = True
    leases: list[LeasedRun]
    closed: dict[str, Any]
    idle_s: float = 1.0
    free_for: list[float]  # seconds for which places stayed empty
    _free_since: list[float]
    agrees: bool = True
    is_gone: bool = False
    left: Sequence[LeftRun] = ()
    closed_left: dict[str, str | None]
    waiting: int = 0  # runs that asked under which state they may be shown

    def answer(self, request: SyncRequest) -> SyncAnswer:
        self.closed_left |= request.closed_left
        begun = [self.leases.pop() for _ in range(min(request.free, len(self.leases)))]
        now = time.monotonic()
        for run in request.runs:
            if run.phase == "closed":
                self._free_since.append(now)
                self.closed[run.run_id] = {"verdict": run.verdict, "facts": run.facts, "folder": run.folder}
        for _ in begun[: len(self._free_since)]:
            self.free_for.append(now - self._free_since.pop(0))
        closing = {run.lease_id: (run.verdict or {})["status"] for run in request.runs if run.phase == "closing"}
        self.waiting = len(closing)
        return SyncAnswer(
            leases=begun,
            agreed=closing if self.agrees else {},
            done=[run.lease_id for run in request.runs if run.phase == "closed"],
            idle_s=self.idle_s,
            left=[one for one in self.left if one.run_id not in self.closed_left],
        )


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_POST(self) -> None:
        if self.server.is_gone:
            self.close_connection = True
            return
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        content = json.dumps(self.server.answer(SyncRequest.from_document(document)).to_document()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
        pass


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    cells = (text("# T"), parameters(), code("import analysis_lib.cohort, pandas; print(days)"))
    template = json.dumps(notebook(*cells)).encode()
    limits = {"cell_s": 60.0, "run_s": 120.0}
    service = Service(("127.0.0.1", 0), Handler)
    service.closed, service.closed_left, service.free_for, service._free_since = {}, {}, [], []
    service.leases = [
        LeasedRun(
            f"run-{n}", f"lease-{n}", "steps", template, {"days": n}, ["days"], limits, str(tmp_path / "runs"), "p"
        )
        for n in range(RUNS)
    ]
    thread = threading.Thread(target=service.serve_forever)
    thread.start()
    yield service
    service.shutdown()
    thread.join()
    service.server_close()


@pytest.fixture
def start_runner(service: Service, tmp_path: Path) -> Iterator[StartRunner]:
    """Start the program that the hub starts."""
    started: list[subprocess.Popen[bytes]] = []

    def start(program: Sequence[str] = ("-m", "hub_config.reports.runners.process")) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"} | {
            "JUPYTERHUB_API_TOKEN": "mark-of-the-hub",
            "JUPYTERHUB_SERVER_NAME": "runner-1",
            "COHORTHUB_REPORTS_URL": f"http://127.0.0.1:{service.server_port}",
            "COHORTHUB_HOME": str(tmp_path / "home"),
        }
        words = [sys.executable, *program]
        started.append(subprocess.Popen(words, env=environment, cwd=tmp_path, start_new_session=True))
        return started[-1]

    yield start
    for runner in started:
        if runner.poll() is None:
            runner.kill()
            runner.wait()


def test_a_runner_forks_its_kernels_from_one_parent_and_leaves_nothing(
    service: Service, start_runner: StartRunner
) -> None:
    runner = start_runner()
    (parent,) = wait_for(
        lambda: [one for one in psutil.Process(runner.pid).children() if any("boot.py" in w for w in one.cmdline())]
    )
    handed_down = parent.environ()
    assert runner.wait(120) == 0
    assert {run["verdict"]["status"] for run in service.closed.values()} == {"succeeded"}
    assert len(service.closed) == RUNS
    assert {run["facts"]["kernel_start"] for run in service.closed.values()} == {"warm"}
    assert "mark-of-the-hub" not in handed_down.values()
    wait_for(lambda: not alive(parent.pid), seconds=5)


def test_a_runner_with_threads_forks_nothing_and_its_runs_go_on(
    service: Service, start_runner: StartRunner, tmp_path: Path
) -> None:
    service.left = [LeftRun("left", "interrupted", str(tmp_path / "runs"))]
    runner = start_runner(("-c", ONE_WITH_A_THREAD))
    assert runner.wait(120) == 0
    assert {run["verdict"]["status"] for run in service.closed.values()} == {"succeeded"}
    assert len(service.closed) == RUNS
    assert {run["facts"]["kernel_start"] for run in service.closed.values()} == {"cold"}
    assert service.closed_left == {"left": None}, "what others left is looked after, too"


def test_a_runner_keeps_no_process_and_no_pipe_of_a_run_that_is_done(
    service: Service, start_runner: StartRunner
) -> None:
    service.idle_s = 60.0
    waiting, service.leases = service.leases[1:], service.leases[:1]
    runner = psutil.Process(start_runner().pid)

    def opened_after(n_runs: int) -> int:
        wait_for(lambda: len(service.closed) == n_runs, seconds=90)
        wait_for(lambda: len(runner.children()) == 1, seconds=10)
        return runner.num_fds()

    before = opened_after(1)
    service.leases = waiting
    assert opened_after(RUNS) == before


def test_a_run_is_taken_in_the_moment_in_which_another_one_is_done(service: Service, start_runner: StartRunner) -> None:
    start_runner()
    wait_for(lambda: len(service.closed) == RUNS, seconds=90)
    assert max(service.free_for) < 0.5, "a place stayed empty though runs waited"


ONE_THAT_IS_PATIENT_FOR_TWO_SECONDS = """
import os
from pathlib import Path
from hub_config.reports.runners.process import Runner
raise SystemExit(Runner("runner-1", os.environ["URL"], "token", Path(os.environ["HOME_"]), forsaken_s=2.0).run())
"""


@pytest.mark.parametrize("is_removed", [True, False], ids=["the home is removed", "the home is there"])
def test_a_runner_ends_where_nobody_answers_and_its_home_is_gone(
    service: Service, tmp_path: Path, is_removed: bool
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    service.agrees = False
    environment = os.environ | {"URL": f"http://127.0.0.1:{service.server_port}", "HOME_": str(home)}
    words = [sys.executable, "-c", ONE_THAT_IS_PATIENT_FOR_TWO_SECONDS]
    runner = subprocess.Popen(words, env=environment, cwd=tmp_path, start_new_session=True)
    try:
        wait_for(lambda: service.waiting >= 2, seconds=60)  # both runs wait to be told under which state they are shown
        family = psutil.Process(runner.pid).children(recursive=True)
        assert len(family) >= 2
        service.is_gone = True
        if is_removed:
            shutil.rmtree(home)
            assert runner.wait(20) == 0
            wait_for(lambda: not any(alive(one.pid) for one in family), seconds=5)
        else:
            with pytest.raises(subprocess.TimeoutExpired):
                runner.wait(8)
    finally:
        if runner.poll() is None:
            runner.kill()
            runner.wait()
