"""Every way a run can end gives one final state, a stamped notebook, and no process."""

import json
import os
import re
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from hub_config.reports.processes import name_process

from ..conftest import Bench, Ended, alive, code, parameters, text, wait_for

PIDS = "open(os.environ['COHORTHUB_RUN_DIR'] + '/pids', 'a').write(f'{os.getpid()}\\n')"
# A child that leaves group, session and parent behind, as daemons do, and shuts its ears to SIGTERM and SIGHUP.
DAEMON = (
    """
import os, signal, subprocess, sys, time
print("marker-of-the-first-cell", flush=True)
child = '''
import os, signal, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.environ.clear()
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
open(sys.argv[1], "a").write(f"{os.getpid()}\\\\n")
time.sleep(600)
'''
subprocess.run([sys.executable, "-c", child, os.environ["COHORTHUB_RUN_DIR"] + "/pids"])
"""
    + PIDS
)


def pids(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "pids").read_text().split()]


def assert_marked_incomplete(ended: Ended, *, status: str, error: str, cell: int, title: str) -> None:
    record, book = ended.record, ended.notebook
    assert ended.document["status"] == record["status"] == status
    assert ended.document["error"] == record["error"]
    assert (record["error"]["code"], record["error"]["cell"], record["error"]["title"]) == (error, cell, title)
    assert "INCOMPLETE" in "".join(book["cells"][0]["source"])
    assert book["metadata"]["cohorthub"]["incomplete"] is True
    assert book["metadata"]["cohorthub"]["error"]["cell"] == cell
    assert "INCOMPLETE" in ended.page
    assert record["ended_at"] is not None
    assert record["duration_s"] > 0


def assert_nothing_left(bench: Bench, ended: Ended) -> None:
    assert bench.unfinished() == []
    assert [pid for pid in pids(ended.folder) if alive(pid)] == []
    assert not (bench.runs / "latest").exists()
    assert not Path(ended.record["scratch"]).exists()


def three_cells(last: str) -> tuple[dict[str, object], ...]:
    return (
        text("# Steps per day"),
        parameters(),
        code(DAEMON),
        text("## The long wait\n\nSome text."),
        code(last),
        code("print('never reached')"),
    )


def test_a_run_that_succeeds_leaves_a_whole_folder_and_moves_latest(bench: Bench):
    ended = bench.run(
        text("# Steps per day"),
        parameters(),
        code("print(f'days={days}')"),
        code(DAEMON),
        words=("-p", "days=3", "--started-by", "researcher-1"),
    )
    record = ended.record
    assert ended.code == 0, ended.talk
    assert (record["status"], record["error"]) == ("succeeded", None)
    assert record["parameters"] == {"days": 3}
    assert record["started_by"] == "researcher-1"
    assert len(record["environment_sha256"]) == 64
    assert "days=3" in json.dumps(ended.notebook)
    assert "days=3" in ended.page
    assert "INCOMPLETE" not in ended.page
    assert (bench.runs / "latest" / "steps").resolve() == ended.folder
    assert bench.unfinished() == []
    assert [pid for pid in pids(ended.folder) if alive(pid)] == []
    assert {path.name for path in ended.folder.iterdir()} == {
        "report.ipynb", "report.html", "run.json", "log.txt", "pids", "template.ipynb", "environment.txt",
        "ro-crate-metadata.json", "ro-crate-metadata.json.sha256",
    }  # fmt: skip
    for file in ended.folder.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


def test_the_counts_in_the_notebook_are_those_of_a_lab_that_ran_all(bench: Bench):
    ended = bench.run(text("# T"), parameters(), code("1 + 1"), code("2 + 2"), words=("-p", "days=3"))
    counts = [cell["execution_count"] for cell in ended.notebook["cells"] if cell["cell_type"] == "code"]
    assert counts == [1, None, 2, 3]


