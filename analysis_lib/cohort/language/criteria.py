"""What must be found around an index event: counted events, the person, and groups of these."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Literal

from analysis_lib.cohort.language.attributes import DEMOGRAPHICS
from analysis_lib.cohort.language.conditions import Where, checked_conditions
from analysis_lib.cohort.language.events import EDGES, CustomEra, Event
from analysis_lib.cohort.language.fields import (
    check_choice,
    check_count,
    check_flag,
    check_offset,
    check_parts,
    check_text,
    check_type,
)
from analysis_lib.errors import InvalidDefinitionError

__all__ = ["COUNTED", "Criterion", "Demographics", "Group", "InclusionRule", "Window"]

COUNTED: Mapping[str, str] = {
    "days_supply": "DAYS_SUPPLY",
    "domain_concept_id": "DOMAIN_CONCEPT",
    "domain_source_concept_id": "DOMAIN_SOURCE_CONCEPT",
    "duration": "DURATION",
    "end_date": "END_DATE",
    "gap_days": "GAP_DAYS",
    "occurrence_count": "ERA_OCCURRENCES",
    "quantity": "QUANTITY",
    "range_high": "RANGE_HIGH",
    "range_low": "RANGE_LOW",
    "refills": "REFILLS",
    "start_date": "START_DATE",
    "unit_concept_id": "UNIT",
    "value_as_number": "VALUE_AS_NUMBER",
    "visit_detail_id": "VISIT_DETAIL_ID",
    "visit_occurrence_id": "VISIT_ID",
}
"""The columns whose distinct values can be counted, with their names in Circe."""
OCCURS = ("at_least", "at_most", "exactly")
MATCHES = ("all", "any", "at_least", "at_most")


@dataclass(frozen=True)
class Window:
    """Days around the index event on which another event must start, or end.

    Parameters
    ----------
    from_day, to_day : int or None
        First and last day, counted from the index event: negative before it, 0 on the day, positive after it; both
        included. None is no limit on that side but the observation period. ``"observation_end"`` as `from_day` and
        ``"observation_start"`` as `to_day` are the far ends of that period.
    event_edge : {"start", "end"}, default "start"
        Which day of the other event must lie in the window.
    index_edge : {"start", "end"}, default "start"
        Which day of the index event is day 0.
    """

    from_day: int | Literal["observation_end"] | None
    to_day: int | Literal["observation_start"] | None
    event_edge: Literal["start", "end"] = "start"
    index_edge: Literal["start", "end"] = "start"

    def __post_init__(self) -> None:
        if self.from_day not in (None, "observation_end"):
            check_offset("from_day of a Window", self.from_day)
        if self.to_day not in (None, "observation_start"):
            check_offset("to_day of a Window", self.to_day)
        check_choice("event_edge of a Window", self.event_edge, known=EDGES)
        check_choice("index_edge of a Window", self.index_edge, known=EDGES)


@dataclass(frozen=True)
class Criterion:
    """So many events in a window around the index event.

    Parameters
    ----------
    event : Event or CustomEra
        What is counted.
    window : Window, optional
        When it must be; any time in the observation period when left out.
    occurs : {"at_least", "at_most", "exactly"}, default "at_least"
        How the number found is compared with `count`.
    count : int, default 1
        How many.
    distinct : str, optional
        The column whose distinct values are counted, such as ``"start_date"``; records when left out.
    end_window : Window, optional
        A second window, on another day of the event.
    same_visit : bool, default False
        Whether it must belong to the visit of the index event.
    ignore_observation_period : bool, default False
        Whether records count that lie outside the index event's observation period.
    """

    event: Event | CustomEra
    window: Window | None = None
    _: KW_ONLY
    occurs: Literal["at_least", "at_most", "exactly"] = "at_least"
    count: int = 1
    distinct: str | None = None
    end_window: Window | None = None
    same_visit: bool = False
    ignore_observation_period: bool = False

    def __post_init__(self) -> None:
        check_type("event of a Criterion", self.event, types=(Event, CustomEra))
        check_choice("occurs of a Criterion", self.occurs, known=OCCURS)
        check_count("count of a Criterion", self.count)
        if self.distinct is not None:
            check_choice("distinct of a Criterion", self.distinct, known=list(COUNTED))
        for name in ("window", "end_window"):
            if getattr(self, name) is not None:
                check_type(f"{name} of a Criterion", getattr(self, name), types=(Window,))
        check_flag("same_visit of a Criterion", self.same_visit)
        check_flag("ignore_observation_period of a Criterion", self.ignore_observation_period)


@dataclass(frozen=True)
class Demographics:
    """What the person must be like on the index date.

    Parameters
    ----------
    where : tuple of Where
        Conditions on ``age``, ``gender``, ``race``, ``ethnicity``, ``start_date``, ``end_date``; all of them.
    """

    where: tuple[Where, ...]

    def __post_init__(self) -> None:
        where = check_parts("where of Demographics", self.where, types=(Where,))
        object.__setattr__(self, "where", checked_conditions(where, DEMOGRAPHICS))


@dataclass(frozen=True)
class Group:
    """Criteria of which so many must hold.

    Parameters
    ----------
    match : {"all", "any", "at_least", "at_most"}
        How many must hold.
    criteria : tuple of Criterion, Demographics or Group
        What is looked at; an empty group always holds.
    count : int, optional
        The number, with ``"at_least"`` and ``"at_most"``.
    """

    match: Literal["all", "any", "at_least", "at_most"]
    criteria: "tuple[Criterion | Demographics | Group, ...]"
    count: int | None = None

    def __post_init__(self) -> None:
        check_choice("match of a Group", self.match, known=MATCHES)
        criteria = check_parts("criteria of a Group", self.criteria, types=(Criterion, Demographics, Group))
        object.__setattr__(self, "criteria", criteria)
        if self.match in ("at_least", "at_most"):
            check_count("count of a Group", self.count)
        elif self.count is not None:
            raise InvalidDefinitionError(f"count of a Group goes with at_least and at_most; got it with {self.match}.")


@dataclass(frozen=True)
class InclusionRule:
    """Keep the entries around which a group of criteria holds.

    Parameters
    ----------
    name : str
        What people call it; the attrition table shows it.
    group : Group
        What must hold.
    description : str, default ""
        More about it, for people.
    """

    name: str
    group: Group
    description: str = ""

    def __post_init__(self) -> None:
        check_text("name of an InclusionRule", self.name)
        check_type("group of an InclusionRule", self.group, types=(Group,))
        check_type("description of an InclusionRule", self.description, types=(str,))
