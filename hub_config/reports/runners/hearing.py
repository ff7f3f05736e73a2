"""The service's side of the talk with runners: what they say is written down, and they are given runs."""

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from hub_config.reports.database.connection import Database, time_text
from hub_config.reports.database.leases import Lease, Told, begin_closing, end_run, heard, take_runs
from hub_config.reports.database.left_runs import RUNNER_SILENT, left_runs, note_closed, put_back, unheard_of
from hub_config.reports.database.states import FINAL
from hub_config.reports.database.tables import runners, runs, templates
from hub_config.reports.runners.messages import OVER, LeasedRun, LeftRun, RunReport, SyncAnswer, SyncRequest
from hub_config.reports.runners.told_ends import UNCLEAR
from hub_config.reports.verdicts import Verdict

__all__ = ["Hearing", "RunPlace"]

logger = logging.getLogger(__name__)

# Asked with each heartbeat, so built once.
_RUNNER_HEARD = (
    sa.update(runners)
    .where(
        runners.c.id == sa.bindparam("of_runner"),
        runners.c.account == sa.bindparam("of_account"),
        runners.c.state != "gone",
    )
    .values(heard=runners.c.heard + 1)
)
_STATE = sa.select(
    *(runs.c.state, runs.c.state_reason, runs.c.stop_asked_by, runs.c.lease_id, runs.c.error)
).where(runs.c.id == sa.bindparam("of_run"))  # fmt: skip
_PROJECT = sa.select(runs.c.project).where(runs.c.id == sa.bindparam("of_run"))
_CONTENT = sa.select(templates.c.content).where(templates.c.sha256 == sa.bindparam("of_template"))


@dataclass(frozen=True)
class RunPlace:
    """Where and with what the runs of a project are carried out.

    Parameters
    ----------
    root : Path
        The folder of its runs.
    most_running : int
        How many of its runs may run at once.
    environment : mapping of str to str
        What its kernels are told.
    secrets_folder : Path or None
        Where its secrets lie.
    """

    root: Path
    most_running: int
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets_folder: Path | None = None


