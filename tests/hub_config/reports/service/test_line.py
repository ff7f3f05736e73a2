"""Runs carried out for real, by the command line in processes of their own: how many at a time, and how they end."""

import asyncio
import json
import os
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import psutil
import pytest

from hub_config.kernels import ensure_kernel
from hub_config.reports.service.asked import AskedStore
from hub_config.reports.service.board import Board
from hub_config.reports.service.folders import FolderReader
from hub_config.reports.service.line import RunLine
from hub_config.reports.service.person import Person
from hub_config.reports.service.shelf import Shelf

from .notebooks import write_templates

ONE = Person("researcher-1")
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def place(tmp_path):
    """A home with a kernel, and templates beside it."""
    home, shelf = tmp_path / "home", tmp_path / "reports"
    for folder in (home / "runs", home / "data", shelf):
        folder.mkdir(parents=True)
    ensure_kernel(home)
    write_templates(shelf)
    return home, Shelf(shelf)


@asynccontextmanager
async def open_board(home, *, max_running=2):
    store = AskedStore(home / "runs" / ".asked")
    line = RunLine(home=home, store=store, max_running=max_running)
    try:
        yield Board(folders=FolderReader(home / "runs"), asked=store, line=line)
    finally:
        await line.close()


def ask(board, shelf, template="steady", **changes):
    offer = shelf.get(template)
    return board.ask(offer, values={one.name: one.default for one in offer.parameters} | changes, person=ONE)


@dataclass
class Ended:
    """A runner that has ended and was waited for."""

    pid: int
    returncode: int = 0

    def terminate(self):
        raise ProcessLookupError


async def until(condition, *, within=60.0):
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "not in time"
        await asyncio.sleep(0.05)


def state(board, run_id):
    return board.find(run_id, person=ONE).state


