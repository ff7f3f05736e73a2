"""Planning one person who satisfies a Circe document, or fails it at one chosen place.

Every choice that a rule speaks about is a *knob* with a path, such as ``InclusionRules[1].CriteriaList[0].window``. A
plan with `broken` set to a path makes the same choices as its twin, except that this one falls just outside the rule.
"""

import random
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from analysis_lib.testing.definition_people.domains import DOMAINS, END_DATES, LENGTHS, START_DATES
from analysis_lib.testing.definition_people.event_attributes import Attributes
from analysis_lib.testing.definition_people.person_draft import (
    DraftEvent,
    Forbidden,
    PersonDraft,
    concepts_of,
    shortest_end,
)
from analysis_lib.testing.definition_people.ranges import EVERYTHING, Bounds, bounds_of, just_outside, overlap, pick

Criteria = Mapping[str, Any]
_TRIES = 25
_USUAL_LENGTHS = (0, 0, 1, 1, 2, 5, 14, 30)
AGES = ("Age", "AgeAtStart", "AgeAtEnd")


class PersonPlan:
    """A person in the making.

    Parameters
    ----------
    concept_sets : mapping of int to frozenset of int
        What each concept set of the document stands for.
    rng : Random
        Where chance comes from.
    broken : str, optional
        The path of the rule to break.
    beside : mapping of int to frozenset of int, optional
        Concepts that a set of that number nearly stands for.
    """

    def __init__(
        self,
        concept_sets: Mapping[int, frozenset[int]],
        *,
        rng: random.Random,
        broken: str | None = None,
        beside: Mapping[int, frozenset[int]] = MappingProxyType({}),
    ) -> None:
        self.concept_sets = concept_sets
        self._beside = beside
        self.rng = rng
        self.broken = broken
        self.knobs: list[str] = []
        self.draft = PersonDraft()
        self.anchor = 733_000
        """The day around which everything without a window lies: the index date."""
        self._attributes = Attributes(self)

    def breaks(self, path: str) -> bool:
        """Register a knob.

        Parameters
        ----------
        path : str
            Where in the document the rule stands.

        Returns
        -------
        bool
            Whether this is the one to break.
        """
        self.knobs.append(path)
        return path == self.broken

    def number(self, bounds: Bounds, *, path: str, step: float = 1, reach: float = 400) -> float:
        """Choose a number inside bounds, or just outside where the knob is to be broken.

        Parameters
        ----------
        bounds : tuple of float
            Lower and upper bound, closed.
        path : str
            The knob.
        step, reach : float
            As `pick` has them.

        Returns
        -------
        float
            The number.
        """
        if bounds != EVERYTHING and self.breaks(path):
            outside = just_outside(bounds, rng=self.rng, step=step)
            if outside is not None:
                return outside
        return pick(bounds, rng=self.rng, step=step, reach=reach)

    def concepts(self, codeset_id: Any) -> list[int]:
        """List the concepts of a concept set.

        Parameters
        ----------
        codeset_id : int or None
            Its number.

        Returns
        -------
        list of int
            In a fixed order; empty where there is no such set.
        """
        return sorted(self.concept_sets.get(int(codeset_id), ())) if codeset_id is not None else []

    def event(
        self,
        criterion: Mapping[str, Criteria],
        *,
        path: str,
        starts: Bounds = EVERYTHING,
        ends: Bounds = EVERYTHING,
        beside: DraftEvent | None = None,
        avoid: Sequence[int | None] = (),
    ) -> DraftEvent | None:
        """Add an event that satisfies a criterion.

        Parameters
        ----------
        criterion : mapping
            One domain and its attributes.
        path : str
            Where in the document it stands.
        starts, ends : tuple of float
            Days on which it may start and end.
        beside : DraftEvent, optional
            An event whose visit it must share.
        avoid : sequence of int
            Concepts that it should not have.

        Returns
        -------
        DraftEvent or None
            None for a domain that CDM 5.4 has no table for.
        """
        domain, asked = next(iter(criterion.items()))
        if domain not in DOMAINS:
            return None
        if domain == "ObservationPeriod":
            return self._observation(asked, starts=starts, ends=ends, path=path)
        starts = self._dates(asked, START_DATES, within=starts, path=path)
        ends = self._dates(asked, END_DATES, within=ends, path=path)
        starts, ends = _before_adjustment(asked.get("DateAdjustment"), starts=starts, ends=ends)
        length = self._length(asked, path=path)
        event = self._place(domain, asked, starts=starts, ends=ends, length=length, avoid=avoid)
        self._concept(event, asked, path=path)
        self._attributes.fill(event, asked, path=path, beside=beside)
        self.draft.add(event)
        self._person(event, asked, path=path)
        self._first(event, asked, path=path)
        if asked.get("CorrelatedCriteria"):
            self.group(asked["CorrelatedCriteria"], _adjusted(event, asked), path=f"{path}.CorrelatedCriteria")
        return event

    def _dates(self, asked: Criteria, names: Sequence[str], *, within: Bounds, path: str) -> Bounds:
        for name in names:
            if asked.get(name):
                bounds = bounds_of(asked[name], step=1, dates=True)
                if self.breaks(f"{path}.{name}"):
                    outside = just_outside(bounds, rng=self.rng)
                    return (outside, outside) if outside is not None else within
                within = overlap(within, bounds)
        return within

    def _length(self, asked: Criteria, *, path: str) -> int | None:
        for name in LENGTHS:
            if asked.get(name):
                bounds = overlap(bounds_of(asked[name], step=1), (0, float("inf")))
                return max(0, int(self.number(bounds, path=f"{path}.{name}", reach=60)))
        return None

    def _place(
        self,
        domain: str,
        asked: Criteria,
        *,
        starts: Bounds,
        ends: Bounds,
        length: int | None,
        avoid: Sequence[int | None],
    ) -> DraftEvent:
        """Choose concept and days such that no rule of absence is broken, if there is a way."""
        known = self.concepts(asked.get("CodesetId"))
        fresh = [concept for concept in known if concept not in avoid] or known
        for _ in range(_TRIES):
            start, end = self._days(domain, starts=starts, ends=ends, length=length)
            event = DraftEvent(domain, start, end, {}, frozenset(known))
            column = DOMAINS[domain].concept
            if column:
                event.row[column] = self.rng.choice(fresh) if fresh else 0
            if self.draft.may_hold(event):
                break
        return event

    def _days(self, domain: str, *, starts: Bounds, ends: Bounds, length: int | None) -> tuple[int, int]:
        if DOMAINS[domain].end is None:
            after = shortest_end(domain, 0)
            start = int(pick(overlap(starts, (ends[0] - after, ends[1] - after)), rng=self.rng, around=self.anchor))
            return start, start + after
        if length is not None:
            start = int(pick(overlap(starts, (ends[0] - length, ends[1] - length)), rng=self.rng, around=self.anchor))
            return start, start + length
        # Where the end alone is bounded from below, an event may well start long before it.
        early = ends[0] - 60 if starts[0] == float("-inf") and ends[0] > float("-inf") else starts[0]
        start = int(pick((early, min(starts[1], ends[1])), rng=self.rng, around=self.anchor))
        usual = start + self.rng.choice(_USUAL_LENGTHS)
        end = usual if ends[0] <= usual <= ends[1] else int(pick(overlap((start, start + 400), ends), rng=self.rng))
        return start, max(start, end)

    def _concept(self, event: DraftEvent, asked: Criteria, *, path: str) -> None:
        """Leave the concept set where that is the rule to break; sometimes for a concept that it excludes."""
        column = DOMAINS[event.domain].concept
        if column and asked.get("CodesetId") is not None and self.breaks(f"{path}.CodesetId"):
            # What other sets stand for could make up for it, so those that this one nearly holds are better.
            others = sorted(
                self._beside.get(int(asked["CodesetId"]), frozenset()).difference(*self.concept_sets.values())
            )
            event.row[column] = self.rng.choice(others) if others and self.rng.random() < 0.8 else 0

    def _person(self, event: DraftEvent, asked: Criteria, *, path: str) -> None:
        for name in AGES:
            if asked.get(name):
                self.age(asked[name], day=event.end if name == "AgeAtEnd" else event.start, path=f"{path}.{name}")
        self.demography(asked, path=path)

    def age(self, condition: Criteria, *, day: float, path: str) -> None:
        """Give the person an age on a day.

        Parameters
        ----------
        condition : mapping
            A Circe range of years.
        day : float
            Day number.
        path : str
            The knob.
        """
        import datetime

        year = datetime.date.fromordinal(int(day)).year
        low, high = overlap(bounds_of(condition, step=1), (0, 105))
        if self.breaks(path):
            outside = just_outside((low, high) if low > 0 else (float("-inf"), high), rng=self.rng)
            low = high = outside if outside is not None else low
        self.draft.birth_year = overlap(self.draft.birth_year, (year - high, year - low))

    def demography(self, asked: Criteria, *, path: str) -> None:
        """Give the person the gender, race and ethnicity that a criterion asks for.

        Parameters
        ----------
        asked : mapping
            Attributes of a criterion.
        path : str
            Where it stands.
        """
        for name in ("Gender", "Race", "Ethnicity"):
            listed = concepts_of(asked.get(name)) or self._selected(asked.get(f"{name}CS"))
            if listed:
                value = 0 if self.breaks(f"{path}.{name}") else self.rng.choice(listed)
                self.draft.person[f"{name.lower()}_concept_id"] = value

    def _selected(self, selection: Criteria | None) -> list[int]:
        if not selection or selection.get("IsExclusion"):
            return []
        return self.concepts(selection.get("CodesetId"))

    def _first(self, event: DraftEvent, asked: Criteria, *, path: str) -> None:
        if not asked.get("First"):
            return
        known = frozenset(event.concepts) if asked.get("CodesetId") is not None else None
        self.draft.forbidden.append(Forbidden(event.domain, known, (float("-inf"), event.start)))
        if self.breaks(f"{path}.First"):
            before = DraftEvent(event.domain, event.start - self.rng.choice((1, 7, 40)), event.end, dict(event.row))
            before.end = max(before.start, before.start + event.end - event.start)
            self.draft.add(before)

    def _observation(self, asked: Criteria, *, starts: Bounds, ends: Bounds, path: str) -> DraftEvent:
        """Bound the person's own observation period; as an index event it starts and ends where it says."""
        starts = overlap(self._dates(asked, START_DATES, within=starts, path=path), self.draft.observed_from)
        ends = overlap(self._dates(asked, END_DATES, within=ends, path=path), self.draft.observed_to)
        length = self._length(asked, path=path)
        start = int(pick(starts, rng=self.rng, around=self.anchor))
        end = start + length if length is not None else int(pick(overlap(ends, (start, start + 900)), rng=self.rng))
        self.draft.observed_from, self.draft.observed_to = (start, start), (end, end)
        event = DraftEvent("ObservationPeriod", start, end, self.draft.period)
        self._attributes.fill(event, asked, path=path, beside=None)
        self._person(event, asked, path=path)
        if asked.get("CorrelatedCriteria"):
            self.group(asked["CorrelatedCriteria"], event, path=f"{path}.CorrelatedCriteria")
        return event

    def group(self, group: Criteria, index: DraftEvent, *, path: str) -> None:
        """Satisfy a group of criteria around an index event.

        Parameters
        ----------
        group : mapping
            Its type, criteria, demographic criteria and inner groups.
        index : DraftEvent
            The event that windows are measured from.
        path : str
            Where it stands.
        """
        from analysis_lib.testing.definition_people.group_plan import satisfy_group

        satisfy_group(self, group, index=index, path=path)


