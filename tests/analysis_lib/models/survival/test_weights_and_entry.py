"""Formulas, kinds of data, weights and delayed entry: what must give the same curve, and what a weight may mean."""

from pathlib import Path

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis_lib.errors import ModelInputError
from analysis_lib.models.survival import cumulative_incidence, kaplan_meier, logrank, nelson_aalen

FAST = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = st.integers(0, 10_000)


def _follow_up(seed: int, n: int = 60) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    entry = draw.integers(0, 20, n)
    return pd.DataFrame(
        {
            "entry": entry,
            "time": entry + draw.integers(1, 30, n),
            "event": draw.random(n) < 0.6,
            "cause": draw.choice([0, 1, 1, 2], n),
            "arm": draw.choice(["a", "b", "c"], n),
            "site": draw.choice(["x", "y"], n),
            "count": draw.integers(1, 4, n),
            "sampling": draw.uniform(0.2, 3, n),
        }
    )


def _twice(data: pd.DataFrame) -> pd.DataFrame:
    return data.loc[data.index.repeat(data["count"])].reset_index(drop=True)


def _same(one: pd.DataFrame, other: pd.DataFrame, rtol: float = 1e-9) -> None:
    pd.testing.assert_frame_equal(one, other, rtol=rtol, atol=1e-12, check_dtype=False)


@FAST
@given(seed=SEEDS)
def test_a_formula_asks_for_the_same_as_columns(seed: int) -> None:
    data = _follow_up(seed)
    _same(
        kaplan_meier("Surv(entry, time, event) ~ arm", data, ci="plain").table,
        kaplan_meier(data, time="time", event="event", entry="entry", by="arm", ci="plain").table,
    )
    assert (
        logrank("Surv(time, event) ~ C(arm) + strata(site)", data).chi2
        == logrank(data, time="time", event="event", by="arm", strata="site").chi2
    )
    crossed = kaplan_meier("Surv(time, event) ~ arm + site", data)
    assert crossed.groups == kaplan_meier(data, time="time", event="event", by=["arm", "site"]).groups
    assert crossed.groups[0] == "arm=a, site=x"
    assert crossed.persons["arm=a, site=x"] == ((data["arm"] == "a") & (data["site"] == "x")).sum()


def test_every_kind_of_data_gives_the_same_curves(tmp_path: Path) -> None:
    data = _follow_up(1, n=500)
    data.to_parquet(tmp_path / "part.parquet")
    expected = kaplan_meier("Surv(time, event) ~ arm", data, weights="count")
    for source in (dd.from_pandas(data, npartitions=3), str(tmp_path), tmp_path / "part.parquet"):
        _same(kaplan_meier("Surv(time, event) ~ arm", source, weights="count").table, expected.table)
    at_path = kaplan_meier(str(tmp_path), time="time", event="event", by="arm", weights="count")
    _same(at_path.table, expected.table)


@FAST
@given(seed=SEEDS)
def test_a_weight_of_two_is_the_row_twice(seed: int) -> None:
    data = _follow_up(seed)
    for entry in (None, "entry"):
        columns = {"time": "time", "event": "event", "by": "arm", "entry": entry}
        weighted, repeated = (
            kaplan_meier(data, **columns, weights="count"),
            kaplan_meier(_twice(data), **columns),
        )
        _same(weighted.table, repeated.table)
        _same(weighted.numbers_at_risk([0, 5, 10]), repeated.numbers_at_risk([0, 5, 10]))
        _same(
            nelson_aalen(data, **columns, weights="count").table,
            nelson_aalen(_twice(data), **columns).table,
        )
        columns["event"] = "cause"
        for variance in ("delta", "aalen", "jackknife"):
            one = cumulative_incidence(data, **columns, weights="count", variance=variance)
            other = cumulative_incidence(_twice(data), **columns, variance=variance)
            _same(one.table, other.table, rtol=1e-6)
            if one.tests is not None:
                _same(one.tests, other.tests, rtol=1e-8)


