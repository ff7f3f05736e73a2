"""What the cohort language means, to the day: who enters, and on which date.

Each test is a small table and its answer, ``{person: index date}``. Concept 10 is a drug with 11 and 12 below it, 20
another drug, 30 a bleed with 31 below it.
"""

from collections.abc import Callable

import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, PriorObservation, Washout, build_cohort

DRUG = ConceptSet("drug", [10])
MakeRelease = Callable[..., Dataset]


@pytest.fixture
def index_dates(make_release: MakeRelease) -> Callable[..., dict[int, str]]:
    """Build a cohort from text tables and give ``{person: index date}``; lists where a person enters again."""

    def answer(definition: CohortDefinition, **tables: str) -> dict[int, str]:
        people = sorted({line.split()[0] for text in tables.values() for line in text.strip().splitlines()[1:]})
        cohort = build_cohort(definition, make_release({"person": "person\n" + "\n".join(people), **tables}))
        dates = cohort.frame["cohort_start_date"].dt.strftime("%Y-%m-%d")
        return dict(zip(cohort.frame["subject_id"].tolist(), dates, strict=True))

    return answer


def define(*rules: PriorObservation | Washout, **changes: str) -> CohortDefinition:
    entry = EntryEvent(DRUG, "drug_era", occurrence=changes.pop("occurrence", "first"))  # type: ignore[arg-type]
    return CohortDefinition("drug users", entry, rules, **changes)  # type: ignore[arg-type]


def test_first_and_last_day_of_observation_are_both_inside(index_dates: Callable[..., dict[int, str]]) -> None:
    assert index_dates(
        define(),
        observation_period="""
        person from       to
        1      2010-01-01 2010-12-31
        2      2010-01-01 2010-12-31
        3      2010-01-01 2010-12-31
        4      2010-01-01 2010-12-31
        """,
        drug_era="""
        person concept from       to
        1      10      2010-01-01 2010-01-01
        2      10      2010-12-31 2011-03-01
        3      10      2009-12-31 2010-02-01
        4      10      2011-01-01 2011-02-01
        """,
    ) == {1: "2010-01-01", 2: "2010-12-31"}


def test_an_observation_period_of_somebody_else_does_not_help(index_dates: Callable[..., dict[int, str]]) -> None:
    assert index_dates(
        define(),
        observation_period="""
        person from       to
        1      2010-01-01 2010-12-31
        2      2000-01-01 2000-12-31
        """,
        drug_era="""
        person concept from       to
        1      10      2010-05-01 2010-05-01
        2      10      2010-05-01 2010-05-01
        """,
    ) == {1: "2010-05-01"}


def test_descendants_count_and_other_concepts_do_not(index_dates: Callable[..., dict[int, str]]) -> None:
    assert index_dates(
        define(),
        observation_period="""
        person from       to
        1      2010-01-01 2010-12-31
        2      2010-01-01 2010-12-31
        3      2010-01-01 2010-12-31
        """,
        drug_era="""
        person concept from       to
        1      11      2010-05-01 2010-05-01
        2      12      2010-05-02 2010-05-02
        3      20      2010-05-03 2010-05-03
        """,
    ) == {1: "2010-05-01", 2: "2010-05-02"}


FIRST_OUTSIDE = {
    "observation_period": """
        person from       to
        1      2010-01-01 2010-12-31
        2      2010-01-01 2010-12-31
        """,
    "drug_era": """
        person concept from       to
        1      10      2009-06-01 2009-06-30
        1      10      2010-06-01 2010-06-30
        2      10      2010-06-02 2010-06-30
        """,
}


def test_who_was_first_seen_outside_observation_does_not_enter_later(
    index_dates: Callable[..., dict[int, str]],
) -> None:
    assert index_dates(define(occurrence="first"), **FIRST_OUTSIDE) == {2: "2010-06-02"}


def test_with_every_occurrence_the_first_one_inside_observation_counts(
    index_dates: Callable[..., dict[int, str]],
) -> None:
    assert index_dates(define(occurrence="every"), **FIRST_OUTSIDE) == {1: "2010-06-01", 2: "2010-06-02"}


def test_prior_observation_is_counted_from_the_first_day_of_the_period(
    index_dates: Callable[..., dict[int, str]],
) -> None:
    assert index_dates(
        define(PriorObservation(days=365)),
        observation_period="""
        person from       to
        1      2010-01-01 2012-12-31
        2      2010-01-01 2012-12-31
        """,
        drug_era="""
        person concept from       to
        1      10      2011-01-01 2011-01-01
        2      10      2010-12-31 2010-12-31
        """,
    ) == {1: "2011-01-01"}


