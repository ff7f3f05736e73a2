"""Curves, tests and restricted means against R's survival and cmprsk.

Source: R 4.2.2, survival 3.5-3, cmprsk 2.2-11. Script: r/curves.R, which says where each data set is from; its output
is data/curves.json. The log-rank test for trend and with delayed entry is there the score test of R's coxph with exact
ties, which is the same test.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis_lib.models.survival import cumulative_incidence, kaplan_meier, logrank, nelson_aalen

DATA = Path(__file__).parent / "data"
R: dict[str, Any] = json.loads((DATA / "curves.json").read_text())
CURVES = {
    "lung counts": ("lung_weighted", "Surv(time, died) ~ sex", "counts"),
    "lung sampling": ("lung_weighted", "Surv(time, died) ~ sex", "sampling"),
    "veteran": ("veteran", "Surv(time, status) ~ celltype", None),
    "heart": ("heart", "Surv(start, stop, event) ~ arm", None),
    "heart sampling": ("heart", "Surv(start, stop, event) ~ arm", "sampling"),
    "heart all": ("heart", "Surv(start, stop, event) ~ 1", None),
}
CAUSES = ["progression", "death"]


def _data(name: str) -> pd.DataFrame:
    data = pd.read_csv(DATA / f"{name}.csv")
    if name == "veteran":  # R's order of the groups
        data["celltype"] = pd.Categorical(data["celltype"], ["squamous", "smallcell", "adeno", "large"])
    if name == "mgus2":
        data["cause"] = pd.Categorical(data["cause"], ["censor", *CAUSES])
    return data


def _numbers(rows: list[dict[str, Any]], *columns: str) -> pd.DataFrame:
    return pd.DataFrame(rows).astype(dict.fromkeys(columns, float))


@pytest.mark.parametrize("ci", ["log", "log-log", "plain"])
@pytest.mark.parametrize("name", CURVES)
def test_survival_curve_agrees_with_survfit(name: str, ci: str) -> None:
    data, formula, weights = CURVES[name]
    expected = _numbers(R[f"{name} {ci}"], "n_risk", "survival", "se", "ci_low", "ci_high")
    curve = kaplan_meier(formula, _data(data), weights=weights, ci=ci)
    read = curve.survival_at(sorted(set(expected["time"]))).set_index(["group", "time"])
    for row in expected.to_dict("records"):
        found = read.loc[(row["group"], row["time"])]
        if data != "heart":  # with delayed entry R's summary counts who is at risk at the next time of the curve
            assert found["n_risk"] == pytest.approx(row["n_risk"], rel=1e-12)
        for column in ("survival", "se", "ci_low", "ci_high"):
            assert found[column] == pytest.approx(row[column], rel=1e-11, abs=1e-14, nan_ok=True), (row, column)


@pytest.mark.parametrize("name", CURVES)
def test_quantiles_agree_with_survfit(name: str) -> None:
    data, formula, weights = CURVES[name]
    found = kaplan_meier(formula, _data(data), weights=weights).quantiles([0.25, 0.5])
    expected = _numbers(R[f"{name} quantiles"], "time", "low", "high")
    for column, theirs in (("time", "time"), ("ci_low", "low"), ("ci_high", "high")):
        assert found[column].to_list() == pytest.approx(expected[theirs].to_list(), rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", CURVES)
def test_cumulative_hazard_agrees_with_survfit(name: str) -> None:
    data, formula, weights = CURVES[name]
    expected = _numbers(R[f"{name} log"], "cumhaz", "cumhaz_se")
    curve = nelson_aalen(formula, _data(data), weights=weights)
    read = curve.hazard_at(sorted(set(expected["time"]))).set_index(["group", "time"])
    for row in expected.to_dict("records"):
        found = read.loc[(row["group"], row["time"])]
        assert found["cumulative_hazard"] == pytest.approx(row["cumhaz"], rel=1e-12, abs=1e-14)
        assert found["se"] == pytest.approx(row["cumhaz_se"], rel=1e-11, abs=1e-14)


@pytest.mark.parametrize("rho", [0, 0.5, 1])
@pytest.mark.parametrize(
    ("name", "data", "formula"),
    [
        ("veteran celltype", "veteran", "Surv(time, status) ~ celltype"),
        ("colon rx", "colon_deaths", "Surv(time, status) ~ rx"),
        ("colon rx within extent", "colon_deaths", "Surv(time, status) ~ rx + strata(extent)"),
    ],
)
def test_weighted_logrank_test_agrees_with_survdiff(name: str, data: str, formula: str, rho: float) -> None:
    frame = _data(data)
    if "rx" in frame:
        frame["rx"] = pd.Categorical(frame["rx"], ["Obs", "Lev", "Lev+5FU"])
    test = logrank(formula, frame, rho=rho)
    expected = R[f"{name} rho {rho:g}"]
    assert test.chi2 == pytest.approx(expected["chi2"], rel=1e-11)
    assert test.table["observed"].to_list() == pytest.approx(expected["observed"], rel=1e-12)
    assert test.table["expected"].to_list() == pytest.approx(expected["expected"], rel=1e-12)


@pytest.mark.parametrize(
    ("name", "data", "formula", "more"),
    [
        ("colon trend extent", "colon_deaths", "Surv(time, status) ~ extent", {"trend": True}),
        ("colon trend extent within sex", "colon_deaths", "Surv(time, status) ~ extent + strata(sex)", {"trend": True}),
        ("heart delayed entry", "heart", "Surv(start, stop, event) ~ arm", {}),
        ("lung counts", "lung_weighted", "Surv(time, died) ~ sex", {"weights": "counts"}),
    ],
)
def test_logrank_test_is_the_score_test_of_cox_with_exact_ties(
    name: str, data: str, formula: str, more: dict[str, Any]
) -> None:
    assert logrank(formula, _data(data), **more).chi2 == pytest.approx(R[name], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "data", "formula", "until"),
    [
        ("pbc means 10", "pbc_trial", "Surv(years, died) ~ trt", 10),
        ("lung means 365", "lung_weighted", "Surv(time, died) ~ sex", 365),
        ("lung means 900", "lung_weighted", "Surv(time, died) ~ sex", 900),
        ("veteran means 180", "veteran", "Surv(time, status) ~ celltype", 180),
    ],
)
def test_restricted_means_agree_with_survfit(name: str, data: str, formula: str, until: float) -> None:
    found = kaplan_meier(formula, _data(data)).restricted_mean(until=until).table
    expected = pd.DataFrame(R[name])
    assert found["restricted_mean"].to_list() == pytest.approx(expected["mean"].to_list(), rel=1e-12)
    assert found["se"].to_list() == pytest.approx(expected["se"].to_list(), rel=1e-12)


def test_restricted_mean_difference_is_the_one_that_survrm2_prints() -> None:
    # Uno H., vignette of survRM2 (2017): the randomised patients of pbc, until 10 years, D-penicillamine less placebo.
    data = _data("pbc_trial")
    data["trt"] = pd.Categorical(data["trt"], [2, 1])
    contrast = kaplan_meier("Surv(years, died) ~ trt", data).restricted_mean(until=10).contrasts.iloc[0]
    assert contrast["difference"] == pytest.approx(-0.137, abs=5e-4)


def _incidences(name: str, found: pd.DataFrame) -> None:
    read = found.set_index(["group", "cause", "time"])
    for row in _numbers(R[name], "incidence", "se", "ci_low", "ci_high").to_dict("records"):
        here = read.loc[(row["group"], row["cause"], row["time"])]
        for column, theirs in (("cumulative_incidence", "incidence"), ("se", "se"), ("ci_low",) * 2, ("ci_high",) * 2):
            # Where nobody has had the event R leaves the limits open; here they are 0.
            expected = min(row[theirs], 1.0) if row["incidence"] > 0 or theirs not in {"ci_low", "ci_high"} else 0.0
            assert here[column] == pytest.approx(expected, rel=1e-11, abs=1e-15), (row, column)


@pytest.mark.parametrize("ci", ["log", "log-log", "plain"])
def test_cumulative_incidence_agrees_with_multistate_survfit(ci: str) -> None:
    fit = cumulative_incidence("Surv(months, cause) ~ sex", _data("mgus2"), censored="censor", ci=ci)
    _incidences(f"mgus2 {ci}", fit.incidence_at([3, 12, 60, 120, 240, 360]))


@pytest.mark.parametrize(
    ("name", "formula", "weights", "times"),
    [
        ("mgus2 sampling", "Surv(months, cause) ~ sex", "sampling", [3, 12, 60, 120, 240, 360]),
        ("mgus2 entry", "Surv(entry, exit, cause) ~ 1", None, [480, 600, 720, 840, 960, 1080]),
        ("mgus2 entry sampling", "Surv(entry, exit, cause) ~ 1", "sampling", [480, 600, 720, 840, 960, 1080]),
    ],
)
def test_weights_and_delayed_entry_agree_with_multistate_survfit(
    name: str, formula: str, weights: str | None, times: list[float]
) -> None:
    fit = cumulative_incidence(formula, _data("mgus2"), censored="censor", weights=weights, variance="jackknife")
    _incidences(name, fit.incidence_at(times))


@pytest.mark.parametrize(
    ("name", "formula", "width"),
    [("cuminc mgus2", "Surv(months, cause) ~ sex", 1), ("cuminc tied", "Surv(months, cause) ~ 1", 60)],
)
def test_aalen_variance_agrees_with_cmprsk(name: str, formula: str, width: int) -> None:
    data = _data("mgus2").assign(months=lambda rows: -(-rows["months"] // width))
    expected = R[name]
    fit = cumulative_incidence(formula, data, censored="censor", variance="aalen")
    read = fit.incidence_at(expected["time"]).assign(group=lambda rows: rows["group"].replace("all", "1"))
    read = read.set_index(["group", "cause"])
    for label, estimates, variances in zip(expected["curve"], expected["est"], expected["var"], strict=True):
        found = read.loc[tuple(label.split(" "))]
        assert found["cumulative_incidence"].to_list() == pytest.approx(estimates, rel=1e-12)
        assert (found["se"] ** 2).to_list() == pytest.approx(variances, rel=1e-11)


@pytest.mark.parametrize(
    ("name", "formula", "more"),
    [
        ("gray mgus2 sex", "Surv(months, cause) ~ sex", {}),
        ("gray mgus2 sex rho 1", "Surv(months, cause) ~ sex", {"rho": 1}),
        ("gray mgus2 four groups", "Surv(months, cause) ~ sex + old", {}),
        ("gray mgus2 sex within old", "Surv(months, cause) ~ sex + strata(old)", {}),
        ("gray mgus2 tied", "Surv(decade, cause) ~ sex + old", {}),
    ],
)
def test_gray_test_agrees_with_cmprsk(name: str, formula: str, more: dict[str, float]) -> None:
    data = _data("mgus2").assign(decade=lambda rows: -(-rows["months"] // 60))
    tests = cumulative_incidence(formula, data, censored="censor", **more).tests
    assert tests is not None
    for row in R[name]:
        found = tests.set_index("cause").loc[row["cause"]]
        assert found["chi2"] == pytest.approx(row["chi2"], rel=1e-10)
        assert found["df"] == row["df"]
        assert found["p_value"] == pytest.approx(row["p_value"], rel=1e-8)
