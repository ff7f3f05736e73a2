"""Circe JSON, as ATLAS exports it, read as a definition; what is not known is refused with its path."""

import json
from collections.abc import Mapping
from typing import Any

from analysis_lib.cohort.exits import CensorWindow, ContinuousExposure, EndOfObservation, FixedDuration
from analysis_lib.cohort.language.attributes import DEMOGRAPHICS, EVENTS
from analysis_lib.cohort.language.circe_conditions import plain_text, read_conditions
from analysis_lib.cohort.language.circe_keys import Node, at
from analysis_lib.cohort.language.circe_writing import LIMITS, MATCHES, OCCURS
from analysis_lib.cohort.language.concept_files import read_concept_set
from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.cohort.language.criteria import COUNTED, Criterion, Demographics, Group, InclusionRule, Window
from analysis_lib.cohort.language.definition import CohortDefinition
from analysis_lib.cohort.language.entries import Entry
from analysis_lib.cohort.language.events import CustomEra, Event, ShiftedDates
from analysis_lib.cohort.language.fields import check_letters
from analysis_lib.errors import CirceError

__all__ = ["load_json", "read_circe"]

MOST_LETTERS = 100_000_000
_LIMITS: Mapping[str, Any] = {circe.lower(): word for word, circe in LIMITS.items()}
_MATCHES: Mapping[str, Any] = {circe.lower(): word for word, circe in MATCHES.items()}
_OCCURS: Mapping[int, Any] = {circe: word for word, circe in OCCURS.items()}
_EDGES: Mapping[str, Any] = {"start_date": "start", "startdate": "start", "end_date": "end", "enddate": "end"}
_COUNTED = (
    {circe.lower(): word for word, circe in COUNTED.items()}
    | {word: word for word in COUNTED}
    | {"visit": "visit_occurrence_id"}
)
# What an export of ATLAS says beside the expression, for people and its own database.
_ABOUT = (
    *("description", "expressionType", "createdBy", "createdDate", "modifiedBy", "modifiedDate", "tags", "metadata"),
    *("hasWriteAccess", "hasReadAccess", "cohortDefinitionType", "versions"),
)


def load_json(document: str | dict[str, Any]) -> Any:
    """Read JSON that somebody gave.

    Parameters
    ----------
    document : str or dict
        Text, or what was read from it.

    Returns
    -------
    Any
        What the text holds.

    Raises
    ------
    CirceError
        If it is no JSON, or too large or too deep to be a definition.
    """
    if not isinstance(document, str):
        check_letters(document)
        return document
    if len(document) > MOST_LETTERS:
        raise CirceError(f"the document is too large; found {len(document):,} letters. Split its concept sets.")
    try:
        loaded = json.loads(document)
        check_letters(loaded)
        return loaded
    except RecursionError:
        raise CirceError("the document lies too deep to be a definition. Flatten its groups.") from None
    except ValueError as error:
        raise CirceError("the document must be JSON; the text is not. Give what ATLAS exported.") from error


def read_circe(document: str | dict[str, Any]) -> CohortDefinition:
    """Read a definition that ATLAS exported.

    Parameters
    ----------
    document : str or dict
        The expression, or an export that holds it.

    Returns
    -------
    CohortDefinition
        The definition.

    Raises
    ------
    CirceError
        If something is not known.
    """
    loaded = load_json(document)
    node, name, number = Node(loaded), None, None
    if isinstance(loaded, dict) and "expression" in {str(key).lower() for key in loaded}:
        name, number = node.take("name"), node.number_of("id", "cohortId", "cohort_definition_id")
        for key in _ABOUT:
            node.take(key)
        expression = node.take("expression")
        node.finish()
        node = Node(load_json(expression), "expression")
    try:
        return _Reader(node).definition(node, name=name, number=number)
    except RecursionError:
        raise CirceError("the document lies too deep to be a definition. Flatten its groups.") from None


