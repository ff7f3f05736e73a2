"""As many runners as there is work for: started at the hub, and forgotten there when they are gone."""

import asyncio
import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub_config.reports.database.conditions import is_one_of
from hub_config.reports.database.connection import Database, time_text
from hub_config.reports.database.left_runs import accounts_with_left_runs
from hub_config.reports.database.states import ACTIVE
from hub_config.reports.database.tables import runners, runs
from hub_config.reports.runners.names import new_runner_name
from hub_config.reports.runners.starting import HUB_SILENT, StartRefusedError

__all__ = ["RunnerSupply"]

logger = logging.getLogger(__name__)

# Asked twice a second, so built once.
_IS_QUEUED = runs.c.state == "queued"
_WANTED = (
    sa.select(
        runs.c.account,
        sa.func.count().label("n"),
        sa.func.sum(sa.case((_IS_QUEUED, 1), else_=0)).label("waiting"),
    )
    .where(
        is_one_of(runs.c.state, ACTIVE), sa.or_(runs.c.state != "queued", runs.c.not_before <= sa.bindparam("moment"))
    )
    .group_by(runs.c.account)
)
_THERE = sa.select(runners.c.id, runners.c.account, runners.c.state).where(
    is_one_of(runners.c.state, ("starting", "ready"))
)
_GONE = (
    sa.select(runners.c.id, runners.c.account)
    .where(runners.c.state == "gone", runners.c.is_forgotten.is_(False))
    .order_by(runners.c.gone_at.desc(), runners.c.id)
    .limit(sa.bindparam("most"))
)
_IS_FORGOTTEN = sa.update(runners).where(runners.c.id == sa.bindparam("of_runner")).values(is_forgotten=True)
_OLD = sa.delete(runners).where(
    runners.c.state == "gone",
    runners.c.gone_at < sa.bindparam("upto"),
    sa.or_(runners.c.is_forgotten, runners.c.gone_at < sa.bindparam("given_up")),
)

FIRST_DELAY_S, LONGEST_DELAY_S = 2.0, 300.0
LONGEST_DELAY_OF_SILENT_HUB_S = 10.0  # it starts again in seconds, and asking costs it nothing
LEFT_FOR = dt.timedelta(hours=1)
KEPT_FOR = dt.timedelta(days=7)  # rows of runners that are gone, for whoever asks why
GIVEN_UP_AFTER = dt.timedelta(days=365)  # those that the hub will not forget: it is no more
AT_ONCE = 20  # runners that the hub is asked to forget in one go
MOST_REFUSED = 3  # then it is left alone until the next time


class _Servers(Protocol):
    """What starts and ends runners."""

    async def start(self, account: str, *, server: str) -> None:
        """Start a runner."""

    async def remove(self, account: str, *, server: str) -> bool:
        """End a runner and forget it."""


