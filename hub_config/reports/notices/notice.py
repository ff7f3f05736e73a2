"""What a notice may say: which report, which run, what happened, when, where to look. Never a value from the data.

A mail leaves the platform unseen by any output checker. So there is no field for a message, a parameter or a number;
what is not a name, a known word or an address of ours is refused here, before a text is made of it.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from hub_config.projects import Event
from hub_config.reports.notices.errors import NoticeError

__all__ = ["LONGEST_TITLE", "Letter", "Notice"]

Language = Literal["en", "ko"]
LONGEST_TITLE = 120
"""Characters of a title that a notice shows."""
_PROJECT = re.compile(r"[a-z0-9][a-z0-9-]{0,39}|~[a-z][a-z0-9-]{0,31}")
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}", re.ASCII)
_CODE = re.compile(r"[A-Z]{1,20}(-[A-Z]{1,20}){0,5}")
_LINK = re.compile(r"[!-~]{1,1000}")


@dataclass(frozen=True)
class Notice:
    """One thing that happened to one run.

    Parameters
    ----------
    project : str
        The project's name.
    title : str
        The report's title; shown on one line and cut after 120 characters.
    run_id : str
        The run, or the slot that has no run.
    event : Event
        What happened.
    when : datetime
        When, with a time zone; shown in that zone.
    link : str
        Address of the page about it, http or https, without a query: that could hold parameters.
    error_code : str, optional
        A stable code such as ``REPORT-CELL-FAILED``.
    language : {"en", "ko"}, default "en"
        Language of the text.
    is_test : bool, default False
        Whether it only tries that notices arrive: it then says so instead of what happened.
    """

    project: str
    title: str
    run_id: str
    event: Event
    when: datetime
    link: str
    error_code: str | None = None
    language: Language = "en"
    is_test: bool = False

    def __post_init__(self) -> None:
        _require(_PROJECT.fullmatch(self.project), field="project", rule="a project's name")
        _require(_RUN_ID.fullmatch(self.run_id), field="run_id", rule="a run's id")
        _require(isinstance(self.event, Event), field="event", rule="a known event")
        _require(self.when.tzinfo is not None, field="when", rule="a time with its zone")
        _require(_is_plain_address(self.link), field="link", rule="an http or https address without query or fragment")
        _require(
            self.error_code is None or _CODE.fullmatch(self.error_code), field="error_code", rule="a stable error code"
        )
        _require(self.language in {"en", "ko"}, field="language", rule="en or ko")
        object.__setattr__(self, "title", _one_line(self.title) or self.project)


@dataclass(frozen=True)
class Letter:
    """One message: a notice, or several summed up.

    Parameters
    ----------
    notices : tuple of Notice
        Those that are told one by one; at least one, all of one project. The newest one's language is used.
    more : int, default 0
        How many others there are.
    """

    notices: tuple[Notice, ...]
    more: int = 0

    def __post_init__(self) -> None:
        _require(self.notices, field="notices", rule="at least one notice")
        _require(len({notice.project for notice in self.notices}) == 1, field="project", rule="that of the others")

    @property
    def language(self) -> Language:
        """The language to write in: a target's may have changed while notices waited."""
        return self.notices[-1].language

    @property
    def count(self) -> int:
        """How many notices the letter tells of, named or counted."""
        return len(self.notices) + self.more


def _require(holds: object, *, field: str, rule: str) -> None:
    if not holds:
        # What was found may be the very value that must not get out.
        raise NoticeError(
            f"a notice's {field} must be {rule}; found something else. Leave it out, or give a right one."
        )


def _is_plain_address(link: str) -> bool:
    if not _LINK.fullmatch(link) or any(sign in link for sign in "?#<>\"'`\\"):
        return False
    try:
        parts = urlsplit(link)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _one_line(title: str) -> str:
    """Make any text one line that cannot end a header, turn the direction of writing, or fill a page."""
    # Nothing of the rest is ever shown, so it is not looked at.
    kept = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in title[: 20 * LONGEST_TITLE])
    line = " ".join(kept.split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"