class _Reader:
    """Reads the parts of one document."""

    def __init__(self, node: Node) -> None:
        self.concept_sets: dict[int, ConceptSet] = {}
        for each in node.nodes("ConceptSets"):
            number = each.number_of("id")
            if number is None or number in self.concept_sets:
                raise CirceError(f"{each.at('id')} must be a number of its own; got {number}. Mend the document.")
            self.concept_sets[number] = read_concept_set(each, name=f"concept set {number}")

    def definition(self, node: Node, *, name: Any, number: int | None) -> CohortDefinition:
        node.take("cdmVersionRange")
        title = plain_text(name or node.take("Title")) or "cohort"
        primary = node.below("PrimaryCriteria")
        if primary is None:
            raise CirceError(f"{node.at('PrimaryCriteria')} is missing; found none. Say what lets a person in.")
        entry = self.entry(primary)
        # Limits that a document leaves out are "First" in circe-be.
        qualified_limit = _limit(node, "QualifiedLimit", absent="first")
        qualifying = self.qualifying(node.below("AdditionalCriteria"), limit=qualified_limit)
        rules = tuple(self.rule(each, number) for number, each in enumerate(node.nodes("InclusionRules")))
        fields: dict[str, Any] = {
            "exit": self.exit(node.below("EndStrategy")),
            "entries_per_person": _limit(node, "ExpressionLimit", absent="first"),
            "qualifying": qualifying,
            # Circe looks at this limit only where there are additional criteria.
            "qualified_limit": "every" if qualifying is None else qualified_limit,
            "censoring_events": tuple(self.event(each) for each in node.nodes("CensoringCriteria")),
            "era_pad_days": _era_pad(node.below("CollapseSettings")),
            "censor_window": _censor_window(node.below("CensorWindow")),
        }
        node.finish()
        with at(node.path or "the document"):
            return CohortDefinition(title, entry, rules, cohort_definition_id=1 if number is None else number, **fields)

    def entry(self, node: Node) -> Entry:
        events = tuple(self.event(each) for each in node.nodes("CriteriaList"))
        observed = node.below("ObservationWindow") or Node({}, node.at("ObservationWindow"))
        prior, post = observed.number_of("PriorDays", default=0), observed.number_of("PostDays", default=0)
        observed.finish()
        limit = _limit(node, "PrimaryCriteriaLimit", "PrimaryLimit", absent="first")
        node.finish()
        with at(node.path):
            return Entry(events, prior_days=prior or 0, post_days=post or 0, limit=limit)

    def event(self, node: Node) -> Event | CustomEra:
        written, body = node.only()
        domain = next((name for name, table in EVENTS.items() if table.circe.lower() == _plain(written)), None)
        if domain is None:
            known = ", ".join(table.circe for table in EVENTS.values())
            raise CirceError(f"{node.at(written)} is no kind of event that is known; got {written}. Known: {known}.")
        return self.event_of(domain, Node({} if body is None else body, node.at(written)))

    def event_of(self, domain: str, node: Node) -> Event | CustomEra:
        table = EVENTS[domain]
        fields: dict[str, Any] = {
            "where": read_conditions(node, table.attributes, concept_sets=self.concept_sets),
            "having": self.optional_group(node.below("CorrelatedCriteria")),
            "dates": _shifted(node.below("DateAdjustment")),
            "first": node.flag("First"),
        }
        if domain == "custom_era":
            events = tuple(self.event(each) for each in node.nodes("CriteriaList"))
            gap_days = node.number_of("GapDays", default=0)
            node.finish()
            with at(node.path):
                return CustomEra(events, gap_days or 0, **fields)
        chosen = [self.chosen(node, key) for key in (table.codeset, table.source)]
        node.finish()
        with at(node.path):
            return Event(chosen[0], domain, source_concept_set=chosen[1], **fields)

    def chosen(self, node: Node, key: str) -> ConceptSet | None:
        number = node.take(key) if key else None
        return None if number is None else node.concept_set(key, number, among=self.concept_sets)

    def qualifying(self, node: Node | None, *, limit: str) -> Group | None:
        """Read the additional criteria; if they ask for nothing, they still bring their limit into force."""
        group = self.optional_group(node)
        return Group("all", ()) if node is not None and group is None and limit != "every" else group

    def optional_group(self, node: Node | None) -> Group | None:
        group = None if node is None else self.group(node)
        return group if group is not None and group.criteria else None

    def group(self, node: Node) -> Group:
        # One list after the other, in the order in which Circe numbers them.
        criteria: tuple[Criterion | Demographics | Group, ...] = (
            *(self.criterion(each) for each in node.nodes("CriteriaList")),
            *(self.demographics(each) for each in node.nodes("DemographicCriteriaList")),
            *(self.group(each) for each in node.nodes("Groups")),
        )
        written, count = node.take("Type"), node.number_of("Count")
        node.finish()
        match: Any = "all" if written is None and not criteria else node.word("Type", written, known=_MATCHES)
        with at(node.path):
            return Group(match, criteria, count if match in ("at_least", "at_most") else None)

    def criterion(self, node: Node) -> Criterion:
        fields: dict[str, Any] = {
            "window": _window(node.below("StartWindow"), edge="start"),
            "end_window": _window(node.below("EndWindow"), edge="end"),
            "same_visit": node.flag("RestrictVisit"),
            "ignore_observation_period": node.flag("IgnoreObservationPeriod"),
            **_occurrence(node.below("Occurrence")),
        }
        # Old exports write the event beside its windows instead of under "Criteria".
        inner = node.below("Criteria")
        event = self.event(node if inner is None else inner)
        node.finish()
        with at(node.path):
            return Criterion(event, **fields)

    def demographics(self, node: Node) -> Demographics:
        with at(node.path):
            where = read_conditions(node, DEMOGRAPHICS, concept_sets=self.concept_sets)
            node.finish()
            return Demographics(where)

    def rule(self, node: Node, number: int) -> InclusionRule:
        name, description = node.take("name"), node.take("description")
        expression = node.below("expression")
        node.finish()
        group = Group("all", ()) if expression is None else self.group(expression)
        with at(node.path):
            return InclusionRule(plain_text(name) or f"Rule {number + 1}", group, str(description or ""))

    def exit(self, node: Node | None) -> EndOfObservation | FixedDuration | ContinuousExposure:
        if node is None:
            return EndOfObservation()
        offset, era = node.below("DateOffset"), node.below("CustomEra")
        node.finish()
        if offset is not None and era is None:
            days = offset.number_of("Offset", default=0) or 0
            edge = offset.word("DateField", offset.take("DateField") or "StartDate", known=_EDGES)
            offset.finish()
            with at(offset.path):
                return FixedDuration(days, after="entry_start" if edge == "start" else "entry_end")
        if era is None or offset is not None:
            if era is None and offset is None:
                return EndOfObservation()
            raise CirceError(f"{node.path} must say one way to leave; got DateOffset and CustomEra. Keep one.")
        concept_set = era.concept_set("DrugCodesetId", era.take("DrugCodesetId"), among=self.concept_sets)
        numbers = {
            "gap_days": era.number_of("GapDays", default=0),
            "offset_days": era.number_of("Offset", default=0),
            "days_supply": era.number_of("DaysSupplyOverride"),
        }
        era.finish()
        with at(era.path):
            return ContinuousExposure(concept_set, **numbers)  # type: ignore[arg-type]


