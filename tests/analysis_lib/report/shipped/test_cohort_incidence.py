"""Incidence of a cohort: person-days counted by hand, bands that are joined, cohorts that are empty."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, PriorObservation, build_cohort
from analysis_lib.errors import EmptyResultWarning, ModelInputError
from analysis_lib.report import Report
from analysis_lib.report.shipped import cohort_incidence, observed_after_entry

BLEED = ConceptSet("bleed", [30])
# Person 1 bleeds on the last of 60 days that cross the year; 2 never; 3 twice, the first time on the first day; 4 has
# two periods that overlap on ten days; 5 is born in another decade and bleeds.
TABLES = {
    "person": """
        person year_of_birth
        1 1950
        2 1950
        3 1955
        4 1985
        5 1985
    """,
    "observation_period": """
        person from to
        1 2000-12-02 2001-12-31
        2 2001-01-01 2001-12-31
        3 2001-03-01 2001-12-31
        4 2002-01-01 2002-01-31
        4 2002-01-22 2002-02-28
        5 2002-01-01 2002-12-31
    """,
    "condition_occurrence": """
        person concept from to
        1 30 2001-01-30 2001-01-30
        3 31 2001-03-01 2001-03-01
        3 30 2001-06-01 2001-06-01
        5 30 2002-01-10 2002-01-10
    """,
}


@pytest.fixture(scope="module")
def release(make_release: Callable[..., Dataset]) -> Dataset:
    return make_release(TABLES, bucket_count=3)


def _bleeders(release: Dataset, *rules: Any, concepts: ConceptSet = BLEED) -> Any:
    return build_cohort(CohortDefinition("bleeders", EntryEvent(concepts, "condition_occurrence"), rules), release)


def _days(rates: Any) -> dict[str, tuple[int, int, int]]:
    table = rates.table
    return {
        group: (round(row["person_years"] * 365.25), row["events"], row["persons"])
        for group, row in zip(table.index, table.to_dict("records"), strict=True)
    }


def test_days_at_risk_end_with_the_first_entry_and_count_once(release: Dataset) -> None:
    found = cohort_incidence(_bleeders(release), fewest_entries=1)
    assert _days(found.overall) == {"all": (60 + 365 + 1 + 59 + 10, 3, 5)}
    assert _days(found.by_year) == {"2000": (30, 0, 1), "2001": (30 + 365 + 1, 2, 3), "2002": (59 + 10, 1, 2)}


def test_ages_are_calendar_years_minus_years_of_birth(release: Dataset) -> None:
    found = cohort_incidence(_bleeders(release), age_edges=[0, 20, 50, 51], fewest_entries=1)
    assert _days(found.by_age) == {"0–19": (69, 1, 2), "20–49": (1, 1, 1), "50": (30, 0, 1), "51+": (395, 1, 2)}


def test_nobody_is_at_risk_before_the_observation_that_the_definition_asks_for(release: Dataset) -> None:
    cohort = _bleeders(release, PriorObservation(31))
    found = cohort_incidence(cohort, fewest_entries=1)
    assert found.prior_days == 31
    # 1: from 2 January 2001; 3: its first bleed comes too early, so it stays at risk; 5: the same.
    assert _days(found.overall) == {"all": (29 + 334 + 275 + 7 + 334, 1, 5)}
    assert "after 31 days of observation" in found.describe()


def test_bands_of_few_people_or_entries_are_joined(release: Dataset) -> None:
    found = cohort_incidence(_bleeders(release), fewest_entries=2)
    assert _days(found.by_year) == {"2000–2002": (495, 3, 5)}
    assert cohort_incidence(_bleeders(release), fewest_entries=4).by_year is None


def test_the_first_year_can_be_chosen(release: Dataset) -> None:
    found = cohort_incidence(_bleeders(release), first_year=2001, fewest_entries=1)
    assert list(_days(found.by_year)) == ["2001", "2002"]
    assert found.entries == 3


def test_what_is_declared_counts_distinct_persons(release: Dataset, tmp_path: Any) -> None:
    found = cohort_incidence(_bleeders(release), fewest_entries=1)
    report = Report(title="Bleeders", run_dir=tmp_path)
    report.table("by-year", found.by_year, title="By year")
    assert report.manifest.outputs[0].persons == {
        "all": 3, "events": 3, "2000": 1, "2000, events": 0, "2001": 3, "2001, events": 2, "2002": 2, "2002, events": 1,
    }  # fmt: skip


def test_an_empty_cohort_has_person_time_and_no_entries(release: Dataset) -> None:
    with pytest.warns(EmptyResultWarning):
        cohort = _bleeders(release, concepts=ConceptSet("ulcer", [40]))
    found = cohort_incidence(cohort)
    assert _days(found.overall) == {"all": (395 + 365 + 306 + 59 + 365, 0, 5)}
    assert found.by_year is None


def test_ages_that_do_not_rise_are_refused(release: Dataset) -> None:
    with pytest.raises(ModelInputError, match="must rise"):
        cohort_incidence(_bleeders(release), age_edges=[50, 20])


def test_days_under_observation_count_both_ends(release: Dataset) -> None:
    found = observed_after_entry(_bleeders(release)).set_index("subject_id")
    assert found["days_under_observation"].to_dict() == {1: 336, 3: 306, 5: 356}
    assert pd.Series([True, True, True]).tolist() == found["observation_ended"].tolist()
