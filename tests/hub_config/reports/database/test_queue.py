"""The queue: nothing lost, nothing twice, one final state for each run."""

import ast
import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

import hub_config
from hub_config.reports.database import FINAL, FOLLOWS, Database, ask_to_stop, bring_up_to_date, take_runs
from hub_config.reports.database.changing import change_of_state
from hub_config.reports.database.errors import IdempotencyError, QueueFullError
from hub_config.reports.database.history import (
    RunFilter,
    count_runs,
    events_of,
    find_runs,
    one_run,
    queue_position,
    runs_of_batch,
)
from hub_config.reports.database.leases import Lease, Told, begin_closing, end_run, heard
from hub_config.reports.database.submissions import NewRun, Submission, submit
from hub_config.reports.database.tables import runs

from .conftest import SHA, Queue


def take(queue: Queue, runner: str = "r1", *, project: str = "wards", free: int = 1, most: int = 10) -> list[Lease]:
    with queue.database.writing() as tx:
        return take_runs(
            tx,
            runner_id=runner,
            account=f"acc-{project}",
            free=free,
            most_running=most,
            limit_of=lambda name: queue.limits.get(name, 10),
            now=queue.now,
        )


def finish(queue: Queue, lease: Lease, state: str = "succeeded") -> bool:
    with queue.database.writing() as tx:
        granted = begin_closing(tx, run_id=lease.run.id, lease_id=lease.lease_id, verdict={"status": state})
    with queue.database.writing() as tx:
        return granted and end_run(tx, run_id=lease.run.id, lease_id=lease.lease_id, state=state, now=queue.now)


def state(queue: Queue, run_id: str) -> str:
    with queue.database.reading() as connection:
        run = one_run(connection, run_id)
    assert run is not None
    return str(run.state)


def test_a_run_goes_from_the_queue_to_one_final_state(queue: Queue) -> None:
    (run_id,) = queue.submit().run_ids
    queue.runner("r1")
    (lease,) = take(queue)
    assert state(queue, run_id) == "running"
    assert finish(queue, lease)
    assert state(queue, run_id) == "succeeded"
    assert not finish(queue, lease)
    with queue.database.reading() as connection:
        assert [event.kind for event in events_of(connection, run_id)] == ["queued", "running", "succeeded"]


def test_the_same_request_makes_the_same_runs(queue: Queue) -> None:
    first, second = queue.submit(n=3, key="k"), queue.submit(n=3, key="k")
    assert (first.is_new, second.is_new) == (True, False)
    assert first.run_ids == second.run_ids
    assert queue.submit("other", n=1, key="k").is_new
    with pytest.raises(IdempotencyError):
        queue.submit(n=2, key="k")


def test_a_dozen_clients_with_one_key_make_one_run(queue: Queue, empty: Callable[[], Database]) -> None:
    made: list[str] = []

    def send() -> None:
        made.extend(Queue(empty()).submit(key="one").run_ids)

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 12
    assert len(set(made)) == 1


def test_a_full_queue_takes_all_of_a_request_or_nothing(queue: Queue) -> None:
    with queue.database.writing() as tx:
        ones = [NewRun(template_name="t", template_sha256=SHA, title="T", parameters={}) for _ in range(3)]
        asked = Submission(project="p", account="a", submitted_by="lee", runs=ones, most_queued=5)
        submit(tx, asked, now=queue.now)
    with pytest.raises(QueueFullError), queue.database.writing() as tx:
        submit(tx, asked, now=queue.now)
    with queue.database.reading() as connection:
        assert count_runs(connection, RunFilter(projects=["p"])) == 3


