"""Runs that somebody asked to remove, or that are too old, and whose folder is not gone yet."""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hub_config.errors import RunFolderError
from hub_config.reports.database.connection import Database
from hub_config.reports.database.errors import DatabaseUnreachableError
from hub_config.reports.database.removals import removals_waiting
from hub_config.reports.desk.project_book import ProjectBook
from hub_config.reports.desk.removing import take_away

__all__ = ["RemovedRuns", "try_to_take_away"]

logger = logging.getLogger(__name__)

AGAIN_S = 60.0  # after a folder could not be removed, or its runner had not closed it


@dataclass
class RemovedRuns:
    """Finishes removals: the service may have been killed in the middle, or the run's runner had to close it first.

    Parameters
    ----------
    database : Database
        The history.
    book : ProjectBook
        The projects.
    clock : callable, optional
        Seconds that only go forward.
    """

    database: Database
    book: ProjectBook
    clock: Callable[[], float] = time.monotonic
    _again_at: dict[str, float] = field(default_factory=dict)

    async def look(self, now: dt.datetime) -> None:
        """Take away what waits.

        Parameters
        ----------
        now : datetime
            With a zone.
        """
        with self.database.reading() as connection:
            waiting = removals_waiting(connection)
        self._again_at = {run_id: at for run_id, at in self._again_at.items() if run_id in waiting}
        for run_id in waiting:
            if self.clock() < self._again_at.get(run_id, 0.0):
                continue
            is_new = run_id not in self._again_at
            if not await asyncio.to_thread(
                try_to_take_away, self.database, self.book, run_id=run_id, now=now, is_told=is_new
            ):
                self._again_at[run_id] = self.clock() + AGAIN_S


def try_to_take_away(
    database: Database, book: ProjectBook, *, run_id: str, now: dt.datetime, is_told: bool = True
) -> bool:
    """Remove what a run left; whatever fails is told, and must not keep other runs.

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
    is_told : bool, default True
        Whether a failure goes into the log: not each time that one is tried again.

    Returns
    -------
    bool
        Whether it is gone.

    Raises
    ------
    DatabaseUnreachableError
        If nothing can be written down.
    """
    try:
        return take_away(database, book, run_id=run_id, now=now)
    except RunFolderError as refused:
        if is_told:
            logger.warning("The folder of run %s stays as yet: %s", run_id, refused)
    except DatabaseUnreachableError:
        raise
    except Exception:
        if is_told:
            logger.exception("The folder of run %s could not be removed", run_id)
    return False
