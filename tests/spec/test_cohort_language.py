"""What the parts of the cohort language mean, on a few people, and how they read.

Concept 10 is a drug with 11 and 12 below it, 20 another drug, 30 a bleed with 31 below it.
"""

import warnings
from collections.abc import Callable
from dataclasses import replace

import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import CohortDefinition, ConceptSet, build_cohort
from analysis_lib.cohort.exits import CensorWindow, ContinuousExposure
from analysis_lib.cohort.language import Criterion, Demographics, Entry, Event, Group, InclusionRule, Where, Window
from analysis_lib.cohort.language.computed import Change, Egfr
from analysis_lib.errors import EmptyResultWarning

DRUG, OTHER, BLEED = (ConceptSet(name, [number]) for name, number in (("drug", 10), ("other", 20), ("bleed", 30)))
USE = Event(DRUG, "drug_exposure")
TABLES = {
    "person": "person gender_concept_id year_of_birth\n1 8532 1940\n2 8507 1980\n3 8532 1980\n4 8507 1940\n5 8532 1990",
    "observation_period": "person from to\n" + "\n".join(f"{n} 2009-01-01 2012-12-31" for n in range(1, 6)),
    "drug_exposure": """
        person concept from       to
        1      10      2010-01-01 2010-01-30
        1      11      2010-02-10 2010-03-10
        1      10      2011-01-01 2011-01-30
        2      12      2010-06-01 2010-06-30
        3      10      2010-01-01 2010-01-01
        3      20      2010-01-01 2010-01-01
        4      20      2010-01-01 2010-01-30
        5      10      2012-12-20 2012-12-31
    """,
    "condition_occurrence": """
        person concept from       to
        1      31      2010-01-15 -
        1      30      2010-01-20 -
        2      30      2009-05-01 -
        3      40      2010-01-01 -
    """,
}
Answer = Callable[[CohortDefinition], dict[int, list[str]]]


@pytest.fixture(scope="module")
def answer(make_release: Callable[..., Dataset]) -> Answer:
    """Give ``{person: [start/end, …]}`` of a definition."""
    dataset = make_release(TABLES)

    def rows(definition: CohortDefinition) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for row in build_cohort(definition, dataset).frame.itertuples():
            found.setdefault(int(row.subject_id), []).append(
                f"{row.cohort_start_date:%Y-%m-%d}/{row.cohort_end_date:%Y-%m-%d}"
            )
        return found

    return rows


def _who(answer: Answer, *criteria: Criterion | Demographics | Group, match: str = "all", **count: int) -> list[int]:
    group = Group(match, criteria, **count)  # type: ignore[arg-type]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EmptyResultWarning)
        return sorted(answer(CohortDefinition("x", USE, (InclusionRule("rule", group),))))


def test_every_use_of_the_drug_and_what_lies_below_it_is_an_entry(answer: Answer) -> None:
    assert sorted(answer(CohortDefinition("x", USE))) == [1, 2, 3, 5]
    assert sorted(answer(CohortDefinition("x", Entry((USE, Event(OTHER, "drug_exposure")))))) == [1, 2, 3, 4, 5]


def test_observation_after_the_entry_can_be_asked_for(answer: Answer) -> None:
    assert sorted(answer(CohortDefinition("x", Entry((USE,), prior_days=365, post_days=30)))) == [1, 2, 3]


def test_the_last_entry_can_be_taken(answer: Answer) -> None:
    assert answer(CohortDefinition("x", Entry((USE,), limit="last")))[1] == ["2011-01-01/2012-12-31"]


def test_criteria_count_events_in_days_around_the_index_date(answer: Answer) -> None:
    bled = Event(BLEED, "condition_occurrence")
    assert _who(answer, Criterion(bled, Window(1, 30))) == [1]
    assert _who(answer, Criterion(bled, Window(1, 30), count=2)) == [1]
    assert _who(answer, Criterion(bled, Window(1, 18), count=2)) == []
    assert _who(answer, Criterion(bled, Window(1, 19), occurs="exactly", count=2)) == [1]
    assert _who(answer, Criterion(bled, Window(-400, -1))) == [1, 2]  # person 1 by the entry of 2011
    assert _who(answer, Criterion(bled, occurs="exactly", count=0)) == [3, 5]
    assert _who(answer, Criterion(Event(OTHER, "drug_exposure"), Window(0, 0))) == [3]


def test_distinct_values_can_be_counted(answer: Answer) -> None:
    bled = Event(BLEED, "condition_occurrence")
    assert _who(answer, Criterion(bled, Window(0, 30), count=2, distinct="domain_concept_id")) == [1]
    used = Criterion(USE, count=3, distinct="domain_concept_id")
    assert _who(answer, used) == []


def test_a_person_can_be_asked_about(answer: Answer) -> None:
    assert _who(answer, Demographics((Where("age", ">=", 60),))) == [1]
    assert _who(answer, Demographics((Where("age", "between", (29, 31)), Where("gender", "in", [8532])))) == [3]
    assert _who(answer, Demographics((Where("gender", "in", [8507]),))) == [2]


def test_groups_hold_by_all_any_or_a_number_of_their_criteria(answer: Answer) -> None:
    woman = Demographics((Where("gender", "in", [8532]),))
    young = Demographics((Where("age", "<", 40),))
    bled = Criterion(Event(BLEED, "condition_occurrence"))
    assert _who(answer, woman, young) == [3, 5]
    assert _who(answer, bled, young, match="any") == [1, 2, 3, 5]
    assert _who(answer, woman, young, bled, match="at_least", count=2) == [1, 2, 3, 5]
    assert _who(answer, woman, young, bled, match="at_least", count=3) == []
    assert _who(answer, woman, Group("any", (bled,))) == [1]


