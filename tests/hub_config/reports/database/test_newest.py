"""Which run of a report is its newest success: never one that repeats an old one."""

from typing import Any

import sqlalchemy as sa

from hub_config.reports.database import NewRun, Submission
from hub_config.reports.database.history import newest_success, one_run
from hub_config.reports.database.newest import succeeded_definitions, success_to_compare
from hub_config.reports.database.submissions import submit
from hub_config.reports.database.tables import runs


def succeeded(queue: Any, *, rerun_of: str | None = None) -> str:
    """Put a run of a definition into the history; give its id."""
    queue.later(60)
    one = NewRun(template_name="t", template_sha256="a" * 64, title="T", parameters={}, rerun_of=rerun_of)
    with queue.database.writing() as tx:
        submission = Submission(project="wards", account="wards", submitted_by="lee", runs=[one], definition="monthly")
        (run_id,) = submit(tx, submission, now=queue.now).run_ids
        tx.execute(sa.update(runs).where(runs.c.id == run_id).values(state="succeeded"))
    return run_id


def test_an_old_report_that_is_repeated_does_not_become_the_newest(queue):
    first = succeeded(queue)
    second = succeeded(queue)
    asked_at = queue.now
    succeeded(queue, rerun_of=first)
    with queue.database.reading() as connection:
        found = newest_success(connection, project="wards", definition="monthly")
        times = succeeded_definitions(connection, projects=["wards"])
    assert found is not None
    assert found.id == second
    assert times[("wards", "monthly")] == f"{asked_at:%Y-%m-%dT%H:%M:%S}.000Z"


def test_the_next_report_is_compared_with_the_one_before_and_not_with_a_repeated_one(queue):
    first = succeeded(queue)
    second = succeeded(queue)
    succeeded(queue, rerun_of=first)
    queue.later(60)
    moment = f"{queue.now:%Y-%m-%dT%H:%M:%S}.000Z"
    with queue.database.reading() as connection:
        found = newest_success(connection, project="wards", definition="monthly", before=moment)
    assert found is not None
    assert found.id == second


def test_a_run_that_repeats_another_is_compared_with_that_one(queue):
    first = succeeded(queue)
    second = succeeded(queue)
    repeated = succeeded(queue, rerun_of=first)
    third = succeeded(queue)
    with queue.database.writing() as tx:
        compared = {one: success_to_compare(tx, one_run(tx, one)) for one in (first, second, repeated, third)}
        assert {one: getattr(found, "id", None) for one, found in compared.items()} == {
            first: None, second: first, repeated: first, third: second
        }  # fmt: skip
        tx.execute(sa.update(runs).where(runs.c.id == first).values(state="failed"))
        assert success_to_compare(tx, one_run(tx, repeated)) is None
