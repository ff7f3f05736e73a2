"""Propensity scores and what follows from them: overlap, trimming, strata, matching, weights, balance, bias."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import AnalysisError, ConvergenceError, ModelInputError
from analysis_lib.models.effectiveness import (
    PropensityScores,
    e_value,
    empirical_null,
    error_model,
    propensity_score,
    propensity_score_matrix,
)
from analysis_lib.models.effectiveness.matching import exchangeable_sets, matched_sets
from analysis_lib.models.effectiveness.trimming import crump_cutoff, preference_scores
from analysis_lib.models.effectiveness.weighting import effective_size


def _data(seed: int = 0, *, n: int = 600) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    age, sex = random.normal(60, 10, n), random.choice(["female", "male"], n)
    eta = 0.06 * (age - 60) + 0.7 * (sex == "male") - 0.6
    treated = random.random(n) < 1 / (1 + np.exp(-eta))
    years = random.exponential(np.where(treated, 4.0, 3.0) * np.exp(-0.02 * (age - 60)))
    return pd.DataFrame(
        {
            "person_id": np.arange(n) + 9_000_000_000,
            "treated": treated,
            "age": age,
            "sex": sex,
            "days": np.ceil(np.minimum(years, 5) * 365.25),
            "event": years < 5,
        }
    )


def _scores(**arguments: Any) -> PropensityScores:
    return propensity_score("treated ~ age + C(sex)", _data(), **arguments)


# Scores


def test_strata_none_of_which_has_both_arms_are_refused() -> None:
    data = pd.DataFrame({"drug": [0, 1, 0, 1, 1, 0, 1, 0, 1, 0], "age": np.arange(10.0)})
    scores = propensity_score("drug ~ age", data)
    with pytest.raises(ModelInputError, match="a stratum needs both arms; found none among 10"):
        scores.stratify(100)


def test_arms_in_a_column_that_had_gaps_are_arms() -> None:
    data = _data()
    gaps = data.assign(treated=data["treated"].astype(object).where(data.index > 4, None))
    assert propensity_score("treated ~ age", gaps).n == 595


def test_balance_shows_the_levels_of_numbers_that_are_codes() -> None:
    data = _data().assign(stage=np.arange(600) % 3 + 1, smokes=np.arange(600) % 2)
    scores = propensity_score("treated ~ age + C(stage) + C(smokes)", data)
    balance = scores.weight().balance().table.set_index("covariate")
    assert list(balance.index) == ["age", "stage: 1", "stage: 2", "stage: 3", "smokes"]
    assert balance.loc["stage: 3", "mean_treated"] == pytest.approx((data["stage"] == 3)[data["treated"]].mean())
    assert scores.match().balance(["stage"]).table["covariate"].tolist() == ["stage: 1", "stage: 2", "stage: 3"]


def test_the_area_under_the_curve_counts_pairs() -> None:
    scores = _scores()
    one, other = scores.score[scores.treated][:, None], scores.score[~scores.treated]
    assert scores.auc == pytest.approx(((one > other) + 0.5 * (one == other)).mean())


def test_preference_is_the_score_where_half_are_treated_and_one_half_where_the_score_is_the_prevalence() -> None:
    score = np.array([0.2, 0.5, 0.9])
    assert preference_scores(score, 0.5) == pytest.approx(score)
    assert preference_scores(np.array([0.1]), 0.1) == pytest.approx([0.5])


def test_lasso_scores_on_a_sparse_matrix_are_those_of_the_lasso_by_formula() -> None:
    data = _data()
    random = np.random.default_rng(1)
    flags = (random.random((600, 30)) < 0.1).astype(float)
    flags[:, 0] = (data["sex"] == "male").to_numpy()
    names = [f"f{number}" for number in range(30)]
    frame = data.join(pd.DataFrame(flags, columns=names))
    by_formula = propensity_score("treated ~ " + " + ".join(names), frame, model="lasso", folds=4)
    by_matrix = propensity_score_matrix(sp.csr_array(flags), "treated", data=data, names=names, folds=4)
    assert by_matrix.score == pytest.approx(by_formula.score, abs=1e-5)
    balance = by_matrix.weight("overlap").balance()
    assert balance.table["covariate"].tolist() == names
    assert by_matrix.trim("fixed", (0.2, 0.9)).stratify().balance().imbalanced() >= 0


def test_rows_with_missing_covariates_are_left_out_and_counted() -> None:
    data = _data()
    data.loc[:4, "age"] = np.nan
    scores = propensity_score("treated ~ age + C(sex)", data)
    assert (scores.n, scores.n_excluded, scores.exclusions) == (595, 5, {"age missing": 5})
    assert scores.attrition["persons"].tolist() == [595]


def test_scores_show_themselves_and_carry_their_counts() -> None:
    scores = _scores()
    assert scores.persons["treated"] + scores.persons["untreated"] == scores.persons["all"] == 600
    assert "In equipoise" in str(scores.summary())
    for scale in ("preference", "score"):
        data = scores.plot(scale=scale).data
        assert data["treated"].sum() == scores.treated.sum()
    assert list(scores.to_frame().columns[-2:]) == ["propensity_score", "preference_score"]


# Trimming


@settings(max_examples=50)
@given(score=st.lists(st.floats(0.001, 0.999), min_size=5, max_size=200))
def test_crumps_cut_off_fulfils_its_equation_or_keeps_everybody(score: list[float]) -> None:
    values = np.array(score)
    burden = 1 / (values * (1 - values))
    cut = crump_cutoff(values)
    if cut == 0:
        assert burden.max() <= 2 * burden.mean() * (1 + 1e-9)
    else:
        limit = 1 / (cut * (1 - cut))
        assert limit == pytest.approx(2 * burden[burden <= limit * (1 + 1e-12)].mean(), rel=1e-6)


@pytest.mark.parametrize("how", ["equipoise", "fixed", "crump", "percentiles"])
def test_trimming_keeps_scores_as_they_are_and_counts_who_is_left(how: Any) -> None:
    scores = _scores()
    trimmed = scores.trim(how)
    assert set(trimmed.score) <= set(scores.score)
    assert trimmed.attrition["rows"].tolist() == [600, trimmed.n]
    assert trimmed.n == len(trimmed.frame) == trimmed.treated.size
    assert (trimmed.frame["treated"].to_numpy() == trimmed.treated).all()


def test_trimming_that_leaves_an_arm_empty_is_refused() -> None:
    with pytest.raises(ModelInputError, match="both arms"):
        _scores().trim("fixed", (0.98, 0.99))


# Matching


def _brute_force(score: np.ndarray, treated: np.ndarray, *, caliper: float) -> list[float]:
    left, found = {True: set(np.flatnonzero(treated)), False: set(np.flatnonzero(~treated))}, []
    while left[True] and left[False]:
        gap, one, other = min((abs(score[i] - score[j]), i, j) for i in left[True] for j in left[False])
        if gap > caliper:
            break
        found.append(gap)
        left[True].discard(one)
        left[False].discard(other)
    return sorted(found)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 40), caliper=st.sampled_from([0.05, 0.3, np.inf]))
def test_matching_takes_the_closest_pair_again_and_again(seed: int, n: int, caliper: float) -> None:
    random = np.random.default_rng(seed)
    score, treated = random.normal(size=n), random.random(n) < 0.4
    sets = matched_sets(score, treated, caliper=caliper, ratio=1, order="closest", seed=seed)
    gaps = []
    for number in range(sets.max() + 1):
        one, other = np.flatnonzero((sets == number) & treated), np.flatnonzero((sets == number) & ~treated)
        assert (one.size, other.size) == (1, 1)
        gaps.append(abs(score[one[0]] - score[other[0]]))
    assert sorted(gaps) == pytest.approx(_brute_force(score, treated, caliper=caliper))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), ratio=st.integers(1, 4), order=st.sampled_from(["closest", "largest"]))
def test_sets_have_one_treated_up_to_the_ratio_untreated_and_keep_the_caliper(
    seed: int, ratio: int, order: Any
) -> None:
    random = np.random.default_rng(seed)
    score = np.round(random.normal(size=80), 1)  # many ties
    treated = random.random(80) < 0.25
    sets = matched_sets(score, treated, caliper=0.15, ratio=ratio, order=order, seed=1)
    for number in range(sets.max() + 1):
        inside = sets == number
        assert (inside & treated).sum() == 1
        assert 1 <= (inside & ~treated).sum() <= ratio
        assert np.abs(score[inside & ~treated] - score[inside & treated]).max() <= 0.15 + 1e-12
    again = matched_sets(score, treated, caliper=0.15, ratio=ratio, order=order, seed=1)
    assert (sets == again).all()


def test_a_second_match_is_made_only_after_everybody_could_have_a_first() -> None:
    score = np.array([0.0, 0.01, 0.02, 0.3])
    treated = np.array([True, False, False, True])
    sets = matched_sets(score, treated, caliper=1.0, ratio=2, order="closest", seed=0)
    assert sets.tolist() == [0, 0, 1, 1]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), ratio=st.integers(1, 3), order=st.sampled_from(["closest", "largest"]))
def test_the_order_of_rows_decides_no_match_where_persons_are_named(seed: int, ratio: int, order: Any) -> None:
    random = np.random.default_rng(seed)
    people = pd.DataFrame({"person_id": random.permutation(60), "treated": random.random(60) < 0.5})
    people["score"] = np.round(random.normal(size=60), 1)  # many ties
    mixed = people.sample(frac=1, random_state=seed).reset_index(drop=True)
    found = [
        matched_sets(
            one["score"].to_numpy(),
            one["treated"].to_numpy(),
            caliper=0.15,
            ratio=ratio,
            order=order,
            seed=3,
            persons=one["person_id"],
        )
        for one in (people, mixed)
    ]
    together = [
        {frozenset(ids) for number, ids in one["person_id"].groupby(sets) if number >= 0}
        for one, sets in zip((people, mixed), found, strict=True)
    ]
    assert together[0] == together[1]


def test_sets_that_a_draw_decided_are_counted_and_said() -> None:
    score = np.array([0.1, 0.1, 0.1, 0.5, 0.52, 0.9, 0.9])
    treated = np.array([True, False, False, True, False, True, False])
    sets = matched_sets(score, treated, caliper=0.05, ratio=1, order="closest", seed=0)
    # One of two untreated at 0.1 was drawn, the other left; the other pairs had no choice.
    assert exchangeable_sets(score, treated, sets=sets) == (1, 1)
    both = matched_sets(score, treated, caliper=0.05, ratio=2, order="closest", seed=0)
    assert exchangeable_sets(score, treated, sets=both) == (0, 0)
    coarse = pd.DataFrame({"treated": [1, 0, 0, 0] * 50, "old": [0] * 100 + [1] * 100})
    matched = propensity_score("treated ~ old", coarse).match()
    assert (matched.drawn_sets, matched.drawn_from_unmatched) == (50, 50)
    assert "50 of 50 sets were drawn among equal scores, in 50 of them out of persons some of whom stay" in repr(
        matched
    )
    assert "try several" in repr(matched)
    assert "drawn among" not in repr(_scores().match())


def test_matching_a_million_takes_seconds() -> None:
    random = np.random.default_rng(0)
    score, treated = random.normal(size=1_000_000), random.random(1_000_000) < 0.3
    matched_sets(score[:1000], treated[:1000], caliper=0.2, ratio=2, order="closest", seed=0)
    start = time.process_time()
    sets = matched_sets(score, treated, caliper=0.2, ratio=2, order="closest", seed=0)
    assert time.process_time() - start < 30  # about four on a free core; a search of all pairs would take days
    assert sets.max() > 250_000


# Strata, weights, balance, outcomes


def test_strata_have_both_arms_and_balance_counts_them_by_size() -> None:
    strata = _scores().stratify(5)
    sizes = strata.frame["stratum"].value_counts()
    assert sizes.index.isin(range(1, 6)).all()
    assert sizes.max() - sizes.min() <= 2
    assert strata.weights[strata.treated].sum() == pytest.approx(600)
    assert strata.balance().largest() < strata.balance().largest(after=False)


def test_a_stratum_without_one_arm_is_left_out_and_counted() -> None:
    data = _data(n=200)
    data["age"] = np.where(data["treated"], data["age"] + 25, data["age"])
    adjusted = propensity_score("treated ~ age", data).stratify(10)
    assert adjusted.attrition["rows"].iloc[-1] == len(adjusted.frame) < 200


@pytest.mark.parametrize("estimand", ["ate", "att", "overlap", "matching"])
def test_weights_bring_the_arms_together(estimand: Any) -> None:
    weighted = _scores().weight(estimand)
    assert weighted.balance().largest() < 0.12 < weighted.balance().largest(after=False)
    assert all(size <= 600 for size in weighted.effective_size.values())


def test_stabilised_weights_sum_to_about_the_number_of_persons() -> None:
    weighted = _scores().weight("ate")
    assert weighted.weights.sum() == pytest.approx(600, rel=0.02)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=50))
def test_the_effective_size_is_at_most_the_number_and_equal_for_equal_weights(weights: list[float]) -> None:
    values = np.array(weights)
    assert effective_size(values) <= values.size * (1 + 1e-12)
    assert effective_size(np.full(7, values[0])) == pytest.approx(7)


def test_sparse_and_dense_covariates_give_the_same_balance() -> None:
    scores = _scores()
    weighted = scores.weight("att")
    dense = (np.random.default_rng(2).random((600, 8)) < 0.2) * np.array([1, 1, 1, 1, 2.5, 3, 1, 1])
    from analysis_lib.models.effectiveness.balance import balance_of

    tables = [
        balance_of(
            kind(dense),
            scores.treated,
            names=[str(number) for number in range(8)],
            before=np.ones(600),
            after=weighted.weights,
            spread="pooled",
            adjustment="weights",
        ).table
        for kind in (np.asarray, sp.csr_array)
    ]
    pd.testing.assert_frame_equal(tables[0], tables[1], rtol=1e-10)


def test_outcome_models_follow_the_adjustment() -> None:
    scores = _scores()
    labels = {"treated": "Treated vs untreated"}
    stratified, weighted = scores.stratify(), scores.weight("overlap")
    matched = scores.match(2)
    ratios = [one.cox("days", "event", labels=labels).hazard_ratios.iloc[0] for one in (stratified, weighted, matched)]
    assert ratios == pytest.approx([0.75] * 3, abs=0.3)
    odds = [one.logistic("event").params.filter(like="treated").iloc[0] for one in (stratified, weighted, matched)]
    assert all(np.isfinite(odds))


def test_plots_of_balance_name_few_covariates_and_scatter_many() -> None:
    balance = _scores().match().balance()
    assert balance.plot().data.equals(balance.table)
    assert balance.plot(most=1).data.equals(balance.table)
    assert "SMD before" in repr(balance)
    assert "<table" in balance._repr_html_()


# Bias


@given(ratio=st.floats(0.01, 100))
def test_an_e_value_is_the_same_for_a_ratio_and_its_inverse(ratio: float) -> None:
    assert e_value(ratio).estimate == pytest.approx(e_value(1 / ratio).estimate)
    assert e_value(ratio).estimate >= 1


def test_the_ratio_that_confounding_would_have_to_leave_is_of_the_same_kind_as_the_estimate() -> None:
    """As `evalues.OR` of R's EValue, which brings `true` to the scale of risk ratios too."""
    found = e_value(0.86, 0.75, ci_high=0.99, measure="odds ratio", rare_outcome=False, true_value=1.1)
    assert found == pytest.approx((e_value((0.86 / 1.1) ** 0.5).estimate, e_value((0.99 / 1.1) ** 0.5).estimate))


