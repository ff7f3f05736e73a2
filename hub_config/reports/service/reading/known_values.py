"""What the runs that somebody may see have been: the values that the history's filters offer."""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from hub_config.reports.database.connection import Database
from hub_config.reports.database.tables import runs

__all__ = ["KnownValues", "Values"]

KEPT_S = 20.0  # a run that began just now may be missing from the lists for so long; it is found all the same
MOST_KEPT = 200


@dataclass(frozen=True)
class Values:
    """What there is to choose from.

    Parameters
    ----------
    definitions, people : sequence of str
        Names.
    releases : sequence of str
        As ``NAME@RELEASE``.
    """

    definitions: Sequence[str] = ()
    people: Sequence[str] = ()
    releases: Sequence[str] = ()


@dataclass
class KnownValues:
    """Reads the values, and keeps them for a moment; its methods are called in threads.

    Parameters
    ----------
    database : Database
        Where the runs stand.
    """

    database: Database
    _kept: dict[tuple[str, ...] | None, tuple[float, Values]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, projects: Sequence[str] | None) -> Values:
        """Give the values of the runs of some projects.

        Parameters
        ----------
        projects : sequence of str or None
            Which the person may see; None is all.

        Returns
        -------
        Values
            Sorted.
        """
        key = tuple(sorted(projects)) if projects is not None else None
        with self._lock:
            since, values = self._kept.get(key, (-KEPT_S, Values()))
        if time.monotonic() - since < KEPT_S:
            return values
        values = self._read(projects)
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = (time.monotonic(), values)
        return values

    def _read(self, projects: Sequence[str] | None) -> Values:
        releases = sa.cast(runs.c.releases, sa.Text)
        asked = sa.select(runs.c.definition, runs.c.submitted_by, releases).distinct()
        if projects is not None:
            asked = asked.where(runs.c.project.in_(list(projects)))
        with self.database.reading() as connection:
            rows = connection.execute(asked).all()
        return Values(
            sorted({name for name, _, _ in rows if name}),
            sorted({person for _, person, _ in rows}),
            sorted({one for _, _, text in rows for one in _releases(text)}, reverse=True),
        )


def _releases(text: Any) -> list[str]:
    found = json.loads(text) if text else {}
    return [f"{name}@{release}" for name, release in found.items()] if isinstance(found, dict) else []
