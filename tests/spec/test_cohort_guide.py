"""The example of the Book of OHDSI: new users of ACE inhibitors as first-line treatment of hypertension.

Source: The Book of OHDSI, chapter "Defining cohorts" and appendix B.2, with exposures in place of eras. A first
exposure to an ACE inhibitor after 365 days of observation, hypertension in the year up to it, no drug for hypertension
before it, and one such drug alone up to seven days after it; exit when exposure ends, gaps of 30 days bridged.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import CohortDefinition, build_cohort

MakeRelease = Callable[..., Dataset]
ACE_INHIBITOR, HYPERTENSION, ANY_DRUG = 0, 1, 2


def _set(number: int, *concept_ids: int) -> dict[str, Any]:
    items = [{"concept": {"CONCEPT_ID": one}, "includeDescendants": True} for one in concept_ids]
    return {"id": number, "name": f"set {number}", "expression": {"items": items}}


def _rule(
    name: str, criterion: dict[str, Any], *, days: tuple[int | None, int], count: tuple[int, int]
) -> dict[str, Any]:
    before, after = days
    window = {"Start": {"Days": before, "Coeff": -1}, "End": {"Days": abs(after), "Coeff": -1 if after < 0 else 1}}
    occurrence = {"Type": count[0], "Count": count[1], "IsDistinct": count[0] == 0 and count[1] == 1}
    counted = {"Criteria": criterion, "StartWindow": window, "Occurrence": occurrence}
    return {"name": name, "expression": {"Type": "ALL", "CriteriaList": [counted]}}


NEW_USERS = {
    "ConceptSets": [_set(ACE_INHIBITOR, 10), _set(HYPERTENSION, 30), _set(ANY_DRUG, 10, 20)],
    "PrimaryCriteria": {
        "CriteriaList": [{"DrugExposure": {"CodesetId": ACE_INHIBITOR, "First": True}}],
        "ObservationWindow": {"PriorDays": 365, "PostDays": 0},
        "PrimaryCriteriaLimit": {"Type": "First"},
    },
    "QualifiedLimit": {"Type": "First"},
    "ExpressionLimit": {"Type": "First"},
    "InclusionRules": [
        _rule("hypertension", {"ConditionOccurrence": {"CodesetId": HYPERTENSION}}, days=(365, 0), count=(2, 1)),
        _rule("untreated", {"DrugExposure": {"CodesetId": ANY_DRUG}}, days=(None, -1), count=(0, 0)),
        _rule("one drug", {"DrugExposure": {"CodesetId": ANY_DRUG}}, days=(0, 7), count=(0, 1)),
    ],
    "EndStrategy": {"CustomEra": {"DrugCodesetId": ACE_INHIBITOR, "GapDays": 30, "Offset": 0}},
    "CensoringCriteria": [],
    "CollapseSettings": {"CollapseType": "ERA", "EraPad": 0},
}


def test_new_users_of_ace_inhibitors_with_hypertension(make_release: MakeRelease):
    dataset = make_release(
        {
            "person": "person_id\n1\n2\n3\n4\n5",
            "observation_period": """
                person from       to
                1      2009-01-01 2012-12-31
                2      2009-01-01 2012-12-31
                3      2010-01-01 2012-12-31
                4      2009-01-01 2012-12-31
                5      2009-01-01 2012-12-31
            """,
            "condition_occurrence": """
                person concept from       to
                1      30      2010-06-01 2010-06-01
                2      30      2009-02-01 2009-02-01
                3      30      2010-06-01 2010-06-01
                4      31      2010-06-01 2010-06-01
                5      30      2010-06-01 2010-06-01
            """,
            "drug_exposure": """
                person concept from       to
                1      11      2010-06-01 2010-06-30
                1      12      2010-07-30 2010-08-20
                1      11      2010-09-20 2010-10-20
                2      11      2010-06-01 2010-06-30
                3      11      2010-06-01 2010-06-30
                4      20      2010-05-01 2010-05-10
                4      11      2010-06-01 2010-06-30
                5      11      2010-06-01 2010-06-30
                5      20      2010-06-08 2010-06-30
            """,
        }
    )
    frame = build_cohort(CohortDefinition.from_circe(NEW_USERS), dataset).frame
    columns = (frame["subject_id"], frame["cohort_start_date"], frame["cohort_end_date"])
    answer = {who: (start.date(), end.date()) for who, start, end in zip(*columns, strict=True)}
    # 2: hypertension too long ago; 3: under a year observed; 4: treated before; 5: a second drug on day seven.
    # 1: the gap of 30 days is bridged, the one of 31 is not.
    assert answer == {1: (date(2010, 6, 1), date(2010, 8, 20))}
