"""Comparing the runs that a person may see; what was compared is kept, as runs that have ended do not change."""

import json
import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from hub_config.errors import HubError
from hub_config.reports.changes import Tolerances, compare_runs
from hub_config.reports.changes.side_by_side import RunComparison
from hub_config.reports.database.connection import Database
from hub_config.reports.database.definitions import one_definition
from hub_config.reports.database.newest import success_to_compare
from hub_config.reports.service.board import Run

__all__ = ["Comparisons"]

logger = logging.getLogger(__name__)

MOST_KEPT = 64


@dataclass
class Comparisons:
    """Compares runs; its methods read files, so they are called in a thread.

    Parameters
    ----------
    database : Database
        Where the runs stand.
    """

    database: Database
    _kept: OrderedDict[tuple[str, str, str], RunComparison] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def success_before(self, run: Run) -> str | None:
        """Name the success that a run is compared with.

        Parameters
        ----------
        run : Run
            Any.

        Returns
        -------
        str or None
            Of the same definition and part of a sweep, or of the same template; for an exact repetition the run that
            it repeats. None if there is none.
        """
        with self.database.reading() as connection:
            found = success_to_compare(connection, run.row)
        return str(found.id) if found is not None else None

    def compare(self, before: Run, after: Run) -> RunComparison | None:
        """Compare two runs with the tolerances of the later one's definition.

        Parameters
        ----------
        before, after : Run
            Both have ended.

        Returns
        -------
        RunComparison or None
            None if one has no folder.
        """
        if before.folder is None or after.folder is None:
            return None
        tolerances = self._tolerances(after)
        key = (before.run_id, after.run_id, json.dumps(tolerances, sort_keys=True))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = compare_runs(before.folder, after.folder, tolerances=_read(tolerances))
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found

    def _tolerances(self, run: Run) -> dict[str, Any]:
        if run.definition is None:
            return {}
        with self.database.reading() as connection:
            row = one_definition(connection, project=run.project, name=run.definition)
        return dict((row.document or {}).get("compare") or {}) if row is not None else {}


def _read(tolerances: dict[str, Any]) -> Tolerances:
    try:
        return Tolerances.from_document(tolerances)
    except HubError:  # of a version that knew other words
        logger.exception("The tolerances of a definition cannot be read")
        return Tolerances()