def test_two_periods_with_a_gap_do_not_add_up(index_dates: Callable[..., dict[int, str]]) -> None:
    assert index_dates(
        define(PriorObservation(days=365)),
        observation_period="""
        person from       to
        1      2009-01-01 2009-12-30
        1      2010-01-01 2012-12-31
        2      2009-01-01 2012-12-31
        """,
        drug_era="""
        person concept from       to
        1      10      2010-06-01 2010-06-01
        2      10      2010-06-01 2010-06-01
        """,
    ) == {2: "2010-06-01"}


WASHED = {
    "observation_period": """
        person from       to
        1      2010-01-01 2010-12-31
        2      2010-01-01 2010-12-31
        3      2010-01-01 2010-12-31
        4      2010-01-01 2010-12-31
        """,
    "drug_era": """
        person concept from       to
        1      10      2010-06-30 2010-06-30
        2      10      2010-06-30 2010-06-30
        3      10      2010-06-30 2010-06-30
        4      10      2010-06-30 2010-06-30
        1      20      2010-05-31 2010-05-31
        2      20      2010-05-30 2010-05-30
        3      20      2010-06-30 2010-06-30
        4      20      2010-06-29 2010-06-29
        """,
}
OTHER_DRUG = ConceptSet("other drug", [20])


def test_a_washout_of_30_days_reaches_back_30_days_and_leaves_the_index_date_out(
    index_dates: Callable[..., dict[int, str]],
) -> None:
    assert index_dates(define(Washout(OTHER_DRUG, "drug_era", days=30)), **WASHED) == {
        2: "2010-06-30",
        3: "2010-06-30",
    }


def test_a_washout_without_days_reaches_back_to_the_beginning(index_dates: Callable[..., dict[int, str]]) -> None:
    assert index_dates(define(Washout(OTHER_DRUG, "drug_era")), **WASHED) == {3: "2010-06-30"}


def test_a_washout_of_0_days_keeps_everyone(index_dates: Callable[..., dict[int, str]]) -> None:
    assert set(index_dates(define(Washout(OTHER_DRUG, "drug_era", days=0)), **WASHED)) == {1, 2, 3, 4}


def test_a_washout_of_the_drug_itself_gives_the_first_use_after_a_pause(
    index_dates: Callable[..., dict[int, str]],
) -> None:
    assert index_dates(
        define(PriorObservation(90), Washout(DRUG, "drug_era", days=90), occurrence="every"),
        observation_period="""
        person from       to
        1      2010-01-01 2010-12-31
        2      2010-01-01 2010-12-31
        """,
        drug_era="""
        person concept from       to
        1      10      2010-02-01 2010-02-28
        1      10      2010-04-15 2010-04-30
        1      10      2010-09-01 2010-09-30
        1      10      2010-12-30 2010-12-30
        2      10      2010-01-15 2010-01-15
        2      10      2010-04-14 2010-04-14
        """,
    ) == {1: "2010-09-01"}


def test_a_record_without_a_start_does_not_let_anyone_in(index_dates: Callable[..., dict[int, str]]) -> None:
    assert index_dates(
        define(),
        observation_period="""
        person from       to
        1      2010-01-01 2010-12-31
        2      2010-01-01 2010-12-31
        """,
        drug_era="""
        person concept from       to
        1      10      -          2010-02-28
        2      10      2010-02-01 -
        """,
    ) == {2: "2010-02-01"}


def test_person_ids_beyond_2_to_the_53_and_below_zero_stay_as_they_are(
    index_dates: Callable[..., dict[int, str]],
) -> None:
    assert index_dates(
        define(),
        observation_period="""
        person              from       to
        9007199254740993    2010-01-01 2010-12-31
        9223372036854775807 2010-01-01 2010-12-31
        -5                  2010-01-01 2010-12-31
        """,
        drug_era="""
        person              concept from       to
        9007199254740993    10      2010-05-01 2010-05-01
        9223372036854775807 10      2010-05-02 2010-05-02
        -5                  10      2010-05-03 2010-05-03
        """,
    ) == {9007199254740993: "2010-05-01", 9223372036854775807: "2010-05-02", -5: "2010-05-03"}
