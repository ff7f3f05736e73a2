"""What the history's form asks for, read from the address."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from hub_config.reports.database.history import RunFilter
from hub_config.reports.database.states import FINAL

__all__ = ["STATES", "RunSearch", "read_search"]

STATES = ("queued", "running", *FINAL)
LONGEST = 80


@dataclass(frozen=True, kw_only=True)
class RunSearch:
    """Which runs somebody looks for; '' is any.

    Parameters
    ----------
    project, definition, state, who : str
        Names.
    since, until : str
        Days of UTC, both included.
    problem : str
        Key of words: what is wrong with them, or ''.
    """

    project: str = ""
    definition: str = ""
    state: str = ""
    who: str = ""
    since: str = ""
    until: str = ""
    problem: str = ""

    def to_filter(self) -> RunFilter:
        """Give it as the database asks.

        Returns
        -------
        RunFilter
            For a search without a problem.
        """
        states = {"": None, "running": ["running", "closing"]}.get(self.state, [self.state])
        until = dt.date.fromisoformat(self.until) + dt.timedelta(days=1) if self.until else None
        return RunFilter(
            projects=[self.project] if self.project else None,
            definition=self.definition or None,
            states=states,
            submitted_by=self.who or None,
            since=self.since or None,
            until=until.isoformat() if until else None,
        )

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
        names = ("project", "definition", "state", "who", "since", "until")
        asked = {name: value for name in names if (value := getattr(self, name))}
        return f"?{urlencode(asked | {'page': page})}"


def read_search(given: Callable[[str], str]) -> RunSearch:
    """Read a search.

    Parameters
    ----------
    given : callable
        Gives what the address says of a name, or ''.

    Returns
    -------
    RunSearch
        What cannot be meant is named in its problem.
    """
    names = ("project", "definition", "state", "who", "since", "until")
    asked = {name: given(name).strip()[:LONGEST] for name in names}
    problem = ""
    if asked["state"] and asked["state"] not in STATES:
        problem = "search_state"
    if not all(_is_day(asked[name]) for name in ("since", "until")):
        problem = "search_day"
    return RunSearch(**asked, problem=problem)


def _is_day(text: str) -> bool:
    try:
        # Written back, as Python also reads weeks, which sort otherwise than days.
        return not text or (dt.date.fromisoformat(text).isoformat() == text and text < dt.date.max.isoformat())
    except ValueError:
        return False
