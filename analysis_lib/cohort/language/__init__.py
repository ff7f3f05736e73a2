"""The cohort language: who is in a study, from when to when, said in small frozen parts.

The short forms stand in `analysis_lib.cohort`, the ways out of a cohort in `analysis_lib.cohort.exits`; here are
the parts for all that Circe can say, and in `analysis_lib.cohort.language.computed` the measurements that it cannot.
"""

from analysis_lib.cohort.language.conditions import Where
from analysis_lib.cohort.language.criteria import Criterion, Demographics, Group, InclusionRule, Window
from analysis_lib.cohort.language.entries import Entry
from analysis_lib.cohort.language.events import CustomEra, Event, ShiftedDates

__all__ = [
    "Criterion",
    "CustomEra",
    "Demographics",
    "Entry",
    "Event",
    "Group",
    "InclusionRule",
    "ShiftedDates",
    "Where",
    "Window",
]