def test_an_event_can_ask_for_what_lies_around_itself(answer: Answer) -> None:
    bled_soon = Group("all", (Criterion(Event(BLEED, "condition_occurrence"), Window(0, 30)),))
    assert answer(CohortDefinition("x", replace(USE, having=bled_soon))) == {1: ["2010-01-01/2012-12-31"]}


def test_continuous_exposure_ends_with_its_first_long_gap(answer: Answer) -> None:
    once = CohortDefinition("x", replace(USE, first=True), exit=ContinuousExposure(DRUG, gap_days=30))
    assert answer(once)[1] == ["2010-01-01/2010-03-10"]
    assert answer(replace(once, exit=ContinuousExposure(DRUG, gap_days=5)))[1] == ["2010-01-01/2010-01-30"]
    longer = ContinuousExposure(DRUG, gap_days=3, offset_days=7)
    assert answer(replace(once, exit=longer))[1] == ["2010-01-01/2010-02-06"]
    # Each exposure is longer by the offset, so that 4 days more bridge the gap of 11.
    assert answer(replace(once, exit=replace(longer, gap_days=4)))[1] == ["2010-01-01/2010-03-17"]


def test_an_event_can_end_the_time_in_the_cohort(answer: Answer) -> None:
    bled = (Event(BLEED, "condition_occurrence"),)
    assert answer(CohortDefinition("x", replace(USE, first=True), censoring_events=bled))[1] == [
        "2010-01-01/2010-01-15"
    ]


def test_calendar_dates_cut_the_time_in_the_cohort(answer: Answer) -> None:
    definition = CohortDefinition("x", replace(USE, first=True), censor_window=CensorWindow("2010-02-01", "2011-12-31"))
    assert answer(definition)[2] == ["2010-06-01/2011-12-31"]
    assert answer(definition)[1] == ["2010-02-01/2011-12-31"]
    assert 5 not in answer(definition)


def test_kidney_function_can_let_a_person_in(make_release: Callable[..., Dataset]) -> None:
    dataset = make_release(
        {
            "person": "person gender_concept_id year_of_birth\n1 8532 1960\n2 8532 1960",
            "observation_period": "person from to\n1 2009-01-01 2012-12-31\n2 2009-01-01 2012-12-31",
            "measurement": """
                person measurement_id measurement_concept_id measurement_date value_as_number unit_concept_id
                1      1              40                     2010-01-01       1               8840
                1      2              40                     2010-02-01       2               8840
                2      3              40                     2010-01-01       1               8840
                2      4              40                     2010-02-01       2               9999
            """,
        }
    )
    creatinine = ConceptSet("creatinine", [40])
    low = Event(Egfr(creatinine), "measurement", where=(Where("value_as_number", "<", 60),))
    fell = Event(Change(Egfr(creatinine), "percent"), "measurement", where=(Where("value_as_number", "<=", -50),))
    for event in (low, fell):
        frame = build_cohort(CohortDefinition("low eGFR", event), dataset).frame
        assert frame["subject_id"].tolist() == [1]
        assert frame["cohort_start_date"].dt.strftime("%Y-%m-%d").tolist() == ["2010-02-01"]


def test_a_whole_definition_reads_aloud() -> None:
    definition = CohortDefinition(
        "old users who bled",
        Entry((replace(USE, first=True, where=(Where("days_supply", ">", 7),)),), prior_days=365),
        (
            InclusionRule("old", Group("all", (Demographics((Where("age", ">=", 65),)),))),
            InclusionRule(
                "bled, or used the other drug twice",
                Group(
                    "any",
                    (
                        Criterion(Event(BLEED, "condition_occurrence"), Window(-30, 0)),
                        Criterion(Event(OTHER, "drug_era"), Window(None, -1), count=2),
                    ),
                ),
            ),
            InclusionRule(
                "alive", Group("all", (Criterion(Event(None, "death"), Window(0, 0), occurs="exactly", count=0),))
            ),
        ),
        exit=ContinuousExposure(DRUG),
        censoring_events=(Event(OTHER, "drug_exposure"),),
        era_pad_days=30,
        censor_window=CensorWindow("2010-01-01", "2019-12-31"),
    )
    assert definition.describe() == "\n".join(
        [
            "old users who bled",
            (
                "  Enter on the first day of the first drug exposure of drug (concept 10 and its descendants) with "
                "days supply > 7, if that day lies in an observation period of the person that began at least 365 days "
                "before it."
            ),
            "  old: keep those for whom the person: age >= 65.",
            "  bled, or used the other drug twice: keep those for whom any of these holds:",
            (
                "    there is at least 1 condition occurrence of bleed (concept 30 and its descendants), starting from "
                "30 days before the index date to the index date."
            ),
            (
                "    there are at least 2 drug era of other (concept 20 and its descendants), starting from the start "
                "of observation to 1 day before the index date."
            ),
            "  alive: keep those for whom there is no death, starting on the index date.",
            "  Keep the first remaining entry of each person.",
            (
                "  Leave when the use of drug (concept 10 and its descendants) ends, with gaps of up to 30 days, or on "
                "the last day of that observation period if it is earlier."
            ),
            "  Leave earlier on the first day of drug exposure of other (concept 20 and its descendants).",
            "  Join a person's records that lie at most 30 days apart.",
            "  Count only time from 2010-01-01 to 2019-12-31.",
        ]
    )
