"""Runs from the command line come into the history, whatever stands in their records."""

import asyncio
import json

from hub_config.reports.database.history import RunFilter, find_runs
from hub_config.reports.keeper.adopted_runs import AdoptedRuns

from ..desk.conftest import Bench

FIRST, SECOND = "20261123T021500123Z-a1b2c3", "20261123T021500124Z-a1b2c4"


def write(bench: Bench, run_id: str, **record: object) -> None:
    folder = bench.home / "runs" / run_id
    folder.mkdir(parents=True, exist_ok=True)
    kept = {"run_id": run_id, "status": "succeeded", "template": "steps", "started_at": "2026-11-23T02:15:00.123Z"}
    (folder / "run.json").write_text(json.dumps(kept | record))


def look(bench: Bench) -> dict[str, tuple[str, str]]:
    """Take in what is new; give state and title of each run by its id."""
    asyncio.run(AdoptedRuns(database=bench.database, home=bench.home).look(bench.now))
    with bench.database.reading() as connection:
        return {run.id: (run.state, run.title) for run in find_runs(connection, RunFilter())}


def test_a_run_from_the_command_line_is_taken_in_once(bench: Bench) -> None:
    write(bench, FIRST, title="Steps")
    assert look(bench) == look(bench) == {FIRST: ("succeeded", "Steps")}


def test_a_record_that_no_database_could_hold_does_not_keep_the_others_out(bench: Bench) -> None:
    write(bench, FIRST, title="Steps\ud800 of\0 one", template="\udfff", progress={"cell": 2**40, "title": "\0"})
    write(bench, SECOND, title="Steps")
    (bench.home / "runs" / "no-record-at-all").mkdir()
    assert look(bench) == {
        FIRST: ("succeeded", "Steps of one"),
        SECOND: ("succeeded", "Steps"),
        "no-record-at-all": ("interrupted", "no-record-at-all"),
    }
