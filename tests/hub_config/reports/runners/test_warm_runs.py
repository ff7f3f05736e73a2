"""A runner as the hub starts it takes the kernels of its runs from a warm parent, and takes the parent along."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from hub_config.reports.runners.messages import LeasedRun, SyncAnswer, SyncRequest

from ..conftest import alive, code, notebook, parameters, text, wait_for

RUNS = 4


class Service(http.server.ThreadingHTTPServer):
    """Hands out its runs, agrees with every verdict, and remembers what it was told."""

    daemon_threads = True
    leases: list[LeasedRun]
    closed: dict[str, Any]

    def answer(self, request: SyncRequest) -> SyncAnswer:
        begun = [self.leases.pop() for _ in range(min(request.free, len(self.leases)))]
        for run in request.runs:
            if run.phase == "closed":
                self.closed[run.run_id] = {"verdict": run.verdict, "facts": run.facts, "folder": run.folder}
        return SyncAnswer(
            leases=begun,
            agreed={run.lease_id: (run.verdict or {})["status"] for run in request.runs if run.phase == "closing"},
            done=[run.lease_id for run in request.runs if run.phase == "closed"],
            idle_s=1.0,
        )


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_POST(self) -> None:
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
    service.closed = {}
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


def test_a_runner_forks_its_kernels_from_one_parent_and_leaves_nothing(service: Service, tmp_path: Path):
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"} | {
        "JUPYTERHUB_API_TOKEN": "mark-of-the-hub",
        "JUPYTERHUB_SERVER_NAME": "runner-1",
        "COHORTHUB_REPORTS_URL": f"http://127.0.0.1:{service.server_port}",
        "COHORTHUB_HOME": str(tmp_path / "home"),
    }
    words = [sys.executable, "-m", "hub_config.reports.runners.process"]
    runner = subprocess.Popen(words, env=environment, cwd=tmp_path, start_new_session=True)
    try:
        (parent,) = wait_for(
            lambda: [one for one in psutil.Process(runner.pid).children() if any("boot.py" in w for w in one.cmdline())]
        )
        handed_down = parent.environ()
        assert runner.wait(120) == 0
    finally:
        if runner.poll() is None:
            runner.kill()
            runner.wait()
    assert {run["verdict"]["status"] for run in service.closed.values()} == {"succeeded"}
    assert len(service.closed) == RUNS
    assert {run["facts"]["kernel_start"] for run in service.closed.values()} == {"warm"}
    assert "mark-of-the-hub" not in handed_down.values()
    wait_for(lambda: not alive(parent.pid), seconds=5)
