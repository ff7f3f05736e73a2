"""What an outcome means, to the day: who is at risk until when, and why that ends."""

from collections.abc import Callable

import pandas as pd
import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, TimeAtRisk, build_cohort, follow_up
from analysis_lib.errors import FeatureInputError
from analysis_lib.features import outcome

MakeRelease = Callable[..., Dataset]
BLEED = ConceptSet("bleed", [30])
DRUG = ConceptSet("drug", [10])
TABLES = {
    "person": "person\n1\n2\n3\n4\n5",
    "observation_period": "person from to" + "".join(f"\n{n} 2010-01-01 2010-12-31" for n in (1, 2, 3, 4)),
    "drug_era": "person concept from to" + "".join(f"\n{n} 10 2010-06-01 2010-06-30" for n in (1, 2, 3, 4)),
    "condition_occurrence": """person concept from to
        1 30 2010-05-31 2010-05-31
        1 30 2010-07-01 2010-07-01
        2 30 2010-06-01 2010-06-01
        3 31 2010-06-10 2010-06-10""",
}


@pytest.fixture(scope="module")
def dataset(make_release: MakeRelease) -> Dataset:
    return make_release(TABLES)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    frame = pd.DataFrame({"subject_id": [1, 2, 3, 4, 5]})
    return frame.assign(cohort_start_date=pd.Timestamp("2010-06-01"), cohort_end_date=pd.Timestamp("2010-06-05"))


def ends(found: pd.DataFrame) -> dict[int, tuple[int, str]]:
    return {row.subject_id: (row.time_at_risk_days, row.end_reason) for row in found.itertuples()}


def test_the_first_event_at_risk_ends_the_time_and_an_earlier_one_leaves_the_person_out(
    dataset: Dataset, people: pd.DataFrame
) -> None:
    found = outcome(people, BLEED, dataset=dataset)
    assert ends(found.frame) == {2: (1, "event"), 3: (10, "event"), 4: (214, "observation_end")}
    assert found.attrition[["rule", "persons"]].to_numpy().tolist() == [
        ["In the cohort", 5],
        ["Observed on the index date", 4],
        ["No bleed before", 3],
        ["At risk for at least one day", 3],
    ]


def test_a_washout_looks_back_so_many_days_before_the_first_day_at_risk(dataset: Dataset, people: pd.DataFrame) -> None:
    later = TimeAtRisk(starts_after_days=2)
    assert 1 not in ends(outcome(people, BLEED, time_at_risk=later, washout_days=3, dataset=dataset).frame)
    assert ends(outcome(people, BLEED, time_at_risk=later, washout_days=2, dataset=dataset).frame)[1] == (29, "event")


def test_the_cohort_end_and_a_fixed_number_of_days_end_the_time_at_risk(dataset: Dataset, people: pd.DataFrame) -> None:
    stay = TimeAtRisk(ends="cohort_end", at_most_days=9)
    week = TimeAtRisk(at_most_days=7)
    assert ends(outcome(people, BLEED, time_at_risk=stay, dataset=dataset).frame)[4] == (5, "cohort_end")
    assert ends(outcome(people, BLEED, time_at_risk=week, dataset=dataset).frame)[4] == (7, "horizon")


def test_an_outcome_may_be_a_cohort(dataset: Dataset, people: pd.DataFrame) -> None:
    bleeders = build_cohort(CohortDefinition("bleeders", EntryEvent(BLEED, "condition_occurrence")), dataset)
    found = outcome(people, bleeders, dataset=dataset)
    assert ends(found.frame) == {2: (1, "event"), 3: (10, "event"), 4: (214, "observation_end")}


@pytest.mark.parametrize("prior", ["exclude", "allow"])
@pytest.mark.parametrize(
    "at_risk",
    [TimeAtRisk(), TimeAtRisk(starts_after_days=1), TimeAtRisk(at_most_days=9), TimeAtRisk(ends="cohort_end")],
)
def test_it_agrees_with_follow_up(dataset: Dataset, prior: str, at_risk: TimeAtRisk) -> None:
    cohort = build_cohort(CohortDefinition("users", EntryEvent(DRUG, "drug_era")), dataset)
    shown = ["subject_id", "cohort_start_date", "time_at_risk_days", "event"]
    ours = outcome(cohort, BLEED, time_at_risk=at_risk, prior_outcome=prior, dataset=dataset)  # type: ignore[arg-type]
    theirs = follow_up(cohort, outcome=BLEED, time_at_risk=at_risk, prior_outcome=prior)  # type: ignore[arg-type]
    assert ours.frame[shown].astype(str).to_numpy().tolist() == theirs.frame[shown].astype(str).to_numpy().tolist()


def test_times_at_risk_that_overlap_are_refused_unless_allowed(dataset: Dataset, people: pd.DataFrame) -> None:
    twice = pd.concat([people, people.assign(cohort_start_date=pd.Timestamp("2010-08-01"))], ignore_index=True)
    # The first times at risk of 1, 2 and 3 end with the event before August; that of 4 goes on.
    with pytest.raises(FeatureInputError, match="found 1 person with"):
        outcome(twice, BLEED, prior_outcome="allow", dataset=dataset)
    assert len(outcome(twice, BLEED, prior_outcome="allow", overlaps="allow", dataset=dataset)) == 8


def test_a_cohort_end_is_asked_for_where_it_is_needed(dataset: Dataset, people: pd.DataFrame) -> None:
    with pytest.raises(FeatureInputError, match="cohort_end_date"):
        outcome(
            people.drop(columns="cohort_end_date"), BLEED, time_at_risk=TimeAtRisk(ends="cohort_end"), dataset=dataset
        )
