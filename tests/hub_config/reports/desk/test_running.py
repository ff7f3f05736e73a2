"""A request that is sent again is taken once, whatever the time has made of its dates meanwhile."""

import datetime as dt

import pytest

from hub_config.reports.database.errors import IdempotencyError

from .conftest import ANALYST, Bench


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
