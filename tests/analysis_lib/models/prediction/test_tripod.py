"""The TRIPOD+AI appendix: what the run knows is filled in, the rest is the authors'."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis_lib.catalog import Dataset
from analysis_lib.cohort import CohortDefinition, ConceptSet, EntryEvent, PriorObservation, build_cohort
from analysis_lib.errors import ModelInputError, OutputError
from analysis_lib.features import Demographic, Flag, baseline, outcome
from analysis_lib.models.prediction import check_leakage, risk_model, split_persons, tripod_appendix
from analysis_lib.models.prediction.tripod import TO_BE_WRITTEN, TripodAppendix
from analysis_lib.models.prediction.tripod_items import ITEMS
from analysis_lib.windows import ANY_TIME_BEFORE


@pytest.fixture(scope="module")
def bare() -> TripodAppendix:
    draw = np.random.default_rng(0)
    data = pd.DataFrame(
        {"person_id": np.arange(600), "age": draw.normal(size=600), "sex": draw.choice(["f", "m"], 600)}
    )
    data["y"] = draw.random(600) < 1 / (1 + np.exp(-data["age"]))
    split = split_persons(data)
    model = risk_model(["age", "sex"], data, outcome="y", split=split, folds=3)
    return tripod_appendix(model, performance=model.evaluate(data, by="sex"))


@pytest.fixture(scope="module")
def full(hospital: Dataset) -> TripodAppendix:
    admission, diabetes = ConceptSet("inpatient visit", [9201]), ConceptSet("type 2 diabetes", [201826])
    definition = CohortDefinition("admitted", EntryEvent(admission, "visit_occurrence"), [PriorObservation(30)])
    people = build_cohort(definition, hospital)
    features = baseline(people, Demographic("age_years"), Demographic("sex"), Flag(diabetes, ANY_TIME_BEFORE))
    followed = outcome(people, ConceptSet("heart failure", [316139]))
    data = followed.frame.merge(features.to_pandas(), on=["subject_id", "cohort_start_date"])
    # So that a small release has enough events for a fit.
    data["event"] = data["event"].astype(bool) | (np.random.default_rng(0).random(len(data)) < 0.3)
    split = split_persons(data)
    model = risk_model(features, data, model="cox", time="time_at_risk_days", event="event", horizon=365, split=split)
    return tripod_appendix(
        model,
        cohort=people,
        outcome=followed,
        features=features,
        performance=model.evaluate(data),
        internal=model.cross_validate(data, folds=3),
        leakage=check_leakage(data, outcome="event", features=features, split=split),
        characteristics=data,
        answers={"17": "Approved by nobody, for nobody."},
    )


def test_all_items_are_there_once_and_in_order() -> None:
    numbers = [item.number for item in ITEMS]
    assert len(numbers) == len(set(numbers)) == 52
    assert [int("".join(letter for letter in number if letter.isdigit())) for number in numbers] == sorted(
        int("".join(letter for letter in number if letter.isdigit())) for number in numbers
    )
    assert {int("".join(letter for letter in number if letter.isdigit())) for number in numbers} == set(range(1, 28))


def test_what_the_run_does_not_know_is_left_to_the_authors(bare: TripodAppendix) -> None:
    table = bare.to_frame().set_index("item")
    for number in ("1", "2", "3a", "3c", "4", "5a", "6b", "8b", "17", "18a", "19", "24", "25", "26", "27c"):
        assert table.loc[number, "text"] == TO_BE_WRITTEN
        assert number in bare.missing
    assert not table.loc["1", "from_run"]
    assert set(table.loc[~table["from_run"], "text"]) == {TO_BE_WRITTEN}


def test_numbers_are_those_of_the_objects(bare: TripodAppendix) -> None:
    assert "Candidate predictors: age, sex" in bare.answers["9a"]
    assert "AUROC" in bare.answers["23a"]
    assert bare.answers["23a"].count("\n") == 2
    assert "subgroups by sex" in bare.answers["14"]
    assert "Link: logit" in bare.answers["22"]
    assert f"{bare.persons['all']:,} persons" in bare.answers["21"]


def test_cohort_outcome_and_features_fill_their_items(full: TripodAppendix, hospital: Dataset) -> None:
    assert hospital.release in full.answers["5a"]
    assert "SHA-256" in full.answers["6b"]
    assert "heart failure" in full.answers["8a"]
    assert "had_type_2_diabetes: " in full.answers["9b"]
    assert "In the cohort" in full.answers["20a"]
    assert "Cumulative baseline hazard at 365" in full.answers["22"]
    assert "check for leakage" in full.answers["7"]
    assert "cross-validation by person" in full.answers["12c"]
    assert full.answers["17"] == "Approved by nobody, for nobody."
    assert "Table 1" in full.answers["20b"]


def test_events_are_counted_until_the_horizon_of_the_prediction() -> None:
    draw = np.random.default_rng(3)
    data = pd.DataFrame({"person_id": np.arange(800), "age": draw.normal(size=800)})
    data["time"] = np.ceil(draw.exponential(400 * np.exp(-data["age"])) + 1)
    data["event"] = draw.random(800) < 0.8
    split = split_persons(data)
    model = risk_model(["age"], data, model="cox", time="time", event="event", horizon=100, split=split)
    judged = model.evaluate(data)
    appendix = tripod_appendix(model, performance=judged, internal=model.cross_validate(data, folds=3))
    training, test = (split.of(data, part) for part in ("training", "test"))
    early, all_of_them = int((training["event"] & (training["time"] <= 100)).sum()), int(training["event"].sum())
    assert 0 < early < all_of_them
    counted = f"{len(training)} rows of {len(training)} persons, {early} events until 100 ({all_of_them} in the whole"
    for item in ("10", "21"):
        assert f"Development: {counted}" in appendix.answers[item]
    assert f"Internal validation: {counted}" in appendix.answers["21"]
    assert f"{100 * early / len(training):.1f}% of the training rows are known to have" in appendix.answers["13"]
    late = int((test["event"] & (test["time"] <= 100)).sum())
    assert f"Evaluation: {len(test)} rows of {len(test)} persons, {late} events until 100" in appendix.answers["21"]
    assert f"{late} events until 100." in appendix.answers["23a"]
    assert f"{early} of the events came until 100." in str(model)
    assert f"{late} of the events came until 100." in str(judged)


def test_without_a_horizon_all_events_count(bare: TripodAppendix) -> None:
    assert "until" not in bare.answers["21"]
    assert "3 folds of the persons" in bare.answers["21"]
    assert "of the training rows have the outcome" in bare.answers["13"]
    assert "Evaluation: " in bare.answers["10"]


@pytest.mark.parametrize("suffix", [".docx", ".html", ".md", ".csv"])
def test_files_hold_every_item(full: TripodAppendix, tmp_path: Path, suffix: str) -> None:
    written = full.save(tmp_path / f"appendix{suffix}")
    if suffix == ".docx":
        from docx import Document

        document = Document(str(written))
        cells = [row.cells[0].text for row in document.tables[0].rows[1:]]
        assert cells == [item.number for item in ITEMS]
        italics = [run.italic for run in document.tables[0].rows[1].cells[2].paragraphs[0].runs]
        assert italics == [True]
        return
    text = written.read_text(encoding="utf-8")
    assert all(item.title in text for item in ITEMS)
    assert "BMJ 385" in text or suffix == ".csv"


def test_a_cell_of_markdown_stays_one_cell(bare: TripodAppendix) -> None:
    odd = TripodAppendix({"1": "a | b\nc"}, {})
    assert "| 1 | Title | Title | a \\| b<br>c |" in odd.to_markdown()
    assert "<em>" in bare._repr_html_()
    assert "52 items" in repr(bare)


def test_unknown_items_empty_answers_and_other_formats_are_refused(bare: TripodAppendix, tmp_path: Path) -> None:
    data = pd.DataFrame({"x": np.arange(60.0), "y": np.arange(60) % 2})
    model = risk_model(["x"], data, outcome="y", folds=3)
    with pytest.raises(ModelInputError, match="no item '28'"):
        tripod_appendix(model, answers={"28": "x"})
    with pytest.raises(ModelInputError, match="about a model of `risk_model`; found DataFrame"):
        tripod_appendix(data)
    with pytest.raises(ModelInputError, match="must be text"):
        tripod_appendix(model, answers={"1": " "})
    with pytest.raises(OutputError, match="written as"):
        bare.save(tmp_path / "appendix.pdf")
