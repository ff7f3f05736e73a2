"""Runners are there for what waits and for what was left, and a start that a kill interrupted is taken up again."""

import asyncio
import datetime as dt
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from hub_config.reports.database.connection import time_text
from hub_config.reports.database.leases import end_run
from hub_config.reports.database.tables import runners, runs
from hub_config.reports.keeper.runner_supply import RunnerSupply
from hub_config.reports.runners.starting import StartRefusedError

from ..database.conftest import Queue, database, empty, queue, server

__all__ = ["database", "empty", "queue", "server"]


@dataclass
class Hub:
    """A hub that starts what it is asked for, or refuses with a reason."""

    refuses: str | None = None
    asked: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    will_not_forget: tuple[str, ...] = ()

    async def start(self, account: str, *, server: str) -> None:
        self.asked.append(server)
        await asyncio.sleep(0)
        if self.refuses is not None:
            raise StartRefusedError(self.refuses)

    async def remove(self, account: str, *, server: str) -> bool:
        self.removed.append(server)
        return self.refuses is None and server not in self.will_not_forget


def supply_of(queue: Queue, hub: Hub) -> RunnerSupply:
    return RunnerSupply(queue.database, hub, most_runners_of=lambda _account: 1)


async def look(supply: RunnerSupply, now: dt.datetime) -> None:
    await supply.look(now)
    while supply._pending:
        await asyncio.gather(*supply._pending)


def states(queue: Queue) -> dict[str, str]:
    with queue.database.reading() as connection:
        return {row.id: row.state for row in connection.execute(sa.select(runners))}


def leave_a_run(queue: Queue) -> None:
    """Have a runner fall silent in the middle of a run."""
    (run_id,) = queue.submit().run_ids
    with queue.database.writing() as tx:
        tx.execute(sa.update(runs).where(runs.c.id == run_id).values(state="running"))
        end_run(tx, run_id=run_id, state="interrupted", reason="runner-silent", now=queue.now)


def test_a_start_that_died_with_the_service_is_asked_for_again(queue: Queue) -> None:
    """Else the account, which may have one runner, would wait until that start counts as failed: two minutes."""
    queue.submit()
    with queue.database.writing() as tx:
        tx.execute(
            sa.insert(runners).values(
                id="runner-0123456789", account="acc-wards", state="starting", capacity=0, heard=0,
                asked_at=time_text(queue.now),
            )
        )  # fmt: skip
    hub = Hub()
    supply = supply_of(queue, hub)
    asyncio.run(look(supply, queue.now))
    assert hub.asked == ["runner-0123456789"]
    asyncio.run(look(supply, queue.now))
    assert hub.asked == ["runner-0123456789"], "once: from now on it is this service's own start"


def test_a_runner_is_started_to_close_what_another_left(queue: Queue) -> None:
    leave_a_run(queue)
    hub = Hub()
    asyncio.run(look(supply_of(queue, hub), queue.now))
    assert len(hub.asked) == 1


def test_what_could_not_be_closed_for_an_hour_starts_no_more_runners(queue: Queue) -> None:
    leave_a_run(queue)
    hub = Hub()
    asyncio.run(look(supply_of(queue, hub), queue.now + dt.timedelta(hours=2)))
    assert hub.asked == []


@pytest.mark.parametrize(("reason", "longest"), [("hub-silent", 10), ("server-500", 300)])
def test_a_hub_that_is_away_is_asked_again_soon_and_one_that_refuses_less_and_less(
    queue: Queue, reason: str, longest: float
) -> None:
    queue.submit()
    supply = supply_of(queue, Hub(refuses=reason))

    async def many() -> float:
        for _ in range(12):
            supply._not_before.clear()
            await look(supply, queue.now)
        return supply._not_before["acc-wards"] - asyncio.get_running_loop().time()

    wait = asyncio.run(many())
    assert longest / 2 - 1 < wait <= longest


def gone(queue: Queue, *names: str, hours_ago: float = 0) -> None:
    """Put runners down that are gone."""
    moment = time_text(queue.now - dt.timedelta(hours=hours_ago))
    with queue.database.writing() as tx:
        for name in names:
            values = {"state": "gone", "asked_at": moment, "gone_at": moment}
            tx.execute(sa.insert(runners).values(id=name, account="acc-wards", capacity=0, heard=0, **values))


def test_a_hub_that_was_away_forgets_the_runners_that_went_meanwhile(queue: Queue) -> None:
    gone(queue, "runner-a", "runner-b", hours_ago=30)
    hub = Hub(refuses="hub-silent")
    supply = supply_of(queue, hub)
    asyncio.run(supply.tidy(queue.now))
    hub.refuses = None
    asyncio.run(supply.tidy(queue.now))
    assert sorted(hub.removed[2:]) == ["runner-a", "runner-b"]
    for anew in (supply, supply_of(queue, hub)):
        asyncio.run(anew.tidy(queue.now))
    assert len(hub.removed) == 4, "each is forgotten once, also by a service that started anew"


def test_a_hub_that_refuses_is_left_alone_and_no_runner_keeps_the_others_from_being_forgotten(queue: Queue) -> None:
    names = [f"runner-{number}" for number in range(9)]
    gone(queue, *names)
    silent = Hub(refuses="hub-silent")
    asyncio.run(supply_of(queue, silent).tidy(queue.now))
    assert len(silent.removed) == 3
    hub = Hub(will_not_forget=tuple(names[:4]))
    supply = supply_of(queue, hub)
    for _ in range(3):
        asyncio.run(supply.tidy(queue.now))
    assert set(names) == set(hub.removed)
    assert all(hub.removed.count(name) == 1 for name in names[4:])


def test_rows_of_runners_go_after_a_week_and_not_before_the_hub_has_forgotten_them(queue: Queue) -> None:
    gone(queue, "runner-new", hours_ago=2)
    gone(queue, "runner-old", "runner-kept", hours_ago=9 * 24)
    supply = supply_of(queue, Hub(will_not_forget=("runner-kept",)))
    supply._asked |= {"runner-old", "runner-kept"}
    asyncio.run(supply.tidy(queue.now))
    assert set(states(queue)) == {"runner-new", "runner-kept"}
    assert supply._asked == set()
