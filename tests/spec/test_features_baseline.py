"""What the variables of a baseline mean, to the day, on five people whose index date is 1 June 2010."""

from collections.abc import Callable

import pandas as pd
import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import ConceptSet
from analysis_lib.features import Count, DaysSince, DrugExposure, Flag, baseline
from analysis_lib.features.variable import Feature
from analysis_lib.windows import ANY_TIME_BEFORE, ANY_TIME_UP_TO_INDEX, PRIOR_YEAR, Window

MakeRelease = Callable[..., Dataset]
BLEED, DRUG = ConceptSet("bleed", [30]), ConceptSet("drug", [10])
TABLES = {
    "person": "person\n1\n2\n3\n4\n5",
    "observation_period": "person from to" + "".join(f"\n{n} 2005-01-01 2012-12-31" for n in range(1, 6)),
    "condition_occurrence": """person concept from to
        1 30 2009-06-01 2009-06-01
        2 30 2009-05-31 2009-05-31
        3 31 2010-05-31 2010-05-31
        3 30 2010-05-31 2010-05-31
        4 30 2010-06-01 2010-06-01
        5 40 2010-05-01 2010-05-01""",
    "drug_era": """person concept from to
        1 10 2010-05-30 2010-06-03
        2 11 2010-05-01 2010-05-05
        2 10 2010-05-04 2010-05-10
        3 10 2010-03-01 2010-03-02
        3 10 2010-04-02 2010-04-02""",
}


@pytest.fixture(scope="module")
def answer(make_release: MakeRelease) -> Callable[[Feature], list[object]]:
    dataset = make_release(TABLES)
    people = pd.DataFrame({"subject_id": [1, 2, 3, 4, 5]}).assign(cohort_start_date=pd.Timestamp("2010-06-01"))

    def of(variable: Feature) -> list[object]:
        column = baseline(people, variable, dataset=dataset).compute()[variable.column]
        return [None if pd.isna(value) else value for value in column]

    return of


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        # 2009-06-01 lies 365 days before, 2009-05-31 one more; the index date itself is not before.
        (Flag(BLEED, PRIOR_YEAR), [True, False, True, False, False]),
        (Flag(BLEED, Window(-365, -1, closed="neither")), [False, False, False, False, False]),
        (Flag(BLEED, ANY_TIME_BEFORE), [True, True, True, False, False]),
        (Flag(BLEED, ANY_TIME_UP_TO_INDEX), [True, True, True, True, False]),
        (Count(BLEED, ANY_TIME_UP_TO_INDEX), [1, 1, 2, 1, 0]),
        (Count(BLEED, ANY_TIME_UP_TO_INDEX, of="days"), [1, 1, 1, 1, 0]),
        (DaysSince(BLEED, ANY_TIME_UP_TO_INDEX), [365, 366, 1, 0, None]),
        # Days of overlapping exposures count once, and only inside the window.
        (DrugExposure(DRUG, PRIOR_YEAR, domain="drug_era"), [2, 10, 3, 0, 0]),
        (DrugExposure(DRUG, Window(0, 30), domain="drug_era"), [3, 0, 0, 0, 0]),
        # 2 March to 2 April: 31 days later. OHDSI's scripts pad the last day by the gap, and join what begins by then.
        (DrugExposure(DRUG, PRIOR_YEAR, domain="drug_era", count="eras"), [1, 1, 2, 0, 0]),
        (DrugExposure(DRUG, PRIOR_YEAR, domain="drug_era", count="eras", max_gap_days=31), [1, 1, 1, 0, 0]),
        # On 20 March nobody is exposed, but within 31 days the era of person 3 goes on; with 30 it does not.
        (DrugExposure(DRUG, Window(-73, -73), domain="drug_era", count="eras", max_gap_days=31), [0, 0, 1, 0, 0]),
        (DrugExposure(DRUG, Window(-73, -73), domain="drug_era", count="eras"), [0, 0, 0, 0, 0]),
    ],
)
def test_variables_mean_this(
    answer: Callable[[Feature], list[object]], variable: Feature, expected: list[object]
) -> None:
    assert answer(variable) == expected