def _before_adjustment(adjustment: Criteria | None, *, starts: Bounds, ends: Bounds) -> tuple[Bounds, Bounds]:
    """Shift bounds of adjusted dates back to those of the event's own."""
    if not adjustment:
        return starts, ends
    shifts = int(adjustment.get("StartOffset") or 0), int(adjustment.get("EndOffset") or 0)
    on_start = (starts[0] - shifts[0], starts[1] - shifts[0])
    on_end = (ends[0] - shifts[1], ends[1] - shifts[1])
    first, last = EVERYTHING, EVERYTHING
    for anchor, bounds, usual in (("StartWith", on_start, "START_DATE"), ("EndWith", on_end, "END_DATE")):
        if adjustment.get(anchor, usual) == "START_DATE":
            first = overlap(first, bounds)
        else:
            last = overlap(last, bounds)
    return first, last


def _adjusted(event: DraftEvent, asked: Criteria) -> DraftEvent:
    adjustment = asked.get("DateAdjustment")
    if not adjustment:
        return event
    anchors = {"START_DATE": event.start, "END_DATE": event.end}
    start = anchors[adjustment.get("StartWith", "START_DATE")] + int(adjustment.get("StartOffset") or 0)
    end = anchors[adjustment.get("EndWith", "END_DATE")] + int(adjustment.get("EndOffset") or 0)
    return DraftEvent(event.domain, start, end, event.row, event.concepts)
