"""What the service answers to a runner: also when an answer gets lost, a run dies, or a project cannot be served."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from hub_config.reports.database.history import events_of, one_run
from hub_config.reports.database.leases import ask_to_stop, end_run
from hub_config.reports.database.tables import runners
from hub_config.reports.runners.hearing import Hearing, RunPlace
from hub_config.reports.runners.messages import LeasedRun, RunReport, SyncAnswer, SyncRequest

from ..database.conftest import Queue


@pytest.fixture
def hearing(queue: Queue, tmp_path: Path) -> Hearing:
    queue.runner("r1")
    return Hearing(
        queue.database,
        place_of=lambda project: RunPlace(root=tmp_path / "projects" / project / "runs", most_running=4),
        home=tmp_path,
        most_running=8,
    )


def say(
    hearing: Hearing, queue: Queue, *runs: RunReport, runner: str = "r1", account: str = "acc-wards", **more: object
) -> SyncAnswer:
    request = SyncRequest(runner, **{"free": 4 - len(runs), "runs": runs} | more)  # type: ignore[arg-type]
    answer = hearing.answer(SyncRequest.from_document(request.to_document()), account=account, now=queue.now)
    assert answer is not None
    return SyncAnswer.from_document(answer.to_document())


def told(lease: LeasedRun, **more: object) -> RunReport:
    return RunReport(lease.run_id, lease.lease_id, **more)  # type: ignore[arg-type]


def shown(hearing: Hearing, run_id: str) -> str:
    """Make the folder that a run's runner shows."""
    folder = hearing.home / "projects" / "wards" / "runs" / run_id
    folder.mkdir(parents=True)
    return str(folder)


def row(queue: Queue, run_id: str):
    with queue.database.reading() as connection:
        return one_run(connection, run_id)


def kinds(queue: Queue, run_id: str) -> list[str]:
    with queue.database.reading() as connection:
        return [event.kind for event in events_of(connection, run_id)]


def test_a_run_whose_lease_got_lost_on_the_way_is_given_again(hearing: Hearing, queue: Queue) -> None:
    (run_id,) = queue.submit().run_ids
    (lost,) = say(hearing, queue).leases
    (again,) = say(hearing, queue).leases
    assert (again.run_id, again.lease_id) == (run_id, lost.lease_id)
    assert say(hearing, queue, told(again)).leases == []
    assert kinds(queue, run_id) == ["queued", "running"]


def test_leases_that_are_given_again_count_against_the_places_of_the_runner(hearing: Hearing, queue: Queue) -> None:
    queue.submit(n=6)
    assert len(say(hearing, queue, free=2).leases) == 2
    assert len(say(hearing, queue, free=2).leases) == 2
    assert len(say(hearing, queue, free=3).leases) == 3


def test_a_runner_that_leaves_gives_back_what_it_never_heard_of(hearing: Hearing, queue: Queue) -> None:
    (run_id,) = queue.submit().run_ids
    assert say(hearing, queue).leases
    assert say(hearing, queue, is_leaving=True, free=0).leases == []
    assert row(queue, run_id).state == "queued"
    queue.runner("r2")
    (lease,) = say(hearing, queue, runner="r2").leases
    assert lease.run_id == run_id


@pytest.mark.parametrize(("asked", "state"), [(False, "interrupted"), (True, "cancelled")])
def test_a_run_whose_process_died_ends_at_once(hearing: Hearing, queue: Queue, asked: bool, state: str) -> None:
    (run_id,) = queue.submit().run_ids
    (lease,) = say(hearing, queue).leases
    if asked:
        with queue.database.writing() as tx:
            ask_to_stop(tx, run_id=run_id, who="lee", now=queue.now)
    answer = say(hearing, queue, told(lease, phase="died"))
    assert answer.done == [lease.lease_id]
    assert row(queue, run_id).state == state
    assert kinds(queue, run_id).count(state) == 1
    assert [(one.run_id, one.status) for one in answer.left] == [(run_id, state)]


def test_what_a_dead_run_left_is_named_until_somebody_has_closed_it(hearing: Hearing, queue: Queue) -> None:
    (run_id,) = queue.submit().run_ids
    (lease,) = say(hearing, queue).leases
    with queue.database.writing() as tx:
        end_run(tx, run_id=run_id, state="interrupted", reason="runner-silent", now=queue.now)
    queue.runner("r2")
    for _ in range(2):
        (left,) = say(hearing, queue, runner="r2").left
        assert (left.run_id, left.status) == (run_id, "interrupted")
        assert left.root.endswith("projects/wards/runs")
    folder = shown(hearing, run_id)
    assert say(hearing, queue, runner="r2", closed_left={run_id: folder}).left == []
    assert row(queue, run_id).folder == f"projects/wards/runs/{run_id}"
    assert say(hearing, queue, told(lease)).lost == [lease.lease_id]


