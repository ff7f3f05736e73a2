"""What the room says when something is wrong, and that no person's value is in it."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.catalog.bucket_reading import BucketFiles, open_bucket
from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, build_cohort, follow_up, study_population
from analysis_lib.cohort.exits import FixedDuration
from analysis_lib.errors import AnalysisError, BucketFailedError, EmptyResultWarning, InvalidDefinitionError

MakeRelease = Callable[..., Dataset]
MARKS = ("770077007700", "1907-07-07", "1909-09-09")
MARKED = {
    "person": f"person\n{MARKS[0]}",
    "observation_period": f"person from to\n{MARKS[0]} {MARKS[1]} {MARKS[2]}",
    "drug_era": f"person concept from to\n{MARKS[0]} 10 {MARKS[1]} {MARKS[2]}",
}
USERS = CohortDefinition("users", EntryEvent(ConceptSet("drug", [10]), "drug_era"))


def _unmarked(text: str) -> bool:
    return not any(mark in text for mark in MARKS)


def test_warnings_reprs_and_tables_of_steps_hold_no_value_of_a_person(make_release: MakeRelease) -> None:
    dataset = make_release(MARKED)
    cohort = build_cohort(USERS, dataset)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        followed = follow_up(cohort, outcome=ConceptSet("bleed", [30]))
        build_cohort(CohortDefinition("nobody", EntryEvent(ConceptSet("other", [20]), "drug_era")), dataset)
    assert [warning.category for warning in said] == [EmptyResultWarning, EmptyResultWarning]
    # The warning points at the line that asked, not into the library.
    assert {Path(warning.filename).name for warning in said} == {Path(__file__).name}
    texts = [str(warning.message) for warning in said]
    assert all(map(_unmarked, [*texts, repr(cohort), repr(followed), cohort._repr_html_(), followed._repr_html_()]))


def test_what_the_engine_says_of_a_row_is_withheld(make_release: MakeRelease) -> None:
    dataset = make_release(MARKED)
    with (
        pytest.raises(BucketFailedError, match="found ConversionException from the engine") as failed,
        open_bucket(BucketFiles.of(dataset, tables=("person",))) as connection,
    ):
        connection.execute(f"SELECT CAST('{MARKS[1]} {MARKS[0]}' AS INTEGER)")
    assert _unmarked(str(failed.value))
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__


def test_arms_must_differ_in_name_and_come_from_one_release(make_release: MakeRelease) -> None:
    here, there = (build_cohort(USERS, make_release(MARKED)) for _ in range(2))
    with pytest.raises(InvalidDefinitionError, match="both are 'users'"):
        study_population(here, here, outcome=ConceptSet("bleed", [30]))
    other = build_cohort(CohortDefinition("others", USERS.entry, exit=FixedDuration(1)), there.dataset)
    with pytest.raises(InvalidDefinitionError, match="must come from one data release"):
        study_population(here, other, outcome=ConceptSet("bleed", [30]))


@pytest.mark.parametrize("setting", [{"domain": "person"}, {"prior_outcome": "maybe"}])
def test_an_unknown_setting_of_a_follow_up_is_refused_with_the_known_ones(
    make_release: MakeRelease, setting: dict[str, str]
) -> None:
    cohort = build_cohort(USERS, make_release(MARKED))
    with pytest.raises(AnalysisError, match="Choose one of: "):
        follow_up(cohort, outcome=ConceptSet("bleed", [30]), **setting)  # type: ignore[arg-type]
