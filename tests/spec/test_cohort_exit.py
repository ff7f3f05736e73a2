"""What the cohort language means, to the day: when people leave.

Each test is a small table and its answer, ``{person: [(start, end), …]}``. Concept 10 is a drug.
"""

from collections.abc import Callable

import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, build_cohort
from analysis_lib.cohort.exits import FixedDuration

MakeRelease = Callable[..., Dataset]
Answer = Callable[..., dict[int, list[tuple[str, str]]]]

ONE_PERIOD = """
    person from       to
    1      2010-01-01 2010-12-31
    2      2010-01-01 2010-12-31
    """


@pytest.fixture
def stays(make_release: MakeRelease) -> Answer:
    """Build a cohort of drug users and give ``{person: [(start, end), …]}``."""

    def answer(
        *, drug_era: str = "person concept from to", observation_period: str = ONE_PERIOD, **parts: object
    ) -> dict[int, list[tuple[str, str]]]:
        every = "every" if parts.get("entries_per_person") == "every" else "first"
        entry = EntryEvent(ConceptSet("drug", [10]), "drug_era", occurrence=every)  # type: ignore[arg-type]
        conditions = str(parts.pop("condition_occurrence", "person concept from to"))
        tables = {"person": "person\n1\n2", "observation_period": observation_period, "drug_era": drug_era}
        tables["condition_occurrence"] = conditions
        definition = CohortDefinition("drug users", **({"entry": entry} | parts))  # type: ignore[arg-type]
        found: dict[int, list[tuple[str, str]]] = {}
        for row in build_cohort(definition, make_release(tables)).frame.itertuples():
            start, end = row.cohort_start_date, row.cohort_end_date
            found.setdefault(row.subject_id, []).append((f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}"))
        return found

    return answer


SHORT_AND_LATE = """
    person concept from       to
    1      10      2010-03-01 2010-03-10
    2      10      2010-12-20 2011-01-05
    """


def test_people_leave_on_the_last_day_of_observation_unless_said_otherwise(stays: Answer) -> None:
    assert stays(drug_era=SHORT_AND_LATE) == {
        1: [("2010-03-01", "2010-12-31")],
        2: [("2010-12-20", "2010-12-31")],
    }


def test_a_fixed_duration_is_added_to_the_index_date_and_cut_where_observation_ends(stays: Answer) -> None:
    assert stays(drug_era=SHORT_AND_LATE, exit=FixedDuration(30)) == {
        1: [("2010-03-01", "2010-03-31")],
        2: [("2010-12-20", "2010-12-31")],
    }


def test_a_fixed_duration_may_be_counted_from_the_last_day_of_the_entry_record(stays: Answer) -> None:
    assert stays(drug_era=SHORT_AND_LATE, exit=FixedDuration(5, after="entry_end")) == {
        1: [("2010-03-01", "2010-03-15")],
        2: [("2010-12-20", "2010-12-31")],
    }


def test_an_era_without_an_end_or_with_one_before_its_start_gives_no_time_that_is_counted_from_its_end(
    stays: Answer,
) -> None:
    # As in OHDSI's SQL: an exit counted from an end that is missing, or that comes before the entry, leaves nobody in.
    eras = """
    person concept from       to
    1      10      2010-03-01 -
    2      10      2010-04-01 2010-03-01
    2      10      2010-05-01 2010-05-02
    """
    leave = FixedDuration(0, after="entry_end")
    assert stays(drug_era=eras, entries_per_person="every", exit=leave) == {2: [("2010-05-01", "2010-05-02")]}


def test_a_condition_without_an_end_ends_on_the_day_after_its_start(stays: Answer) -> None:
    # OHDSI's SQL says so for conditions and devices; a drug exposure ends after its days of supply.
    conditions = """
    person concept from       to
    1      31      2010-03-01 -
    """
    entry = EntryEvent(ConceptSet("bleed", [30]), "condition_occurrence")
    assert stays(condition_occurrence=conditions, entry=entry, exit=FixedDuration(0, after="entry_end")) == {
        1: [("2010-03-01", "2010-03-02")]
    }


def test_of_two_records_of_one_day_the_one_with_the_lower_id_counts(stays: Answer) -> None:
    # OHDSI's SQL orders them by the id too, where it orders them at all.
    eras = """
    drug_era_id person concept from       to
    7           1      10      2010-03-01 2010-05-01
    8           1      10      2010-03-01 2010-04-01
    9           2      10      2010-03-01 2010-06-01
    """
    assert stays(drug_era=eras, exit=FixedDuration(0, after="entry_end")) == {
        1: [("2010-03-01", "2010-05-01")],
        2: [("2010-03-01", "2010-06-01")],
    }


def test_entries_of_one_person_that_share_a_day_become_one(stays: Answer) -> None:
    eras = """
    person concept from       to
    1      10      2010-03-01 2010-03-10
    1      10      2010-03-10 2010-03-20
    1      10      2010-03-21 2010-03-25
    2      10      2010-03-01 2010-06-30
    2      10      2010-04-01 2010-04-30
    2      10      2010-06-01 2010-07-31
    """
    assert stays(drug_era=eras, entries_per_person="every", exit=FixedDuration(0, after="entry_end")) == {
        1: [("2010-03-01", "2010-03-20"), ("2010-03-21", "2010-03-25")],
        2: [("2010-03-01", "2010-07-31")],
    }


def test_people_who_may_enter_again_are_in_once_per_observation_period(stays: Answer) -> None:
    periods = """
    person from       to
    1      2010-01-01 2010-12-31
    1      2012-01-01 2012-12-31
    2      2010-01-01 2010-12-31
    """
    eras = """
    person concept from       to
    1      10      2010-03-01 2010-03-10
    1      10      2010-07-01 2010-07-10
    1      10      2012-05-01 2012-05-10
    """
    assert stays(drug_era=eras, observation_period=periods, entries_per_person="every") == {
        1: [("2010-03-01", "2010-12-31"), ("2012-05-01", "2012-12-31")]
    }


def test_of_overlapping_observation_periods_the_first_to_begin_counts_then_the_last_to_end(stays: Answer) -> None:
    periods = """
    observation_period_id person from       to
    1                     1      2010-02-01 2011-12-31
    2                     1      2010-01-01 2010-06-30
    3                     2      2010-01-01 2010-06-30
    4                     2      2010-01-01 2010-09-30
    """
    eras = """
    person concept from       to
    1      10      2010-03-01 2010-03-10
    2      10      2010-03-01 2010-03-10
    """
    assert stays(drug_era=eras, observation_period=periods) == {
        1: [("2010-03-01", "2010-06-30")],
        2: [("2010-03-01", "2010-09-30")],
    }
