"""Comparing the runs that a person may see; what was compared is kept, as runs that have ended do not change."""

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hub_config.errors import HubError
from hub_config.reports.changes import Tolerances, compare_runs, roll_up
from hub_config.reports.changes.roll_up import RollUp
from hub_config.reports.changes.side_by_side import RunComparison
from hub_config.reports.database.connection import Database
from hub_config.reports.database.definitions import one_definition
from hub_config.reports.database.newest import success_to_compare
from hub_config.reports.folders.result_comparison import ResultComparison, compare_results
from hub_config.reports.service.board import Run

__all__ = ["Comparisons", "roll_up_whole"]

logger = logging.getLogger(__name__)

MOST_KEPT = 64
K = TypeVar("K")
V = TypeVar("V")


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
    _exact: OrderedDict[tuple[str, str], ResultComparison] = field(default_factory=OrderedDict)
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
        make = partial(compare_runs, before.folder, after.folder, tolerances=_read(tolerances))
        found = self._once(self._kept, key, make=make)
        return found if _are_there(before.folder, after.folder) else None

    def compare_exactly(self, before: Run, after: Run) -> ResultComparison | None:
        """Compare what two runs declared to the last bit, without any tolerance.

        Parameters
        ----------
        before, after : Run
            Both have ended; `after` repeats `before`, as a rule.

        Returns
        -------
        ResultComparison or None
            None if one has no folder.
        """
        if before.folder is None or after.folder is None:
            return None
        make = partial(compare_results, before.folder, after.folder)
        found = self._once(self._exact, (before.run_id, after.run_id), make=make)
        return found if _are_there(before.folder, after.folder) else None

    def _once(self, kept: OrderedDict[K, V], key: K, *, make: Callable[[], V]) -> V:
        with self._lock:
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        found = make()
        with self._lock:
            kept[key] = found
            while len(kept) > MOST_KEPT:
                kept.popitem(last=False)
        return found

    def _tolerances(self, run: Run) -> dict[str, Any]:
        if run.definition is None:
            return {}
        with self.database.reading() as connection:
            row = one_definition(connection, project=run.project, name=run.definition)
        return dict((row.document or {}).get("compare") or {}) if row is not None else {}


def roll_up_whole(folders: Sequence[Path | None]) -> RollUp:
    """Roll up the runs of a sweep, without those that are removed meanwhile: of them a part may have been read.

    Parameters
    ----------
    folders : sequence of Path
        The runs' folders; None for a run that has none.

    Returns
    -------
    RollUp
        Of those that are there.
    """
    there = [folder for folder in folders if folder is not None]
    while True:
        found = roll_up(there)
        if _are_there(*there):
            return found
        there = [folder for folder in there if folder.is_dir()]


def _are_there(*folders: Path) -> bool:
    """Tell whether no run was removed while it was read, as then it may be half: removing takes the name first."""
    return all(folder.is_dir() for folder in folders)


def _read(tolerances: dict[str, Any]) -> Tolerances:
    try:
        return Tolerances.from_document(tolerances)
    except HubError:  # of a version that knew other words
        logger.exception("The tolerances of a definition cannot be read")
        return Tolerances()
