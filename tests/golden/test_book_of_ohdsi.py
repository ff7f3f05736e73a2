"""The study of celecoxib and diclofenac against the numbers that The Book of OHDSI prints.

Source: The Book of OHDSI (OHDSI, 2021-01-11; CC0), https://ohdsi.github.io/TheBookOfOhdsi/, appendix "Suggested
Answers": exercises 9.1 to 9.3 (SQL and R) and 12.1 to 12.3 (population-level estimation), made there with R's
CohortMethod 3 and Cyclops on Eunomia's GiBleed set. Its file SuggestedAnswers.Rmd holds what is quoted here.

The book's interval is found by a search along the profile likelihood; solving for the same limits exactly moves them
in the fifth decimal. The exact ones, and the Wald interval, were computed beside this code with statsmodels' PHReg and
scipy's brentq on the book's 2,630 people.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import (
    CohortDefinition,
    ConceptSet,
    EntryEvent,
    build_cohort,
    study_population,
)
from analysis_lib.cohort.follow_up import FollowUp
from analysis_lib.models import cox

BLEED = ConceptSet("gastrointestinal bleed", [192671])
CELECOXIB, DICLOFENAC = ConceptSet("celecoxib", [1118084]), ConceptSet("diclofenac", [1124300])


def _first_eras(drug: ConceptSet) -> CohortDefinition:
    return CohortDefinition(drug.name, EntryEvent(drug, "drug_era"))


def _as_in_exercise_12_2(drug: ConceptSet) -> CohortDefinition:
    """Write the book's settings: washoutPeriod = 180; the follow-up adds removeDuplicateSubjects and the rest."""
    both = ConceptSet("both", [*CELECOXIB.items, *DICLOFENAC.items])
    return CohortDefinition.new_users(drug, washout_days=180, washout_of=both)


@pytest.fixture(scope="module", params=[_first_eras, _as_in_exercise_12_2])
def study(request: pytest.FixtureRequest, gibleed: Dataset) -> FollowUp:
    target, comparator = (build_cohort(request.param(drug), gibleed) for drug in (CELECOXIB, DICLOFENAC))
    return study_population(target, comparator, outcome=BLEED)


def test_people_and_events_of_exercise_12_1(study: FollowUp) -> None:
    assert study.frame["arm"].value_counts().to_dict() == {"celecoxib": 1800, "diclofenac": 830}
    assert study.n_persons == len(study) == 2630
    assert study.n_events == 479


def test_nobody_is_lost_after_the_cohorts_are_built_as_in_exercise_12_2(study: FollowUp) -> None:
    last = study.attrition.groupby("arm")["persons"].last()
    assert last.to_dict() == {"celecoxib": 1800, "diclofenac": 830}
    removed = study.attrition.set_index(["arm", "rule"])["persons_removed"]
    assert removed[removed > 0].to_dict() == {
        ("celecoxib", "Inside an observation period"): 44,
        ("diclofenac", "Inside an observation period"): 20,
    }


def test_cox_model_of_exercise_12_3(study: FollowUp) -> None:
    model = cox(study.frame, time="time_at_risk_days", event="event", covariates="treatment", ties="breslow")
    estimate = model.to_frame(ci="profile").loc["treatment"]
    assert round(estimate["hazard_ratio"], 5) == 1.34612
    assert round(estimate["coef"], 5) == 0.29723
    assert estimate[["ci_low", "ci_high"]].tolist() == pytest.approx([1.10065, 1.65741], abs=1e-4)
    assert estimate["se"] == pytest.approx(0.1044, abs=1e-4)


def test_exact_profile_and_wald_intervals(study: FollowUp) -> None:
    model = cox(study.frame, time="time_at_risk_days", event="event", covariates="treatment", ties="breslow")
    exact = model.to_frame(ci="profile").loc["treatment", ["ci_low", "ci_high"]]
    wald = model.to_frame(ci="wald").loc["treatment", ["ci_low", "ci_high"]]
    assert exact.tolist() == pytest.approx([1.10070, 1.65739], abs=6e-6)
    assert wald.round(4).tolist() == [1.0972, 1.6515]
    assert exact.tolist() == pytest.approx(_profiled(study.frame), abs=1e-8)


def _profiled(frame: pd.DataFrame) -> list[float]:
    """Write Breslow's likelihood for one 0/1 covariate once more, and solve for the limits by bisection."""
    days, event, treated = (frame[name].to_numpy() for name in ("time_at_risk_days", "event", "treatment"))
    steps = []
    for day in np.unique(days[event == 1]):
        now, at_risk = (days == day) & (event == 1), days >= day
        steps.append((now.sum(), (now & (treated == 1)).sum(), at_risk.sum(), (at_risk & (treated == 1)).sum()))
    events, treated_events, at_risk, treated_at_risk = np.array(steps, dtype=float).T

    def likelihood(beta: float) -> float:
        weights = treated_at_risk * np.exp(beta) + at_risk - treated_at_risk
        return float((beta * treated_events - events * np.log(weights)).sum())

    def score(beta: float) -> float:
        share = treated_at_risk * np.exp(beta) / (treated_at_risk * np.exp(beta) + at_risk - treated_at_risk)
        return float((treated_events - events * share).sum())

    top = brentq(score, -2, 2, xtol=1e-12)
    edge = likelihood(top) - chi2.ppf(0.95, 1) / 2
    limits = [brentq(lambda beta: likelihood(beta) - edge, *side, xtol=1e-12) for side in ((-2, top), (top, 2))]
    return np.exp(limits).tolist()


def test_efron_differs_in_the_fourth_decimal(study: FollowUp) -> None:
    model = cox(study.frame, time="time_at_risk_days", event="event", covariates="treatment", ties="efron")
    assert round(model.hazard_ratios["treatment"], 5) == 1.34661


def test_persons_and_celecoxib_users_of_exercises_9_1_and_9_2(gibleed: Dataset) -> None:
    assert gibleed.n_persons == 2694
    assert build_cohort(_first_eras(CELECOXIB), gibleed).attrition["persons"].iloc[0] == 1844


def test_the_41_bleeds_of_exercise_9_3_are_those_of_strangers(gibleed: Dataset) -> None:
    during = "condition_start_date BETWEEN drug_era_start_date AND drug_era_end_date"
    which = "drug_concept_id = 1118084 AND condition_concept_id = 192671"
    count = "SELECT count(*) AS bleeds FROM drug_era AS d JOIN condition_occurrence AS c ON"
    as_printed = gibleed.query(f"{count} {during} WHERE {which}")
    of_one_person = gibleed.query(f"{count} c.person_id = d.person_id AND {during} WHERE {which}")
    assert (as_printed["bleeds"].item(), of_one_person["bleeds"].item()) == (41, 0)
