"""The leakage check finds planted leaks, and is silent where there are none."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, build_cohort
from analysis_lib.errors import ModelInputError
from analysis_lib.features import Count, DaysSince, Demographic, Flag, Value, baseline, outcome
from analysis_lib.models.prediction import check_leakage, split_persons
from analysis_lib.models.prediction.leakage import LeakageReport
from analysis_lib.windows import ANY_TIME_BEFORE, PRIOR_YEAR, PRIOR_YEAR_AND_INDEX, Window


@pytest.fixture
def clean() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    score = draw.normal(size=1_000)
    return pd.DataFrame(
        {
            "subject_id": np.arange(1_000),
            "cohort_start_date": pd.Timestamp("2020-01-01"),
            "age_years": 60 + 10 * score,
            "sex": draw.choice(["female", "male"], 1_000),
            "creatinine": np.where(draw.random(1_000) < 0.2, np.nan, draw.normal(size=1_000)),
            "stroke": (draw.random(1_000) < 1 / (1 + np.exp(1 - score))).astype(int),
        }
    )


def _found(report: LeakageReport) -> set[tuple[str, str]]:
    return {(finding.severity, finding.column) for finding in report.findings}


def test_clean_data_give_no_finding_and_say_what_was_not_looked_for(clean: pd.DataFrame) -> None:
    report = check_leakage(clean, outcome="stroke")
    assert report.clean
    assert report.predictors == ("age_years", "sex", "creatinine")
    assert "give features=" in str(report)
    assert report.persons == {"all": 1_000, "events": int(clean["stroke"].sum())}


def test_planted_columns_are_found(clean: pd.DataFrame) -> None:
    event = clean["stroke"]
    draw = np.random.default_rng(1)
    leaky = clean.assign(
        time_at_risk_days=100,
        stroke_code=draw.random(1_000),
        copied=event + 0.001 * draw.random(1_000),
        ward=np.where(event == 1, "stroke unit", "other"),
        scan=np.where(event == 1, 1.0, np.nan),
        flag=(event == 1) & (draw.random(1_000) < 0.5),
        discharge_status=draw.integers(0, 3, 1_000),
        seen=pd.Timestamp("2020-02-01"),
        person_id=clean["subject_id"],
    )
    report = check_leakage(
        leaky.drop(columns="subject_id"), outcome="stroke", predictors=[*leaky.columns[2:5], *leaky.columns[6:]]
    )
    assert _found(report) == {
        ("error", "time_at_risk_days"),
        ("warning", "stroke_code"),
        ("error", "copied"),
        ("error", "ward"),
        ("error", "scan"),
        ("warning", "flag"),
        ("warning", "discharge_status"),
        ("error", "seen"),
        ("error", "person_id"),
    }
    assert [finding.severity for finding in report.findings] == sorted(finding.severity for finding in report.findings)
    assert len(report.to_frame()) == len(report.findings)
    assert "stroke unit" not in report._repr_html_()


def test_persons_on_both_sides_are_found(clean: pd.DataFrame) -> None:
    twice = pd.concat([clean, clean]).reset_index(drop=True)
    split = split_persons(twice)
    assert check_leakage(twice, outcome="stroke", split=split).clean
    wrong = twice.assign(part=np.where(np.arange(len(twice)) < 1_200, "training", "test"))
    report = check_leakage(wrong, outcome="stroke", split="part")
    assert [finding.found for finding in report.errors] == ["800 of 1,000 persons are in more than one part"]


def test_windows_and_concepts_of_features_are_looked_at(hospital: Dataset) -> None:
    admission = ConceptSet("inpatient visit", [9201])
    heart_failure = ConceptSet("heart failure", [316139])
    people = build_cohort(CohortDefinition("admitted", EntryEvent(admission, "visit_occurrence")), hospital)
    creatinine = ConceptSet("creatinine", [3016723])
    features = baseline(
        people,
        Demographic("age_years"),
        Demographic("days_observed_after"),
        Flag(ConceptSet("type 2 diabetes", [201826]), ANY_TIME_BEFORE),
        Flag(heart_failure, ANY_TIME_BEFORE, name="earlier"),
        DaysSince(heart_failure, Window(None, 7), name="near"),
        Count(admission, PRIOR_YEAR_AND_INDEX, domain="visit_occurrence", name="visits"),
        Value(creatinine, PRIOR_YEAR, unit="mg/dL", substance="creatinine"),
    )
    events = outcome(people, heart_failure, prior_outcome="allow", overlaps="allow").frame
    data = features.to_pandas().merge(events[["subject_id", "cohort_start_date", "event"]])
    report = check_leakage(data, outcome="event", features=features, outcome_concepts=heart_failure)
    told = {(f.severity, f.column, f.check.split()[0]) for f in report.findings if f.check.startswith(("Feat", "Conc"))}
    assert told == {
        ("error", "days_observed_after", "Features"),
        ("error", "near", "Features"),
        ("error", "near", "Concepts"),
        ("warning", "earlier", "Concepts"),
        ("warning", "visits", "Features"),
    }
    later = check_leakage(data, outcome="event", features=features, outcome_concepts=heart_failure, prediction_day=8)
    windows = [f.column for f in later.findings if f.check.startswith("Features")]
    assert windows == ["days_observed_after"]


def test_a_child_of_the_outcomes_concept_is_found(hospital: Dataset) -> None:
    ancestors = hospital.table("concept_ancestor")
    conditions = hospital.table("concept").query("domain_id == 'Condition'")["concept_id"]
    pairs = ancestors[ancestors["ancestor_concept_id"].isin(conditions)]
    pair = pairs[pairs["ancestor_concept_id"] != pairs["descendant_concept_id"]].iloc[0]
    parent, child = int(pair["ancestor_concept_id"]), int(pair["descendant_concept_id"])
    admission = ConceptSet("inpatient visit", [9201])
    people = build_cohort(CohortDefinition("admitted", EntryEvent(admission, "visit_occurrence")), hospital)
    features = baseline(people, Flag(ConceptSet("child", [child]), Window(0, 0), name="child"))
    data = features.to_pandas().assign(had=lambda frame: np.arange(len(frame)) % 2)
    report = check_leakage(data, outcome="had", features=features, outcome_concepts=[ConceptSet("parent", [parent])])
    assert ("error", "child") in _found(report)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"outcome": "strike"}, "Did you mean 'stroke'"),
        ({"predictors": ["stroke"]}, "the outcome is among the predictors"),
        ({"predictors": ["nothing"]}, "no column 'nothing'"),
        ({"prediction_day": 0.5}, "prediction_day must be"),
        ({"suspicious_auroc": 2}, "suspicious_auroc must lie"),
        ({"split": "parts"}, "no column 'parts'"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(
    clean: pd.DataFrame, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ModelInputError, match=message):
        check_leakage(clean, **{"outcome": "stroke", **arguments})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.assign(stroke=np.nan), "missing in all 1,000 rows"),
        (lambda frame: frame.assign(stroke=1), "found 1,000 with 'stroke' in 1,000 rows"),
        (lambda frame: frame.assign(stroke=False), "found 0 with 'stroke' in 1,000 rows"),
        (lambda frame: frame.iloc[:0], "found no row"),
        (lambda frame: frame.assign(age_years=np.nan, sex=None, creatinine=np.nan), "found all 3 predictors without"),
        (lambda frame: frame[["subject_id", "stroke"]], "found no predictor"),
    ],
)
def test_data_that_cannot_show_a_leak_are_refused_and_not_called_clean(
    clean: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(ModelInputError, match=f"nothing could be checked.*{message}"):
        check_leakage(change(clean), outcome="stroke")


def test_what_has_no_value_where_the_outcome_is_known_is_named_as_not_looked_at(clean: pd.DataFrame) -> None:
    known = np.arange(1_000) < 900
    data = clean.assign(
        stroke=clean["stroke"].where(known), late=np.where(known, np.nan, 1.0), note=[f"text {i}" for i in range(1_000)]
    )
    report = check_leakage(data, outcome="stroke")
    assert "values of 'late' (missing wherever the outcome is known)" in report.skipped
    assert "values of 'note' (a category of more than 50 levels)" in report.skipped
    assert "values of 'late'" in str(report)


def test_odd_columns_are_looked_at_or_named(clean: pd.DataFrame) -> None:
    data = clean.assign(
        seen=pd.Timestamp("2020-02-01", tz="Asia/Seoul"),
        codes=[[1, 2]] * 1_000,
        ratio=np.inf,
        stay=pd.Timedelta(days=1),
    )
    report = check_leakage(data, outcome="stroke")
    assert ("error", "seen") in _found(report)
    assert "values of 'ratio' (no finite number)" in report.skipped


def test_an_outcome_of_bools_beside_missing_values_is_read(clean: pd.DataFrame) -> None:
    stroke = clean["stroke"].astype(bool).astype(object).where(np.arange(1_000) < 900, None)
    report = check_leakage(clean.assign(stroke=stroke), outcome="stroke")
    assert report.persons["all"] == 900
