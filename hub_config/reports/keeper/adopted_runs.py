"""Runs from the command line, and those of versions without a queue, come into the history when they have ended."""

import datetime as dt
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from hub_config.reports.database.connection import Database, time_text
from hub_config.reports.database.states import FINAL
from hub_config.reports.database.tables import batches, runs
from hub_config.reports.desk.project_book import COMMAND_LINE
from hub_config.reports.folders.archive import read_document
from hub_config.reports.folders.run_folders import RUN_ID

__all__ = ["AdoptedRuns"]

logger = logging.getLogger(__name__)


@dataclass
class AdoptedRuns:
    """Looks into the home's own folder of runs.

    Parameters
    ----------
    database : Database
        The history.
    home : Path
        The home.
    """

    database: Database
    home: Path
    _known: set[str] = field(default_factory=set)

    async def look(self, now: dt.datetime) -> None:
        """Take in what is new.

        Parameters
        ----------
        now : datetime
            With a zone.
        """
        new = [name for name in self._names() if name not in self._known]
        if not new:
            return
        with self.database.reading() as connection:
            there = {row.id for row in connection.execute(sa.select(runs.c.id).where(runs.c.project.like("~%")))}
        for run_id in new:
            if run_id not in there:
                self._adopt(run_id, now=now)
            self._known.add(run_id)

    def _names(self) -> Iterator[str]:
        try:
            with os.scandir(self.home / "runs") as entries:
                for entry in entries:
                    if RUN_ID.fullmatch(entry.name) and entry.name != "latest" and entry.is_dir(follow_symlinks=False):
                        yield entry.name
        except FileNotFoundError:
            return

    def _adopt(self, run_id: str, *, now: dt.datetime) -> None:
        record = read_document(self.home / "runs" / run_id, name="run.json")
        if record is None:
            logger.warning("The record of the run in %s cannot be read", run_id)
            record = {}
        status = record.get("status")
        # Who asked stands beside the folders, where no notebook writes.
        asked = read_document(self.home / "runs" / ".asked", name=f"{run_id}.json") or {}
        person = asked.get("requested_by")
        with self.database.writing() as tx:
            if tx.execute(sa.select(runs.c.id).where(runs.c.id == run_id)).first() is None:
                project = f"~{person}" if isinstance(person, str) and person else COMMAND_LINE
                state = status if status in FINAL else "interrupted"
                _insert(tx, run_id, record=record, project=project, state=str(state), now=now)


def _insert(tx: Connection, run_id: str, *, record: dict[str, Any], project: str, state: str, now: dt.datetime) -> None:
    began = _time(record.get("started_at")) or time_text(now)
    progress = record["progress"] if isinstance(record.get("progress"), dict) else {}
    who = _text(record.get("started_by"))
    batch = f"b-{run_id}"
    tx.execute(
        sa.insert(batches).values(
            id=batch, project=project, request_sha256="", submitted_by=who, submitted_at=began, n_runs=1
        )
    )
    tx.execute(
        sa.insert(runs).values(
            id=run_id,
            project=project,
            account="",
            batch_id=batch,
            batch_index=0,
            label="",
            template_name=_text(record.get("template")),
            template_sha256=_text(record.get("template_sha256"))[:64],
            title=_text(record.get("title")) or run_id,
            parameters=record["parameters"] if isinstance(record.get("parameters"), dict) else {},
            written={},
            given=[one for one in record.get("given") or [] if isinstance(one, str)],
            releases={},
            limits={},
            retry={},
            attempt=1,
            priority=0,
            submitted_by=who,
            queued_at=began,
            not_before=began,
            state=state,
            started_at=began,
            ended_at=_time(record.get("ended_at")) or began,
            heard=0,
            cell=_number(progress.get("cell")),
            n_cells=_number(progress.get("cells")),
            cell_title=_text(progress.get("title")),
            error=record["error"] if isinstance(record.get("error"), dict) else None,
            facts={name: record[name] for name in ("data_releases", "cohorts", "library_version") if name in record},
            folder=f"runs/{run_id}",
            is_kept=True,
            is_late=False,
            is_settled=True,
        )
    )


def _text(value: object) -> str:
    # A NUL, which PostgreSQL does not take, or half of a surrogate pair must not keep the others out.
    return "".join(sign for sign in value[:80] if sign.isprintable()) if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31 else None


def _time(value: object) -> str | None:
    try:
        moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return time_text(moment) if moment is not None and moment.tzinfo is not None else None
