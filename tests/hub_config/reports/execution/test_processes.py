"""Whether the process that holds a run is still that process, whatever the clock says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub_config.reports.folders.run_folders import RunFolder
from hub_config.reports.folders.runs import close_interrupted, find_run
from hub_config.reports.processes import is_running, name_process


def running(named: dict[str, object]) -> bool:
    return is_running(
        int(str(named["pid"])), named["pid_started"], ticks=named.get("pid_ticks"), boot=named.get("pid_boot")
    )


def test_a_process_is_told_from_one_that_had_its_number_before():
    mine = name_process(os.getpid())
    assert running(mine)
    assert not running(mine | {"pid_ticks": mine["pid_ticks"] - 1})
    assert not running(mine | {"pid_boot": "another start of the machine"})


def test_a_process_that_has_ended_is_not_running_even_before_its_parent_knows():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    named = name_process(process.pid)
    assert running(named)
    assert process.stdin is not None
    process.stdin.close()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not running(named)
    process.wait()
    assert not running(named)
    assert name_process(process.pid) == {"pid": process.pid, "pid_started": None, "pid_ticks": None, "pid_boot": None}


@pytest.mark.parametrize(("hours", "expected"), [(0, True), (1, False)])
def test_a_record_of_an_older_version_is_read_by_the_clock(hours: int, expected: bool):
    mine = name_process(os.getpid())
    assert is_running(mine["pid"], mine["pid_started"] - 3600 * hours) is expected


def test_a_run_goes_on_when_somebody_sets_the_clock(tmp_path: Path):
    folder = RunFolder(tmp_path, "one")
    folder.create()
    mine = name_process(os.getpid())
    folder.write_record({
        "run_id": "one", "status": "running", "template": "t", "progress": {"cell": 1, "cells": 1, "title": ""},
        "host": os.uname().nodename, **mine, "pid_started": mine["pid_started"] - 3600,
    })  # fmt: skip
    assert close_interrupted(tmp_path) == []
    assert find_run(tmp_path, "one")["status"] == "running"
