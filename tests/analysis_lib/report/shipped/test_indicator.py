"""Cases of an indicator: which count, what follows in time, and in which unit."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import ConceptSet
from analysis_lib.errors import InvalidDefinitionError, ModelInputError
from analysis_lib.report.shipped import concepts_by_id, indicator_cases
from analysis_lib.report.shipped.care_units import name_units

TABLES = {
    "person": """
        person year_of_birth gender_concept_id location_id
        1 1950 8532 7
        2 1985 8507 -
        3 1910 0    8
    """,
    "observation_period": """
        person from to
        1 2000-01-01 2000-12-31
        2 2000-01-01 2000-12-31
        3 2000-01-01 2000-06-05
    """,
    # 1 bleeds on two days of one week (one case) and in autumn; 2 once; 3 at the end of observation (no case).
    "condition_occurrence": """
        person concept from to
        1 30 2000-02-01 2000-02-01
        1 31 2000-02-04 2000-02-04
        1 30 2000-10-01 2000-10-01
        2 30 2000-03-01 2000-03-01
        3 30 2000-06-01 2000-06-01
    """,
    "drug_exposure": """
        person concept from to
        1 11 2000-02-08 2000-02-10
        1 10 2000-10-09 2000-10-10
        2 20 2000-03-01 2000-03-02
    """,
    # Two visits hold 1's February day: the later one counts. The October visit has no end and began before.
    "visit_occurrence": """
        visit_occurrence_id person visit_concept_id visit_start_date visit_end_date care_site_id provider_id
        1 1 9201 2000-01-20 2000-02-20 5 50
        2 1 9201 2000-02-01 2000-02-01 6 -
        3 1 9201 2000-09-30 -          6 60
        4 2 9202 2000-03-01 2000-03-01 5 50
    """,
}


@pytest.fixture(scope="module")
def release(make_release: Callable[..., Dataset]) -> Dataset:
    return make_release(TABLES, bucket_count=2)


def _cases(release: Dataset, **change: Any) -> Any:
    asked = {
        "cases": ConceptSet("bleed", [30]),
        "case_table": "condition_occurrence",
        "events": ConceptSet("drug", [10]),
        "event_table": "drug_exposure",
        "within_days": 7,
        "unit": "care_site",
        "first_date": "2000-01-01",
        "last_date": "2000-12-31",
    }
    return indicator_cases(release, **{**asked, **change})


def test_a_case_is_observed_for_its_days_and_takes_up_records_within_them(release: Dataset) -> None:
    found = _cases(release)
    days = found.frame["cohort_start_date"].dt.strftime("%Y-%m-%d")
    assert list(zip(found.frame["subject_id"], days, strict=True)) == [
        (1, "2000-02-01"),
        (1, "2000-10-01"),
        (2, "2000-03-01"),
    ]


def test_the_event_counts_up_to_the_last_day(release: Dataset) -> None:
    assert _cases(release).frame["event"].tolist() == [True, False, False]
    assert _cases(release, within_days=8).frame["event"].tolist() == [True, True, False]
    assert _cases(release, within_days=6).frame["event"].tolist() == [False, False, False]
    assert _cases(release).persons == {"all": 2, "events": 1, "without unit": 1}


def test_cases_outside_the_dates_are_left_out(release: Dataset) -> None:
    assert _cases(release, first_date="2000-02-02", last_date="2000-03-01").frame["subject_id"].tolist() == [2]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("care_site", ["care site 6", None, "care site 5"]),
        ("provider", [None, None, "provider 50"]),
        ("ward", [None, None, None]),
        ("location", ["location 7", "location 7", None]),
        ("age_group", ["50–59", "50–59", "10–19"]),
        ("sex", ["female", "female", "male"]),
    ],
)
def test_units_are_those_of_the_day(release: Dataset, unit: Any, expected: list[str | None]) -> None:
    found = _cases(release, unit=unit)
    assert found.frame["unit"].astype(object).where(found.frame["unit"].notna(), None).tolist() == expected
    assert found.without_unit == expected.count(None)


def test_the_old_are_one_group_and_unknown_sex_is_no_unit(release: Dataset) -> None:
    frame = pd.DataFrame({"subject_id": [3], "cohort_start_date": pd.to_datetime(["2000-06-01"])})
    assert name_units(frame, release, unit="age_group").tolist() == ["90+"]
    assert name_units(frame, release, unit="sex").isna().all()
    assert name_units(frame.iloc[:0], release, unit="sex").empty


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"first_date": "1990-01-01", "last_date": "1990-12-31"}, "There is no case in this time"),
        ({"unit": "ward"}, "None of the 3 cases names its ward"),
        ({"within_days": 6}, "What is looked for came in no one of the"),
    ],
)
def test_nothing_to_compare_is_said_in_a_sentence(release: Dataset, change: dict[str, Any], words: str) -> None:
    assert _cases(release, **change).problem().startswith(words)


def test_units_too_small_to_show_are_said_in_a_sentence(release: Dataset) -> None:
    assert _cases(release, unit="sex").problem() == ""
    assert _cases(release, unit="age_group").problem(fewest_persons=2).startswith("No age group has 2 persons")


def test_an_unknown_unit_is_refused_with_the_known_ones(release: Dataset) -> None:
    with pytest.raises(ModelInputError, match="'care_site', 'provider', 'ward'"):
        _cases(release, unit="bed")


def test_concepts_are_called_by_their_names(release: Dataset) -> None:
    found = concepts_by_id([10, 20], release)
    assert found.name == "drug or other_drug"
    assert [item.concept_id for item in found.items] == [10, 20]
    with pytest.raises(InvalidDefinitionError, match="needs concepts"):
        concepts_by_id([], release)


def test_days_the_wrong_way_round_are_told_from_a_time_without_cases(release: Dataset) -> None:
    assert "other way round" in _cases(release, first_date="2000-12-31", last_date="2000-01-01").problem()
    assert "no case in this time" in _cases(release, first_date="1999-01-01", last_date="1999-01-01").problem()


def test_the_cases_are_said_to_be_some_of_all_persons_with_a_case(release: Dataset) -> None:
    found = _cases(release, first_date="2000-03-01", last_date="2000-12-31")
    assert found.in_words() == "Of these 2 persons, 2 have 2 cases that begin from 2000-03-01 to 2000-12-31."