@FAST
@given(seed=SEEDS, rho=st.sampled_from([0, 1]))
def test_a_weight_of_two_is_the_row_twice_in_tests_and_means(seed: int, rho: float) -> None:
    data = _follow_up(seed)
    formula = "Surv(time, event) ~ arm + strata(site)"
    one, other = logrank(formula, data, weights="count", rho=rho), logrank(formula, _twice(data), rho=rho)
    assert one.chi2 == pytest.approx(other.chi2, rel=1e-9)
    _same(one.table, other.table)
    formula = "Surv(time, event) ~ arm"
    _same(
        kaplan_meier(formula, data, weights="count").restricted_mean().table,
        kaplan_meier(formula, _twice(data)).restricted_mean().table,
    )


@FAST
@given(seed=SEEDS, factor=st.sampled_from([0.013, 3.7, 1e6 + 0.1]))
def test_the_scale_of_sampling_weights_changes_nothing(seed: int, factor: float) -> None:
    data = _follow_up(seed)
    scaled = data.assign(sampling=data["sampling"] * factor)
    read = ["survival", "se", "ci_low", "ci_high"]
    for formula in ("Surv(time, event) ~ arm", "Surv(entry, time, event) ~ 1"):
        one = kaplan_meier(formula, data, weights="sampling")
        other = kaplan_meier(formula, scaled, weights="sampling")
        np.testing.assert_allclose(one.table[read], other.table[read], rtol=1e-7, atol=1e-7)
    assert "infinitesimal jackknife" in one.method
    assert "no whole numbers" in kaplan_meier("Surv(time, event) ~ arm", data, weights="sampling").no_logrank


def _moved(data: pd.DataFrame, row: int, by: float) -> pd.DataFrame:
    moved = data.copy()
    moved.loc[row, "sampling"] += by
    return moved


@pytest.mark.parametrize("formula", ["Surv(time, event) ~ 1", "Surv(entry, time, event) ~ 1"])
def test_sampling_variances_are_sums_of_what_each_row_moves(formula: str) -> None:
    data, step, times = _follow_up(3, n=40), 1e-5, [6.0, 12.0, 20.0]
    until = 20.0

    def estimates(frame: pd.DataFrame) -> np.ndarray:
        survival = kaplan_meier(formula, frame, weights="sampling")
        hazard = nelson_aalen(formula, frame, weights="sampling")
        causes = cumulative_incidence(formula.replace("event", "cause"), frame, weights="sampling")
        mean = survival.restricted_mean(until=until).table["restricted_mean"]
        return np.concatenate(
            [
                survival.survival_at(times)["survival"],
                hazard.hazard_at(times)["cumulative_hazard"],
                causes.incidence_at(times)["cumulative_incidence"],
                mean,
            ]
        )

    moves = np.array(
        [
            (estimates(_moved(data, row, step)) - estimates(_moved(data, row, -step))) / (2 * step)
            for row in range(len(data))
        ]
    )
    by_hand = np.sqrt(((moves * data[["sampling"]].to_numpy()) ** 2).sum(axis=0))
    survival = kaplan_meier(formula, data, weights="sampling")
    found = np.concatenate(
        [
            survival.survival_at(times)["se"],
            nelson_aalen(formula, data, weights="sampling").hazard_at(times)["se"],
            cumulative_incidence(formula.replace("event", "cause"), data, weights="sampling").incidence_at(times)["se"],
            survival.restricted_mean(until=until).table["se"],
        ]
    )
    assert found == pytest.approx(by_hand, rel=1e-6)


@FAST
@given(seed=SEEDS)
def test_entry_at_the_start_changes_nothing_and_a_row_may_be_cut_in_two(seed: int) -> None:
    data = _follow_up(seed).assign(start=0)
    whole = kaplan_meier("Surv(time, event) ~ arm", data)
    _same(kaplan_meier("Surv(start, time, event) ~ arm", data).table, whole.table)
    middle = data["time"] / 2
    cut = pd.concat([data.assign(time=middle, event=False), data.assign(start=middle)])
    read = kaplan_meier("Surv(start, time, event) ~ arm", cut).survival_at(np.arange(1, 20))
    _same(read, whole.survival_at(np.arange(1, 20)))
    assert logrank("Surv(start, time, event) ~ arm", cut).chi2 == pytest.approx(
        logrank("Surv(time, event) ~ arm", data).chi2
    )