def test_a_dead_run_that_left_no_folder_is_not_looked_for_again(hearing: Hearing, queue: Queue) -> None:
    (run_id,) = queue.submit().run_ids
    (lease,) = say(hearing, queue).leases
    assert say(hearing, queue, told(lease, phase="died")).left
    assert say(hearing, queue, closed_left={run_id: None}).left == []
    assert row(queue, run_id).folder is None


def test_nobody_closes_what_another_account_left(hearing: Hearing, queue: Queue) -> None:
    (run_id,) = queue.submit().run_ids
    (lease,) = say(hearing, queue).leases
    say(hearing, queue, told(lease, phase="died"))
    queue.runner("r2", project="other")
    answer = say(hearing, queue, runner="r2", account="acc-other", closed_left={run_id: "/somewhere"})
    assert answer.left == []
    assert row(queue, run_id).folder is None
    assert row(queue, run_id).state_reason == "runner-silent"


def test_a_project_whose_folder_cannot_be_used_stops_no_other(hearing: Hearing, queue: Queue, tmp_path: Path) -> None:
    def place_of(project: str) -> RunPlace:
        if project == "broken":
            raise PermissionError(13, "Permission denied")
        return RunPlace(root=tmp_path, most_running=4)

    hearing.place_of = place_of
    queue.submit("broken")
    queue.runner("rb", project="broken")
    (run_id,) = queue.submit("wards").run_ids
    assert [one.run_id for one in say(hearing, queue).leases] == [run_id]
    assert say(hearing, queue, runner="rb", account="acc-broken").leases == []


def test_a_runner_of_another_start_is_unknown(hearing: Hearing, queue: Queue) -> None:
    with queue.database.writing() as tx:
        tx.execute(sa.update(runners).values(state="gone"))
    request = SyncRequest("r1", free=1)
    assert hearing.answer(request, account="acc-wards", now=queue.now) is None


def test_every_cell_is_noted_also_those_that_ended_between_two_heartbeats(hearing: Hearing, queue: Queue) -> None:
    (run_id,) = queue.submit().run_ids
    (lease,) = say(hearing, queue).leases
    say(hearing, queue, told(lease, cell=1, n_cells=6, cell_title="Load"))
    quick = told(lease, cell=5, n_cells=6, cell_title="Draw", passed=[(2, ""), (3, "Count"), (4, "Fit")])
    say(hearing, queue, quick)
    say(hearing, queue, quick)  # its answer got lost
    say(hearing, queue, told(lease, cell=6, n_cells=6))
    with queue.database.reading() as connection:
        cells = [event.text for event in events_of(connection, run_id) if event.kind == "cell"]
    assert cells == ["1/6 Load", "2/6", "3/6 Count", "4/6 Fit", "5/6 Draw", "6/6"]
    assert row(queue, run_id).cell == 6


def test_a_runner_that_tells_cells_in_another_form_is_refused() -> None:
    for passed in ([1], [("x", "y")], [(1, 2)], [(1, "a", "b")], 3):
        document = SyncRequest("r", 0, [RunReport("r", "l", passed=passed)]).to_document()  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="not a request"):
            SyncRequest.from_document(document)


def ended(hearing: Hearing, queue: Queue, *, agreed: object = None, **told_at_the_end: object):
    """Have a run told to its end in the given words; give it as it stands then."""
    (run_id,) = queue.submit().run_ids
    (lease,) = say(hearing, queue).leases
    verdict = agreed if agreed is not None else told_at_the_end.get("verdict")
    answer = say(hearing, queue, told(lease, phase="closing", verdict=verdict))
    assert answer.agreed[lease.lease_id] == row(queue, run_id).state_reason
    for _ in range(2):
        assert say(hearing, queue, told(lease, phase="closed", **told_at_the_end)).done == [lease.lease_id]
    found = row(queue, run_id)
    assert kinds(queue, run_id).count(found.state) == 1
    return found


def test_a_folder_that_a_runner_tells_is_never_followed(hearing: Hearing, queue: Queue) -> None:
    for folder in ("/etc", "runs/20260101T000000000Z-abcdef", "../../other", "a\0b", "\ud800", 7, {}):
        found = ended(hearing, queue, verdict={"status": "succeeded", "error": None}, facts={}, folder=folder)
        assert (found.state, found.folder) == ("succeeded", None)


