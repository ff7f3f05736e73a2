"""Standard populations, direct and indirect standardisation."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError
from analysis_lib.models.rates import compare_rates, standard_population, standardised_rates, standardised_ratios

STANDARDS: tuple[Any, ...] = ("esp2013", "esp1976", "who", "segi", "us2000")
DATA = pd.DataFrame(
    {
        "arm": ["a", "a", "b", "b"],
        "age": ["0-49", "50+", "0-49", "50+"],
        "cases": [3, 20, 6, 4],
        "years": [1000.0, 800.0, 2500.0, 200.0],
    }
)
OPTIONS: dict[str, Any] = {"n_events": "cases", "time": "years", "age": "age", "units_per_year": 1}


@pytest.mark.parametrize("name", STANDARDS)
def test_shares_add_up_to_one_and_fall_with_old_age(name: Any) -> None:
    shares = standard_population(name)
    assert shares.sum() == pytest.approx(1, abs=1e-14)
    assert shares.iloc[-1] < shares.loc["60-64"] < shares.loc["30-34"]
    assert shares.attrs["source"]


@pytest.mark.parametrize(
    ("name", "band", "share"),
    [
        # Eurostat 2013; IARC 1976; Ahmad et al. 2001; Doll et al. 1966; SEER.
        ("esp2013", "0-4", 5_000 / 100_000),
        ("esp2013", "65+", 19_500 / 100_000),
        ("esp1976", "65+", 11_000 / 100_000),
        ("who", "0-14", 26.15 / 100.035),
        ("segi", "0-14", 31_000 / 100_000),
        ("segi", "65+", 7_000 / 100_000),
        ("us2000", "0-4", 69_135 / 1_000_000),
        ("us2000", "85+", 15_508 / 1_000_000),
    ],
)
def test_shares_are_those_in_print(name: Any, band: str, share: float) -> None:
    assert standard_population(name, bands=[band])[band] == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize("name", STANDARDS)
@pytest.mark.parametrize(
    "bands", [["<5", "5-14", "15-64", "65+"], ["0-39", "40-44", "[45, 85)", "85+"], ["0 to 4", "5–9 years", "10+"]]
)
def test_bands_may_be_written_in_several_ways_and_gather_all(name: Any, bands: list[str]) -> None:
    assert standard_population(name, bands=bands).sum() == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize(
    ("bands", "words"),
    [(["0-42"], "cuts through one"), (["0-9", "5-14"], "must not overlap"), (["kv7-secret"], "must read like 40-44")],
)
def test_bands_that_do_not_fit_a_standard_are_refused(bands: list[str], words: str) -> None:
    with pytest.raises(ModelInputError, match=words) as caught:
        standard_population("who", bands=bands)
    assert "kv7" not in str(caught.value)


def test_an_unknown_standard_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ModelInputError, match="'esp2013', 'esp1976', 'who', 'segi', 'us2000'"):
        standard_population("mars")  # type: ignore[arg-type]


def test_the_standardised_rate_is_the_weighted_sum_of_the_rates() -> None:
    found = standardised_rates(DATA, by="arm", standard={"0-49": 3, "50+": 1}, per=1000, **OPTIONS)
    assert found.table["rate"].to_list() == pytest.approx([0.75 * 3 + 0.25 * 25, 0.75 * 2.4 + 0.25 * 20])
    assert found.table["crude_rate"].to_list() == pytest.approx([23 / 1.8, 10 / 2.7])
    ratio = found.ratios(reference="b").loc["a"]
    assert ratio["ci_low"] < ratio["ratio"] < ratio["ci_high"]
    assert ratio["ratio"] == pytest.approx(found.table.loc["a", "rate"] / found.table.loc["b", "rate"])


@settings(max_examples=30, deadline=None)
@given(factor=st.floats(1e-6, 1e6), years=st.floats(1e-3, 1e3), seed=st.integers(0, 9))
def test_neither_the_sum_of_the_weights_nor_the_time_unit_nor_the_order_matters(
    factor: float, years: float, seed: int
) -> None:
    found = standardised_rates(DATA, by="arm", standard={"0-49": 3.0, "50+": 1.0}, **OPTIONS)
    other = standardised_rates(
        DATA.assign(years=DATA["years"] * years).sample(frac=1, random_state=seed),
        by="arm",
        standard={"0-49": 3.0 * factor, "50+": 1.0 * factor},
        **{**OPTIONS, "units_per_year": years},
    )
    np.testing.assert_allclose(other.table.to_numpy(float), found.table.to_numpy(float), rtol=1e-9)


def test_with_one_stratum_the_gamma_limits_are_the_exact_ones() -> None:
    """As Fay and Feuer 1997 say: with equal weights over person-time the limits are Garwood's."""
    data = pd.DataFrame({"age": ["0-4"], "cases": [10], "years": [1.0]})
    found = standardised_rates(data, standard={"0-4": 1}, per=1, **OPTIONS).table.iloc[0]
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((4.7954, 18.3904), abs=1e-4)


def test_ages_that_the_data_lack_are_left_out_of_the_standard_and_that_is_said() -> None:
    data = DATA[DATA["age"] == "50+"]
    assert "of it in the ages of the data" in repr(standardised_rates(data, by="arm", standard="who", **OPTIONS))


