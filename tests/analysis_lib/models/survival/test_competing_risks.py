"""Competing risks: curves that can be checked by hand, what they add up to, and what cannot be a cause."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError
from analysis_lib.models.survival import cumulative_incidence, kaplan_meier

FAST = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = st.integers(0, 10_000)


@pytest.fixture
def six_people() -> pd.DataFrame:
    """Relapse on day 1 and 4, death on days 2 and 4, two censored."""
    return pd.DataFrame(
        {"time": [1, 2, 3, 4, 4, 6], "end": ["relapse", "death", None, "relapse", "death", None], "person_id": range(6)}
    )


def _follow_up(seed: int, n: int = 90) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "time": draw.integers(1, 30, n),
            "cause": draw.choice([0, 1, 2, 3], n, p=[0.3, 0.3, 0.3, 0.1]),
            "arm": draw.choice(["a", "b", "c"], n),
        }
    )


def test_incidence_of_six_people_is_the_one_made_by_hand(six_people: pd.DataFrame) -> None:
    fit = cumulative_incidence("Surv(time, end) ~ 1", six_people)
    assert fit.causes == ("death", "relapse")
    read = fit.incidence_at([0.5, 1, 2, 4, 7]).set_index("cause")["cumulative_incidence"]
    assert read["relapse"].to_list() == pytest.approx([0, 1 / 6, 1 / 6, 1 / 6 + 4 / 6 / 3, np.nan], nan_ok=True)
    assert read["death"].to_list() == pytest.approx([0, 0, 1 / 6, 1 / 6 + 4 / 6 / 3, np.nan], nan_ok=True)
    assert (fit.n, fit.events, fit.assumed_censored) == (6, 4, 2)
    assert "2 rows without a cause count as censored" in repr(fit)
    assert fit.persons == {"all": 6, "events": 4, "cause=death": 2, "cause=relapse": 2}


@FAST
@given(seed=SEEDS)
def test_incidences_and_survival_without_any_event_add_up_to_one(seed: int) -> None:
    data = _follow_up(seed)
    fit = cumulative_incidence("Surv(time, cause) ~ arm", data)
    total = fit.table.groupby(["group", "time"], observed=True)["cumulative_incidence"].sum()
    free = kaplan_meier("Surv(time, event) ~ arm", data.assign(event=data["cause"] > 0)).table
    assert total.to_list() == pytest.approx((1 - free["survival"]).to_list(), abs=1e-12)
    assert fit.table["n_risk"].iloc[0] == free["n_risk"].iloc[0]


@FAST
@given(seed=SEEDS, ci=st.sampled_from(["log", "log-log", "plain"]))
def test_with_one_cause_it_is_one_minus_survival_with_the_same_error(seed: int, ci: str) -> None:
    data = _follow_up(seed).assign(event=lambda rows: (rows["cause"] > 0).astype(int))
    fit = cumulative_incidence("Surv(time, event) ~ arm", data, ci=ci)
    curve = kaplan_meier("Surv(time, event) ~ arm", data).table
    assert fit.causes == ("1",)
    assert fit.table["cumulative_incidence"].to_list() == pytest.approx((1 - curve["survival"]).to_list(), abs=1e-12)
    assert fit.table["se"].to_list() == pytest.approx(curve["se"].to_list(), rel=1e-7, abs=1e-9)
    inside = fit.table[["ci_low", "ci_high"]]
    assert ((inside >= 0) & (inside <= 1)).all(axis=None)


@FAST
@given(seed=SEEDS)
def test_jackknife_and_delta_variance_are_the_same_where_all_come_at_the_start(seed: int) -> None:
    data = _follow_up(seed)
    one, other = (
        cumulative_incidence("Surv(time, cause) ~ arm", data, variance=name) for name in ("delta", "jackknife")
    )
    assert one.table["se"].to_list() == pytest.approx(other.table["se"].to_list(), rel=1e-7, abs=1e-9)


@FAST
@given(seed=SEEDS)
def test_gray_test_does_not_depend_on_the_order_of_rows_groups_or_the_unit(seed: int) -> None:
    data = _follow_up(seed)
    changed = data.sample(frac=1, random_state=seed).assign(
        time=lambda rows: rows["time"] / 7, arm=lambda rows: rows["arm"].map({"a": "z", "b": "m", "c": "c"})
    )
    one, other = (cumulative_incidence("Surv(time, cause) ~ arm", frame).tests for frame in (data, changed))
    assert one is not None
    assert other is not None
    pd.testing.assert_frame_equal(one, other, rtol=1e-7)


def test_numbers_categories_and_text_name_the_same_causes() -> None:
    data = _follow_up(1)
    words = data["cause"].map({0: "censored", 1: "a", 2: "b", 3: "c"})
    expected = cumulative_incidence("Surv(time, cause) ~ arm", data).table["cumulative_incidence"].to_list()
    for column in (words, words.astype("category"), words.where(words != "censored")):
        censored = "censored" if (column == "censored").any() else None
        fit = cumulative_incidence("Surv(time, cause) ~ arm", data.assign(cause=column), censored=censored)
        assert fit.table["cumulative_incidence"].to_list() == expected


def test_a_missing_cause_is_left_out_where_a_value_says_censored() -> None:
    data = pd.DataFrame({"time": [1, 2, 3, 4], "end": ["death", None, "alive", "death"]})
    fit = cumulative_incidence("Surv(time, end) ~ 1", data, censored="alive")
    assert (fit.n, fit.exclusions, fit.assumed_censored) == (3, {"end missing": 1}, 0)
    numbered = pd.DataFrame({"time": [1, 2, 3], "end": [1, np.nan, 0]})
    assert cumulative_incidence("Surv(time, end) ~ 1", numbered).exclusions == {"end missing": 1}


def test_follow_up_may_end_without_an_event_for_several_reasons() -> None:
    data = pd.DataFrame({"time": range(1, 6), "end_reason": ["event", "observation_end", "death", "horizon", "event"]})
    fit = cumulative_incidence(
        "Surv(time, end_reason) ~ 1", data, censored=["observation_end", "horizon", "cohort_end"]
    )
    assert (fit.causes, fit.events) == (("death", "event"), 3)
    with pytest.raises(ModelInputError, match="looks like censoring; found 'horizon'"):
        cumulative_incidence("Surv(time, end_reason) ~ 1", data, censored="observation_end")


@pytest.mark.parametrize(
    ("cause", "arguments", "words"),
    [
        (["censored", "a"], {}, "looks like censoring; found 'censored'. Say so with censored="),
        (["a", "b"], {"censored": "alive"}, "no row of 'cause' is censored as 'alive'; found 2 other values"),
        ([0, 0], {}, "every row of 'cause' is censored, 2 in all"),
        ([None, None], {}, "every row of 'cause' is censored"),
        ([0.5, 1], {}, "numbered causes must be whole numbers"),
        ([np.inf, 1], {}, "numbered causes must be whole numbers"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), {}, "the event must be whole numbers, text or categories"),
        ([1, 2], {"variance": "greenwood"}, "variance must be one of 'delta', 'aalen', 'jackknife'"),
        ([1, 2], {"ci": "logit"}, "ci must be one of"),
        ([1, 2], {"rho": -1}, "rho must be a number >= 0"),
        ([1, 2], {"level": 95}, "level must lie between 0 and 1"),
    ],
)
def test_what_cannot_be_a_cause_is_refused(cause: object, arguments: dict[str, object], words: str) -> None:
    data = pd.DataFrame({"time": [1, 2], "cause": cause})
    with pytest.raises(ModelInputError, match=words):
        cumulative_incidence("Surv(time, cause) ~ 1", data, **arguments)


def test_an_id_makes_no_causes_and_is_not_told() -> None:
    data = pd.DataFrame({"time": range(1, 31), "cause": [f"MARK-{index}" for index in range(30)]})
    with pytest.raises(ModelInputError, match="column 'cause' has 30, the most is 20") as found:
        cumulative_incidence("Surv(time, cause) ~ 1", data)
    assert "MARK" not in str(found.value)
    with pytest.raises(ModelInputError) as found:
        cumulative_incidence("Surv(time, cause) ~ 1", data, censored="no")
    assert "MARK" not in str(found.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"entry": "start"}, "followed from the start"),
        ({"weights": "sampling"}, "counts people"),
    ],
)
def test_groups_that_gray_cannot_compare_have_curves_all_the_same(arguments: dict[str, str], words: str) -> None:
    data = _follow_up(2).assign(start=0, sampling=1.5)
    fit = cumulative_incidence(data, time="time", event="cause", by="arm", **arguments)
    assert fit.tests is None
    assert words in repr(fit)


def test_a_cause_that_only_one_group_had_is_compared_and_one_that_ends_all_at_once_is_not() -> None:
    data = _follow_up(3).assign(cause=lambda rows: np.where(rows["arm"] == "a", rows["cause"], rows["cause"] % 2))
    assert cumulative_incidence("Surv(time, cause) ~ arm", data).tests is not None
    at_once = pd.DataFrame({"time": 5, "cause": 1, "arm": ["a", "b", "a", "b"]})
    fit = cumulative_incidence("Surv(time, cause) ~ arm", at_once)
    assert fit.tests is None
    assert fit.table["cumulative_incidence"].to_list() == [1, 1]


def test_without_groups_the_causes_share_a_panel_and_with_groups_each_has_its_own() -> None:
    data = _follow_up(4)
    alone = cumulative_incidence("Surv(time, cause) ~ 1", data).plot()
    assert len(alone.axes) == 2
    assert [text.get_text() for text in alone.axes[0].get_legend().get_texts()] == ["1", "2", "3"]
    fit = cumulative_incidence("Surv(time, cause) ~ arm", data)
    panels = fit.plot(until=20)
    assert [axes.get_title(loc="left") for axes in panels.axes[:3]] == ["1", "2", "3"]
    assert panels.data["time"].max() <= 20
    assert set(panels.data["cause"]) == {"1", "2", "3"}
    numbers = fit.numbers_at_risk(panels.axes[3].get_xticks()).to_numpy().ravel()
    for axes in panels.axes[3:]:
        assert [text.get_text() for text in axes.texts] == [f"{number:,}" for number in numbers]
    one = fit.plot(causes=["2"])
    assert one.axes[0].get_ylabel() == "Cumulative incidence of 2"
    assert set(one.data["cause"]) == {"2"}
    with pytest.raises(ModelInputError, match="causes must be one of '1', '2', '3'; found '9'"):
        fit.plot(causes=["9"])
    with pytest.raises(ModelInputError, match="1 to 4 panels"):
        fit.plot(causes=[])


@pytest.mark.parametrize("censor", [False, True])
def test_where_nobody_is_censored_the_summary_says_so(censor: bool) -> None:
    from analysis_lib.models import cox, kaplan_meier
    from analysis_lib.models.survival import cumulative_incidence, fine_gray

    random = np.random.default_rng(8)
    data = pd.DataFrame({"time": random.integers(1, 90, 120) + 0.0, "x": random.normal(size=120)})
    data["cause"] = random.integers(1, 3, 120)
    data["event"] = 1
    if censor:
        data.loc[:4, ["cause", "event"]] = 0
    shown = [
        kaplan_meier("Surv(time, event) ~ 1", data),
        cox("Surv(time, event) ~ x", data),
        cumulative_incidence("Surv(time, cause) ~ 1", data),
        fine_gray("Surv(time, cause) ~ x", data, cause=1),
    ]
    assert [repr(result).count("Nobody is censored") for result in shown] == [0 if censor else 1] * 4
