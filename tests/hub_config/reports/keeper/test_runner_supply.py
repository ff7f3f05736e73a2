"""Runners are there for what waits and for what was left, and a start that a kill interrupted is taken up again."""

import asyncio
import datetime as dt
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from hub_config.reports.database.connection import time_text
from hub_config.reports.database.leases import end_run
from hub_config.reports.database.tables import runners
from hub_config.reports.keeper.runner_supply import RunnerSupply
from hub_config.reports.runners.starting import StartRefusedError

from ..database.conftest import Queue, database, empty, queue, server

__all__ = ["database", "empty", "queue", "server"]


@dataclass
class Hub:
    """A hub that starts what it is asked for, or refuses with a reason."""

    refuses: str | None = None
    asked: list[str] = field(default_factory=list)

    async def start(self, account: str, *, server: str) -> None:
        self.asked.append(server)
        await asyncio.sleep(0)
        if self.refuses is not None:
            raise StartRefusedError(self.refuses)

    async def remove(self, account: str, *, server: str) -> bool:
        return True


def supply_of(queue: Queue, hub: Hub) -> RunnerSupply:
    return RunnerSupply(queue.database, hub, most_runners_of=lambda _account: 1)


async def look(supply: RunnerSupply, now: dt.datetime) -> None:
    await supply.look(now)
    while supply._pending:
        await asyncio.gather(*supply._pending)


def states(queue: Queue) -> dict[str, str]:
    with queue.database.reading() as connection:
        return {row.id: row.state for row in connection.execute(sa.select(runners))}


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
    (run_id,) = queue.submit().run_ids
    with queue.database.writing() as tx:
        end_run(tx, run_id=run_id, state="interrupted", reason="runner-silent", now=queue.now)
    hub = Hub()
    asyncio.run(look(supply_of(queue, hub), queue.now))
    assert len(hub.asked) == 1


def test_what_could_not_be_closed_for_an_hour_starts_no_more_runners(queue: Queue) -> None:
    (run_id,) = queue.submit().run_ids
    with queue.database.writing() as tx:
        end_run(tx, run_id=run_id, state="interrupted", reason="runner-silent", now=queue.now)
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
