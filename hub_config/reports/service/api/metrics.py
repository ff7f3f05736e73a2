"""What the service tells Prometheus: read from the database at each look, so that two services say the same."""

import asyncio
import datetime as dt
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from hub_config.errors import HubError
from hub_config.reports.database import Database
from hub_config.reports.database.figures import (
    DURATION_BOUNDS,
    lost_leases,
    notice_outcomes,
    oldest_waits,
    run_durations,
)
from hub_config.reports.database.history import queue_figures
from hub_config.reports.keeper.keeper import TimeSpent
from hub_config.reports.service.api.handler import ApiAnswer
from hub_config.reports.service.api.refusals import as_refusal
from hub_config.reports.service.errors import ApiError
from hub_config.reports.service.scopes import METRICS_SCOPE

__all__ = ["MetricsHandler", "metrics_text"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BEGINNING = "cohorthub_reports_"


class _Figures(Collector):
    def __init__(self, found: Mapping[str, Any], spent: Mapping[str, TimeSpent]) -> None:
        self.found = found
        self.spent = spent

    def collect(self) -> Iterator[Any]:
        yield from self._queue()
        yield from self._ends()
        yield from self._keeper()

    def _queue(self) -> Iterator[Any]:
        found = self.found
        active = _gauge("runs_active", "Runs that wait or run.", labels=("project", "state"))
        waiting = _gauge("queue_length", "Runs that wait.", labels=("project",))
        waits = _gauge("oldest_wait_seconds", "How long the run that waits longest has waited.", labels=("project",))
        for (project, state), n in sorted(found["states"].items()):
            active.add_metric([project, state], n)
            if state == "queued":
                waiting.add_metric([project], n)
        for project, seconds in sorted(found["waits"].items()):
            waits.add_metric([project], seconds)
        runners = _gauge("runners", "Runners by state.", labels=("state",))
        for state in ("starting", "ready", "gone"):
            runners.add_metric([state], found["runners"].get(state, 0))
        due = _gauge("notices_due", "Notices that wait to be sent.")
        due.add_metric([], found["notices_due"])
        yield from (active, waiting, waits, runners, due)

    def _ends(self) -> Iterator[Any]:
        found = self.found
        ended = CounterMetricFamily(BEGINNING + "runs_ended", "Runs by final state.", labels=("state",))
        for state, n in sorted(found["ended"].items()):
            ended.add_metric([state], n)
        took = HistogramMetricFamily(
            BEGINNING + "run_duration_seconds", "How long runs took, by definition or template.", labels=("report",)
        )
        for one in found["durations"]:
            bounds = [(str(bound), n) for bound, n in zip(DURATION_BOUNDS, one.within, strict=True)]
            took.add_metric([one.report], [*bounds, ("+Inf", one.n)], one.seconds)
        lost = CounterMetricFamily(BEGINNING + "lease_losses", "Runs whose runner was lost.")
        lost.add_metric([], found["lost"])
        notices = CounterMetricFamily(
            BEGINNING + "notices_ended", "Notices by what became of them.", labels=("outcome",)
        )
        for outcome, n in sorted(found["notices"].items()):
            notices.add_metric([outcome], n)
        yield from (ended, took, lost, notices)

    def _keeper(self) -> Iterator[Any]:
        times = CounterMetricFamily(BEGINNING + "keeper_rounds", "How often a task was done.", labels=("task",))
        failed = CounterMetricFamily(BEGINNING + "keeper_failures", "How often it failed.", labels=("task",))
        seconds = CounterMetricFamily(BEGINNING + "keeper_seconds", "How long it took in all.", labels=("task",))
        last = _gauge("keeper_last_seconds", "How long it took the last time.", labels=("task",))
        for task, spent in sorted(self.spent.items()):
            times.add_metric([task], spent.times)
            failed.add_metric([task], spent.failures)
            seconds.add_metric([task], spent.seconds)
            last.add_metric([task], spent.last_s)
        yield from (times, failed, seconds, last)


def _gauge(name: str, about: str, *, labels: tuple[str, ...] = ()) -> Any:
    return GaugeMetricFamily(BEGINNING + name, about, labels=labels)


def metrics_text(database: Database, *, spent: Mapping[str, TimeSpent], now: dt.datetime) -> bytes:
    """Write the figures as Prometheus reads them.

    Parameters
    ----------
    database : Database
        Where they come from.
    spent : mapping
        Time spent by the keeper's tasks.
    now : datetime
        With a zone.

    Returns
    -------
    bytes
        In the text format 0.0.4.
    """
    with database.reading() as connection:
        found = {
            **queue_figures(connection, now=now),
            "waits": oldest_waits(connection, now=now),
            "durations": run_durations(connection),
            "lost": lost_leases(connection),
            "notices": notice_outcomes(connection),
        }
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(found, spent))
    text: bytes = generate_latest(registry)
    return text


class MetricsHandler(ApiAnswer):
    """The figures, for tokens with JupyterHub's own scope for metrics: services that have it, and operators'."""

    async def get(self) -> None:
        """Send them."""
        try:
            self.model = await self.sign_in()
            if not self._may_look():
                raise ApiError(
                    f"The token does not allow this; it lacks the scope {METRICS_SCOPE}. An operator's token has it.",
                    status=403,
                )
            spent: Mapping[str, TimeSpent] = self.settings["keeper_spent"]
            now = dt.datetime.now(dt.UTC)
            work = asyncio.get_running_loop().run_in_executor(
                self.kit.threads, lambda: metrics_text(self.kit.desk.database, spent=dict(spent), now=now)
            )
            text = await work
        except HubError as refused:
            self.refuse(as_refusal(refused))
            return
        self.set_status(HTTPStatus.OK)
        self.set_header("Content-Type", CONTENT_TYPE)
        self.finish(text)

    def _may_look(self) -> bool:
        if self.request.headers.get("Authorization") is None:
            return bool(self.model.get("admin"))
        return bool(self.hub_auth.check_scopes({METRICS_SCOPE}, self.model))
