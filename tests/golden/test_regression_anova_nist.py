"""One-way analysis of variance against NIST's Statistical Reference Datasets.

Source, data and certified values: data/nist_strd_anova.json. NIST's answers are those of the decimal data. In SmLs04 to
09 the responses have 7 or 13 constant leading digits, and float64 cannot hold 1000000000000.4: the rounded data have
sums of squares of their own, which the test computes in exact rational arithmetic. Ours must agree with those to
1e-12, and with NIST's as far as the rounding of the data allows.
"""

import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis_lib.models.regression import OneWayAnova, one_way_anova

SETS: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "nist_strd_anova.json").read_text())["sets"]
CERTIFIED = ("ss_between", "ss_within", "f", "residual_sd", "r_squared")


def _responses(name: str) -> dict[str, list[str]]:
    data = SETS[name]["data"]
    if "replicates" not in data:
        return data
    pairs = (data["replicates"] - 1) // 2
    return {
        group: [first, *([second, third] * pairs)]
        for group, (first, second, third) in data["first, and the two that follow it in turn"].items()
    }


def _frame(name: str) -> pd.DataFrame:
    rows = [(group, float(value)) for group, values in _responses(name).items() for value in values]
    return pd.DataFrame(rows, columns=["treatment", "response"])


def _found(fit: OneWayAnova) -> dict[str, float]:
    values = (fit.ess, fit.ssr, fit.fvalue, math.sqrt(fit.scale), fit.rsquared)
    return dict(zip(CERTIFIED, values, strict=True))


def _exact(groups: dict[str, list[Fraction]]) -> dict[str, float]:
    """The same quantities without any rounding before the last step."""
    n = sum(map(len, groups.values()))
    grand = sum(map(sum, groups.values())) / Fraction(n)
    means = {group: sum(values) / Fraction(len(values)) for group, values in groups.items()}
    between = sum(len(values) * (means[group] - grand) ** 2 for group, values in groups.items())
    within = sum((value - means[group]) ** 2 for group, values in groups.items() for value in values)
    scale = within / (n - len(groups))
    answers = (between, within, between / (len(groups) - 1) / scale)
    return dict(
        zip(CERTIFIED, (*map(float, answers), math.sqrt(scale), float(between / (between + within))), strict=True)
    )


def _digits(found: dict[str, float], expected: dict[str, float]) -> float:
    """NIST's log relative error of the worst quantity: how many digits are right."""
    worst = max(abs(found[key] - expected[key]) / abs(expected[key]) for key in CERTIFIED)
    return -math.log10(worst) if worst else 15.0


@pytest.mark.parametrize("name", SETS)
def test_variances_are_those_of_the_rounded_data_in_exact_arithmetic(name: str) -> None:
    rounded = {group: [Fraction(float(value)) for value in values] for group, values in _responses(name).items()}
    assert _found(one_way_anova("response ~ C(treatment)", _frame(name))) == pytest.approx(_exact(rounded), rel=1e-12)


@pytest.mark.parametrize("name", SETS)
def test_variances_agree_with_nist_as_far_as_float64_holds_the_data(name: str) -> None:
    rounded = {group: [Fraction(float(value)) for value in values] for group, values in _responses(name).items()}
    expected = {key: SETS[name][key] for key in CERTIFIED}
    best = min(_digits(_exact(rounded), expected), 12.0)
    found = one_way_anova("response ~ treatment", _frame(name))
    assert _digits(_found(found), expected) >= best - 0.1
    assert (found.df_model, found.df_resid) == (SETS[name]["df_between"], SETS[name]["df_within"])


@pytest.mark.parametrize("name", [name for name in SETS if name not in {"SmLs07", "SmLs08", "SmLs09"}])
def test_nine_digits_are_right_where_the_data_have_fewer_than_thirteen_constant_digits(name: str) -> None:
    found = one_way_anova("response ~ treatment", _frame(name))
    assert _digits(_found(found), {key: SETS[name][key] for key in CERTIFIED}) >= 9


@pytest.mark.parametrize("name", ["SmLs07", "SmLs08", "SmLs09"])
def test_twelve_digits_are_right_where_the_hardest_data_are_given_less_their_constant(name: str) -> None:
    rows = [(group, float(value[-2:])) for group, values in _responses(name).items() for value in values]
    found = one_way_anova("response ~ treatment", pd.DataFrame(rows, columns=["treatment", "response"]))
    assert _digits(_found(found), {key: SETS[name][key] for key in CERTIFIED}) >= 12


@pytest.mark.parametrize("name", SETS)
def test_nist_certified_the_decimal_data(name: str) -> None:
    decimal = {group: [Fraction(value) for value in values] for group, values in _responses(name).items()}
    assert _digits(_exact(decimal), {key: SETS[name][key] for key in CERTIFIED}) >= 13
