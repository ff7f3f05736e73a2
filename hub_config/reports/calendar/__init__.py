"""When reports are due: schedules with their zones, the slots they make, and dates that are relative to a slot.

Everything here is a pure function of what it is given: no clock is read, no file but the zones' rules.
"""

from hub_config.reports.calendar.decisions import Decision, decide
from hub_config.reports.calendar.descriptions import describe, fire_times
from hub_config.reports.calendar.relative_dates import check_text, resolve
from hub_config.reports.calendar.schedules import Schedule
from hub_config.reports.calendar.slots import Slot, next_slots, slots_after
from hub_config.reports.calendar.zones import load_zone

__all__ = [
    "Decision",
    "Schedule",
    "Slot",
    "check_text",
    "decide",
    "describe",
    "fire_times",
    "load_zone",
    "next_slots",
    "resolve",
    "slots_after",
]
