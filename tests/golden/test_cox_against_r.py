"""Cox models and what can be asked of them, and Fine and Gray's model, against R's survival and cmprsk.

Source: R 4.2.2, survival 3.5-3, cmprsk 2.2-11. Script: r/cox.R, which says where each data set is from; its output is
data/cox/cox.json, with the versions in it. Convergence in R was tightened to 1e-14.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.models.survival import CoxResult, cox, fine_gray

DATA = Path(__file__).parent / "data" / "cox"
R = json.loads((DATA / "cox.json").read_text())
BOTH = pytest.mark.parametrize("ties", ["efron", "breslow"])


def _read(name: str) -> pd.DataFrame:
    data = pd.read_csv(DATA / f"{name}.csv")
    orders = {"celltype": ["squamous", "smallcell", "adeno", "large"], "rx": ["Obs", "Lev", "Lev+5FU"]}
    for column, levels in orders.items():
        if column in data and data[column].dtype.kind not in "if":
            data[column] = pd.Categorical(data[column], categories=levels)
    return data


CASES: dict[str, Callable[[str], CoxResult]] = {
    "veteran": lambda ties: cox(
        "Surv(time, status) ~ trt + karno + age + prior + celltype", _read("veteran"), ties=ties
    ),
    "veteran_weighted": lambda ties: cox(
        "Surv(time, status) ~ trt + karno + age + strata(celltype)", _read("veteran"), weights="w", ties=ties
    ),
    "veteran_offset": lambda ties: cox(
        "Surv(time, status) ~ trt + karno + cluster(site)", _read("veteran"), offset="shift", ties=ties
    ),
    "heart": lambda ties: cox(
        "Surv(start, stop, event) ~ age + year + surgery + transplant", _read("heart"), ties=ties
    ),
    "heart_weighted": lambda ties: cox(
        "Surv(start, stop, event) ~ age + transplant + strata(surgery) + cluster(id)",
        _read("heart"),
        weights="w",
        ties=ties,
    ),
    "bladder2": lambda ties: cox(
        "Surv(start, stop, event) ~ rx + number + size + strata(enum) + cluster(id)", _read("bladder2"), ties=ties
    ),
    "colon": lambda ties: cox(
        "Surv(time, status) ~ rx + sex + age + nodes + strata(extent)", _read("colon"), ties=ties
    ),
}


def _pbc() -> CoxResult:
    data = _read("pbc").assign(dead=lambda frame: frame["status"] == 2)
    return cox("Surv(time, dead) ~ age + edema + log(bili) + log(protime) + log(albumin)", data)


def _ovarian() -> CoxResult:
    return cox("Surv(futime, fustat) ~ age + `resid.ds` + rx + `ecog.ps`", _read("ovarian"))


def _numbers(values: Any) -> np.ndarray:
    found = np.asarray(values, dtype=object)
    return np.array([np.nan if value is None else value for value in found.ravel()], dtype=float).reshape(found.shape)


def _agree(found: Any, expected: Any, *, rel: float = 1e-9) -> None:
    found, expected = np.asarray(found, dtype=float).ravel(), _numbers(expected).ravel()
    # Residuals are differences: near zero they agree relative to the largest.
    slack = 1e-12 * float(np.nanmax(np.abs(expected), initial=0.0))
    np.testing.assert_allclose(found, expected, rtol=rel, atol=slack)


def _agree_with(fit: CoxResult, expected: dict[str, Any]) -> None:
    _agree(fit.params, expected["coef"])
    _agree(np.sqrt(np.diag(fit.model_covariance)), expected["se"])
    _agree([fit.llnull, fit.llf, fit.n, fit.events], [expected[key] for key in ("llnull", "llf", "n", "events")])
    tests = fit.tests()["chi2"]
    _agree(tests[["score", "wald"]], [expected["score"], expected["wald"]])
    _agree(tests["likelihood ratio"], 2 * (expected["llf"] - expected["llnull"]), rel=1e-8)
    if "robust_se" in expected:
        _agree(fit.bse, expected["robust_se"])


@BOTH
@pytest.mark.parametrize("name", CASES)
def test_estimates_errors_and_tests_agree_with_coxph(name: str, ties: str) -> None:
    _agree_with(CASES[name](ties), R[name][ties])


@BOTH
@pytest.mark.parametrize("name", ["veteran_weighted", "heart_weighted", "bladder2"])
def test_robust_score_test_agrees_with_coxph(name: str, ties: str) -> None:
    # Not veteran_offset: R's leaves the offset out of the score at zero, ours has it in.
    _agree(CASES[name](ties).tests().loc["robust score", "chi2"], R[name][ties]["robust_score"])


@pytest.mark.parametrize(("fit", "name"), [(_pbc, "pbc"), (_ovarian, "ovarian")])
def test_transformed_and_oddly_named_covariates_agree_with_coxph(fit: Callable[[], CoxResult], name: str) -> None:
    _agree_with(fit(), R[name])


@BOTH
@pytest.mark.parametrize("name", CASES)
def test_concordance_agrees_with_r(name: str, ties: str) -> None:
    found, expected = CASES[name](ties).concordance(), R[name][ties]["concordance"]
    pairs = [found.concordant, found.discordant, found.tied]
    _agree(pairs, [expected["concordant"], expected["discordant"], expected["tied"]])
    _agree([found.estimate, found.se], [expected["concordance"], expected["se"]])


@BOTH
@pytest.mark.parametrize("kind", ["martingale", "deviance", "score", "dfbeta", "schoenfeld"])
@pytest.mark.parametrize("name", ["veteran", "veteran_weighted", "veteran_offset", "heart", "heart_weighted"])
def test_residuals_agree_with_r(name: str, kind: str, ties: str) -> None:
    found = CASES[name](ties).residuals(kind)
    if kind == "schoenfeld":
        found = found.drop(columns=["stratum", "time"])
    _agree(found, R[name][ties]["residuals"][kind], rel=1e-8)


def test_residuals_without_ties_agree_with_r() -> None:
    fit = _ovarian()
    for kind, expected in R["ovarian"]["residuals"].items():
        found = fit.residuals(kind).drop(columns=["stratum", "time"], errors="ignore")
        _agree(found, expected, rel=1e-8)


@BOTH
@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
@pytest.mark.parametrize("name", ["veteran", "veteran_weighted", "heart", "heart_weighted", "bladder2"])
def test_proportional_hazards_test_agrees_with_cox_zph(name: str, transform: str, ties: str) -> None:
    found, expected = CASES[name](ties).proportional_hazards(transform), R[name][ties]["zph"][transform]
    _agree(found.table["chi2"], expected["chisq"])
    _agree(found.table["df"], expected["df"])
    _agree(found.table["p_value"], expected["p"], rel=1e-8)
    _agree(found.moving["scale"], expected["x"])
    _agree(found.variance, expected["var"])
    moving, residuals = found.moving.iloc[:, 3:].to_numpy(), _numbers(expected["y"])
    if name in {"heart", "heart_weighted", "bladder2"}:  # R orders tied events of counting processes the other way
        moving, residuals = np.sort(moving, axis=0), np.sort(residuals, axis=0)
    _agree(moving, residuals, rel=1e-8)


@BOTH
def test_proportional_hazards_test_within_strata_agrees_with_cox_zph(ties: str) -> None:
    _agree(CASES["colon"](ties).proportional_hazards().table, R["colon"][ties]["zph_km"])


def test_proportional_hazards_test_of_transformed_covariates_agrees_with_cox_zph() -> None:
    _agree(_pbc().proportional_hazards().table, R["pbc"]["zph_km"])


@BOTH
@pytest.mark.parametrize("name", ["veteran", "veteran_weighted", "heart", "bladder2"])
def test_baseline_hazard_agrees_with_basehaz(name: str, ties: str) -> None:
    expected = R[name][ties]["basehaz"]
    table = pd.DataFrame({"time": expected["time"], "hazard": expected["hazard"]})
    table["stratum"] = expected["strata"] or "all"
    found = CASES[name](ties).baseline(at="zero")
    for stratum, part in found.groupby("stratum"):
        named = [str(stratum), str(stratum).rpartition("=")[2], "all"]
        of = table[table["stratum"].isin(named) & table["time"].isin(part["time"])]
        _agree(part["cumulative_hazard"], of["hazard"])


def _agree_with_curves(fit: CoxResult, people: pd.DataFrame, expected: dict[str, Any], *, times: list[float]) -> None:
    found = fit.predict_survival(people, times=times)
    for column, key in (("survival", "surv"), ("se", "std_err"), ("ci_low", "lower"), ("ci_high", "upper")):
        by_time = found.pivot_table(index="time", columns="row", values=column, dropna=False)
        stacked = np.ndim(expected[key]) == 2 and np.shape(expected[key])[1] == 1  # R's way within strata
        _agree(found[column] if stacked else by_time, expected[key], rel=1e-8)


def test_predicted_survival_agrees_with_survfit() -> None:
    people = pd.DataFrame({"age": [50, 70], "resid.ds": [1, 2], "rx": [1, 2], "ecog.ps": [1, 1]})
    _agree_with_curves(_ovarian(), people, R["ovarian"]["curves"], times=[100, 400, 700, 1000])


@BOTH
def test_predicted_survival_of_time_varying_and_weighted_models_agrees_with_survfit(ties: str) -> None:
    people = pd.DataFrame({"age": [-10, 5], "year": [1, 4], "surgery": [0, 1], "transplant": [0, 1]})
    _agree_with_curves(CASES["heart"](ties), people, R["heart"][ties]["curves"], times=[5, 50, 200, 900])
    for cell, expected in zip(
        ["squamous", "smallcell", "adeno", "large"], R["veteran_weighted"][ties]["curves"], strict=True
    ):
        people = pd.DataFrame({"trt": [1, 2], "karno": [40, 80], "age": [50, 65], "celltype": cell})
        _agree_with_curves(CASES["veteran_weighted"](ties), people, expected, times=[10, 60, 150])


@pytest.mark.parametrize(
    ("name", "formula", "key"),
    [
        ("../gehan", "Surv(time, cens) ~ control", "gehan"),
        ("veteran", "Surv(time, status) ~ trt + karno + age + prior", "veteran"),
        ("veteran", "Surv(week, status) ~ trt + karno + age", "weeks"),
        ("heart", "Surv(start, stop, event) ~ age + transplant + strata(surgery)", "heart"),
    ],
)
def test_exact_ties_agree_with_coxph(name: str, formula: str, key: str) -> None:
    data = _read(name)
    if name == "veteran":
        data["week"] = np.ceil(data["time"] / 7)
    fit, expected = cox(formula, data, ties="exact"), R["exact"][key]
    _agree(fit.params, expected["coef"])
    _agree(fit.bse, expected["se"])
    _agree([fit.llnull, fit.llf], [expected["llnull"], expected["llf"]])


def test_gehans_data_give_the_coefficients_of_all_three_ways_with_ties() -> None:
    # 1.628244 is the exact estimate for Cox's (1972) leukaemia data.
    data = _read("../gehan")
    found = {
        ties: cox("Surv(time, cens) ~ control", data, ties=ties).params["control"]
        for ties in ("efron", "breslow", "exact")
    }
    assert found == pytest.approx({"efron": 1.572125, "breslow": 1.509191, "exact": 1.628244}, abs=5e-7)


MGUS = "Surv(months, ended) ~ age + male + mspike"


@pytest.mark.parametrize("cause", ["pcm", "death"])
def test_cause_specific_hazards_agree_with_coxph(cause: str) -> None:
    _agree_with(cox(MGUS, _read("mgus2"), cause=cause), R["mgus2"]["cause_specific"][cause])


@pytest.mark.parametrize("cause", ["pcm", "death"])
def test_subdistribution_hazards_agree_with_crr(cause: str) -> None:
    fit, expected = fine_gray(MGUS, _read("mgus2"), cause=cause, censored="censor"), R["mgus2"]["crr"][cause]
    _agree(fit.params, expected["coef"])
    _agree(fit.bse, expected["se"])
    _agree([fit.llnull, fit.llf], [expected["llnull"], expected["llf"]])
    people = pd.DataFrame({"age": [60, 80], "male": [0, 1], "mspike": [1, 2]})
    found = fit.predict_incidence(people, times=[12, 60, 120, 240])
    _agree(found.pivot_table(index="time", columns="row", values="incidence"), expected["cif"])


@BOTH
@pytest.mark.parametrize("cause", ["pcm", "death"])
def test_subdistribution_hazards_agree_with_coxph_on_finegrays_rows(cause: str, ties: str) -> None:
    fit = fine_gray(
        MGUS, _read("mgus2"), cause=cause, censored="censor", ties=ties, censoring="after events", variance="robust"
    )
    expected = R["mgus2"]["finegray"][cause][ties]
    _agree(fit.params, expected["coef"])
    _agree(fit.bse, expected["robust_se"])
    _agree([fit.llnull, fit.llf], [expected["llnull"], expected["llf"]])


def test_reference_values_say_which_versions_made_them() -> None:
    assert R["versions"]["R"].startswith("R version 4.2.2")
    assert (R["versions"]["survival"], R["versions"]["cmprsk"]) == ("3.5.3", "2.2.11")
