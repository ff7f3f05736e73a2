"""Log-rank tests and restricted means: what they are made of, and when there is nothing to compare."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError
from analysis_lib.models.survival import cumulative_incidence, kaplan_meier, logrank, nelson_aalen
from analysis_lib.report import Report

FAST = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = st.integers(0, 10_000)


def _follow_up(seed: int, n: int = 80) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "time": draw.integers(1, 30, n),
            "event": draw.random(n) < 0.6,
            "dose": draw.choice([0, 1, 2], n),
            "site": draw.integers(0, 15, n),
        }
    )


@FAST
@given(seed=SEEDS, rho=st.sampled_from([0, 0.5, 1]))
def test_a_test_of_two_groups_is_its_own_test_for_trend(seed: int, rho: float) -> None:
    data = _follow_up(seed).query("dose < 2")
    whole = logrank("Surv(time, event) ~ dose", data, rho=rho)
    for trend in (True, [3, 7], (0.0, -1.0)):
        assert logrank("Surv(time, event) ~ dose", data, rho=rho, trend=trend).chi2 == pytest.approx(whole.chi2)


@FAST
@given(seed=SEEDS)
def test_scores_of_a_trend_may_be_moved_and_stretched(seed: int) -> None:
    data = _follow_up(seed)
    one, other = (
        logrank("Surv(time, event) ~ dose", data, trend=scores) for scores in (True, [1e6, 1e6 + 5, 1e6 + 10])
    )
    assert one.chi2 == pytest.approx(other.chi2, rel=1e-6)
    assert (one.df, other.df) == (1, 1)
    assert "for trend" in one.method


@FAST
@given(seed=SEEDS)
def test_many_strata_are_added_up_one_by_one(seed: int) -> None:
    data = _follow_up(seed, n=300)
    parts = [logrank("Surv(time, event) ~ dose", rows).table for _site, rows in data.groupby("site")]
    expected = sum((part["expected"].reindex([*"012"], fill_value=0) for part in parts), start=0)
    found = logrank("Surv(time, event) ~ dose + strata(site)", data)
    assert found.table["expected"].to_list() == pytest.approx(list(expected))
    assert "within 15 strata" in found.method


def test_thousands_of_strata_are_no_mistake() -> None:
    draw = np.random.default_rng(1)
    data = pd.DataFrame({"pair": np.repeat(np.arange(2_000), 2), "arm": ["a", "b"] * 2_000, "event": True})
    data["time"] = draw.integers(1, 1_000, 4_000)
    found = logrank("Surv(time, event) ~ arm + strata(pair)", data)
    wide = data.pivot_table(index="pair", columns="arm", values="time")
    # Within a pair without ties the first event decides: McNemar's sign test.
    first = (wide["a"] < wide["b"]).sum(), (wide["a"] > wide["b"]).sum()
    assert found.chi2 == pytest.approx((first[0] - first[1]) ** 2 / sum(first))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"rho": -1}, "rho must be a number >= 0"),
        ({"rho": "peto"}, "rho must be a number >= 0"),
        ({"rho": float("nan")}, "rho must be a number >= 0"),
        ({"trend": [1, 2]}, "one finite score for each group, not all the same; found 2 for 3 groups"),
        ({"trend": [1, 1, 1]}, "not all the same"),
        ({"trend": ["low", "middle", "high"]}, "one finite score for each group"),
        ({"weights": "part"}, "a log-rank test counts people"),
    ],
)
def test_tests_that_mean_nothing_are_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        logrank("Surv(time, event) ~ dose", _follow_up(1).assign(part=0.5), **arguments)


def test_a_test_tells_how_it_was_made_and_what_it_left_out() -> None:
    data = _follow_up(2)
    data["dose"] = data["dose"].astype("Int64")
    data.loc[0, "dose"] = pd.NA
    test = logrank("Surv(time, event) ~ dose", data, rho=1)
    assert test.method == "Peto and Peto, hypergeometric variance"
    assert (test.n, test.n_excluded) == (79, 1)
    assert "Left out: 1 rows (dose missing: 1)" in repr(test)
    assert test.persons["all"] == 79
    assert list(test.to_frame().columns) == ["group", "n", "observed", "expected"]


def test_mean_of_five_people_is_the_area_made_by_hand() -> None:
    data = pd.DataFrame({"time": [1, 2, 3, 3, 5], "event": [1, 0, 1, 1, 0]})
    curve = kaplan_meier("Surv(time, event) ~ 1", data)
    found = curve.restricted_mean(until=4)
    assert found.table["restricted_mean"].iloc[0] == pytest.approx(1 + 2 * 4 / 5 + 4 / 15)
    variance = (2 * 4 / 5 + 4 / 15) ** 2 / (5 * 4) + (4 / 15) ** 2 * 2 / (3 * 1)
    assert found.table["se"].iloc[0] == pytest.approx(np.sqrt(variance))
    assert found.contrasts.empty
    assert curve.restricted_mean(until=0.5).table["restricted_mean"].iloc[0] == 0.5
    assert curve.restricted_mean().until == 5


@FAST
@given(seed=SEEDS)
def test_without_censoring_the_mean_is_the_mean(seed: int) -> None:
    data = _follow_up(seed).assign(event=True)
    found = kaplan_meier("Surv(time, event) ~ dose", data).restricted_mean(until=100).table
    times = data.groupby("dose")["time"]
    assert found["restricted_mean"].to_list() == pytest.approx(times.mean().to_list())
    assert found["se"].to_list() == pytest.approx((times.std(ddof=0) / np.sqrt(times.size())).to_list())


def test_differences_and_ratios_of_means_come_with_their_errors() -> None:
    curve = kaplan_meier("Surv(time, event) ~ dose", _follow_up(3), level=0.9)
    found = curve.restricted_mean(until=20)
    means, row = found.table, found.contrasts.iloc[1]
    assert (row["group"], row["reference"]) == ("2", "0")
    assert row["difference"] == pytest.approx(means["restricted_mean"][2] - means["restricted_mean"][0])
    assert row["difference_se"] == pytest.approx(np.hypot(means["se"][0], means["se"][2]))
    assert row["ratio"] == pytest.approx(means["restricted_mean"][2] / means["restricted_mean"][0])
    assert row["difference_high"] - row["difference"] == pytest.approx(1.6448536269514722 * row["difference_se"])
    assert "90% CI" in repr(found)
    assert found.persons == curve.persons
    assert len(found.plot().data) == 3


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (0, "until must be > 0"),
        (float("nan"), "until must be > 0"),
        ("a year", "until must be > 0"),
        (1e9, "nobody was followed to"),
    ],
)
def test_means_beyond_what_is_known_are_refused(until: float, words: str) -> None:
    data = _follow_up(4)
    data.loc[data["time"] == data["time"].max(), "event"] = False
    with pytest.raises(ModelInputError, match=words):
        kaplan_meier("Surv(time, event) ~ 1", data).restricted_mean(until=until)


def test_results_declare_themselves_in_a_report(tmp_path: Path) -> None:
    data = _follow_up(6).assign(cause=lambda rows: rows["event"] * (1 + rows["site"] % 2))
    curve = kaplan_meier("Surv(time, event) ~ dose", data)
    report = Report(title="All", run_dir=tmp_path)
    report.add("means", curve.restricted_mean(), figure=True)
    report.add("test", logrank("Surv(time, event) ~ dose", data))
    report.add("hazard", nelson_aalen("Surv(time, event) ~ dose", data), figure=True)
    report.add("incidence", cumulative_incidence("Surv(time, cause) ~ dose", data), figure=True)
    outputs = json.loads((tmp_path / "outputs.json").read_text())["outputs"]
    assert all(output["persons"]["all"] == 80 and output["method"] and output["n"] == 80 for output in outputs)
    tables = {output["id"]: output["estimates"] for output in outputs if output["kind"] == "table"}
    assert set(tables["test"][0]) == {"chi2", "df", "p_value"}
    assert [row["difference"] is None for row in tables["means"]] == [True, False, False]
    assert {row["cause"] for row in tables["incidence"]} == {"1", "2"}
    assert "dose=0, cause=2" in outputs[-1]["persons"]


def test_hazard_of_five_people_is_the_one_made_by_hand() -> None:
    data = pd.DataFrame({"time": [1, 2, 3, 3, 5], "event": [1, 0, 1, 1, 0]})
    fit = nelson_aalen("Surv(time, event) ~ 1", data, ci="plain")
    assert fit.table["cumulative_hazard"].to_list() == pytest.approx([1 / 5, 1 / 5, 1 / 5 + 2 / 3, 1 / 5 + 2 / 3])
    assert fit.table["se"].iloc[-1] == pytest.approx(np.sqrt(1 / 25 + 2 / 9))
    assert fit.table["ci_low"].to_list()[0] == 0
    assert fit.hazard_at([0.5, 6])["cumulative_hazard"].to_list() == pytest.approx([0, np.nan], nan_ok=True)
    assert "Aalen's variance" in fit.method
    assert fit.plot().axes[0].get_ylabel() == "Cumulative hazard"
    with pytest.raises(ModelInputError, match="ci must be one of 'log', 'plain'"):
        nelson_aalen("Surv(time, event) ~ 1", data, ci="log-log")


def test_a_curve_of_many_steps_is_drawn_with_no_more_than_the_eye_can_see() -> None:
    draw = np.random.default_rng(5)
    data = pd.DataFrame({"time": draw.exponential(100, 60_000), "event": draw.random(60_000) < 0.5})
    fit = kaplan_meier("Surv(time, event) ~ 1", data)
    figure = fit.plot()
    assert len(figure.data) < 8_100
    read = fit.survival_at(figure.data["time"])["survival"]
    np.testing.assert_array_equal(figure.data["survival"], read)
    assert figure.data["time"].max() == data["time"].max()


def test_strata_beside_a_formula_are_those_in_it() -> None:
    data = pd.DataFrame(
        {
            "days": [5, 8, 12, 3, 9, 14, 7, 2, 11, 6, 4, 10],
            "event": [1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1],
            "arm": ["a", "b"] * 6,
            "site": [1, 1, 1, 2, 2, 2] * 2,
            "ward": [1, 2, 2, 1] * 3,
        }
    )
    inside = logrank("Surv(days, event) ~ arm + strata(site)", data)
    beside = logrank("Surv(days, event) ~ arm", data, strata="site")
    assert beside.chi2 == inside.chi2
    both = logrank("Surv(days, event) ~ arm + strata(site)", data, strata=["ward"])
    assert both.chi2 == logrank("Surv(days, event) ~ arm + strata(site, ward)", data).chi2
    causes = data.assign(event=data["event"] + (data["days"] % 2) * data["event"])
    found = cumulative_incidence("Surv(days, event) ~ arm", causes, strata="site").tests
    pd.testing.assert_frame_equal(found, cumulative_incidence("Surv(days, event) ~ arm + strata(site)", causes).tests)
