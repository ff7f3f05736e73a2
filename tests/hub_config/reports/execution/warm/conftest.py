"""A warm parent for the tests of a module, and the command line with it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_config.reports.execution.kernel_environment import kernel_environment
from hub_config.reports.execution.warm.kernels import WarmKernels

from ...conftest import Bench, Ended

NOWHERE = Path("/nowhere")


def own_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def runs_environment() -> dict[str, str]:
    return kernel_environment(own_environment(), run_dir=NOWHERE, home=NOWHERE, scratch=NOWHERE)


# Not for the session: the tests of the launcher's supervisor end whatever runs below the process that they are in.
@pytest.fixture(scope="module")
def warm_kernels() -> Iterator[WarmKernels]:
    with WarmKernels(sys.executable, environment=runs_environment()) as kernels:
        assert kernels.wait_until_ready()
        yield kernels


class WarmBench(Bench):
    """Every report has a warm kernel."""

    kernels: WarmKernels
    must_be_warm = True

    def start(self, *words: object, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        offer = self.kernels.offer()
        assert offer is not None
        channel = offer.channel.fileno()
        script = Path(__file__).with_name("report_command.py")
        command = [sys.executable, str(script), str(channel), offer.python, "report", *map(str, words)]
        process = subprocess.Popen(
            [*command, "--home", str(self.home), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.path,
            env=own_environment() | (env or {}),
            start_new_session=True,
            pass_fds=[channel],
        )
        self.started.append(process)
        return process

    def end(self, process: subprocess.Popen[str]) -> Ended:
        ended = super().end(process)
        if "folder" in ended.document and ended.record["progress"]["cell"] and self.must_be_warm:
            assert ended.record["kernel_start"] == "warm", (ended.folder / "log.txt").read_text()
        return ended


@pytest.fixture
def bench(tmp_path: Path, warm_kernels: WarmKernels) -> Iterator[Bench]:
    bench = WarmBench(tmp_path)
    bench.kernels = warm_kernels
    yield bench
    for process in bench.started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
