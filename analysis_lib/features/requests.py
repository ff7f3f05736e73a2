"""What a bucket can be asked about its people: the few questions that all variables are made of."""

from dataclasses import dataclass

from analysis_lib.cohort import ConceptSet
from analysis_lib.windows import Window


@dataclass(frozen=True)
class RecordRequest:
    """Records of a concept set that start in a window.

    Parameters
    ----------
    domain : str
        The table.
    concept_set : ConceptSet
        Which concepts.
    window : Window
        On which days.
    statistic : {"records", "days", "first_day", "last_day"}
        How many records, on how many different days, or the first or last of these days (from the index date).
    """

    domain: str
    concept_set: ConceptSet
    window: Window
    statistic: str


@dataclass(frozen=True)
class ValueRequest:
    """Numbers recorded for a concept set in a window, in one unit.

    Parameters
    ----------
    domain : str
        The table.
    concept_set : ConceptSet
        Which concepts.
    window : Window
        On which days.
    statistic : {"first", "last", "min", "max", "mean"}
        Which number, or what of all of them.
    unit : str
        UCUM code to convert to.
    missing_unit : str
        ``refuse``, ``drop`` or ``assume:CODE``.
    substance : str
        What is measured, where a conversion depends on it; else empty.
    """

    domain: str
    concept_set: ConceptSet
    window: Window
    statistic: str
    unit: str
    missing_unit: str
    substance: str


@dataclass(frozen=True)
class RiseRequest:
    """The largest rise between two numbers measured soon after one another.

    Parameters
    ----------
    domain : str
        The table.
    concept_set : ConceptSet
        Which concepts.
    window : Window
        On which days the later number lies.
    unit, missing_unit, substance : str
        As in `ValueRequest`.
    within_hours : int
        How long after the earlier number at most.
    """

    domain: str
    concept_set: ConceptSet
    window: Window
    unit: str
    missing_unit: str
    substance: str
    within_hours: int

    @property
    def lookback_days(self) -> int:
        """Days before the window on which the earlier number may lie."""
        return -(-self.within_hours // 24)


@dataclass(frozen=True)
class CoverRequest:
    """Days of a window that records reach over, each day counted once.

    Parameters
    ----------
    domain : str
        The table.
    concept_set : ConceptSet
        Which concepts.
    window : Window
        On which days.
    statistic : {"days", "nights", "eras"}
        Days covered, midnights passed, or spells that reach into the window.
    max_gap_days : int
        So many days after the last day of a spell may its next record begin.
    """

    domain: str
    concept_set: ConceptSet
    window: Window
    statistic: str
    max_gap_days: int = 0


@dataclass(frozen=True)
class PersonRequest:
    """Something known of the person, or of the observation period that holds the index date.

    Parameters
    ----------
    field : str
        A column of the person table, or one of `OBSERVED`.
    """

    field: str


OBSERVED = ("days_observed_before", "days_observed_after")
EventRequest = RecordRequest | ValueRequest | RiseRequest | CoverRequest
Request = EventRequest | PersonRequest
