"""What follow-up means, to the day: who is at risk for how long, and whose outcome counts.

Each test is a small table and its answer, ``{person: (days at risk, event)}``. Everybody starts drug 10 on 1 June 2010
and is observed through that year; concept 30 is a bleed with 31 below it.
"""

from collections.abc import Callable

import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import (
    CohortDefinition,
    ConceptSet,
    EntryEvent,
    TimeAtRisk,
    build_cohort,
    follow_up,
    study_population,
)
from analysis_lib.cohort.exits import FixedDuration
from analysis_lib.errors import EmptyResultWarning, InvalidDefinitionError

MakeRelease = Callable[..., Dataset]
Answer = Callable[..., dict[int, tuple[int, int]]]
BLEED = ConceptSet("bleed", [30])
UNTIL_YEAR_END = 214  # 1 June to 31 December, both counted


@pytest.fixture
def outcomes(make_release: MakeRelease) -> Answer:
    """Follow four users of drug 10 and give ``{person: (days at risk, event)}``."""

    def answer(bleeds: str, **settings: object) -> dict[int, tuple[int, int]]:
        tables = {
            "person": "person\n1\n2\n3\n4",
            "observation_period": "person from to" + "".join(f"\n{n} 2010-01-01 2010-12-31" for n in (1, 2, 3, 4)),
            "drug_era": "person concept from to" + "".join(f"\n{n} 10 2010-06-01 2010-06-30" for n in (1, 2, 3, 4)),
            "condition_occurrence": bleeds,
        }
        entry = EntryEvent(ConceptSet("drug", [10]), "drug_era")
        definition = CohortDefinition("drug users", entry, exit=FixedDuration(0, after="entry_end"))
        cohort = build_cohort(definition, make_release(tables))
        frame = follow_up(cohort, outcome=BLEED, **settings).frame  # type: ignore[arg-type]
        return {row.subject_id: (row.time_at_risk_days, row.event) for row in frame.itertuples()}

    return answer


AROUND_THE_INDEX_DATE = """
    person concept from       to
    1      30      2010-05-31 2010-05-31
    2      30      2010-06-01 2010-06-01
    3      31      2010-06-02 2010-06-02
    """


def test_an_outcome_on_the_index_date_counts_and_one_the_day_before_leaves_the_person_out(outcomes: Answer) -> None:
    assert outcomes(AROUND_THE_INDEX_DATE) == {2: (1, 1), 3: (2, 1), 4: (UNTIL_YEAR_END, 0)}


def test_an_earlier_outcome_may_be_allowed(outcomes: Answer) -> None:
    assert outcomes(AROUND_THE_INDEX_DATE, prior_outcome="allow") == {
        1: (UNTIL_YEAR_END, 0),
        2: (1, 1),
        3: (2, 1),
        4: (UNTIL_YEAR_END, 0),
    }


def test_what_comes_before_the_first_day_at_risk_is_an_earlier_outcome(outcomes: Answer) -> None:
    later = TimeAtRisk(starts_after_days=1)
    assert outcomes(AROUND_THE_INDEX_DATE, time_at_risk=later) == {3: (1, 1), 4: (UNTIL_YEAR_END - 1, 0)}


def test_an_earlier_outcome_outside_observation_counts_too(outcomes: Answer) -> None:
    bleeds = """
    person concept from       to
    1      30      1999-01-01 1999-01-01
    2      30      2010-08-01 2010-08-01
    """
    assert set(outcomes(bleeds)) == {2, 3, 4}


def test_the_last_day_of_observation_is_at_risk_and_the_day_after_is_not(outcomes: Answer) -> None:
    bleeds = """
    person concept from       to
    1      30      2010-12-31 2010-12-31
    2      30      2011-01-01 2011-01-01
    """
    assert outcomes(bleeds) == {
        1: (UNTIL_YEAR_END, 1),
        2: (UNTIL_YEAR_END, 0),
        3: (UNTIL_YEAR_END, 0),
        4: (UNTIL_YEAR_END, 0),
    }


def test_only_the_first_outcome_at_risk_counts(outcomes: Answer) -> None:
    bleeds = """
    person concept from       to
    1      30      2010-07-10 2010-07-10
    1      31      2010-06-10 2010-06-10
    """
    assert outcomes(bleeds)[1] == (10, 1)


def test_follow_up_may_end_with_the_cohort(outcomes: Answer) -> None:
    bleeds = """
    person concept from       to
    1      30      2010-06-30 2010-06-30
    2      30      2010-07-01 2010-07-01
    """
    on_treatment = TimeAtRisk(ends="cohort_end")
    assert outcomes(bleeds, time_at_risk=on_treatment) == {1: (30, 1), 2: (30, 0), 3: (30, 0), 4: (30, 0)}


