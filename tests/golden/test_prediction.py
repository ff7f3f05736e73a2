"""Performance of predictions against R, scikit-learn and dcurves.

Sources: R 4.2.2 with pROC 1.18.0, rms 6.5-0, survival 3.5-3, sandwich 3.0-2 by the script r/prediction.R, whose output
is data/prediction.json. The p value of the WFNS grade against S100B, 0.02718, is also in print: Robin X. et al. (2011).
BMC Bioinformatics 12, 77. The decision curve is that of dcurves 1.1.7 on its example data (df_binary, PyPI, of Vickers
and others; kept as data/cancer_prediction.csv): the numbers below come from its function `dca`.

Errors that allow for the estimation of censoring weights: survival and glm moved row by row by the script
r/prediction_censoring.R, whose output is data/prediction_censoring.json; and a table that timeROC printed, seen in
print without the name of its data: 418 people, 30, 81 and 115 cases by 1, 3 and 5 years, 143 markers above 2.3, which
is bilirubin in survival's pbc (data/cox/pbc.csv).
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.models.prediction import (
    area_difference,
    calibration,
    classification,
    decision_curve,
    performance,
    precision_recall,
    risk_model,
    roc,
    survival_performance,
)
from analysis_lib.models.prediction.censored_rows import CensoredRows
from analysis_lib.models.prediction.predicted_rows import PredictedRows, predicted_rows
from analysis_lib.models.prediction.ranking import Ranking

DATA = Path(__file__).parent / "data"
REFERENCE: dict[str, Any] = json.loads((DATA / "prediction.json").read_text())
CENSORING: dict[str, Any] = json.loads((DATA / "prediction_censoring.json").read_text())


@pytest.fixture(scope="module")
def asah() -> pd.DataFrame:
    return pd.read_csv(DATA / "asah.csv")


@pytest.fixture(scope="module")
def lung() -> pd.DataFrame:
    return pd.read_csv(DATA / "lung_risk.csv")


@pytest.mark.parametrize("marker", ["s100b", "ndka", "wfns", "risk"])
def test_area_and_delongs_interval_are_those_of_proc(asah: pd.DataFrame, marker: str) -> None:
    found = roc(asah, outcome="poor", risk=marker).table.iloc[0]
    expected = REFERENCE["roc"][marker]
    assert found["auroc"] == pytest.approx(expected["auc"], rel=1e-12)
    assert found["se"] ** 2 == pytest.approx(expected["var"], rel=1e-10)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((expected["ci_low"], expected["ci_high"]), rel=1e-10)


@pytest.mark.parametrize(("first", "second"), [("wfns", "s100b"), ("s100b", "ndka")])
def test_difference_of_two_areas_is_that_of_proc(asah: pd.DataFrame, first: str, second: str) -> None:
    found = area_difference(asah, outcome="poor", risk=[first, second])
    expected = REFERENCE["roc_test"][f"{first}_{second}"]
    assert (found.z, found.p_value) == pytest.approx((expected["z"], expected["p"]), rel=1e-9)


def test_wfns_against_s100b_is_as_printed_by_robin_and_others(asah: pd.DataFrame) -> None:
    assert area_difference(asah, outcome="poor", risk=["wfns", "s100b"]).p_value == pytest.approx(0.02718, abs=5e-6)


def test_accuracy_at_thresholds_is_that_of_proc(asah: pd.DataFrame) -> None:
    found = classification(
        asah.assign(s100b=asah["s100b"].clip(upper=1)), outcome="poor", risk="s100b", thresholds=[0.205, 0.505]
    ).table
    for (_, row), expected in zip(found.iterrows(), REFERENCE["coords"], strict=True):
        for measure in ("sensitivity", "specificity", "ppv", "npv"):
            assert row[measure] == pytest.approx(expected[measure], rel=1e-12)


def test_calibration_is_that_of_glm_in_r(asah: pd.DataFrame) -> None:
    found = calibration(asah, outcome="poor", risk="risk")
    expected = REFERENCE["calibration"]
    for measure in ("intercept", "slope", "ici", "e50", "e90", "emax"):
        assert found.measure(measure) == pytest.approx(expected[measure], rel=1e-8)
    table = found.table.set_index("measure")
    for measure in ("intercept", "slope"):
        half = (table.loc[measure, "ci_high"] - table.loc[measure, "ci_low"]) / 2
        assert half / 1.959963984540054 == pytest.approx(expected[f"{measure}_se"], rel=1e-7)


def test_slope_and_brier_score_are_those_of_val_prob(asah: pd.DataFrame) -> None:
    found, expected = performance(asah, outcome="poor", risk="risk"), REFERENCE["val_prob"]
    assert found.measure("slope") == pytest.approx(expected["Slope"], rel=1e-6)  # val.prob stops earlier
    assert found.measure("brier") == pytest.approx(expected["Brier"], rel=1e-12)
    assert found.measure("auroc") == pytest.approx(expected["C (ROC)"], rel=1e-12)


def test_errors_of_repeated_rows_are_those_of_sandwich(asah: pd.DataFrame) -> None:
    repeated = asah.assign(person_id=REFERENCE["clustered"]["person"])
    table = calibration(repeated, outcome="poor", risk="risk").table.set_index("measure")
    for measure in ("intercept", "slope"):
        half = (table.loc[measure, "ci_high"] - table.loc[measure, "ci_low"]) / 2
        assert half / 1.959963984540054 == pytest.approx(REFERENCE["clustered"][f"{measure}_se"], rel=1e-7)


def test_areas_are_those_of_scikit_learn(asah: pd.DataFrame) -> None:
    from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

    weights = np.arange(len(asah)) % 3 + 1.0
    weighed = asah.assign(w=weights)
    for marker in ("s100b", "wfns", "risk"):
        assert roc(weighed, outcome="poor", risk=marker, weights="w").auroc == pytest.approx(
            roc_auc_score(asah["poor"], asah[marker], sample_weight=weights), rel=1e-12
        )
        assert precision_recall(weighed, outcome="poor", risk=marker, weights="w").average_precision == pytest.approx(
            average_precision_score(asah["poor"], asah[marker], sample_weight=weights), rel=1e-12
        )
    assert performance(asah, outcome="poor", risk="risk").measure("brier") == pytest.approx(
        brier_score_loss(asah["poor"], asah["risk"]), rel=1e-12
    )


def test_concordance_is_that_of_survival(lung: pd.DataFrame) -> None:
    found = survival_performance(lung, time="time", event="event", risk="risk", horizon=365).table.set_index("measure")
    for measure, name in (("harrell_c", "harrell"), ("uno_c", "uno")):
        expected = REFERENCE[name]
        assert found.loc[measure, "estimate"] == pytest.approx(expected["c"], rel=1e-9)
        half = (found.loc[measure, "ci_high"] - found.loc[measure, "ci_low"]) / 2
        assert half / 1.959963984540054 == pytest.approx(expected["se"], rel=1e-6)


def test_errors_of_repeated_follow_up_are_those_of_survival(lung: pd.DataFrame) -> None:
    expected = REFERENCE["clustered_survival"]
    repeated = lung.assign(person_id=expected["person"])
    found = survival_performance(repeated, time="time", event="event", risk="risk", horizon=365).table
    for measure, name in (("observed", "observed_se"), ("harrell_c", "harrell_se")):
        row = found.set_index("measure").loc[measure]
        assert (row["ci_high"] - row["ci_low"]) / 2 / 1.959963984540054 == pytest.approx(expected[name], rel=1e-9)


def test_measures_at_a_horizon_are_those_made_by_hand_in_r(lung: pd.DataFrame) -> None:
    found = survival_performance(lung, time="time", event="event", risk="risk", horizon=365).table.set_index("measure")
    expected = REFERENCE["horizon"]
    assert expected["weight_sum"] == pytest.approx(expected["n"], rel=1e-12)
    for measure in ("brier", "observed", "auroc", "intercept", "slope"):
        assert found.loc[measure, "estimate"] == pytest.approx(expected[measure], rel=1e-8)
    row = found.loc["observed"]
    assert (row["ci_high"] - row["ci_low"]) / 2 / 1.959963984540054 == pytest.approx(expected["observed_se"], rel=1e-7)


@pytest.mark.parametrize("whose", ["person", None])
def test_errors_allow_for_the_estimation_of_weights_as_every_step_moved_in_r_does(
    lung: pd.DataFrame, whose: str | None
) -> None:
    expected = CENSORING["clustered" if whose else "estimated"]
    data = lung.assign(person_id=CENSORING["person"]) if whose else lung
    found = survival_performance(data, time="time", event="event", risk="risk", horizon=365)
    table = found.table.set_index("measure")
    for measure in ("brier", "scaled_brier", "intercept", "slope"):
        assert table.loc[measure, "estimate"] == pytest.approx(CENSORING["estimate"][measure], rel=1e-9)
        half = (table.loc[measure, "ci_high"] - table.loc[measure, "ci_low"]) / 2
        assert half / 1.959963984540054 == pytest.approx(expected[measure], rel=1e-6)
    at = found.decision_curve.table.query("strategy == 'risk' and threshold == 0.5").iloc[0]
    assert at["net_benefit"] == pytest.approx(CENSORING["estimate"]["net_benefit"], rel=1e-9)
    assert (at["ci_high"] - at["ci_low"]) / 2 / 1.959963984540054 == pytest.approx(expected["net_benefit"], rel=1e-6)
    weighted = _weighted(data, horizon=365)
    assert Ranking(weighted).auroc == pytest.approx(CENSORING["estimate"]["auroc"], rel=1e-12)
    assert _error_of_area(weighted) == pytest.approx(expected["auroc"], rel=1e-6)
    if whose is None:
        known = replace(weighted, censoring=None)
        assert _error_of_area(known) == pytest.approx(CENSORING["known"]["auroc"], rel=1e-6)
        # DeLong's small-sample factors stay; what the weights add is as large as above.
        added = Ranking(weighted).auroc_variance - Ranking(known).auroc_variance
        assert added == pytest.approx(expected["auroc"] ** 2 - CENSORING["known"]["auroc"] ** 2, rel=1e-4)


@pytest.mark.parametrize(
    ("horizon", "auroc", "error"), [(365, 82.30, 3.64), (1_095, 83.42, 2.48), (1_825, 86.23, 2.15)]
)
def test_areas_at_a_horizon_are_those_printed_by_timeroc(horizon: float, auroc: float, error: float) -> None:
    pbc = pd.read_csv(DATA / "cox" / "pbc.csv")
    data = pbc.assign(event=pbc["status"] == 2, risk=pbc["bili"] / 30)
    # timeROC uses nobody whose follow-up ends on the very day of the horizon.
    ends_there = data.loc[data["event"] | (data["time"] >= horizon), "time"] == horizon
    weighted = _weighted(data, horizon=horizon)
    used = np.isin(weighted.censoring.place, np.flatnonzero(data["time"] != horizon))
    assert (~used).sum() == ends_there.sum()
    found = weighted.where(used)
    assert 100 * Ranking(found).auroc == pytest.approx(auroc, abs=5.1e-3)
    assert 100 * _error_of_area(found) == pytest.approx(error, abs=5.1e-3)


def _weighted(data: pd.DataFrame, *, horizon: float) -> PredictedRows:
    rows = predicted_rows(data, outcome="event", risk="risk")
    time = data["time"].to_numpy(dtype=float)
    return CensoredRows(time, data["event"].to_numpy(dtype=bool), rows, horizon).weighted


def _error_of_area(rows: PredictedRows) -> float:
    """Infinitesimal jackknife error, without DeLong's small-sample factors."""
    ranking = Ranking(rows)
    size = np.where(rows.outcome, ranking.with_outcome.sum(), ranking.without.sum())
    return float(np.sqrt(rows.variance((ranking.placement_of_rows - ranking.auroc) / size)))


