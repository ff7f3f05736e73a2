"""The supervisor over small processes: what dies comes back, what keeps dying is given up, nothing escapes."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub_config.errors import AlreadyRunningError, KeepsDyingError, StartFailedError
from hub_config.home import Home, make_home
from hub_config.launcher.occupancy import Occupancy, left_over, running_launcher
from hub_config.launcher.processes import Process, descendants, end_processes, find_process
from hub_config.launcher.supervisor import MAX_DEATHS, Part, StopRequestedError, Supervisor


@pytest.fixture
def occupied(tmp_path: Path) -> Iterator[Occupancy]:
    home = Home(tmp_path / "home")
    make_home(home)
    occupancy = Occupancy(home)
    yield occupancy
    occupancy.release()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(occupied: Occupancy, said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(occupied, said.append)
    with supervisor.signals():
        yield supervisor
        supervisor.stop(first=(), seconds=0)
    supervisor.close()


@pytest.fixture
def make_part(tmp_path: Path) -> Callable[..., Part]:
    def make(program: str, *, name: str = "the part", lasting: bool = True) -> Part:
        code = textwrap.dedent(program)
        log = tmp_path / "part.log"
        return Part(name, [sys.executable, "-c", code], dict(os.environ), log=log, cwd=tmp_path, lasting=lasting)

    return make


def ask_to_stop_after(seconds: float) -> None:
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGTERM)).start()


FOREVER = "import time; time.sleep(600)"


def test_a_part_that_dies_is_started_again(
    supervisor: Supervisor, make_part: Callable[..., Part], said: list[str]
) -> None:
    part = make_part(FOREVER)
    supervisor.start(part)
    assert part.process is not None
    first = part.process.pid
    part.process.kill()
    ask_to_stop_after(1.5)
    supervisor.watch()
    assert part.process.pid != first
    assert part.status is None
    assert said == ["the part ended (status -9); starting it again"]


def test_a_part_that_keeps_dying_is_given_up(
    supervisor: Supervisor, make_part: Callable[..., Part], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub_config.launcher.supervisor.LONGEST_PAUSE_SECONDS", 0.05)
    supervisor.start(make_part("raise SystemExit(3)"))
    with pytest.raises(KeepsDyingError, match="the part keeps ending"):
        supervisor.watch()
    assert len(said) == MAX_DEATHS


def test_a_part_that_ends_while_starting_is_an_error_at_once(
    supervisor: Supervisor, make_part: Callable[..., Part]
) -> None:
    supervisor.start(make_part("raise SystemExit(7)"))
    with pytest.raises(StartFailedError, match="ended while starting; its status was 7"):
        supervisor.wait_until(lambda: False, seconds=30, what="the part")


def test_what_takes_too_long_is_an_error(supervisor: Supervisor, make_part: Callable[..., Part]) -> None:
    supervisor.start(make_part(FOREVER))
    with pytest.raises(StartFailedError, match="the part took too long"):
        supervisor.wait_until(lambda: False, seconds=0.3, what="the part")


def test_a_request_for_the_end_is_heard_while_starting(supervisor: Supervisor, make_part: Callable[..., Part]) -> None:
    supervisor.start(make_part(FOREVER))
    ask_to_stop_after(0.2)
    with pytest.raises(StopRequestedError):
        supervisor.wait_until(lambda: False, seconds=30, what="the part")


def test_a_task_may_end_without_being_started_again(supervisor: Supervisor, make_part: Callable[..., Part]) -> None:
    task = make_part("pass", lasting=False)
    supervisor.start(task)
    supervisor.wait_until(lambda: task.status == 0, seconds=30, what="the task")
    ask_to_stop_after(0.3)
    supervisor.watch()
    assert task.status == 0


def test_a_process_that_ignores_the_polite_signal_is_ended(
    supervisor: Supervisor, make_part: Callable[..., Part], tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    stubborn = make_part(
        f"""
        import pathlib, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pathlib.Path({str(ready)!r}).touch()
        time.sleep(600)
        """
    )
    supervisor.start(stubborn)
    supervisor.wait_until(ready.exists, seconds=30, what="the part")
    begun = time.monotonic()
    supervisor.stop(first=("the part",), seconds=0.5)
    assert time.monotonic() - begun < 6
    assert stubborn.status == -signal.SIGKILL


def test_a_second_request_ends_everything_at_once(
    supervisor: Supervisor, make_part: Callable[..., Part], tmp_path: Path, said: list[str]
) -> None:
    ready = tmp_path / "ready"
    stubborn = make_part(
        f"""
        import pathlib, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pathlib.Path({str(ready)!r}).touch()
        time.sleep(600)
        """
    )
    supervisor.start(stubborn)
    supervisor.wait_until(ready.exists, seconds=30, what="the part")
    os.kill(os.getpid(), signal.SIGINT)
    supervisor.watch()
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    begun = time.monotonic()
    supervisor.stop(first=("the part",), seconds=30)
    assert time.monotonic() - begun < 5
    assert said == ["ending everything at once"]
    assert stubborn.status == -signal.SIGKILL


def test_a_stopped_process_is_ended_too(supervisor: Supervisor, make_part: Callable[..., Part]) -> None:
    part = make_part(FOREVER)
    supervisor.start(part)
    assert part.process is not None
    os.kill(part.process.pid, signal.SIGSTOP)
    supervisor.stop(first=(), seconds=0)
    assert part.status is not None


# Runs the supervisor in a process of its own: to be made the parent of all orphans cannot be taken back.
ORPHANS = """
import os, pathlib, subprocess, sys, time
from hub_config.home import Home, make_home
from hub_config.launcher.occupancy import Occupancy
from hub_config.launcher.processes import become_subreaper
from hub_config.launcher.supervisor import Part, Supervisor

