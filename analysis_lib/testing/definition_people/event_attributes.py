"""What an event records besides its concept and its days: types, values, units, texts, provider and visit."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analysis_lib.testing.definition_people.domains import DOMAINS, Domain
from analysis_lib.testing.definition_people.person_draft import DraftEvent, concepts_of
from analysis_lib.testing.definition_people.ranges import bounds_of, text_for

if TYPE_CHECKING:
    from analysis_lib.testing.definition_people.person_plan import PersonPlan

Criteria = Mapping[str, Any]
_VISITS = ("VisitOccurrence", "VisitDetail")
_ABOVE_NORMAL = 4155142  # one of the values that Circe takes for abnormal


class Attributes:
    """Fills in the columns that a criterion asks about.

    Parameters
    ----------
    plan : PersonPlan
        Who decides which rule is broken.
    """

    def __init__(self, plan: "PersonPlan") -> None:
        self._plan = plan

    def fill(self, event: DraftEvent, asked: Criteria, *, path: str, beside: DraftEvent | None) -> None:
        """Fill in an event's row.

        Parameters
        ----------
        event : DraftEvent
            The event; its days are set already.
        asked : mapping
            The criterion's attributes.
        path : str
            Where it stands in the document.
        beside : DraftEvent or None
            An event whose visit it must share.
        """
        domain = DOMAINS[event.domain]
        self._listed(event, asked, domain=domain, path=path)
        for name, column in domain.codesets.items():
            chosen = self._plan.concepts(asked.get(name)) if not isinstance(asked.get(name), list) else []
            if chosen:
                event.row[column] = 0 if self._plan.breaks(f"{path}.{name}") else self._plan.rng.choice(chosen)
        for name, column in domain.numbers.items():
            if asked.get(name):
                event.row[column] = self._number(asked[name], path=f"{path}.{name}")
        for name, column in domain.texts.items():
            if asked.get(name):
                event.row[column] = text_for(asked[name], fits=not self._plan.breaks(f"{path}.{name}"))
        self._ratios(event, asked, path=path)
        self._elsewhere(event, asked, path=path)
        if beside is not None and not self._plan.breaks(f"{path}.RestrictVisit"):
            event.row["same visit as"] = beside

    def _listed(self, event: DraftEvent, asked: Criteria, *, domain: Domain, path: str) -> None:
        for name, column in domain.lists.items():
            found = self._choose(asked, name, path=path)
            if found is not None:
                event.row[column] = found

    def _choose(self, asked: Criteria, name: str, *, path: str) -> int | None:
        """Choose one of the concepts that an attribute lists; None where it asks for nothing."""
        listed, excluded = concepts_of(asked.get(name)), bool(asked.get(f"{name}Exclude"))
        selection = asked.get(f"{name}CS")
        if not listed and selection:
            listed, excluded = self._plan.concepts(selection.get("CodesetId")), bool(selection.get("IsExclusion"))
        if not listed:
            return None
        return 0 if self._plan.breaks(f"{path}.{name}") != excluded else self._plan.rng.choice(listed)

    def _number(self, condition: Criteria, *, path: str) -> float:
        value = float(condition.get("Value") or 0)
        step = 1.0 if value.is_integer() else 0.01
        return round(self._plan.number(bounds_of(condition, step=step), path=path, step=step, reach=50 * step), 6)

    def _ratios(self, event: DraftEvent, asked: Criteria, *, path: str) -> None:
        """Set a value so that its ratio to the normal range's end is as asked."""
        for name, column in (("RangeLowRatio", "range_low"), ("RangeHighRatio", "range_high")):
            if asked.get(name):
                event.row.setdefault(column, 10.0)
                bounds = bounds_of(asked[name], step=0.01)
                ratio = self._plan.number(bounds, path=f"{path}.{name}", step=0.01, reach=5)
                event.row["value_as_number"] = round(ratio * event.row[column], 6)
        if asked.get("Abnormal") and not self._plan.breaks(f"{path}.Abnormal"):
            event.row["value_as_concept_id"] = _ABOVE_NORMAL

    def _elsewhere(self, event: DraftEvent, asked: Criteria, *, path: str) -> None:
        """Note what a provider, a care site or a visit must be like; the writer makes them."""
        specialty = self._choose(asked, "ProviderSpecialty", path=path)
        if specialty is not None:
            event.row["specialty"] = specialty
        place = self._choose(asked, "PlaceOfService", path=path)
        if place is not None:
            event.row["place of service"] = place
        if event.domain not in _VISITS:
            visit = self._choose(asked, "VisitType", path=path)
            if visit is not None:
                event.row["visit concept"] = visit