@FAST
@given(seed=SEEDS)
def test_numbers_at_risk_with_delayed_entry_are_those_counted_row_by_row(seed: int) -> None:
    data = _follow_up(seed)
    curve = kaplan_meier("Surv(entry, time, event) ~ arm", data)
    times = [0, 1, 2.5, 7, 19, 30, 60]
    for group, rows in data.groupby("arm"):
        expected = [
            int((((rows["entry"] < at) | ((at == 0) & (rows["entry"] == 0))) & (rows["time"] >= at)).sum())
            for at in times
        ]
        assert curve.numbers_at_risk(times).loc[group].to_list() == expected
    first = curve.table.iloc[0]
    here = data[data["arm"] == first["group"]]
    assert first["n_risk"] == ((here["entry"] < first["time"]) & (here["time"] >= first["time"])).sum()


@FAST
@given(seed=SEEDS)
def test_whole_days_and_any_other_unit_are_counted_alike(seed: int) -> None:
    data = _follow_up(seed)
    changed = data.sample(frac=1, random_state=seed).assign(
        time=lambda rows: rows["time"] / 7, entry=lambda rows: rows["entry"] / 7
    )
    counts = ["n_risk", "n_event", "n_censor", "survival", "se"]
    for formula in ("Surv(time, event) ~ arm", "Surv(entry, time, event) ~ arm"):
        one, other = kaplan_meier(formula, data), kaplan_meier(formula, changed)
        pd.testing.assert_frame_equal(one.table[counts], other.table[counts], rtol=1e-12)
        assert (one.logrank is None) == (other.logrank is None)
        if one.logrank and other.logrank:
            assert one.logrank.chi2 == pytest.approx(other.logrank.chi2, rel=1e-10)


@pytest.mark.parametrize("weights", [None, "count", "sampling"])
def test_one_time_between_days_among_many_whole_ones_is_seen(weights: str | None) -> None:
    data = _follow_up(9, n=150_000).assign(time=lambda rows: rows["time"].astype(float))
    data.loc[data.index[-1], "time"] = 7.5
    days = data.iloc[:-1]
    odd, whole = (kaplan_meier("Surv(time, event) ~ 1", rows, weights=weights).table for rows in (data, days))
    assert 7.5 in odd["time"].to_list()
    later = whole["time"] > 7.5
    pd.testing.assert_frame_equal(
        odd.loc[odd["time"] > 7.5, ["n_risk", "n_event"]].reset_index(drop=True),
        whole.loc[later, ["n_risk", "n_event"]].reset_index(drop=True),
        rtol=1e-10,
    )


def test_times_equal_but_for_rounding_are_one_time_at_entry_too() -> None:
    data = pd.DataFrame({"entry": [0, 0, 0.1 + 0.2], "time": [0.3, 1, 1], "event": [1, 1, 1]})
    table = kaplan_meier("Surv(entry, time, event) ~ 1", data).table
    assert table["n_risk"].to_list() == [2, 2]


def test_distinct_persons_are_counted_once_however_many_rows_they_have() -> None:
    data = pd.DataFrame(
        {
            "person_id": [7, 7, 8, 9],
            "start": [0, 3, 0, 0],
            "time": [3, 9, 4, 5],
            "event": [0, 1, 1, 0],
            "arm": list("abab"),
        }
    )
    curve = kaplan_meier("Surv(start, time, event) ~ arm", data)
    assert curve.persons == {"all": 3, "events": 2, "arm=a": 2, "arm=a, events": 1, "arm=b": 2, "arm=b, events": 1}
    assert "They come from 3 persons" in repr(curve)


def test_rows_of_weight_zero_are_left_out_and_counted() -> None:
    data = pd.DataFrame({"time": [1, 2, 3], "event": 1, "w": [1.5, 0.0, 2.0]})
    curve = kaplan_meier("Surv(time, event) ~ 1", data, weights="w")
    assert (curve.n, curve.exclusions, curve.n_excluded) == (2, {"w is 0": 1}, 1)


@pytest.mark.parametrize("time", [1e15, 1e-12, 3e300])
def test_huge_and_tiny_times_are_times(time: float) -> None:
    data = pd.DataFrame({"time": [time, time * 2, time * 2], "event": [1, 0, 1]})
    table = kaplan_meier("Surv(time, event) ~ 1", data).table
    assert table["survival"].to_list() == pytest.approx([2 / 3, 1 / 3])