def test_an_error_in_a_cell_is_told_by_its_kind_and_never_by_its_value(bench: Bench):
    ended = bench.run(*three_cells("raise ValueError('Kim Min-ji, born 1961-04-02')"))
    assert ended.code == 60
    assert_marked_incomplete(ended, status="failed", error="REPORT-CELL-FAILED", cell=3, title="The long wait")
    assert_nothing_left(bench, ended)
    assert ended.record["error"]["ename"] == "ValueError"
    assert "Kim" not in json.dumps(ended.record) + json.dumps(ended.document) + ended.talk
    assert "Kim" not in re.sub(r"<details>.*?</details>", "", ended.page, flags=re.DOTALL)
    assert "Code of cell 4 (not run)" in ended.page
    assert "Kim" in json.dumps(ended.notebook)
    assert "Kim" in (ended.folder / "log.txt").read_text()
    assert "never reached" not in json.dumps([cell.get("outputs") for cell in ended.notebook["cells"]])
    assert ended.folder.stat().st_mode & 0o077 == 0


def test_the_name_of_an_error_cannot_carry_a_value_either(bench: Bench):
    ended = bench.run(text("# T"), parameters(), code("raise type('Kim Min-ji 1961', (Exception,), {})()"))
    assert ended.record["error"]["ename"] == "an error"
    assert "Kim" not in json.dumps(ended.record) + ended.talk


@pytest.mark.parametrize("ending", ["exit(0)", "quit", "import sys; sys.exit(0)", "raise SystemExit"])
def test_exit_with_0_is_success_and_skips_the_rest(bench: Bench, ending: str):
    cells = [code("print('so' ' far')"), code(ending), code("print('never' 'reached')")]
    ended = bench.run(text("# T"), parameters(), *cells)
    assert ended.code == 0, ended.talk
    assert ended.record["status"] == "succeeded"
    assert ended.record["ended_early"] is True
    assert "so far" in ended.page
    assert "neverreached" not in ended.page
    outputs = json.dumps([cell.get("outputs") for cell in ended.notebook["cells"]])
    assert "SystemExit" not in outputs
    assert "Ctrl-D" not in outputs
    assert "ended itself early" in ended.page


@pytest.mark.parametrize("ending", ["exit(1)", "import sys; sys.exit('Kim Min-ji')"])
def test_exit_with_anything_else_is_failure(bench: Bench, ending: str):
    ended = bench.run(text("# T"), parameters(), code(f"{ending}\nprint('never' 'reached')"))
    assert ended.code == 60
    assert ended.record["status"] == "failed"
    assert ended.record["error"]["ename"] == "SystemExit"
    assert "Kim" not in json.dumps(ended.record) + ended.talk
    assert "neverreached" not in ended.page


def test_a_cell_that_is_meant_to_raise_does_not_end_the_run(bench: Bench):
    ended = bench.run(text("# T"), parameters(), code("1 / 0", "raises-exception"), code("print('af' 'ter')"))
    assert ended.code == 0, ended.talk
    assert "after" in ended.page


def test_a_killed_kernel_is_failure_with_the_signal(bench: Bench):
    ended = bench.run(*three_cells("import signal; os.kill(os.getpid(), signal.SIGKILL)"))
    assert ended.code == 61
    assert_marked_incomplete(ended, status="failed", error="REPORT-KERNEL-DIED", cell=3, title="The long wait")
    assert_nothing_left(bench, ended)
    assert "SIGKILL" in ended.record["error"]["message"]
    assert "marker-of-the-first-cell" in ended.page


def test_a_kernel_that_ends_itself_without_a_word_is_failure(bench: Bench):
    ended = bench.run(*three_cells("os._exit(0)"))
    assert ended.code == 61
    assert_marked_incomplete(ended, status="failed", error="REPORT-KERNEL-DIED", cell=3, title="The long wait")
    assert_nothing_left(bench, ended)


def test_a_crash_in_native_code_is_failure_with_the_signal(bench: Bench):
    ended = bench.run(*three_cells("import ctypes; ctypes.string_at(0)"))
    assert ended.code == 61
    assert_marked_incomplete(ended, status="failed", error="REPORT-KERNEL-DIED", cell=3, title="The long wait")
    assert "SIGSEGV" in ended.record["error"]["message"]


