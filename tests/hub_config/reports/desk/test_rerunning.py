"""An old run is repeated with its notebook, values and data, within what the project allows now."""

import sqlalchemy as sa

from hub_config.reports.database.leases import end_run
from hub_config.reports.database.tables import runs
from hub_config.reports.desk.rerunning import rerun

from .conftest import ANALYST, Bench


def ended(bench: Bench) -> str:
    """Let a run succeed; give its id."""
    (run_id,) = bench.run().run_ids
    with bench.database.writing() as tx:
        releases = [{"name": "gibleed", "release": "2026-01"}]
        values = {"state": "succeeded", "facts": {"data_releases": releases}}
        tx.execute(sa.update(runs).where(runs.c.id == run_id).values(**values))
    return run_id


def test_a_repeated_run_has_the_values_and_data_of_the_old_one(bench: Bench) -> None:
    bench.save(parameters={"month": "{month:-1}"})
    old = ended(bench)
    bench.save(parameters={"month": "2030-01"})
    again = rerun(bench.desk, old, person=ANALYST, now=bench.now)
    (run,) = bench.runs(states=["queued"])
    assert (run.id, run.rerun_of) == (again.batch.run_ids[0], old)
    assert run.parameters == {"ward": "A", "month": "2026-10"}
    assert run.releases == {"gibleed": "2026-01"}


def test_a_run_keeps_the_titles_that_it_had_and_so_do_those_that_repeat_it(bench: Bench) -> None:
    bench.save(title_ko="월간 품질", retries=1, safe_to_retry=True, retry_after=["failed"])
    old = ended(bench)
    bench.run()
    bench.save(title="Monthly falls", title_ko="월간 낙상")
    rerun(bench.desk, old, person=ANALYST, now=bench.now)
    with bench.database.writing() as tx:
        (waiting,) = [run for run in bench.runs(states=["queued"]) if run.rerun_of is None]
        tx.execute(sa.update(runs).where(runs.c.id == waiting.id).values(state="closing"))
        end_run(tx, run_id=waiting.id, state="failed", now=bench.now)
    bench.save(title="Monthly falls", title_ko=None)
    bench.run()
    titles = [(run.attempt, run.rerun_of is not None, run.title, run.title_ko) for run in bench.runs()]
    assert sorted(titles, key=str) == [
        (1, False, "Monthly falls", None),
        (1, False, "Monthly quality", "월간 품질"),
        (1, False, "Monthly quality", "월간 품질"),
        (1, True, "Monthly quality", "월간 품질"),
        (2, False, "Monthly quality", "월간 품질"),
    ]


def test_a_repeated_run_keeps_to_the_limits_that_hold_now(bench: Bench) -> None:
    bench.save(limits={"cell_seconds": 60, "run_seconds": 600})
    old = ended(bench)
    project = bench.folder / "project.toml"
    project.write_text(project.read_text() + "\n[limits]\ncell_seconds = 100\nrun_seconds = 200\n")
    desk = bench.another_desk()
    rerun(desk, old, person=ANALYST, now=bench.now)
    (run,) = bench.runs(states=["queued"])
    assert run.limits == {"cell_s": 60.0, "run_s": 200.0}
