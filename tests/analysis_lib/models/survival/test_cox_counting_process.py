"""What Cox models with strata, weights, late entry, clusters and rows from anywhere must hold to."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError, SeparationError
from analysis_lib.models.rows import source
from analysis_lib.models.survival import CoxResult, cox
from analysis_lib.models.survival.cox_regression import cox_rows, fitting

FAST = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = st.integers(0, 10_000)
TIES = st.sampled_from(["efron", "breslow"])
FORMULA = "Surv(start, stop, event) ~ age + C(arm) + strata(site)"


def _people(seed: int, n: int = 80) -> pd.DataFrame:
    """Make late entry, ties, strata, weights and an effect of age."""
    draw = np.random.default_rng(seed)
    age = draw.normal(60, 10, n)
    start = draw.integers(0, 15, n)
    return pd.DataFrame(
        {
            "subject_id": np.arange(n),
            "start": start,
            "stop": start + np.ceil(draw.exponential(20 * np.exp(-0.03 * (age - 60)))),
            "event": draw.random(n) < 0.7,
            "age": age,
            "arm": draw.choice(["a", "b", "c"], n),
            "site": draw.choice([1, 2], n),
            "clinic": draw.integers(0, 25, n),
            "weight": draw.integers(1, 4, n),
            "fraction": draw.uniform(0.2, 3, n),
        }
    )


def _numbers(fit: CoxResult) -> np.ndarray:
    return np.concatenate([fit.to_frame().to_numpy().ravel(), [fit.llf, fit.llnull], fit.tests()["chi2"]])


def _same(one: CoxResult, other: CoxResult, *, rel: float = 1e-9) -> None:
    np.testing.assert_allclose(_numbers(one), _numbers(other), rtol=rel, atol=1e-11)


@FAST
@given(seed=SEEDS, ties=TIES)
def test_splitting_follow_up_anywhere_changes_nothing(seed: int, ties: str) -> None:
    data = _people(seed)
    draw = np.random.default_rng(seed + 1)
    cut = data["start"] + draw.uniform(0.01, 0.99, len(data)) * (data["stop"] - data["start"])
    split = pd.concat([data.assign(stop=cut, event=False), data.assign(start=cut)])
    whole, parts = cox(FORMULA, data, ties=ties), cox(FORMULA, split, ties=ties)
    _same(whole, parts)
    assert parts.errors == "model-based"
    assert parts.persons["all"] == whole.persons["all"]
    pd.testing.assert_frame_equal(whole.baseline().drop(columns="n_risk"), parts.baseline().drop(columns="n_risk"))
    by_person = cox(FORMULA, split, ties=ties, cluster="subject_id")
    np.testing.assert_allclose(by_person.bse, cox(FORMULA, data, ties=ties, robust=True).bse, rtol=1e-9)


@FAST
@given(seed=SEEDS)
def test_a_weight_of_two_is_the_row_twice_by_breslows_method(seed: int) -> None:
    data = _people(seed)
    repeated = data.loc[data.index.repeat(data["weight"])].drop(columns="subject_id")
    weighted = cox(FORMULA, data, weights="weight", ties="breslow")
    _same(weighted, cox(FORMULA, repeated, ties="breslow"))
    assert weighted.errors == "model-based"


@FAST
@example(seed=658, ties="efron", factor=1e-6)  # ended a step early where the decrement was taken as it is
@given(seed=SEEDS, ties=TIES, factor=st.sampled_from([1e-6, 0.5, 1e6]))
def test_a_common_factor_of_the_weights_leaves_estimates_and_robust_errors(seed: int, ties: str, factor: float) -> None:
    data = _people(seed)
    one = cox(FORMULA, data, weights="fraction", ties=ties)
    other = cox(FORMULA, data.assign(fraction=data["fraction"] * factor), weights="fraction", ties=ties)
    np.testing.assert_allclose(one.to_frame(), other.to_frame(), rtol=1e-7)


@FAST
@given(seed=SEEDS, ties=TIES)
def test_order_of_rows_changes_nothing_but_the_order_of_residuals(seed: int, ties: str) -> None:
    data = _people(seed)
    shuffled = data.sample(frac=1, random_state=seed)
    one, other = (cox(FORMULA, rows, ties=ties, weights="fraction", cluster="clinic") for rows in (data, shuffled))
    _same(one, other)
    for kind in ("martingale", "deviance", "score", "dfbeta"):
        np.testing.assert_allclose(
            one.residuals(kind).to_numpy()[shuffled.index], other.residuals(kind), rtol=1e-8, atol=1e-10
        )
    assert other.concordance().se == pytest.approx(one.concordance().se, rel=1e-9)
    found, wanted = (fit.proportional_hazards().to_frame() for fit in (other, one))
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-8)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_where_rows_lie_and_how_they_are_worked_on_changes_nothing(
    ties: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dask.dataframe as dd

    formula = "Surv(start, stop, event) ~ bs(age, df=4) + log(weight) + C(arm) + strata(site)"
    data = _people(3, n=900)
    data.loc[[5, 700], "age"] = np.nan
    whole = cox(formula, data, ties=ties, weights="fraction")
    data.to_parquet(tmp_path / "rows.parquet", row_group_size=200)
    monkeypatch.setattr(source, "ROWS_OF_A_PART", 250)
    ways = [data, tmp_path / "rows.parquet", dd.from_pandas(data, npartitions=3)]
    for way in ways:
        _same(whole, cox(formula, way, ties=ties, weights="fraction"))
    monkeypatch.setattr(fitting, "_SUMS_IN_CACHE", 0)  # sorted by time
    by_time = cox(formula, data, ties=ties, weights="fraction")
    _same(whole, by_time)
    np.testing.assert_allclose(whole.residuals("score"), by_time.residuals("score"), rtol=1e-7, atol=1e-10)
    assert by_time.residuals().index.tolist() == whole.residuals().index.tolist()
    monkeypatch.setattr(cox_rows, "_COPIED", 0)  # read again at every pass
    monkeypatch.setattr(cox_rows, "_HELD", 0)
    for way in ways:
        _same(whole, cox(formula, way, ties=ties, weights="fraction"))


def test_a_large_frame_is_read_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _people(4, n=900)
    whole = cox("Surv(start, stop, event) ~ age + weight + C(arm)", data)
    monkeypatch.setattr(cox_rows, "_COPIED", 0)
    fit = cox("Surv(start, stop, event) ~ age + weight + C(arm)", data)
    _same(whole, fit)


@FAST
@given(seed=SEEDS)
def test_formula_and_columns_give_the_same_model(seed: int) -> None:
    data = _people(seed)
    by_columns = cox(data, start="start", time="stop", event="event", covariates=["age", "arm"], strata="site")
    _same(cox("Surv(start, stop, event) ~ age + arm + strata(site)", data), by_columns)


@FAST
@given(seed=SEEDS, ties=TIES)
def test_a_single_stratum_is_no_stratum_and_copies_of_strata_add_up(seed: int, ties: str) -> None:
    data = _people(seed).drop(columns=["subject_id"])
    plain = cox("Surv(start, stop, event) ~ age", data, ties=ties)
    _same(plain, cox("Surv(start, stop, event) ~ age + strata(site)", data.assign(site=7), ties=ties))
    both = pd.concat([data.assign(site=1), data.assign(site=2)])
    twice = cox("Surv(start, stop, event) ~ age + strata(site)", both, ties=ties)
    assert twice.params["age"] == pytest.approx(plain.params["age"], rel=1e-9)
    assert twice.llf == pytest.approx(2 * plain.llf, rel=1e-12)


@FAST
@given(seed=SEEDS, ties=TIES)
def test_an_offset_takes_its_part_of_the_coefficient(seed: int, ties: str) -> None:
    data = _people(seed)
    plain = cox("Surv(start, stop, event) ~ age", data, ties=ties)
    known = cox(
        "Surv(start, stop, event) ~ age", data.assign(known=0.01 * data["age"] + 500), offset="known", ties=ties
    )
    assert known.params["age"] == pytest.approx(plain.params["age"] - 0.01, rel=1e-8)
    assert known.llf == pytest.approx(plain.llf, rel=1e-10)


@FAST
@given(seed=SEEDS, ties=TIES)
def test_martingale_residuals_add_up_to_zero_and_scores_too(seed: int, ties: str) -> None:
    data = _people(seed)
    fit = cox(FORMULA, data, ties=ties, weights="fraction")
    assert (fit.residuals()["martingale"] * data["fraction"]).sum() == pytest.approx(0, abs=1e-9)
    assert np.abs((fit.residuals("score").mul(data["fraction"], axis=0)).sum()).max() < 1e-6


@FAST
@given(seed=SEEDS)
def test_rows_of_weight_zero_count_for_nothing(seed: int) -> None:
    data = _people(seed)
    extra = data.assign(fraction=0.0, age=data["age"] + 3)
    without = cox(FORMULA, data, weights="fraction")
    fit = cox(FORMULA, pd.concat([data, extra], ignore_index=True), weights="fraction")
    np.testing.assert_allclose(fit.to_frame(), without.to_frame(), rtol=1e-8)
    assert (fit.n, fit.events, fit.persons["all"]) == (without.n, without.events, without.persons["all"])
    assert fit.exclusions["fraction zero"] == len(data)


def test_few_at_risk_where_many_enter_later_lose_no_digits() -> None:
    draw = np.random.default_rng(0)
    early = pd.DataFrame({"start": 0.0, "stop": np.arange(1.0, 7.0), "event": True, "x": draw.normal(size=6)})
    n = 20_000
    late = pd.DataFrame({"start": 10.0, "stop": 11.0, "event": False, "x": draw.normal(size=n) * 5 + 20})
    alone = cox("Surv(stop, event) ~ x", early)
    together = cox("Surv(start, stop, event) ~ x", pd.concat([early, late]))
    assert together.params["x"] == pytest.approx(alone.params["x"], rel=1e-10)
    assert together.llf == pytest.approx(alone.llf, rel=1e-12)


def test_competing_causes_are_censored_and_missing_ones_too() -> None:
    data = _people(6).assign(ended=lambda frame: np.where(frame["event"], frame["arm"], None))
    fit = cox("Surv(start, stop, ended) ~ age", data, cause="a")
    expected = cox("Surv(start, stop, is_a) ~ age", data.assign(is_a=data["ended"] == "a"))
    _same(fit, expected)
    assert fit.n == len(data)
    assert fit.settings["cause"] == "a"
    numbered = data.assign(ended=data["ended"].map({"a": 1, "b": 2, "c": 3}).fillna(0).astype(int))
    _same(cox("Surv(start, stop, ended) ~ age", numbered, cause=1), expected)


def test_errors_are_robust_where_the_data_ask_for_it() -> None:
    data = _people(7)
    right = "~ age + arm"
    assert cox(f"Surv(start, stop, event) {right}", data).errors == "model-based"
    assert cox(f"Surv(start, stop, event) {right}", data, weights="weight").errors == "model-based"
    assert cox(f"Surv(start, stop, event) {right}", data, weights="fraction").errors == "each row by itself"
    again = pd.concat([data, data.assign(start=data["stop"], stop=data["stop"] + 5)])
    recurrent = cox(f"Surv(start, stop, event) {right}", again)
    assert (recurrent.errors, recurrent.n_clusters) == ("clustered by subject_id", len(data))
    assert cox(f"Surv(stop, event) {right}", again).errors == "clustered by subject_id"
    assert cox(f"Surv(stop, event) {right}", again, robust=False).errors == "model-based"
    by_site = cox(f"Surv(stop, event) {right} + cluster(site)", data)
    assert "clustered by site: 2 clusters" in repr(by_site)
    assert "rows taken for independent" in by_site.summary(ci="profile").as_text()


def test_no_more_clusters_than_coefficients_leave_the_robust_tests_open() -> None:
    fit = cox(FORMULA + " + cluster(arm)", _people(19))
    tests = fit.tests()["p_value"]
    assert tests[["wald", "robust score"]].isna().all()
    assert tests[["likelihood ratio", "score"]].notna().all()
    assert "cannot bear errors" in repr(fit)


def test_mean_and_zero_persons_have_the_baseline_survival() -> None:
    data = _people(8)
    fit = cox(FORMULA, data)
    mean = fit.baseline().groupby("stratum").tail(1)
    lp = fit.predict()
    assert lp.mean() == pytest.approx(0, abs=1e-9)
    assert (fit.predict(kind="risk") == np.exp(lp)).all()
    at_zero = fit.baseline(at="zero").groupby("stratum").tail(1)
    assert fit.predict(at="zero").to_list() == pytest.approx(fit.predict(data, at="zero").to_list())
    shift = fit.predict(at="zero") - lp
    assert (mean["cumulative_hazard"] / at_zero["cumulative_hazard"]).to_list() == pytest.approx(
        [np.exp(shift[0])] * 2, rel=1e-9
    )


@pytest.mark.parametrize("ci", ["log", "log-log", "plain"])
def test_predicted_survival_falls_from_one_inside_its_limits(ci: str) -> None:
    fit = cox(FORMULA, _people(9))
    people = pd.DataFrame({"age": [40, 70, np.nan], "arm": ["a", "c", "b"], "site": [1, 2, 1]})
    found = fit.predict_survival(people, times=[0, 20, 30, 1e6], ci=ci)
    known = found[found["row"] < 2].dropna()
    assert (known.loc[known["time"] == 0, ["survival", "ci_low", "ci_high"]] == 1).all(axis=None)
    assert (known["ci_low"] <= known["survival"]).all()
    assert (known["survival"] <= known["ci_high"]).all()
    assert known.groupby("row")["survival"].diff().dropna().le(0).all()
    assert found.loc[(found["row"] == 2) | (found["time"] == 1e6), "survival"].isna().all()


def test_plot_of_drift_has_points_and_curves_of_each_term() -> None:
    test = cox("Surv(start, stop, event) ~ age + C(arm)", _people(10, n=200)).proportional_hazards()
    figure = test.plot()
    assert set(figure.data["term"]) == {"age", "C(arm)"}
    assert set(figure.data["kind"]) == {"event", "curve"}
    assert set(test.plot("age").data["term"]) == {"age"}
    assert set(test.plot(points=False).data["kind"]) == {"curve"}
    assert "GLOBAL" in repr(test)
    with pytest.raises(ModelInputError, match="there is no term 'arm'; found age"):
        test.plot("arm")


def test_a_straight_drift_is_found_and_drawn_straight() -> None:
    draw = np.random.default_rng(1)
    n = 2000
    arm = draw.integers(0, 2, n)
    time = np.where(arm == 1, draw.weibull(2.0, n), draw.exponential(1.0, n)) + 1e-9
    fit = cox("Surv(time, event) ~ arm", pd.DataFrame({"time": time, "event": True, "arm": arm}))
    test = fit.proportional_hazards()
    assert test.table.loc["GLOBAL", "p_value"] < 1e-6
    curve = test.plot().data.query("kind == 'curve'")["coefficient"].to_numpy()
    assert curve[-1] > curve[0]


# What cannot be used is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("strata", ["", " + strata(site)"])
def test_separation_is_named_with_late_entry_and_strata_too(strata: str) -> None:
    data = _people(11)
    data["event"] &= data["arm"] != "b"
    with pytest.raises(SeparationError, match=r"'arm\[T.b\]' foretells"):
        cox(f"Surv(start, stop, event) ~ age + arm{strata}", data)


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    [
        ({"fraction": -1.0}, {"weights": "fraction"}, "the weight must be finite and not negative"),
        ({"fraction": np.inf}, {"weights": "fraction"}, "the weight must be finite and not negative"),
        ({"fraction": "much"}, {"weights": "fraction"}, "the weight must be a number; column 'fraction'"),
        ({"fraction": 0.0}, {"weights": "fraction"}, "all rows with an event have weight 0"),
        ({"fraction": np.inf}, {"offset": "fraction"}, "the offset must be finite"),
        ({"site": 1}, {"cluster": "site"}, "clustered errors need several clusters"),
        ({}, {"cluster": "site", "robust": False}, "found cluster='site' with robust=False"),
        ({}, {"ties": "exact", "cluster": "site"}, "no robust errors for the exact likelihood"),
        ({}, {"ties": "exact", "weights": "weight"}, "exact likelihood knows no case weights"),
        ({"stop": 0}, {}, r"'stop' is not after 'start' in 80 rows"),
        ({"start": np.inf}, {}, "column 'start' has 80 infinite values"),
        ({}, {"cause": "x"}, "no row has the cause in 'event'"),
        ({}, {"weights": "wieght"}, "no column 'wieght'.*Did you mean 'weight'"),
        ({}, {"time": "stop"}, "stand in the formula; found them as arguments too"),
        ({}, {"labels": {"x": "y"}}, "labels are for terms of the model"),
    ],
)
def test_arguments_and_columns_that_cannot_be_used_are_refused(
    change: dict[str, object], arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(ModelInputError, match=words):
        cox("Surv(start, stop, event) ~ age", _people(12).assign(**change), **arguments)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("stop ~ age", r"the left side must be Surv\(time, event\)"),
        ("Surv(stop, event) ~ 1", "needs a covariate; found none"),
        ("Surv(stop, event) ~ strata(site)", "needs a covariate; found none"),
        ("Surv(stop, event) ~ agee", "no column 'agee'.*Did you mean 'age'"),
        ("Surv(stop, event) ~ stop + age", "two parts to play; found stop"),
        ("Surv(stop, event) ~ age + I(2 * age)", "the covariates are collinear"),
        ("Surv(stop, event) ~ age + I(0 * age)", "a covariate must vary; found one value"),
        ("Surv(stop, event) ~ __import__('os')", "cannot call"),
    ],
)
def test_formulas_that_cannot_be_fitted_are_refused(formula: str, words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        cox(formula, _people(13))


def test_a_formula_without_data_or_after_them_is_refused() -> None:
    formula = "Surv(stop, event) ~ age"
    for arguments in ((formula,), (_people(20), formula)):
        with pytest.raises(ModelInputError, match="a formula comes first and the data after it"):
            cox(*arguments)


def test_one_event_time_leaves_the_test_of_proportional_hazards_open() -> None:
    data = _people(21).assign(stop=30, start=0)
    test = cox("Surv(start, stop, event) ~ age", data).proportional_hazards()
    assert test.table["chi2"].isna().all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"age": lambda frame: frame["age"] * 1e200}, "squares must be within double precision; found larger ones"),
        ({"age": lambda frame: frame["age"] * 1e-200}, "as far as double precision tells"),
    ],
)
def test_units_beyond_double_precision_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        cox("Surv(stop, event) ~ age", _people(22).assign(**change))


@pytest.mark.parametrize(("scale", "origin"), [(1e100, 0), (1e-100, 0), (1, 1e9)])
def test_far_units_and_origins_give_the_same_model(scale: float, origin: float) -> None:
    data = _people(23)
    plain = cox("Surv(start, stop, event) ~ age", data)
    far = cox("Surv(start, stop, event) ~ age", data.assign(age=(data["age"] + origin) * scale))
    assert far.zvalues["age"] == pytest.approx(plain.zvalues["age"], rel=1e-6)
    assert far.llf == pytest.approx(plain.llf, rel=1e-9)


def test_one_row_and_no_rows_are_refused() -> None:
    for rows in (1, 0):
        with pytest.raises(ModelInputError):
            cox("Surv(stop, event) ~ age", _people(14).assign(event=True).head(rows))


def test_the_exact_likelihood_is_refused_where_it_would_take_for_ever() -> None:
    data = _people(15, n=40_000).assign(stop=30, start=0)
    with pytest.raises(ModelInputError, match=r"exact likelihood is for small data; found 40,000 rows and up to"):
        cox("Surv(start, stop, event) ~ age", data, ties="exact")


def test_residuals_and_tests_that_do_not_exist_for_exact_ties_are_refused() -> None:
    fit = cox("Surv(start, stop, event) ~ age", _people(16), ties="exact")
    assert fit.residuals("deviance").notna().all(axis=None)
    with pytest.raises(ModelInputError, match="there are no schoenfeld residuals"):
        fit.residuals("schoenfeld")
    with pytest.raises(ModelInputError, match="no test of proportional hazards"):
        fit.proportional_hazards()


def test_people_of_unknown_strata_and_levels_are_refused() -> None:
    fit = cox(FORMULA, _people(17))
    people = pd.DataFrame({"age": [50], "arm": ["a"], "site": [9]})
    with pytest.raises(ModelInputError, match="1 rows are in strata by site that the model does not know"):
        fit.predict_survival(people, times=[1])
    with pytest.raises(ModelInputError, match="levels that the model does not know"):
        fit.predict(people.assign(arm="z"))


def test_names_of_columns_may_be_anything() -> None:
    data = _people(18).rename(columns={"age": "나이 (years)", "arm": "C(arm)", "site": "a:b", "stop": "end + 1"})
    fit = cox(
        data,
        start="start",
        time="end + 1",
        event="event",
        covariates=["나이 (years)", "weight"],
        strata=["a:b", "C(arm)"],
    )
    assert list(fit.params.index) == ["나이 (years)", "weight"]
    assert fit.baseline()["stratum"].iloc[0] == "a:b=1, C(arm)=a"
    with pytest.raises(ModelInputError, match="must hold no backtick"):
        cox(data.rename(columns={"weight": "we`ight"}), time="end + 1", event="event", covariates="we`ight")