def processes_of(run_id):
    """Every live process of this machine whose command or environment names the run, but not this one."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), *process.environ().values()]
            lives = process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            continue
        if lives and process.pid != os.getpid() and any(run_id in word for word in words):
            found.append(process)
    return found


def test_a_run_reaches_its_folder_with_the_values_asked_for_and_who_asked(place):
    home, shelf = place

    async def story():
        async with open_board(home) as board:
            run_id = ask(board, shelf, words="-- 'quoted': {odd}\nyes", count=2)
            await until(lambda: state(board, run_id) == "succeeded")
            await until(lambda: not board.line.is_running(run_id))
            return board.find(run_id, person=ONE), board.asked.get(run_id)

    run, asked = asyncio.run(story())
    record = json.loads((home / "runs" / run.run_id / "run.json").read_text())
    assert record["parameters"]["words"] == "-- 'quoted': {odd}\nyes"
    assert record["started_by"] == "researcher-1"
    assert sorted(record["given"]) == ["count", "words"]
    assert asked.state == "ended"
    assert run.has_report
    assert list((home / "run" / "reports").iterdir()) == [], "parameters and log of a good run are cleared away"


def test_no_more_run_at_a_time_than_allowed_and_the_others_begin_in_order(place):
    home, shelf = place

    async def story():
        async with open_board(home, max_running=1) as board:
            ids = [ask(board, shelf) for _ in range(3)]
            most, positions = 0, [board.find(one, person=ONE).position for one in ids]
            while any(board.find(one, person=ONE).is_active for one in ids):
                most = max(most, sum(state(board, one) == "running" for one in ids))
                await asyncio.sleep(0.1)
            return ids, most, positions, [board.find(one, person=ONE) for one in ids]

    ids, most, positions, runs = asyncio.run(story())
    assert [run.state for run in runs] == ["succeeded"] * 3
    assert most == 1
    assert positions == [None, 0, 1]
    assert [run.run_id for run in sorted(runs, key=lambda run: run.started_at)] == ids


def test_a_waiting_run_that_is_cancelled_never_begins(place):
    home, shelf = place

    async def story():
        async with open_board(home, max_running=1) as board:
            first, second = ask(board, shelf, pause=30.0), ask(board, shelf)
            assert board.line.cancel(second)
            states = state(board, first), state(board, second)
            board.line.cancel(first)
            await until(lambda: not board.find(first, person=ONE).is_active)
            return states, (home / "runs" / second).exists(), state(board, second)

    states, has_folder, at_last = asyncio.run(story())
    assert states == ("running", "cancelled")
    assert not has_folder
    assert at_last == "cancelled"


def test_a_cancelled_run_leaves_no_process_says_so_and_never_had_the_services_token(place, monkeypatch):
    home, shelf = place
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "marked-token")

    async def story():
        async with open_board(home) as board:
            run_id = ask(board, shelf, pause=60.0)
            await until(lambda: (board.find(run_id, person=ONE).cell_title) == "Waiting")
            before = [process.environ() for process in processes_of(run_id)]
            begin = time.monotonic()
            board.line.cancel(run_id)
            stopping = board.find(run_id, person=ONE).is_stopping
            await until(lambda: not board.find(run_id, person=ONE).is_active, within=12)
            await until(lambda: processes_of(run_id) == [], within=12)
            return before, stopping, time.monotonic() - begin, state(board, run_id)

    before, stopping, seconds, at_last = asyncio.run(story())
    assert len(before) >= 2, "the runner and its kernel"
    assert not any("marked-token" in value for environment in before for value in environment.values())
    assert stopping
    assert at_last == "cancelled"
    assert seconds < 10


def test_a_runner_that_does_not_listen_is_killed_with_its_kernel(place, monkeypatch):
    home, shelf = place
    monkeypatch.setattr("hub_config.reports.service.line.CANCEL_GRACE", 1.0)

    async def story():
        async with open_board(home) as board:
            run_id = ask(board, shelf, pause=60.0)
            await until(lambda: (board.find(run_id, person=ONE).cell_title) == "Waiting")
            before = processes_of(run_id)
            for process in before:
                process.suspend()
            board.line.cancel(run_id)
            await until(lambda: not board.find(run_id, person=ONE).is_active, within=10)
            return before, state(board, run_id), processes_of(run_id)

    before, at_last, left = asyncio.run(story())
    assert len(before) >= 2
    assert at_last == "cancelled"
    assert left == []


def test_a_run_that_the_runner_refuses_keeps_the_reason(place):
    home, shelf = place
    offer = shelf.get("steady")
    text = offer.path.read_text()

    async def story():
        async with open_board(home) as board:
            offer.path.write_text(text.replace('"parameters"', '"other"'))
            run_id = board.ask(offer, values={one.name: one.default for one in offer.parameters}, person=ONE)
            await until(lambda: not board.find(run_id, person=ONE).is_active)
            return board.find(run_id, person=ONE)

    run = asyncio.run(story())
    assert run.state == "refused"
    assert run.code == "REPORT-PARAMETERS-CELL"
    assert "parameters" in run.message


def test_a_runner_that_is_killed_leaves_an_interrupted_run(place):
    home, shelf = place

    async def story():
        async with open_board(home) as board:
            run_id = ask(board, shelf, pause=60.0)
            await until(lambda: (board.find(run_id, person=ONE).cell_title) == "Waiting")
            os.kill(board.asked.get(run_id).pid, 9)
            await until(lambda: not board.line.is_running(run_id))
            await until(lambda: processes_of(run_id) == [], within=15)
            at_once = state(board, run_id)
            await until((home / "runs" / run_id).is_dir)
            return at_once, board.find(run_id, person=ONE)

    at_once, run = asyncio.run(story())
    assert at_once == run.state == "interrupted"
    assert run.has_report, "what there is can be read and downloaded"
    assert run.cell_title == "Waiting"


def test_closing_the_line_ends_what_runs_and_what_waits_in_time(place):
    home, shelf = place

    async def story():
        async with open_board(home, max_running=1) as board:
            first, second = ask(board, shelf, pause=60.0), ask(board, shelf)
            await until(lambda: (board.find(first, person=ONE).cell_title) == "Waiting")
            begin = time.monotonic()
            await board.line.close()
            return time.monotonic() - begin, state(board, first), state(board, second), processes_of(first)

    seconds, first, second, left = asyncio.run(story())
    assert seconds < 5
    assert (first, second) == ("interrupted", "interrupted")
    assert left == []


def test_a_run_that_cannot_be_begun_is_not_shown_as_running_and_the_next_one_begins(place):
    home, shelf = place

    async def story():
        async with open_board(home, max_running=1) as board:
            (home / "run").write_text("a file where the folder should be")
            first = ask(board, shelf)
            await until(lambda: not board.line.is_running(first))
            (home / "run").unlink()
            second = ask(board, shelf)
            await until(lambda: state(board, second) == "succeeded")
            return state(board, first)

    assert asyncio.run(story()) == "refused"


def test_a_run_goes_on_and_can_be_cancelled_when_no_record_of_it_can_be_written(place):
    home, shelf = place

    async def story():
        async with open_board(home) as board:
            run_id = ask(board, shelf, pause=60.0)
            board.asked.folder.rename(home / "asked-before")
            board.asked.folder.write_text("a file where the folder should be")
            await until(lambda: board.find(run_id, person=ONE).cell_title == "Waiting")
            going_on = board.line.is_running(run_id), state(board, run_id)
            board.line.cancel(run_id)
            await until(lambda: not board.find(run_id, person=ONE).is_active)
            await until(lambda: processes_of(run_id) == [], within=15)
            return going_on, state(board, run_id)

    assert asyncio.run(story()) == ((True, "running"), "cancelled")


def test_the_number_of_a_runner_that_has_ended_is_nobody_to_end(tmp_path):
    async def story():
        line = RunLine(home=tmp_path, store=AskedStore(tmp_path / ".asked"))
        stranger = await asyncio.create_subprocess_exec("sleep", "60")
        try:
            # A number cannot be made to come again; so the ended runner is said to have had the stranger's.
            line._processes["one"] = Ended(stranger.pid)
            await line._end("one", grace=0.1)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(stranger.wait(), timeout=0.3)
        finally:
            with suppress(ProcessLookupError):
                stranger.kill()
            await stranger.wait()

    asyncio.run(story())
