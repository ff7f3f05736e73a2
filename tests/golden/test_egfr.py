"""eGFR by CKD-EPI 2021 against numbers from outside.

Rounded values of the National Kidney Foundation's calculator (kidney.org, "CKD-EPI Creatinine Equation (2021)"): as
quoted in the tests of the R package admiral (pharmaverse, tests of `compute_egfr`, 01.01 and 01.02). The equation:
Inker LA et al., N Engl J Med 2021, 385, 1737-1749; the coefficients below are as the Foundation's page prints them.
"""

import pytest

from analysis_lib.catalog.engine import open_engine
from analysis_lib.cohort import ConceptSet
from analysis_lib.cohort.language.computed import Egfr

MG_PER_DL, UMOL_PER_L = 8840, 8749
FEMALE, MALE = 8532, 8507


def _egfr(creatinine: float, unit: int, *, age: int, gender: int) -> float:
    engine = open_engine(threads="1", memory_limit="200MB")
    engine.execute(
        "CREATE TABLE measurement AS "
        "SELECT 1 AS person_id, 1 AS measurement_id, DATE '2020-06-01' AS measurement_date, "
        "?::DOUBLE AS value_as_number, ?::INTEGER AS unit_concept_id, 1 AS measurement_concept_id, "
        "NULL::BIGINT AS visit_occurrence_id",
        [creatinine, unit],
    )
    engine.execute(
        "CREATE TABLE person AS SELECT 1 AS person_id, ?::INTEGER AS gender_concept_id, ?::INTEGER AS year_of_birth, "
        "6 AS month_of_birth, 1 AS day_of_birth",
        [gender, 2020 - age],
    )
    ((value,),) = engine.execute(
        f"SELECT value_as_number FROM ({Egfr(ConceptSet('creatinine', [1])).sql({'creatinine': (1,)})})"
    ).fetchall()
    engine.close()
    return float(value)


@pytest.mark.parametrize(
    ("creatinine", "unit", "age", "gender", "expected"),
    [(1.09, MG_PER_DL, 55, MALE, 80), (85, UMOL_PER_L, 65, FEMALE, 66)],
)
def test_egfr_is_what_the_kidney_foundation_computes(
    creatinine: float, unit: int, age: int, gender: int, expected: int
) -> None:
    assert round(_egfr(creatinine, unit, age=age, gender=gender)) == expected


@pytest.mark.parametrize(
    ("gender", "kappa", "alpha", "factor"), [(FEMALE, 0.7, -0.241, 1.012), (MALE, 0.9, -0.302, 1.0)]
)
@pytest.mark.parametrize("creatinine", [0.3, 0.7, 0.8, 0.9, 1.0, 4.2, 12.0])
@pytest.mark.parametrize("age", [18, 50, 101])
def test_egfr_follows_the_equation_on_both_sides_of_its_bend(
    creatinine: float, age: int, gender: int, kappa: float, alpha: float, factor: float
) -> None:
    low, high = min(creatinine / kappa, 1) ** alpha, max(creatinine / kappa, 1) ** -1.200
    expected = 142 * low * high * 0.9938**age * factor
    assert _egfr(creatinine, MG_PER_DL, age=age, gender=gender) == pytest.approx(expected, rel=1e-12)