@dataclass
class RunnerSupply:
    """Keeps the runners of all accounts.

    Parameters
    ----------
    database : Database
        The queue.
    servers : HubServers
        The hub.
    most_runners_of : callable
        Gives how many runners an account may have.
    runs_per_runner : int
        How many runs one carries out at once.
    """

    database: Database
    servers: _Servers
    most_runners_of: Callable[[str], int]
    runs_per_runner: int = 2
    problems: dict[str, str] = field(default_factory=dict)  # by account: why it has no runner
    _delays: dict[str, float] = field(default_factory=dict)
    _not_before: dict[str, float] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)  # runners whose start this service has asked for
    _unforgotten: set[str] = field(default_factory=set)  # gone, and the hub did not say that it has forgotten them
    _pending: set["asyncio.Task[None]"] = field(default_factory=set)

    async def look(self, now: dt.datetime) -> None:
        """Start what is missing.

        Parameters
        ----------
        now : datetime
            With a zone.
        """
        clock = asyncio.get_running_loop().time()
        with self.database.reading() as connection:
            wanted = _wanted(connection, now=now)
            runners_there = _there(connection)
        there = Counter(one.account for one in runners_there)
        interrupted = {
            one.id: one.account for one in runners_there if one.state == "starting" and one.id not in self._asked
        }
        for runner_id, account in interrupted.items():
            # Asked for by a service that has ended, or by one beside this: the hub starts a server of a name once.
            self._ask(account, runner_id)
        for account, n_runs in wanted.items():
            n = min(-(-n_runs // self.runs_per_runner), self.most_runners_of(account)) - there[account]
            if n > 0 and clock >= self._not_before.get(account, 0.0):
                # One at a time: the next look, a second later, sees what this one has brought.
                self._begin(account, now=now)

    def _begin(self, account: str, *, now: dt.datetime) -> None:
        runner_id = new_runner_name()
        with self.database.writing() as tx:
            if Counter(one.account for one in _there(tx))[account] >= self.most_runners_of(account):
                return  # another service was faster
            tx.execute(
                sa.insert(runners).values(
                    id=runner_id, account=account, state="starting", capacity=0, heard=0, asked_at=time_text(now)
                )
            )
        self._ask(account, runner_id)

    def _ask(self, account: str, runner_id: str) -> None:
        self._asked.add(runner_id)
        task = asyncio.create_task(self._start(account, runner_id), name=f"start {runner_id}")
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _start(self, account: str, runner_id: str) -> None:
        try:
            await self.servers.start(account, server=runner_id)
        except StartRefusedError as refused:
            longest = LONGEST_DELAY_OF_SILENT_HUB_S if refused.reason == HUB_SILENT else LONGEST_DELAY_S
            delay = min(self._delays.get(account, FIRST_DELAY_S) * 2, longest)
            self._delays[account] = delay
            self._not_before[account] = asyncio.get_running_loop().time() + delay / 2
            if self.problems.get(account) != refused.reason:
                logger.error(
                    "No runner could be started for account %s (%s); it is tried again", account, refused.reason
                )
            self.problems[account] = refused.reason
            with self.database.writing() as tx:
                tx.execute(
                    sa.update(runners)
                    .where(runners.c.id == runner_id, runners.c.state == "starting")
                    .values(state="gone", gone_at=time_text(dt.datetime.now(dt.UTC)), reason=refused.reason)
                )
            return
        self.problems.pop(account, None)
        self._delays.pop(account, None)
        self._not_before.pop(account, None)

    async def tidy(self, now: dt.datetime) -> None:
        """Have the hub forget the runners that are gone, however long it was away; the rows of old ones go too.

        Parameters
        ----------
        now : datetime
            With a zone.
        """
        with self.database.reading() as connection:
            gone = connection.execute(_GONE, {"most": AT_ONCE + len(self._unforgotten)}).all()
            there = {one.id for one in _there(connection)}
        self._asked &= there
        # Those that the hub would not forget have their turn when the others have had theirs.
        fresh = [one for one in gone if one.id not in self._unforgotten]
        if not fresh:
            self._unforgotten.clear()
        for one in (fresh or gone)[:AT_ONCE]:
            if await self.servers.remove(one.account, server=one.id):
                with self.database.writing() as tx:
                    tx.execute(_IS_FORGOTTEN, {"of_runner": one.id})
                continue
            self._unforgotten.add(one.id)
            if len(self._unforgotten) % MOST_REFUSED == 0:
                break
        with self.database.writing() as tx:
            tx.execute(_OLD, {"upto": time_text(now - KEPT_FOR), "given_up": time_text(now - GIVEN_UP_AFTER)})

    async def close(self) -> None:
        """Wait for what was begun."""
        for task in list(self._pending):
            task.cancel()
        await asyncio.gather(*self._pending, return_exceptions=True)


def _wanted(connection: Connection, *, now: dt.datetime) -> Mapping[str, int]:
    """How many runs each account has that wait or run; an account without a waiting one needs no new runner.

    Save one that must close what another runner left.
    """
    rows = connection.execute(_WANTED, {"moment": time_text(now)})
    left = accounts_with_left_runs(connection, since=time_text(now - LEFT_FOR))
    return {**dict.fromkeys(left, 1), **{row.account: row.n for row in rows if row.waiting}}


def _there(connection: Connection) -> Sequence[Any]:
    return connection.execute(_THERE).all()
