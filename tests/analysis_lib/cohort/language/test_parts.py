"""What cannot be meant is refused, with its place, the type of what was given, and the fix."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from analysis_lib.cohort import CohortDefinition, ConceptSet
from analysis_lib.cohort.exits import CensorWindow, ContinuousExposure
from analysis_lib.cohort.language import (
    Criterion,
    CustomEra,
    Demographics,
    Entry,
    Event,
    Group,
    InclusionRule,
    ShiftedDates,
    Where,
    Window,
)
from analysis_lib.cohort.language.computed import Change, Egfr, Ratio, Slope
from analysis_lib.errors import InvalidDefinitionError

DRUG = ConceptSet("drug", [10])
USE = Event(DRUG, "drug_exposure")


def _where(field: str, operator: str, value: Any = None, *, domain: str = "measurement") -> Event:
    return Event(DRUG, domain, where=(Where(field, operator, value),))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: Event(DRUG, "person"),
            "domain of an Event is not known; got str 'person'. Choose one of: cond",
        ),
        (lambda: Event("drug_exposure", DRUG), "domain of an Event is not known; got ConceptSet"),
        (lambda: Event(DRUG, "observation_period"), "concept_set of an Event cannot be asked of observation_period"),
        (lambda: Event(None, "drug_era", source_concept_set=DRUG), "source_concept_set of an Event cannot be asked"),
        (lambda: Event(None, "death", first=True), "first of Event cannot be asked of death"),
        (lambda: Event(Egfr(DRUG), "observation"), "must be measurement; got observation"),
        (lambda: Event(DRUG, "drug_era", where=Where("age", "<", 3)), "where of Event must be a tuple of parts"),
        (lambda: Event(DRUG, "drug_era", having=USE), "having of Event must be Group; got Event"),
        (lambda: _where("colour", "=", 1), "where[0].field is not known; got str 'colour'. Choose one of: start_date"),
        (lambda: _where("age", "in", 1), "where[0].operator of age is not known; got str 'in'. Choose one of: <, <="),
        (lambda: _where("age", "near", 1), "operator of a Where is not known"),
        (lambda: _where("age", "<", "40"), "where[0].value of age must be a number; got str '40'"),
        (lambda: _where("age", "<", float("nan")), "must be a number; got float nan"),
        (lambda: _where("age", ">", 17.5), "must be a whole number; got float 17.5. Round it as you mean it."),
        (lambda: _where("age", "between", 40), "must be two values with 'between'; got int. Write (lowest, highest)"),
        (lambda: _where("age", "between", (50, 40)), "got the higher first. Turn them round."),
        (lambda: _where("start_date", "<", "1 May"), "must be a date; got str '1 May'. Write it as year-month-day"),
        (lambda: _where("start_date", "<", "2021-02-29"), "must be a date"),
        (lambda: _where("gender", "in", 8507), "where[0].value of gender must be tuple; got int 8507"),
        (lambda: _where("gender", "in", []), "must name 1 to 100,000 concepts; got 0"),
        (lambda: _where("gender", "not in", [8507]), "must be a ConceptSet with 'not in'; got tuple"),
        (lambda: _where("gender", "in", ["M"]), "value of gender[0] must be a whole number"),
        (lambda: _where("abnormal", "is", False), "got False, which asks nothing"),
        (lambda: _where("value_as_string", "contains", ""), "must have 1 to 4,000 letters; got 0"),
        (
            lambda: Event(DRUG, "drug_era", where=(Where("length_days", ">", 1), Where("length_days", "<", 9))),
            "where[1] asks of length_days a second time",
        ),
        (lambda: CustomEra(()), "events of a CustomEra must have 1 part or more; got 0"),
        (lambda: CustomEra((USE,), -1), "gap_days of a CustomEra must be a whole number"),
        (lambda: ShiftedDates(1, start_from="middle"), "start_from of ShiftedDates is not known"),
        (lambda: Window("long ago", 0), "from_day of a Window must be a whole number of days, negative before"),
        (lambda: Window(-(10**6), 0), "within 100,000 days; got -1000000. Leave it out for no limit."),
        (lambda: Criterion(DRUG), "event of a Criterion must be Event or CustomEra; got ConceptSet"),
        (lambda: Criterion(USE, occurs="often"), "Choose one of: at_least, at_most, exactly"),
        (lambda: Criterion(USE, count=-1), "count of a Criterion must be a whole number, 0 or more; got int -1"),
        (lambda: Criterion(USE, distinct="colour"), "distinct of a Criterion is not known"),
        (lambda: Demographics((Where("age", "<", "x"),)), "where[0].value of age must be a number"),
        (lambda: Group("all", (USE,)), "criteria[0] of a Group must be Criterion or Demographics or Group; got Event"),
        (lambda: Group("at_least", (Criterion(USE),)), "count of a Group must be a whole number"),
        (lambda: Group("all", (Criterion(USE),), 1), "goes with at_least and at_most; got it with all"),
        (lambda: InclusionRule("", Group("all", ())), "name of an InclusionRule must be one line of text"),
        (lambda: Entry(()), "events of an Entry must have 1 part or more"),
        (lambda: Entry((USE,), limit="second"), "limit of an Entry is not known"),
        (lambda: ContinuousExposure("drug"), "concept_set of ContinuousExposure must be ConceptSet; got str 'drug'"),
        (CensorWindow, "a CensorWindow must have a start or an end"),
        (lambda: Ratio(DRUG, DRUG, numerator_unit=8840), "must name both units or none"),
        (lambda: Slope(DRUG, 0), "look_back_days of a Slope must be a whole number, 1 or more"),
        (lambda: Change("drug"), "of of a Change must be ConceptSet or ComputedValue"),
        (lambda: CohortDefinition("x", USE, qualified_limit="first"), "qualified_limit is not known"),
        (
            lambda: CohortDefinition("x", USE, (USE,)),
            "inclusion_rules[0] must be PriorObservation or Washout",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(make: Callable[[], object], says: str) -> None:
    with pytest.raises(InvalidDefinitionError) as refused:
        make()
    assert says in str(refused.value)


FULL = CohortDefinition(
    "full",
    Entry((USE, Event(DRUG, "drug_era", where=(Where("start_date", ">=", "2020-01-31"),)))),
    (InclusionRule("rule", Group("all", (Criterion(USE, Window(-30, 0), count=2),))),),
)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda d: d["inclusion_rules"][0]["group"]["criteria"][0].update(count="two"),
            "inclusion_rules[0].group.criteria[0]: count of a Criterion must be a whole number, 0 or more; got str",
        ),
        (
            lambda d: d["inclusion_rules"][0]["group"]["criteria"][0]["window"].update(from_day="x"),
            "inclusion_rules[0].group.criteria[0].window: from_day of a Window",
        ),
        (lambda d: d["entry"]["events"][1].update(domain="x"), "entry[1]: domain of an Event is not known"),
        (lambda d: d["entry"]["events"][1].update(colour=1), "Event at entry[1] must have these keys only"),
        (lambda d: d["entry"]["events"][0].pop("domain"), "missing: domain"),
        (lambda d: d["entry"]["events"].append({"type": "__import__"}), "entry[2]: type of a part"),
        (lambda d: d["entry"]["events"].append({"x": 1}), "Concept at entry[2] must have these keys only"),
        (lambda d: d["entry"]["events"][0]["concept_set"].update(items=7), "entry[0].concept_set.items must be a list"),
    ],
)
def test_a_document_with_a_wrong_part_is_refused_with_its_path(change: Callable[[Any], None], says: str) -> None:
    document = json.loads(FULL.to_json())
    change(document)
    with pytest.raises(InvalidDefinitionError) as refused:
        CohortDefinition.from_json(json.dumps(document))
    assert says in str(refused.value)


def test_a_definition_that_is_too_deep_is_refused() -> None:
    group = Group("all", (Criterion(USE),))
    for _ in range(50):
        group = Group("all", (group,))
    with pytest.raises(InvalidDefinitionError, match="lies too deep; found more than 40 parts"):
        CohortDefinition("deep", USE, qualifying=group)
    document: dict[str, Any] = {"type": "Group", "match": "all", "criteria": []}
    for _ in range(250):
        document = {"type": "Group", "match": "all", "criteria": [document]}
    with pytest.raises(InvalidDefinitionError, match="too deep"):
        CohortDefinition.from_json(json.dumps({**json.loads(FULL.to_json()), "qualifying": document}))
    with pytest.raises(InvalidDefinitionError, match="too deep"):
        CohortDefinition.from_json("[" * 100_000)


def test_a_definition_that_holds_itself_is_refused() -> None:
    group = Group("all", (Criterion(USE),))
    object.__setattr__(group, "criteria", (group,))
    with pytest.raises(InvalidDefinitionError, match="holds itself"):
        CohortDefinition("snake", USE, qualifying=group)


def test_a_definition_that_is_too_large_is_refused() -> None:
    group = Group("any", (Criterion(USE),) * 60_000)
    with pytest.raises(InvalidDefinitionError, match="too large; found more than 100,000 parts"):
        CohortDefinition("large", USE, qualifying=group)


def test_text_of_a_definition_is_never_run() -> None:
    text = "'; DROP TABLE person; --{x}@cdm"
    definition = CohortDefinition("x", _where("value_as_string", "contains", text, domain="observation"))
    assert CohortDefinition.from_json(definition.to_json()) == definition
    body = definition.to_circe()["PrimaryCriteria"]["CriteriaList"][0]["Observation"]
    assert body["ValueAsString"] == {"Text": text, "Op": "contains"}
