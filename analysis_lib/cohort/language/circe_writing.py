"""A definition as Circe JSON: every part of the language that Circe has, and the short forms as what they mean."""

from typing import TYPE_CHECKING, Any

from analysis_lib.cohort.exits import ContinuousExposure, EndOfObservation, FixedDuration
from analysis_lib.cohort.language.attributes import DEMOGRAPHICS
from analysis_lib.cohort.language.circe_conditions import write_conditions
from analysis_lib.cohort.language.codesets import Codesets
from analysis_lib.cohort.language.compiled import CompiledDefinition
from analysis_lib.cohort.language.criteria import COUNTED, Criterion, Demographics, Group, InclusionRule, Window
from analysis_lib.cohort.language.definition import CohortDefinition
from analysis_lib.cohort.language.domains import in_words
from analysis_lib.cohort.language.entries import Entry, EntryEvent
from analysis_lib.cohort.language.events import CustomEra, Event, ShiftedDates
from analysis_lib.cohort.language.fields import count_of_days
from analysis_lib.cohort.language.rules import PriorObservation, Washout
from analysis_lib.errors import CirceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

__all__ = ["as_circe", "long_form", "write_definition"]

LIMITS = {"every": "All", "first": "First", "last": "Last"}
OCCURS = {"exactly": 0, "at_most": 1, "at_least": 2}
MATCHES = {"all": "ALL", "any": "ANY", "at_least": "AT_LEAST", "at_most": "AT_MOST"}
_DATES = {"start": "START_DATE", "end": "END_DATE"}


def as_circe(definition: CohortDefinition) -> dict[str, Any]:
    """Write a definition as Circe JSON.

    Parameters
    ----------
    definition : CohortDefinition
        The definition.

    Returns
    -------
    dict
        As ATLAS imports it.

    Raises
    ------
    CirceError
        If it uses a computed value.
    """
    compiled = write_definition(definition)
    if compiled.computed:
        raise CirceError(
            f"Circe has no words for computed values; found {len(compiled.computed)} of them. "
            "Give the definition to others as CohortDefinition.to_json() writes it."
        )
    return compiled.expression


def write_definition(definition: CohortDefinition) -> CompiledDefinition:
    """Write a definition as Circe JSON, computed values as concept sets of their own.

    Parameters
    ----------
    definition : CohortDefinition
        The definition.

    Returns
    -------
    CompiledDefinition
        The JSON, and what its numbers stand for.
    """
    codesets = Codesets()
    write = _Writer(codesets)
    entry = long_form(definition.entry)
    expression: dict[str, Any] = {
        "ConceptSets": [],
        "PrimaryCriteria": {
            "CriteriaList": [write.event(event) for event in entry.events],
            "ObservationWindow": {"PriorDays": entry.prior_days, "PostDays": entry.post_days},
            "PrimaryCriteriaLimit": {"Type": LIMITS[entry.limit]},
        },
        "QualifiedLimit": {"Type": LIMITS[definition.qualified_limit]},
        "ExpressionLimit": {"Type": LIMITS[definition.entries_per_person]},
        "InclusionRules": [],
        "CensoringCriteria": [],
        "CollapseSettings": {"CollapseType": "ERA", "EraPad": definition.era_pad_days},
        "CensorWindow": _censor_window(definition),
        "cdmVersionRange": ">=5.0.0",
    }
    if definition.qualifying is not None:
        expression["AdditionalCriteria"] = write.group(definition.qualifying)
    expression["InclusionRules"] = [write.rule(rule) for rule in definition.inclusion_rules]
    strategy = write.exit(definition.exit)
    if strategy is not None:
        expression["EndStrategy"] = strategy
    expression["CensoringCriteria"] = [write.event(event) for event in definition.censoring_events]
    expression["ConceptSets"] = codesets.written()
    return CompiledDefinition(
        expression,
        concept_sets=codesets.concept_sets,
        computed=codesets.computed,
        computed_codesets=codesets.computed_codesets,
    )


def long_form(entry: EntryEvent | Entry | Event | CustomEra) -> Entry:
    """Write any entry as the form that says everything.

    Parameters
    ----------
    entry : EntryEvent, Entry, Event or CustomEra
        The entry.

    Returns
    -------
    Entry
        With the same meaning.
    """
    if isinstance(entry, Entry):
        return entry
    if isinstance(entry, EntryEvent):
        return Entry((Event(entry.concept_set, entry.domain, first=entry.occurrence == "first"),))
    return Entry((entry,))


def long_rule(rule: "PriorObservation | Washout | InclusionRule") -> InclusionRule:
    """Write any inclusion rule as the form that says everything.

    Parameters
    ----------
    rule : PriorObservation, Washout or InclusionRule
        The rule.

    Returns
    -------
    InclusionRule
        With the same meaning.
    """
    if isinstance(rule, InclusionRule):
        return rule
    if isinstance(rule, PriorObservation):
        period = Criterion(Event(None, "observation_period"), Window(None, -rule.days))
        return InclusionRule(f"Observed for {count_of_days(rule.days)} before", Group("all", (period,)))
    when = "before" if rule.days is None else f"in the {count_of_days(rule.days)} before"
    none = Criterion(
        Event(rule.concept_set, rule.domain),
        Window(None if rule.days is None else -rule.days, -1),
        occurs="exactly",
        count=0,
        ignore_observation_period=True,
    )
    return InclusionRule(f"No {in_words(rule.domain)} of {rule.concept_set.name} {when}", Group("all", (none,)))


