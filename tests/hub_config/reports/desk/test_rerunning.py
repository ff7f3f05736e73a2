"""An old run is repeated with its notebook, values and data, within what the project allows now."""

import sqlalchemy as sa

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


def test_a_repeated_run_keeps_to_the_limits_that_hold_now(bench: Bench) -> None:
    bench.save(limits={"cell_seconds": 60, "run_seconds": 600})
    old = ended(bench)
    project = bench.folder / "project.toml"
    project.write_text(project.read_text() + "\n[limits]\ncell_seconds = 100\nrun_seconds = 200\n")
    desk = bench.another_desk()
    rerun(desk, old, person=ANALYST, now=bench.now)
    (run,) = bench.runs(states=["queued"])
    assert run.limits == {"cell_s": 60.0, "run_s": 200.0}
