"""Which runs there are, whose they are, and what became of them."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from hub_config.reports.processes import name_process
from hub_config.reports.service.asked import Asked, AskedStore
from hub_config.reports.service.board import Board
from hub_config.reports.service.folders import FolderReader
from hub_config.reports.service.line import RunLine
from hub_config.reports.service.person import Person

ONE, TWO, OPERATOR = Person("researcher-1"), Person("researcher-2"), Person("operator", is_operator=True)
ASKED = Asked(
    run_id="r1",
    template="/srv/reports/steady.ipynb",
    title="A steady report",
    parameters={"count": 3},
    given=("count",),
    requested_by="researcher-1",
    asked_at="2026-11-23T02:15:00.000Z",
)
RECORD = {
    "run_id": "r1",
    "status": "succeeded",
    "template": "steady",
    "title": "A steady report",
    "parameters": {"count": 3},
    "given": ["count"],
    "progress": {"cell": 4, "cells": 4, "title": "End"},
    "started_at": "2026-11-23T02:15:01.000Z",
    "ended_at": "2026-11-23T02:15:09.500Z",
    "error": None,
}


@pytest.fixture
def board(tmp_path):
    (tmp_path / "runs").mkdir()
    store = AskedStore(tmp_path / "runs" / ".asked")
    return Board(folders=FolderReader(tmp_path / "runs"), asked=store, line=RunLine(home=tmp_path, store=store))


def write_folder(board, run_id="r1", *, running=False, **changes):
    folder = board.folders.root / (f".{run_id}.running" if running else run_id)
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps({**RECORD, "run_id": run_id, **changes}))
    return folder


def dead_process():
    """The pid and start time of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = psutil.Process(process.pid).create_time()
    process.communicate(b"\n")
    return process.pid, started


def test_a_finished_run_has_the_state_and_the_times_of_its_record(board):
    board.asked.save(replace(ASKED, state="ended"))
    write_folder(board)
    run = board.find("r1", person=ONE)
    assert (run.state, run.seconds, run.given, run.owner) == ("succeeded", 8.5, ["count"], "researcher-1")


def test_a_person_finds_only_their_own_runs_and_an_operator_all(board):
    for run_id, name in (("r1", "researcher-1"), ("r2", "researcher-2")):
        board.asked.save(replace(ASKED, run_id=run_id, requested_by=name, state="ended"))
        write_folder(board, run_id)
    write_folder(board, "from-the-command-line")

    assert board.runs_of(ONE) == ["r1"]
    assert board.runs_of(TWO) == ["r2"]
    assert set(board.runs_of(OPERATOR)) == {"r1", "r2", "from-the-command-line"}
    assert board.find("r1", person=TWO) is None
    assert board.find("from-the-command-line", person=ONE) is None
    assert board.find("from-the-command-line", person=OPERATOR).owner is None


def test_a_notebook_cannot_give_its_run_to_somebody_else(board):
    board.asked.save(replace(ASKED, state="ended"))
    write_folder(board, started_by="researcher-2", requested_by="researcher-2")
    assert board.find("r1", person=TWO) is None


def test_the_newest_run_comes_first(board):
    for day in (3, 1, 2):
        board.asked.save(replace(ASKED, run_id=f"r{day}", asked_at=f"2026-11-2{day}T00:00:00.000Z", state="refused"))
    assert board.runs_of(ONE) == ["r3", "r2", "r1"]


@pytest.mark.parametrize("run_id", ["../r1", "r1/..", ".r1", ".asked", "latest", "", "r1\n", "r" * 81, "r1%2f", "é"])
def test_what_is_no_run_id_finds_nothing(board, run_id):
    board.asked.save(replace(ASKED, state="ended"))
    write_folder(board)
    (board.folders.root / "latest").mkdir()
    assert board.find(run_id, person=OPERATOR) is None


def test_a_run_folder_that_is_a_link_is_not_followed(board, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "run.json").write_text(json.dumps(RECORD))
    (board.folders.root / "r1").symlink_to(tmp_path / "elsewhere")
    assert board.find("r1", person=OPERATOR) is None
    assert board.runs_of(OPERATOR) == []


def test_a_run_of_the_command_line_is_running_while_its_process_lives(board):
    mine = psutil.Process()
    write_folder(
        board, "r1", running=True, status="running", ended_at=None, pid=mine.pid, pid_started=mine.create_time()
    )
    assert board.find("r1", person=OPERATOR).state == "running"


