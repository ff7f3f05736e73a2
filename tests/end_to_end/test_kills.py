"""Every run comes to exactly one end, whatever is killed: runner, run, kernel, its parent, service, hub, at any moment.

A short storm is part of the suite. The long one, 100 runs and 20 kills on SQLite and on PostgreSQL, is asked for with
``--storms SEED`` (several with commas), and takes some minutes per seed.
"""

import contextlib
import itertools
import json
import random
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from hub_config.reports.database.states import ACTIVE, FINAL
from tests.analysis_lib.catalog.postgresql_server import Server, running_server

from .report_house import House, report, running_house

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1200)]

ROLES = ("runner", "run process", "worker", "kernel", "warm parent", "service", "hub")
PROJECTS = dict.fromkeys(("north", "east", "south", "west"), "max_running = 3\nmax_queued = 2000")
SETTINGS = {
    "COHORTHUB_REPORTS_MAX_RUNNING": "4",
    "COHORTHUB_REPORTS_RUNNER_IDLE": "6",
}
AGAIN = {"left": 3, "delay_s": 0.5, "states": ["interrupted", "failed"]}
WORK = "import time\ntime.sleep(pause)\nopen('work.txt', 'w').write('done')"
LONGEST_PAUSE_S = 3.0  # of a run: long enough for all kills to come while there is something to kill
HELD_S = 15  # the longest that a run may seem to go on after what carried it out was killed
_numbers = itertools.count()


def seeds(config: pytest.Config) -> list[int]:
    """The seeds of long storms; without the option there is a short one, of another seed each day."""
    given = config.getoption("--storms")
    return [int(word) for word in given.split(",")] if given else []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "long_seed" in metafunc.fixturenames:
        metafunc.parametrize("long_seed", seeds(metafunc.config))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "sqlite":
        return None
    server = request.getfixturevalue("server")
    name = f"storm_{next(_numbers)}"
    server.run(f"CREATE DATABASE {name}")
    return str(server.url(name))


def hit(house: House, role: str, chance: random.Random) -> str | None:
    """Kill one process of a role; say which, or None if there was none."""
    if role in {"service", "hub"}:
        house.kill(role)
        house.start(role)
        return role
    found = house.roles()[role]
    if not found:
        return None
    with contextlib.suppress(psutil.NoSuchProcess):
        chance.choice(found).kill()
    return role


def storm(house: House, *, seed: int, n_runs: int, n_kills: int) -> dict[str, list[Any]]:
    """Queue runs in all projects, kill while they run, and let everything be finished."""
    chance = random.Random(seed)
    print(f"the seed of this storm is {seed}")
    values = [{"pause": round(chance.uniform(0, LONGEST_PAUSE_S), 2)} for _ in range(n_runs)]
    for project in PROJECTS:
        house.submit(report(WORK), project=project, n=n_runs // len(PROJECTS), values=values, retry=AGAIN)
    house.wait(house.held, within=60, what="the first run has begun")
    roles = [*ROLES, *chance.choices(ROLES, k=max(0, n_kills - len(ROLES)))]
    chance.shuffle(roles)
    for role in roles:
        time.sleep(chance.uniform(0.2, 2.5))
        end = time.monotonic() + 20
        while (killed := hit(house, role, chance)) is None and time.monotonic() < end and house.rows(states=ACTIVE):
            time.sleep(0.05)
        # Now and then two at once: what watches over a process may die in the same moment.
        also = hit(house, chance.choice(ROLES), chance) if chance.random() < 0.3 else None
        print(f"{time.strftime('%X')} killed {killed or f'no {role}: there was none'}{f', {also}' if also else ''}")
    held = {run.id for run in house.held()}
    time.sleep(HELD_S)
    assert not held & {run.id for run in house.held()}, "runs that seem to go on after the last kill"
    house.wait_until_done(within=60 + 6 * n_runs)
    return tell(house)


def tell(house: House) -> dict[str, list[Any]]:
    """Check that each run has one end, in database and folder alike; give the runs by how they ended."""
    happened = house.happened()
    rows = house.rows()
    by_state: dict[str, list[Any]] = {}
    for run in rows:
        ends = [kind for kind in happened[run.id] if kind in FINAL]
        assert ends == [run.state], (run.id, happened[run.id])
        by_state.setdefault(run.state, []).append(run)
    house.wait(lambda: not house.left(), within=60, what=f"nothing of a run is left: {house.left()[:5]}")
    for run in rows:
        root = house.home / "projects" / run.project / "runs"
        folders = [path for path in root.glob(f"*{run.id}*") if path.is_dir() and _is_of(path.name, run.id)]
        assert len(folders) <= 1, folders
        for folder in folders:
            record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            assert record["status"] == run.state, (run.id, record["status"], run.state, happened[run.id])
        if run.state == "succeeded":
            assert folders, run.id
            assert (folders[0] / "work" / "work.txt").read_text() == "done"
            assert run.folder == str(folders[0].relative_to(house.home)), run.id
        retries = [one for one in rows if one.retry_of == run.id]
        tried_again = run.state in run.retry["states"] and run.retry["left"] > 0
        assert len(retries) == tried_again, (run.id, run.state, run.retry, len(retries))
    return by_state


def _is_of(name: str, run_id: str) -> bool:
    return name in {run_id, f".{run_id}.running"}


def nothing_is_left(house: House) -> None:
    """Wait for the runners to end, as they have nothing to do; then only hub, service and proxy are there."""
    kept = {process.pid for process in house.started.values()}

    def others() -> list[str]:
        found = []
        for process in house.processes():
            with contextlib.suppress(psutil.Error):
                if process.pid not in kept and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(f"{process.pid} {' '.join(process.cmdline())[:120]}")
        return found

    house.wait(lambda: not others(), within=60, what=f"no process is left: {others()[:5]}")
    assert house.left() == []


def check(house: House, *, seed: int, n_runs: int, n_kills: int) -> None:
    ended = storm(house, seed=seed, n_runs=n_runs, n_kills=n_kills)
    counts = {state: len(found) for state, found in ended.items()}
    print(f"seed {seed}: {counts}")
    first = [run for found in ended.values() for run in found if run.retry_of is None]
    assert len(first) == n_runs, "none is lost, none is double"
    assert counts["succeeded"] >= n_runs * 0.9, "most were tried again until they succeeded"
    nothing_is_left(house)


def test_in_a_short_storm_each_run_comes_to_one_end() -> None:
    seed = int(time.time()) // 86_400
    with running_house(PROJECTS, environment=SETTINGS) as house:
        check(house, seed=seed, n_runs=16, n_kills=7)


def test_in_a_long_storm_each_run_comes_to_one_end(long_seed: int, database_url: str | None) -> None:
    with running_house(PROJECTS, environment=SETTINGS, database_url=database_url) as house:
        check(house, seed=long_seed, n_runs=100, n_kills=20)
