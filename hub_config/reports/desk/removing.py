"""Removing one run that has ended: its folder goes as old ones do, and its history says who wanted that.

First it is written down that the run is to go, and from then on nobody sees what it wrote. Only when the folder is gone
the run is called removed, so whatever is killed in between is finished by the keeper.
"""

import contextlib
import datetime as dt
import logging
from dataclasses import dataclass
from typing import Any

from hub_config.errors import HubError, RunFolderError, RunNotFoundError
from hub_config.projects import Action
from hub_config.reports.database.connection import Database
from hub_config.reports.database.history import one_run
from hub_config.reports.database.left_runs import RUNNER_SILENT
from hub_config.reports.database.removals import ask_to_remove, note_removed
from hub_config.reports.database.states import ACTIVE
from hub_config.reports.desk.desk import Desk
from hub_config.reports.desk.errors import RunStaysError
from hub_config.reports.desk.keeping import run_for
from hub_config.reports.desk.person import Person
from hub_config.reports.desk.project_book import ProjectBook
from hub_config.reports.exports import PdfCache
from hub_config.reports.folders.retention import remove_run_folder

__all__ = ["Removal", "remove_run", "take_away"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Removal:
    """What a wish to remove a run came to.

    Parameters
    ----------
    is_gone : bool
        Whether its folder is gone; otherwise it is hidden, and the keeper goes on.
    changed : bool
        False if somebody had asked before, or it was gone.
    """

    is_gone: bool
    changed: bool


def remove_run(desk: Desk, run_id: str, *, person: Person, now: dt.datetime) -> Removal:
    """Remove a run.

    Parameters
    ----------
    desk : Desk
        Where requests are checked.
    run_id : str
        Which.
    person : Person
        A lead of its project, or an operator.
    now : datetime
        With a zone.

    Returns
    -------
    Removal
        Asked for again it says how far that is.

    Raises
    ------
    RunStaysError
        If it has not ended, or is kept.
    HubError
        If there is none that this person may see, or they may not.
    """
    run_for(desk, run_id, person=person, action=Action.REMOVE_RUN)
    with desk.database.writing() as tx:
        changed = ask_to_remove(tx, run_id, who=person.name, now=now)
        run = one_run(tx, run_id)
    if run is None or (run.removed_at is None and run.removal_asked_by is None):
        raise _stays(run)
    if changed:
        logger.info("%s removes the run %s", person.name, run_id)
    try:
        is_gone = take_away(desk.database, desk.book, run_id=run_id, now=now)
    except RunFolderError as refused:
        logger.warning("The folder of run %s stays as yet: %s", run_id, refused)
        is_gone = False
    return Removal(is_gone=is_gone, changed=changed)


def _stays(run: Any) -> HubError:
    if run is not None and run.state in ACTIVE:
        return RunStaysError("The run cannot be removed; it has not ended. Cancel it first.")
    return RunStaysError(
        "The run cannot be removed; it is kept. A lead of its project lets it go first, on its page or with "
        "`cohorthub report keep RUN --no-longer`."
    )


def take_away(database: Database, book: ProjectBook, *, run_id: str, now: dt.datetime) -> bool:
    """Remove what a run left, and write down that it is gone.

    Parameters
    ----------
    database : Database
        The history.
    book : ProjectBook
        The projects.
    run_id : str
        Of a run that has ended, and may go.
    now : datetime
        With a zone.

    Returns
    -------
    bool
        False if a runner may yet close a folder of it, which goes then.

    Raises
    ------
    RunFolderError
        If something stays.
    """
    with database.reading() as connection:
        run = one_run(connection, run_id)
    if run is None or run.removed_at is not None:
        return True
    # There may be none: somebody has taken it away, or there never was one.
    with contextlib.suppress(RunNotFoundError):
        remove_run_folder(book.root_of(run), run.id)
    try:
        PdfCache(book.pdfs).forget(run.id)
    except OSError as refused:
        raise RunFolderError(
            f"The PDFs of the run {run.id} cannot be removed; {refused.strerror}. They are tried again."
        ) from refused
    if run.folder is None and run.state_reason == RUNNER_SILENT:
        return False
    with database.writing() as tx:
        note_removed(tx, run.id, now=now)
    return True
