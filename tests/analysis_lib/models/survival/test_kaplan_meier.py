"""Survival curves: what holds for all, and a curve that can be checked by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError
from analysis_lib.models import kaplan_meier, logrank

FAST = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture
def five_people() -> pd.DataFrame:
    """Events on days 1, 3 and 3, censored on days 2 and 5."""
    return pd.DataFrame({"time": [1, 2, 3, 3, 5], "event": [1, 0, 1, 1, 0], "person_id": [1, 2, 3, 4, 5]})


def _follow_up(seed: int, n: int = 80) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "time": draw.integers(1, 30, n),
            "event": draw.random(n) < 0.5,
            "arm": draw.choice(["a", "b", "c"], n),
        }
    )


def test_curve_of_five_people_is_the_one_made_by_hand(five_people: pd.DataFrame) -> None:
    table = kaplan_meier(five_people, time="time", event="event").table
    assert table["time"].to_list() == [1, 2, 3, 5]
    assert table["n_risk"].to_list() == [5, 4, 3, 1]
    assert table["n_event"].to_list() == [1, 0, 2, 0]
    assert table["n_censor"].to_list() == [0, 1, 0, 1]
    assert table["survival"].to_list() == pytest.approx([4 / 5, 4 / 5, 4 / 15, 4 / 15])
    greenwood = [1 / (5 * 4), 1 / (5 * 4), 1 / (5 * 4) + 2 / (3 * 1), 1 / (5 * 4) + 2 / (3 * 1)]
    assert table["se"].to_list() == pytest.approx(list(table["survival"] * np.sqrt(greenwood)))


def test_curve_says_nothing_after_the_last_follow_up(five_people: pd.DataFrame) -> None:
    read = kaplan_meier(five_people, time="time", event="event").survival_at([0, 0.5, 3, 5, 5.1])
    assert read["survival"].to_list() == pytest.approx([1, 1, 4 / 15, 4 / 15, np.nan], nan_ok=True)
    assert read["n_risk"].to_list() == [5, 5, 3, 1, 0]
    assert read["ci_low"].to_list()[:2] == [1, 1]


def test_all_dead_leaves_no_interval_and_no_standard_error() -> None:
    table = kaplan_meier(pd.DataFrame({"time": [1, 2], "event": [1, 1]}), time="time", event="event").table
    assert table["survival"].to_list() == [0.5, 0]
    assert table["se"].iloc[-1] == 0
    assert table[["ci_low", "ci_high"]].iloc[-1].isna().all()


def test_nobody_dead_is_a_flat_curve_without_median_or_test() -> None:
    data = pd.DataFrame({"time": [1, 2, 3], "event": False, "arm": ["a", "b", "b"]})
    curve = kaplan_meier(data, time="time", event="event", by="arm")
    assert curve.events == 0
    assert (curve.table["survival"] == 1).all()
    assert curve.medians["median"].isna().all()
    assert curve.logrank is None
    assert "–" in repr(curve)


@FAST
@given(seed=st.integers(0, 10_000), ci=st.sampled_from(["log", "log-log", "plain"]))
def test_limits_enclose_the_curve_and_stay_within_0_and_1(seed: int, ci: str) -> None:
    table = kaplan_meier(_follow_up(seed), time="time", event="event", by="arm", ci=ci).table.dropna()
    assert (table["ci_low"] <= table["survival"] + 1e-12).all()
    assert (table["survival"] <= table["ci_high"] + 1e-12).all()
    assert table[["ci_low", "ci_high"]].stack().between(0, 1).all()


@FAST
@given(seed=st.integers(0, 10_000))
def test_order_of_rows_and_unit_of_time_change_nothing(seed: int) -> None:
    data = _follow_up(seed)
    changed = data.sample(frac=1, random_state=seed).assign(time=lambda rows: rows["time"] * 24)
    first = kaplan_meier(data, time="time", event="event", by="arm")
    second = kaplan_meier(changed, time="time", event="event", by="arm")
    pd.testing.assert_frame_equal(first.table.assign(time=first.table["time"] * 24), second.table)
    assert second.logrank.chi2 == pytest.approx(first.logrank.chi2, rel=1e-10)


@FAST
@given(seed=st.integers(0, 10_000))
def test_without_censoring_the_curve_is_the_share_still_alive(seed: int) -> None:
    data = _follow_up(seed).assign(event=True)
    curve = kaplan_meier(data, time="time", event="event")
    alive = [(data["time"] > day).mean() for day in curve.table["time"]]
    assert curve.table["survival"].to_list() == pytest.approx(alive, abs=1e-12)


@FAST
@given(seed=st.integers(0, 10_000))
def test_observed_and_expected_events_add_up_to_the_same(seed: int) -> None:
    test = logrank(_follow_up(seed), time="time", event="event", by="arm")
    assert test.table["expected"].sum() == pytest.approx(test.table["observed"].sum())
    assert 0 <= test.p_value <= 1
    assert test.df == 2


def test_groups_come_in_the_order_of_their_category() -> None:
    data = _follow_up(1)
    data["arm"] = pd.Categorical(data["arm"], categories=["c", "a", "b"])
    assert kaplan_meier(data, time="time", event="event", by="arm").groups == ("c", "a", "b")
    assert list(logrank(data, time="time", event="event", by="arm").table.index) == ["c", "a", "b"]


def test_numbers_at_risk_count_those_who_leave_on_that_very_day(five_people: pd.DataFrame) -> None:
    counts = kaplan_meier(five_people, time="time", event="event").numbers_at_risk([0, 2, 3, 4, 6])
    assert counts.loc["all"].to_list() == [5, 4, 3, 1, 0]


def test_rows_without_a_group_are_left_out_and_counted(five_people: pd.DataFrame) -> None:
    five_people["arm"] = ["a", None, "a", "b", "b"]
    curve = kaplan_meier(five_people, time="time", event="event", by="arm")
    assert (curve.n, curve.exclusions) == (4, {"arm missing": 1})
    assert curve.persons == {"all": 4, "events": 3, "arm=a": 2, "arm=a, events": 2, "arm=b": 2, "arm=b, events": 1}


def test_method_names_interval_and_standard_error(five_people: pd.DataFrame) -> None:
    curve = kaplan_meier(five_people, time="time", event="event", ci="log-log", level=0.9)
    assert "Greenwood" in curve.method
    assert "90% interval on the log-log scale" in curve.method


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"ci": "logit"}, "ci must be one of 'log', 'log-log', 'plain'; found 'logit'"),
        ({"level": 1.0}, "level must lie between 0 and 1"),
        ({"by": "armm"}, "no column 'armm'"),
        ({"by": "time"}, "two parts to play"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        kaplan_meier(_follow_up(2), **{"time": "time", "event": "event", **arguments})


def test_a_measurement_makes_no_groups() -> None:
    data = _follow_up(3, n=200).assign(weight=np.arange(200) / 7)
    with pytest.raises(ModelInputError, match="column 'weight' makes 200"):
        kaplan_meier(data, time="time", event="event", by="weight")


def test_logrank_refuses_what_it_cannot_compare() -> None:
    data = _follow_up(4)
    with pytest.raises(ModelInputError, match="found 0 events"):
        logrank(data.assign(event=False), time="time", event="event", by="arm")
    with pytest.raises(ModelInputError, match="compares groups; found 1"):
        logrank(data.assign(arm="a"), time="time", event="event", by="arm")


def test_a_group_that_left_before_the_first_event_is_not_compared() -> None:
    data = _follow_up(5).assign(time=lambda rows: rows["time"] + 10)
    early = pd.DataFrame({"time": [1, 2], "event": False, "arm": "z"})
    whole = logrank(pd.concat([data, early]), time="time", event="event", by="arm")
    assert whole.df == 2
    assert whole.chi2 == pytest.approx(logrank(data, time="time", event="event", by="arm").chi2)


def test_groups_that_all_fail_on_one_day_have_curves_but_no_logrank_test() -> None:
    data = pd.DataFrame({"time": [5, 5, 5, 5], "event": True, "arm": ["a", "a", "b", "b"]})
    with pytest.raises(ModelInputError, match="without variance"):
        logrank(data, time="time", event="event", by="arm")
    curve = kaplan_meier(data, time="time", event="event", by="arm")
    assert curve.logrank is None
    assert "No log-rank test: " in repr(curve)


def test_groups_that_are_never_at_risk_together_have_curves_but_no_logrank_test() -> None:
    data = pd.DataFrame({"time": [1, 2, 5, 6], "event": [0, 0, 1, 1], "arm": ["a", "a", "b", "b"]})
    curve = kaplan_meier(data, time="time", event="event", by="arm")
    assert curve.logrank is None
    assert "while two groups are at risk" in repr(curve)