def test_the_folder_of_a_run_is_where_its_project_has_it(hearing: Hearing, queue: Queue) -> None:
    (run_id,) = queue.submit().run_ids
    (lease,) = say(hearing, queue).leases
    shown(hearing, run_id)
    verdict = {"status": "succeeded", "error": None}
    say(hearing, queue, told(lease, phase="closed", verdict=verdict, facts={}, folder="/elsewhere"))
    assert (row(queue, run_id).state, row(queue, run_id).folder) == ("succeeded", f"projects/wards/runs/{run_id}")


def test_a_link_that_stands_where_a_folder_should_is_none(hearing: Hearing, queue: Queue, tmp_path: Path) -> None:
    (run_id,) = queue.submit().run_ids
    (lease,) = say(hearing, queue).leases
    shown(hearing, "other")
    (hearing.home / "projects" / "wards" / "runs" / run_id).symlink_to(tmp_path)
    say(hearing, queue, told(lease, phase="closed", verdict={"status": "succeeded"}, facts={}, folder="x"))
    assert row(queue, run_id).folder is None


def test_a_verdict_that_cannot_be_understood_is_a_failure_with_a_code_of_its_own(
    hearing: Hearing, queue: Queue
) -> None:
    for verdict in (None, {"status": 7}, {"status": "failed", "error": {"code": "no code", "cell": "x"}}):
        found = ended(hearing, queue, verdict=verdict, facts={"duration_s": "long", "cohorts": 7})
        assert (found.state, found.error["code"]) == ("failed", "REPORT-VERDICT-UNCLEAR")
        assert (found.facts, found.seconds) == ({}, None)


def test_what_was_agreed_stands_if_the_last_word_cannot_be_understood(hearing: Hearing, queue: Queue) -> None:
    found = ended(hearing, queue, agreed={"status": "succeeded", "error": None}, verdict=7, facts=7)
    assert (found.state, found.error) == ("succeeded", None)


def test_a_disk_that_filled_up_in_the_last_moment_makes_another_end(hearing: Hearing, queue: Queue) -> None:
    full = {"status": "failed", "error": {"code": "REPORT-DISK-FULL", "message": "there is no room."}}
    found = ended(hearing, queue, agreed={"status": "succeeded", "error": None}, verdict=full, facts={})
    assert (found.state, found.error["code"]) == ("failed", "REPORT-DISK-FULL")
    better = {"status": "succeeded", "error": None}
    assert ended(hearing, queue, agreed=full, verdict=better, facts={}).state == "failed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"phase": "over"}, {"phase": 3}, {"cell": 2**63}, {"cell": -1}, {"cell": 1.5}, {"cell": True},
        {"cell_title": 4}, {"n_cells": "x"}, {"run_id": "a/b"}, {"run_id": "a\0"}, {"lease_id": ""},
        {"lease_id": 4}, {"other": 1}, {"passed": [[2**70, ""]]},
    ],
    ids=str,
)  # fmt: skip
def test_a_request_that_nobody_could_write_down_is_refused_with_a_reason(wrong: dict[str, object]) -> None:
    document = SyncRequest("r", 0, [RunReport("r", "l")]).to_document()
    document["runs"][0] |= wrong
    with pytest.raises(ValueError, match=r"^not a request of a runner: \w"):
        SyncRequest.from_document(document)


@pytest.mark.parametrize(
    "wrong",
    [
        {"runner_id": 3}, {"free": -1}, {"free": 2**40}, {"free": None}, {"is_leaving": "no"}, {"closed_left": 3},
        {"closed_left": {"a": 3}}, {"closed_left": {"a b": None}}, {"runs": None}, {"runs": [3]},
    ],
    ids=str,
)  # fmt: skip
def test_a_request_without_what_it_must_say_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^not a request of a runner: \w"):
        SyncRequest.from_document(SyncRequest("r", 0).to_document() | wrong)
    for document in (None, 3, [], {}, "x"):
        with pytest.raises(ValueError, match=r"^not a request of a runner: \w"):
            SyncRequest.from_document(document)


def test_titles_that_no_database_takes_are_told_without_what_it_does_not(hearing: Hearing, queue: Queue) -> None:
    (run_id,) = queue.submit().run_ids
    (lease,) = say(hearing, queue).leases
    say(hearing, queue, told(lease, cell=1, n_cells=2, cell_title="Lo\0ad\ud800" + "x" * 5000))
    assert row(queue, run_id).cell_title.startswith("Lo ad?x")
