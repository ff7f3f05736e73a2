"""Regressions of data on which a fit goes wrong where care is lacking, against R.

Source: R 4.2.2's glm, brglm2 0.9. Script: r/hard_data.R, which says where each data set is from; its output is
data/hard_data.json, with the versions and the data in it.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.models import glm

R = json.loads((Path(__file__).parent / "data" / "hard_data.json").read_text())
STONES = "r ~ gravity + ph + osmo + cond + urea + calc"


def _frame(name: str) -> pd.DataFrame:
    return pd.DataFrame(R[name]["data"])


def test_covariates_far_from_zero_are_fitted_as_by_r() -> None:
    fit = glm(STONES, _frame("urine"), family="binomial")
    np.testing.assert_allclose(fit.params, R["urine"]["coef"], rtol=1e-9)
    np.testing.assert_allclose(fit.bse, R["urine"]["se"], rtol=1e-9)


def test_profile_limits_of_covariates_far_from_zero_are_found() -> None:
    limits = glm(STONES, _frame("urine"), family="binomial").conf_int(kind="profile")
    np.testing.assert_allclose(limits["ci_low"], R["urine"]["profile_low"], rtol=1e-7)
    np.testing.assert_allclose(limits["ci_high"], R["urine"]["profile_high"], rtol=1e-7)


def test_firths_maximum_is_found_where_covariates_are_far_from_zero() -> None:
    fit = glm(STONES, _frame("urine"), family="binomial", firth=True)
    np.testing.assert_allclose(fit.params, R["urine"]["firth_coef"], rtol=1e-8)
    np.testing.assert_allclose(fit.bse, R["urine"]["firth_se"], rtol=1e-8)
    limits = fit.conf_int(kind="profile")
    moved = _frame("urine").assign(gravity=lambda frame: 1000 * (frame["gravity"] - 1))
    same = glm(STONES, moved, family="binomial", firth=True).conf_int(kind="profile")
    np.testing.assert_allclose(limits.loc["gravity"], same.loc["gravity"] * 1000, rtol=1e-8)
    np.testing.assert_allclose(limits.iloc[2:], same.iloc[2:], rtol=1e-8)


@pytest.mark.parametrize("kind", [{"offset": "log_n"}, {"exposure": "n"}])
def test_null_deviance_beside_person_years_is_that_of_r(kind: dict[str, Any]) -> None:
    fit = glm("y ~ C(age) + smoke", _frame("breslow"), family="poisson", **kind)
    assert fit.deviance == pytest.approx(R["breslow"]["deviance"], rel=1e-9)
    assert fit.null_deviance == pytest.approx(R["breslow"]["null_deviance"], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "formula", "family", "link"),
    [
        ("poisson", "dead ~ thickness + ulcer", "poisson", "log"),
        ("logit", "dead ~ thickness + ulcer", "binomial", "logit"),
        ("gaussian", "thickness ~ ulcer", "gaussian", "identity"),
        ("gamma", "thickness ~ ulcer", "gamma", "log"),
    ],
)
def test_null_deviance_beside_an_offset_is_that_of_r(name: str, formula: str, family: Any, link: Any) -> None:
    fit = glm(formula, _frame("melanoma"), family=family, link=link, offset="log_years")
    assert fit.deviance == pytest.approx(R["melanoma"][name]["deviance"], rel=1e-9)
    assert fit.null_deviance == pytest.approx(R["melanoma"][name]["null_deviance"], rel=1e-9)