def _plain(key: str) -> str:
    return key.replace("_", "").lower()


def _limit(node: Node, *keys: str, absent: str) -> Any:
    below = node.below(*keys)
    written = None if below is None else below.take("Type")
    if below is not None:
        below.finish()
    return absent if below is None or written is None else below.word("Type", written, known=_LIMITS)


def _window(node: Node | None, *, edge: str) -> Window | None:
    if node is None:
        return None
    # Without a word the event's start lies in the first window, and its end in the second (circe-be).
    by_end = node.take("UseEventEnd")
    if by_end is not None and not isinstance(by_end, bool):
        raise CirceError(f"{node.at('UseEventEnd')} must be true or false; got {type(by_end).__name__}.")
    fields: dict[str, Any] = {
        "index_edge": "end" if node.flag("UseIndexEnd") else "start",
        "event_edge": edge if by_end is None else ("end" if by_end else "start"),
    }
    node.take("coeff")
    bounds = [
        _bound(node.below("Start"), far="observation_end", near=-1),
        _bound(node.below("End"), far="observation_start", near=1),
    ]
    node.finish()
    with at(node.path):
        return Window(*bounds, **fields)


def _bound(node: Node | None, *, far: str, near: int) -> Any:
    if node is None:
        return None
    days, coeff = node.number_of("Days"), node.number_of("Coeff", default=near)
    node.finish()
    if coeff not in (-1, 1):
        raise CirceError(f"{node.at('Coeff')} must be -1 (before) or 1 (after); got {coeff}. Mend the document.")
    if days is None:
        return None if coeff == near else far
    return days * coeff


def _occurrence(node: Node | None) -> dict[str, Any]:
    if node is None:
        return {}
    written, count = node.number_of("Type", default=2), node.number_of("Count", default=1)
    distinct, column = node.flag("IsDistinct"), node.take("CountColumn")
    node.finish()
    if written is None or written not in _OCCURS:
        raise CirceError(f"{node.at('Type')} must be 0 (exactly), 1 (at most) or 2 (at least); got {written}.")
    counted = None
    if distinct:  # Circe counts records, whatever the column, unless it is told "distinct"
        counted = "domain_concept_id" if column is None else node.word("CountColumn", column, known=_COUNTED)
    return {"occurs": _OCCURS[written], "count": count, "distinct": counted}


def _shifted(node: Node | None) -> ShiftedDates | None:
    if node is None:
        return None
    edges = [
        node.word(key, node.take(key) or default, known=_EDGES)
        for key, default in (("StartWith", "start_date"), ("EndWith", "end_date"))
    ]
    days = [node.number_of(key, default=0) for key in ("StartOffset", "EndOffset")]
    node.finish()
    with at(node.path):
        return ShiftedDates(days[0] or 0, days[1] or 0, edges[0], edges[1])


def _era_pad(node: Node | None) -> int:
    if node is None:
        return 0
    node.word("CollapseType", node.take("CollapseType") or "ERA", known={"era": True})
    days = node.number_of("EraPad", default=0)
    node.finish()
    return days or 0


def _censor_window(node: Node | None) -> CensorWindow | None:
    if node is None:
        return None
    start, end = node.take("StartDate"), node.take("EndDate")
    node.finish()
    with at(node.path):
        return CensorWindow(start, end) if start or end else None