def test_a_group_without_person_time_in_an_age_group_is_refused() -> None:
    with pytest.raises(ModelInputError, match="found none in 1 of 4 combinations"):
        standardised_rates(DATA.head(3), by="arm", standard="who", **OPTIONS)


@pytest.mark.parametrize(
    ("standard", "words"),
    [
        ({"0-49": 1}, "found none for 1 of 2"),
        ({"0-49": 1, "50+": -1}, "0 or more"),
        ({"0-49": 1, "50+": "kv7"}, "must be numbers"),
        ({"0-49": 0, "50+": 0}, "more than 0"),
    ],
)
def test_weights_that_are_none_are_refused(standard: Any, words: str) -> None:
    with pytest.raises(ModelInputError, match=words) as caught:
        standardised_rates(DATA, by="arm", standard=standard, **OPTIONS)
    assert "kv7" not in str(caught.value)


RATIO: dict[str, Any] = {"n_events": "cases", "time": "years", "units_per_year": 1}


def test_expected_events_come_from_all_strata() -> None:
    reference = pd.DataFrame({"age": ["50+", "0-49"], "arm": ["a", "a"], "rate": [20.0, 2.0]})
    found = standardised_ratios(DATA.head(2), strata=["arm", "age"], reference=reference, reference_per=1000, **RATIO)
    assert found.table.loc["all", "expected"] == pytest.approx(2 + 16)
    assert found.table.loc["all", "ratio"] == pytest.approx(23 / 18)


@pytest.mark.parametrize("observed", [0, 1, 5, 200])
def test_the_limits_of_all_kinds_are_near_each_other_and_hold_the_ratio(observed: int) -> None:
    data = pd.DataFrame({"age": ["0-4"], "cases": [observed], "years": [10.0]})
    kinds: tuple[Any, ...] = ("exact", "midp", "byar")
    rows = [
        standardised_ratios(data, strata="age", reference={"0-4": 1.0}, interval=kind, **RATIO).table.iloc[0]
        for kind in kinds
    ]
    assert all(row["ci_low"] <= row["ratio"] < row["ci_high"] for row in rows)
    assert rows[2]["ci_high"] == pytest.approx(rows[0]["ci_high"], rel=0.02)
    assert rows[1]["ci_high"] < rows[0]["ci_high"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"strata": "age", "reference": {"0-49": 1.0}}, "found none for 2 of 4|found none for 1 of 2"),
        ({"strata": ["arm", "age"], "reference": {"0-49": 1.0}}, "one column of strata"),
        ({"strata": "age", "reference": pd.DataFrame({"age": ["0-49"], "rates": [1.0]})}, "no column 'rate'"),
        ({"strata": "age", "reference": pd.DataFrame({"age": ["0-49"] * 2, "rate": [1.0] * 2})}, "strata twice"),
        ({"strata": "age", "reference": {"0-49": "kv7", "50+": 1}}, "must be numbers"),
        ({"strata": "age", "reference": {"0-49": 0.0, "50+": 0.0}}, "needs expected events"),
        ({"strata": "age", "reference": {"0-49": 1.0, "50+": 1.0}, "interval": "best"}, "interval must be one of"),
    ],
)
def test_references_that_do_not_fit_are_refused(arguments: Any, words: str) -> None:
    with pytest.raises(ModelInputError, match=words) as caught:
        standardised_ratios(DATA, **arguments, **RATIO)
    assert "kv7" not in str(caught.value)


@pytest.mark.parametrize("expected", [1, 5, 32])
def test_one_event_less_than_a_whole_number_expected_is_as_probable_as_that_number(expected: int) -> None:
    """R 4.2.2: ``poisson.test(4, 5)$p.value`` is 1, since no count is more probable than four and five."""
    data = pd.DataFrame({"age": ["0-4"], "cases": [expected - 1], "years": [1.0]})
    found = standardised_ratios(data, strata="age", reference={"0-4": float(expected)}, **RATIO)
    assert found.table["p_value"].item() == 1.0


def test_codes_in_a_column_with_gaps_are_found_by_their_whole_numbers() -> None:
    """A column of whole numbers with gaps is one of floats in pandas: 1.0, 2.0 and missing."""
    data = pd.DataFrame({"arm": [0.0, 0.0, 1.0, None], "band": [1.0, 2.0, 1.0, 2.0], "d": 3, "y": 100.0})
    data = pd.concat([data, pd.DataFrame({"arm": [1.0], "band": [2.0], "d": [4], "y": [90.0]})])
    options: dict[str, Any] = {"n_events": "d", "time": "y", "units_per_year": 1}
    ratios = standardised_ratios(data, strata="band", by="arm", reference={1: 0.02, 2: 0.05}, **options)
    assert ratios.table["expected"].to_dict() == pytest.approx({"0": 7.0, "1": 6.5})
    frame = pd.DataFrame({"band": [1, 2], "rate": [0.02, 0.05]})
    assert standardised_ratios(data, strata="band", by="arm", reference=frame, **options).table.equals(ratios.table)
    rates = standardised_rates(data, age="band", by="arm", standard={1: 1, 2: 3}, **options)
    assert list(rates.table.index) == ["0", "1"]
    for reference in (1, 1.0, "1"):
        assert "0 vs 1" in repr(compare_rates(data, by="arm", reference=reference, **options))
