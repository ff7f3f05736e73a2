"""Survival estimates against R's survival package.

Source: R 4.2.2, survival 3.5-3. Script and data: data/survival_reference.R, which says where each data set is from; its
output is data/survival_reference.csv. Profile-likelihood limits: R's coxph refitted with the coefficient as an offset,
uniroot on the likelihood ratio.
"""

import csv
import math
from pathlib import Path

import pandas as pd
import pytest

from analysis_lib.models.survival import CoxResult, cox, kaplan_meier, logrank

DATA = Path(__file__).parent / "data"


def _reference() -> dict[tuple[str, str], float]:
    lines = [line for line in (DATA / "survival_reference.csv").read_text().splitlines() if not line.startswith("#")]
    return {
        (row["data"], row["quantity"]): float("nan") if row["value"] == "NA" else float(row["value"])
        for row in csv.DictReader(lines)
    }


REFERENCE = _reference()
TIMES_AND_EVENTS = {
    "lung": ("time", "event"),
    "gehan": ("time", "cens"),
    "rossi": ("week", "arrest"),
    "tied": ("time", "event"),
    "rounded": ("time", "event"),
}
COVARIATES = {
    "lung": ["age", "sex", "ph.ecog", "wt.loss"],
    "gehan": ["control"],
    "rossi": ["fin", "age", "race", "wexp", "mar", "paro", "prio"],
    "tied": ["big", "one"],
    "rounded": ["x"],
}


def _data(name: str) -> pd.DataFrame:
    data = pd.read_csv(DATA / f"{name}.csv")
    if name == "lung":
        data["event"] = data["status"] == 2
    if name == "tied":
        data["one"] = data["group"] == 1
    if name == "rounded":
        data["time"] = data["end"] - data["start"]
    return data


def _fit(name: str, ties: str) -> CoxResult:
    time, event = TIMES_AND_EVENTS[name]
    return cox(_data(name), time=time, event=event, covariates=COVARIATES[name], ties=ties)


def _expected(name: str, prefix: str) -> dict[str, float]:
    return {
        key.removeprefix(prefix): value
        for (data, key), value in REFERENCE.items()
        if data == name and key.startswith(prefix)
    }


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("name", COVARIATES)
def test_cox_model_agrees_with_coxph(name: str, ties: str) -> None:
    fit, expected = _fit(name, ties), _expected(name, f"cox.{ties}.")
    profile = fit.conf_int("profile")
    found = {"llf": fit.llf, "llnull": fit.llnull}
    for term in fit.params.index:
        found |= {
            f"{term}.coef": fit.params[term],
            f"{term}.se": fit.bse[term],
            f"{term}.profile_low": profile.loc[term, "ci_low"],
            f"{term}.profile_high": profile.loc[term, "ci_high"],
        }
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-11)


def _at(key: str) -> tuple[float, str]:
    """Split ``2.05.ci_low`` into the time and the quantity."""
    time, _, quantity = key.rpartition(".")
    return float(time), quantity


@pytest.mark.parametrize("ci", ["log", "log-log", "plain"])
@pytest.mark.parametrize("name", ["lung", "gehan", "tied", "rounded"])
def test_survival_curve_agrees_with_survfit(name: str, ci: str) -> None:
    time, event = TIMES_AND_EVENTS[name]
    curve = kaplan_meier(_data(name), time=time, event=event, ci=ci)
    expected = {_at(key): value for key, value in _expected(name, f"km.{ci}.").items()}
    read = curve.survival_at(sorted({at for at, _ in expected})).set_index("time")
    found = {(at, quantity): read.loc[at, quantity] for at, quantity in expected}
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-14, nan_ok=True)


@pytest.mark.parametrize("ci", ["log", "log-log", "plain"])
@pytest.mark.parametrize("name", ["lung", "gehan", "tied", "rounded"])
def test_quantiles_agree_with_survfit(name: str, ci: str) -> None:
    time, event = TIMES_AND_EVENTS[name]
    curve = kaplan_meier(_data(name), time=time, event=event, ci=ci)
    expected = {_at(key): value for key, value in _expected(name, f"quantile.{ci}.").items()}
    read = curve.quantiles(sorted({at for at, _ in expected})).set_index("probability")
    found = {(at, quantity): read.loc[at, quantity] for at, quantity in expected}
    assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("name", "by", "strata", "key"),
    [
        ("lung", "sex", None, "sex"),
        ("lung", "ph.ecog", None, "ph.ecog"),
        ("lung", "sex", "ph.ecog", "sex within ph.ecog"),
        ("gehan", "control", None, "control"),
        ("tied", "group", None, "group"),
    ],
)
def test_logrank_test_agrees_with_survdiff(name: str, by: str, strata: str | None, key: str) -> None:
    time, event = TIMES_AND_EVENTS[name]
    test = logrank(_data(name), time=time, event=event, by=by, strata=strata)
    expected = _expected(name, f"logrank.{key}.")
    found = {"chi2": test.chi2, "df": test.df}
    found |= {f"expected.{index}": value for index, value in enumerate(test.table["expected"], start=1)}
    assert found == pytest.approx(expected, rel=1e-11)


def test_every_reference_value_is_a_number_or_a_limit_that_r_leaves_open() -> None:
    open_limits = {key for key, value in REFERENCE.items() if math.isnan(value)}
    assert len(REFERENCE) > 500
    assert all(quantity.startswith("quantile.") and quantity.endswith("ci_high") for _, quantity in open_limits)
