"""Tables, rates and predictions on data sets that textbooks and R's packages bring, against R and against print.

Source: R 4.2.2 with survival 3.5-3, MASS 7.3-58.2, boot 1.3-28.1, epiR 2.0.57, pROC 1.18.0. Script: r/textbook_data.R;
its output, with the data and all versions: data/textbook_data.json. R's exact limits within strata are found to 1e-4
only. In print: the introduction to R's package tableone 0.13.2 (Mayo Clinic's trial in primary biliary cholangitis);
SAS, PROC FREQ, on smoking and lung cancer in eight Chinese cities (Liu Z. (1992). Int. J. Epidemiol. 21(2), 197-201;
Agresti A. (1996). An Introduction to Categorical Data Analysis, table 3.3); Stata's manual, epitab, on coronary deaths
of British doctors (Doll and Hill 1966; data as in R's boot) and on breast cancer after fluoroscopy (Boice and Monson
1977).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.models.prediction import area_difference, calibration, performance, roc, survival_performance
from analysis_lib.models.rates import adjust_p_values, compare_rates, mantel_haenszel, standardised_ratios
from analysis_lib.models.rates.effect_measures import EffectMeasures
from analysis_lib.report import table_one
from analysis_lib.report.columns import levels, numbers

DATA = Path(__file__).parent / "data"
R: dict[str, Any] = json.loads((DATA / "textbook_data.json").read_text())


def _triple(found: EffectMeasures, measure: str) -> list[float]:
    return [found.params[measure], *found.conf_int().loc[measure]]


@pytest.fixture(params=["few rows", "compiled loops"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "compiled loops":
        for module in (numbers, levels):
            monkeypatch.setattr(module, "SMALL", 0)


@pytest.mark.usefixtures("_both_ways")
@pytest.mark.parametrize("name", R["tables"])
def test_moments_quartiles_and_tests_agree_with_r(name: str) -> None:
    case = R["tables"][name]
    data = pd.DataFrame(case["data"])
    expected = {**case["numbers"], **case["levels"]}
    for kind in ("welch", "student", "kruskal", "wilcoxon", "chi-square", "chi-square uncorrected", "fisher"):
        tests = {column: kind for column, values in expected.items() if values.get(kind) is not None}
        if not tests:
            continue
        ranked = [column for column in tests if kind in {"kruskal", "wilcoxon"}]
        found = table_one(data, by=case["by"], variables=list(tests), nonnormal=ranked, tests=tests)
        assert found.p_values.to_dict() == pytest.approx({c: expected[c][kind] for c in tests}, rel=1e-9, abs=1e-300)
    shown = table_one(data, by=case["by"], variables=list(expected), nonnormal=list(case["numbers"])).numbers
    for column, values in case["numbers"].items():
        of_column = shown[shown["variable"] == column]
        assert of_column["mean"].to_list() == pytest.approx(values["mean"], rel=1e-13)
        assert of_column["sd"].to_list() == pytest.approx(values["sd"], rel=1e-12)
        assert of_column[["q1", "median", "q3"]].to_numpy() == pytest.approx(np.array(values["quartiles"]), rel=1e-13)
    for column, values in case["levels"].items():
        counts = shown[shown["variable"] == column].pivot_table(index="group", columns="level", values="count")
        assert counts.to_numpy().tolist() == values["counts"]


#: Standardised differences as tableone's introduction prints them.
PBC_SMD = {
    "time": 0.017,
    "status": 0.054,
    "age": 0.270,
    "sex": 0.111,
    "ascites": 0.089,
    "hepato": 0.207,
    "spiders": 0.016,
    "edema": 0.058,
    "bili": 0.171,
    "chol": 0.038,
    "albumin": 0.018,
    "copper": 0.000,
    "alk.phos": 0.037,
    "ast": 0.084,
    "trig": 0.017,
    "platelet": 0.067,
    "protime": 0.146,
    "stage": 0.246,
}


def test_differences_between_the_arms_of_the_mayo_trial_are_those_that_tableone_prints() -> None:
    data = pd.DataFrame(R["tables"]["pbc"]["data"])
    table = table_one(
        data, by="trt", variables=list(PBC_SMD), nonnormal=["bili", "chol", "copper", "alk.phos", "trig"], tests=True
    )
    assert table.smd.to_dict() == pytest.approx(PBC_SMD, abs=5.1e-4)
    printed = {"age": 0.018, "sex": 0.421, "ascites": 0.567, "hepato": 0.088, "spiders": 0.985, "edema": 0.877}
    printed |= {"bili": 0.842, "chol": 0.544, "copper": 0.717, "alk.phos": 0.812, "trig": 0.370}
    assert table.p_values[list(printed)].to_dict() == pytest.approx(printed, abs=5.1e-4)
    cells = table.to_frame().set_index("characteristic")
    assert cells.loc["Alk.phos, median [IQR]", "2"] == "1283.0 [922.5 to 1949.8]"
    assert cells.loc["Sex, n (%)":].loc["  f", "1"] == "137 (86.7)"


def _counts(rows: list[list[float]]) -> pd.DataFrame:
    cells = [
        (stratum, arm, cases, n)
        for stratum, (a, n1, c, n0) in enumerate(rows)
        for arm, cases, n in ((1, a, n1), (0, c, n0))
    ]
    return pd.DataFrame(cells, columns=["stratum", "arm", "cases", "n"]).astype(int)


@pytest.mark.parametrize("name", R["within"])
def test_estimates_and_tests_within_strata_agree_with_r(name: str) -> None:
    case = R["within"][name]
    options: dict[str, Any] = {"n_events": "cases", "n": "n", "by": "arm", "strata": "stratum"}
    found = mantel_haenszel(_counts(case["rows"]), exact=True, **options)
    for measure, key in (("odds ratio", "or"), ("risk ratio", "rr"), ("risk difference", "rd")):
        assert _triple(found, measure) == pytest.approx(case[key], rel=1e-8)
    assert _triple(found, "odds ratio, conditional") == pytest.approx(case["exact"], rel=5e-3)
    assert found.pvalues["odds ratio, conditional"] == pytest.approx(case["exact_p"], rel=1e-7, abs=1e-300)
    assert found.tests["statistic"][0] == pytest.approx(case["chi2"], rel=1e-9, abs=1e-12)
    plain = mantel_haenszel(_counts(case["rows"]), continuity=False, **options)
    assert plain.tests["statistic"][0] == pytest.approx(case["plain"], rel=1e-9)


def test_smoking_in_eight_chinese_cities_is_as_sas_prints_it() -> None:
    cities = [
        *([126, 100, 35, 61], [908, 688, 497, 807], [913, 747, 336, 598], [235, 172, 58, 121]),
        *([402, 308, 121, 215], [182, 156, 72, 98], [60, 99, 11, 43], [104, 89, 21, 36]),
    ]
    rows = [[float(v) for v in (a, a + b, c, c + d)] for a, b, c, d in cities]
    found = mantel_haenszel(
        _counts(rows), n_events="cases", n="n", by="arm", strata="stratum", reference=0, continuity=False
    )
    assert found.params[["odds ratio", "risk ratio"]].to_list() == pytest.approx([2.174, 1.519], abs=5e-4)
    tests = found.tests.set_index("test")
    assert tests.loc["Mantel-Haenszel test of no association", "statistic"] == pytest.approx(280.138, abs=5e-4)
    breslow_day = tests.loc["Breslow-Day test of equal odds ratios"]
    assert breslow_day[["statistic", "df", "p_value"]].to_list() == pytest.approx([5.200, 7, 0.636], abs=5e-4)


def test_coronary_deaths_of_british_doctors_agree_with_epir_and_with_print() -> None:
    doctors = pd.DataFrame(R["doctors"]["data"])
    options: dict[str, Any] = {"n_events": "y", "time": "n", "by": "smoke", "units_per_year": 1, "per": 1}
    found = mantel_haenszel(doctors, strata="age", **options)
    assert _triple(found, "rate ratio") == pytest.approx(R["doctors"]["irr"], rel=1e-9)
    assert _triple(found, "rate difference") == pytest.approx(R["doctors"]["ird"], rel=1e-9)
    assert _triple(found, "rate ratio") == pytest.approx([1.424682, 1.154703, 1.757784], abs=5e-7)
    assert _triple(compare_rates(doctors, **options), "rate ratio")[0] == pytest.approx(1.719823, abs=5e-7)


def test_breast_cancer_after_fluoroscopy_is_as_in_print() -> None:
    data = pd.DataFrame({"exposed": [0, 1], "cases": [15, 41], "years": [19_017, 28_010]})
    found = compare_rates(data, n_events="cases", time="years", by="exposed", units_per_year=1, per=1)
    assert _triple(found, "rate ratio")[:2] == pytest.approx([1.855759, 1.005684], abs=5e-7)
    assert _triple(found, "rate difference") == pytest.approx([0.0006749, 0.0000749, 0.0012751], abs=1.1e-6)


def test_p_values_of_small_counts_are_those_of_poisson_test() -> None:
    """One event less than a whole number expected is exactly as probable as that number: p is 1."""
    counts = pd.DataFrame({name: R["poisson"][name] for name in ("observed", "expected", "p")})
    counts["row"] = [f"r{index:03d}" for index in range(len(counts))]
    found = standardised_ratios(
        counts.assign(years=1.0, case=counts["row"]),
        n_events="observed",
        time="years",
        strata="row",
        by="case",
        reference=dict(zip(counts["row"], counts["expected"], strict=True)),
        units_per_year=1,
    )
    assert found.table["p_value"].to_list() == pytest.approx(counts["p"].to_list(), rel=1e-9)


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("benjamini-hochberg", "BH"),
        ("benjamini-yekutieli", "BY"),
        ("holm", "holm"),
        ("hochberg", "hochberg"),
        ("hommel", "hommel"),
        ("bonferroni", "bonferroni"),
    ],
)
def test_ties_and_missing_p_values_are_adjusted_as_by_p_adjust(method: Any, name: str) -> None:
    found = adjust_p_values(R["adjusted"]["p"], method=method).adjusted
    expected = {str(place + 1): value for place, value in enumerate(R["adjusted"][name]) if value is not None}
    assert found.to_dict() == pytest.approx(expected, rel=1e-12)


@pytest.fixture(scope="module")
def pima() -> pd.DataFrame:
    frame = pd.DataFrame({name: R["pima"][name] for name in ("y", "risk", "glucose")})
    return frame.assign(tied=frame["risk"].round(1))


@pytest.mark.parametrize(("column", "key"), [("risk", "whole"), ("tied", "tied")])
def test_areas_with_and_without_ties_are_those_of_proc(pima: pd.DataFrame, column: str, key: str) -> None:
    found, expected = roc(pima, outcome="y", risk=column).table.iloc[0], R["pima"][key]
    assert found["auroc"] == pytest.approx(expected["auc"], rel=1e-12)
    assert found["se"] ** 2 == pytest.approx(expected["var"], rel=1e-10)
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((expected["low"], expected["high"]), rel=1e-10)


def test_difference_calibration_and_brier_score_are_those_of_r(pima: pd.DataFrame) -> None:
    expected = R["pima"]
    difference = area_difference(pima, outcome="y", risk=["risk", "glucose"])
    assert (difference.z, difference.p_value) == pytest.approx((expected["z"], expected["p"]), rel=1e-9)
    found = calibration(pima, outcome="y", risk="risk")
    assert [found.measure("slope"), found.measure("intercept")] == pytest.approx(
        [expected["slope"], expected["intercept"]], rel=1e-8
    )
    assert performance(pima, outcome="y", risk="risk").measure("brier") == pytest.approx(expected["brier"], rel=1e-12)


def test_measures_at_a_horizon_with_many_ties_are_those_made_by_hand_in_r() -> None:
    lung = pd.read_csv(DATA / "lung_risk.csv")
    months = lung.assign(time=np.ceil(lung["time"] / 30.4375), risk=lung["risk"].round(2))
    found = survival_performance(months, time="time", event="event", risk="risk", horizon=12).table
    estimates = found.set_index("measure")["estimate"]
    assert estimates[list(R["months"])].to_dict() == pytest.approx(R["months"], rel=1e-10)
