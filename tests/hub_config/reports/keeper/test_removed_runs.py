"""Whatever is killed while a run is removed: it is never called removed too early, and the keeper finishes it."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub_config.reports.folders.retention import remove_run_folder
from hub_config.reports.keeper.removed_runs import AGAIN_S, RemovedRuns
from hub_config.reports.keeper.settled_runs import SettledRuns

from ..desk.conftest import LEAD, Bench
from ..desk.test_removing import ended, left, remove_run, row, told

# Removes the run as the service does, and is killed where the test says.
REMOVER = """
import datetime as dt, os, signal, sys
from pathlib import Path
from unittest.mock import patch
from hub_config.reports.database import open_database
from hub_config.reports.desk import Desk, Person, ProjectBook
from hub_config.reports.desk.removing import remove_run

home, run_id, place = sys.argv[1:]
desk = Desk(database=open_database(None, home=Path(home)), book=ProjectBook(Path(home)), data=Path(home))
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
with patch(place, die):
    remove_run(desk, run_id, person=Person("kim"), now=dt.datetime.now(dt.UTC))
"""


@pytest.fixture
def bench(bench: Bench) -> Bench:
    bench.save()
    return bench


def look(bench: Bench, keeper: RemovedRuns | None = None) -> None:
    asyncio.run((keeper or RemovedRuns(bench.database, bench.desk.book)).look(bench.now))


@pytest.mark.parametrize(
    "place",
    [
        "hub_config.reports.desk.removing.take_away",
        "hub_config.reports.folders.retention._remove_tree",
        "shutil.rmtree",
        "hub_config.reports.exports.PdfCache.forget",
        "hub_config.reports.desk.removing.note_removed",
    ],
    ids=["once asked", "once renamed", "in its files", "before its PDFs", "before it is noted"],
)
def test_a_removal_that_is_killed_is_finished_and_never_called_removed_before(bench: Bench, place: str) -> None:
    run_id = ended(bench)
    words = [sys.executable, "-c", REMOVER, str(bench.home), run_id, place]
    died = subprocess.run(words, timeout=60, check=False, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    assert died.returncode == -signal.SIGKILL
    found = row(bench, run_id)
    assert (found.removal_asked_by, found.removed_at) == ("kim", None)
    assert bench.desk.book.run_folder(found) is None, "nobody sees it any more"
    look(bench)
    look(bench)
    assert left(bench) == []
    assert list((bench.folder / "runs").iterdir()) == []
    assert row(bench, run_id).removed_at is not None
    assert told(bench, run_id) == [("queued", "lee"), ("remove", "kim"), ("removed", "kim")]


def test_a_folder_that_cannot_be_removed_is_tried_again_and_complained_of_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    run_id, other = ended(bench), ended(bench)
    building = bench.folder / "runs" / f".{run_id}.running"
    building.mkdir()
    time = [0.0]
    for one in (run_id, other):
        remove_run(bench.desk, one, person=LEAD, now=bench.now)
    keeper = RemovedRuns(bench.database, bench.desk.book, clock=lambda: time[0])
    with caplog.at_level(logging.WARNING):
        caplog.clear()
        for _ in range(3):
            look(bench, keeper)
            time[0] += AGAIN_S + 1
    assert len(caplog.records) == 1
    assert (row(bench, run_id).removed_at is None, row(bench, other).removed_at is None) == (True, False)
    building.rmdir()
    look(bench, keeper)
    assert row(bench, run_id).removed_at is not None


def test_no_number_of_an_alert_is_written_beside_a_run_that_was_removed_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.save(alerts=["falls > 1"])
    run_id = ended(bench, is_settled=False)

    def found(*_: object) -> list[dict[str, str]]:
        remove_run(bench.desk, run_id, person=LEAD, now=bench.now)
        return [{"state": "met", "text": "12 > 1"}]

    monkeypatch.setattr(SettledRuns, "_alerts", found)
    asyncio.run(SettledRuns(bench.database, bench.desk.book).look(bench.now))
    assert (row(bench, run_id).is_settled, row(bench, run_id).facts) == (True, {})
    assert "alert" not in [kind for kind, _ in told(bench, run_id)], "what was read while it went may be half"


def test_a_half_removed_run_of_retention_is_not_called_removed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from hub_config.errors import RunFolderError
    from hub_config.reports.desk.removing import take_away

    run_id = ended(bench)

    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr("hub_config.reports.folders.retention._remove_tree", refuse)
        for _ in range(2):
            with pytest.raises(RunFolderError):
                take_away(bench.database, bench.desk.book, run_id=run_id, now=bench.now)
    assert row(bench, run_id).removed_at is None
    assert take_away(bench.database, bench.desk.book, run_id=run_id, now=bench.now)
    assert left(bench) == []


def test_one_that_fails_in_a_way_that_nobody_foresaw_keeps_no_other_from_going(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = ended(bench), ended(bench)
    with monkeypatch.context() as patched:
        patched.setattr("hub_config.reports.desk.removing.take_away", lambda *_, **__: False)
        for one in (bad, good):
            remove_run(bench.desk, one, person=LEAD, now=bench.now)

    def fails(root: Path, run_id: str) -> None:
        if run_id == bad:
            raise RecursionError
        remove_run_folder(root, run_id)

    monkeypatch.setattr("hub_config.reports.desk.removing.remove_run_folder", fails)
    keeper = RemovedRuns(bench.database, bench.desk.book)
    for _ in range(3):
        look(bench, keeper)
    assert [row(bench, one).removed_at is None for one in (bad, good)] == [True, False]
    assert caplog.text.count(bad) == 1