def test_at_most_seven_days_at_risk_are_seven_days(outcomes: Answer) -> None:
    bleeds = """
    person concept from       to
    1      30      2010-06-07 2010-06-07
    2      30      2010-06-08 2010-06-08
    """
    week = TimeAtRisk(at_most_days=7)
    assert outcomes(bleeds, time_at_risk=week) == {1: (7, 1), 2: (7, 0), 3: (7, 0), 4: (7, 0)}


def test_who_has_no_day_at_risk_is_left_out_and_counted(make_release: MakeRelease) -> None:
    dataset = make_release(
        {
            "person": "person\n1\n2",
            "observation_period": "person from to\n1 2010-01-01 2010-06-03\n2 2010-01-01 2010-06-04",
            "drug_era": "person concept from to\n1 10 2010-06-01 -\n2 10 2010-06-01 -",
            "condition_occurrence": "person concept from to\n2 30 2010-06-04 -",
        }
    )
    cohort = build_cohort(CohortDefinition("users", EntryEvent(ConceptSet("drug", [10]), "drug_era")), dataset)
    followed = follow_up(cohort, outcome=BLEED, time_at_risk=TimeAtRisk(starts_after_days=3))
    assert followed.frame[["subject_id", "time_at_risk_days", "event"]].to_numpy().tolist() == [[2, 1, 1]]
    assert followed.attrition[["rule", "persons"]].to_numpy().tolist()[-2:] == [
        ["No condition occurrence of bleed before", 2],
        ["At risk for at least one day", 1],
    ]


def test_people_in_both_arms_are_left_out_of_both(make_release: MakeRelease) -> None:
    dataset = make_release(
        {
            "person": "person\n1\n2\n3",
            "observation_period": "person from to\n1 2010-01-01 2010-12-31\n2 2010-01-01 2010-12-31\n"
            "3 2010-01-01 2010-12-31",
            "drug_era": "person concept from to\n1 10 2010-06-01 -\n2 20 2010-06-01 -\n3 10 2010-06-01 -\n"
            "3 20 2010-09-01 -",
            "condition_occurrence": "person concept from to\n2 30 2010-06-10 -",
        }
    )
    target, comparator = (
        build_cohort(CohortDefinition(name, EntryEvent(ConceptSet(name, [concept]), "drug_era")), dataset)
        for name, concept in (("drug", 10), ("other", 20))
    )
    study = study_population(target, comparator, outcome=BLEED)
    columns = ["subject_id", "arm", "treatment", "time_at_risk_days", "event"]
    assert study.frame[columns].to_numpy().tolist() == [
        [1, "drug", 1, UNTIL_YEAR_END, 0],
        [2, "other", 0, 10, 1],
    ]
    assert study.attrition.query("rule == 'Not in both cohorts'")["persons_removed"].tolist() == [1, 1]


def test_times_at_risk_of_one_person_may_touch_and_not_overlap(make_release: MakeRelease) -> None:
    dataset = make_release(
        {
            "person": "person\n1\n2",
            "observation_period": "person from to\n1 2010-01-01 2010-12-31\n2 2010-01-01 2010-12-31",
            "drug_era": "person concept from to\n1 10 2010-06-01 2010-06-05\n1 10 2010-06-11 2010-06-15\n"
            "2 10 2010-06-01 2010-06-05",
            "condition_occurrence": "person concept from to\n1 30 2010-06-12 -",
        }
    )
    every = EntryEvent(ConceptSet("drug", [10]), "drug_era", occurrence="every")
    stay = FixedDuration(0, after="entry_end")
    cohort = build_cohort(CohortDefinition("users", every, exit=stay, entries_per_person="every"), dataset)

    def followed(at_risk: TimeAtRisk) -> list[list[int]]:
        frame = follow_up(cohort, outcome=BLEED, time_at_risk=at_risk).frame
        return frame[["subject_id", "time_at_risk_days", "event"]].to_numpy().tolist()

    assert followed(TimeAtRisk(at_most_days=10)) == [[1, 10, 0], [1, 2, 1], [2, 10, 0]]
    for too_long in (TimeAtRisk(at_most_days=11), TimeAtRisk()):
        with pytest.raises(InvalidDefinitionError, match="found 1 person of cohort 'users'"):
            followed(too_long)
    with pytest.warns(EmptyResultWarning, match="nobody had"):
        assert followed(TimeAtRisk(ends="cohort_end", at_most_days=1)) == [[1, 1, 0], [1, 1, 0], [2, 1, 0]]
