"""Places are shared by real runners as the projects' limits, priorities and waits have it."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest

from .report_house import report, running_house

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(300)]

IN_ALL = 3
PROJECTS = {
    "north": "max_running = 3\nmax_runners = 2\nmax_queued = 2000",
    "south": "max_running = 1\nmax_queued = 2000",
    "west": "max_running = 2\nmax_queued = 2000",
}
SETTINGS = {"COHORTHUB_REPORTS_MAX_RUNNING": str(IN_ALL), "COHORTHUB_REPORTS_RUNNER_IDLE": "30"}
SLEEPS = report("import time\ntime.sleep(pause)")
PAUSE = [{"pause": 1.0}]


def _at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def most_at_once(rows: Sequence[Any]) -> int:
    """The largest number of runs that had begun and not ended at one moment."""
    # At the same moment an end comes before a start: the place of a run that ends is given in the same transaction.
    steps = sorted([(_at(one.ended_at), -1) for one in rows] + [(_at(one.started_at), 1) for one in rows])
    going = most = 0
    for _, step in steps:
        going += step
        most = max(most, going)
    return most


def test_limits_hold_the_small_are_not_kept_waiting_by_the_large_and_the_urgent_come_first() -> None:
    with running_house(PROJECTS, environment=SETTINGS) as house:
        # Each project has its runner already, so that nothing here hangs on how quickly it starts.
        for project in PROJECTS:
            house.submit(SLEEPS, project=project)
        house.wait_until_done(within=90)
        warmed = {run.id for run in house.rows()}

        north = house.submit(SLEEPS, project="north", n=18, values=PAUSE)
        house.wait(lambda: len(house.held()) == IN_ALL, within=30, what="the large one has all places")
        south = house.submit(SLEEPS, project="south", n=3, values=PAUSE)
        west = house.submit(SLEEPS, project="west", n=3, values=PAUSE)
        (urgent,) = house.submit(SLEEPS, project="north", values=PAUSE, priority=5)
        house.wait_until_done(within=180)
        rows = {run.id: run for run in house.rows() if run.id not in warmed}

    assert {run.state for run in rows.values()} == {"succeeded"}
    assert most_at_once(list(rows.values())) == IN_ALL
    assert most_at_once([rows[one] for one in south]) == 1
    assert most_at_once([rows[one] for one in west]) <= 2

    starts = sorted((_at(run.started_at), run.project, run.id) for run in rows.values())
    asked = _at(rows[south[0]].queued_at)
    later = [(project, run_id) for at, project, run_id in starts if at >= asked]
    for run_ids, project in ((south, "south"), (west, "west")):
        # Of three places one is each project's: its third run begins when the others have begun about as many.
        third = later.index((project, run_ids[-1]))
        others = sum(one == "north" for one, _ in later[:third])
        assert others <= 7, f"{project} waited for {others} runs of the large project: {[one for one, _ in later]}"
    waited = [run_id for project, run_id in later if project == "north"]
    assert waited[0] == urgent, "it came last and begins first"
    in_order = [run_id for run_id in waited if run_id != urgent]
    assert [north.index(one) for one in in_order] == sorted(north.index(one) for one in in_order)
