"""When to send: how notices of one recipient are summed up, and when a failed sending is tried again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub_config.reports.notices.notice import Letter, Notice

__all__ = ["Plan", "next_attempt", "next_letters"]

HOUR = timedelta(hours=1)
ALONE = 3
"""So many notices that wait together still get a message each."""
LISTED = 20
"""So many notices of one message are named; the others are counted."""
# In all a day: a mail server that is mended by the next morning loses nothing.
_DELAYS = tuple(timedelta(seconds=s) for s in (30, 120, 600, 1800, 7200, 6 * 3600, 15 * 3600))


@dataclass(frozen=True)
class Plan:
    """What to send one recipient now.

    Parameters
    ----------
    letters : tuple of Letter
        To be sent now; together they tell all that waits, or nothing.
    again_at : datetime or None
        When to ask again, if notices wait that may not be sent yet.
    """

    letters: tuple[Letter, ...]
    again_at: datetime | None = None


def next_letters(waiting: Sequence[Notice], *, sent: Sequence[datetime], now: datetime, per_hour: int = 10) -> Plan:
    """Decide what one recipient is sent now.

    The first half of an hour's messages goes out at once, the other half is spread over the hour, so that in a
    burst of failures the first ones are told within seconds and the last ones within minutes. What waits together is
    one message, which names the first 20 and counts the others. Nothing is ever dropped.

    Parameters
    ----------
    waiting : sequence of Notice
        What the recipient has not been told, of one project, oldest first.
    sent : sequence of datetime
        When messages went to this recipient, at least those of the last hour.
    now : datetime
        The moment to decide for.
    per_hour : int, default 10
        The most messages in an hour.

    Returns
    -------
    Plan
        Letters for all of `waiting`, or the time to ask again.
    """
    if not waiting:
        return Plan(())
    # By distance, so that a clock set back by a day does not silence the recipient for a day.
    recent = sorted(moment for moment in sent if abs(now - moment) < HOUR)
    if len(recent) >= per_hour:
        return Plan((), recent[-per_hour] + HOUR)
    at_once = per_hour // 2
    if len(recent) >= max(at_once, 1):
        earliest = recent[-1] + HOUR / (per_hour - at_once)
        if now < earliest:
            return Plan((), earliest)
    if len(waiting) <= max(1, min(ALONE, at_once - len(recent))):
        return Plan(tuple(Letter((notice,)) for notice in waiting))
    return Plan((Letter(tuple(waiting[:LISTED]), more=len(waiting) - len(waiting[:LISTED])),))


def next_attempt(attempts: int, now: datetime, *, retry_after_seconds: int | None = None) -> datetime | None:
    """Say when a sending that failed for now is tried again.

    Parameters
    ----------
    attempts : int
        How often it was tried, this time included.
    now : datetime
        When it failed.
    retry_after_seconds : int, optional
        What the server asked for; never shortens the wait.

    Returns
    -------
    datetime or None
        Half a minute after the first attempt, hours after the later ones; None when it is given up after a day.
    """
    if not 1 <= attempts <= len(_DELAYS):
        return None
    return now + max(_DELAYS[attempts - 1], timedelta(seconds=min(retry_after_seconds or 0, 86_400)))