#: Net benefit at thresholds of 5 to 35 % by 5 %, printed by dcurves 1.1.7.
NET_BENEFIT = {
    "cancerpredmarker": [
        0.1055438596491228,
        0.08740740740740742,
        0.07921568627450981,
        0.06733333333333334,
        0.06400000000000002,
        0.054666666666666676,
        0.050153846153846146,
    ],
    "famhistory": [
        0.025614035087719297,
        0.018518518518518517,
        0.010588235294117641,
        0.0016666666666666635,
        -0.008444444444444449,
        -0.020000000000000018,
        -0.033333333333333354,
    ],
    "treat all": [
        0.09473684210526317,
        0.04444444444444445,
        -0.011764705882352955,
        -0.07499999999999998,
        -0.1466666666666666,
        -0.22857142857142865,
        -0.32307692307692315,
    ],
}


def test_net_benefit_is_that_of_dcurves() -> None:
    data = pd.read_csv(DATA / "cancer_prediction.csv")
    curve = decision_curve(
        data, outcome="cancer", risk=["cancerpredmarker", "famhistory"], thresholds=np.arange(1, 8) * 5 / 100
    )
    for strategy, expected in NET_BENEFIT.items():
        found = curve.table.loc[curve.table["strategy"] == strategy, "net_benefit"]
        assert found.to_list() == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_risk_of_a_cox_model_is_that_of_survfit() -> None:
    columns = ["time", "status", "age", "sex", "ph.ecog", "wt.loss"]
    lung = pd.read_csv(DATA / "lung.csv")[columns].dropna().reset_index(drop=True)
    lung["event"] = lung["status"] == 2
    model = risk_model(["age", "sex", "ph.ecog"], lung, model="cox", time="time", event="event", horizon=365)
    expected = pd.read_csv(DATA / "lung_risk.csv")["risk"]
    np.testing.assert_allclose(model.predict(lung), expected, rtol=1e-8)
