"""KDIGO's stages on hand-worked people: each limit met, and just missed."""

from collections.abc import Callable
from datetime import date, datetime

import pandas as pd
import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import ConceptSet
from analysis_lib.features import kdigo_aki

ReleaseOf = Callable[..., Dataset]
INDEX = date(2010, 6, 10)
MG, UMOL = 8840, 8749

# Person: [(day of June 2010, hour, creatinine)], unit, stage. The index date is 10 June.
CASES = {
    1: ([(1, 8, 1.0), (9, 12, 1.0), (10, 12, 1.49)], MG, 1),  # the earlier value may lie before the index date
    2: ([(1, 8, 1.0), (12, 8, 1.2), (15, 8, 1.49)], MG, 0),
    3: ([(1, 8, 1.0), (15, 8, 1.5)], MG, 1),
    4: ([(1, 8, 1.0), (15, 8, 1.99)], MG, 1),
    5: ([(1, 8, 1.0), (15, 8, 2.0)], MG, 2),
    6: ([(1, 8, 1.0), (15, 8, 3.0)], MG, 3),
    7: ([(1, 8, 0.9), (9, 8, 0.9), (11, 8, 1.2)], MG, 1),  # exactly 0.3 in exactly 48 hours
    8: ([(1, 8, 0.9), (9, 8, 0.9), (11, 9, 1.2)], MG, 0),  # an hour too late
    9: ([(1, 8, 3.8), (12, 8, 4.1)], MG, 0),  # high, but no injury
    10: ([(1, 8, 3.7), (12, 8, 3.7), (13, 8, 4.0)], MG, 3),
    11: ([(1, 8, 1.0), (17, 23, 1.5), (18, 0, 9.9)], MG, 1),  # the seventh day counts, the eighth does not
    12: ([(1, 8, 88.0), (11, 8, 88.0), (12, 8, 114.5)], UMOL, 1),  # 26.5 umol/L
    13: ([(1, 8, 88.0), (11, 8, 88.0), (12, 8, 114.4)], UMOL, 0),
    14: ([(12, 8, 1.0)], MG, None),  # nothing before, no rise
    15: ([(1, 8, 1.0)], MG, None),  # nothing after
    16: ([(12, 8, 1.0), (13, 8, 1.4)], MG, 1),  # nothing before, but a rise
}


def moment(day: int, hour: int) -> datetime:
    return datetime.fromisoformat(f"2010-06-{day:02}T{hour:02}")


@pytest.fixture(scope="module")
def stages(release_of: ReleaseOf) -> pd.DataFrame:
    rows = [
        (person * 100 + n, person, 50, date(2010, 6, day), moment(day, hour), value, unit)
        for person, (values, unit, _) in CASES.items()
        for n, (day, hour, value) in enumerate(values)
    ]
    dataset = release_of({"person": [(person, 1950, 8532) for person in CASES], "measurement": rows})
    index = pd.DataFrame({"subject_id": list(CASES)}).assign(cohort_start_date=pd.Timestamp(INDEX))
    return kdigo_aki(index, ConceptSet("creatinine", [50]), dataset=dataset).to_pandas().set_index("subject_id")


@pytest.mark.parametrize("person", CASES)
def test_the_stage_is_the_one_worked_out_by_hand(stages: pd.DataFrame, person: int):
    stage = stages.loc[person, "aki_stage"]
    assert (None if pd.isna(stage) else stage) == CASES[person][2]


def test_what_the_stage_is_made_of_is_shown(stages: pd.DataFrame):
    shown = stages.loc[7, ["baseline_creatinine", "highest_creatinine", "creatinine_ratio", "creatinine_rise_48h"]]
    assert shown.astype(float).tolist() == pytest.approx([0.9, 1.2, 4 / 3, 0.3])
