"""A request that is sent again is taken once, whatever the time has made of its dates meanwhile."""

import datetime as dt

import pytest

from hub_config.reports.database.errors import IdempotencyError, RunUnknownError
from hub_config.reports.database.history import events_of
from hub_config.reports.desk.errors import NotAllowedError
from hub_config.reports.desk.keeping import keep_run

from .conftest import ANALYST, LEAD, READER, STRANGER, Bench


def test_a_definition_that_is_asked_for_again_runs_once_however_late(bench: Bench) -> None:
    bench.save(parameters={"month": "{now}"})
    first = bench.run(idempotency_key="k")
    bench.now += dt.timedelta(days=1)
    again = bench.run(idempotency_key="k")
    assert (again.run_ids, again.is_new) == (first.run_ids, False)
    assert bench.run(idempotency_key="l").is_new
    assert len(bench.runs()) == 2


def test_another_definition_under_the_same_key_is_refused(bench: Bench) -> None:
    bench.save()
    bench.save(name="weekly")
    bench.run(idempotency_key="k")
    with pytest.raises(IdempotencyError):
        bench.desk.run_definition("weekly", project="wards", person=ANALYST, now=bench.now, idempotency_key="k")


def test_a_lead_keeps_a_run_for_ever_and_lets_it_go_and_the_history_says_who(bench: Bench) -> None:
    bench.save()
    (run_id,) = bench.run().run_ids
    for person, refusal in ((ANALYST, NotAllowedError), (READER, NotAllowedError), (STRANGER, RunUnknownError)):
        with pytest.raises(refusal):
            keep_run(bench.desk, run_id, is_kept=True, person=person, now=bench.now)
    for is_kept in (True, False):
        assert keep_run(bench.desk, run_id, is_kept=is_kept, person=LEAD, now=bench.now)
        assert not keep_run(bench.desk, run_id, is_kept=is_kept, person=LEAD, now=bench.now)
        assert bench.runs()[0].is_kept is is_kept
    with bench.database.reading() as connection:
        told = [(event.kind, event.who) for event in events_of(connection, run_id)]
    assert told == [("queued", "lee"), ("kept", "kim"), ("let_go", "kim")]