def test_an_interval_that_holds_one_has_an_e_value_of_one() -> None:
    assert e_value(1.3, 0.9, ci_high=1.8).limit == 1.0
    assert e_value(2.0, 1.5, ci_high=2.5, measure="odds ratio", rare_outcome=False).estimate == pytest.approx(
        e_value(2.0**0.5).estimate
    )
    common = e_value(2.0, measure="hazard ratio", rare_outcome=False).estimate
    assert 1 < common < e_value(2.0).estimate


@pytest.mark.parametrize("numbers", [(-1.0, None, None), (2.0, 2.5, 3.0), (np.nan, None, None), (2.0, 0.0, 3.0)])
def test_numbers_that_are_no_ratios_are_refused(numbers: tuple[Any, ...]) -> None:
    with pytest.raises(ModelInputError):
        e_value(numbers[0], numbers[1], ci_high=numbers[2])


def test_without_systematic_error_calibration_changes_next_to_nothing() -> None:
    random = np.random.default_rng(5)
    se = random.uniform(0.05, 0.3, 400)
    null = empirical_null(random.normal(0, se), se)
    assert null.mean == pytest.approx(0, abs=0.02)
    assert null.sd < 0.05
    found = null.calibrate(0.5, 0.2)
    assert found.p_value == pytest.approx(found.uncalibrated_p_value, rel=0.5)