def test_one_row_is_a_curve() -> None:
    for event in (0, 1):
        data = pd.DataFrame({"time": [5], "event": [event], "cause": [1]})
        assert kaplan_meier("Surv(time, event) ~ 1", data).table["survival"].to_list() == [1 - event]
        assert nelson_aalen("Surv(time, event) ~ 1", data).table["cumulative_hazard"].to_list() == [event]
        assert cumulative_incidence("Surv(time, cause) ~ 1", data).table["cumulative_incidence"].to_list() == [1]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"entry": 50}, "not before 'time' in 60 rows"),
        ({"entry": -np.inf}, "infinite or not before"),
        ({"entry": "yesterday"}, "the entry must be a number or a timedelta; column 'entry' is"),
        ({"sampling": -1.0}, "weights must be finite and not negative; column 'sampling' has 60 others"),
        ({"sampling": np.inf}, "weights must be finite"),
        ({"sampling": "heavy"}, "weights must be numbers; column 'sampling' is"),
        ({"sampling": np.nan}, "no row is left to analyse; found 60 rows"),
        ({"sampling": 0}, "no row is left to analyse"),
        ({"time": np.inf}, "follow-up must be finite"),
        ({"time": 1 + 2j}, "follow-up must be a number or a timedelta"),
        ({"event": 2}, "the event must be bool or 0/1"),
    ],
)
def test_columns_that_cannot_be_used_are_refused(changes: dict[str, object], words: str) -> None:
    data = _follow_up(4).assign(**changes)
    with pytest.raises(ModelInputError, match=words):
        kaplan_meier("Surv(entry, time, event) ~ arm", data, weights="sampling")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"formula": "Surv(time, event) ~ arm"}, "a formula needs data"),
        ({}, "found no formula and not both columns"),
        ({"data": _follow_up(5), "time": "time"}, "found no formula and not both columns"),
        ({"formula": "Surv(time, event) ~ arm", "data": _follow_up(5), "by": "arm"}, "found by= beside it"),
        ({"formula": "Surv(time, event) ~ arm:site", "data": _follow_up(5)}, "whose levels make the groups"),
        ({"formula": "Surv(time, event) ~ log(time)", "data": _follow_up(5)}, "whose levels make the groups"),
        ({"formula": "Surv(time, event) ~ strata(site)", "data": _follow_up(5)}, "not pooled over strata"),
        ({"formula": "Surv(time, event) ~ arm + cluster(site)", "data": _follow_up(5)}, "whose levels make the groups"),
        ({"formula": "Surv(time, evnt) ~ arm", "data": _follow_up(5)}, "Did you mean 'event'"),
        ({"formula": "Surv(time, event) ~ arm", "data": _follow_up(5), "weights": "wait"}, "no column 'wait'"),
        ({"formula": 3, "time": "time", "event": "event"}, "found int"),
    ],
)
def test_calls_that_ask_for_no_curve_are_refused(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ModelInputError, match=words):
        kaplan_meier(**arguments)


@pytest.mark.parametrize("times", ["soon", [1, None], [np.nan], {"a": 1}])
def test_a_curve_is_read_at_numbers_only(times: object) -> None:
    data = _follow_up(7).assign(cause=1)
    fit = kaplan_meier("Surv(time, event) ~ 1", data)
    others = (
        nelson_aalen("Surv(time, event) ~ 1", data).hazard_at,
        cumulative_incidence("Surv(time, cause) ~ 1", data).incidence_at,
    )
    for read in (fit.survival_at, fit.numbers_at_risk, *others):
        with pytest.raises(ModelInputError, match="read at numbers"):
            read(times)
    assert len(fit.survival_at(5)) == 1


def test_numbered_groups_keep_their_names_where_a_value_is_missing() -> None:
    data = _follow_up(8).assign(arm=lambda rows: rows["count"].astype(float))
    data.loc[0, "arm"] = np.nan
    assert kaplan_meier("Surv(time, event) ~ arm", data).groups == ("1", "2", "3")
    with pytest.raises(ModelInputError, match="no column '3'"):
        kaplan_meier(data, time="time", event="event", by=3)


def test_hostile_column_names_are_only_names() -> None:
    name = "__import__('os').system('false') `x` ~ + \n"
    data = _follow_up(6).rename(columns={"arm": name})
    assert len(kaplan_meier(data, time="time", event="event", by=name).groups) == 3
