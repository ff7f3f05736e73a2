"""The reading in plain Python, on cases small enough to be answered by hand."""

from datetime import date
from typing import Any

import pytest

from analysis_lib.testing.reference_engine import read_cohort, reference_cohort

Document = dict[str, Any]
PRIMARY = {"ObservationWindow": {"PriorDays": 0, "PostDays": 0}, "PrimaryCriteriaLimit": {"Type": "All"}}
CONCEPT_SETS = [{"id": 0, "name": "one", "expression": {"items": [{"concept": {"CONCEPT_ID": 1}}]}}]
TABLES: dict[str, list[dict[str, Any]]] = {
    "concept": [{"concept_id": 1, "invalid_reason": None}],
    "observation_period": [
        {
            "person_id": 2**53 + 1,
            "observation_period_start_date": date(2010, 1, 1),
            "observation_period_end_date": date(2010, 12, 31),
        }
    ],
    "condition_occurrence": [
        {
            "person_id": 2**53 + 1,
            "condition_occurrence_id": month,
            "condition_concept_id": 1,
            "condition_start_date": date(2010, month, 1),
        }
        for month in (2, 4, 6)
    ],
}


def _document(**parts: Any) -> Document:
    criteria = {"CriteriaList": [{"ConditionOccurrence": {"CodesetId": 0}}]}
    every = {"Type": "All"}
    return {
        "ConceptSets": CONCEPT_SETS,
        "PrimaryCriteria": {**criteria, **PRIMARY},
        "QualifiedLimit": every,
        "ExpressionLimit": every,
        "EndStrategy": {"DateOffset": {"DateField": "EndDate", "Offset": 3}},
        **parts,
    }


def _starts(document: Document) -> list[int]:
    return [start.month for _, start, _ in reference_cohort(document, TABLES)]


def test_a_condition_without_an_end_ends_on_the_next_day():
    assert reference_cohort(_document(), TABLES)[0] == (2**53 + 1, date(2010, 2, 1), date(2010, 2, 5))


@pytest.mark.parametrize(("limit", "months"), [({"Type": "Last"}, [6]), ({"Type": "First"}, [2]), ({}, [2])])
def test_a_limit_that_is_not_said_means_the_first(limit: Document, months: list[int]):
    assert _starts(_document(ExpressionLimit=limit)) == months


def test_the_qualified_limit_counts_only_with_additional_criteria_even_empty_ones():
    assert _starts(_document(QualifiedLimit={"Type": "Last"})) == [2, 4, 6]
    assert _starts(_document(QualifiedLimit={"Type": "Last"}, AdditionalCriteria={"Type": "ALL"})) == [6]


def test_periods_that_touch_within_the_pad_are_one():
    joined = reference_cohort(_document(CollapseSettings={"EraPad": 60}), TABLES)
    assert joined == [(2**53 + 1, date(2010, 2, 1), date(2010, 6, 5))]


def test_rules_are_counted_apart_and_together():
    prior = {
        "Criteria": {"ConditionOccurrence": {"CodesetId": 0}},
        "StartWindow": {"Start": {"Coeff": -1}, "End": {"Days": 1, "Coeff": -1}},
        "Occurrence": {"Type": 2, "Count": 1},
    }
    twice = prior | {"Occurrence": {"Type": 2, "Count": 2}}
    rules = [{"name": "", "expression": {"Type": "ALL", "CriteriaList": [one]}} for one in (prior, twice)]
    reading = read_cohort(_document(InclusionRules=rules), TABLES)
    assert [len(keys) for keys in reading.by_rule] == [2, 1]
    assert [start.month for _, start, _ in reading.periods] == [6]
