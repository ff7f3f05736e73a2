"""A writer waits for another one, but not for ever: one that was stopped in the middle stops no service for good."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from hub_config.reports.database import Database, bring_up_to_date, connection
from hub_config.reports.database.errors import DatabaseUnreachableError
from hub_config.reports.database.tables import turns

Open = Callable[[], Database]


@contextlib.contextmanager
def a_writer_that_stands_still(open_it: Open) -> Iterator[threading.Event]:
    """One that has written something, and does not go on until it is told to."""
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def stand() -> None:
        with contextlib.suppress(DatabaseUnreachableError), open_it().writing() as tx:
            tx.execute(sa.insert(turns).values(project="stopped", turn=1))
            begun.set()
            go_on.wait(30)
        ended.set()

    thread = threading.Thread(target=stand)
    thread.start()
    assert begun.wait(10)
    try:
        yield go_on
    finally:
        go_on.set()
        thread.join()


def write(database: Database) -> float:
    """Write something; give the seconds that it took."""
    began = time.monotonic()
    with database.writing() as tx:
        tx.execute(sa.delete(turns).where(turns.c.project == "mine"))
        tx.execute(sa.insert(turns).values(project="mine", turn=2))
    return time.monotonic() - began


def projects(database: Database) -> list[str]:
    with database.reading() as reading:
        return sorted(row.project for row in reading.execute(sa.select(turns)))


@pytest.mark.timeout(60)
def test_a_writer_that_waits_too_long_is_told_and_the_next_one_writes(
    empty: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_S", 1)
    database = empty()
    bring_up_to_date(database)
    with a_writer_that_stands_still(empty):
        with pytest.raises(DatabaseUnreachableError, match="cannot be used"):
            write(database)
        assert projects(database) == [], "readers are not kept waiting"
    assert write(database) < 1
    assert projects(database) == ["mine", "stopped"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)  # SQLite's lock is the stopped process's own
def test_where_the_server_can_it_takes_the_turn_from_a_writer_that_stands_still(
    empty: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LONGEST_TURN_S", 1, raising=False)
    database = empty()
    bring_up_to_date(database)
    with a_writer_that_stands_still(empty):
        assert write(database) < 10
    assert projects(database) == ["mine"], "nothing of a turn that was taken is written"
