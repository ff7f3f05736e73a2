"""Risk models: one interface, nothing learned of held-out rows, everything recorded."""

import sys

import numpy as np
import pandas as pd
import pytest

from analysis_lib.compute import cluster
from analysis_lib.errors import ModelInputError, SeparationError
from analysis_lib.models.prediction import performance, risk_model, split_persons, survival_performance

PREDICTORS = ["age", "고혈압 (mm)", "sex", "egfr", "site", "flag", "constant"]
FOLLOW_UP = {"time": "time", "event": "event", "horizon": 365}
FOLLOW_UP_FORMULA = {"time": None, "event": None}
ASKED = {
    "penalised": {"model": "penalised", "outcome": "y", "folds": 3},
    "penalised cox": {"model": "penalised", **FOLLOW_UP, "folds": 3},
    "boosting": {"model": "boosting", "outcome": "y", "rounds": 40},
    "cox": {"model": "cox", **FOLLOW_UP},
}


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    n = 1_500
    data = pd.DataFrame(
        {
            "person_id": draw.integers(0, 1_000, n),
            "age": draw.normal(60, 10, n),
            "고혈압 (mm)": draw.normal(size=n),
            "sex": draw.choice(["female", "male"], n),
            "egfr": np.where(draw.random(n) < 0.2, np.nan, draw.normal(80, 20, n)),
            "site": pd.Series(draw.choice(["a", "b", "c", None], n)),
            "flag": draw.random(n) < 0.3,
            "constant": 1,
        }
    )
    linear = -2 + 0.05 * (data["age"] - 60) + 0.7 * data["고혈압 (mm)"] + 0.6 * (data["sex"] == "male")
    data["y"] = draw.random(n) < 1 / (1 + np.exp(-linear))
    time, censored = draw.exponential(900 * np.exp(-linear - 2)), draw.uniform(100, 1_000, n)
    return data.assign(time=np.ceil(np.minimum(time, censored)), event=time <= censored)


@pytest.mark.parametrize("kind", ASKED)
def test_held_out_rows_change_nothing_that_is_learned(people: pd.DataFrame, kind: str) -> None:
    split = split_persons(people)
    model = risk_model(PREDICTORS, people, split=split, **ASKED[kind])
    wild = people.copy()
    test = split.rows("test")
    wild.loc[test, ["age", "고혈압 (mm)", "egfr"]] = 1e6
    wild.loc[test, "site"] = "never seen"
    again = risk_model(PREDICTORS, wild, split=split, **ASKED[kind])
    pd.testing.assert_frame_equal(model.to_frame(), again.to_frame())
    pd.testing.assert_frame_equal(model.preparation.to_frame(), again.preparation.to_frame())
    assert np.isfinite(again.predict(wild)).all()


@pytest.mark.parametrize("kind", ASKED)
def test_order_of_rows_changes_no_split_and_no_risk(people: pd.DataFrame, kind: str) -> None:
    order = np.random.default_rng(3).permutation(len(people))
    shuffled = people.iloc[order].reset_index(drop=True)
    risks = [
        risk_model(PREDICTORS, rows, split=split_persons(rows), **ASKED[kind]).predict(people)
        for rows in (people, shuffled)
    ]
    # Trees draw rows by their place, so only their ranking is nearly the same.
    if kind == "boosting":
        assert np.corrcoef(*risks)[0, 1] > 0.9
    else:
        np.testing.assert_allclose(*risks, rtol=2e-2 if "penalised" in kind else 1e-8)


@pytest.mark.parametrize("kind", ASKED)
def test_a_model_judges_itself_on_the_test_rows(people: pd.DataFrame, kind: str) -> None:
    split = split_persons(people, validation_share=0.15)
    model = risk_model(PREDICTORS, people, split=split, **ASKED[kind])
    held = split.of(people, "test").assign(p=model.predict)
    found = model.evaluate(people, by="sex")
    if "cox" in kind:
        expected = survival_performance(held, time="time", event="event", risk="p", horizon=365, by="sex")
    else:
        expected = performance(held, outcome="y", risk="p", by="sex")
    pd.testing.assert_frame_equal(found.table, expected.table)
    assert found.measure("auroc") > 0.6
    assert model.evaluate(people, part="validation").n == split.rows("validation").sum()
    assert model.evaluate(held).n == len(held)
    crossed = model.cross_validate(people, folds=3)
    assert crossed.n == model.n == split.rows("training").sum()
    assert crossed.measure("auroc") < model.evaluate(people, part="training").measure("auroc") + 0.02


