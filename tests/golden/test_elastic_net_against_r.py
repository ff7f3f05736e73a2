"""Elastic net paths against R's glmnet.

Source: R 4.2.2, glmnet 4.1-6 at thresh = 1e-16. Script: r/elastic_net.R, which says where the data are from; its output
is data/elastic_net.json. glmnet reports at its first penalty the solution of an infinite one, which for ridge
differs: there the comparison begins at the second.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from analysis_lib.models.regression.penalised import ElasticNetResult, elastic_net, elastic_net_matrix

REFERENCE: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "elastic_net.json").read_text())
X = np.array(REFERENCE["x"], dtype=np.float64)
NAMES = [f"x{index}" for index in range(X.shape[1])]
OUTCOMES = {"gaussian": "bwt", "binomial": "low", "poisson": "counts"}
EXACT = 1e-10


def _frame() -> pd.DataFrame:
    others = {name: REFERENCE[name] for name in (*OUTCOMES.values(), "weights", "offset", "fold")}
    return pd.DataFrame(X, columns=NAMES).assign(**others)


def _sparse() -> sp.csc_array:
    i, j = np.meshgrid(np.arange(1500), np.arange(120), indexing="ij")
    filled = ((i * (j + 3) + j**2 * 5 + (i // 7) * 11) % 97) < 1 + j % 9
    return sp.csc_array(filled.astype(np.float64))


def _arguments(key: str) -> dict[str, Any]:
    family, kind = key.split()
    if kind == "raw":
        return {"standardise": False}
    if kind != "weighted":
        return {"alpha": float(kind)}
    factors = dict(zip(NAMES, REFERENCE["factors"], strict=True))
    given = {"weights": REFERENCE["weights"], "offset": REFERENCE["offset"], "penalty_factors": factors}
    if family == "gaussian":
        given |= {"offset": 100 * np.array(given["offset"]), "alpha": 0.5}
    return given


def _agree(fit: ElasticNetResult, key: str) -> None:
    expected = REFERENCE["cases"][key]
    at = np.array(expected["at"]) - 1
    assert len(fit.lambdas) == expected["count"]
    assert fit.lambdas[at] == pytest.approx(np.array(expected["lambda"]), rel=1e-9)
    assert fit.null_deviance == pytest.approx(expected["null_deviance"], rel=1e-12)
    first = 1 if fit.alpha == 0 else 0
    at, wanted = at[first:], np.array(expected["coefficients"])[first:]
    found = fit.path.coefficients.toarray().T[at]
    scale = np.abs(wanted).max(axis=0)  # of each coefficient: some are a thousand times smaller than others
    assert np.abs(found - wanted) / np.where(scale > 0, scale, 1) == pytest.approx(0, abs=1e-6)
    assert fit.path.intercepts[at] == pytest.approx(np.array(expected["intercept"])[first:], rel=1e-7, abs=1e-7)
    assert fit.deviance_ratio[at] == pytest.approx(np.array(expected["deviance_ratio"])[first:], abs=1e-8)


@pytest.mark.parametrize("matrix", [np.array, sp.csc_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("key", [key for key in REFERENCE["cases"] if "sparse" not in key])
def test_the_path_on_birthwt_agrees_with_glmnet(key: str, matrix: Any) -> None:
    family = key.split(maxsplit=1)[0]
    response = np.array(REFERENCE[OUTCOMES[family]])
    arguments = {name: np.array(v) if isinstance(v, list) else v for name, v in _arguments(key).items()}
    fit = elastic_net_matrix(matrix(X), response, names=NAMES, family=family, folds=None, tolerance=EXACT, **arguments)
    _agree(fit, key)


@pytest.mark.parametrize("alpha", [1.0, 0.3])
@pytest.mark.parametrize("matrix", [lambda m: m.toarray(), sp.csr_matrix], ids=["dense", "sparse"])
def test_the_path_on_sparse_covariates_agrees_with_glmnet(matrix: Any, alpha: float) -> None:
    names = [str(index) for index in range(120)]
    fit = elastic_net_matrix(matrix(_sparse()), REFERENCE["arm"], names=names, alpha=alpha, folds=None, tolerance=EXACT)
    _agree(fit, f"sparse {alpha:g}")


@pytest.mark.parametrize("family", OUTCOMES)
def test_a_formula_gives_the_path_and_the_choice_that_glmnet_makes(family: str) -> None:
    formula = f"{OUTCOMES[family]} ~ {' + '.join(NAMES)}"
    fit = elastic_net(formula, _frame(), family=family, fold="fold", tolerance=EXACT)
    _agree(fit, f"{family} 1")
    expected = REFERENCE["validated"][family]
    table = fit.cross_validation.table.iloc[np.array(expected["at"]) - 1]
    assert table["deviance"].to_numpy() == pytest.approx(expected["deviance"], rel=1e-6)
    assert table["se"].to_numpy() == pytest.approx(expected["se"], rel=1e-5)
    assert (fit.lambda_min, fit.lambda_1se) == pytest.approx((expected["min"], expected["one_se"]), rel=1e-9)


def test_the_default_tolerance_is_within_a_millionth_of_the_largest_coefficient() -> None:
    expected = REFERENCE["cases"]["binomial 1"]
    fit = elastic_net_matrix(X, REFERENCE["low"], names=NAMES, folds=None)
    spread = X.std(axis=0)
    wanted = np.array(expected["coefficients"]) * spread
    found = fit.path.coefficients.toarray().T[np.array(expected["at"]) - 1] * spread
    assert found == pytest.approx(wanted, abs=1e-6 * np.abs(wanted).max())
