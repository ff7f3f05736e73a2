"""Circe JSON in and out: circepy must write the same SQL for what was read and for what we write."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent
from analysis_lib.cohort.exits import ContinuousExposure
from analysis_lib.cohort.language import Criterion, Entry, Event, Where, Window
from analysis_lib.cohort.language.attributes import DEMOGRAPHICS, EVENTS, Attribute
from analysis_lib.cohort.language.computed import Egfr
from analysis_lib.errors import CirceError

PHENOTYPES = sorted((Path(__file__).parents[3] / "data" / "phenotypes").glob("*.json"))
Document = dict[str, Any]


def _lines(concept_set: Document) -> str:
    flags = ("isExcluded", "includeDescendants", "includeMapped")
    return repr(
        sorted(
            {
                (item["concept"]["CONCEPT_ID"], *(bool(item.get(flag)) for flag in flags))
                for item in concept_set["expression"]["items"]
            }
        )
    )


def official_sql(document: Document) -> str:
    """Write the SQL as circepy does, with each concept set's lines in place of its number."""
    from circe.api import BuildExpressionQueryOptions, build_cohort_query, cohort_expression_from_json

    sets = {each["id"]: _lines(each) for each in document["ConceptSets"]}
    expression = cohort_expression_from_json(json.dumps(document))
    _, found, body = build_cohort_query(expression, BuildExpressionQueryOptions()).partition(
        "UPDATE STATISTICS #Codesets"
    )
    assert found
    return re.sub(r"codeset_id = (\d+)", lambda number: f"codeset_id = {sets[int(number[1])]}", body)


def test_there_are_150_phenotypes() -> None:
    assert len(PHENOTYPES) == 150


@pytest.mark.parametrize("path", PHENOTYPES, ids=lambda path: path.stem)
def test_a_phenotype_that_was_read_and_written_gives_the_same_sql(path: Path) -> None:
    text = path.read_text()
    definition = CohortDefinition.from_circe(text)
    written = definition.to_circe()
    assert official_sql(written) == official_sql(json.loads(text))
    again = CohortDefinition.from_circe(json.dumps(written))
    assert again.sha256 == definition.sha256
    assert CohortDefinition.from_json(definition.to_json()) == definition
    assert definition.describe().count("\n") >= 2


def _small() -> Document:
    definition = CohortDefinition(
        "small",
        Entry(
            (
                Event(
                    ConceptSet("a1c", [3004410]),
                    "measurement",
                    first=True,
                    where=(Where("value_as_number", ">", 6.5), Where("gender", "in", [8532])),
                ),
            ),
            prior_days=365,
        ),
    )
    return definition.to_circe()


def _body(document: Document) -> Document:
    body: Document = document["PrimaryCriteria"]["CriteriaList"][0]["Measurement"]
    return body


@pytest.mark.parametrize(
    "change",
    [
        lambda d: _body(d).update(ValueAsNumber={"Op": "gte", "Value": 6.5}),
        lambda d: _body(d).update(ValueAsNumber={"Op": "gt", "Value": 7}),
        lambda d: _body(d).update(First=False),
        lambda d: _body(d).update(Gender=[{"CONCEPT_ID": 8507}]),
        lambda d: d["PrimaryCriteria"]["ObservationWindow"].update(PriorDays=364),
        lambda d: d["ConceptSets"][0]["expression"]["items"][0].update(includeMapped=True),
        lambda d: d["CollapseSettings"].update(EraPad=1),
        lambda d: d["PrimaryCriteria"]["PrimaryCriteriaLimit"].update(Type="Last"),
    ],
)
def test_the_comparison_of_sql_and_the_hash_see_a_small_change(change: Callable[[Document], None]) -> None:
    before, after = _small(), _small()
    change(after)
    assert official_sql(before) != official_sql(after)
    read = [CohortDefinition.from_circe(document) for document in (before, after)]
    assert read[0].sha256 != read[1].sha256
    assert official_sql(read[1].to_circe()) == official_sql(after)


def _recased(value: Any, case: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {case(key): _recased(each, case) for key, each in value.items()}
    return [_recased(each, case) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "case", [str.lower, str.upper, lambda key: key[:1].lower() + key[1:], lambda key: key[:1].upper() + key[1:]]
)
def test_keys_are_read_in_any_case(case: Callable[[str], str]) -> None:
    for path in PHENOTYPES[::15]:
        document = json.loads(path.read_text())
        assert CohortDefinition.from_circe(_recased(document, case)) == CohortDefinition.from_circe(document)


def test_an_export_of_atlas_gives_its_name_and_number() -> None:
    export = {"id": 77, "name": "High A1c", "description": "", "expressionType": "SIMPLE_EXPRESSION"}
    for expression in (_small(), json.dumps(_small())):
        definition = CohortDefinition.from_circe(json.dumps({**export, "expression": expression}))
        assert (definition.name, definition.cohort_definition_id) == ("High A1c", 77)
        assert definition.sha256 == CohortDefinition.from_circe(_small()).sha256
    renamed = CohortDefinition.from_circe({**export, "expression": _small()}, name="other", cohort_definition_id=5)
    assert (renamed.name, renamed.cohort_definition_id) == ("other", 5)


def test_what_may_be_left_out_may_be_left_out() -> None:
    document = {
        "ConceptSets": None,
        "PrimaryCriteria": {"CriteriaList": [{"Death": {}}], "PrimaryCriteriaLimit": {"Type": "All"}},
        "AdditionalCriteria": {
            "Type": "ALL",
            # As old exports have it: no "Criteria", no "Occurrence".
            "CriteriaList": [{"VisitOccurrence": {}, "StartWindow": {"Start": {"Coeff": -1}, "End": {"Coeff": 1}}}],
            "DemographicCriteriaList": None,
        },
        "CensorWindow": {},
    }
    definition = CohortDefinition.from_circe(document)
    assert definition.qualifying is not None
    assert definition.qualifying.criteria == (Criterion(Event(None, "visit_occurrence"), Window(None, None)),)
    # circe-be gives "First" to a limit that is left out.
    assert (definition.entries_per_person, definition.qualified_limit) == ("first", "first")


def test_additional_criteria_that_ask_for_nothing_bring_their_limit_into_force() -> None:
    document = {**_small(), "AdditionalCriteria": {"Type": "ANY"}, "QualifiedLimit": {"Type": "Last"}}
    definition = CohortDefinition.from_circe(document)
    assert definition.qualified_limit == "last"
    assert definition.to_circe()["QualifiedLimit"] == {"Type": "Last"}


def test_an_empty_concept_set_is_read() -> None:
    document = _small()
    document["ConceptSets"][0]["expression"]["items"] = []
    definition = CohortDefinition.from_circe(document)
    assert definition.concept_sets[0].items == ()
    assert CohortDefinition.from_json(definition.to_json()) == definition
    assert "a1c (no concept)" in definition.describe()


def test_a_concept_set_that_nothing_uses_carries_no_meaning() -> None:
    document = _small()
    document["ConceptSets"].append({"id": 9, "name": "spare", "expression": {"items": []}})
    assert CohortDefinition.from_circe(document) == CohortDefinition.from_circe(_small())


def test_a_second_window_asks_for_the_end_of_the_event_unless_it_says_otherwise() -> None:
    # circe-be reads a missing UseEventEnd so; circepy 0.3.0 takes the start.
    document = _small()
    window = {"Start": {"Days": 1, "Coeff": -1}, "End": {"Coeff": 1}}
    criterion = {"Criteria": {"Death": {}}, "StartWindow": window, "EndWindow": window}
    document["AdditionalCriteria"] = {"Type": "ALL", "CriteriaList": [criterion]}
    group = CohortDefinition.from_circe(document).qualifying
    assert group is not None
    assert group.criteria[0] == Criterion(
        Event(None, "death"), Window(-1, None), end_window=Window(-1, None, event_edge="end")
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(Surprise={"x": 1}), "Surprise is not known"),
        (lambda d: _body(d).update(Colour="red"), "PrimaryCriteria.CriteriaList[0].Measurement.Colour is not known"),
        (lambda d: _body(d).update(CodesetId=5), "Measurement.CodesetId names concept set 5, which the document"),
        (lambda d: _body(d).update(CodesetId="x"), "Measurement.CodesetId must be a whole number; got str 'x'"),
        (lambda d: _body(d).update(First="yes"), "Measurement.First must be true or false; got str 'yes'"),
        (lambda d: _body(d).update(ValueAsNumber={"Op": "near", "Value": 1}), "ValueAsNumber.Op is not known"),
        (lambda d: _body(d).update(ValueAsNumber={"Op": "gt"}), "Measurement: where[1].value of value_as_number must"),
        (lambda d: _body(d).update(ValueAsString={"Op": "contains"}), "value of value_as_string must be str; got None"),
        (lambda d: _body(d).update(ValueAsNumber=3), "Measurement.ValueAsNumber must be an object; got int 3"),
        (lambda d: _body(d).update(first=False), "Measurement.first is said twice"),
        (lambda d: d["PrimaryCriteria"]["CriteriaList"].append({"Spell": {}}), "CriteriaList[1].Spell is no kind of"),
        (lambda d: d["PrimaryCriteria"]["CriteriaList"].append({}), "CriteriaList[1] must hold one kind of event"),
        (lambda d: d["PrimaryCriteria"].update(CriteriaList=[]), "PrimaryCriteria: events of an Entry must have 1"),
        (lambda d: d.pop("PrimaryCriteria"), "PrimaryCriteria is missing"),
        (lambda d: d["ExpressionLimit"].update(Type="Second"), "ExpressionLimit.Type is not known; got str 'Second'"),
        (lambda d: d["ConceptSets"].append({"id": 0}), "ConceptSets[1].id must be a number of its own"),
        (lambda d: d["ConceptSets"][0]["expression"]["items"].append({}), "items[1].concept must have a CONCEPT_ID"),
        (
            lambda d: d.update(CensorWindow={"StartDate": "soon"}),
            "CensorWindow: start of a CensorWindow must be",
        ),
        (lambda d: d.update(EndStrategy={"Custom": {"x": 1}}), "EndStrategy.Custom is not known"),
        (lambda d: d["CollapseSettings"].update(CollapseType="none"), "CollapseSettings.CollapseType is not known"),
        (
            lambda d: d.update(AdditionalCriteria={"Type": "AT_LEAST", "CriteriaList": [{"Criteria": {"Death": {}}}]}),
            "AdditionalCriteria: count of a Group must be a whole number",
        ),
    ],
)
def test_what_is_not_known_is_refused_with_its_path(change: Callable[[Document], None], says: str) -> None:
    document = _small()
    change(document)
    with pytest.raises(CirceError) as refused:
        CohortDefinition.from_circe(json.dumps(document))
    assert says in str(refused.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", "[" * 100_000, '"text"'])
def test_what_is_no_document_at_all_is_refused(text: str) -> None:
    with pytest.raises(CirceError):
        CohortDefinition.from_circe(text)


def test_a_document_as_deep_as_a_well_is_refused() -> None:
    document = _small()
    group: Document = {"Type": "ALL"}
    for _ in range(300):
        group = {"Type": "ALL", "Groups": [group]}
    document["AdditionalCriteria"] = group
    with pytest.raises(CirceError, match="too deep"):
        CohortDefinition.from_circe(document)


def test_a_computed_value_cannot_be_written_as_circe() -> None:
    egfr = Event(Egfr(ConceptSet("creatinine", [3016723])), "measurement")
    with pytest.raises(CirceError, match="no words for computed values; found 1"):
        CohortDefinition("low eGFR", egfr).to_circe()


def _asked(attribute: Attribute) -> list[Where]:
    name, concept_set = attribute.name, ConceptSet("some", [1])
    if attribute.kind == "concepts":
        listed = [Where(name, "in", [1, 2])] * attribute.listed + [Where(name, "not in", [1])] * bool(
            attribute.exclusion
        )
        chosen = [Where(name, "in", concept_set), Where(name, "not in", concept_set)]
        return listed + ([*chosen, Where(name, "is recorded"), Where(name, "is not recorded")]) * attribute.chosen
    return {
        "whole": [Where(name, "<", 3), Where(name, "not between", (1, 2))],
        "number": [Where(name, "<", 3), Where(name, "not between", (1, 2.5))],
        "date": [Where(name, ">=", "2020-02-29"), Where(name, "between", ("1066-10-14", "9999-12-31"))],
        "text": [Where(name, "not contains", "100% 'sure'"), Where(name, "starts with", "a")],
        "concept_set": [Where(name, "in", concept_set)],
        "flag": [Where(name, "is", value=True)],
        "period": [Where(name, "is", ("2020-01-01", None)), Where(name, "is", ("2020-01-01", "2020-12-31"))],
    }[attribute.kind]


@pytest.mark.parametrize("domain", [domain for domain in EVENTS if domain != "custom_era"])
def test_every_condition_on_every_table_survives_circe_and_json(domain: str) -> None:
    for attribute in EVENTS[domain].attributes.values():
        for where in _asked(attribute):
            definition = CohortDefinition("one", Entry((Event(None, domain, where=(where,)),)))
            assert CohortDefinition.from_circe(definition.to_circe(), name="one").entry == definition.entry
            assert CohortDefinition.from_json(definition.to_json()) == definition
            assert attribute.name.replace("_", " ").removesuffix(" period")[:4] in definition.describe()


def test_every_condition_on_a_person_survives_circe_and_json() -> None:
    from analysis_lib.cohort.language import Demographics, Group

    for attribute in DEMOGRAPHICS.values():
        for where in _asked(attribute):
            group = Group("all", (Demographics((where,)),))
            definition = CohortDefinition("one", Event(None, "death"), qualifying=group)
            assert CohortDefinition.from_circe(definition.to_circe()).qualifying == group


def test_reading_changes_nothing_in_what_was_given() -> None:
    document = json.loads(PHENOTYPES[0].read_text())
    before = copy.deepcopy(document)
    CohortDefinition.from_circe(document)
    assert document == before


def test_the_short_forms_are_what_they_mean_in_circe() -> None:
    drug = ConceptSet("drug", [10])
    definition = CohortDefinition.new_users(drug, washout_days=180, exit=ContinuousExposure(drug, gap_days=30))
    document = definition.to_circe()
    assert [rule["name"] for rule in document["InclusionRules"]] == [
        "Observed for 180 days before",
        "No drug era of drug in the 180 days before",
    ]
    assert document["EndStrategy"] == {"CustomEra": {"DrugCodesetId": 0, "GapDays": 30, "Offset": 0}}
    assert CohortDefinition.from_circe(document).sha256 == definition.sha256
    first = CohortDefinition("x", EntryEvent(drug, "drug_era")).to_circe()
    assert first["PrimaryCriteria"]["CriteriaList"] == [{"DrugEra": {"CodesetId": 0, "First": True}}]


def test_a_decimal_where_circe_compares_whole_numbers_is_cut_as_circe_cuts_it() -> None:
    document = _small()
    _body(document)["Age"] = {"Op": "gt", "Value": 17.9}
    definition = CohortDefinition.from_circe(document)
    assert "age > 17" in definition.describe()
    assert official_sql(definition.to_circe()) == official_sql(document)