class _Writer:
    """Writes parts, and numbers their concept sets on the way."""

    def __init__(self, codesets: Codesets) -> None:
        self.codesets = codesets

    def event(self, event: Event | CustomEra) -> dict[str, Any]:
        table = event.table
        body: dict[str, Any] = {}
        if isinstance(event, CustomEra):
            body |= {"CriteriaList": [self.event(each) for each in event.events], "GapDays": event.gap_days}
        else:
            if event.concept_set is not None:
                body["CodesetId"] = self.codesets.number(event.concept_set)
            if event.source_concept_set is not None:
                body[table.source] = self.codesets.number(event.source_concept_set)
        if event.first:
            body["First"] = True
        body |= write_conditions(event.where, table.attributes, codesets=self.codesets)
        if event.dates is not None:
            body["DateAdjustment"] = _shifted(event.dates)
        if event.having is not None:
            body["CorrelatedCriteria"] = self.group(event.having)
        return {table.circe: body}

    def group(self, group: Group) -> dict[str, Any]:
        document: dict[str, Any] = {"Type": MATCHES[group.match]}
        if group.count is not None:
            document["Count"] = group.count
        lists: Mapping[type, tuple[str, Callable[[Any], Any]]] = {
            Criterion: ("CriteriaList", self.criterion),
            Demographics: ("DemographicCriteriaList", self.demographics),
            Group: ("Groups", self.group),
        }
        for kind, (name, write) in lists.items():
            document[name] = [write(each) for each in group.criteria if isinstance(each, kind)]
        return document

    def criterion(self, criterion: Criterion) -> dict[str, Any]:
        document: dict[str, Any] = {
            "Criteria": self.event(criterion.event),
            "StartWindow": _window(criterion.window or Window(None, None)),
            "RestrictVisit": criterion.same_visit,
            "IgnoreObservationPeriod": criterion.ignore_observation_period,
            "Occurrence": {
                "Type": OCCURS[criterion.occurs],
                "Count": criterion.count,
                "IsDistinct": criterion.distinct is not None,
            },
        }
        if criterion.end_window is not None:
            document["EndWindow"] = _window(criterion.end_window)
        if criterion.distinct is not None:
            document["Occurrence"]["CountColumn"] = COUNTED[criterion.distinct]
        return document

    def demographics(self, demographics: Demographics) -> dict[str, Any]:
        return write_conditions(demographics.where, DEMOGRAPHICS, codesets=self.codesets)

    def rule(self, rule: PriorObservation | Washout | InclusionRule) -> dict[str, Any]:
        written = long_rule(rule)
        document = {"name": written.name, "expression": self.group(written.group)}
        return document | ({"description": written.description} if written.description else {})

    def exit(self, leave: EndOfObservation | FixedDuration | ContinuousExposure) -> dict[str, Any] | None:
        if isinstance(leave, EndOfObservation):
            return None
        if isinstance(leave, FixedDuration):
            edge = "StartDate" if leave.after == "entry_start" else "EndDate"
            return {"DateOffset": {"DateField": edge, "Offset": leave.days}}
        era = {
            "DrugCodesetId": self.codesets.number(leave.concept_set),
            "GapDays": leave.gap_days,
            "Offset": leave.offset_days,
        }
        return {"CustomEra": era | ({} if leave.days_supply is None else {"DaysSupplyOverride": leave.days_supply})}


def _window(window: Window) -> dict[str, Any]:
    return {
        "Start": _bound(window.from_day, far="observation_end", coeff=-1),
        "End": _bound(window.to_day, far="observation_start", coeff=1),
        "UseEventEnd": window.event_edge == "end",
        "UseIndexEnd": window.index_edge == "end",
    }


def _bound(day: int | str | None, *, far: str, coeff: int) -> dict[str, int]:
    if day is None or day == far:
        return {"Coeff": coeff if day is None else -coeff}
    assert isinstance(day, int)  # noqa: S101 - for the type checker; the window has refused other words
    return {"Days": abs(day), "Coeff": coeff if day == 0 else (1 if day > 0 else -1)}


def _shifted(dates: ShiftedDates) -> dict[str, Any]:
    return {
        "StartWith": _DATES[dates.start_from],
        "StartOffset": dates.start_days,
        "EndWith": _DATES[dates.end_from],
        "EndOffset": dates.end_days,
    }


def _censor_window(definition: CohortDefinition) -> dict[str, str]:
    window = definition.censor_window
    days: dict[str, date | None] = {"StartDate": window.start, "EndDate": window.end} if window else {}
    return {name: day.isoformat() for name, day in days.items() if day is not None}
