"""Events: records of a table, with what is asked of them."""

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Literal

from analysis_lib.cohort.language.attributes import EVENTS, EventTable
from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.conditions import Where, checked_conditions
from analysis_lib.cohort.language.fields import (
    check_choice,
    check_days,
    check_flag,
    check_offset,
    check_parts,
    check_type,
)
from analysis_lib.cohort.language.values import ComputedValue
from analysis_lib.errors import InvalidDefinitionError

if TYPE_CHECKING:
    from analysis_lib.cohort.language.criteria import Group

__all__ = ["CustomEra", "Event", "ShiftedDates"]

EDGES = ("start", "end")


@dataclass(frozen=True)
class ShiftedDates:
    """Let an event begin and end on other days than its record.

    Parameters
    ----------
    start_days : int, default 0
        Days added to `start_from`; negative moves back.
    end_days : int, default 0
        Days added to `end_from`.
    start_from, end_from : {"start", "end"}
        Which day of the record is moved. Records that would end before they begin are left out.
    """

    start_days: int = 0
    end_days: int = 0
    start_from: Literal["start", "end"] = "start"
    end_from: Literal["start", "end"] = "end"

    def __post_init__(self) -> None:
        check_offset("start_days of ShiftedDates", self.start_days)
        check_offset("end_days of ShiftedDates", self.end_days)
        check_choice("start_from of ShiftedDates", self.start_from, known=EDGES)
        check_choice("end_from of ShiftedDates", self.end_from, known=EDGES)


@dataclass(frozen=True)
class Event:
    """Records of one table.

    Parameters
    ----------
    concept_set : ConceptSet, computed value or None
        Which records count; None counts all of the table. A computed value, such as `Egfr`, stands for measurements
        that are in no table.
    domain : str
        The table to look in, such as ``"drug_era"``.
    first : bool, default False
        Only the person's first such record ever, seen before anything else is asked of it. Of several on one day the
        one with the lowest record id.
    where : tuple of Where, default ()
        What the record must be like; all of it.
    source_concept_set : ConceptSet, optional
        Which source concepts the record must have.
    having : Group, optional
        What must be found around the record, which is its index.
    dates : ShiftedDates, optional
        Other first and last days than the record's.
    """

    concept_set: ConceptSet | ComputedValue | None
    domain: str
    _: KW_ONLY
    first: bool = False
    where: tuple[Where, ...] = ()
    source_concept_set: ConceptSet | None = None
    having: "Group | None" = None
    dates: ShiftedDates | None = None

    def __post_init__(self) -> None:
        known = [domain for domain in EVENTS if domain != "custom_era"]
        check_choice("domain of an Event", self.domain, known=known)
        if self.concept_set is not None:
            check_type("concept_set of an Event", self.concept_set, types=(ConceptSet, ComputedValue))
            _check_takes(self.table.codeset, "concept_set", domain=self.domain)
        if self.source_concept_set is not None:
            check_type("source_concept_set of an Event", self.source_concept_set, types=(ConceptSet,))
            _check_takes(self.table.source, "source_concept_set", domain=self.domain)
        if isinstance(self.concept_set, ComputedValue) and self.domain != "measurement":
            raise InvalidDefinitionError(
                f"domain of an Event of a computed value must be measurement; got {self.domain}. Change the domain."
            )
        _check_event(self, self.table)

    @property
    def table(self) -> EventTable:
        """What the table is called in Circe, and what can be asked of it."""
        return EVENTS[self.domain]


@dataclass(frozen=True)
class CustomEra:
    """Periods made of events: those that lie close together are one.

    Parameters
    ----------
    events : tuple of Event
        What the periods are made of.
    gap_days : int, default 0
        The most days between one event's end and the next one's start that leave the period whole.
    first : bool, default False
        Only the person's first period.
    where : tuple of Where, default ()
        What the period must be like.
    having : Group, optional
        What must be found around the period, which is its index.
    dates : ShiftedDates, optional
        Other first and last days than the period's.
    """

    events: "tuple[Event | CustomEra, ...]"
    gap_days: int = 0
    _: KW_ONLY
    first: bool = False
    where: tuple[Where, ...] = ()
    having: "Group | None" = None
    dates: ShiftedDates | None = None

    def __post_init__(self) -> None:
        events = check_parts("events of a CustomEra", self.events, types=(Event, CustomEra), least=1)
        object.__setattr__(self, "events", events)
        check_days("gap_days of a CustomEra", self.gap_days)
        _check_event(self, self.table)

    @property
    def table(self) -> EventTable:
        """What it is called in Circe, and what can be asked of it."""
        return EVENTS["custom_era"]


def _check_event(event: Any, table: EventTable) -> None:
    from analysis_lib.cohort.language.criteria import Group

    what = type(event).__name__
    check_flag(f"first of {what}", event.first)
    if event.first and not table.first:
        raise InvalidDefinitionError(f"first of {what} cannot be asked of {event.domain}; got True. Leave it out.")
    where = check_parts(f"where of {what}", event.where, types=(Where,))
    object.__setattr__(event, "where", checked_conditions(where, table.attributes))
    if event.having is not None:
        check_type(f"having of {what}", event.having, types=(Group,))
    if event.dates is not None:
        check_type(f"dates of {what}", event.dates, types=(ShiftedDates,))


def _check_takes(circe: str, field: str, *, domain: str) -> None:
    if not circe:
        raise InvalidDefinitionError(f"{field} of an Event cannot be asked of {domain}; got one. Leave it out.")