def test_calibrated_p_values_of_biased_controls_are_uniform() -> None:
    random = np.random.default_rng(6)
    se = random.uniform(0.05, 0.3, 500)
    null = empirical_null(random.normal(0.4, np.hypot(0.25, se)), se)
    assert (null.mean, null.sd) == pytest.approx((0.4, 0.25), abs=0.04)
    table = null.to_frame()
    assert (table["p_value"] < 0.05).mean() > 0.4
    assert (table["calibrated_p_value"] < 0.05).mean() == pytest.approx(0.05, abs=0.03)
    assert null.plot().data.equals(table)
    assert "of 500" in str(null.summary())


@pytest.mark.parametrize(
    ("estimates", "ses"),
    [([0.1] * 3, [0.1] * 3), ([0.1] * 6, [0.0] * 6), ([np.nan] * 6, [0.1] * 6), ([0.1] * 6, [0.1] * 5)],
)
def test_controls_that_cannot_be_used_are_refused(estimates: list[float], ses: list[float]) -> None:
    with pytest.raises(ModelInputError):
        empirical_null(estimates, ses)


def _controls(sd: float, *, slope: float, seed: int = 1, n: int = 60) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(seed)
    truth = np.resize(np.log([1.0, 1.0, 1.5, 2.0, 4.0]), n)
    se = random.uniform(0.02, 0.3, n)
    return random.normal(0.1 + slope * truth, np.hypot(sd, se)), se, truth