def test_a_hung_kernel_is_found_by_the_time_limit_of_the_cell(bench: Bench):
    began = time.monotonic()
    ended = bench.run(
        *three_cells("import signal; os.kill(os.getpid(), signal.SIGSTOP)"), words=("--cell-timeout", "8")
    )
    assert ended.code == 62
    assert time.monotonic() - began < 40
    assert_marked_incomplete(ended, status="timed_out", error="REPORT-TIMED-OUT", cell=3, title="The long wait")
    assert_nothing_left(bench, ended)


def test_a_cell_that_shields_itself_from_interrupts_ends_at_the_limit_of_the_run(bench: Bench):
    stubborn = """
import signal, time
for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, signal.SIG_IGN)
print("before-the-end", flush=True)
while True:
    try:
        time.sleep(1)
    except BaseException:
        pass
"""
    ended = bench.run(*three_cells(stubborn), words=("--run-timeout", "15"))
    assert ended.code == 62
    assert_marked_incomplete(ended, status="timed_out", error="REPORT-TIMED-OUT", cell=3, title="The long wait")
    assert "for the run" in ended.record["error"]["message"]
    assert "before-the-end" in ended.page
    assert_nothing_left(bench, ended)


def test_out_of_memory_in_python_is_a_failed_cell(bench: Bench):
    hungry = "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)); x = bytearray(2**33)"
    ended = bench.run(*three_cells(hungry))
    assert ended.code == 60
    assert_marked_incomplete(ended, status="failed", error="REPORT-CELL-FAILED", cell=3, title="The long wait")
    assert ended.record["error"]["ename"] == "MemoryError"
    assert_nothing_left(bench, ended)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_runner_cancels_the_run(bench: Bench, number: signal.Signals):
    process = bench.start(
        "run", bench.template(*three_cells("import time; print('waiting', flush=True); time.sleep(600)"))
    )
    bench.going_on(cell=3)
    began = time.monotonic()
    process.send_signal(number)
    ended = bench.end(process)
    assert time.monotonic() - began < 10
    assert ended.code == 63
    assert_marked_incomplete(ended, status="cancelled", error="REPORT-CANCELLED", cell=3, title="The long wait")
    assert_nothing_left(bench, ended)


def test_ctrl_c_at_a_terminal_cancels_the_run(bench: Bench):
    process = bench.start("run", bench.template(*three_cells("import time; time.sleep(600)")))
    bench.going_on(cell=3)
    os.killpg(process.pid, signal.SIGINT)  # the terminal sends it to the whole foreground group
    ended = bench.end(process)
    assert ended.code == 63
    assert_marked_incomplete(ended, status="cancelled", error="REPORT-CANCELLED", cell=3, title="The long wait")
    assert_nothing_left(bench, ended)


def test_a_cancelled_run_ends_even_if_its_worker_does_not_answer(bench: Bench):
    process = bench.start("run", bench.template(*three_cells("import time; time.sleep(600)")))
    bench.going_on(cell=3)
    (worker,) = psutil.Process(process.pid).children()
    worker.suspend()
    process.terminate()
    ended = bench.end(process)
    assert ended.code == 63
    assert_marked_incomplete(ended, status="cancelled", error="REPORT-CANCELLED", cell=3, title="The long wait")
    assert_nothing_left(bench, ended)


def test_a_killed_worker_is_failure(bench: Bench):
    process = bench.start("run", bench.template(*three_cells("import time; time.sleep(600)")))
    bench.going_on(cell=3)
    (worker,) = psutil.Process(process.pid).children()
    worker.kill()
    ended = bench.end(process)
    assert ended.code == 66
    assert_marked_incomplete(ended, status="failed", error="REPORT-RUNNER-DIED", cell=3, title="The long wait")
    assert_nothing_left(bench, ended)


