"""The comparison by propensity score against exercise 12.4 of The Book of OHDSI.

Source: The Book of OHDSI (OHDSI, 2021-01-11; CC0), appendix "Suggested Answers": a propensity score by lasso on its
default covariates, AUC 0.63; five strata; a Cox model within them, 1.13211 (0.92132 to 1.40008). Its covariates are
groups of concepts in the year and the month up to the index date, demographics and scores; ours are the concepts
themselves in the same year, age group, sex and year. So the numbers are near, not equal: within a tenth of a standard
error.
"""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import (
    CohortDefinition,
    ConceptSet,
    EntryEvent,
    baseline_covariates,
    build_cohort,
    study_population,
)
from analysis_lib.features import every_concept
from analysis_lib.models.effectiveness import PropensityScores, propensity_score_matrix
from analysis_lib.windows import PRIOR_YEAR_AND_INDEX

DRUGS = {"celecoxib": 1118084, "diclofenac": 1124300}
DOMAINS = ("condition_era", "drug_era", "procedure_occurrence", "measurement", "observation")


@pytest.fixture(scope="module")
def scores(gibleed: Dataset) -> PropensityScores:
    target, comparator = (
        build_cohort(CohortDefinition(name, EntryEvent(ConceptSet(name, [concept]), "drug_era")), gibleed)
        for name, concept in DRUGS.items()
    )
    study = study_population(target, comparator, outcome=ConceptSet("gastrointestinal bleed", [192671]))
    people = baseline_covariates(study, prior=[])
    parts, names = [], []
    for domain in DOMAINS:
        found = every_concept(people, PRIOR_YEAR_AND_INDEX, domain=domain, dataset=gibleed)
        kept = ~found.concepts["concept_id"].isin(DRUGS.values()).to_numpy()
        parts.append(found.matrix[:, np.flatnonzero(kept)])
        names += [f"{domain} {concept}" for concept in found.concepts.loc[kept, "concept_id"]]
    groups = pd.DataFrame(
        {"age": (people["age_years"] // 5).astype(str), "sex": people["sex"], "year": people["index_year"].astype(str)}
    )
    demographics = pd.get_dummies(groups)
    matrix = sp.hstack([*parts, sp.csr_array(demographics.to_numpy(dtype=float))]).tocsr()
    return propensity_score_matrix(matrix, "treatment", data=people, names=[*names, *demographics.columns])


def test_the_area_under_the_curve_is_near_the_books(scores: PropensityScores) -> None:
    assert scores.auc == pytest.approx(0.63, abs=0.015)


def test_the_hazard_ratio_within_strata_is_near_the_books(scores: PropensityScores) -> None:
    model = scores.stratify(5).cox("time_at_risk_days", "event", ties="breslow")
    found = np.log(model.to_frame(ci="profile").loc["treatment", ["hazard_ratio", "ci_low", "ci_high"]].astype(float))
    assert found.to_numpy() == pytest.approx(np.log([1.13211, 0.92132, 1.40008]), abs=0.1 * model.bse["treatment"])


def test_strata_make_the_arms_alike_and_lose_nobody(scores: PropensityScores) -> None:
    strata = scores.stratify(5)
    assert strata.attrition["persons"].tolist() == [2630, 2630]
    balance = strata.balance()
    assert balance.imbalanced(after=False) >= 4
    assert balance.imbalanced() <= 1