@pytest.mark.parametrize("kind", ASKED)
def test_what_was_done_is_recorded(people: pd.DataFrame, kind: str) -> None:
    model = risk_model(PREDICTORS, people, split=split_persons(people), **ASKED[kind])
    assert model.preparation.dropped == ("constant",)
    assert "'constant'" in model.method
    assert "by person: 25%" in str(model)
    assert model.persons["all"] < model.n
    assert not model.plot(title="한국어").data.empty
    table = model.preparation.to_frame().set_index("predictor")
    training = split_persons(people).of(people, "training")
    assert table.loc["egfr", "missing"] == training["egfr"].isna().sum()
    if kind != "boosting":
        assert float(table.loc["egfr", "filled_with"]) == training["egfr"].median()
        assert table.loc["site", "levels"] == "a, b, c, (missing)"
        assert model.specification()["coefficients"]


def test_a_cox_model_with_next_to_no_penalty_gives_the_risks_of_the_one_without(people: pd.DataFrame) -> None:
    from analysis_lib.models import cox
    from analysis_lib.models.prediction.estimators import PenalisedCoxEstimator
    from analysis_lib.models.regression.penalised.partial_likelihood import baseline_hazard

    free = cox("Surv(time, event) ~ age + sex", people, ties="breslow")
    linear = free.predict(people, at="zero").to_numpy()
    table = free.baseline(at="zero")
    expected = table.loc[table["time"] <= 365, "cumulative_hazard"].iloc[-1]
    found = baseline_hazard(people["time"].to_numpy(), people["event"].to_numpy(), eta=linear, until=365)
    assert found == pytest.approx(expected, rel=1e-10)
    model = risk_model("Surv(time, event) ~ age + sex", people, **(ASKED["penalised cox"] | FOLLOW_UP_FORMULA))
    assert isinstance(model.estimator, PenalisedCoxEstimator)
    assert "Penalised Cox regression" in str(model)
    hazard = -np.expm1(-expected * np.exp(linear))
    assert np.abs(model.predict(people) - hazard).max() < 0.02  # shrunk a little


def test_a_predictor_called_like_a_follow_up_leaves_the_outcome_what_it_is(people: pd.DataFrame) -> None:
    named = people.assign(**{"Surv(x)": people["age"]})
    assert risk_model("y ~ flag + `Surv(x)`", named, folds=3).horizon is None
    follow_up = risk_model("Surv (time, event) ~ age", people, horizon=365, folds=3)
    assert follow_up.horizon == 365
    with pytest.raises(ModelInputError, match="Give horizon"):
        risk_model("Surv (time, event) ~ age", people)


def test_the_specification_gives_the_risk_by_hand(people: pd.DataFrame) -> None:
    model = risk_model(["age", "flag"], people, **ASKED["penalised cox"])
    given = model.specification()
    linear = sum(people[name].astype(float) * value for name, value in given["coefficients"].items())
    risk = 1 - np.exp(-given["baseline_cumulative_hazard"] * np.exp(linear))
    np.testing.assert_allclose(model.predict(people), risk, rtol=1e-10)


def test_complete_cases_are_counted_and_missing_predictors_give_no_risk(people: pd.DataFrame) -> None:
    model = risk_model("y ~ age + egfr", people, missing="complete", folds=3)
    assert model.exclusions == {"egfr missing": people["egfr"].isna().sum()}
    risk = model.predict(people)
    assert (np.isnan(risk) == people["egfr"].isna()).all()


def test_a_formula_may_hold_a_spline_and_is_refused_what_a_formula_may_not(people: pd.DataFrame) -> None:
    model = risk_model("y ~ bs(age, df=4) + C(sex)", people, folds=3)
    assert any(term.startswith("bs(age") for term in model.to_frame()["term"])
    with pytest.raises(ModelInputError):
        risk_model("y ~ __import__('os').system('true')", people)


def test_trees_are_lightgbms_own(people: pd.DataFrame) -> None:
    import lightgbm

    numbers = ["age", "고혈압 (mm)", "egfr"]
    model = risk_model(numbers, people, model="boosting", outcome="y", rounds=30, settings={"subsample": 1.0}, seed=4)
    settings = {**model.learned.settings, "random_state": 4, "deterministic": True, "verbosity": -1}
    own = lightgbm.LGBMClassifier(n_estimators=30, **settings).fit(people[numbers].to_numpy(), people["y"].to_numpy())
    np.testing.assert_allclose(model.predict(people), own.booster_.predict(people[numbers].to_numpy()), rtol=1e-10)


