"""Since when slots are made up for: one answer for all services, until nobody was at it for a while."""

import datetime as dt

import pytest

from hub_config.reports.database import Database
from hub_config.reports.database.catching_up import caught_up_since

from .conftest import NOW


def since(database: Database, seconds: float) -> float:
    with database.writing() as tx:
        found = caught_up_since(tx, now=NOW + dt.timedelta(seconds=seconds), break_s=120)
    return (found - NOW).total_seconds()


@pytest.mark.parametrize(
    ("looks", "answers"),
    [
        ([0, 100, 220, 340], [0, 0, 0, 0]),
        ([0, 100, 221, 300], [0, 0, 221, 221]),
        ([0, 100, 95, 215, 220], [0, 0, 0, 0, 0]),  # two services, whose clocks are not quite the same
        ([0, 50, -1, 60], [0, 0, -1, -1]),  # the clock was set back to before it began
        ([0, 120, 240, 100, 200], [0, 0, 0, 100, 100]),  # or further than they differ
        ([9000, 9001, 3, 4], [9000, 9000, 3, 3]),
    ],
)
def test_it_goes_on_while_somebody_is_at_it_and_begins_anew_after_a_break(
    database: Database, looks: list[float], answers: list[float]
) -> None:
    assert [since(database, seconds) for seconds in looks] == answers


def test_what_is_undone_was_not_seen(database: Database) -> None:
    def fail_after_asking() -> None:
        with database.writing() as tx:
            caught_up_since(tx, now=NOW, break_s=120)
            raise LookupError

    with pytest.raises(LookupError):
        fail_after_asking()
    assert since(database, 60) == 60