def test_four_runners_at_once_take_each_run_once(queue: Queue, empty: Callable[[], Database]) -> None:
    ids = set(queue.submit(n=100).run_ids)
    taken: list[str] = []

    def work(name: str) -> None:
        mine = Queue(empty())
        while leases := take(mine, name, free=3, most=100):
            for lease in leases:
                assert finish(mine, lease)
                taken.append(lease.run.id)

    for number in range(4):
        queue.runner(f"r{number}")
    queue.limits["wards"] = 100
    threads = [threading.Thread(target=work, args=(f"r{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(taken) == ids
    assert max(Counter(taken).values()) == 1


def test_the_limits_hold_in_all_and_by_project(queue: Queue) -> None:
    queue.submit("a", n=10)
    queue.submit("b", n=10)
    for project in ("a", "b"):
        queue.runner(f"r-{project}", project)
    queue.limits |= {"a": 2, "b": 10}
    assert len(take(queue, "r-a", project="a", free=10, most=6)) == 2
    assert len(take(queue, "r-b", project="b", free=10, most=6)) == 4
    assert take(queue, "r-b", project="b", free=10, most=6) == []


def test_a_small_project_is_not_kept_waiting_by_a_large_one(queue: Queue) -> None:
    queue.submit("large", n=100)
    queue.later(60)
    queue.submit("small", n=2)
    for project in ("large", "small"):
        queue.runner(f"r-{project}", project)
    running = take(queue, "r-large", project="large", free=4, most=2)
    assert len(running) == 1  # one of the two places is the small project's
    running += take(queue, "r-small", project="small", free=4, most=2)
    assert [lease.run.project for lease in running] == ["large", "small"]
    order = []
    for _ in range(3):
        finish(queue, running.pop(0))
        for project in ("large", "small"):
            running += take(queue, f"r-{project}", project=project, free=4, most=2)
        order.append(running[-1].run.project)
    assert order == ["large", "small", "large"]


def test_three_projects_take_turns_for_one_place(queue: Queue) -> None:
    for project in ("a", "b", "c"):
        queue.submit(project, n=5)
        queue.runner(f"r-{project}", project)
    order = []
    for _ in range(9):
        leases = [lease for one in ("a", "b", "c") for lease in take(queue, f"r-{one}", project=one, most=1)]
        assert len(leases) == 1
        order.append(leases[0].run.project)
        finish(queue, leases[0])
    assert Counter(order) == {"a": 3, "b": 3, "c": 3}
    assert order[:3] == ["a", "b", "c"]


def test_no_place_is_kept_for_a_project_without_a_runner(queue: Queue) -> None:
    queue.submit("a", n=5)
    queue.submit("broken", n=5)
    queue.runner("r-a", "a")
    assert len(take(queue, "r-a", project="a", free=5, most=2)) == 2


def test_a_higher_priority_and_then_a_longer_wait_come_first(queue: Queue) -> None:
    (low,) = queue.submit(priority=-1).run_ids
    (first,) = queue.submit().run_ids
    queue.later(1)
    (second,) = queue.submit().run_ids
    (high,) = queue.submit(priority=5).run_ids
    (later,) = queue.submit(priority=9, not_before=queue.now + dt.timedelta(hours=1)).run_ids
    queue.runner("r1")
    with queue.database.reading() as connection:
        run = one_run(connection, low)
        assert run is not None
        assert queue_position(connection, run) == 4
    assert [lease.run.id for lease in take(queue, free=9)] == [high, first, second, low]
    queue.later(3600)
    assert [lease.run.id for lease in take(queue, free=9)] == [later]


def test_a_runner_that_lost_its_run_cannot_end_it(queue: Queue) -> None:
    (run_id,) = queue.submit().run_ids
    queue.runner("r1")
    (lease,) = take(queue)
    with queue.database.writing() as tx:
        assert end_run(tx, run_id=run_id, state="interrupted", heard_before=1, now=queue.now)
    assert not finish(queue, lease)
    with queue.database.writing() as tx:
        assert heard(tx, [Told(run_id, lease.lease_id)], runner_id="r1", now=queue.now) == {lease.lease_id: "lost"}
    assert state(queue, run_id) == "interrupted"


def test_a_run_that_was_heard_in_the_last_moment_is_not_taken_away(queue: Queue) -> None:
    (run_id,) = queue.submit().run_ids
    queue.runner("r1")
    (lease,) = take(queue)
    with queue.database.writing() as tx:
        heard(tx, [Told(run_id, lease.lease_id, cell=1, n_cells=3, cell_title="Cohort")], runner_id="r1", now=queue.now)
    with queue.database.writing() as tx:
        assert not end_run(tx, run_id=run_id, state="interrupted", heard_before=1, now=queue.now)
    assert state(queue, run_id) == "running"


def test_a_waiting_run_is_cancelled_at_once_and_a_running_one_is_asked_to_stop(queue: Queue) -> None:
    (first, second) = queue.submit(n=2).run_ids
    queue.runner("r1")
    (lease,) = take(queue)
    with queue.database.writing() as tx:
        assert ask_to_stop(tx, run_id=second, who="kim", now=queue.now)
        assert ask_to_stop(tx, run_id=first, who="kim", now=queue.now)
    assert (state(queue, first), state(queue, second)) == ("running", "cancelled")
    with queue.database.writing() as tx:
        assert heard(tx, [Told(first, lease.lease_id)], runner_id="r1", now=queue.now) == {lease.lease_id: "stop"}
    assert finish(queue, lease, "cancelled")
    with queue.database.writing() as tx:
        assert not ask_to_stop(tx, run_id=first, who="kim", now=queue.now)


@pytest.mark.parametrize(("ended", "expected"), [("interrupted", 1), ("failed", 0), ("cancelled", 0)])
def test_only_what_the_definition_allows_is_tried_again(queue: Queue, ended: str, expected: int) -> None:
    rule = {"left": 2, "delay_s": 30, "states": ["interrupted"]}
    batch = queue.submit(retry=rule)
    queue.runner("r1")
    (lease,) = take(queue)
    with queue.database.writing() as tx:
        end_run(tx, run_id=lease.run.id, state=ended, now=queue.now)
    with queue.database.reading() as connection:
        again = find_runs(connection, RunFilter(states=["queued"]))
        (last,) = runs_of_batch(connection, batch.batch_id)
    assert len(again) == expected
    if expected:
        assert (again[0].attempt, again[0].retry_of, again[0].retry["left"]) == (2, lease.run.id, 1)
        assert last.id == again[0].id
        assert take(queue) == []  # it waits for its delay
        queue.later(31)
        assert len(take(queue)) == 1


def test_every_state_has_its_followers_and_final_ones_have_none() -> None:
    assert set(FOLLOWS) == {"queued", "running", "closing", *FINAL}
    assert all(FOLLOWS[one] == () for one in FINAL)


@pytest.mark.parametrize("before", FOLLOWS)
def test_no_state_follows_another_but_those_that_may(before: str) -> None:
    for after in FOLLOWS:
        if after in FOLLOWS[before]:
            assert "UPDATE runs SET state" in str(change_of_state(before, after))
        else:
            with pytest.raises(ValueError, match=f"no run that is {before} becomes {after}"):
                change_of_state(before, after)


def test_the_state_of_a_run_is_changed_in_one_place_alone() -> None:
    found = []
    for file in Path(hub_config.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            is_change = isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "values"
            if is_change and "state" in {one.arg for one in call.keywords} and "update(runs)" in ast.unparse(call):
                found.append(file.name)
    assert found == ["changing.py"]


def test_an_exact_repetition_that_is_tried_again_still_says_what_it_repeats(queue: Queue) -> None:
    queue.submit(retry={"left": 1, "delay_s": 0, "states": ["interrupted"]}, rerun_of="20260101T000000000Z-abcdef")
    queue.runner("r1")
    (lease,) = take(queue)
    with queue.database.writing() as tx:
        end_run(tx, run_id=lease.run.id, state="interrupted", now=queue.now)
    (again,) = take(queue)
    assert (again.run.retry_of, again.run.rerun_of) == (lease.run.id, "20260101T000000000Z-abcdef")


def test_runs_that_wait_alike_are_taken_in_the_order_of_their_ids(queue: Queue) -> None:
    ids = sorted((queue.submit().run_ids[0] for _ in range(5)), reverse=True)
    for run_id in ids:  # written again, so that the table has them in another order
        with queue.database.writing() as tx:
            tx.execute(sa.update(runs).where(runs.c.id == run_id).values(title="T2"))
    with queue.database.reading() as connection:
        positions = [queue_position(connection, one_run(connection, run_id)) for run_id in ids]
    assert positions == [4, 3, 2, 1, 0]
    queue.runner("r1")
    assert [take(queue)[0].run.id for _ in ids] == sorted(ids)


def test_pages_of_the_history_follow_one_another_without_gap_or_double(queue: Queue) -> None:
    for _ in range(7):
        queue.submit(n=3)
    seen: list[str] = []
    before = None
    while True:
        with queue.database.reading() as connection:
            page = find_runs(connection, RunFilter(projects=["wards"]), limit=4, before=before)
        if not page:
            break
        seen += [run.id for run in page]
        before = f"{page[-1].queued_at}/{page[-1].id}"
    assert len(seen) == len(set(seen)) == 21


def test_two_services_may_migrate_and_submit_at_the_same_time(empty: Callable[[], Database]) -> None:
    def start() -> None:
        database = empty()
        bring_up_to_date(database)
        Queue(database).submit(n=5)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with empty().reading() as connection:
        assert count_runs(connection, RunFilter()) == 20
