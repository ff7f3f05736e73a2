"""A run that somebody removes, as both databases have it."""

import datetime as dt

import sqlalchemy as sa

from hub_config.reports.database.history import events_of, newest_event, newest_success, one_run
from hub_config.reports.database.removals import ask_to_remove, let_old_go, note_removed, removals_waiting
from hub_config.reports.database.states import ACTIVE, FINAL
from hub_config.reports.database.tables import runs

from .conftest import Queue


def test_what_was_asked_for_waits_until_it_is_gone_and_is_told_once(queue: Queue) -> None:
    (run_id,) = queue.submit().run_ids
    facts = {"alerts": [{"text": "12 > 11"}], "library_version": "1"}
    with queue.database.writing() as tx:
        tx.execute(sa.update(runs).values(state="succeeded", facts=facts, folder="x"))
        assert removals_waiting(tx) == []
        asked = [ask_to_remove(tx, run_id, who=who, now=queue.now) for who in ("kim", "lee")]
        assert (asked, removals_waiting(tx)) == ([True, False], [run_id])
        assert one_run(tx, run_id).facts == {"library_version": "1"}, "nobody reads a number of it from now on"
    for _ in range(2):
        queue.now += dt.timedelta(seconds=1)
        with queue.database.writing() as tx:
            note_removed(tx, run_id, now=queue.now)
    with queue.database.reading() as connection:
        run = one_run(connection, run_id)
        assert removals_waiting(connection) == []
        told = [(event.kind, event.who) for event in events_of(connection, run_id)]
        assert newest_event(connection, run_id, kind="kept") is None
    assert (run.removal_asked_by, run.folder, run.facts) == ("kim", None, {"library_version": "1"})
    assert told == [("queued", "lee"), ("remove", "kim"), ("removed", "kim")]


def test_only_what_has_ended_and_is_not_kept_can_be_asked_for(queue: Queue) -> None:
    queue.submit(n=len(ACTIVE) + len(FINAL))
    with queue.database.writing() as tx:
        ids = [row.id for row in tx.execute(sa.select(runs.c.id).order_by(runs.c.batch_index))]
        for run_id, state in zip(ids, (*ACTIVE, *FINAL), strict=True):
            tx.execute(sa.update(runs).where(runs.c.id == run_id).values(state=state, is_kept=True))
        assert not any(ask_to_remove(tx, run_id, who="kim", now=queue.now) for run_id in ids)
        tx.execute(sa.update(runs).values(is_kept=False))
        asked = [ask_to_remove(tx, run_id, who="kim", now=queue.now) for run_id in ids]
        assert asked == [False] * len(ACTIVE) + [True] * len(FINAL)
        assert len(removals_waiting(tx)) == len(FINAL)


def test_an_old_run_waits_as_well_and_nobody_has_asked_for_it(queue: Queue) -> None:
    kept, run_id = queue.submit(n=2).run_ids
    with queue.database.writing() as tx:
        tx.execute(sa.update(runs).values(state="succeeded", folder="x"))
        tx.execute(sa.update(runs).where(runs.c.id == kept).values(is_kept=True))
        assert [let_old_go(tx, one) for one in (kept, run_id, run_id)] == [False, True, False]
        assert removals_waiting(tx) == [run_id]
        assert newest_success(tx, project="wards", definition=None).id == kept
        note_removed(tx, run_id, now=queue.now)
        assert removals_waiting(tx) == []
        run = one_run(tx, run_id)
        told = [(event.kind, event.who) for event in events_of(tx, run_id)]
    assert (run.removal_asked_by, run.folder, run.removed_at is None) == (None, None, False)
    assert told == [("queued", "lee"), ("removed", None)]