def test_boosting_without_lightgbm_names_the_extra(people: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(ModelInputError, match=r"cohorthub\[boosting\]"):
        risk_model(PREDICTORS, people, model="boosting", outcome="y")


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({}, {"model": "forest"}, "model must be one of"),
        ({}, {"outcome": None}, "the outcome is not named"),
        ({}, {"outcome": "z"}, "no column 'z'"),
        ({}, {"predictors": ["agee"]}, "Did you mean 'age'"),
        ({}, {"predictors": []}, "needs a predictor"),
        ({}, {"predictors": ["age", "age"]}, "more than once"),
        ({}, {"predictors": ["age", "person_id"]}, "an id is no predictor"),
        ({}, {"predictors": ["constant"]}, "needs a predictor that varies"),
        ({}, {"horizon": 365}, "Leave horizon= out"),
        ({}, {"model": "cox", "time": "time", "event": "event", "outcome": None}, "Give horizon"),
        ({}, {"predictors": "Surv(time, event) ~ age", "outcome": None}, "Give horizon"),
        ({}, {"time": "time", "event": "event", "horizon": 2000, "outcome": None}, "followed until the horizon"),
        ({}, {"predictors": "y ~ age"}, "the formula names the outcome"),
        ({}, {"model": "boosting", "rounds": 0}, "rounds must be"),
        ({}, {"model": "boosting", "settings": {"seed": 3}}, "decided by the library"),
        ({"y": True}, {}, "those without the outcome"),
        ({"y": None}, {}, "no row is left to learn from"),
        ({"age": pd.Timestamp("2020-01-01")}, {}, "a date is no predictor"),
        ({"age": np.inf}, {}, "must be finite"),
        ({"site": [f"{number}" for number in range(1_500)]}, {}, "free text or an id"),
        ({"person_id": None}, {}, "whose it is"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    people: pd.DataFrame, change: dict[str, object], arguments: dict[str, object], message: str
) -> None:
    data = people.assign(**change)
    if "age" in change:
        data.loc[0, "age"] = pd.Timestamp("2021-01-01") if "date" in message else 1.0
    chosen = {"predictors": PREDICTORS, "outcome": "y", **arguments}
    with pytest.raises(ModelInputError, match=message):
        risk_model(chosen.pop("predictors"), data, **chosen)


def test_a_part_that_is_not_there_is_refused(people: pd.DataFrame) -> None:
    model = risk_model("y ~ age", people, folds=3)
    with pytest.raises(ModelInputError, match="without a split"):
        model.evaluate(people, part="test")
    with pytest.raises(ModelInputError, match="folds must be"):
        model.cross_validate(people, folds=1)
    with pytest.raises(ModelInputError, match="no column 'age'"):
        model.predict(people.drop(columns="age"))


def test_a_dask_frame_gives_the_same_model(people: pd.DataFrame) -> None:
    import dask.dataframe as dd

    numbers = people[["person_id", "age", "egfr", "flag", "y"]]
    frame = dd.from_pandas(numbers, npartitions=3)
    for kind in ("penalised", "boosting"):
        models = [
            risk_model(["age", "egfr", "flag"], data, split=split_persons(data), **ASKED[kind])
            for data in (numbers, frame)
        ]
        pd.testing.assert_frame_equal(models[0].to_frame(), models[1].to_frame())


def test_separation_in_a_cox_model_names_the_predictor(people: pd.DataFrame) -> None:
    data = people.assign(never=people["event"] & (people["time"] < 300))
    data.loc[~data["event"], "never"] = False
    data["event"] = data["never"]
    with pytest.raises(SeparationError, match="never"):
        risk_model(["never", "age"], data, model="cox", time="time", event="event", horizon=365)


def test_on_a_cluster_trees_are_learned_by_its_workers(people: pd.DataFrame) -> None:
    import dask.dataframe as dd

    numbers = people[["person_id", "age", "고혈압 (mm)", "sex", "y"]]
    here = risk_model(["age", "고혈압 (mm)", "sex"], numbers, model="boosting", outcome="y", rounds=40)
    with cluster(workers=2):
        frame = dd.from_pandas(numbers, npartitions=2)
        there = risk_model(["age", "고혈압 (mm)", "sex"], frame, model="boosting", outcome="y", rounds=40)
    assert "2 Dask workers" in there.method
    assert np.corrcoef(here.predict(numbers), there.predict(numbers))[0, 1] > 0.9


def test_follow_up_may_be_a_span_of_time_and_must_be_one(people: pd.DataFrame) -> None:
    spans = people.assign(time=pd.to_timedelta(people["time"], unit="D"))
    arguments = {"model": "cox", "time": "time", "event": "event", "horizon": 365}
    models = [risk_model(["age", "sex"], data, **arguments) for data in (people, spans)]
    pd.testing.assert_frame_equal(models[0].to_frame(), models[1].to_frame())
    np.testing.assert_allclose(models[0].predict(people), models[1].predict(spans))
    assert models[1].evaluate(spans).measure("harrell_c") == models[0].evaluate(people).measure("harrell_c")
    with pytest.raises(ModelInputError):
        risk_model(["age"], people.assign(time="long"), **arguments)
    with pytest.raises(ModelInputError, match="followed until the horizon"):
        risk_model(["age"], people, **{**arguments, "horizon": 100_000})


@pytest.mark.parametrize(
    "name",
    [
        "a\nb",
        "C(x)",
        "1",
        "Intercept",
        "np.log",
        "'; drop",
        "a{b}",
        "__import__",
        "한글 열",
        "a\\b",
        " ",
        "a`b",
        "~",
        "0",
        "a:b",
        ".",
    ],
)
def test_any_name_of_a_column_will_do(people: pd.DataFrame, name: str) -> None:
    data = people.rename(columns={"age": name})
    cox = {"model": "cox", "time": "time", "event": "event", "horizon": 365}
    plain = risk_model(["age", "sex"], people, **cox).predict(people)
    np.testing.assert_allclose(risk_model([name, "sex"], data, **cox).predict(data), plain, rtol=1e-9)


def test_an_outcome_may_be_called_anything(people: pd.DataFrame) -> None:
    plain = risk_model(["age", "sex"], people, outcome="y", folds=3).predict(people)
    odd = people.rename(columns={"y": "1", "age": "predictor_1"})
    model = risk_model(["predictor_1", "sex"], odd, outcome="1", folds=3)
    np.testing.assert_allclose(model.predict(odd), plain, rtol=1e-9)
    assert set(model.to_frame()["term"]) <= {"Intercept", "predictor_1", "sex[T.male]"}
    assert model.evaluate(odd).n == len(odd)


def test_a_few_missing_values_are_filled_and_not_marked(people: pd.DataFrame) -> None:
    few = people.assign(age=people["age"].where(people.index > 4), sex=people["sex"].where(people.index > 4))
    model = risk_model(["age", "sex"], few, model="cox", time="time", event="event", horizon=365)
    assert model.preparation.indicators == ()
    assert model.preparation.levels == {"sex": ("female", "male")}
    assert np.isfinite(model.predict(few)).all()


@pytest.mark.parametrize("kind", ASKED)
def test_new_rows_of_another_type_are_refused_without_their_values(people: pd.DataFrame, kind: str) -> None:
    model = risk_model(["age", "sex"], people, **ASKED[kind])
    for values in ("marked value", pd.Timestamp("2020-01-01"), 1 + 2j):
        with pytest.raises(ModelInputError, match="must hold numbers") as error:
            model.predict(people.assign(age=values))
        assert "marked" not in str(error.value)
    assert np.isfinite(model.predict(people.assign(age=None))).all()
    assert model.predict(people.iloc[:0]).size == 0
    assert model.predict(people.iloc[[0]]) == pytest.approx(model.predict(people)[:1], rel=1e-12)


def test_a_model_is_not_judged_on_rows_in_another_order(people: pd.DataFrame) -> None:
    model = risk_model(["age"], people, split=split_persons(people), **ASKED["cox"])
    with pytest.raises(ModelInputError, match="in their order"):
        model.evaluate(people.iloc[::-1])
    assert model.evaluate(people.iloc[::-1], part="all").n == len(people)


@pytest.mark.parametrize("kind", ["penalised", "cox"])
def test_a_model_is_not_judged_by_a_part_of_those_it_learned_from_without_a_word(
    people: pd.DataFrame, kind: str
) -> None:
    split = split_persons(people)
    model = risk_model(["age"], people, split=split, **ASKED[kind])
    some = people.iloc[: len(people) // 2]
    learned = some.loc[split.part[: len(some)] == "training", "person_id"].nunique()
    with pytest.raises(ModelInputError, match=f"found {learned:,} persons that it learned"):
        model.evaluate(some)
    assert f"{learned:,} of the persons are among those learned from" in model.evaluate(some, part="all").method
    assert "learned from" not in model.evaluate(people).method
    everybody = risk_model(["age"], people, **ASKED[kind])
    assert (
        f"{people['person_id'].nunique():,} of the persons are among those learned from"
        in everybody.evaluate(people).method
    )


def test_a_horizon_before_the_first_event_teaches_nothing(people: pd.DataFrame) -> None:
    with pytest.raises(ModelInputError, match="found none of"):
        risk_model(["age"], people, model="cox", time="time", event="event", horizon=people["time"].min() / 2)


def test_terms_are_written_in_words_and_named_for_what_they_are(people: pd.DataFrame) -> None:
    data = people.rename(columns={"age": "age_at_entry"})
    survival = {"time": "time", "event": "event", "horizon": 365}
    for kind in ("cox", "penalised"):
        model = risk_model(["age_at_entry", "sex"], data, model=kind, **survival)
        written = {row[0] for row in model.summary().rows}
        assert written == {"Age at entry", "Sex: male vs female"}
        axes = model.plot().axes[0]
        assert {label.get_text() for label in axes.get_yticklabels()} == written
        assert axes.get_xlabel() == "Log hazard ratio per unit"
