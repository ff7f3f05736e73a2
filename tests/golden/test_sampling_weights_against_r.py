"""Regression with sampling weights against R's glm with sandwich, and against survival's coxph.

Source: R 4.2.2, sandwich 3.0.2, survival 3.5.3; script r/sampling_weights.R, which says where the data are from; its
output is data/sampling_weights.json. survey::svyglm multiplies HC0's variance by n / (n - 1).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.models import cox, glm

DATA = Path(__file__).parent / "data"
REFERENCE: dict[str, Any] = json.loads((DATA / "sampling_weights.json").read_text())
FITS: dict[str, dict[str, Any]] = {fit["name"]: fit for fit in REFERENCE["fits"]}


@pytest.fixture(scope="module")
def births() -> pd.DataFrame:
    data = pd.read_csv(DATA / "birthwt.csv")
    return data.assign(w=REFERENCE["birthwt_weights"], visits=data["ftv"] + 1)


@pytest.mark.parametrize("name", FITS)
def test_sampling_weights_give_the_sandwich_of_r(births: pd.DataFrame, name: str) -> None:
    case = FITS[name]
    for errors in (None, "HC0", "HC1"):
        fit = glm(case["formula"], births, family=case["family"], sampling_weights="w", errors=errors)
        assert dict(fit.params) == pytest.approx(case["params"], rel=1e-7)
        assert dict(fit.bse) == pytest.approx(case[errors or "HC0"], rel=1e-6)


@pytest.mark.parametrize("name", FITS)
def test_sampling_weights_by_cluster_give_the_sandwich_of_r(births: pd.DataFrame, name: str) -> None:
    case = FITS[name]
    fit = glm(case["formula"], births, family=case["family"], sampling_weights="w", cluster="visits")
    assert dict(fit.bse) == pytest.approx(case["cluster"], rel=1e-6)


@pytest.mark.parametrize("name", FITS)
def test_analytic_weights_give_the_model_errors_of_r(births: pd.DataFrame, name: str) -> None:
    case = FITS[name]
    fit = glm(case["formula"], births, family=case["family"], weights="w")
    assert dict(fit.bse) == pytest.approx(case["model"], rel=1e-6)
    robust = glm(case["formula"], births, family=case["family"], weights="w", errors="HC0")
    assert dict(robust.bse) == pytest.approx(case["HC0"], rel=1e-6)


def test_a_weighted_cox_model_gives_the_robust_errors_of_r() -> None:
    lung = pd.read_csv(DATA / "lung.csv").iloc[REFERENCE["cox"]["rows"]].assign(w=REFERENCE["cox"]["weights"])
    fit = cox(lung.assign(died=lung["status"] == 2), time="time", event="died", covariates=["sex", "age"], weights="w")
    assert dict(fit.params) == pytest.approx(REFERENCE["cox"]["params"], rel=1e-8)
    assert dict(fit.bse) == pytest.approx(REFERENCE["cox"]["robust"], rel=1e-7)
    np.testing.assert_allclose(
        np.sqrt(np.diag(fit.model_covariance)), list(REFERENCE["cox"]["model"].values()), rtol=1e-7
    )
