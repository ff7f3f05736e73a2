"""One synthetic person while their record is being planned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analysis_lib.testing.definition_people.domains import DOMAINS, missing_end_days
from analysis_lib.testing.definition_people.ranges import EVERYTHING, Bounds

Row = dict[str, Any]


@dataclass
class DraftEvent:
    """A row to be: dates are day numbers, as `datetime.date.toordinal` counts them."""

    domain: str
    start: int
    end: int
    row: Row
    concepts: frozenset[int] = frozenset()

    @property
    def concept_id(self) -> int | None:
        """The event's main concept."""
        column = DOMAINS[self.domain].concept
        return self.row.get(column) if column else None


@dataclass(frozen=True)
class Forbidden:
    """Events that a plan must not hold, since a rule asks for their absence."""

    domain: str
    concepts: frozenset[int] | None
    starts: Bounds
    ends: Bounds = EVERYTHING

    def holds(self, event: DraftEvent) -> bool:
        """Say whether an event is one of these.

        Parameters
        ----------
        event : DraftEvent
            Any.

        Returns
        -------
        bool
            Attributes other than concept and days are not looked at, so this errs towards yes.
        """
        return (
            event.domain == self.domain
            and (self.concepts is None or event.concept_id in self.concepts)
            and self.starts[0] <= event.start <= self.starts[1]
            and self.ends[0] <= event.end <= self.ends[1]
        )


@dataclass
class PersonDraft:
    """What is known of a person so far."""

    birth_year: Bounds = EVERYTHING
    person: Row = field(default_factory=dict)
    events: list[DraftEvent] = field(default_factory=list)
    forbidden: list[Forbidden] = field(default_factory=list)
    observed_from: Bounds = EVERYTHING
    observed_to: Bounds = EVERYTHING
    period: Row = field(default_factory=dict)
    other_periods: list[tuple[int, int]] = field(default_factory=list)

    def may_hold(self, event: DraftEvent) -> bool:
        """Say whether an event breaks no rule of absence.

        Parameters
        ----------
        event : DraftEvent
            Any.

        Returns
        -------
        bool
            True where nothing speaks against it.
        """
        return not any(rule.holds(event) for rule in self.forbidden)

    def add(self, event: DraftEvent) -> DraftEvent:
        """Put an event on the record.

        Parameters
        ----------
        event : DraftEvent
            Any.

        Returns
        -------
        DraftEvent
            The same.
        """
        self.events.append(event)
        return event


def shortest_end(domain: str, start: int) -> int:
    """Say where an event ends that has no end of its own.

    Parameters
    ----------
    domain : str
        A name in `DOMAINS`.
    start : int
        Its first day.

    Returns
    -------
    int
        The day that the official queries take as its end.
    """
    return start + (missing_end_days(domain) or 0)


def concepts_of(listed: list[Mapping[str, Any]] | None) -> list[int]:
    """Read the ids of concepts that a criterion lists.

    Parameters
    ----------
    listed : list of mapping or None
        Concepts as Circe writes them.

    Returns
    -------
    list of int
        Their ids.
    """
    return [int(concept["CONCEPT_ID"]) for concept in listed or ()]