@pytest.mark.parametrize(("sd", "slope"), [(0.0, 1.0), (0.3, 0.8), (0.1, 1.2)])
def test_an_error_model_finds_the_error_that_was_put_in_and_calibrates_within_it(sd: float, slope: float) -> None:
    estimates, se, truth = _controls(sd, slope=slope, n=2_000)
    model = error_model(estimates, se, true_log_effects=truth)
    assert (model.mean_intercept, model.mean_slope) == pytest.approx((0.1, slope), abs=0.05)
    assert model.sd_intercept == pytest.approx(sd, abs=0.03)
    table = model.to_frame()
    covered = (table["ci_low"] <= np.exp(truth)) & (np.exp(truth) <= table["ci_high"])
    assert covered.mean() == pytest.approx(0.95, abs=0.02)
    assert "negative and" in str(model.summary())
    one = model.calibrate(0.3, 0.1)
    edge = model.calibrate(0.3, 0.1, level=1 - one.p_value)
    assert min(abs(edge.ci_low - 1), abs(edge.ci_high - 1)) < 1e-6


def test_an_error_model_draws_itself_with_its_controls_attached() -> None:
    estimates, se, truth = _controls(0.2, slope=0.9)
    model = error_model(estimates, se, true_log_effects=truth)
    pd.testing.assert_frame_equal(model.plot().data, model.to_frame())


