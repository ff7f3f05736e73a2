"""Regressions of small data against R, and against statsmodels where it implements the same.

Source: R 4.2.2 with survival 3.5-3 (clogit), geepack 1.3.9, lme4 1.1-31, quantreg 5.94. Script:
r/small_data_regression.R, which says where each data set is from; its output: data/small_data_regression.json. In
print: sleepstudy's REML criterion 1743.62827 (Bates et al. 2015 print 1743.6).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.discrete.conditional_models import ConditionalLogit
from statsmodels.genmod import cov_struct, families
from statsmodels.genmod.generalized_estimating_equations import GEE
from statsmodels.regression.mixed_linear_model import MixedLM

from analysis_lib.models.regression import conditional_logistic, gee, mixed, quantile_regression

DATA = Path(__file__).parent / "data"
R: dict[str, Any] = json.loads((DATA / "small_data_regression.json").read_text())


def _read(name: str) -> pd.DataFrame:
    if name == "holes":
        dietox = pd.read_csv(DATA / "dietox.csv")
        return dietox[(np.arange(1, len(dietox) + 1) * 7) % 5 != 0].reset_index(drop=True)
    return pd.read_csv(DATA / f"{name}.csv").rename(columns={"pooled.stratum": "pooled"})


GEE_CALLS: dict[str, dict[str, Any]] = {
    "dietox": {"formula": "Weight ~ Time + C(Cu)", "cluster": "Pig"},
    "holes": {"formula": "Weight ~ Time + C(Cu)", "cluster": "Pig", "time": "Time"},
    "ohio": {"formula": "resp ~ age * smoke", "cluster": "id", "family": "binomial"},
    "epil": {"formula": "y ~ lbase * C(trt) + lage + V4", "cluster": "subject", "family": "poisson"},
}
MIXED_CALLS: dict[str, dict[str, Any]] = {
    "sleepstudy": {"formula": "Reaction ~ Days", "cluster": "Subject", "slope": "1 + Days"},
    "holes": {"formula": "Weight ~ Time + C(Cu)", "cluster": "Pig", "slope": "1 + Time"},
}


def _in_rs_order(found: pd.Series) -> list[float]:
    """R puts interactions last; so does formulaic."""
    return [float(value) for value in found]


@pytest.mark.parametrize("strata", ["stratum", "pooled"])
def test_conditional_logistic_regression_agrees_with_clogit(strata: str) -> None:
    expected = R["clogit"][strata]
    fit = conditional_logistic("case ~ spontaneous + induced", _read("infert"), strata=strata)
    assert list(fit.params) == pytest.approx(expected["coef"], rel=1e-8)
    assert list(fit.bse) == pytest.approx(expected["se"], rel=1e-7)
    assert (fit.llf, fit.llnull) == pytest.approx((expected["llf"], expected["llnull"]), rel=1e-10)


@pytest.mark.parametrize("strata", ["stratum", "pooled"])
def test_conditional_logistic_regression_agrees_with_statsmodels(strata: str) -> None:
    data = _read("infert")
    fit = conditional_logistic("case ~ spontaneous + induced", data, strata=strata)
    model = ConditionalLogit(data["case"], data[["spontaneous", "induced"]], groups=data[strata])
    theirs = model.fit(method="newton", disp=False, maxiter=200)
    assert list(fit.params) == pytest.approx(list(theirs.params), rel=1e-8)
    assert list(fit.bse) == pytest.approx(list(theirs.bse), rel=1e-5)  # theirs are numerical derivatives


@pytest.mark.parametrize("key", R["gee"])
def test_estimating_equations_agree_with_geepack(key: str) -> None:
    name, correlation = key.split(".")
    expected, call = R["gee"][key], GEE_CALLS[name]
    fit = gee(data=_read(name), correlation=correlation, moments="n", **call)  # type: ignore[arg-type]
    assert _in_rs_order(fit.params) == pytest.approx(expected["coef"], rel=1e-7, abs=1e-9)
    assert _in_rs_order(fit.bse) == pytest.approx(expected["se"], rel=1e-7)
    assert (fit.alpha, fit.scale) == pytest.approx((expected["alpha"], expected["scale"]), rel=1e-7)
    model_based = gee(data=_read(name), correlation=correlation, moments="n", errors="model", **call)  # type: ignore[arg-type]
    assert _in_rs_order(model_based.bse) == pytest.approx(expected["naive"], rel=1e-6)


@pytest.mark.parametrize("correlation", ["independence", "exchangeable"])
@pytest.mark.parametrize("name", ["dietox", "ohio", "epil"])
def test_estimating_equations_agree_with_statsmodels(name: str, correlation: Any) -> None:
    call = GEE_CALLS[name]
    data = _read(name)
    structure = cov_struct.Independence() if correlation == "independence" else cov_struct.Exchangeable()
    family = {"gaussian": families.Gaussian, "binomial": families.Binomial, "poisson": families.Poisson}
    model = GEE.from_formula(
        call["formula"],
        groups=call["cluster"],
        data=data,
        cov_struct=structure,
        family=family[call.get("family", "gaussian")](),
    )
    theirs = model.fit(ctol=1e-8, maxiter=500)
    fit = gee(data=data, correlation=correlation, **call)
    assert sorted(fit.params) == pytest.approx(sorted(theirs.params), rel=1e-8, abs=1e-10)
    assert sorted(fit.bse) == pytest.approx(sorted(theirs.bse), rel=1e-8)
    # statsmodels takes the dispersion of binomial and Poisson outcomes as 1, geepack and SAS estimate it.
    naive = gee(data=data, correlation=correlation, errors="model", fixed_scale="family" in call, **call)
    assert naive.scale == pytest.approx(theirs.scale, rel=1e-8)
    assert sorted(naive.bse) == pytest.approx(sorted(theirs.standard_errors("naive")), rel=1e-8)


@pytest.mark.parametrize("name", ["dietox", "ohio", "epil"])
def test_bias_reduced_errors_are_those_of_their_definition(name: str) -> None:
    """Mancl and DeRouen 2001, written out cluster by cluster with the identity as working correlation."""
    call = GEE_CALLS[name]
    data = _read(name)
    fit = gee(data=data, correlation="independence", errors="bias-reduced", **call)
    import formulaic

    response, matrix = formulaic.model_matrix(call["formula"], data)
    x, y = matrix[list(fit.terms)].to_numpy(dtype=float), response.to_numpy(dtype=float).ravel()
    eta = x @ fit.params.to_numpy()
    mean = {"gaussian": eta, "poisson": np.exp(eta), "binomial": 1 / (1 + np.exp(-eta))}[call.get("family", "gaussian")]
    variance = {"gaussian": np.ones_like(mean), "poisson": mean, "binomial": mean * (1 - mean)}[
        call.get("family", "gaussian")
    ]
    slopes = x * variance[:, None]  # canonical links
    bread = np.linalg.inv(slopes.T @ (slopes / variance[:, None]))
    meat = np.zeros_like(bread)
    for rows in data.groupby(call["cluster"]).indices.values():
        part, weight = slopes[rows], 1 / variance[rows]
        leverage = part @ bread @ (part * weight[:, None]).T
        score = (part * weight[:, None]).T @ np.linalg.solve(np.eye(rows.size) - leverage, (y - mean)[rows])
        meat += np.outer(score, score)
    assert list(fit.bse) == pytest.approx(list(np.sqrt(np.diag(bread @ meat @ bread))), rel=1e-8)


@pytest.mark.parametrize("key", R["mixed"])
def test_mixed_models_agree_with_lme4(key: str) -> None:
    name, random, method = key.split(".")
    expected, call = R["mixed"][key], MIXED_CALLS[name]
    fit = mixed(
        call["formula"],
        _read(name),
        cluster=call["cluster"],
        random=call["slope"] if random == "slope" else "1",
        reml=method == "reml",
    )
    assert fit.criterion == pytest.approx(expected["criterion"], rel=1e-11)
    assert fit.criterion <= expected["criterion"] + 1e-9
    assert list(fit.params) == pytest.approx(expected["coef"], rel=1e-6)
    assert list(fit.bse) == pytest.approx(expected["se"], rel=1e-6)
    assert np.sqrt(fit.residual_variance) == pytest.approx(expected["sigma"], rel=1e-6)
    random_covariance = np.asarray(expected["random"], dtype=float).ravel()
    assert list(fit.random_covariance.to_numpy().ravel()) == pytest.approx(list(random_covariance), rel=1e-5)
    assert list(fit.random_effects.iloc[0]) == pytest.approx(np.ravel(expected["first"]).tolist(), rel=1e-5)


def test_sleepstudy_has_the_reml_criterion_in_print() -> None:
    fit = mixed("Reaction ~ Days", _read("sleepstudy"), cluster="Subject", random="1 + Days")
    assert fit.criterion == pytest.approx(1743.62827, abs=5e-6)


def test_mixed_model_agrees_with_statsmodels() -> None:
    data = _read("sleepstudy")
    fit = mixed("Reaction ~ Days", data, cluster="Subject", random="1 + Days")
    theirs = MixedLM.from_formula("Reaction ~ Days", data, groups="Subject", re_formula="~ Days").fit(reml=True)
    assert fit.llf == pytest.approx(theirs.llf, abs=1e-6)
    assert list(fit.params) == pytest.approx(list(theirs.fe_params), rel=1e-8)
    assert list(fit.bse) == pytest.approx(list(theirs.bse_fe), rel=1e-3)  # as far as their optimiser went


@pytest.mark.parametrize("key", R["quantile"])
def test_quantile_regression_agrees_with_quantreg(key: str) -> None:
    name, q = key.split(" ")
    expected = R["quantile"][key]
    formula = "foodexp ~ income" if name == "engel" else "`stack.loss` ~ `Air.Flow` + `Water.Temp` + `Acid.Conc.`"
    fit = quantile_regression(formula, _read(name), q=float(q), errors="iid")
    assert fit.objective == pytest.approx(expected["rho"], rel=1e-10)
    assert list(fit.params) == pytest.approx(expected["coef"], rel=1e-8, abs=1e-9)
    if key != "stackloss 0.5":  # where the line through the order statistics is not unique, and R says so
        assert list(fit.bse) == pytest.approx(expected["iid"], rel=1e-7)
        assert list(fit.pvalues) == pytest.approx(expected["p"], rel=1e-6, abs=1e-14)
    for errors in ("nid", "kernel"):
        if expected[errors] is not None and name == "engel":
            again = quantile_regression(formula, _read(name), q=float(q), errors=errors)  # type: ignore[arg-type]
            assert list(again.bse) == pytest.approx(expected[errors], rel=1e-6)
