"""Planning the people of one Circe document: entry, rules, exit, observation, and what makes records untidy."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from analysis_lib.testing.definition_people.domains import DOMAINS
from analysis_lib.testing.definition_people.group_plan import forbid_absent, index_days
from analysis_lib.testing.definition_people.person_draft import DraftEvent, PersonDraft
from analysis_lib.testing.definition_people.person_plan import PersonPlan
from analysis_lib.testing.definition_people.ranges import EVERYTHING, Bounds, bounds_of, overlap, pick

Document = Mapping[str, Any]
_USUAL_INDEX: Bounds = (date(2012, 1, 1).toordinal(), date(2019, 6, 30).toordinal())


@dataclass(frozen=True)
class DefinitionPlan:
    """One document, with its concept sets resolved."""

    document: Document
    concept_sets: Mapping[int, frozenset[int]]
    beside: Mapping[int, frozenset[int]]
    """By concept set: what it nearly stands for."""

    @property
    def rules(self) -> list[tuple[str, Mapping[str, Any]]]:
        """The groups that an index event must satisfy, with their paths."""
        additional = self.document.get("AdditionalCriteria")
        named = [("AdditionalCriteria", additional)] if additional else []
        inclusion = enumerate(self.document.get("InclusionRules") or ())
        return named + [(f"InclusionRules[{i}]", rule["expression"]) for i, rule in inclusion if rule.get("expression")]

    def plan(self, *, entry: int, rng: random.Random, broken: str | None = None, untidy: bool = False) -> PersonPlan:
        """Plan a person.

        Parameters
        ----------
        entry : int
            Which of the entry criteria, counted round.
        rng : Random
            Where chance comes from.
        broken : str, optional
            The rule to break.
        untidy : bool, default False
            Whether to add what makes records hard to read.

        Returns
        -------
        PersonPlan
            With its draft and its knobs.
        """
        plan = PersonPlan(self.concept_sets, rng=rng, broken=broken, beside=self.beside)
        primary = self.document["PrimaryCriteria"]
        criteria = primary.get("CriteriaList") or [{"ObservationPeriod": {}}]
        number = entry % len(criteria)
        criterion = {name: asked or {} for name, asked in criteria[number].items()}
        day = int(pick(self._index_bounds(criterion), rng=rng, reach=900))
        plan.anchor = day
        guess = DraftEvent(next(iter(criterion)), day, day, {})
        for _, group in self.rules:
            forbid_absent(plan, group, index=guess)
        index = plan.event(criterion, path=f"PrimaryCriteria[{number}]", starts=(day, day))
        if index is None:
            return plan
        for path, group in sorted(self.rules, key=lambda rule: not _only_absences(rule[1])):
            plan.group(group, index, path=path)
        self._exit(plan, index)
        if untidy:
            self._untidy(plan, index, criterion=criterion)
        self._observe(plan, index)
        return plan

    def _index_bounds(self, criterion: Mapping[str, Any]) -> Bounds:
        bounds = index_days([group for _, group in self.rules])
        asked = next(iter(criterion.values()))
        for name in ("OccurrenceStartDate", "EraStartDate", "PeriodStartDate", "VisitDetailStartDate"):
            if asked.get(name):
                bounds = overlap(bounds, bounds_of(asked[name], step=1, dates=True))
        window = self.document.get("CensorWindow") or {}
        low = date.fromisoformat(window["StartDate"][:10]).toordinal() if window.get("StartDate") else float("-inf")
        high = date.fromisoformat(window["EndDate"][:10]).toordinal() if window.get("EndDate") else float("inf")
        bounds = overlap(bounds, (low, high))
        usual = overlap(bounds, _USUAL_INDEX)
        return usual if usual[0] <= usual[1] else bounds

    def _exit(self, plan: PersonPlan, index: DraftEvent) -> None:
        """Add exposures that keep a person in, with gaps about as long as allowed, and what censors."""
        era = (self.document.get("EndStrategy") or {}).get("CustomEra")
        # Further exposures could enter in place of an entry that was spoilt.
        spoilt = (plan.broken or "").startswith(("PrimaryCriteria", "ObservationWindow"))
        if era and not spoilt:
            self._exposures(plan, index, era=era)
        for number, criterion in enumerate(self.document.get("CensoringCriteria") or ()):
            if plan.rng.random() < 0.5:
                day = index.start + plan.rng.choice((-1, 0, 1, 10, 60))
                plan.event({k: v or {} for k, v in criterion.items()}, path=f"Censoring[{number}]", starts=(day, day))

    def _exposures(self, plan: PersonPlan, index: DraftEvent, *, era: Mapping[str, Any]) -> None:
        drugs, gap, rng = plan.concepts(era.get("DrugCodesetId")), int(era.get("GapDays") or 0), plan.rng
        start = index.start
        for _ in range(rng.randint(1, 4)):
            if not drugs:
                return
            end = start + rng.choice((0, 1, 7, 29, 89))
            drug = rng.choice(drugs)
            as_source = rng.random() < 0.2
            row = {"drug_concept_id": 0 if as_source else drug, "drug_source_concept_id": drug if as_source else 0}
            event = DraftEvent("DrugExposure", start, end, row, frozenset(drugs))
            if plan.draft.may_hold(event):
                plan.draft.add(event)
            start = end + max(0, gap) + rng.choice((-1, 0, 1, 2, -max(0, gap)))

    def _untidy(self, plan: PersonPlan, index: DraftEvent, *, criterion: Mapping[str, Any]) -> None:
        """Add repeats about an era's pad later, same-day events, and random records of the document's concepts."""
        rng = plan.rng
        pad = int((self.document.get("CollapseSettings") or {}).get("EraPad") or 0)
        offset = ((self.document.get("EndStrategy") or {}).get("DateOffset") or {}).get("Offset") or 0
        apart = rng.choice((0, 0, pad, int(offset) + pad, 30)) + rng.choice((-1, 0, 1, 2))
        if apart < 2_000:
            day = index.end + apart
            plan.event(criterion, path="repeat", starts=(day, day))
        for event in rng.sample(plan.draft.events, min(2, len(plan.draft.events))):
            if event.domain != "Death":
                plan.draft.add(DraftEvent(event.domain, event.start, event.end, dict(event.row), event.concepts))
        self.scatter(plan, around=index.start, count=4)
        if rng.random() < 0.4:
            plan.draft.other_periods.append((-rng.randint(2, 400), -rng.randint(401, 900)))
        if rng.random() < 0.3:
            plan.draft.other_periods.append((rng.randint(2, 400), rng.randint(401, 900)))

    def scatter(self, plan: PersonPlan, *, around: int, count: int) -> None:
        """Add records of the document's concepts at random.

        Parameters
        ----------
        plan : PersonPlan
            The person.
        around : int
            A day.
        count : int
            How many records.
        """
        rng = plan.rng
        known = sorted(set().union(*self.concept_sets.values())) or [0]
        domains = sorted(set(_domains_within(self.document)) - {"Death", "ObservationPeriod"}) or [
            "ConditionOccurrence"
        ]
        for _ in range(count):
            domain = DOMAINS[rng.choice(domains)]
            start = around + rng.choice((rng.randint(-800, 800), rng.randint(-40, 40), 0))
            row = {domain.concept: rng.choice(known)} if domain.concept else {}
            name = next(name for name, value in DOMAINS.items() if value is domain)
            plan.draft.add(DraftEvent(name, start, start + rng.choice((0, 1, 5, 30, -1)), row))

    def noise(self, *, rng: random.Random) -> PersonPlan:
        """Plan a person with random records.

        Parameters
        ----------
        rng : Random
            Where chance comes from.

        Returns
        -------
        PersonPlan
            Who may or may not qualify.
        """
        plan = PersonPlan(self.concept_sets, rng=rng)
        day = rng.randint(int(_USUAL_INDEX[0]), int(_USUAL_INDEX[1]))
        self.scatter(plan, around=day, count=rng.randint(0, 14))
        plan.draft.observed_from = (day - rng.randint(0, 700),) * 2
        plan.draft.observed_to = (day + rng.randint(0, 700),) * 2
        return plan

    def _observe(self, plan: PersonPlan, index: DraftEvent) -> None:
        """Choose the observation period: long enough for the entry, sometimes exactly or by one day too short."""
        rng, draft = plan.rng, plan.draft
        window = self.document["PrimaryCriteria"].get("ObservationWindow") or {}
        prior, post = int(window.get("PriorDays") or 0), int(window.get("PostDays") or 0)
        usual_from = min([index.start, *(event.start for event in draft.events)])
        usual_to = max(
            [index.start, *(max(event.start, event.end) for event in draft.events if event.domain != "Death")]
        )
        start = min(usual_from, index.start - prior) - rng.choice((0, 0, 1, 30, 400))
        end = max(usual_to, index.start + post) + rng.choice((0, 0, 1, 30, 400))
        if plan.breaks("ObservationWindow.PriorDays"):
            start = index.start - prior + 1
        if plan.breaks("ObservationWindow.PostDays"):
            end = index.start + post - 1
        draft.observed_from = _settle(draft.observed_from, start)
        draft.observed_to = _settle(draft.observed_to, end)


def _settle(bounds: Bounds, wish: int) -> Bounds:
    day = wish if bounds == EVERYTHING else min(max(wish, bounds[0]), bounds[1])
    return day, day


def _only_absences(group: Mapping[str, Any]) -> bool:
    parts = group.get("CriteriaList") or ()
    return bool(parts) and all((part.get("Occurrence") or {}).get("Count") == 0 for part in parts)


def _domains_within(part: Any) -> list[str]:
    if isinstance(part, Mapping):
        inner = [domain for value in part.values() for domain in _domains_within(value)]
        return [name for name in part if name in DOMAINS] + inner
    return [domain for value in part for domain in _domains_within(value)] if isinstance(part, list) else []


def birth_of(draft: PersonDraft, *, rng: random.Random) -> date:
    """Choose a date of birth.

    Parameters
    ----------
    draft : PersonDraft
        The person.
    rng : Random
        Where chance comes from.

    Returns
    -------
    date
        In a year that the plan allows; usually long before every event.
    """
    earliest = min([int(draft.observed_from[0]), *(event.start for event in draft.events)])
    usual = date.fromordinal(earliest).year - rng.randint(18, 75)
    low, high = draft.birth_year
    year = int(pick(draft.birth_year, rng=rng, reach=40)) if (low, high) != EVERYTHING else usual
    return date(min(max(year, 1880), 2024), rng.randint(1, 12), rng.randint(1, 28))