def test_where_the_error_grows_faster_than_the_effect_there_is_no_limit() -> None:
    estimates, se, truth = _controls(0.1, slope=1.0)
    model = replace(error_model(estimates, se, true_log_effects=truth), mean_slope=0.5, sd_slope=2.0)
    found = model.calibrate(model.mean_intercept + 0.05, 0.1)
    assert (found.ci_low, found.ci_high) == (0.0, np.inf)


@pytest.mark.parametrize(
    ("estimates", "ses", "truth"),
    [
        ([0.1] * 3, [0.1] * 3, [0, 0, 1]),
        ([0.1] * 6, [0.1] * 6, [0] * 6),
        ([0.1] * 6, [0.0] * 6, [0, 1] * 3),
        ([0.1] * 6, [0.1] * 6, [0, np.nan] * 3),
        ([0.1] * 6, [0.1] * 6, [0, 1]),
        ([1, 0] * 3, [0.1] * 6, [0, 1] * 3),
    ],
)
def test_controls_that_make_no_error_model_are_refused(estimates: Any, ses: Any, truth: Any) -> None:
    with pytest.raises((ModelInputError, ConvergenceError)):
        error_model(estimates, ses, true_log_effects=truth)


# What is refused


@pytest.mark.parametrize(
    ("formula", "change"),
    [
        ("treated ~ nothing", {}),
        ("log(treated) ~ age", {}),
        ("treated ~ age", {"treated": 2}),
        ("treated ~ age", {"treated": True}),
        ("treated ~ age", {"age": np.nan}),
        ("treated ~ age", {"age": 1.0}),
        ("sex ~ age", {}),
    ],
)
def test_data_that_cannot_be_used_are_refused(formula: str, change: dict[str, Any]) -> None:
    with pytest.raises(AnalysisError):
        propensity_score(formula, _data().assign(**change))