def test_a_killed_runner_takes_its_kernel_along_and_the_next_look_says_interrupted(bench: Bench):
    process = bench.start("run", bench.template(*three_cells("import time; time.sleep(600)")))
    folder, record = bench.going_on(cell=3)
    assert record["pid"] == process.pid
    assert record["pid_started"] == pytest.approx(psutil.Process(process.pid).create_time(), abs=1)
    assert {name: record[name] for name in ("pid_ticks", "pid_boot")}.items() <= name_process(process.pid).items()
    process.kill()
    process.wait()
    wait_for(lambda: not any(alive(pid) for pid in pids(folder)), seconds=15)
    (run,) = bench.report("list").document["runs"]
    ended = Ended(0, run | {"error": run["error"]}, "")
    assert_marked_incomplete(ended, status="interrupted", error="REPORT-INTERRUPTED", cell=3, title="The long wait")
    assert_nothing_left(bench, ended)
    assert bench.report("list").document["runs"] == [run]


def test_runner_and_worker_killed_at_once_leave_nothing_after_the_next_look(bench: Bench):
    sleeper = "[sys.executable, '-c', 'import time; time.sleep(600)']"
    first = code(f"import os, subprocess, sys\nsubprocess.Popen({sleeper}, start_new_session=True)\n{PIDS}")
    process = bench.start("run", bench.template(text("# T"), parameters(), first, code("import time; time.sleep(600)")))
    bench.going_on(cell=3)
    below = psutil.Process(process.pid).children(recursive=True)
    assert len(below) == 3  # worker, kernel, and what the kernel started
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (run,) = bench.report("list").document["runs"]
    assert run["status"] == "interrupted"
    assert not Path(run["scratch"]).exists()
    wait_for(lambda: not any(alive(one.pid) for one in below), seconds=15)
    assert bench.unfinished() == []


def test_a_run_still_going_on_is_left_alone_by_those_who_look(bench: Bench):
    process = bench.start(
        "run", bench.template(text("# T"), parameters(), code("import time; time.sleep(6)"), code("1"))
    )
    bench.going_on(cell=2)
    (run,) = bench.report("list").document["runs"]
    assert run["status"] == "running"
    assert run["progress"] == {"cell": 2, "cells": 3, "title": "T"}
    assert bench.end(process).code == 0


def test_a_run_that_fails_leaves_the_earlier_good_one_untouched(bench: Bench):
    good = bench.run(text("# T"), parameters(), code("print('good')"))
    before = {path.name: path.read_bytes() for path in good.folder.iterdir()}
    bad = bench.run(text("# T"), parameters(), code("raise ValueError"))
    assert (good.code, bad.code) == (0, 60)
    assert (bench.runs / "latest" / "steps").resolve() == good.folder
    assert {path.name: path.read_bytes() for path in good.folder.iterdir()} == before
    newer = bench.run(text("# T"), parameters(), code("print('newer')"))
    assert (bench.runs / "latest" / "steps").resolve() == newer.folder


@pytest.mark.parametrize("later_s", [0, 0.1, 0.3, 0.6, 1.0])
def test_a_run_stopped_at_any_moment_of_its_start_is_cancelled(bench: Bench, later_s: float):
    process = bench.start("run", bench.template(text("# T"), parameters(), code("import time; time.sleep(60)")))
    wait_for(lambda: list(bench.runs.glob(".*.running")))
    time.sleep(later_s)
    began = time.monotonic()
    process.terminate()
    ended = bench.end(process)
    assert ended.code == 63
    assert ended.record["status"] == "cancelled"
    assert time.monotonic() - began < 12
    assert bench.unfinished() == []


def test_a_kernel_that_cannot_start_is_failure_with_no_cell(bench: Bench):
    spec = bench.home / "jupyter" / "kernels" / "broken"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-c", "import sys; sys.exit('no such thing')", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Broken", "language": "python"}))
    template = bench.template(
        text("# T"), parameters(), kernel={"name": "broken", "display_name": "B", "language": "python"}
    )
    ended = bench.report("run", template, env={"JUPYTER_PATH": str(bench.home / "jupyter")})
    assert ended.code == 61
    assert ended.record["error"]["cell"] is None
    assert "no such thing" in (ended.folder / "log.txt").read_text()
    assert bench.unfinished() == []


