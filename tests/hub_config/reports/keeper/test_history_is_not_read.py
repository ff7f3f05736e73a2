"""What is done once a second takes little, and no longer with every run that has ever been."""

import asyncio
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub_config.reports.database.connection import time_text
from hub_config.reports.database.states import FINAL
from hub_config.reports.database.tables import batches, events, runners, runs
from hub_config.reports.keeper.due_slots import DueSlots
from hub_config.reports.keeper.lost_runs import LostRuns
from hub_config.reports.keeper.removed_runs import RemovedRuns
from hub_config.reports.keeper.runner_supply import RunnerSupply
from hub_config.reports.keeper.settled_runs import SettledRuns
from hub_config.reports.runners.hearing import Hearing, RunPlace
from hub_config.reports.runners.messages import RunReport, SyncRequest

from ..desk.conftest import Bench

N_OLD = 3000


class NoHub:
    async def start(self, account: str, *, server: str) -> None:
        """Start nothing."""

    async def remove(self, account: str, *, server: str) -> bool:
        return True


class Steps:
    """Counts the steps of SQLite's machine in tens: the same work takes the same number on every computer."""

    def __init__(self, bench: Bench) -> None:
        self.count = 0
        bench.database.engine.dispose()
        sa.event.listen(bench.database.engine, "connect", self._count_on)

    def _count_on(self, connection: Any, _record: Any) -> None:
        connection.set_progress_handler(self._step, 10)

    def _step(self) -> int:
        self.count += 1
        return 0

    def of(self, do: Any) -> int:
        before = self.count
        do()
        return self.count - before


def fill_history(bench: Bench, run_id: str) -> None:
    """Copy a run that has ended, under all final states, with what happened to it."""
    with bench.database.writing() as tx:
        row = tx.execute(sa.select(runs).where(runs.c.id == run_id)).mappings().one()
        batch = tx.execute(sa.select(batches).where(batches.c.id == row["batch_id"])).mappings().one()
        for n in range(N_OLD):
            at = time_text(bench.now - dt.timedelta(minutes=n))
            copied = {"id": f"o{n}", "batch_id": f"b{n}", "queued_at": at, "ended_at": at, "is_settled": True}
            tx.execute(sa.insert(batches).values(**{**batch, "id": f"b{n}", "submitted_at": at}))
            tx.execute(sa.insert(runs).values(**{**row, **copied, "state": FINAL[n % len(FINAL)], "folder": "/x"}))
            tx.execute(sa.insert(events).values(run_id=f"o{n}", at=at, kind="queued", text=""))


class Seconds:
    """What the service does in one second after the other: the keeper's tasks, and a runner's heartbeat."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        self.account = bench.desk.book.get("wards").account  # type: ignore[union-attr]
        with bench.database.writing() as tx:
            row = {"id": "r1", "account": self.account, "state": "ready", "capacity": 1, "heard": 0}
            tx.execute(sa.insert(runners).values(**row, asked_at=time_text(bench.now)))
        bench.save(schedule="0 7 * * *", recipients=[{"target": "ops", "events": ["succeeded"]}])
        self.hearing = Hearing(bench.database, place_of=lambda _: RunPlace(folder, 4), home=bench.home, most_running=8)
        self.supply = RunnerSupply(bench.database, NoHub(), most_runners_of=lambda _: 1)
        self.lost = LostRuns(bench.database, root_of=bench.desk.book.runs_root, home=bench.home)
        self.settled = SettledRuns(bench.database, bench.desk.book)
        self.removed = RemovedRuns(bench.database, bench.desk.book)
        self.due = DueSlots(bench.desk)

    async def pass_by(self, *told: RunReport) -> Any:
        for task in (self.due.look, self.lost.look, self.settled.look, self.removed.look, self.supply.look):
            await task(self.bench.now)
        return self.hearing.answer(SyncRequest("r1", 1, told), account=self.account, now=self.bench.now)

    def one_run(self) -> None:
        """Carry a run out, from its lease to its end."""
        self.bench.run()
        (lease,) = asyncio.run(self.pass_by()).leases
        last = {"verdict": {"status": "succeeded", "error": None}, "facts": {}, "folder": "/x"}
        asyncio.run(self.pass_by(RunReport(lease.run_id, lease.lease_id, cell=1, n_cells=2)))
        for phase in ("closing", "closed"):
            report = RunReport(lease.run_id, lease.lease_id, phase, **last)  # type: ignore[arg-type]
            asyncio.run(self.pass_by(report))
        asyncio.run(self.pass_by())


@pytest.fixture
def seconds(bench: Bench, tmp_path: Path) -> Seconds:
    return Seconds(bench, tmp_path)


def test_neither_keeper_nor_runners_go_through_the_history(bench: Bench, seconds: Seconds) -> None:
    seconds.one_run()
    steps = Steps(bench)
    before = steps.of(seconds.one_run)
    fill_history(bench, bench.run().run_ids[0])
    seconds.one_run()  # the one that was copied
    after = steps.of(seconds.one_run)
    assert before > 0
    assert after < 2 * before


def test_what_is_asked_once_a_second_is_not_built_anew_each_time(bench: Bench, seconds: Seconds) -> None:
    asked: list[Any] = []

    def note(_connection: Any, statement: Any, *_more: Any) -> None:
        asked.append(statement)

    def statements_of_a_second(*told: RunReport) -> list[Any]:
        asked.clear()
        asyncio.run(seconds.pass_by(*told))
        return list(asked)

    seconds.one_run()
    bench.run()
    (lease,) = asyncio.run(seconds.pass_by()).leases
    sa.event.listen(bench.database.engine, "before_execute", note)
    for n in (1, 3):  # no further, and a cell further each time
        first, second = (
            statements_of_a_second(RunReport(lease.run_id, lease.lease_id, cell=cell, n_cells=9)) for cell in (n, n + 1)
        )
        assert len(first) > 10
        assert all(one is other for one, other in zip(first, second, strict=True))
    idle, again = statements_of_a_second(), statements_of_a_second()
    assert all(one is other for one, other in zip(idle, again, strict=True))