def test_a_run_of_the_command_line_is_running_though_the_clock_was_set(board):
    mine = name_process(os.getpid())
    write_folder(board, "r1", running=True, **mine | {"status": "running", "pid_started": mine["pid_started"] + 3600})
    assert board.find("r1", person=OPERATOR).state == "running"


def test_a_run_whose_process_is_dead_is_interrupted_whatever_its_record_says(board):
    pid, started = dead_process()
    write_folder(board, "r1", running=True, status="running", ended_at=None, pid=pid, pid_started=started)
    assert board.find("r1", person=OPERATOR).state == "interrupted"


def test_a_pid_that_was_given_to_another_process_does_not_make_a_run_live(board):
    write_folder(board, "r1", running=True, status="running", pid=os.getpid(), pid_started=1_000_000_000.0)
    assert board.find("r1", person=OPERATOR).state == "interrupted"


def test_a_run_that_an_earlier_service_began_is_interrupted_even_if_the_folder_says_running(board):
    board.asked.save(replace(ASKED, state="started", pid=dead_process()[0], pid_started=1.0))
    write_folder(board, "r1", running=True, status="running", ended_at=None)
    board.line.recover()
    assert board.find("r1", person=ONE).state == "interrupted"
    assert board.asked.get("r1").state == "interrupted"


def test_a_request_that_still_waited_when_the_service_ended_is_interrupted(board):
    board.asked.save(ASKED)
    board.line.recover()
    assert board.find("r1", person=ONE).state == "interrupted"


def test_recovering_ends_the_process_that_an_earlier_service_left(board):
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        started = psutil.Process(orphan.pid).create_time()
        board.asked.save(replace(ASKED, state="started", pid=orphan.pid, pid_started=started))
        board.line.recover()
        assert orphan.wait(timeout=5) == -9
    finally:
        orphan.kill()
        orphan.wait()


def test_recovering_finds_the_process_of_an_earlier_service_though_the_clock_was_set(board):
    orphan = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        named = name_process(orphan.pid)
        board.asked.save(replace(ASKED, state="started", **named | {"pid_started": named["pid_started"] + 3600}))
        board.line.recover()
        assert orphan.wait(timeout=5) == -9
    finally:
        orphan.kill()
        orphan.wait()


def test_recovering_leaves_a_process_alone_that_only_has_the_same_number(board):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        board.asked.save(replace(ASKED, state="started", pid=stranger.pid, pid_started=1_000_000_000.0))
        board.line.recover()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_run_that_the_service_stopped_is_interrupted_not_cancelled(board):
    board.asked.save(replace(ASKED, state="interrupted"))
    write_folder(board, status="cancelled", error={"code": "REPORT-CANCELLED", "cell": 2, "title": "", "message": "x"})
    assert board.find("r1", person=ONE).state == "interrupted"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"status": 7}'])
def test_a_record_that_cannot_be_read_shows_an_interrupted_run_and_no_error(board, content):
    board.asked.save(replace(ASKED, state="ended"))
    folder = write_folder(board)
    (folder / "run.json").write_bytes(content)
    run = board.find("r1", person=ONE)
    assert (run.state, run.title, run.cell) == ("interrupted", "A steady report", None)


def test_a_failed_run_tells_cell_title_and_kind_of_error(board):
    board.asked.save(replace(ASKED, state="ended"))
    error = {"code": "REPORT-CELL-FAILED", "cell": 2, "title": "Words", "ename": "KeyError", "message": "it raised"}
    write_folder(board, status="failed", error=error)
    run = board.find("r1", person=ONE)
    assert (run.state, run.cell, run.n_cells, run.cell_title, run.error_name) == ("failed", 2, 4, "Words", "KeyError")


def test_a_record_of_a_request_that_cannot_be_read_gives_the_run_to_nobody(board):
    write_folder(board)
    board.asked.folder.mkdir()
    (board.asked.folder / "r1.json").write_text("{")
    assert board.find("r1", person=ONE) is None
    assert board.find("r1", person=OPERATOR) is not None


def test_records_of_requests_are_closed_to_other_accounts(board):
    board.asked.save(ASKED)
    assert (board.asked.folder.stat().st_mode & 0o777, (board.asked.folder / "r1.json").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )
