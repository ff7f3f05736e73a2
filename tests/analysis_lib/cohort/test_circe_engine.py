"""What the engine does with documents that are odd, hostile or wrong, and with releases that lack something."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import Cohort, CohortDefinition, ConceptSet, EntryEvent, build_cohort
from analysis_lib.cohort.build import FailedCohort, build_cohorts
from analysis_lib.cohort.circe.planning import plan_cohorts
from analysis_lib.cohort.circe.query import read_expression
from analysis_lib.cohort.circe.running import CohortPart, run_cohorts
from analysis_lib.cohort.circe.statistics import inclusion_statistics
from analysis_lib.cohort.language.compiled import CompiledDefinition
from analysis_lib.errors import AnalysisError, CirceError, ConceptWarning, UnknownConceptError

MakeRelease = Callable[..., Dataset]
BLEEDS = {
    "person": "person year_of_birth\n1 1950\n2 1960",
    "observation_period": "person from to\n1 2010-01-01 2010-12-31\n2 2010-01-01 2010-12-31",
    "condition_occurrence": "person concept from to stop_reason\n1 30 2010-05-01 - 7\n2 31 2010-06-01 - 8",
}


def document(concept_ids: list[int], *, rules: list[Any] | None = None, **criterion: Any) -> dict[str, Any]:
    items = [{"concept": {"CONCEPT_ID": one}, "includeDescendants": True} for one in concept_ids]
    return {
        "ConceptSets": [{"id": 0, "name": "bleed", "expression": {"items": items}}],
        "PrimaryCriteria": {
            "CriteriaList": [{"ConditionOccurrence": {"CodesetId": 0, **criterion}}],
            "ObservationWindow": {"PriorDays": 0, "PostDays": 0},
            "PrimaryCriteriaLimit": {"Type": "All"},
        },
        "QualifiedLimit": {"Type": "All"},
        "ExpressionLimit": {"Type": "All"},
        "InclusionRules": rules or [],
    }


def older_than(years: int) -> dict[str, Any]:
    group = {"Type": "ALL", "CriteriaList": [], "Groups": [], "DemographicCriteriaList": [{"Age": _more(years)}]}
    return {"name": f"older than {years}", "expression": group}


def _more(than: int) -> dict[str, Any]:
    return {"Op": "gt", "Value": than}


def run(one: Mapping[str, Any], dataset: Dataset) -> CohortPart:
    plan = plan_cohorts([CompiledDefinition(dict(one), {})], dataset)
    if plan.cohorts[0].error:
        raise plan.cohorts[0].error
    (part,) = run_cohorts(plan.tasks[0])
    assert part.failure == ""
    return part


@pytest.fixture(scope="module")
def dataset(make_release: MakeRelease) -> Dataset:
    return make_release(BLEEDS)


def test_more_rules_than_a_64_bit_mask_holds_are_counted_exactly(dataset: Dataset) -> None:
    rules = [older_than(55 if number == 70 else 10) for number in range(100)]
    part = run(document([30], rules=rules), dataset)
    assert part.frame["subject_id"].tolist() == [1]
    found = inclusion_statistics([part.events, part.persons], [rule["name"] for rule in rules])
    assert found.summary.to_numpy().tolist() == [[2, 1, 0], [2, 1, 1]]
    assert set(found.masks["inclusion_rule_mask"]) == {2**100 - 1, 2**100 - 1 - 2**70}
    gained = found.rules.query("gain_count > 0")
    assert gained[["rule_sequence", "person_count", "mode_id"]].to_numpy().tolist() == [[70, 1, 0], [70, 1, 1]]


def test_attrition_counts_rules_one_after_the_other(dataset: Dataset) -> None:
    part = run(document([30], rules=[older_than(55), older_than(45)]), dataset)
    assert [tuple(count) for count in part.counts] == [
        ("Condition occurrence of bleed", 2, 2),
        ("Inside an observation period", 2, 2),
        ("older than 55", 1, 1),
        ("older than 45", 1, 1),
        ("Time in the cohort, overlapping entries joined", 1, 1),
    ]


@pytest.mark.parametrize("text", ["x'; DROP TABLE cdm.person; --", "@indexId", "#x {0} @eventTable", "%'"])
def test_a_text_of_a_definition_is_only_ever_compared(dataset: Dataset, text: str) -> None:
    part = run(document([30], StopReason={"Op": "!contains", "Text": text}), dataset)
    assert part.frame["subject_id"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (document([30], CodesetId=7), "names concept set 7"),
        ({"ConceptSets": []}, "no entry event"),
        ({"PrimaryCriteria": {"CriteriaList": [{"Nonsense": {}}]}}, "found 'Nonsense'"),
        (document([30]) | {"EndStrategy": {"DateOffset": {"DateField": "StartDate", "Offset": 10**9}}}, "days"),
        (document([30], OccurrenceStartDate={"Op": "gt", "Value": "soon"}), "YYYY-MM-DD"),
        (document([30], Age={"Op": "about", "Value": 5}), "found 'about'"),
    ],
)
def test_what_has_no_meaning_is_refused(dataset: Dataset, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(CirceError, match=said):
        run(wrong, dataset)


def test_thousands_of_concepts_are_looked_up_at_once(dataset: Dataset) -> None:
    many = document([30, *range(2**31, 2**31 + 5_000)])
    plan = plan_cohorts([CompiledDefinition(many, {})], dataset, unknown_concepts="warn")
    assert "found 5000 unknown" in plan.cohorts[0].warnings[0]
    assert run_cohorts(plan.tasks[0])[0].frame["subject_id"].tolist() == [1, 2]
    with pytest.raises(UnknownConceptError, match="found 5000 unknown: 2147483648, "):
        run(many, dataset)


@pytest.mark.parametrize("said", [{}, {"UseEventEnd": None}, {"UseEventEnd": True}])
def test_a_window_for_ends_is_about_the_end_of_the_event_unless_said_otherwise(
    dataset: Dataset, said: dict[str, Any]
) -> None:
    # Both observation periods end after the index date, so none ends in the window; circepy would look at their starts.
    until_index = {"Start": {"Coeff": -1}, "End": {"Coeff": 1, "Days": 0}}
    asked = {
        "Criteria": {"ObservationPeriod": {}},
        "StartWindow": until_index,
        "EndWindow": until_index | said,
        "Occurrence": {"Type": 2, "Count": 1},
    }
    group = {"Type": "ALL", "CriteriaList": [asked], "DemographicCriteriaList": [], "Groups": []}
    rule = {"name": "ended", "expression": group}
    assert run(document([30], rules=[rule]), dataset).frame.empty


def _users(name: str, concept_id: int) -> CohortDefinition:
    return CohortDefinition(name, EntryEvent(ConceptSet(name, [concept_id]), "condition_occurrence"))


def test_a_definition_that_fails_does_not_stop_the_others(dataset: Dataset) -> None:
    good, bad, also_good = build_cohorts([_users("bleed", 30), _users("nothing", 999), _users("ulcer", 40)], dataset)
    assert isinstance(good, Cohort)
    assert good.n_persons == 2
    assert isinstance(bad, FailedCohort)
    assert isinstance(bad.error, UnknownConceptError)
    assert isinstance(also_good, Cohort)
    assert also_good.frame.empty
    assert also_good.frame.dtypes.equals(good.frame.dtypes)


def test_a_table_that_the_release_lacks_is_said_and_read_as_empty(dataset: Dataset) -> None:
    devices = CohortDefinition("devices", EntryEvent(ConceptSet("bleed", [30]), "device_exposure"))
    (built,) = build_cohorts([devices], dataset)
    assert isinstance(built, Cohort)
    assert built.frame.empty
    assert "has no table 'device_exposure'" in built.warnings[0]
    with pytest.warns(ConceptWarning, match="no table 'device_exposure'"), pytest.warns(UserWarning, match="is empty"):
        build_cohort(devices, dataset)


def test_an_error_of_the_engine_fails_one_cohort_without_a_row_in_the_message(make_release: MakeRelease) -> None:
    odd = BLEEDS | {
        "drug_exposure": "person concept from to days_supply\n1 10 2010-05-01 - 9000000000000\n2 10 2010-05-01 - 3",
    }
    dataset = make_release(odd)
    drug = CohortDefinition("drug", EntryEvent(ConceptSet("drug", [10]), "drug_exposure"))
    failed, good = build_cohorts([drug, _users("bleed", 30)], dataset)
    assert isinstance(failed, FailedCohort)
    assert isinstance(failed.error, AnalysisError)
    assert "9000000000000" not in str(failed.error)
    assert failed.error.__cause__ is None
    assert isinstance(good, Cohort)
    assert good.n_persons == 2


def test_ids_keep_every_digit(make_release: MakeRelease) -> None:
    people = [9_007_199_254_740_993, -9_007_199_254_740_993]
    tables = {
        "person": "person\n" + "\n".join(map(str, people)),
        "observation_period": "person from to\n" + "\n".join(f"{one} 2010-01-01 2010-12-31" for one in people),
        "condition_occurrence": "person concept from to\n" + "\n".join(f"{one} 30 2010-05-01 -" for one in people),
    }
    cohort = build_cohort(_users("bleed", 30), make_release(tables, bucket_count=3))
    assert cohort.frame["subject_id"].tolist() == sorted(people)
    assert cohort.frame["subject_id"].dtype == "int64"
    assert isinstance(cohort.inclusion_statistics.rules, pd.DataFrame)
    json.dumps(cohort.attrition.to_dict("list"))


@pytest.mark.parametrize("place", ["entry", "having", "censoring"])
def test_a_criterion_that_the_reader_takes_for_another_kind_is_refused(place: str) -> None:
    # circepy reads a body that fails its model as an empty condition occurrence, and everybody would qualify.
    strange: dict[str, Any] = {"ConditionEra": {"DateAdjustment": {}}}
    one = document([30])
    if place == "entry":
        one["PrimaryCriteria"]["CriteriaList"] = [strange]
    elif place == "having":
        group = {"Type": "ALL", "CriteriaList": [{"Criteria": strange, "Occurrence": {"Type": 2, "Count": 1}}]}
        one["PrimaryCriteria"]["CriteriaList"][0]["ConditionOccurrence"]["CorrelatedCriteria"] = group
    else:
        one["CensoringCriteria"] = [strange]
    with pytest.raises(CirceError, match="cannot be read"):
        read_expression(one)
