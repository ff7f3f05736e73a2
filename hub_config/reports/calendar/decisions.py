"""What to do about slots that are due, when the clock has jumped or the service was away.

Nothing here reads a clock or remembers: the caller gives the slots, the last one that was decided, and the time.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from hub_config.reports.calendar.errors import ScheduleError
from hub_config.reports.calendar.kinds import kind_of
from hub_config.reports.calendar.slots import Slot

__all__ = ["Decision", "MissedPolicy", "Reason", "decide"]


class MissedPolicy(StrEnum):
    """What is done for slots that were missed."""

    SKIP = "skip"
    ONCE = "once"
    ALL = "all"


class Reason(StrEnum):
    """Why nothing runs for a slot."""

    MISSED = "missed"
    SUPERSEDED = "superseded"
    PAST_THE_END = "past the end date"
    OVER_THE_LIMIT = "over the limit"


@dataclass(frozen=True)
class Decision:
    """What is done for one slot.

    Parameters
    ----------
    slot : Slot
        The slot.
    reason : Reason or None
        Why it is skipped; None if it runs.
    late_s : float
        Seconds from the slot to the decision.
    """

    slot: Slot
    reason: Reason | None
    late_s: float

    @property
    def runs(self) -> bool:
        """Whether a run is made."""
        return self.reason is None


def decide(
    slots_due: Iterable[Slot],
    now: datetime,
    *,
    policy: MissedPolicy | str,
    last: Slot | datetime | None = None,
    most: int = 1,
    grace_s: float = 60.0,
    until: date | None = None,
    back_since: datetime | None = None,
) -> list[Decision]:
    """Decide every slot that is due and has not been decided.

    A slot that is seen within `grace_s` is on time and runs, whatever the policy; so is one that was due since whoever
    looks is back, or within `grace_s` before, however long it had to wait until the slots of before were decided. For
    those that are later:

    - ``skip``: all are ``missed``;
    - ``once``: the newest runs, unless a newer slot is on time; the others are ``superseded``;
    - ``all``: the newest `most` run, oldest first; those before them are ``over the limit``.

    Slots in the future are left for later. A clock that is set back makes no slot due again, and one that ran ahead has
    decided its slots for good.

    Parameters
    ----------
    slots_due : iterable of Slot
        Slots of one schedule, rising, as `slots_after` gives them from the last decided one up to `now`.
    now : datetime
        The time, with its offset.
    policy : MissedPolicy or str
        ``skip``, ``once`` or ``all``.
    last : Slot or datetime, optional
        The last slot that was decided; nothing is said of it or of any before it. Given as a slot, a local time that
        was decided is also known again if the rules of its zone have changed since.
    most : int, default 1
        With ``all``: how many late slots run.
    grace_s : float, default 60
        Seconds within which a slot is on time.
    until : date, optional
        The last local day, if it was set after the slots were computed; later ones are ``past the end date``. A
        slot of that day or before is treated like any other, even if it is found later.
    back_since : datetime, optional
        Since when slots are looked at again, without a break. Left out, or later than `now`: since `now`.

    Returns
    -------
    list of Decision
        One for each slot, in the order of the slots.

    Raises
    ------
    ScheduleError
        If the policy is not known, `most` or `grace_s` is not a number that can be meant, or a time has no offset.
    """
    policy = _policy(policy)
    _check_numbers(most, grace_s)
    _check_offset(now, field="now")
    if isinstance(last, datetime):
        _check_offset(last, field="last")
    if back_since is not None:
        _check_offset(back_since, field="back_since")
    back = now if back_since is None else min(back_since, now)
    open_slots = [slot for slot in slots_due if slot.at <= now and not _is_decided(slot, last)]
    late_s = {slot.at: (now - slot.at).total_seconds() for slot in open_slots}
    wanted = [slot for slot in open_slots if until is None or slot.intended.date() <= until]
    on_time = [slot for slot in wanted if (back - slot.at).total_seconds() <= grace_s]
    late = wanted[: len(wanted) - len(on_time)]
    reasons: dict[datetime, Reason | None] = {slot.at: Reason.PAST_THE_END for slot in open_slots}
    reasons |= dict.fromkeys((slot.at for slot in on_time), None)
    reasons |= _late_ones(late, policy=policy, most=most, newer=bool(on_time))
    return [Decision(slot, reasons[slot.at], late_s[slot.at]) for slot in open_slots]


def _late_ones(late: list[Slot], *, policy: MissedPolicy, most: int, newer: bool) -> dict[datetime, Reason | None]:
    """Decide the slots that were missed, oldest first."""
    if policy is MissedPolicy.SKIP:
        return dict.fromkeys((slot.at for slot in late), Reason.MISSED)
    running = most if policy is MissedPolicy.ALL else 0 if newer else 1
    why = Reason.OVER_THE_LIMIT if policy is MissedPolicy.ALL else Reason.SUPERSEDED
    first = len(late) - running
    return {slot.at: why if position < first else None for position, slot in enumerate(late)}


def _is_decided(slot: Slot, last: Slot | datetime | None) -> bool:
    if last is None:
        return False
    if isinstance(last, datetime):
        return slot.at <= last
    same_clock = slot.by_wall and last.by_wall and slot.zone == last.zone
    return slot.at <= last.at or (same_clock and slot.intended <= last.intended)


def _policy(policy: MissedPolicy | str) -> MissedPolicy:
    try:
        return MissedPolicy(policy)
    except ValueError:
        raise ScheduleError(
            "the policy for missed slots is not known",
            field="policy",
            found=kind_of(policy),
            rule="policy",
            advice=f"Known: {', '.join(MissedPolicy)}.",
        ) from None


def _check_offset(at: datetime, *, field: str) -> None:
    if at.tzinfo is None:
        raise ScheduleError(
            "a time has no offset", field=field, found=kind_of(at), rule="instant", advice="Give a datetime in UTC."
        )


def _check_numbers(most: int, grace_s: float) -> None:
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise ScheduleError(
            "a whole number from 1 is wanted", field="most", found=kind_of(most), rule="most", advice="Write 1 or more."
        )
    _check_seconds(grace_s, field="grace_s")


def _check_seconds(seconds: float, *, field: str) -> None:
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not is_number or not math.isfinite(seconds) or not 0 <= seconds <= 366 * 86_400:
        raise ScheduleError(
            "seconds from 0 to those of a year are wanted",
            field=field,
            found=kind_of(seconds),
            rule="seconds",
            advice="Write for instance 3600 for an hour.",
        )
