"""Folders of old runs go, and the history says so only of those that have gone."""

import asyncio
import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub_config.reports.database.figures import lost_leases
from hub_config.reports.database.history import events_of
from hub_config.reports.database.left_runs import RUNNER_SILENT, left_runs
from hub_config.reports.database.tables import runs
from hub_config.reports.desk import removing
from hub_config.reports.desk.errors import RunStaysError
from hub_config.reports.desk.keeping import keep_run
from hub_config.reports.folders.retention import remove_run_folder
from hub_config.reports.keeper.old_runs import OldRuns
from hub_config.reports.keeper.removed_runs import RemovedRuns

from ..desk.conftest import LEAD, Bench
from ..desk.test_removing import ended, row


@pytest.fixture
def old(bench: Bench) -> Bench:
    """A run that failed, in a project that keeps runs for a day."""
    project = bench.folder / "project.toml"
    project.write_text(project.read_text() + "\n[limits]\nkeep_days = 1\n")
    bench.save()
    bench.run()
    return bench


def failed(bench: Bench, *, reason: str | None = None) -> Path:
    """Let the run end; give its folder."""
    (run,) = bench.runs()
    folder = bench.folder / "runs" / run.id
    folder.mkdir(parents=True)
    (folder / "report.ipynb").write_text("{}")
    ended = {"state": "failed", "ended_at": run.queued_at, "folder": f"projects/wards/runs/{run.id}"}
    with bench.database.writing() as tx:
        tx.execute(sa.update(runs).values(**ended, state_reason=reason))
    bench.now += dt.timedelta(days=2)
    return folder


def look(bench: Bench) -> list[str]:
    """Take away what may go; give what happened to the run so far."""
    asyncio.run(OldRuns(database=bench.database, book=bench.desk.book).look(bench.now))
    with bench.database.reading() as connection:
        return [event.kind for event in events_of(connection, bench.runs()[0].id)]


def test_a_folder_that_has_gone_is_told_once(old: Bench) -> None:
    folder = failed(old)
    assert look(old) == ["queued", "removed"]
    assert look(old) == ["queued", "removed"]
    assert not folder.exists()
    assert old.runs()[0].folder is None


def test_a_folder_that_stays_is_not_called_removed_and_is_tried_again(old: Bench) -> None:
    folder = failed(old)
    unfinished = folder.with_name(f".{folder.name}.running")
    unfinished.mkdir()
    assert look(old) == ["queued"]
    assert folder.exists()
    assert old.runs()[0].folder is not None
    unfinished.rmdir()
    asyncio.run(RemovedRuns(database=old.database, book=old.desk.book).look(old.now))
    assert look(old) == ["queued", "removed"]
    assert not folder.exists()


def test_a_folder_that_somebody_has_taken_away_is_called_removed(old: Bench) -> None:
    folder = failed(old)
    (folder / "report.ipynb").unlink()
    folder.rmdir()
    assert look(old) == ["queued", "removed"]


def test_a_lost_runner_stays_counted_when_the_folder_goes(old: Bench) -> None:
    failed(old, reason=RUNNER_SILENT)
    look(old)
    with old.database.reading() as connection:
        assert lost_leases(connection) == 1
        assert left_runs(connection, account="project-wards") == [], "there is nothing left to close"


def test_how_a_run_ended_is_still_known_when_its_folder_has_gone(old: Bench) -> None:
    failed(old, reason="failed")
    look(old)
    assert old.runs()[0].state_reason == "failed"


def test_a_repeated_old_report_does_not_push_out_the_newest_success(bench: Bench) -> None:
    bench.save(retention={"successes": 1})
    for rerun_of in (None, "20251101T000000000Z-a1b2c3"):
        bench.run()
        run = bench.runs()[-1]
        folder = f"projects/wards/runs/{run.id}"
        (bench.home / folder).mkdir(parents=True)
        bench.now += dt.timedelta(days=1)
        values = {"state": "succeeded", "ended_at": run.queued_at, "folder": folder, "rerun_of": rerun_of}
        with bench.database.writing() as tx:
            tx.execute(sa.update(runs).where(runs.c.id == run.id).values(**values))
    look(bench)
    assert [run.folder is not None for run in bench.runs()] == [True, True]


def test_a_run_that_is_kept_while_others_are_taken_away_stays(old: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = failed(old)
    found = OldRuns._expired

    def then_kept(self: OldRuns, now: dt.datetime) -> list[str]:
        expired = found(self, now)
        assert keep_run(old.desk, folder.name, is_kept=True, person=LEAD, now=now)
        return expired

    monkeypatch.setattr(OldRuns, "_expired", then_kept)
    assert look(old) == ["queued", "kept"]
    assert (folder / "report.ipynb").exists()


def test_a_run_that_is_being_taken_away_cannot_be_kept_any_more(old: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = failed(old)
    refused: list[RunStaysError] = []

    def meanwhile(root: Path, run_id: str) -> None:
        with pytest.raises(RunStaysError) as failure:
            keep_run(old.desk, run_id, is_kept=True, person=LEAD, now=old.now)
        refused.append(failure.value)
        assert old.desk.book.run_folder(old.runs()[0]) is None, "half of it is not shown"
        remove_run_folder(root, run_id)

    monkeypatch.setattr(removing, "remove_run_folder", meanwhile)
    assert look(old) == ["queued", "removed"]
    assert len(refused) == 1
    assert not folder.exists()
    (run,) = old.runs()
    assert (run.removal_asked_by, run.is_kept) == (None, False)


def test_one_that_fails_in_a_way_that_nobody_foresaw_keeps_no_other_from_going(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    project = bench.folder / "project.toml"
    project.write_text(project.read_text() + "\n[limits]\nkeep_days = 1\n")
    bench.save()
    bad, good = ended(bench, state="failed"), ended(bench, state="failed")
    bench.now += dt.timedelta(days=2)

    def fails(root: Path, run_id: str) -> None:
        if run_id == bad:
            raise RecursionError
        remove_run_folder(root, run_id)

    monkeypatch.setattr(removing, "remove_run_folder", fails)
    look(bench)
    assert [row(bench, one).removed_at is None for one in (bad, good)] == [True, False]
    assert bad in caplog.text


def test_a_success_stays_where_the_newer_one_is_removed_while_old_runs_are_taken_away(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.save(retention={"successes": 1})
    older, newer = ended(bench), ended(bench)
    found = OldRuns._expired

    def then_removed(self: OldRuns, now: dt.datetime) -> object:
        expired = found(self, now)
        removing.remove_run(bench.desk, newer, person=LEAD, now=now)
        return expired

    with monkeypatch.context() as patched:
        patched.setattr(OldRuns, "_expired", then_removed)
        look(bench)
    look(bench)
    assert [row(bench, one).removed_at is None for one in (older, newer)] == [True, False]
