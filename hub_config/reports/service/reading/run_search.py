"""What the history's form asks for, read from the address."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from hub_config.reports.calendar import load_zone
from hub_config.reports.database.connection import time_text
from hub_config.reports.database.history import RunFilter
from hub_config.reports.database.states import FINAL

__all__ = ["STATES", "RunSearch", "read_search"]

STATES = ("queued", "running", *FINAL)
NAMES = ("project", "definition", "state", "who", "release", "since", "until")
LONGEST = 120


@dataclass(frozen=True, kw_only=True)
class RunSearch:
    """Which runs somebody looks for; '' is any.

    Parameters
    ----------
    project, definition, state, who : str
        Names.
    release : str
        Of a data set, as ``NAME@RELEASE``.
    since, until : str
        Days, both included.
    zone : str
        Whose days these are.
    problem : str
        Key of words: what is wrong with them, or ''.
    """

    project: str = ""
    definition: str = ""
    state: str = ""
    who: str = ""
    release: str = ""
    since: str = ""
    until: str = ""
    zone: str = "UTC"
    problem: str = ""

    @property
    def is_any(self) -> bool:
        """Whether nothing is asked for."""
        return not any(getattr(self, name) for name in NAMES)

    def to_filter(self) -> RunFilter:
        """Give it as the database asks.

        Returns
        -------
        RunFilter
            For a search without a problem.
        """
        states = {"": None, "running": ["running", "closing"]}.get(self.state, [self.state])
        name, _, release = self.release.rpartition("@")
        return RunFilter(
            projects=[self.project] if self.project else None,
            definition=self.definition or None,
            states=states,
            submitted_by=self.who or None,
            since=self._begin(self.since) if self.since else None,
            until=self._begin(self.until, days=1) if self.until else None,
            release=(name, release) if self.release else None,
        )

    def _begin(self, day: str, *, days: int = 0) -> str:
        midnight = dt.datetime.combine(dt.date.fromisoformat(day) + dt.timedelta(days=days), dt.time())
        return time_text(midnight.replace(tzinfo=load_zone(self.zone)))

    def address(self, page: int) -> str:
        """Give the address of a page of what is found.

        Parameters
        ----------
        page : int
            1 is the newest.

        Returns
        -------
        str
            The query, with its question mark.
        """
        asked = {name: value for name in NAMES if (value := getattr(self, name))}
        return f"?{urlencode(asked | {'page': page})}"


def read_search(given: Callable[[str], str], *, zone_of: Callable[[str], str] = lambda _: "UTC") -> RunSearch:
    """Read a search.

    Parameters
    ----------
    given : callable
        Gives what the address says of a name, or ''.
    zone_of : callable, optional
        Gives the zone of a project.

    Returns
    -------
    RunSearch
        What cannot be meant is named in its problem.
    """
    asked = {name: given(name).strip()[:LONGEST] for name in NAMES}
    problem = ""
    if asked["state"] and asked["state"] not in STATES:
        problem = "search_state"
    if not all(_is_day(asked[name]) for name in ("since", "until")):
        problem = "search_day"
    if asked["release"] and not all(asked["release"].rpartition("@")):
        problem = "search_release"
    return RunSearch(**asked, zone=zone_of(asked["project"]) if asked["project"] else "UTC", problem=problem)


def _is_day(text: str) -> bool:
    try:
        # Written back, as Python also reads weeks, which sort otherwise than days.
        return not text or (dt.date.fromisoformat(text).isoformat() == text and text < dt.date.max.isoformat())
    except ValueError:
        return False
