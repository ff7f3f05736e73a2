"""Linear regression against NIST's Statistical Reference Datasets.

Source, data and certified values: data/nist_strd_regression.json. The powers of Filip and Wampler are formed here in
float64, as any program must; Filip's design then has a condition number of 1e15, and the certified coefficients belong
to the exact powers. What is asked of each set stands beside it.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.models.regression import glm

SETS: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "nist_strd_regression.json").read_text())["sets"]
#: Digits (log relative error) of the worst coefficient and standard error; what QR in float64 gives.
DIGITS = {
    "Norris": 12,
    "Pontius": 12,
    "NoInt1": 13,
    "NoInt2": 13,
    "Longley": 11,
    "Filip": 6,
    "Wampler1": 8,
    "Wampler2": 11,
    "Wampler3": 9,
    "Wampler4": 7.5,
    "Wampler5": 5.5,
}


def _formula(name: str) -> str:
    told = SETS[name]
    if told["powers"] is None:
        covariates = [column for column in told["data"] if column != "y"]
    else:
        covariates = ["x", *(f"I(x**{power})" for power in range(2, told["powers"] + 1))]
    return "y ~ " + ("" if told["intercept"] else "0 + ") + " + ".join(covariates)


def _digits(found: Any, expected: list[float]) -> float:
    gaps = np.abs(np.asarray(found) - expected) / np.where(np.array(expected) == 0, 1, np.abs(expected))
    return 15.0 if gaps.max() == 0 else -math.log10(gaps.max())


@pytest.mark.parametrize("name", SETS)
def test_coefficients_agree_with_nist(name: str) -> None:
    fit = glm(_formula(name), pd.DataFrame(SETS[name]["data"]), family="gaussian")
    assert _digits(fit.params, SETS[name]["params"]) >= DIGITS[name]


@pytest.mark.parametrize("name", [name for name in SETS if SETS[name]["residual_sd"] > 0])
def test_standard_errors_and_residual_deviation_agree_with_nist(name: str) -> None:
    told = SETS[name]
    fit = glm(_formula(name), pd.DataFrame(told["data"]), family="gaussian")
    assert _digits(fit.bse, told["bse"]) >= DIGITS[name]
    assert _digits([math.sqrt(fit.scale)], [told["residual_sd"]]) >= DIGITS[name]


@pytest.mark.parametrize("name", ["Wampler1", "Wampler2"])
def test_an_exact_fit_has_errors_of_rounding_size(name: str) -> None:
    fit = glm(_formula(name), pd.DataFrame(SETS[name]["data"]), family="gaussian")
    assert (fit.bse / fit.params).max() < 1e-7
