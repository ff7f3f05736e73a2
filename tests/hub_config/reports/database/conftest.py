"""Every test of the queue runs on SQLite and on a real PostgreSQL server."""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hub_config.reports.database import Batch, Database, NewRun, Submission, bring_up_to_date, open_database
from hub_config.reports.database.connection import time_text
from hub_config.reports.database.submissions import keep_template, submit
from hub_config.reports.database.tables import runners
from tests.analysis_lib.catalog.postgresql_server import Server, running_server

NOW = dt.datetime(2026, 11, 27, 7, 0, tzinfo=dt.UTC)
SHA = "a" * 64
_numbers = itertools.count()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """A function that opens the same empty database, as a process of its own would."""
    url = None
    if request.param == "postgresql":
        server = request.getfixturevalue("server")
        name = f"reports_{next(_numbers)}"
        server.run(f"CREATE DATABASE {name}")
        url = server.url(name)
    opened: list[Database] = []

    def open_it() -> Database:
        opened.append(open_database(url, home=tmp_path))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


@pytest.fixture
def database(empty: Callable[[], Database]) -> Database:
    found = empty()
    bring_up_to_date(found)
    return found


@dataclass
class Queue:
    """What the tests ask of a database, in short words."""

    database: Database
    now: dt.datetime = NOW
    limits: dict[str, int] = field(default_factory=dict)

    def later(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)

    def submit(self, project: str = "wards", *, n: int = 1, key: str | None = None, **options: object) -> Batch:
        ones = [
            NewRun(template_name="t", template_sha256=SHA, title="T", parameters={"ward": i}, **options)
            for i in range(n)
        ]  # type: ignore[arg-type]
        with self.database.writing() as tx:
            keep_template(tx, sha256=SHA, name="t", content=b"{}", now=self.now)
            submission = Submission(
                project=project, account=f"acc-{project}", submitted_by="lee", runs=ones, idempotency_key=key
            )
            return submit(tx, submission, now=self.now)

    def runner(self, name: str, project: str = "wards") -> None:
        with self.database.writing() as tx:
            tx.execute(
                runners.insert().values(
                    id=name, account=f"acc-{project}", state="ready", capacity=4, heard=0, asked_at=time_text(self.now)
                )
            )


@pytest.fixture
def queue(database: Database) -> Queue:
    return Queue(database)
