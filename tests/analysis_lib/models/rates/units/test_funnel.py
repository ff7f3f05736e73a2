"""Funnels of units: what they count, what they hide, what they say and draw, and what they refuse."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError
from analysis_lib.models.rates.units import control_limits, measure_overdispersion, unit_funnel

FALLS = pd.DataFrame({"ward": ["내과", "B", "C", "D"], "falls": [30, 11, 2, 9], "stays": [100, 100, 90, 80]})


def _stays(**wards: tuple[int, int]) -> pd.DataFrame:
    """One row per stay of a person of its own: ``ward=(stays, falls)``."""
    rows = [(ward, number < falls) for ward, (stays, falls) in wards.items() for number in range(stays)]
    frame = pd.DataFrame(rows, columns=["ward", "fell"])
    return frame.assign(person_id=range(len(frame)), days=2.0, risk=0.1)


def test_units_are_held_against_all_together() -> None:
    found = unit_funnel(FALLS, by="ward", n_events="falls", n="stays")
    assert found.target == pytest.approx(52 / 370)
    assert found.table["value"].to_dict() == {"B": 0.11, "C": 2 / 90, "D": 9 / 80, "내과": 0.3}
    assert found.table["position"].to_dict() == {
        "B": "inside",
        "C": "below 99.8%",
        "D": "inside",
        "내과": "above 99.8%",
    }
    assert found.outside.index.tolist() == ["내과", "C"]
    assert (found.count_outside(), found.count_outside(side="above", level=0.95)) == (2, 1)


def test_a_given_target_is_on_the_scale_of_the_values() -> None:
    stays = _stays(a=(50, 5), b=(50, 10))
    rate = unit_funnel(stays, by="ward", event="fell", time="days", target=20.0, per=1000, units_per_year=1.0)
    assert rate.target == 20.0
    assert rate.table["value"].tolist() == [50.0, 100.0]
    assert rate.table["size"].tolist() == [100.0, 100.0]
    low, high = control_limits(100.0, target=0.02, kind="rate", level=0.95)
    assert rate.table[["low_95", "high_95"]].iloc[0].tolist() == pytest.approx([1000 * low[0], 1000 * high[0]])


def test_expected_events_make_ratios() -> None:
    found = unit_funnel(_stays(a=(50, 5), b=(50, 10)), by="ward", event="fell", expected="risk")
    assert found.target == 1.0
    assert found.table["value"].tolist() == pytest.approx([1.0, 2.0])


def test_units_of_few_persons_are_put_together_and_it_is_said() -> None:
    found = unit_funnel(_stays(a=(50, 5), b=(4, 1), c=(7, 0), d=(60, 9)), by="ward", event="fell", fewest_persons=10)
    assert found.table["persons"].to_dict() == {"a": 50, "d": 60, "other units (2)": 11}
    assert "2 units of fewer than 10 persons" in repr(found)
    assert not [label for label in found.persons if "ward=b" in label or "ward=c" in label]


@pytest.mark.parametrize("wards", [{"b": (9, 2)}, {"b": (4, 0), "c": (5, 5)}])
def test_units_too_small_even_together_are_left_out(wards: dict[str, tuple[int, int]]) -> None:
    found = unit_funnel(_stays(a=(50, 5), d=(60, 9), **wards), by="ward", event="fell", fewest_persons=10)
    assert found.table.index.tolist() == ["a", "d"]
    assert (found.n, found.events) == (110, 14)
    assert "Left out" in repr(found)


def test_persons_with_several_stays_count_once_towards_the_fewest() -> None:
    stays = _stays(a=(50, 5), b=(20, 2)).assign(
        person_id=lambda frame: frame["person_id"].where(frame["ward"] == "a", 7)
    )
    found = unit_funnel(stays, by="ward", event="fell", fewest_persons=10)
    assert found.table.index.tolist() == ["a"]


def test_rows_of_fewer_persons_are_noted() -> None:
    found = unit_funnel(
        _stays(a=(20, 5), b=(20, 2)).assign(person_id=[*range(20), *range(20)]), by="ward", event="fell"
    )
    assert "They come from 20 persons; the limits take cases for independent." in repr(found)


def test_units_that_differ_beyond_chance_are_noted_and_get_wider_limits() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"ward": range(30), "falls": rng.binomial(400, rng.uniform(0.05, 0.4, 30)), "stays": 400})
    plain = unit_funnel(frame, by="ward", n_events="falls", n="stays")
    assert "Units differ by more than chance" in repr(plain)
    for how in ("additive", "multiplicative"):
        wide = unit_funnel(frame, by="ward", n_events="falls", n="stays", overdispersion=how)
        assert (wide.table["low_95"] < plain.table["low_95"]).all()
        assert (wide.table["high_99.8"] > plain.table["high_99.8"]).all()
        assert wide.count_outside() < plain.count_outside()


def test_units_that_differ_by_chance_alone_keep_the_exact_limits() -> None:
    even = FALLS.assign(falls=[10, 10, 9, 8])
    plain, asked = (
        unit_funnel(even, by="ward", n_events="falls", n="stays", overdispersion=how) for how in ("none", "additive")
    )
    assert asked.overdispersion.tau2 == 0
    pd.testing.assert_frame_equal(plain.table, asked.table)
    assert "exact binomial" in asked.method


@given(events=st.integers(0, 40), size=st.integers(40, 4000), target=st.floats(0.01, 0.99))
def test_limits_hold_the_target_and_lie_between_0_and_1(events: int, size: int, target: float) -> None:
    inner = control_limits(size, target=target, kind="proportion", level=0.95)
    outer = control_limits(size, target=target, kind="proportion", level=0.998)
    assert 0 <= outer.low[0] <= inner.low[0] <= target <= inner.high[0] <= outer.high[0] <= 1
    found = measure_overdispersion([events, 0], [size, size], target=target, kind="proportion")
    assert found.phi >= 0 and found.tau2 >= 0  # noqa: PT018 - both of one result


@given(scale=st.floats(0.01, 1000))
def test_the_unit_of_the_time_changes_nothing(scale: float) -> None:
    base = control_limits([5.0, 50.0], target=0.3, kind="rate")
    other = control_limits([5.0 * scale, 50.0 * scale], target=0.3 / scale, kind="rate")
    np.testing.assert_allclose(np.array(other) * scale, np.array(base), rtol=1e-7, atol=1e-12)


def test_a_funnel_draws_names_beyond_the_limits_and_carries_its_table() -> None:
    found = unit_funnel(FALLS, by="ward", n_events="falls", n="stays")
    figure = found.plot(title="Falls", size_label="입원", value_label="낙상, %")
    assert {text.get_text() for text in figure.axes[0].texts} == {"내과", "C"}
    assert figure.axes[0].get_xlabel() == "입원"
    assert figure.data["unit"].tolist() == ["B", "C", "D", "내과"]
    assert "2 lie outside" in figure.alt_text
    assert len(found.plot(labels="all").axes[0].texts) == 4


def test_one_unit_makes_a_funnel_too() -> None:
    found = unit_funnel(_stays(a=(50, 5)), by="ward", event="fell")
    assert found.table["position"].tolist() == ["inside"]
    found.plot()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"falls": [0, 0, 0, 0]}, "target of a funnel must lie between 0 and 1"),
        ({"stays": [30, 11, 2, 9]}, "target of a funnel must lie between 0 and 1"),
        ({"stays": [100, 100, 90, 0], "falls": [1, 1, 1, 0]}, "sizes of units"),
    ],
)
def test_what_cannot_be_compared_is_refused(change: dict[str, list[int]], words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        unit_funnel(FALLS.assign(**change), by="ward", n_events="falls", n="stays")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"target": 1.5}, "between 0 and 1"),
        ({"levels": ()}, "list of coverages"),
        ({"levels": (0.95, 2)}, "level must lie"),
        ({"overdispersion": "yes"}, "overdispersion must be one of"),
        ({"winsorise": 0.5}, r"winsorise must lie in \[0, 0.5\)"),
        ({"fewest_persons": -1}, "fewest_persons must be"),
        ({"fewest_persons": 1000}, "no unit has 1,000 persons"),
        ({"time": "stays"}, "a unit has one size"),
        ({"by": "bed"}, "no column 'bed'"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        unit_funnel(FALLS, **{"by": "ward", "n_events": "falls", "n": "stays", **arguments})


def test_the_order_of_the_rows_changes_nothing() -> None:
    stays = _stays(a=(50, 5), b=(4, 1), c=(7, 0), d=(60, 9))
    asked = {"by": "ward", "event": "fell", "fewest_persons": 10}
    turned = stays.iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(unit_funnel(stays, **asked).table, unit_funnel(turned, **asked).table)


@pytest.mark.parametrize("overdispersion", ["none", "multiplicative", "additive"])
@pytest.mark.parametrize("units", [1, 3])
def test_units_that_are_all_alike_lie_inside_and_one_alone_says_that_nothing_is_compared(
    overdispersion: str, units: int
) -> None:
    rows = pd.DataFrame(
        {
            "subject_id": range(60),
            "unit": [f"ward {i % units}" for i in range(60)],
            "event": [(i // units) % 4 == 0 for i in range(60)],
        }
    )
    found = unit_funnel(rows, by="unit", event="event", overdispersion=overdispersion)
    assert set(found.table["value"]) == {0.25}
    assert set(found.table["position"]) == {"inside"}
    assert np.isfinite(found.table.drop(columns="position").to_numpy(dtype=float)).all()
    assert ("There is one unit" in repr(found)) is (units == 1)
    assert "nan" not in repr(found).lower()
    found.plot(labels="all")
