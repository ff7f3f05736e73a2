"""Two services on one database: each slot makes one run and each run is carried out once, though services are killed.

Part of the suite are 200 slots, of whose runs the first ones are carried out. With ``--storms SEED`` all of them are.
"""

import asyncio
import contextlib
import datetime as dt
import itertools
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from hub_config.reports.database.definitions import slots_of
from hub_config.reports.database.states import FINAL
from hub_config.reports.database.tables import definitions
from hub_config.reports.definitions.reading import parse_definition
from hub_config.reports.desk import Person
from hub_config.reports.desk.defining import save_definition
from hub_config.reports.runners.names import new_runner_name
from hub_config.reports.runners.starting import HubServers
from tests.analysis_lib.catalog.postgresql_server import Server, running_server

from .report_house import House, free_port, report, running_house

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(900)]

N_SLOTS = 200
PROJECTS = dict.fromkeys(("north", "east", "south", "west"), "max_running = 2\nmax_queued = 2000")
SETTINGS = {"COHORTHUB_REPORTS_MAX_RUNNING": "4", "COHORTHUB_REPORTS_RUNNER_IDLE": "6"}
FIRST = 10  # runs that are carried out in the suite
_numbers = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as found:
        yield found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.patient)])
def database_url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "sqlite":
        return None
    name = f"services_{next(_numbers)}"
    server = request.getfixturevalue("server")
    server.run(f"CREATE DATABASE {name}")
    return str(server.url(name))


@pytest.fixture
def house(database_url: str | None) -> Iterator[House]:
    with running_house(PROJECTS, environment=SETTINGS, database_url=database_url) as found:
        yield found


@contextlib.contextmanager
def another_service(house: House) -> Iterator[House]:
    """The same house, seen from a second service: runners speak to the first alone."""
    second = replace(house, ports=[house.ports[0], house.ports[1], free_port(), house.ports[3]], started={})
    second.start("service")
    try:
        yield second
    finally:
        second.kill("service")


def schedule(house: House) -> None:
    """Approve, while no service runs, reports that are all due at one moment, and wait for it if it is to come."""
    for project in PROJECTS:
        (house.home / "projects" / project / "tiny.ipynb").write_bytes(report("print(1)"))
    due = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)).replace(second=0, microsecond=0)
    began = due - dt.timedelta(seconds=10)
    for number in range(N_SLOTS):
        document = {
            "name": f"report-{number}", "title": "Tiny", "template": "tiny.ipynb",
            "schedule": f"{due.minute} {due.hour} * * *", "timezone": "UTC",
        }  # fmt: skip
        save_definition(
            house.desk, parse_definition(document), project=list(PROJECTS)[number % len(PROJECTS)],
            person=Person("kim"), now=began, approve_too=True,
        )  # fmt: skip
    time.sleep(max(0.0, (due - dt.datetime.now(dt.UTC)).total_seconds()))
    # With what a start takes: a slot that is seen within two minutes is on time.
    assert dt.datetime.now(dt.UTC) < due + dt.timedelta(seconds=100), "the reports were not written in time"


def kill_and_start(house: House) -> None:
    house.kill("service")
    house.start("service")


def n_runs(house: House) -> int:
    return len(house.rows())


def check_slots(house: House) -> None:
    """Each definition has one decided slot, and one run of it."""
    made = Counter((run.project, run.definition) for run in house.rows())
    assert len(made) == N_SLOTS
    assert set(made.values()) == {1}
    with house.database.reading() as connection:
        for row in connection.execute(sa.select(definitions)):
            decided = slots_of(connection, project=row.project, name=row.name, limit=10)
            assert [(one.decision, one.reason) for one in decided] == [("run", None)]


def check_ends(house: House, *, n_done: int) -> None:
    """Whatever has ended began once and ended once."""
    happened = house.happened()
    ended = [run for run in house.rows() if run.state in FINAL]
    assert len(ended) >= n_done
    for run in ended:
        assert run.state == "succeeded", run.error
        told = [kind for kind in happened[run.id] if kind in {"running", *FINAL}]
        assert told == ["running", "succeeded"]


def test_two_hundred_slots_make_two_hundred_runs_though_both_services_are_killed(
    house: House, pytestconfig: pytest.Config
) -> None:
    is_long = bool(pytestconfig.getoption("--storms"))
    seed = int(str(pytestconfig.getoption("--storms")).split(",")[0]) if is_long else int(time.time()) // 86_400
    chance = random.Random(seed)
    print(f"the seed is {seed}")
    house.kill("service")
    schedule(house)
    house.start("service")
    with another_service(house) as second:
        for one in chance.sample((house, second), 2):  # while slots are decided
            some = chance.randrange(10, 100)
            house.wait(lambda least=some: n_runs(house) >= least, within=30, what="slots are being decided")
            kill_and_start(one)
        house.wait(lambda: n_runs(house) >= N_SLOTS, within=60, what="all slots are decided")
        n_done = N_SLOTS if is_long else FIRST
        for share in (0.3, 0.6):  # while runs are carried out
            house.wait(
                lambda least=share * n_done: sum(run.state in FINAL for run in house.rows()) >= least,
                within=60 + 2 * n_done,
                what="runs are carried out",
            )
            kill_and_start(chance.choice((house, second)))
        house.wait(
            lambda: sum(run.state in FINAL for run in house.rows()) >= n_done, within=60 + 2 * n_done, what="they end"
        )
    check_slots(house)
    check_ends(house, n_done=n_done)


def test_a_runner_that_two_services_ask_for_is_started_once_and_is_a_failure_for_neither() -> None:
    with running_house({"wards": ""}, environment=SETTINGS) as house:
        servers = HubServers(f"http://127.0.0.1:{house.ports[1]}/hub/api", house.token)
        name = new_runner_name()

        async def both() -> list[BaseException | None]:
            asked = (servers.start("project-wards", server=name) for _ in range(2))
            return await asyncio.gather(*asked, return_exceptions=True)

        assert asyncio.run(both()) == [None, None]
