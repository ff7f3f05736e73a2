"""The warm parent itself: when it may fork, when it is replaced, what it costs, what happens if it is not there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import hub_config
from hub_config.reports.execution.warm.kernels import WarmKernels

from ...conftest import Bench, alive, code, parameters, text, wait_for
from .conftest import WarmBench, runs_environment

ROOT = Path(hub_config.__file__).parents[1]
SMALL = ["numpy"]  # enough to fork a kernel, and imported in no time


@pytest.fixture
def own_kernels(tmp_path: Path) -> Iterator[WarmKernels]:
    """A parent of its own, which a test may damage; it also imports a module that the test can change."""
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "ward_rules.py").write_text("LIMIT = 1\n")
    environment = runs_environment()
    environment["PYTHONPATH"] = os.pathsep.join([str(folder), environment.get("PYTHONPATH", "")])
    with WarmKernels(sys.executable, environment=environment, modules=[*SMALL, "ward_rules"]) as kernels:
        assert kernels.wait_until_ready()
        yield kernels


@pytest.fixture
def own_bench(bench: Bench, own_kernels: WarmKernels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> WarmBench:
    assert isinstance(bench, WarmBench)
    bench.kernels = own_kernels
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "library"), os.environ.get("PYTHONPATH", "")]))
    return bench


def run(bench: WarmBench, source: str = "import ward_rules; print(ward_rules.LIMIT)") -> tuple[str, str]:
    ended = bench.run(text("# T"), parameters(), code(source))
    assert ended.code == 0, (ended.folder / "log.txt").read_text()
    printed = "".join(ended.notebook["cells"][-1]["outputs"][0]["text"]).strip()
    return ended.record["kernel_start"], printed


def test_a_changed_file_of_the_library_is_never_mixed_with_what_was_imported(own_bench: WarmBench, tmp_path: Path):
    assert run(own_bench) == ("warm", "1")
    first = own_bench.kernels.pid
    (tmp_path / "library" / "ward_rules.py").write_text("LIMIT = 22\n")
    own_bench.must_be_warm = False
    assert run(own_bench) == ("cold", "22")
    assert own_bench.kernels.wait_until_ready()
    assert own_bench.kernels.pid != first
    assert run(own_bench) == ("warm", "22")
    assert first is not None
    own_bench.kernels.tend()
    wait_for(lambda: not alive(first), seconds=5)


LOOK = """
import os, sys, time
from hub_config.reports.execution.warm.freshness import LoadedFiles
import ward_list
print(LoadedFiles(since=float(sys.argv[1])).changed())
"""


@pytest.mark.parametrize(("later_s", "counts"), [(-60.0, False), (0.2, True), (3600.0, False)])
def test_a_file_written_while_it_was_imported_counts_as_changed(tmp_path: Path, later_s: float, counts: bool):
    file = tmp_path / "ward_list.py"
    file.write_text("WARDS = 12\n")
    began = time.time() - 0.5
    os.utime(file, (began + later_s, began + later_s))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    words = [sys.executable, "-c", LOOK, str(began)]
    said = subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    assert said == (str(file) if counts else "None")


def test_a_killed_parent_is_replaced(own_bench: WarmBench):
    first = own_bench.kernels.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not alive(first), seconds=5)
    assert own_bench.kernels.wait_until_ready()
    assert own_bench.kernels.pid != first
    assert run(own_bench) == ("warm", "1")


def test_a_parent_that_dies_before_it_answers_costs_no_more_than_a_cold_kernel(own_bench: WarmBench):
    offered = own_bench.kernels.offer()
    assert offered is not None
    assert own_bench.kernels.pid is not None
    os.kill(own_bench.kernels.pid, signal.SIGSTOP)  # the run asks, and nobody answers
    own_bench.must_be_warm = False
    process = own_bench.start("run", own_bench.template(text("# T"), parameters(), code("print(1)")))
    os.kill(own_bench.kernels.pid, signal.SIGKILL)
    ended = own_bench.end(process)
    assert (ended.code, ended.record["kernel_start"]) == (0, "cold")
    assert "the warm parent did not answer" in (ended.folder / "log.txt").read_text()


def test_a_parent_with_threads_of_its_own_forks_nothing(tmp_path: Path, bench: Bench):
    assert isinstance(bench, WarmBench)
    (tmp_path / "starts_a_thread.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    )
    environment = runs_environment()
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), environment.get("PYTHONPATH", "")])
    with WarmKernels(sys.executable, environment=environment, modules=["starts_a_thread"]) as kernels:
        assert not kernels.wait_until_ready(5)


def test_an_interpreter_that_cannot_import_a_kernel_is_not_tried_for_ever(tmp_path: Path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho started >> $(dirname $0)/starts\nexit 3\n")
    broken.chmod(0o700)
    with WarmKernels(str(broken), environment={"PATH": os.environ["PATH"]}) as kernels:
        assert not kernels.wait_until_ready(2.5)
        assert kernels.offer() is None
    assert 1 <= len((tmp_path / "starts").read_text().splitlines()) <= 3


def test_a_kernel_shares_its_memory_with_the_parent(bench: Bench, warm_kernels: WarmKernels):
    source = (
        "import pandas, analysis_lib.models\n"
        "lines = [line.split() for line in open('/proc/self/smaps_rollup')]\n"
        "print(*(words[1] for words in lines if words[0] in {'Rss:', 'Pss:'}))"
    )
    ended = bench.run(text("# T"), parameters(), code(source))
    rss, pss = map(int, "".join(ended.notebook["cells"][-1]["outputs"][0]["text"]).split())
    parent = psutil.Process(warm_kernels.pid).memory_info().rss // 1024
    assert parent < 700_000
    assert pss < 0.6 * rss, (rss, pss, parent)
