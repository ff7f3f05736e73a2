"""Every way a run can end, once more with kernels forked from a warm parent: the same tests, the same words."""

import os
import signal
from pathlib import Path

from ...conftest import Bench, alive, code, parameters, text, wait_for
from ..test_ends_of_runs import *  # noqa: F403
from ..test_ends_of_runs import PIDS, pids


def test_runner_and_worker_killed_at_once_leave_nothing_after_the_next_look(bench: Bench):
    sleeper = "[sys.executable, '-c', 'import time; time.sleep(600)']"
    first = code(
        f"import os, subprocess, sys\nchild = subprocess.Popen({sleeper}, start_new_session=True)\n{PIDS}\n"
        "open(os.environ['COHORTHUB_RUN_DIR'] + '/pids', 'a').write(f'{child.pid}\\n')"
    )
    process = bench.start("run", bench.template(text("# T"), parameters(), first, code("import time; time.sleep(600)")))
    folder, _record = bench.going_on(cell=3)
    below = pids(folder)
    assert len(below) == 2  # the kernel, which is not below the command, and what the kernel started
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    wait_for(lambda: not any(alive(pid) for pid in below), seconds=5)  # with no look at the runs: their host saw it
    (run,) = bench.report("list").document["runs"]
    assert run["status"] == "interrupted"
    assert not Path(run["scratch"]).exists()
    assert bench.unfinished() == []
