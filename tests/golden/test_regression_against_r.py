"""Generalised linear models against R's glm, MASS::glm.nb, sandwich and brglm2.

Source: R 4.2.2; script r/regression.R, which says where each data set is from; its output is
data/regression_reference.json, with the versions of the packages.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import SeparationError
from analysis_lib.models.regression import compare_models, conditional_logistic, glm

DATA = Path(__file__).parent / "data"
REFERENCE: dict[str, Any] = json.loads((DATA / "regression_reference.json").read_text())
FITS: dict[str, dict[str, Any]] = {fit["name"]: fit for fit in REFERENCE["fits"]}
ARGUMENTS = ("family", "link", "weights", "frequency_weights", "offset", "exposure")
#: R counts the scale of these among the parameters of AIC and BIC, and takes another estimate of it in the likelihood.
WITH_SCALE = ("gaussian", "gamma", "inverse gaussian")


def _data(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}.csv")


def _fit(case: dict[str, Any], **more: Any) -> Any:
    arguments = {key: case[key] for key in ARGUMENTS if key in case}
    return glm(case["formula"], _data(case["data"]), **arguments, **more)


def _close(found: Any, expected: dict[str, float], *, rel: float = 1e-8) -> None:
    assert dict(found) == pytest.approx(expected, rel=rel, abs=1e-12)


@pytest.mark.parametrize("name", FITS)
def test_coefficients_and_model_errors_agree_with_glm(name: str) -> None:
    case, fit = FITS[name], _fit(FITS[name])
    assert list(fit.params.index) == list(case["params"])
    _close(fit.params, case["params"])
    _close(fit.bse, case["bse"])
    np.testing.assert_allclose(fit.cov_params().to_numpy(), case["covariance"], rtol=1e-7, atol=1e-14)


@pytest.mark.parametrize("name", FITS)
def test_deviance_scale_and_degrees_of_freedom_agree_with_glm(name: str) -> None:
    case, fit = FITS[name], _fit(FITS[name])
    found = {"deviance": fit.deviance, "df_resid": fit.df_resid, "dispersion": fit.scale}
    assert found == pytest.approx({key: case[key] for key in found}, rel=1e-8)


@pytest.mark.parametrize("name", [name for name, case in FITS.items() if case["family"] not in WITH_SCALE])
def test_likelihood_and_aic_agree_with_glm_where_no_scale_is_estimated(name: str) -> None:
    case, fit = FITS[name], _fit(FITS[name])
    found = {"llf": fit.llf, "aic": fit.aic}
    assert found == pytest.approx({key: case[key] for key in found}, rel=1e-9)


@pytest.mark.parametrize("errors", ["HC0", "HC1", "HC2", "HC3"])
@pytest.mark.parametrize(
    "name", [name for name, case in FITS.items() if "robust" in case and "frequency_weights" not in case]
)
def test_robust_errors_agree_with_sandwich(name: str, errors: str) -> None:
    case = FITS[name]
    fit = _fit(case, errors=errors)
    _close(fit.bse, case["robust"][errors], rel=1e-7)


@pytest.mark.parametrize("errors", ["HC0", "HC1"])
@pytest.mark.parametrize(
    "name", [name for name, case in FITS.items() if "robust" in case and "frequency_weights" in case]
)
def test_robust_errors_of_frequency_weights_are_those_of_the_rows_written_out(name: str, errors: str) -> None:
    case = FITS[name]
    fit = _fit(case, errors=errors)
    _close(fit.bse, case["robust"][errors], rel=1e-7)


CLUSTERS = {
    "birthwt logit": "clinic",
    "birthwt probit": "clinic",
    "birthwt cloglog": "clinic",
    "birthwt gaussian": "clinic",
    "infert logistic": "stratum",
    "insurance exposure": "District",
}


@pytest.mark.parametrize("name", CLUSTERS)
def test_cluster_errors_agree_with_sandwich(name: str) -> None:
    case = FITS[name]
    fit = _fit(case, errors="cluster", cluster=CLUSTERS[name])
    # statsmodels' correction for few clusters, G/(G-1) (n-1)/(n-p), is sandwich's type HC1 with cadjust.
    _close(fit.bse, case["cluster"]["hc1"], rel=1e-7)


def test_predictions_and_their_errors_agree_with_predict_glm() -> None:
    case = FITS["birthwt logit"]
    told = case["predicted"]
    found = _fit(case).predict(pd.DataFrame(told["rows"]))
    np.testing.assert_allclose(found["mean"], told["mean"], rtol=1e-9)
    np.testing.assert_allclose(found["linear"], told["link"], rtol=1e-9)
    np.testing.assert_allclose(found["linear_se"], told["link_se"], rtol=1e-8)


@pytest.mark.parametrize("name", ["birthwt logit", "warpbreaks poisson"])
def test_profile_limits_agree_with_refits_at_held_coefficients(name: str) -> None:
    case = FITS[name]
    limits = _fit(case).conf_int(kind="profile")
    for side in ("low", "high"):
        _close(limits[f"ci_{side}"], case[f"profile_{side}"], rel=1e-7)


def test_wald_test_of_race_agrees_with_r() -> None:
    test = _fit(FITS["birthwt logit"]).wald_test("race")
    assert (test.statistic, test.p_value) == pytest.approx(REFERENCE["tests"]["wald_race"], rel=1e-8)


def test_wald_limits_are_those_of_r_confint_default() -> None:
    case, fit = FITS["birthwt logit"], _fit(FITS["birthwt logit"])
    half = 1.959963984540054 * np.array(list(case["bse"].values()))
    expected = np.array(list(case["params"].values()))
    limits = fit.conf_int()
    np.testing.assert_allclose(limits.iloc[:, 0], expected - half, rtol=1e-8)
    np.testing.assert_allclose(limits.iloc[:, 1], expected + half, rtol=1e-8)


@pytest.mark.parametrize("case", REFERENCE["negative_binomial"], ids=lambda case: case["name"])
def test_negative_binomial_agrees_with_glm_nb(case: dict[str, Any]) -> None:
    fit = glm(case["formula"], _data(case["data"]), family="negative binomial")
    assert fit.theta == pytest.approx(case["theta"], rel=1e-7)
    _close(fit.params, case["params"], rel=1e-7)
    _close(fit.bse, case["bse"], rel=1e-6)
    assert {"llf": fit.llf, "deviance": fit.deviance, "aic": fit.aic} == pytest.approx(
        {key: case[key] for key in ("llf", "deviance", "aic")}, rel=1e-8
    )


def test_quine_theta_is_that_of_venables_and_ripley() -> None:
    fit = glm("Days ~ Eth + Sex + Age + Lrn", _data("quine"), family="negative binomial")
    assert fit.theta == pytest.approx(1.274893, abs=5e-7)  # MASS, summary(glm.nb(Days ~ ., data = quine))


def test_endometrial_cancer_is_separated_by_neovasculation_and_the_message_names_it() -> None:
    with pytest.raises(SeparationError, match="NV"):
        glm("HG ~ NV + PI + EH", _data("endometrial"), family="binomial")


@pytest.mark.parametrize("case", REFERENCE["firth"], ids=lambda case: case["name"])
def test_firths_penalised_likelihood_agrees_with_brglm2(case: dict[str, Any]) -> None:
    fit = glm(case["formula"], _data(case["data"]), family="binomial", firth=True)
    _close(fit.params, case["params"], rel=1e-7)
    _close(fit.bse, case["bse"], rel=1e-7)


def test_firths_estimates_of_endometrial_cancer_are_those_in_print() -> None:
    # Heinze and Schemper (2002), Statistics in Medicine 21, 2409-2419, table 1.
    fit = glm("HG ~ NV + PI + EH", _data("endometrial"), family="binomial", firth=True)
    assert fit.params[["NV", "PI", "EH"]].round(2).to_list() == [2.93, -0.03, -2.60]


def test_every_reference_fit_is_there() -> None:
    assert len(FITS) >= 23
    assert {case["family"] for case in FITS.values()} == {
        "gaussian",
        "binomial",
        "poisson",
        "gamma",
        "inverse gaussian",
    }


def test_tests_of_nested_models_agree_with_drop1() -> None:
    smaller = FITS["birthwt logit"]["formula"].replace("C(race) + ", "")
    table = compare_models(smaller, _data("birthwt"), larger=FITS["birthwt logit"]["formula"], family="binomial").table
    expected = {"likelihood ratio": "lr_race", "wald": "wald_race", "score": "rao_race"}
    for name, key in expected.items():
        found = table.loc[name, ["statistic", "p_value"]].to_list()
        assert found == pytest.approx(REFERENCE["tests"][key], rel=1e-8)


def test_conditional_logistic_regression_of_infert_agrees_with_clogit() -> None:
    fit = conditional_logistic("case ~ spontaneous + induced", _data("infert"), strata="stratum")
    expected = REFERENCE["conditional_logistic"]["exact"]
    _close(fit.params, expected["params"])
    _close(fit.bse, expected["bse"])
