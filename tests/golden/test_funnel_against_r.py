"""Control limits and overdispersion of funnel plots against R, against a meta-analysis, and by hand.

In print: how often a unit lies beyond the limits by chance alone (Seaton and Manktelow 2012, BMC Med. Res. Methodol.
12, 98, table of prediction limits: medians of 0.0186 below and 0.0201 above, never more than 0.025, where 1 to 50
events are expected). Source: R 4.2.2. Script: r/funnel.R; its output: data/funnel.json. R reads the limits off the
distribution function drawn as straight lines; here they are computed by Spiegelhalter's formula (2005, Stat. Med.
24(8), 1185-1202). The variance between units is DerSimonian and Laird's when the target is the units' weighted mean:
compared with statsmodels' `combine_effects`. The hospitals are the 12 of the Bristol inquiry.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import poisson
from statsmodels.stats.meta_analysis import combine_effects

from analysis_lib.models.rates.units import control_limits, measure_overdispersion, unit_funnel

R: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "funnel.json").read_text())
LEVELS = {0.95: ("low95", "high95"), 0.998: ("low998", "high998")}
NAMES = {"spiegelhalter": "limits", "cautious": "symmetric"}
UNITS = [*(("proportion", case) for case in R["hospitals"]), ("rate", R["wards"]), ("ratio", R["ratios"])]
OVERDISPERSED = [(kind, case) for kind, case in UNITS if case["phi"] > 1 and case["tau2"] > 0]


@pytest.mark.parametrize("case", R["proportions"], ids=lambda case: f"{case['size']} at {case['target']}")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("interpolation", NAMES)
def test_limits_of_proportions_agree_with_r(case: dict[str, Any], level: float, interpolation: Any) -> None:
    found = control_limits(
        case["size"], target=case["target"], kind="proportion", level=level, interpolation=interpolation
    )
    expected = [case[NAMES[interpolation]][name] for name in LEVELS[level]]
    assert [found.low[0], found.high[0]] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("case", R["counts"], ids=lambda case: f"mean {case['mean']}")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("interpolation", NAMES)
def test_limits_of_ratios_and_rates_agree_with_r(case: dict[str, Any], level: float, interpolation: Any) -> None:
    expected = [case[NAMES[interpolation]][name] for name in LEVELS[level]]
    ratio = control_limits(case["mean"], target=1.0, kind="ratio", level=level, interpolation=interpolation)
    rate = control_limits(case["mean"] * 50, target=0.02, kind="rate", level=level, interpolation=interpolation)
    assert [ratio.low[0], ratio.high[0]] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert [rate.low[0] / 0.02, rate.high[0] / 0.02] == pytest.approx(expected, rel=1e-8, abs=1e-12)


def test_a_limit_can_be_worked_out_by_hand() -> None:
    # Two tosses of a coin: F is 1/4, 3/4, 1. The tail of 1/2 is reached at r = 1: 1 - (3/4 - 1/2) / (1/2) = 1/2.
    found = control_limits(2, target=0.5, kind="proportion", level=1e-12)
    assert found.low[0] == pytest.approx(0.25, abs=1e-9)


def _beyond(expected: NDArray[np.float64], *, interpolation: Any = "cautious") -> tuple[Any, Any]:
    """How probable it is to lie below and above the 95 % limits."""
    low, high = control_limits(expected, target=1.0, kind="ratio", level=0.95, interpolation=interpolation)
    below = poisson.cdf(np.ceil(np.round(low * expected, 9)) - 1, expected)
    return below, poisson.sf(np.floor(np.round(high * expected, 9)), expected)


@pytest.mark.parametrize(
    ("least", "most", "below", "above"),
    [(1, 50, 0.0186, 0.0201), (50, 100, 0.0215, None), (100, 500, 0.0233, None), (500, 1000, 0.0239, None)],
)
def test_chance_passes_the_limits_as_often_as_in_print(
    least: int, most: int, below: float, above: float | None
) -> None:
    under, over = _beyond(np.arange(least, most, 0.01))
    assert np.median(under) == pytest.approx(below, abs=1.5e-4)
    assert above is None or np.median(over) == pytest.approx(above, abs=1.5e-4)
    assert max(under.max(), over.max()) <= 0.025 + 1e-9


def test_chance_passes_the_upper_limit_of_the_formula_too_often() -> None:
    _, over = _beyond(np.arange(1, 50, 0.01), interpolation="spiegelhalter")
    assert over.min() >= 0.025 - 1e-9


@pytest.mark.parametrize(("kind", "case"), UNITS, ids=lambda value: value if isinstance(value, str) else "")
def test_overdispersion_agrees_with_r(kind: Any, case: dict[str, Any]) -> None:
    found = measure_overdispersion(
        case["events"], case["size"], target=case["target"], kind=kind, winsorise=case["winsorise"]
    )
    assert [found.phi, found.tau2, found.p_value] == pytest.approx([case["phi"], case["tau2"], case["p"]], rel=1e-9)


@pytest.mark.parametrize("adjustment", ["multiplicative", "additive"])
@pytest.mark.parametrize(("kind", "case"), OVERDISPERSED, ids=lambda value: value if isinstance(value, str) else "")
def test_widened_limits_agree_with_r(kind: Any, case: dict[str, Any], adjustment: Any) -> None:
    names = {"proportion": "n", "rate": "time", "ratio": "expected"}
    frame = pd.DataFrame({"unit": range(len(case["events"])), "events": case["events"], "size": case["size"]})
    found = unit_funnel(
        frame,
        by="unit",
        n_events="events",
        **{names[kind]: "size"},
        winsorise=case["winsorise"],
        overdispersion=adjustment,
        per=1.0,
        units_per_year=1.0,
    )
    for level, (low, high) in LEVELS.items():
        r = case["limits"][adjustment]
        assert found.table[f"low_{100 * level:g}"].tolist() == pytest.approx(r[low], rel=1e-9, abs=1e-12)
        assert found.table[f"high_{100 * level:g}"].tolist() == pytest.approx(r[high], rel=1e-9)


def test_variance_between_units_is_dersimonian_and_lairds_around_their_mean() -> None:
    events, size = np.array(R["ratios"]["events"]), np.array(R["ratios"]["size"])
    variance = 1 / (4 * size)
    root = np.sqrt(events / size)
    pooled = combine_effects(root, variance, method_re="dl")
    found = measure_overdispersion(events, size, target=pooled.mean_effect_fe**2, kind="ratio", winsorise=0.0)
    assert found.tau2 == pytest.approx(pooled.tau2, rel=1e-9)
    assert found.phi * found.units == pytest.approx(pooled.q, rel=1e-9)


def test_of_the_hospitals_of_the_inquiry_bristol_alone_lies_above_the_outer_limits() -> None:
    case = R["hospitals"][0]
    names = ["Bristol", *(f"hospital {number}" for number in range(2, 13))]
    frame = pd.DataFrame({"hospital": names, "deaths": case["events"], "operations": case["size"]})
    for adjustment in ("none", "additive"):
        found = unit_funnel(
            frame, by="hospital", n_events="deaths", n="operations", overdispersion=adjustment, winsorise=0.1
        )
        assert found.table.index[found.table["position"] == "above 99.8%"].tolist() == ["Bristol"]
        assert found.outside.index[0] == "Bristol"
