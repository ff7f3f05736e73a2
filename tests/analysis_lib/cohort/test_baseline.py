from collections.abc import Callable

import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, baseline_covariates, build_cohort
from analysis_lib.errors import EmptyResultWarning, InvalidDefinitionError

MakeRelease = Callable[..., Dataset]
USERS = CohortDefinition("drug users", EntryEvent(ConceptSet("drug", [10]), "drug_era"))
ULCER, BLEED = ConceptSet("ulcer", [40]), ConceptSet("bleed", [30])


@pytest.fixture(scope="module")
def dataset(make_release: MakeRelease) -> Dataset:
    return make_release(
        {
            "person": """
                person year_of_birth gender_concept_id
                1      1950          8532
                2      1960          8507
                3      -             0
                """,
            "observation_period": "person from to\n" + "\n".join(f"{n} 2010-01-01 2010-12-31" for n in range(1, 5)),
            # Person 4 has records and is not in the person table, as happens in real data.
            "drug_era": "person concept from to\n" + "\n".join(f"{n} 10 2010-06-01 -" for n in range(1, 5)),
            "condition_occurrence": """
                person concept from       to
                1      40      2010-05-31 -
                1      31      1990-01-01 -
                2      40      2010-06-01 -
                3      40      2010-06-02 -
                """,
        }
    )


def test_age_is_counted_in_calendar_years_and_what_is_unknown_stays_so(dataset: Dataset) -> None:
    table = baseline_covariates(build_cohort(USERS, dataset))
    assert table["age_years"].tolist()[:2] == [60.0, 50.0]
    assert table["age_years"].isna().tolist() == [False, False, True, True]
    assert table["sex"].tolist() == ["female", "male", "unknown", "unknown"]
    assert table["index_year"].tolist() == [2010] * 4


def test_only_what_began_before_the_index_date_is_prior(dataset: Dataset) -> None:
    table = baseline_covariates(build_cohort(USERS, dataset), prior=[ULCER, BLEED])
    assert table["ulcer"].tolist() == [True, False, False, False]
    assert table["bleed"].tolist() == [True, False, False, False]


def test_rows_keep_the_order_of_the_population_and_columns_have_units(dataset: Dataset) -> None:
    cohort = build_cohort(USERS, dataset)
    table = baseline_covariates(cohort, prior=[ULCER])
    assert table[list(cohort.frame.columns)].equals(cohort.frame)
    assert table.attrs["units"]["age_years"] == "years"
    assert set(table.attrs["units"]) == set(table.columns)


@pytest.mark.parametrize("names", [["ulcer", "ulcer"], ["age_years"], ["subject_id"]])
def test_two_columns_of_one_name_are_refused(dataset: Dataset, names: list[str]) -> None:
    with pytest.raises(InvalidDefinitionError, match=rf"used twice: {names[-1]}\."):
        baseline_covariates(build_cohort(USERS, dataset), prior=[ConceptSet(name, [40]) for name in names])


def test_an_empty_population_gives_an_empty_table_with_all_columns(dataset: Dataset) -> None:
    nobody = CohortDefinition("nobody", EntryEvent(ConceptSet("other drug", [20]), "drug_era"))
    with pytest.warns(EmptyResultWarning):
        table = baseline_covariates(build_cohort(nobody, dataset), prior=[ULCER])
    assert table.empty
    assert {"age_years", "sex", "index_year", "ulcer"} <= set(table.columns)
