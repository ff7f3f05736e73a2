"""Whether the pages stay quick with ten thousand runs in the history."""

import datetime as dt
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from hub_config.reports.database import Database, bring_up_to_date, open_database
from hub_config.reports.database.history import RunFilter
from hub_config.reports.database.submissions import NewRun, Submission, keep_template, submit
from hub_config.reports.database.tables import batches, definitions, runs
from hub_config.reports.desk import Person, ProjectBook
from hub_config.reports.service.board import Board
from hub_config.reports.service.reading.history import RUNS_PER_PAGE
from hub_config.reports.service.reading.portal import Portal
from hub_config.reports.service.texts import LANGUAGES

N_RUNS, N_PROJECTS, N_DEFINITIONS = 10_000, 10, 20
PROJECT = 'title = "{name}"\ntimezone = "Asia/Seoul"\n[members]\nkim = "lead"\n'
MOST_S = 0.3
BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("many")
    for number in range(N_PROJECTS):
        folder = home / "projects" / f"p{number}"
        folder.mkdir(parents=True, mode=0o700)
        (folder / "project.toml").write_text(PROJECT.format(name=f"p{number}"), encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def full(home) -> Iterator[Database]:
    """A database with 200 definitions, and 50 runs of each."""
    database = open_database(None, home=home)
    bring_up_to_date(database)
    new = NewRun(template_name="t", template_sha256="0" * 64, title="T", parameters={"ward": "A"}, given=["ward"])
    with database.writing() as tx:
        keep_template(tx, sha256="0" * 64, name="t", content=b"{}", now=BEGIN)
        submission = Submission(project="p0", account="a", submitted_by="kim", runs=[new], definition="d0")
        made = submit(tx, submission, now=BEGIN)
        batch = dict(tx.execute(sa.select(batches)).one()._mapping)
        run = dict(tx.execute(sa.select(runs)).one()._mapping)
        tx.execute(sa.delete(runs))
        tx.execute(sa.delete(batches))
        assert made.is_new
        rows = []
        for number in range(N_RUNS):
            moment = f"{BEGIN + dt.timedelta(minutes=number):%Y-%m-%dT%H:%M:%S}.000Z"
            rows.append(
                run
                | {
                    "id": f"r{number:05d}",
                    "batch_id": f"b{number:05d}",
                    "project": f"p{number % N_PROJECTS}",
                    "definition": f"d{number // N_PROJECTS % N_DEFINITIONS}",
                    "state": "failed" if number % 7 == 0 else "succeeded",
                    "submitted_by": "kim" if number % 3 else "~schedule",
                    "queued_at": moment,
                    "started_at": moment,
                    "ended_at": moment,
                    "is_settled": True,
                }
            )
        tx.execute(sa.insert(batches), [batch | {"id": row["batch_id"], "project": row["project"]} for row in rows])
        tx.execute(sa.insert(runs), rows)
        document = {"name": "d", "title": "D", "template": "t", "schedule": ["every weekday at 07:00"]}
        common = {"document": document, "document_sha256": "d" * 64, "enabled": True}
        common |= {"changed_at": run["queued_at"], "decided_until": run["queued_at"]}
        names = [(f"p{p}", f"d{d}") for p in range(N_PROJECTS) for d in range(N_DEFINITIONS)]
        tx.execute(sa.insert(definitions), [common | {"project": p, "name": d} for p, d in names])
    yield database
    database.close()


def seconds(work) -> float:
    """The best of three, as other work on the machine says nothing about the page."""
    taken = []
    for _ in range(3):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return min(taken)


@pytest.mark.parametrize("person", [Person("kim"), Person("operator", is_operator=True)], ids=["member", "operator"])
@pytest.mark.parametrize(
    "wanted",
    [
        RunFilter(),
        RunFilter(projects=["p3"]),
        RunFilter(projects=["p3"], definition="d7"),
        RunFilter(definition="d7"),
        RunFilter(states=["failed"]),
        RunFilter(states=["running", "closing"]),
        RunFilter(submitted_by="kim", since="2026-01-03", until="2026-01-05"),
    ],
    ids=["all", "project", "definition", "any-definition", "failed", "running", "who-and-when"],
)
def test_a_page_of_the_history_is_found_at_once(full, home, person, wanted):
    board = Board(database=full, book=ProjectBook(home))
    for number in (1, 10_000):
        found = board.page(person, number=number, size=RUNS_PER_PAGE, wanted=wanted)
        assert len(found[0]) > 0 or wanted.states == ["running", "closing"]
        assert seconds(lambda n=number: board.page(person, number=n, size=RUNS_PER_PAGE, wanted=wanted)) < MOST_S


def test_the_reports_of_all_projects_are_found_at_once(full, home):
    portal, book = Portal(full), ProjectBook(home)
    sections = portal.sections(book.everything(), texts=LANGUAGES["en"], most=50)
    assert [len(section.lines) for section in sections] == [N_DEFINITIONS] * N_PROJECTS
    newest = sections[9].lines[-1]
    assert {line.state for section in sections for line in section.lines} <= {"failed", "succeeded"}
    assert newest.succeeded_at is not None
    assert seconds(lambda: portal.sections(book.everything(), texts=LANGUAGES["en"], most=50)) < MOST_S


def test_the_newest_runs_are_looked_up_in_the_index(full):
    asked = (
        "SELECT project, definition, max(queued_at) FROM runs "
        "WHERE project IN ('p1') AND definition IS NOT NULL GROUP BY project, definition"
    )
    with full.reading() as connection:
        plan = " ".join(row[3] for row in connection.execute(sa.text(f"EXPLAIN QUERY PLAN {asked}")))
    assert "USING COVERING INDEX" in plan
    assert "SCAN runs" not in plan
