"""The loop: each task in its turn, and one that fails does not stop the others."""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from hub_config.errors import HubError

__all__ = ["Keeper", "Task", "TimeSpent"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """Something that is done again and again.

    Parameters
    ----------
    name : str
        For the log.
    every_s : float
        Seconds between two times.
    do : callable
        Told the time; may take a while only if it waits.
    """

    name: str
    every_s: float
    do: Callable[[dt.datetime], Awaitable[None]]


@dataclass
class TimeSpent:
    """How often a task was done, and for how long; for whoever watches the service.

    Parameters
    ----------
    times : int
        How often.
    failures : int
        How often it failed.
    seconds : float
        In all.
    last_s : float
        The last time.
    """

    times: int = 0
    failures: int = 0
    seconds: float = 0.0
    last_s: float = 0.0


@dataclass
class Keeper:
    """Does the tasks until it is stopped.

    Parameters
    ----------
    tasks : sequence of Task
        What there is to do.
    spent : dict
        `TimeSpent` of each task, by its name.
    """

    tasks: Sequence[Task]
    spent: dict[str, TimeSpent] = field(default_factory=dict)
    _loops: list[asyncio.Task[None]] = field(default_factory=list)
    _failing: set[str] = field(default_factory=set)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._loops = [asyncio.create_task(self._repeat(task), name=f"keeper: {task.name}") for task in self.tasks]

    async def stop(self) -> None:
        """End, in the middle of nothing: what a task writes is written whole or not at all."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    async def _repeat(self, task: Task) -> None:
        while True:
            began = time.monotonic()
            await self._once(task)
            self._count(task, time.monotonic() - began)
            await asyncio.sleep(max(0.05, task.every_s - (time.monotonic() - began)))

    def _count(self, task: Task, seconds: float) -> None:
        spent = self.spent.setdefault(task.name, TimeSpent())
        spent.times += 1
        spent.failures += task.name in self._failing
        spent.seconds += seconds
        spent.last_s = seconds

    async def _once(self, task: Task) -> None:
        try:
            await task.do(dt.datetime.now(dt.UTC))
        except asyncio.CancelledError:
            raise
        except Exception as failure:  # the next time may do better, and the other tasks go on
            if task.name not in self._failing:  # once, not once a second
                self._failing.add(task.name)
                known = isinstance(failure, HubError)
                logger.error("%s: %s", task.name, failure if known else type(failure).__name__, exc_info=not known)
        else:
            if task.name in self._failing:
                self._failing.discard(task.name)
                logger.info("%s: works again", task.name)