@dataclass
class Hearing:
    """What the service needs to answer runners.

    Parameters
    ----------
    database : Database
        The queue.
    place_of : callable
        Gives the `RunPlace` of a project, None for one that is there no more.
    home : Path
        The home; folders are kept relative to it.
    most_running : int
        How many runs may run in all.
    idle_s : float
        Seconds after which a runner without runs ends.
    vouched : dict
        By runner: its account, and the hash of the token that the hub vouched for.
    """

    database: Database
    place_of: Callable[[str], RunPlace | None]
    home: Path
    most_running: int = 2
    idle_s: float = 60.0
    vouched: dict[str, tuple[str, str]] = field(default_factory=dict)

    def answer(self, request: SyncRequest, *, account: str, now: dt.datetime) -> SyncAnswer | None:
        """Write down what a runner says, and say what it shall do.

        Parameters
        ----------
        request : SyncRequest
            What it says.
        account : str
            Whose it is; the hub has vouched for that.
        now : datetime
            With a zone.

        Returns
        -------
        SyncAnswer or None
            None if the service knows no such runner: it is to end.
        """
        answer: dict[str, Any] = {"stop": [], "lost": [], "agreed": {}, "done": []}
        with self.database.writing() as tx:
            if not self._note_runner(tx, request, account=account, now=now):
                return None
            self._hear(tx, request, answer=answer, now=now)
            for run_id, folder in request.closed_left.items():
                there = self._folder(tx, run_id) if folder is not None else None
                note_closed(tx, run_id, account=account, folder=there)
            leases = self._leases(tx, request, account=account, now=now)
            left = self._left(tx, account)
        return SyncAnswer(leases=leases, left=left, idle_s=self.idle_s, **answer)

    def _hear(self, tx: Connection, request: SyncRequest, *, answer: dict[str, Any], now: dt.datetime) -> None:
        """Take in what is said of each run, and say what follows."""
        told = [each for one in request.runs for each in self._cells(tx, one)]
        words = heard(tx, told, runner_id=request.runner_id, now=now)
        for one in request.runs:
            word = words.get(one.lease_id)
            if word == "lost":
                answer["done" if one.phase == "died" or self._is_done(tx, one) else "lost"].append(one.lease_id)
            elif one.phase == "closed":
                self._end(tx, one, now=now, who=request.runner_id)
                answer["done"].append(one.lease_id)
            elif one.phase == "died":
                self._end_dead(tx, one, now=now, who=request.runner_id)
                answer["done"].append(one.lease_id)
            elif one.phase == "closing":
                answer["agreed"][one.lease_id] = self._agree(tx, one)
            elif word == "stop":
                answer["stop"].append(one.lease_id)

    def _cells(self, tx: Connection, one: RunReport) -> Iterator[Told]:
        """Give all cells that began since the last one that was noted; an answer that got lost has them told again."""
        noted = tx.execute(sa.select(runs.c.cell).where(runs.c.id == one.run_id)).scalar() if one.passed else None
        for number, title in one.passed:
            if number > (noted or 0):
                yield Told(one.run_id, one.lease_id, number, one.n_cells, title)
        yield Told(one.run_id, one.lease_id, one.cell, one.n_cells, one.cell_title)

    def _leases(self, tx: Connection, request: SyncRequest, *, account: str, now: dt.datetime) -> list[LeasedRun]:
        """Give runs: first those of an answer that got lost, then new ones."""
        again = unheard_of(tx, runner_id=request.runner_id, told=[one.lease_id for one in request.runs])
        if request.is_leaving:
            if not request.runs:
                for run in again:
                    put_back(tx, run, now=now)
            return []
        taken = take_runs(
            tx,
            runner_id=request.runner_id,
            account=account,
            free=request.free - len(again),
            most_running=self.most_running,
            limit_of=self._limit_of,
            now=now,
        )
        leases = [*(Lease(run, str(run.lease_id)) for run in again), *taken]
        return [leased for one in leases if (leased := self._leased(tx, one, now=now)) is not None]

    def _left(self, tx: Connection, account: str) -> list[LeftRun]:
        found = []
        for run in left_runs(tx, account=account):
            place = self._place_of(run.project)
            if place is not None:
                secrets = str(place.secrets_folder) if place.secrets_folder is not None else None
                found.append(LeftRun(run.id, run.state, str(place.root), secrets))
        return found

    def _place_of(self, project: str) -> RunPlace | None:
        """Look up where a project's runs are carried out; one whose folders cannot be made must not stop the others."""
        try:
            return self.place_of(project)
        except OSError as refused:
            logger.warning("The runs of project %s cannot be carried out now: %s", project, refused.strerror)
            return None

    def _note_runner(self, tx: Connection, request: SyncRequest, *, account: str, now: dt.datetime) -> bool:
        values: dict[str, Any] = {
            "state": "ready",
            "capacity": request.free + sum(one.phase not in OVER for one in request.runs),
        }
        if request.is_leaving and not request.runs:
            values |= {"state": "gone", "gone_at": time_text(now), "reason": "it had nothing to do"}
        of = {"of_runner": request.runner_id, "of_account": account}
        return tx.execute(_RUNNER_HEARD, {**of, **values}).rowcount == 1

    def _limit_of(self, project: str) -> int:
        place = self._place_of(project)
        return place.most_running if place is not None else 0

    @staticmethod
    def _is_done(tx: Connection, one: RunReport) -> bool:
        """Whether this runner itself has ended the run, and only the answer got lost."""
        run = tx.execute(_STATE, {"of_run": one.run_id}).first() if one.phase == "closed" else None
        return run is not None and run.lease_id == one.lease_id and run.state in FINAL

    @staticmethod
    def _agree(tx: Connection, one: RunReport) -> str:
        """Take a runner's verdict as the run's, save where nobody asked for the stop that it tells of."""
        verdict = one.verdict or UNCLEAR
        run = tx.execute(_STATE, {"of_run": one.run_id}).one()
        if run.state == "closing":
            return str(run.state_reason)
        status = str(verdict["status"])
        if status == "cancelled" and run.stop_asked_by is None:
            status = "interrupted"
        begin_closing(
            tx, run_id=one.run_id, lease_id=one.lease_id, verdict={"status": status, "error": verdict["error"]}
        )
        return status

    def _end(self, tx: Connection, one: RunReport, *, now: dt.datetime, who: str) -> None:
        """Give a run the end that was agreed; a disk that filled up in the last moment makes another, never a better.

        Of an end that cannot be understood now, what was agreed is what its folder says.
        """
        agreed = self._agree(tx, one)
        run = tx.execute(_STATE, {"of_run": one.run_id}).one()
        told = one.verdict or UNCLEAR
        is_another = told is not UNCLEAR and told["status"] not in {"succeeded", agreed}
        was_asked = told["status"] != "cancelled" or run.stop_asked_by is not None
        state = str(told["status"]) if is_another and was_asked else agreed
        end_run(
            tx,
            run_id=one.run_id,
            lease_id=one.lease_id,
            state=state,
            error=told["error"] if state == told["status"] and told is not UNCLEAR else run.error,
            facts=one.facts or {},
            folder=self._folder(tx, one.run_id) if one.folder is not None else None,
            who=who,
            now=now,
        )

    @staticmethod
    def _end_dead(tx: Connection, one: RunReport, *, now: dt.datetime, who: str) -> None:
        """End a run whose process is no more; one whose verdict was agreed may be shown already, and is looked at."""
        run = tx.execute(_STATE, {"of_run": one.run_id}).one()
        if run.state == "closing":
            return
        verdict = Verdict.cancelled() if run.stop_asked_by is not None else Verdict.interrupted()
        end_run(
            tx,
            run_id=one.run_id,
            lease_id=one.lease_id,
            state=verdict.status,
            error=verdict.error(),
            reason=RUNNER_SILENT,
            who=who,
            now=now,
        )

    def _folder(self, tx: Connection, run_id: str) -> str | None:
        """Say where a run's folder lies, by construction: where a runner tells that it lies is not followed."""
        project = tx.execute(_PROJECT, {"of_run": run_id}).scalar()
        place = self._place_of(project) if project is not None else None
        path = place.root / run_id if place is not None else None
        if path is None or path.is_symlink() or not path.is_dir():
            return None
        return str(path.relative_to(self.home)) if path.is_relative_to(self.home) else str(path)

    def _leased(self, tx: Connection, lease: Lease, *, now: dt.datetime) -> LeasedRun | None:
        run = lease.run
        place, content = self._place_of(run.project), _content(tx, run)
        if place is None or content is None:
            missing = "project" if place is None else "template"
            error = {
                "code": "REPORT-NOT-THERE",
                "message": f"The run could not begin; its {missing} is there no more. Submit it again.",
            }
            end_run(tx, run_id=run.id, lease_id=lease.lease_id, state="failed", error=error, now=now)
            return None
        environment = {**place.environment}
        if run.releases:
            environment["COHORTHUB_RELEASES"] = ";".join(f"{name}={release}" for name, release in run.releases.items())
        return LeasedRun(
            run_id=run.id,
            lease_id=lease.lease_id,
            template_name=run.template_name,
            template=content,
            parameters=run.parameters,
            given=run.given,
            limits=run.limits,
            root=str(place.root),
            started_by=run.submitted_by,
            environment=environment,
            secrets_folder=str(place.secrets_folder) if place.secrets_folder is not None else None,
        )


def _content(tx: Connection, run: Row[Any]) -> bytes | None:
    found = tx.execute(_CONTENT, {"of_template": run.template_sha256}).scalar()
    return bytes(found) if found is not None else None
