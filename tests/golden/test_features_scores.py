"""Scores against their papers.

Charlson M. E. et al., J. Chronic Dis. 1987, 40, 373-383, table 3: weight 1, 2, 3 or 6 by condition. Quan H. et al., Am.
J. Epidemiol. 2011, 173, 676-682, table 2: weights anew, 24 at most. Lip G. Y. H. et al., Chest 2010, 137, 263-272,
table 2: CHA2DS2-VASc from 0 to 9.
"""

import numpy as np
import pytest

from analysis_lib.features import Score
from analysis_lib.features.requests import PersonRequest, RecordRequest, Request
from analysis_lib.features.score_concepts import CHARLSON

QUAN_2011 = {
    "congestive heart failure": 2,
    "dementia": 2,
    "chronic pulmonary disease": 1,
    "rheumatic disease": 1,
    "mild liver disease": 2,
    "diabetes with complications": 1,
    "hemiplegia or paraplegia": 2,
    "renal disease": 1,
    "malignancy": 2,
    "moderate or severe liver disease": 4,
    "metastatic solid tumour": 6,
    "AIDS": 4,
}
CHARLSON_1987 = {
    "diabetes with complications": 2,
    "hemiplegia or paraplegia": 2,
    "renal disease": 2,
    "malignancy": 2,
    "moderate or severe liver disease": 3,
    "metastatic solid tumour": 6,
    "AIDS": 6,
}  # the other ten weigh 1


def points(score: Score, *had: str, age: float = 50, gender: int = 8507) -> int:
    person = {"index_year": 2010.0, "year_of_birth": 2010.0 - age, "gender_concept_id": float(gender)}
    answers: dict[Request, np.ndarray] = {}
    for request in score.requests:
        if isinstance(request, PersonRequest):
            answers[request] = np.array([person[request.field]])
        elif isinstance(request, RecordRequest):
            answers[request] = np.array([float(request.concept_set.name in had)])
    return int(score.combine(answers)[0])


@pytest.mark.parametrize("condition", [condition.name for condition in CHARLSON])
def test_each_condition_weighs_what_the_papers_say(condition: str) -> None:
    assert points(Score("charlson_1987"), condition) == CHARLSON_1987.get(condition, 1)
    assert points(Score("charlson_quan_2011"), condition) == QUAN_2011.get(condition, 0)


def test_the_largest_scores_are_those_of_the_papers() -> None:
    everything = [condition.name for condition in CHARLSON]
    assert points(Score("charlson_quan_2011"), *everything) == 24
    assert points(Score("charlson_1987"), *everything) == 29  # milder forms stand aside: 33 less 1, 1 and 2
    all_of_lip = (
        "congestive heart failure",
        "hypertension",
        "diabetes",
        "stroke or thromboembolism",
        "vascular disease",
    )
    assert points(Score("cha2ds2_vasc"), *all_of_lip, age=80, gender=8532) == 9


@pytest.mark.parametrize(("age", "expected"), [(64, 0), (65, 1), (74, 1), (75, 2)])
def test_age_counts_from_65_and_twice_from_75(age: int, expected: int) -> None:
    assert points(Score("cha2ds2_vasc"), age=age) == expected
    assert points(Score("cha2ds2_vasc"), age=age, gender=8532) == expected + 1


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("stroke or thromboembolism", 2), ("hypertension", 1), ("diabetes", 1), ("vascular disease", 1)],
)
def test_stroke_counts_twice_and_the_others_once(condition: str, expected: int) -> None:
    assert points(Score("cha2ds2_vasc"), condition) == expected
