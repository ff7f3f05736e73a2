"""Scores against numbers read elsewhere; the papers themselves were not at hand.

Charlson 1987: the manual page ``charlson_weights_orig`` of the R package medicalrisk, which quotes table 3 of the
paper. Quan 2011: ``data-raw/make-weights.R`` of the R package comorbidity (github.com/ellessenne/comorbidity, commit
8f5f79d3); the manual page ``weight.Charlsons.Quan2011`` of comorbidities.icd10 says 24 at most. CHA2DS2-VASc: table 3
of the guideline Stroke 2014, 45, 3754-3832 (PMC5020564): 0 to 9 points. Concepts: CharlsonIndex.sql and Chads2Vasc.sql
of OHDSI's FeatureExtraction, commit 53266f02.
"""

import numpy as np
import pytest

from analysis_lib.features import Score
from analysis_lib.features.requests import PersonRequest, RecordRequest, Request
from analysis_lib.features.score_concepts import CHA2DS2_VASC, CHARLSON

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
def test_each_condition_weighs_what_the_sources_say(condition: str) -> None:
    assert points(Score("charlson_1987"), condition) == CHARLSON_1987.get(condition, 1)
    assert points(Score("charlson_quan_2011"), condition) == QUAN_2011.get(condition, 0)


def test_the_largest_scores_are_those_of_the_sources() -> None:
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


# Read off the SQL: the name, the concepts with descendants; below also those alone and those taken away.
CHARLSON_SQL = [
    ("myocardial infarction", {4329847}),
    ("congestive heart failure", {316139}),
    ("peripheral vascular disease", {321052}),
    ("cerebrovascular disease", {381591, 434056}),
    ("dementia", {4182210}),
    ("chronic pulmonary disease", {4063381}),
    ("rheumatic disease", {257628, 134442, 80800, 80809, 256197, 255348}),
    ("peptic ulcer disease", {4247120}),
    ("mild liver disease", {4064161, 4212540}),
    ("diabetes", {201820}),
    ("diabetes with complications", {443767, 442793}),
    ("hemiplegia or paraplegia", {192606, 374022}),
    ("renal disease", {4030518}),
    ("malignancy", {443392}),
    ("moderate or severe liver disease", {4245975, 4029488, 192680, 24966}),
    ("metastatic solid tumour", {432851}),
    ("AIDS", {439727}),
]
VASCULAR = {
    *(312327, 43020432, 314962, 312939, 315288, 317309, 134380, 196438, 200138, 194393, 319047, 40486130, 317003),
    *(4313767, 321596),
}
CHADS_SQL = [
    ("congestive heart failure", {316139, 314378}, {318773, 321319}, set()),
    ("hypertension", {320128, 442604, 201313}, set(), {197930}),
    ("diabetes", {201820, 442793}, set(), {195771, 376112, 4174977, 4058243, 193323, 376979}),
    (
        "stroke or thromboembolism",
        {4043731, 4110192, 375557, 4108356, 373503, 434656, 433505, 376714, 312337},
        set(),
        set(),
    ),
    (
        "vascular disease",
        VASCULAR,
        {317305, 321886, 314659, 321887, 437312, 134057},
        set(),
    ),
]


def test_the_concepts_are_those_of_feature_extraction() -> None:
    assert [(each.name, set(each.concept_ids)) for each in CHARLSON] == CHARLSON_SQL
    assert not any(each.alone or each.excluded for each in CHARLSON)
    found = [(each.name, set(each.concept_ids), set(each.alone), set(each.excluded)) for each in CHA2DS2_VASC]
    assert found == CHADS_SQL
