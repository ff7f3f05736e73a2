"""A cluster never outlives the one who opened it, and works where people work: in scripts and in notebooks."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

# Without `if __name__ == "__main__"`, as people write scripts.
OPEN_AND_TELL = """
import json, os, psutil, sys, time
from analysis_lib.compute import cluster, map_buckets
opened = cluster(workers=2, memory_limit="512 MiB")
tree = psutil.Process().children(recursive=True)
print(json.dumps({"pids": [each.pid for each in tree], "folder": opened._process.folder}), flush=True)
"""


@pytest.fixture
def script(tmp_path):
    """Start a script that opens a cluster and tells of it; return the process, the cluster's processes, its folder."""
    started = []

    def start(code: str, *, then: str = ""):
        path = tmp_path / "study.py"
        path.write_text(textwrap.dedent(code) + textwrap.dedent(then))
        process = subprocess.Popen(
            [sys.executable, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
        )
        started.append(process)
        line = process.stdout.readline()
        assert line, process.stderr.read()
        told = json.loads(line)
        return process, [psutil.Process(pid) for pid in told["pids"]], Path(told["folder"])

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_script_without_a_main_guard_works_and_leaves_nothing(script, are_gone):
    process, cluster_processes, folder = script(
        OPEN_AND_TELL,
        then="""
        class Doubler:
            def __call__(self, bucket):
                return 2 * bucket
        print(map_buckets(Doubler(), range(4)), flush=True)
        """,
    )
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "[0, 2, 4, 6]\n", "")
    assert are_gone(cluster_processes)
    assert not folder.exists()


def test_workers_import_the_modules_beside_the_script(tmp_path):
    (tmp_path / "washout.py").write_text("def days(bucket):\n    return 365 + bucket\n")
    (tmp_path / "json.py").write_text("raise RuntimeError('a file beside the script replaced the standard library')\n")
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "run.py").write_text(
        "import sys\nsys.path.append('..')\n"
        "from analysis_lib.compute import cluster, map_buckets\nimport washout\n"
        "with cluster(workers=1, memory_limit='512 MiB'):\n    print(map_buckets(washout.days, [0, 1]))\n"
    )
    shown = subprocess.run(
        [sys.executable, "run.py"], cwd=tmp_path / "study", capture_output=True, text=True, timeout=60, check=False
    )
    assert (shown.stdout, shown.stderr) == ("[365, 366]\n", "")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param("", "time.sleep(600)", id="idle"),
        pytest.param("", "map_buckets(time.sleep, [600, 600])", id="while its workers work"),
        # The child keeps the pipe to the cluster's process open after its parent's death.
        pytest.param("os.fork() or time.sleep(600)", "time.sleep(600)", id="with a forked child"),
    ],
)
def test_when_the_kernel_is_killed_the_whole_cluster_goes(script, wait_until, are_gone, first, then):
    process, cluster_processes, folder = script(OPEN_AND_TELL, then=f"{first}\nprint('on', flush=True)\n{then}\n")
    assert process.stdout.readline() == "on\n"
    children = psutil.Process(process.pid).children()
    assert len(children) == (2 if first else 1)
    process.kill()
    wait_until(lambda: are_gone(cluster_processes), "the cluster's processes have gone", seconds=15)
    wait_until(lambda: not folder.exists(), "the workers' files have gone")
    for child in children:
        if child.pid not in {each.pid for each in cluster_processes}:
            child.kill()


def test_an_uncaught_error_ends_the_script_and_the_cluster(script, are_gone):
    process, cluster_processes, folder = script(OPEN_AND_TELL, then="1 / 0\n")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.strip().endswith("ZeroDivisionError: division by zero")
    assert are_gone(cluster_processes)
    assert not folder.exists()


def test_a_forked_child_that_ends_leaves_its_parents_cluster_alone(script):
    process, _, _ = script(
        OPEN_AND_TELL,
        then="""
        child = os.fork()
        if child == 0:
            sys.exit(0)
        os.waitpid(child, 0)
        print(map_buckets(abs, [-1]), flush=True)
        """,
    )
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "[1]\n"), err


@pytest.fixture
def kernel(tmp_path):
    """A real IPython kernel; returns a function that runs a cell and gives what it printed or showed."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))

    def run(code: str, *, on_start=None) -> str:
        shown = []

        def keep(message):
            content = message["content"]
            if message["msg_type"] == "status" and content["execution_state"] == "busy" and on_start:
                on_start(manager)
            shown.append(content.get("text") or "".join(content.get("data", {}).values()) or content.get("ename", ""))

        client.execute_interactive(code, timeout=90, output_hook=keep, allow_stdin=False)
        return "".join(shown)

    run.manager = manager
    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_in_a_notebook_it_works_shows_itself_and_survives_an_interrupt(kernel, wait_until, are_gone):
    assert "Open its dashboard" in kernel(
        "from analysis_lib.compute import cluster, map_buckets\nc = cluster(workers=1, memory_limit='512 MiB')\nc"
    )
    assert kernel("print(map_buckets(lambda bucket: bucket + 1, range(3)))") == "[1, 2, 3]\n"
    kernel("import threading, signal, os, time\nthreading.Timer(1, os.killpg, (os.getpgid(0), signal.SIGINT)).start()")
    assert "KeyboardInterrupt" in kernel("map_buckets(time.sleep, [20])")
    assert kernel("print(map_buckets(abs, [-5]))") == "[5]\n"
    told = json.loads(
        kernel("import json, psutil; print(json.dumps([p.pid for p in psutil.Process().children(True)]))")
    )
    processes = [psutil.Process(pid) for pid in told]
    os.kill(kernel.manager.provisioner.process.pid, signal.SIGKILL)
    wait_until(lambda: are_gone(processes), "the cluster of the killed kernel has gone", seconds=15)
