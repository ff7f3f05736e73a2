"""The states of a run, and which follows which; every change of one goes through `changing.change_of_state`."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ACTIVE", "FINAL", "FOLLOWS", "HELD"]

FINAL = ("succeeded", "failed", "cancelled", "timed_out", "interrupted", "skipped")
HELD = ("running", "closing")  # a runner has it; `closing`: its verdict is known, its folder is being shown
ACTIVE = ("queued", *HELD)

FOLLOWS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "queued": ("running", "cancelled"),
        # Back into the queue where it never reached its runner; failed where it could not begin.
        "running": ("closing", "interrupted", "cancelled", "queued", "failed"),
        "closing": ("succeeded", "failed", "cancelled", "timed_out", "interrupted"),
        **dict.fromkeys(FINAL, ()),
    }
)
