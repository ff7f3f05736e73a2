"""Runs whose runner fell silent get their final state."""

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub_config.reports.database.conditions import is_one_of
from hub_config.reports.database.connection import Database, time_text
from hub_config.reports.database.errors import DatabaseUnreachableError
from hub_config.reports.database.leases import end_run
from hub_config.reports.database.left_runs import RUNNER_SILENT
from hub_config.reports.database.states import FINAL, HELD
from hub_config.reports.database.tables import runners, runs
from hub_config.reports.database.watch import LEASE_S, Watch
from hub_config.reports.folders.archive import read_document
from hub_config.reports.verdicts import Verdict

__all__ = ["LostRuns"]

logger = logging.getLogger(__name__)

# Asked once a second, so built once.
_HELD = sa.select(
    *(runs.c.id, runs.c.project, runs.c.state, runs.c.state_reason, runs.c.heard, runs.c.error), runs.c.stop_asked_by
).where(is_one_of(runs.c.state, HELD))
_RUNNERS = sa.select(runners.c.id, runners.c.heard, runners.c.state).where(runners.c.state != "gone")


@dataclass
class LostRuns:
    """Watches what should be heard.

    Parameters
    ----------
    database : Database
        The queue.
    root_of : callable
        Gives the folder of a project's runs, or None.
    home : Path
        The home.
    start_limit_s : float
        Seconds for a runner to be heard for the first time.
    """

    database: Database
    root_of: Callable[[str], Path | None]
    home: Path
    start_limit_s: float = 120.0
    watch: Watch = field(default_factory=Watch)
    _starting: Watch = field(default_factory=Watch)

    async def look(self, now: dt.datetime) -> None:
        """End what was not heard for too long.

        Parameters
        ----------
        now : datetime
            With a zone.
        """
        with self.database.reading() as connection:
            held = connection.execute(_HELD).all()
            ready = connection.execute(_RUNNERS).all()
        by_id = {run.id: run for run in held}
        counters = {("run", run.id): run.heard for run in held}
        counters |= {("runner", one.id): one.heard for one in ready if one.state == "ready"}
        silent = self.watch.silent(counters, for_s=LEASE_S)
        unheard = {("runner", one.id): one.heard for one in ready if one.state == "starting"}
        late = self._starting.silent(unheard, for_s=self.start_limit_s)
        if not silent and not late:
            return
        try:
            with self.database.writing() as tx:
                for kind, name in [*silent, *late]:
                    if kind == "runner":
                        _forget(tx, name, heard=counters.get((kind, name), unheard.get((kind, name), 0)), now=now)
                    else:
                        self._end(tx, by_id[name], now=now)
        except DatabaseUnreachableError:
            # Nor could it be written down that runners were heard: when that works again, they are to speak first.
            self.watch.begin_anew()
            raise

    def _end(self, tx: Connection, run: Any, *, now: dt.datetime) -> None:
        verdict = Verdict.interrupted() if run.stop_asked_by is None else Verdict.cancelled()
        state, error, folder, facts = verdict.status, verdict.error(), None, None
        if run.state == "closing":
            record = self._record(run)
            if record is not None and record.get("status") == run.state_reason:
                # Its folder was shown under the verdict that was agreed: only the runner's last word is missing.
                state, error = str(run.state_reason), run.error
                folder, facts = self._folder(run), {"duration_s": record.get("duration_s")}
        ended = end_run(
            tx, run_id=run.id, heard_before=run.heard, state=state, error=error, facts=facts, folder=folder, now=now,
            reason=RUNNER_SILENT,
        )  # fmt: skip
        if ended:
            logger.warning("The runner of run %s fell silent; the run is closed as %s", run.id, state)

    def _folder(self, run: Any) -> str | None:
        root = self.root_of(run.project)
        if root is None:
            return None
        path = root / run.id
        return str(path.relative_to(self.home)) if path.is_relative_to(self.home) else str(path)

    def _record(self, run: Any) -> dict[str, Any] | None:
        root = self.root_of(run.project)
        record = read_document(root / run.id, name="run.json") if root is not None else None
        return record if record is not None and record.get("status") in FINAL else None


def _forget(tx: Connection, runner_id: str, *, heard: int, now: dt.datetime) -> None:
    tx.execute(
        sa.update(runners)
        .where(runners.c.id == runner_id, runners.c.heard == heard)
        .values(state="gone", gone_at=time_text(now), reason="it was not heard")
    )
