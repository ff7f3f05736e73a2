"""Keeping a run, letting it go, and removing it: what its page says and offers, and what its buttons do."""

import asyncio
import datetime as dt
from dataclasses import dataclass
from typing import Any

from hub_config.projects import Action
from hub_config.reports.database.left_runs import RUNNER_SILENT
from hub_config.reports.desk import Desk, Person
from hub_config.reports.desk.keeping import Keeping, keep_run, keeping_of, may_with_run
from hub_config.reports.desk.removing import remove_run
from hub_config.reports.service.base import PageHandler
from hub_config.reports.service.board import Run
from hub_config.reports.service.moments import moment_text
from hub_config.reports.service.texts import Texts

__all__ = ["KeepHandler", "RemoveRunHandler", "ShownKeeping", "removal_told", "shown_keeping"]


@dataclass(frozen=True)
class ShownKeeping:
    """What a run's page says of its keeping.

    Parameters
    ----------
    told : str
        How long it is kept, and who says so.
    is_kept : bool
        Whether somebody keeps it for ever.
    may_keep, may_remove : bool
        What is offered to the reader.
    """

    told: str
    is_kept: bool
    may_keep: bool
    may_remove: bool


def shown_keeping(desk: Desk, run: Run, *, person: Person, texts: Texts) -> ShownKeeping | None:
    """Say how long a run is kept, and what the reader may do about that.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    run : Run
        Any.
    person : Person
        Who reads.
    texts : Texts
        The words of their language.

    Returns
    -------
    ShownKeeping or None
        None where there is nothing to keep.
    """
    row = run.row
    waits_for_runner = row.state_reason == RUNNER_SILENT and row.folder is None
    if run.is_active or run.is_removed or not (run.folder is not None or row.is_kept or waits_for_runner):
        return None
    keeping = keeping_of(desk, row)
    return ShownKeeping(
        told=_told(keeping, texts, zone=run.zone),
        is_kept=keeping.is_kept,
        may_keep=may_with_run(desk.book, run.project, person=person, action=Action.DELETE),
        may_remove=may_with_run(desk.book, run.project, person=person, action=Action.REMOVE_RUN),
    )


def _told(keeping: Keeping, texts: Texts, *, zone: str) -> str:
    if keeping.is_kept:
        if keeping.by is None:
            return texts["kept_ever"]
        return texts.text("kept_ever_by", who=keeping.by, at=moment_text(keeping.since, zone))
    at = moment_text(keeping.until.isoformat(), zone) if keeping.until is not None else ""
    if keeping.successes is not None:
        key = "kept_until_newest" if at else "kept_newest"
        return texts.text(key, at=at, n=keeping.successes)
    if keeping.until is None:
        return texts["kept_no_rule"]
    return texts.text("kept_until" if keeping.until > dt.datetime.now(dt.UTC) else "kept_over", at=at)


def removal_told(row: Any, texts: Texts, *, zone: str) -> str:
    """Say that a run was removed, and by whom.

    Parameters
    ----------
    row : Row
        As it stands in the database.
    texts : Texts
        The words of the reader's language.
    zone : str
        Of the run's project.

    Returns
    -------
    str
        A sentence; empty for one that is there.
    """
    at = moment_text(row.removed_at, zone)
    if not row.removal_asked_by:
        is_going = row.removal_asked_by is not None and not at
        return texts["run_removing_old"] if is_going else texts.text("run_removed_old", at=at) if at else ""
    return texts.text("run_removed_by" if at else "run_removing", who=row.removal_asked_by, at=at)


class KeepHandler(PageHandler):
    """Keeping a run however old it gets, or no longer."""

    def post(self, run_id: str) -> None:
        """Do it, and show its page.

        Parameters
        ----------
        run_id : str
            Which.
        """
        self.run_or_404(run_id)
        is_kept = self.get_body_argument("kept", "") == "yes"
        keep_run(self.desk, run_id, is_kept=is_kept, person=self.person, now=dt.datetime.now(dt.UTC))
        self.redirect(f"{self.site.prefix}runs/{run_id}#keeping", status=303)


class RemoveRunHandler(PageHandler):
    """Removing a run that has ended."""

    async def post(self, run_id: str) -> None:
        """Do it, and show what is left: who removed it, and what is known of it still.

        Parameters
        ----------
        run_id : str
            Which.
        """
        self.run_or_404(run_id)
        now = dt.datetime.now(dt.UTC)
        await asyncio.to_thread(remove_run, self.desk, run_id, person=self.person, now=now)
        self.redirect(f"{self.site.prefix}runs/{run_id}", status=303)
