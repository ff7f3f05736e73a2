"""What a runner does with the process of a run, above all when that has ended: its number and its pipes are others'."""

import json
import os
import signal

import pytest

from hub_config.reports.runners.carrying_out import RunProcess
from hub_config.reports.runners.messages import LeasedRun

LEASE = LeasedRun("r", "l", "t", b"{}", {}, [], {"cell_s": 1.0, "run_s": 1.0}, "/nowhere", "lee")


@pytest.fixture
def ended() -> RunProcess:
    """A run whose process has ended and was waited for."""
    news_read, news_write = os.pipe()
    word_read, word_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.close(news_write)
    os.close(word_read)
    run = RunProcess(LEASE, pid, news_read, word_write)
    assert run.take_news()
    assert run.has_ended
    return run


def test_no_signal_goes_to_the_number_of_a_process_that_was_waited_for(
    ended: RunProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    ended.stop()
    ended.stop(hard=True)
    assert sent == []


def test_no_word_goes_into_a_pipe_that_took_the_number_of_a_closed_one(ended: RunProcess) -> None:
    read, write = os.pipe()
    os.dup2(write, ended.word)  # as the next run's pipe may have it
    try:
        ended.answer("interrupted")
        ended.close()
        os.set_blocking(read, False)
        with pytest.raises(BlockingIOError):
            os.read(read, 100)
        os.fstat(ended.word)  # still open: it is not this run's to close
    finally:
        for descriptor in {read, write, ended.word}:
            os.close(descriptor)


def test_a_run_that_goes_on_is_asked_once_and_killed_when_it_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    news_read, word_write = os.pipe()
    run = RunProcess(LEASE, 4_000_000, news_read, word_write)
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _pid, number: sent.append(number))
    run.stop()
    run.stop()
    run.stop(hard=True)
    run.close()
    assert sent == [signal.SIGTERM, signal.SIGKILL]


def test_cells_that_come_between_two_reports_are_told_once_in_their_order() -> None:
    read, write = os.pipe()
    run = RunProcess(LEASE, 4_000_000, read, write)

    def begin(*cells: int) -> None:
        lines = [json.dumps({"cell": cell, "n_cells": 9, "cell_title": f"T{cell}"}) for cell in cells]
        os.write(write, ("\n".join(lines) + "\n").encode())
        run.take_news()

    begin(1, 2, 3)
    assert (run.report.passed, run.report.cell) == (((1, "T1"), (2, "T2")), 3)
    run.has_told()
    assert run.report.passed == ()
    begin(4)
    assert run.report.passed == (), "the third was told"
    begin(5)
    assert run.report.passed == ((4, "T4"),)
    run.close()
