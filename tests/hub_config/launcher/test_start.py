"""The first moments of `cohorthub up`: who made the home, who may remove it, and Ctrl-C before anything runs."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hub_config.errors import AlreadyRunningError, StartFailedError
from hub_config.home import Home, make_home
from hub_config.launcher import start
from hub_config.launcher.occupancy import Occupancy, is_held, left_over
from hub_config.launcher.processes import find_process
from hub_config.launcher.start import Launch, Wishes
from hub_config.settings import load_settings

from .conftest import environment


def launch_on(home: Path) -> Launch:
    wishes = Wishes("127.0.0.1", 0, demo=False, config=None)
    return Launch(Home(home), load_settings(home, config=None), wishes=wishes, say=print)


def test_who_comes_second_to_a_new_home_leaves_it_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others: list[Occupancy] = []

    def make_and_be_overtaken(at: Home) -> bool:
        made = make_home(at)
        others.append(Occupancy(at))
        return made

    monkeypatch.setattr(start, "make_home", make_and_be_overtaken)
    with pytest.raises(AlreadyRunningError):
        launch_on(home).run(lambda _addresses: None)
    assert home.is_dir()
    assert is_held(Home(home))
    others[0].release()


def test_a_failed_first_start_removes_its_home_while_it_holds_the_lock(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    remove = shutil.rmtree

    def watched(path: Path, **options: Any) -> None:
        held.append(is_held(Home(home)))
        remove(path, **options)

    def fail() -> None:
        raise StartFailedError("found by the test")

    monkeypatch.setattr(start, "become_subreaper", fail)
    monkeypatch.setattr(start.shutil, "rmtree", watched)
    with pytest.raises(StartFailedError, match="found by the test"):
        launch_on(home).run(lambda _addresses: None)
    assert held == [True]
    assert not home.exists()


SLOW_TO_END = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1.5), sys.exit()))
print("ready", flush=True)
time.sleep(600)
"""


def test_ctrl_c_while_left_over_processes_are_ended_loses_none_of_them(home: Path) -> None:
    make_home(Home(home))
    with subprocess.Popen([sys.executable, "-c", SLOW_TO_END], stdout=subprocess.PIPE, text=True) as left:
        assert left.stdout is not None
        left.stdout.readline()
        alive = find_process(left.pid)
        assert alive is not None
        killed = Occupancy(Home(home))
        killed.record([alive])
        killed.release()
        killed_list = Home(home).run / "processes.json"
        assert killed_list.exists()
        with subprocess.Popen(
            [sys.executable, "-m", "hub_config.cli", "up", "--port", "0", "--no-demo", "--home", str(home)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        ) as starting:
            assert starting.stderr is not None
            assert starting.stderr.readline() == "ending 1 processes that a killed launcher left\n"
            starting.send_signal(signal.SIGINT)
            assert starting.wait(timeout=20) == 130
        assert not alive.is_alive()
    assert left_over(Home(home)) == []
    assert not killed_list.exists()
