"""The figures for whoever watches the service, on both databases."""

import datetime as dt

import sqlalchemy as sa

from hub_config.reports.database.connection import time_text
from hub_config.reports.database.figures import lost_leases, notice_outcomes, oldest_waits, run_durations
from hub_config.reports.database.tables import notices, runs

from .conftest import NOW


def end_run(queue, run_id, **values):
    with queue.database.writing() as tx:
        tx.execute(sa.update(runs).where(runs.c.id == run_id).values(**values))


def test_durations_are_counted_by_definition_or_template_and_the_rest_together(queue):
    took = {"wards/monthly": [0.5, 70.0], "t": [4.0], "icu/daily": [20_000.0]}
    for report, seconds in took.items():
        project, _, definition = report.rpartition("/")
        for one in seconds:
            (run_id,) = queue.submit(project or "wards").run_ids
            end_run(queue, run_id, seconds=one, state="succeeded", definition=definition if project else None)
    with queue.database.reading() as connection:
        found = {one.report: one for one in run_durations(connection)}
        (most, rest) = run_durations(connection, most=1)
    assert {report: (one.n, one.seconds) for report, one in found.items()} == {
        report: (len(seconds), sum(seconds)) for report, seconds in took.items()
    }
    assert found["wards/monthly"].within == [1, 1, 1, 1, 2, 2, 2, 2]
    assert found["icu/daily"].within == [0] * 8
    assert (most.report, rest.report, rest.n, rest.seconds) == ("wards/monthly", "", 2, 20_004.0)
    assert rest.within == [0, 1, 1, 1, 1, 1, 1, 1]


def test_the_longest_wait_of_each_project_is_told(queue):
    queue.submit("wards")
    queue.later(30)
    queue.submit("wards")
    queue.submit("icu")
    with queue.database.reading() as connection:
        assert oldest_waits(connection, now=NOW + dt.timedelta(seconds=90)) == {"wards": 90.0, "icu": 60.0}


def test_lost_leases_and_notices_are_counted_by_what_became_of_them(queue):
    first, second = (queue.submit("wards").run_ids[0] for _ in range(2))
    end_run(queue, first, state="interrupted", state_reason="runner-silent")
    end_run(queue, second, state="cancelled")
    common = {"project": "wards", "target": "ops", "event": "failed", "content": {}, "attempts": 1}
    with queue.database.writing() as tx:
        for number, outcome in enumerate(["sent", "sent", "no-target", None]):
            tx.execute(sa.insert(notices).values(key=str(number), outcome=outcome, made_at=time_text(NOW), **common))
    with queue.database.reading() as connection:
        assert lost_leases(connection) == 1
        assert notice_outcomes(connection) == {"sent": 2, "no-target": 1}
