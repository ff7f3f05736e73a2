"""The keeper: what has to happen though nobody asks, once a second.

Slots that have come become runs, runs whose runner fell silent get their final state, runners are started and
forgotten, and people are told.
"""

from hub_config.reports.keeper.keeper import Keeper, Task

__all__ = ["Keeper", "Task"]
