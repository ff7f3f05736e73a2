"""Penalised Cox models against R's glmnet, and with strata against coxph's ridge.

Source: R 4.2.2, glmnet 4.1-6 at thresh = 1e-16, survival 3.5-3. Script: r/elastic_net_cox.R, which says where the data
are from and what of glmnet is passed by; its output is data/elastic_net_cox.json. cv.glmnet divides what a fold adds to
the deviance by events with weights as given, after it has brought the weights to a mean of 1 in the deviance: with
weights of mean 2 it reports half of ours, and chooses the same penalties.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from analysis_lib.models.regression.penalised import ElasticNetResult, elastic_net, elastic_net_matrix

REFERENCE: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "elastic_net_cox.json").read_text())
X = np.array(REFERENCE["x"], dtype=np.float64)
NAMES = [name.replace(".", "_") for name in REFERENCE["names"]]
TIME = np.array(REFERENCE["time"], dtype=np.float64)
TIED = np.ceil(TIME / 60)
EVENT = np.array(REFERENCE["event"])
WEIGHTS = np.array(REFERENCE["weights"], dtype=np.float64)
EXACT = 1e-10

ARGUMENTS: dict[str, dict[str, Any]] = {
    "cox 1": {"alpha": 1.0},
    "cox 0.5": {"alpha": 0.5},
    "cox 0": {"alpha": 0.0},
    "tied": {"time": TIED},
    "weighted": {
        "alpha": 0.5,
        "weights": WEIGHTS,
        "offset": np.array(REFERENCE["offset"]),
        "penalty_factors": dict(zip(NAMES, REFERENCE["factors"], strict=True)),
    },
    "raw": {"standardise": False},
}


def _fit(matrix: Any = X, **arguments: Any) -> ElasticNetResult:
    given = {"time": TIME, "folds": None, "tolerance": EXACT} | arguments
    return elastic_net_matrix(matrix, EVENT, names=NAMES, family="cox", **given)


@pytest.mark.parametrize("matrix", [np.array, sp.csc_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("key", ARGUMENTS)
def test_the_path_on_lung_agrees_with_glmnet(key: str, matrix: Any) -> None:
    fit, expected = _fit(matrix(X), **ARGUMENTS[key]), REFERENCE["cases"][key]
    at = np.array(expected["at"]) - 1
    assert len(fit.lambdas) == expected["count"]
    assert fit.lambdas[at] == pytest.approx(np.array(expected["lambda"]), rel=1e-8)
    assert fit.null_deviance == pytest.approx(expected["null_deviance"], rel=1e-12)
    first = 1 if fit.alpha == 0 else 0  # glmnet reports there the solution of an infinite penalty
    wanted, found = np.array(expected["coefficients"])[first:], fit.path.coefficients.toarray().T[at[first:]]
    assert np.abs(found - wanted) / np.abs(wanted).max(axis=0) == pytest.approx(0, abs=1e-6)
    assert fit.deviance_ratio[at[first:]] == pytest.approx(np.array(expected["deviance_ratio"])[first:], abs=1e-8)


@pytest.mark.parametrize(("key", "weights", "scale"), [("validated", None, 1), ("validated_weighted", WEIGHTS, 2)])
def test_cross_validation_agrees_with_glmnet(key: str, weights: np.ndarray | None, scale: int) -> None:
    fit = _fit(time=TIED, fold=np.array(REFERENCE["fold"]), lambdas=REFERENCE["lambda"], weights=weights)
    expected = REFERENCE[key]
    table = fit.cross_validation.table.iloc[np.array(expected["at"]) - 1]
    assert table["deviance"].to_numpy() / scale == pytest.approx(expected["deviance"], rel=1e-7)
    assert table["se"].to_numpy() / scale == pytest.approx(expected["se"], rel=1e-6)
    assert (fit.lambda_min, fit.lambda_1se) == pytest.approx((expected["min"], expected["one_se"]), rel=1e-9)


def test_ridge_with_strata_agrees_with_coxph() -> None:
    frame = pd.DataFrame(X, columns=NAMES).assign(time=TIED, event=EVENT, site=REFERENCE["strata"])
    formula = f"Surv(time, event) ~ {' + '.join(NAMES)} + strata(site)"
    lambdas = REFERENCE["ridge_lambda"]
    fit = elastic_net(
        formula, frame, family="cox", alpha=0.0, standardise=False, lambdas=lambdas, folds=None, tolerance=EXACT
    )
    for penalty, wanted in zip(lambdas, REFERENCE["ridge"], strict=True):
        assert fit.coef(penalty).to_numpy() == pytest.approx(wanted, rel=1e-9)
