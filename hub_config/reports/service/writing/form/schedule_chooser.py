"""A schedule without its language: daily, on working days, weekly, one day of a period; or lines as written."""

import re
from collections.abc import Sequence

from hub_config.errors import HubError
from hub_config.reports.calendar.rules import PERIODS, WEEKDAYS, Rule, parse_rule
from hub_config.reports.definitions import Problem
from hub_config.reports.service.writing.form.typed import Typed, as_sent, first

__all__ = ["HOWS", "NTHS", "SHIFTS", "WHATS", "read_schedule", "typed_schedule"]

HOWS = ("never", "day", "workday", "week", "period", "own")
NTHS = (*range(1, 32), -1, -2, -3, -4, -5)
WHATS = ("day", "working day", *WEEKDAYS)
SHIFTS = {"0": "none", "1": "next", "-1": "previous"}
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_AT_FIRST = {"how": "never", "nth": "1", "what": "day", "period": "month", "shift": "0", "time": "07:00"}


def typed_schedule(lines: Sequence[str]) -> dict[str, list[str]]:
    """Write a schedule into the form.

    Parameters
    ----------
    lines : sequence of str
        Sentences and cron expressions.

    Returns
    -------
    dict
        Texts by name. What the chooser cannot say stands there as it is written.
    """
    chosen: dict[str, list[str]] = {name: [value] for name, value in _AT_FIRST.items()}
    chosen |= {"days": [], "lines": []}
    said = _said(lines[0]) if len(lines) == 1 else None
    if said is not None:
        chosen |= said
    elif lines:
        chosen |= {"how": ["own"], "lines": as_sent(["\n".join(lines)])}
    return {f"schedule.{name}": values for name, values in chosen.items()}


def _said(line: str) -> dict[str, list[str]] | None:
    """Say a line in the words of the chooser, if it has them."""
    try:
        rule = parse_rule(line)
    except HubError:  # cron, or wrong
        return None
    if len(rule.times) != 1:
        return None
    time = [f"{rule.times[0]:%H:%M}"]
    if rule.nth is None:
        days = [str(day) for day in rule.weekdays]
        how = {"day": "day", "working day": "workday"}.get(rule.what, "week")
        return None if rule.shift else {"how": [how], "days": days, "time": time}
    if rule.months != tuple(range(1, 13, PERIODS[rule.period])):
        return None
    return {"how": ["period"], "nth": [str(rule.nth)], "what": [_what(rule)], "period": [rule.period],
            "shift": [str(rule.shift)], "time": time}  # fmt: skip


def _what(rule: Rule) -> str:
    return WEEKDAYS[rule.weekdays[0]] if rule.weekdays else rule.what


def read_schedule(typed: Typed) -> tuple[list[str], list[Problem]]:
    """Read a schedule from the form.

    Parameters
    ----------
    typed : mapping
        All fields.

    Returns
    -------
    list of str
        Sentences and cron expressions.
    list of Problem
        What the chooser lacks to make a sentence.
    """
    how = first(typed, "schedule.how")
    if how == "own":
        lines = first(typed, "schedule.lines").split("\n")
        return [line.strip() for line in lines if line.strip()], []
    if how not in HOWS[1:]:
        return [], []
    time, days = first(typed, "schedule.time"), typed.get("schedule.days", ())
    problems = []
    if not time:
        problems.append(Problem("schedule.time", "missing-field", "is missing"))
    if how == "week" and not days:
        problems.append(Problem("schedule.days", "missing-field", "is missing"))
    return ([], problems) if problems else ([f"{_days(typed, how)} at {time}"], [])


def _days(typed: Typed, how: str) -> str:
    if how == "week":
        chosen = [name for number, name in enumerate(WEEKDAYS) if str(number) in typed.get("schedule.days", ())]
        return "every " + " and ".join(part for part in (", ".join(chosen[:-1]), *chosen[-1:]) if part)
    if how != "period":
        return "every day" if how == "day" else "every working day"
    shift = {"1": " or the next working day", "-1": " or the previous working day"}
    moved = shift.get(first(typed, "schedule.shift"), "")
    nth, what = _nth(first(typed, "schedule.nth")), first(typed, "schedule.what")
    return f"{nth} {what} of the {first(typed, 'schedule.period')}{moved}"


def _nth(text: str) -> str:
    nth = int(text) if re.fullmatch("-?[0-9]{1,2}", text) else 0
    if nth < 0:
        return "last" if nth == -1 else f"{_ordinal(-nth)} last"
    return _ordinal(nth)


def _ordinal(nth: int) -> str:
    if 1 <= nth <= len(_ORDINALS):
        return _ORDINALS[nth - 1]
    ending = "th" if nth in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(nth % 10, "th")
    return f"{nth}{ending}"
