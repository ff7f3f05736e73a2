"""Performance of predictions: by hand on a few people, what must not matter, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError
from analysis_lib.models.prediction import (
    area_difference,
    calibration,
    classification,
    decision_curve,
    performance,
    precision_recall,
    roc,
    survival_performance,
)
from analysis_lib.models.prediction.censored_rows import CensoredRows
from analysis_lib.models.prediction.predicted_rows import predicted_rows

FAST = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture
def five_people() -> pd.DataFrame:
    return pd.DataFrame({"y": [1, 0, 1, 0, 0], "p": [0.9, 0.4, 0.4, 0.2, 0.1], "person_id": [1, 2, 3, 4, 5]})


def _predictions(seed: int, n: int = 400) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    score = draw.normal(size=n).round(1) - 0.5
    risk = 1 / (1 + np.exp(-score))
    return pd.DataFrame(
        {
            "y": draw.random(n) < 1 / (1 + np.exp(-0.8 * score)),
            "p": risk,
            "q": np.clip(risk + 0.1 * draw.normal(size=n), 0.01, 0.99),
            "w": draw.integers(1, 4, n),
            "arm": draw.choice(["a", "b"], n),
            "time": draw.integers(1, 40, n),
        }
    )


def test_five_people_by_hand(five_people: pd.DataFrame) -> None:
    # Pairs: 0.9 beats all three; 0.4 ties once and wins twice: (3 + 2.5) / 6.
    assert roc(five_people, outcome="y", risk="p").auroc == pytest.approx(5.5 / 6)
    # Precision at the two events: 1, then 2 of 3 at the tied threshold.
    assert precision_recall(five_people, outcome="y", risk="p").average_precision == pytest.approx((1 + 2 / 3) / 2)
    found = performance(five_people, outcome="y", risk="p")
    assert found.measure("brier") == pytest.approx((0.01 + 0.16 + 0.36 + 0.04 + 0.01) / 5)
    assert found.measure("e_over_o") == pytest.approx(1.0)
    row = classification(five_people, outcome="y", risk="p", thresholds=[0.4]).table.iloc[0]
    assert row[["true_positives", "false_positives", "false_negatives", "true_negatives"]].to_list() == [2, 1, 0, 2]
    assert (row["sensitivity"], row["specificity"], row["ppv"], row["npv"]) == pytest.approx((1, 2 / 3, 2 / 3, 1))
    curve = decision_curve(five_people, outcome="y", risk="p", thresholds=[0.4]).table
    assert curve["net_benefit"].to_list() == pytest.approx([2 / 5 - 1 / 5 * 2 / 3, 2 / 5 - 3 / 5 * 2 / 3, 0])


def test_truth_values_with_gaps_are_outcomes_and_their_rows_are_left_out(five_people: pd.DataFrame) -> None:
    gaps = five_people.assign(y=pd.Series([True, False, True, False, None], dtype=object))
    found = roc(gaps, outcome="y", risk="p")
    assert found.auroc == roc(five_people.head(4), outcome="y", risk="p").auroc
    assert dict(found.exclusions) == {"y missing": 1}


def test_groups_that_read_like_everybody_or_alike_are_refused(five_people: pd.DataFrame) -> None:
    for groups in (["all", "b", "b", "all", "b"], [1, 1, "1", "1", 1]):
        data = five_people.assign(arm=pd.Series(groups, dtype=object).astype("category"))
        with pytest.raises(ModelInputError, match="each group needs a name of its own, other than 'all'"):
            roc(data, outcome="y", risk="p", by="arm")


def test_equal_risks_for_all_are_not_said_to_part_the_classes(five_people: pd.DataFrame) -> None:
    assert "or all risks are equal" in repr(roc(five_people.assign(p=0.5), outcome="y", risk="p"))


def test_curves_begin_and_end_in_the_corners(five_people: pd.DataFrame) -> None:
    curve = roc(five_people, outcome="y", risk="p").curves
    assert curve[["sensitivity", "specificity"]].iloc[0].to_list() == [0, 1]
    assert curve[["sensitivity", "specificity"]].iloc[-1].to_list() == [1, 0]


def test_counts_of_persons_are_declared(five_people: pd.DataFrame) -> None:
    data = five_people.assign(person_id=[1, 1, 2, 3, 3], arm=["a", "a", "a", "b", "b"])
    found = performance(data, outcome="y", risk="p", by="arm")
    assert found.persons == {"all": 3, "events": 2, "arm=a": 2, "arm=a, events": 2, "arm=b": 1, "arm=b, events": 0}
    assert "3 persons; the intervals allow for repeated rows" in str(found)
    # Nobody in group b had the outcome: it has no area, and spoils nothing.
    assert np.isnan(found.measure("auroc", group="b"))
    assert found.measure("brier", group="b") == pytest.approx((0.04 + 0.01) / 2)


@FAST
@given(seed=st.integers(0, 1_000))
def test_row_order_changes_nothing(seed: int) -> None:
    data = _predictions(seed)
    shuffled = data.sample(frac=1, random_state=seed)
    first, second = (performance(rows, outcome="y", risk="p", by="arm").table for rows in (data, shuffled))
    pd.testing.assert_frame_equal(first, second, rtol=1e-9)


@FAST
@given(seed=st.integers(0, 1_000))
def test_a_frequency_weight_is_that_many_rows(seed: int) -> None:
    data = _predictions(seed)
    repeated = data.loc[data.index.repeat(data["w"])]
    weighed = performance(data, outcome="y", risk="p", weights="w").table.drop(columns=["n", "events"])
    plain = performance(repeated, outcome="y", risk="p").table.drop(columns=["n", "events"])
    pd.testing.assert_frame_equal(weighed, plain, rtol=1e-8)
    pd.testing.assert_frame_equal(
        calibration(data, outcome="y", risk="p", weights="w").smooth,
        calibration(repeated, outcome="y", risk="p").smooth,
        rtol=1e-7,
    )
    thresholds = [0.2, 0.4, 0.6]
    columns = ["sensitivity", "sensitivity_low", "npv_high"]
    pd.testing.assert_frame_equal(
        classification(data, outcome="y", risk="p", thresholds=thresholds, weights="w").table[columns],
        classification(repeated, outcome="y", risk="p", thresholds=thresholds).table[columns],
    )
    pd.testing.assert_frame_equal(
        decision_curve(data, outcome="y", risk="p", weights="w").table,
        decision_curve(repeated, outcome="y", risk="p").table,
        rtol=1e-9,
    )


@FAST
@given(seed=st.integers(0, 1_000), scale=st.sampled_from([1e-9, 0.3, 1e9]))
def test_sampling_weights_know_no_scale(seed: int, scale: float) -> None:
    data = _predictions(seed).assign(v=lambda frame: frame["w"] * scale)
    first = performance(data, outcome="y", risk="p", weights="w", weight_kind="sampling", ci="bootstrap").table
    second = performance(data, outcome="y", risk="p", weights="v", weight_kind="sampling", ci="bootstrap").table
    pd.testing.assert_frame_equal(first, second, rtol=1e-7)


@FAST
@given(seed=st.integers(0, 1_000))
def test_a_rising_change_of_scale_leaves_the_ranking_alone(seed: int) -> None:
    data = _predictions(seed).assign(score=lambda frame: np.exp(7 * frame["p"]) * 1e6)
    first, second = (roc(data, outcome="y", risk=risk).table for risk in ("p", "score"))
    pd.testing.assert_frame_equal(first, second, rtol=1e-12)


@FAST
@given(seed=st.integers(0, 1_000))
def test_every_row_twice_with_its_person_gives_the_same_errors(seed: int) -> None:
    data = _predictions(seed).reset_index(names="person_id")
    twice = pd.concat([data, data])
    once = roc(data, outcome="y", risk="p").table
    pd.testing.assert_frame_equal(once[["auroc", "se"]], roc(twice, outcome="y", risk="p").table[["auroc", "se"]])
    slopes = [calibration(rows, outcome="y", risk="p").measure("slope") for rows in (data, twice)]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-9)
    curves = [decision_curve(rows, outcome="y", risk="p").table for rows in (data, twice)]
    pd.testing.assert_frame_equal(*curves, rtol=1e-9)


def test_bootstrap_is_repeated_by_its_seed_and_near_delongs() -> None:
    data = _predictions(3, n=2_000)
    first = roc(data, outcome="y", risk="p", ci="bootstrap", seed=5).table
    pd.testing.assert_frame_equal(first, roc(data, outcome="y", risk="p", ci="bootstrap", seed=5).table)
    delong = roc(data, outcome="y", risk="p").table
    assert first["ci_low"].iloc[0] == pytest.approx(delong["ci_low"].iloc[0], abs=0.005)
    assert first["ci_high"].iloc[0] == pytest.approx(delong["ci_high"].iloc[0], abs=0.005)


def test_linearised_interval_of_the_average_precision_is_near_the_bootstrap() -> None:
    data = (
        _predictions(3, n=3_000).reset_index(names="person_id").assign(person_id=lambda frame: frame["person_id"] // 2)
    )
    found = precision_recall(data, outcome="y", risk="p")
    assert "linearised" in found.method
    drawn = precision_recall(data, outcome="y", risk="p", ci="bootstrap").table.iloc[0]
    assert found.table["ci_low"].iloc[0] == pytest.approx(drawn["ci_low"], abs=0.008)
    assert found.table["ci_high"].iloc[0] == pytest.approx(drawn["ci_high"], abs=0.008)
    with pytest.raises(ModelInputError, match="linearised"):
        precision_recall(data, outcome="y", risk="p", ci="logit")


@FAST
@given(seed=st.integers(0, 1_000))
def test_linearised_error_of_the_average_precision_is_that_of_leaving_out_each_person(seed: int) -> None:
    data = _predictions(seed, n=150).assign(v=1.0)
    whole = precision_recall(data, outcome="y", risk="p", weights="v", weight_kind="sampling", ci="linearised")
    step = 1e-6
    moved = [
        precision_recall(
            data.assign(v=np.where(np.arange(150) == row, 1 + step, 1.0)),
            outcome="y",
            risk="p",
            weights="v",
            weight_kind="sampling",
        ).average_precision
        for row in range(150)
    ]
    se = np.sqrt(np.sum(((np.array(moved) - whole.average_precision) / step) ** 2))
    area, table = whole.average_precision, whole.table.iloc[0]
    half = np.log(table["ci_high"] / (1 - table["ci_high"])) - np.log(area / (1 - area))
    assert half * area * (1 - area) / 1.959963984540054 == pytest.approx(se, rel=1e-4)


def test_perfect_predictions_have_no_finite_slope_and_say_so() -> None:
    data = pd.DataFrame({"y": [0, 0, 0, 1, 1], "p": [0.1, 0.2, 0.3, 0.8, 0.9]})
    found = performance(data, outcome="y", risk="p")
    assert found.measure("auroc") == 1
    assert np.isnan(found.measure("slope"))
    assert "no finite estimate" in str(found)
    found.plot()


def test_risks_of_zero_and_one_are_left_out_of_the_slope_and_counted() -> None:
    data = _predictions(1)
    with_ends = pd.concat([data, pd.DataFrame({"y": [False, True], "p": [0.0, 1.0]})], ignore_index=True)
    found = calibration(with_ends, outcome="y", risk="p")
    assert found.measure("slope") == calibration(data, outcome="y", risk="p").measure("slope")
    assert "2 risks of exactly 0 or 1 are left out" in found.method


def test_one_risk_for_all_has_an_area_of_one_half_and_no_slope() -> None:
    data = pd.DataFrame({"y": [0, 1, 0, 1], "p": 0.5})
    found = performance(data, outcome="y", risk="p")
    assert found.measure("auroc") == 0.5
    assert np.isnan(found.measure("slope"))
    assert found.measure("intercept") == pytest.approx(0, abs=1e-12)
    found.calibration.plot()


def test_missing_values_and_weights_of_zero_are_counted() -> None:
    data = _predictions(2).astype({"w": float})
    data.loc[:4, "p"] = np.nan
    data.loc[5:6, "w"] = 0
    found = performance(data, outcome="y", risk="p", weights="w")
    assert found.exclusions == {"p missing": 5, "weight of 0": 2}
    assert found.n_excluded == 7


def test_a_curve_of_many_points_is_thinned_and_its_area_is_not() -> None:
    data = _predictions(4, n=20_000).assign(p=np.random.default_rng(0).random(20_000))
    found = roc(data, outcome="y", risk="p")
    assert len(found.curves) <= 2_002
    x, y = 1 - found.curves["specificity"], found.curves["sensitivity"]
    assert np.trapezoid(y, x) == pytest.approx(found.auroc, abs=1e-3)


def test_two_predictions_that_are_one_do_not_differ() -> None:
    found = area_difference(_predictions(1).assign(r=lambda frame: frame["p"]), outcome="y", risk=["p", "r"])
    assert found.difference == 0
    assert np.isnan(found.p_value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"p": lambda frame: frame["p"] + 1}, "must lie between 0 and 1"),
        ({"p": lambda frame: frame["p"].astype(str)}, "must hold numbers"),
        ({"p": np.inf}, "must be finite"),
        ({"p": np.nan}, "no row is left"),
        ({"y": 2}, "R's coding 1/2"),
        ({"y": "yes"}, "must be bool or 0/1"),
        ({"y": 1}, "with the outcome and those without"),
        ({"w": -1}, "must be >= 0"),
        ({"w": 0.0}, "holds zeros only"),
        ({"w": 1.5}, "weight_kind='sampling'"),
        ({"arm": lambda frame: frame.index}, "groups are compared a few at a time"),
        ({"person_id": None}, "whose it is"),
        ({"arm": lambda frame: [1, "1"] * (len(frame) // 2)}, "a name of its own"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(change: dict[str, object], message: str) -> None:
    data = _predictions(0).assign(**change)
    with pytest.raises(ModelInputError, match=message):
        performance(data, outcome="y", risk="p", weights="w", by="arm")


def test_a_result_names_its_weights_and_what_it_was_asked() -> None:
    data = _predictions(0)
    found = performance(data, outcome="y", risk="p", weights="w", by="arm")
    assert f"frequency weights w (sum {data['w'].sum()})" in str(found)
    asked = {"outcome": "y", "risk": "p", "weights": "w", "weight_kind": "frequency", "by": "arm"}
    for each in (found, found.roc, found.precision_recall, found.calibration):
        assert asked.items() <= dict(each.settings).items()
    assert "weights" not in str(roc(data, outcome="y", risk="p"))
    sampling = calibration(data, outcome="y", risk="p", weights="w", weight_kind="sampling")
    assert f"sampling weights w (sum {data['w'].sum()})" in str(sampling)


def test_of_one_person_no_error_is_learned() -> None:
    data = _predictions(0).assign(person_id=1)
    for found in (
        performance(data, outcome="y", risk="p").table,
        survival_performance(data, time="time", event="y", risk="p", horizon=20).table,
        decision_curve(data, outcome="y", risk="p", thresholds=[0.3]).table.query("strategy == 'p'"),
    ):
        assert found["ci_low"].isna().all()
        assert found["ci_high"].isna().all()


def test_of_one_event_no_robust_error_is_learned_and_limits_stay_where_measures_can_be() -> None:
    data = _predictions(0).assign(y=np.arange(400) == np.argmin(_predictions(0)["time"]))
    found = survival_performance(data, time="time", event="y", risk="p", horizon=20).table.set_index("measure")
    assert found.loc[["harrell_c", "uno_c", "auroc", "intercept", "slope"], "ci_low"].isna().all()
    scaled = performance(data, outcome="y", risk="p").table.set_index("measure").loc["scaled_brier"]
    assert scaled["ci_low"] < scaled["estimate"] < scaled["ci_high"] == 1.0
    assert 0 <= found.loc["brier", "ci_low"] <= found.loc["brier", "ci_high"] <= 1


def test_a_group_without_events_has_no_interval_of_its_risk() -> None:
    data = _predictions(0).assign(y=lambda frame: frame["y"] & (frame["arm"] == "a"))
    found = survival_performance(data, time="time", event="y", risk="p", horizon=20, by="arm")
    row = found.table.query("group == 'b'").set_index("measure").loc["observed"]
    assert row["estimate"] == 0
    assert np.isnan(row["ci_low"])


def test_risks_that_are_all_one_get_a_note_that_is_true() -> None:
    found = performance(_predictions(0).assign(p=0.3), outcome="y", risk="p")
    assert found.measure("auroc") == 0.5
    assert "all risks are equal" in str(found)
    assert "all risks are equal" in str(found.roc)


@pytest.mark.parametrize("risk", [["p", "q"], ("p",), None, 3])
def test_one_prediction_is_judged_at_a_time(risk: object) -> None:
    with pytest.raises(ModelInputError, match="risk"):
        roc(_predictions(0), outcome="y", risk=risk)
    with pytest.raises(ModelInputError, match="risk"):
        survival_performance(_predictions(0), time="time", event="y", risk=risk, horizon=20)


@pytest.mark.parametrize("risk", [[], None, [1, 2], np.ones(3)])
def test_what_names_no_columns_is_not_compared(risk: object) -> None:
    for judge in (decision_curve, area_difference):
        with pytest.raises(ModelInputError, match="risk must name a column, or several"):
            judge(_predictions(0), outcome="y", risk=risk)


def test_empty_data_are_refused() -> None:
    with pytest.raises(ModelInputError, match="no row is left to analyse; found an empty table"):
        performance(_predictions(0).iloc[:0], outcome="y", risk="p")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"risk": "pp"}, "there is no column 'pp'"),
        ({"ci": "delongs"}, "ci must be one of"),
        ({"level": 95}, "level must lie between 0 and 1"),
        ({"level": "95"}, "level must be a number; found str"),
        ({"ci": "bootstrap", "replicates": 3}, "replicates must be"),
        ({"ci": "bootstrap", "seed": -1}, "seed must be"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        performance(_predictions(0), **{"outcome": "y", "risk": "p", **arguments})


@pytest.mark.parametrize("thresholds", [[], [0], [1], [-0.1], ["a"], [np.nan]])
def test_thresholds_that_are_no_risks_are_refused(thresholds: list[object]) -> None:
    with pytest.raises(ModelInputError, match="threshold"):
        classification(_predictions(0), outcome="y", risk="p", thresholds=thresholds)


@FAST
@given(seed=st.integers(0, 1_000))
def test_without_censoring_the_horizon_measures_are_the_plain_ones(seed: int) -> None:
    data = _predictions(seed).assign(event=1)
    found = survival_performance(data, time="time", event="event", risk="p", horizon=20)
    plain = performance(data.assign(y=data["time"] <= 20), outcome="y", risk="p")
    for measure in ("auroc", "brier", "scaled_brier", "e_over_o", "intercept", "slope", "ici"):
        assert found.measure(measure) == pytest.approx(plain.measure(measure), rel=1e-9)


@FAST
@given(seed=st.integers(0, 1_000))
def test_estimated_weights_move_as_case_weights_move_them(seed: int) -> None:
    data = _predictions(seed, n=50)
    rows = predicted_rows(data, outcome="y", risk="p")
    time, event = data["time"].to_numpy(dtype=float), data["y"].to_numpy()
    horizon = float(np.quantile(time, 0.7))
    weighted = CensoredRows(time, event, rows, horizon).weighted
    values = np.random.default_rng(seed).normal(size=weighted.n)

    def total(case: np.ndarray) -> float:
        """Sum the values under weights made anew, by hand, of rows that count as `case` says."""
        found = 0.0
        for place, value in zip(weighted.censoring.place, values, strict=True):
            weight = case[place]
            for at in np.unique(time[~event & (time < min(time[place], horizon))]):
                there = case[(time > at) | ((time == at) & ~event)].sum()
                weight /= 1 - case[(time == at) & ~event].sum() / there
            found += weight * value
        return found

    one = np.ones(len(data))
    assert total(one) == pytest.approx(float(np.sum(weighted.weights * values)), rel=1e-12)
    step = 1e-5
    moved = [(total(one + step * unit) - total(one - step * unit)) / (2 * step) for unit in np.eye(len(data))]
    np.testing.assert_allclose(weighted.censoring.shared(weighted.weights * values), moved, rtol=1e-6, atol=1e-6)


@FAST
@given(seed=st.integers(0, 1_000))
def test_concordance_is_that_of_all_pairs(seed: int) -> None:
    data = _predictions(seed, n=60)
    time, event, risk = data["time"].to_numpy(), data["y"].to_numpy(), data["p"].to_numpy()
    later = (time[None, :] > time[:, None]) | ((time[None, :] == time[:, None]) & ~event[None, :])
    pairs = later & event[:, None] & ~np.eye(60, dtype=bool)
    score = (risk[:, None] > risk[None, :]) + 0.5 * (risk[:, None] == risk[None, :])
    found = survival_performance(data, time="time", event="y", risk="p", horizon=20)
    assert found.measure("harrell_c") == pytest.approx((score * pairs).sum() / pairs.sum(), rel=1e-12)


def test_events_and_the_others_are_drawn_on_one_scale_under_the_curve() -> None:
    data = _predictions(0).assign(y=lambda frame: frame["y"] & (frame["w"] == 1))
    figure = calibration(data, outcome="y", risk="p").plot()
    figure.canvas.draw()
    curve = figure.axes[0]
    (bars,) = curve.child_axes
    assert bars.get_ylabel() == "% of all"
    shares = {part.get_label(): sum(bar.get_height() for bar in part) for part in bars.containers}
    assert shares["With the outcome"] == pytest.approx(100 * data["y"].mean(), abs=0.5)
    assert sum(shares.values()) <= 100 + 1e-9
    assert shares["Without the outcome"] == pytest.approx(100 * (~data["y"]).mean(), abs=2)
    assert bars.get_position().x0 == pytest.approx(curve.get_position().x0)
    assert bars.get_xlim() == curve.get_xlim()


def test_the_calibration_at_a_horizon_has_the_numbers_of_the_table() -> None:
    found = survival_performance(_predictions(0), time="time", event="y", risk="p", horizon=20, by="arm")
    columns = ["group", "measure", "estimate", "ci_low", "ci_high"]
    both = found.table[columns].merge(found.calibration.table, on=["group", "measure"], suffixes=("", "_curve"))
    assert len(both) == 3 * 6
    for name in ("estimate", "ci_low", "ci_high"):
        np.testing.assert_array_equal(both[name], both[f"{name}_curve"])
    assert found.calibration.events == found.table["events"].iloc[0]


def test_the_histogram_at_a_horizon_adds_up_to_everybody() -> None:
    data = _predictions(0)
    found = survival_performance(data, time="time", event="y", risk="p", horizon=20)
    assert found.calibration.histogram[["with_outcome", "without"]].sum().sum() == pytest.approx(len(data))


def test_all_censored_on_the_last_day_count_as_known() -> None:
    data = pd.DataFrame({"time": [10, 365, 365, 365], "event": [1, 0, 0, 0], "p": [0.4, 0.3, 0.2, 0.1]})
    found = survival_performance(data, time="time", event="event", risk="p", horizon=365)
    assert found.measure("observed") == pytest.approx(0.25)
    assert found.measure("brier") == pytest.approx((0.36 + 0.09 + 0.04 + 0.01) / 4)
    assert found.measure("auroc") == 1


@pytest.mark.parametrize(("horizon", "message"), [(1_000, "followed until"), (-1, "horizon must lie"), ("x", "number")])
def test_a_horizon_that_nobody_reaches_is_refused(horizon: object, message: str) -> None:
    with pytest.raises(ModelInputError, match=message):
        survival_performance(_predictions(0), time="time", event="y", risk="p", horizon=horizon)


def test_subgroups_have_their_own_censoring_and_all_figures_are_drawn() -> None:
    data = _predictions(0)
    found = survival_performance(data, time="time", event="y", risk="p", horizon=20, by="arm")
    alone = survival_performance(data[data["arm"] == "a"], time="time", event="y", risk="p", horizon=20)
    for measure in ("harrell_c", "uno_c", "brier", "slope"):
        assert found.measure(measure, group="a") == pytest.approx(alone.measure(measure), rel=1e-12)
    assert set(found.roc.table["group"]) == set(found.decision_curve.table["group"]) == {"all", "a", "b"}
    of_curve = found.roc.table.set_index("group")["auroc"]
    assert of_curve["a"] == pytest.approx(found.measure("auroc", group="a"), rel=1e-12)
    assert not found.plot(group="b").data.empty
    plain = performance(data, outcome="y", risk="p", by="arm")
    for figure in (
        plain.plot(),
        plain.roc.plot(),
        plain.precision_recall.plot(title="한국어 제목"),
        plain.calibration.plot(group="a"),
        plain.decision_curve.plot(until=0.5),
        classification(data, outcome="y", risk="p", thresholds=[0.5]).plot(),
        found.roc.plot(),
        found.decision_curve.plot(),
    ):
        assert not figure.data.empty
        assert figure.alt_text
    assert "Uno" in str(found)