def test_a_score_without_covariates_is_refused() -> None:
    with pytest.raises(ModelInputError, match="needs covariates; found none"):
        propensity_score("treated ~ 1", pd.DataFrame({"treated": [0, 1] * 10}))


def test_a_covariate_that_foretells_treatment_is_named_or_refused() -> None:
    data = _data()
    data["twin"] = data["treated"].astype(float)
    with pytest.raises(ConvergenceError):
        propensity_score("treated ~ twin + age", data)


@pytest.mark.parametrize("call", [
    lambda scores: scores.stratify(1), lambda scores: scores.match(0), lambda scores: scores.match(caliper=-1.0),
    lambda scores: scores.match(scale="cubic"), lambda scores: scores.weight("all"), lambda scores: scores.trim("half"),
    lambda scores: scores.trim("fixed", (0.9, 0.1)), lambda scores: scores.trim("crump", (0.1, 0.9)),
    lambda scores: scores.match(seed=-1), lambda scores: scores.match(seed="a"),
    lambda scores: scores.match(caliper="a"),
    lambda scores: scores.match(order="best"), lambda scores: scores.stratify(by="nobody"),
    lambda scores: scores.weight().balance(["nothing"]),
])  # fmt: skip
def test_arguments_that_cannot_be_meant_are_refused(call: Any) -> None:
    with pytest.raises(ModelInputError):
        call(_scores())


def test_scores_that_are_all_alike_say_that_nothing_is_adjusted_for() -> None:
    noise = np.random.default_rng(1).normal(size=(600, 5))
    found = propensity_score_matrix(sp.csc_array(noise), "treated", data=_data(), names=list("abcde"), at="1se")
    assert np.ptp(found.score) < 1e-12
    assert "adjust for nothing" in repr(found)
    assert "adjust for nothing" not in repr(_scores())