def test_no_secret_of_the_runner_reaches_the_kernel(bench: Bench):
    template = bench.template(text("# T"), parameters(), code("import os; print(sorted(os.environ), dict(os.environ))"))
    names = ("JUPYTERHUB_API_TOKEN", "MAIL_PASSWORD", "AWS_SECRET_ACCESS_KEY", "CONFIGPROXY_AUTH_TOKEN")
    secrets = {name: f"mark-{number}" for number, name in enumerate(names)}
    ended = bench.report("run", template, env=secrets)
    assert ended.code == 0
    for number in range(4):
        assert f"mark-{number}" not in (ended.folder / "report.ipynb").read_text()
    assert str(bench.home / "data") in json.dumps(ended.notebook)


def test_progress_is_one_line_per_cell_where_nobody_watches(bench: Bench):
    ended = bench.run(text("# Steps"), parameters(), text("## Table"), code("1"))
    assert ended.talk.splitlines() == ["cell 1/2  Steps", "cell 2/2  Table"]


def test_two_runs_at_once_do_not_disturb_each_other(bench: Bench):
    template = bench.template(text("# T"), parameters(), code("import time; time.sleep(2); print(f'days={days}')"))
    both = [bench.start("run", template, "-p", f"days={n}") for n in (3, 4)]
    for number, process in zip((3, 4), both, strict=True):
        ended = bench.end(process)
        assert ended.code == 0, ended.talk
        assert f"days={number}" in ended.page


def test_what_a_cell_prints_is_joined_and_overwritten_lines_are_gone(bench: Bench):
    loud = "for i in range(200): print(f'\\r{i} %', end='', flush=True)\nprint()\nprint('x' * 1_000_000)"
    ended = bench.run(text("# T"), parameters(), code(loud))
    (output,) = ended.notebook["cells"][-1]["outputs"]
    printed = "".join(output["text"])
    assert printed == "199 %\n" + "x" * 1_000_000 + "\n"
    assert "more characters are in report.ipynb" in ended.page
    assert len(ended.page) < 200_000


def test_a_cell_that_prints_without_end_is_stopped_before_it_fills_the_memory(bench: Bench):
    ended = bench.run(*three_cells("while True: print('x' * 1_000_000)"))
    assert ended.code == 69
    assert_marked_incomplete(ended, status="failed", error="REPORT-TOO-MUCH-OUTPUT", cell=3, title="The long wait")
    assert_nothing_left(bench, ended)


def test_a_run_goes_on_when_nobody_listens_to_its_progress(bench: Bench):
    process = bench.start("run", bench.template(text("# T"), parameters(), code("print('af' 'ter')")))
    assert process.stderr is not None
    process.stderr.close()
    out = process.stdout.read() if process.stdout is not None else ""
    assert process.wait() == 0
    folder = Path(json.loads(out)["folder"])
    assert "after" in (folder / "report.html").read_text()


def test_what_a_kernel_leaves_in_its_temporary_folder_goes_with_it(bench: Bench):
    left = "import tempfile; folder = tempfile.mkdtemp(); print(folder)\nimport atexit; atexit.register(print)"
    ended = bench.run(text("# T"), parameters(), code(left), code("import os; os.kill(os.getpid(), 9)"))
    assert ended.code == 61
    made = "".join(ended.notebook["cells"][3]["outputs"][0]["text"]).strip()
    assert "cohorthub-run-" in made
    assert not Path(made).exists()
    assert not Path(made).parent.exists()


def test_a_report_may_leave_something_for_its_exit(bench: Bench):
    last = "import atexit, os; atexit.register(lambda: open(os.environ['COHORTHUB_RUN_DIR'] + '/left', 'w').close())"
    ended = bench.run(text("# T"), parameters(), code(last))
    assert ended.code == 0
    assert (ended.folder / "left").exists()
