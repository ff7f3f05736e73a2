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
    folder = f"{left.root}/{run_id}"
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