folder = pathlib.Path(sys.argv[1])
home = Home(folder / "home")
make_home(home)
become_subreaper()
supervisor = Supervisor(Occupancy(home), print)
daemon = (
    "import os, sys, time\\n"
    "if os.fork(): os._exit(0)\\n"
    "os.setsid()\\n"
    "if os.fork(): os._exit(0)\\n"
    "open(sys.argv[1], 'w').write(str(os.getpid()))\\n"
    "time.sleep(600)\\n"
)
argv = [sys.executable, "-c", daemon, str(folder / "pid")]
part = Part("it", argv, {}, log=folder / "log", cwd=folder, lasting=False)
with supervisor.signals():
    supervisor.start(part)
    supervisor.wait_until((folder / "pid").exists, seconds=30, what="it")
    supervisor.wait_until(lambda: (folder / "pid").read_text() != "", seconds=30, what="it")
    supervisor.wait_until(lambda: part.status is not None, seconds=30, what="it")
    supervisor._look()
    print((home.run / "processes.json").read_text(), flush=True)
    supervisor.stop(first=(), seconds=0)
"""


def test_a_daemon_that_detached_itself_is_recorded_and_ended(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ORPHANS, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    daemon = int((tmp_path / "pid").read_text())
    assert daemon in [pid for pid, _started in json.loads(done.stdout)["processes"]]
    assert find_process(daemon) is None


def test_a_pid_that_was_handed_out_again_is_never_ended(make_part: Callable[..., Part]) -> None:
    part = make_part(FOREVER)
    part.start()
    assert part.process is not None
    alive = find_process(part.process.pid)
    assert alive is not None
    end_processes([Process(alive.pid, alive.started - 1)], grace_seconds=0)
    assert part.status is None
    end_processes([alive], grace_seconds=1)
    assert part.process.wait(timeout=5) == -signal.SIGTERM


def test_what_another_run_of_the_machine_recorded_is_ignored(occupied: Occupancy) -> None:
    me = find_process(os.getpid())
    assert me is not None
    occupied.record([me])
    assert left_over(occupied.home) == [me]
    list_of_processes = occupied.home.run / "processes.json"
    list_of_processes.write_text(list_of_processes.read_text().replace('"boot": "', '"boot": "another'))
    assert left_over(occupied.home) == []


@pytest.mark.parametrize("text", ["", "{}", '{"boot": 1, "processes": 5}', "\x00"])
def test_a_list_that_was_cut_off_ends_nothing(occupied: Occupancy, text: str) -> None:
    (occupied.home.run / "processes.json").write_text(text)
    assert left_over(occupied.home) == []


def test_one_home_has_one_launcher(occupied: Occupancy) -> None:
    occupied.say(ready=True, url="http://127.0.0.1:1/")
    with pytest.raises(AlreadyRunningError, match=rf"already running \(pid {os.getpid()}, http://127.0.0.1:1/\)"):
        Occupancy(occupied.home)
    assert running_launcher(occupied.home) == find_process(os.getpid())


def test_clearing_up_never_ends_the_one_who_clears_up() -> None:
    me = find_process(os.getpid())
    assert me is not None
    end_processes([me], grace_seconds=0)
    assert me.is_alive()
    assert me not in descendants({os.getpid()})


def test_a_list_that_cannot_be_written_is_said_once_and_ends_nothing(
    supervisor: Supervisor, make_part: Callable[..., Part], said: list[str]
) -> None:
    in_the_way = supervisor.occupancy.home.run / "processes.json"
    in_the_way.mkdir()
    part = make_part(FOREVER)
    supervisor.start(part)
    ask_to_stop_after(0.3)
    supervisor.watch()
    assert part.status is None
    supervisor.stop(first=("the part",), seconds=5)
    in_the_way.rmdir()
    assert part.status == -signal.SIGTERM
    assert said == ["the list of processes cannot be written (Is a directory); free some space"]


def test_everything_is_ended_even_if_ending_it_in_order_fails(
    supervisor: Supervisor, make_part: Callable[..., Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    leading, other = make_part(FOREVER, name="leading"), make_part(FOREVER, name="other")
    supervisor.start(leading)
    supervisor.start(other)

    def fail(_seconds: float) -> None:
        raise RuntimeError("found by the test")

    with monkeypatch.context() as patch:
        patch.setattr(supervisor, "_step", fail)
        with pytest.raises(RuntimeError, match="found by the test"):
            supervisor.stop(first=("leading",), seconds=5)
    assert None not in (leading.status, other.status)


def test_the_list_of_processes_is_kept_while_one_of_them_runs(tmp_path: Path, make_part: Callable[..., Part]) -> None:
    home = Home(tmp_path / "home")
    make_home(home)
    part = make_part(FOREVER)
    part.start()
    assert part.process is not None
    alive = find_process(part.process.pid)
    assert alive is not None
    first = Occupancy(home)
    first.record([alive])
    first.release()
    assert left_over(home) == [alive]
    end_processes([alive], grace_seconds=1)
    part.process.wait(timeout=5)
    Occupancy(home).release()
    assert not (home.run / "processes.json").exists()
