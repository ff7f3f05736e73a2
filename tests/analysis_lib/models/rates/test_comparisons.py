"""Comparisons of rates and risks: the same from rows and from tables, whatever their order; bad input is refused."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable, Table2x2
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.proportion import test_proportions_2indep as score_test

from analysis_lib.errors import ModelInputError
from analysis_lib.models.rates import compare_rates, compare_risks, mantel_haenszel, prevalence

COUNTS = st.integers(0, 40)
MARK = "kv7-secret"


def _rows(table: pd.DataFrame) -> pd.DataFrame:
    """Write a table of counts as one row per person."""
    parts = [
        pd.DataFrame(
            {
                **{key: row[key] for key in table.columns[:-2]},
                "ill": [1] * row["cases"] + [0] * (row["n"] - row["cases"]),
            }
        )
        for row in table.to_dict("records")
        if row["n"]
    ]
    return pd.concat(parts, ignore_index=True)


@settings(max_examples=40, deadline=None)
@given(a=COUNTS, b=COUNTS, c=COUNTS, d=COUNTS, seed=st.integers(0, 99))
def test_rows_and_counts_give_the_same_in_any_order(a: int, b: int, c: int, d: int, seed: int) -> None:
    table = pd.DataFrame({"arm": ["x", "y"], "cases": [a, c], "n": [a + b + 1, c + d + 1]})
    rows = _rows(table).sample(frac=1, random_state=seed)
    from_rows = compare_risks(rows, event="ill", by="arm")
    from_counts = compare_risks(table.iloc[::-1], n_events="cases", n="n", by="arm")
    pd.testing.assert_frame_equal(from_rows.table, from_counts.table)
    assert from_rows.persons == from_counts.persons


@settings(max_examples=40, deadline=None)
@given(a=st.integers(1, 40), b=st.integers(1, 40), c=st.integers(1, 40), d=st.integers(1, 40))
def test_two_by_two_estimates_agree_with_statsmodels(a: int, b: int, c: int, d: int) -> None:
    data = pd.DataFrame({"arm": [1, 0], "cases": [a, c], "n": [a + b, c + d]})
    found, theirs = compare_risks(data, n_events="cases", n="n", by="arm"), Table2x2([[a, b], [c, d]])
    assert found.params["odds ratio"] == pytest.approx(theirs.oddsratio, rel=1e-10)
    assert tuple(found.conf_int().loc["odds ratio"]) == pytest.approx(theirs.oddsratio_confint(), rel=1e-10)
    assert tuple(found.conf_int().loc["risk ratio"]) == pytest.approx(theirs.riskratio_confint(), rel=1e-10)


@settings(max_examples=30, deadline=None)
@given(counts=st.lists(st.tuples(*[st.integers(1, 30)] * 4), min_size=2, max_size=5))
def test_mantel_haenszel_agrees_with_statsmodels(counts: list[tuple[int, int, int, int]]) -> None:
    rows = [
        (stratum, arm, cases, n)
        for stratum, (a, b, c, d) in enumerate(counts)
        for arm, cases, n in ((1, a, a + b), (0, c, c + d))
    ]
    data = pd.DataFrame(rows, columns=["s", "arm", "cases", "n"])
    found = mantel_haenszel(data, n_events="cases", n="n", by="arm", strata="s", continuity=False)
    theirs = StratifiedTable([np.array([[a, b], [c, d]]) for a, b, c, d in counts])
    tests = found.tests.set_index("test")["statistic"]
    assert found.params["odds ratio"] == pytest.approx(theirs.oddsratio_pooled, rel=1e-10)
    assert found.params["risk ratio"] == pytest.approx(theirs.riskratio_pooled, rel=1e-10)
    assert tuple(found.conf_int().loc["odds ratio"]) == pytest.approx(theirs.oddsratio_pooled_confint(), rel=1e-8)
    assert tests["Mantel-Haenszel test of no association"] == pytest.approx(theirs.test_null_odds().statistic, rel=1e-8)
    if abs(theirs.oddsratio_pooled - 1) < 1e-3:  # statsmodels divides by 1 - odds ratio
        return
    plain, tarone = theirs.test_equal_odds(), theirs.test_equal_odds(adjust=True)
    assert tests["Breslow-Day test of equal odds ratios"] == pytest.approx(plain.statistic, rel=1e-6, abs=1e-9)
    assert tests["Breslow-Day test of equal odds ratios, Tarone"] == pytest.approx(tarone.statistic, rel=1e-6, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 200), share=st.floats(0, 1), level=st.sampled_from([0.9, 0.95, 0.99]))
def test_proportion_limits_agree_with_statsmodels(n: int, share: float, level: float) -> None:
    cases = round(share * n)
    data = pd.DataFrame({"cases": [cases], "n": [n]})
    names = {"wilson": "wilson", "clopper-pearson": "beta", "agresti-coull": "agresti_coull", "wald": "normal"}
    for ours, theirs in names.items():
        found = prevalence(data, n_events="cases", n="n", interval=ours, level=level).table.iloc[0]
        expected = np.clip(np.nan_to_num(proportion_confint(cases, n, alpha=1 - level, method=theirs)), 0, 1)
        assert (found["ci_low"], found["ci_high"]) == pytest.approx(tuple(expected), rel=1e-8, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(x=st.integers(0, 200), y=st.integers(1, 200), scale=st.sampled_from([2.0, 365.25, 1e4]))
def test_rate_ratio_is_unchanged_by_the_time_unit_and_turns_with_the_reference(x: int, y: int, scale: float) -> None:
    data = pd.DataFrame({"arm": ["a", "b"], "d": [x, y], "t": [120.5, 333.0]})
    options: dict[str, Any] = {"time": "t", "n_events": "d", "by": "arm", "units_per_year": 1}
    found = compare_rates(data, **options)
    rescaled = compare_rates(data.assign(t=data["t"] * scale), **options)
    turned = compare_rates(data, reference="b", **options)
    assert found.table.loc[0, ["estimate", "ci_low", "ci_high", "p_value"]].to_list() == pytest.approx(
        rescaled.table.loc[0, ["estimate", "ci_low", "ci_high", "p_value"]].to_list(), rel=1e-9
    )
    with np.errstate(divide="ignore"):
        assert 1 / np.float64(found.params["rate ratio"]) == pytest.approx(turned.params["rate ratio"], rel=1e-12)
        assert 1 / np.float64(found.conf_int().loc["rate ratio", "ci_high"]) == pytest.approx(
            turned.conf_int().loc["rate ratio", "ci_low"], rel=1e-9
        )


def test_mid_p_limits_lie_inside_the_exact_ones_and_exact_limits_hold_their_tails() -> None:
    from scipy.stats import binom

    data = pd.DataFrame({"arm": [1, 0], "d": [7, 4], "t": [10.0, 30.0]})
    exact, mid = (
        compare_rates(data, time="t", n_events="d", by="arm", units_per_year=1, interval=kind)
        .conf_int()
        .loc["rate ratio"]
        for kind in ("exact", "midp")
    )
    assert exact["ci_low"] < mid["ci_low"] < mid["ci_high"] < exact["ci_high"]
    share = exact["ci_low"] * 10 / (exact["ci_low"] * 10 + 30)
    assert binom.sf(6, 11, share) == pytest.approx(0.025, rel=1e-9)


def test_zero_counts_give_open_limits_where_they_are_exact_and_none_where_not() -> None:
    data = pd.DataFrame({"arm": [1, 0], "cases": [0, 5], "n": [8, 14]})
    found = compare_risks(data, n_events="cases", n="n", by="arm")
    assert found.params["risk ratio"] == 0
    assert math.isnan(found.conf_int().loc["risk ratio", "ci_high"])
    assert found.conf_int().loc["odds ratio, conditional", "ci_low"] == 0
    assert found.conf_int().loc["odds ratio, conditional", "ci_high"] < 2
    assert "cannot be estimated, because a count is zero" in repr(found)
    with pytest.raises(ModelInputError, match="finite limits above 0"):
        found.plot()


def test_more_than_two_groups_are_each_compared_with_the_reference() -> None:
    data = pd.DataFrame({"arm": ["a", "b", "c"], "cases": [5, 6, 7], "n": [10, 20, 30]})
    found = compare_risks(data, n_events="cases", n="n", by="arm", reference="b")
    assert list(found.table["comparison"].unique()) == ["a vs b", "c vs b"]
    assert found.params["a vs b", "risk ratio"] == pytest.approx(0.5 / 0.3)
    assert found.persons == {
        "all": 60,
        "events": 18,
        **{f"arm={arm}": n for arm, n in zip("abc", (10, 20, 30), strict=True)},
        **{f"arm={arm}, events": n for arm, n in zip("abc", (5, 6, 7), strict=True)},
    }


@settings(max_examples=60, deadline=None)
@given(a=COUNTS, b=COUNTS, c=COUNTS, d=COUNTS, kind=st.sampled_from(["newcombe", "score", "wald"]))
def test_the_p_value_of_a_risk_difference_agrees_with_its_interval_at_every_level(
    a: int, b: int, c: int, d: int, kind: Any
) -> None:
    data = pd.DataFrame({"arm": [1, 0], "cases": [a, c], "n": [a + b + 1, c + d + 1]})
    table = compare_risks(data, n_events="cases", n="n", by="arm", difference=kind).table.set_index("measure")
    p_value = table.loc["risk difference", "p_value"]
    if not 1e-4 < p_value < 1:  # nearer to 0 the level itself has too few digits
        return
    for level, holds in ((1 - p_value * (1 - 1e-6), True), (1 - p_value * (1 + 1e-6), False)):
        if not 0 < level < 1:
            continue
        found = compare_risks(data, n_events="cases", n="n", by="arm", difference=kind, level=level)
        low, high = found.conf_int().loc["risk difference"]
        assert (low <= 0 <= high) == holds
        assert not any("risk difference" in remark.lower() for remark in found.remarks)


def _score_by_search(difference: float, counts: tuple[int, int, int, int]) -> float:
    """Miettinen and Nurminen's statistic, the risks found by walking up the likelihood."""
    from scipy.optimize import brentq

    a, m, c, n = counts

    def slope(risk: float) -> float:  # of the log likelihood, times its denominators
        p, q = risk + difference, risk
        return (a - m * p) * q * (1 - q) + (c - n * q) * p * (1 - p)

    low, high = max(0.0, -difference) + 1e-12, min(1.0, 1 - difference) - 1e-12
    risk = brentq(slope, low, high, xtol=1e-15) if slope(low) > 0 > slope(high) else (low if slope(low) <= 0 else high)
    p = risk + difference
    variance = (p * (1 - p) / m + risk * (1 - risk) / n) * (m + n) / (m + n - 1)
    return float((a / m - c / n - difference) / math.sqrt(variance))


@settings(max_examples=60, deadline=None)
@given(a=st.integers(1, 40), b=st.integers(1, 40), c=st.integers(1, 40), d=st.integers(1, 40))
def test_score_limits_are_where_the_score_test_rejects(a: int, b: int, c: int, d: int) -> None:
    data = pd.DataFrame({"arm": [1, 0], "cases": [a, c], "n": [a + b, c + d]})
    found = compare_risks(data, n_events="cases", n="n", by="arm", difference="score")
    counts = (a, a + b, c, c + d)
    low, high = found.conf_int().loc["risk difference"]
    assert _score_by_search(low, counts) == pytest.approx(1.959963984540054, rel=1e-7)
    assert _score_by_search(high, counts) == pytest.approx(-1.959963984540054, rel=1e-7)
    if a * (c + d) != c * (a + b):
        theirs = score_test(a, a + b, c, c + d, compare="diff", method="score", correction=True)
        assert found.pvalues["risk difference"] == pytest.approx(theirs.pvalue, rel=1e-9)


@pytest.mark.parametrize("kind", ["newcombe", "score"])
def test_limits_of_a_risk_difference_turn_with_the_groups_and_hold_at_the_edges(kind: Any) -> None:
    for a, m, c, n in ((0, 7, 0, 9), (7, 7, 9, 9), (7, 7, 0, 9), (1, 1, 0, 1), (3, 10**9, 2 * 10**8, 10**9)):
        data = pd.DataFrame({"arm": [1, 0], "cases": [a, c], "n": [m, n]})
        found = compare_risks(data, n_events="cases", n="n", by="arm", difference=kind)
        turned = compare_risks(data, n_events="cases", n="n", by="arm", difference=kind, reference="1")
        low, high = found.conf_int().loc["risk difference"]
        assert -1 <= low <= found.params["risk difference"] <= high <= 1
        assert tuple(turned.conf_int().loc["risk difference"]) == pytest.approx((-high, -low), abs=1e-12)
        assert turned.pvalues["risk difference"] == pytest.approx(found.pvalues["risk difference"], rel=1e-9)


def test_an_interval_and_a_p_value_that_disagree_do_not_pass_unsaid() -> None:
    table = pd.DataFrame({"arm": [1, 0], "cases": [6, 12], "n": [12, 14]})
    for cases, n in (([0, 5], [5, 7]), ([3, 0], [5, 7]), ([4, 1], [5, 8])):
        found = compare_risks(table.assign(cases=cases, n=n), n_events="cases", n="n", by="arm")
        low, high = found.conf_int().loc["odds ratio, conditional"]
        p_value = found.pvalues["odds ratio, conditional"]
        disagree = (low <= 1 <= high) == (p_value < 0.05)
        assert disagree
        assert any("conditional" in remark and "(Fisher)" in remark for remark in found.remarks)
        assert "report both" in repr(found)


def test_strata_that_say_nothing_are_counted() -> None:
    rows = [("p", 1, 3, 9), ("p", 0, 2, 9), ("q", 1, 4, 4), ("r", 1, 0, 5), ("r", 0, 0, 5)]
    data = pd.DataFrame(rows, columns=["s", "arm", "cases", "n"])
    found = mantel_haenszel(data, n_events="cases", n="n", by="arm", strata="s")
    assert "3 strata, 1 of them without both groups" in repr(found)
    one = mantel_haenszel(data.head(2), n_events="cases", n="n", by="arm", strata="s")
    assert "1 stratum." in repr(one)


HOSTILE = pd.DataFrame({"arm": [MARK, MARK + "2"], "cases": [1, 2], "n": [5, 5], "t": [1.0, 2.0], "ill": [1, 0]})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda d: compare_risks(d, by="arm"), "name either event or n_events"),
        (lambda d: compare_risks(d, by="arm", event="ill", n_events="cases"), "found both"),
        (lambda d: compare_risks(d, by="arm", n_events="cases"), "needs one denominator"),
        (lambda d: compare_risks(d, by="arm", event="ill", n="n"), "Leave n out"),
        (lambda d: compare_risks(d, by="arn", event="ill"), "Did you mean 'arm'"),
        (lambda d: compare_risks(d, by="arm", event="n"), "bool or 0/1"),
        (lambda d: compare_risks(d, by="arm", event="arm"), "two parts"),
        (lambda d: compare_risks(d, by="n", event="arm"), "bool or 0/1; column 'arm'"),
        (lambda d: compare_risks(d, by="arm", n_events="n", n="cases"), "cannot outnumber"),
        (lambda d: compare_risks(d.head(1), by="arm", n_events="cases", n="n"), "needs two groups"),
        (lambda d: compare_risks(d.head(0), by="arm", n_events="cases", n="n"), "no row is left"),
        (lambda d: compare_risks(d.assign(n=np.nan), by="arm", n_events="cases", n="n"), "no row is left"),
        (lambda d: compare_risks(d.assign(n=-1), by="arm", n_events="cases", n="n"), "whole and not negative"),
        (lambda d: compare_risks(d.assign(n=1e300), by="arm", n_events="cases", n="n"), "whole and not negative"),
        (lambda d: compare_risks(d, by="arm", n_events="cases", n="n", reference="no"), "reference must be one of"),
        (lambda d: compare_risks(d, by="arm", n_events="cases", n="n", level=95), "level must lie"),
        (lambda d: compare_risks(d, by="arm", n_events="cases", n="n", difference="best"), "difference must be one of"),
        (lambda d: compare_rates(d, by="arm", n_events="cases", time="t", interval="best"), "interval must be one of"),
        (lambda d: compare_rates(d, by="arm", n_events="cases", time="t", per=0), "per must be > 0"),
        (lambda d: compare_rates(d.assign(cases=0), by="arm", n_events="cases", time="t"), "compared by their events"),
        (lambda d: compare_rates(d.assign(t=0, cases=0), by="arm", n_events="cases", time="t"), "needs person-time"),
        (lambda d: prevalence(d, n_events="cases", n="n", interval="best"), "interval must be one of"),
        (lambda d: prevalence(d.assign(person_id=7), event="ill"), "each person counts once"),
        (lambda d: mantel_haenszel(d, by="arm", strata="t", n_events="cases", n="n"), "strata with both groups"),
        (
            lambda d: mantel_haenszel(d, by="arm", strata="n", n_events="cases", time="t", exact=True),
            "counts of persons",
        ),
        (lambda d: compare_risks(5, by="arm", event="ill"), "data must be"),
    ],
)
def test_what_cannot_be_compared_is_refused_without_a_value(call: Any, words: str) -> None:
    with pytest.raises(ModelInputError, match=words) as caught:
        call(HOSTILE)
    assert MARK not in str(caught.value)


def test_a_column_with_an_odd_name_works_as_any_other() -> None:
    name = 'a b"); DROP TABLE x;-- 용량'
    data = pd.DataFrame({name: ["갑", "을"], "cases": [3, 5], "n": [10, 10]})
    assert compare_risks(data, n_events="cases", n="n", by=name).params["risk ratio"] == pytest.approx(5 / 3)


def test_very_large_tables_are_compared_exactly_in_a_moment() -> None:
    """With millions of events the exact limits are the Wald ones to five digits."""
    data = pd.DataFrame({"arm": [1, 0], "cases": [3_000_123, 2_900_456], "n": [9_000_000, 8_500_000]})
    found = compare_risks(data, n_events="cases", n="n", by="arm")
    exact, wald = found.conf_int().loc["odds ratio, conditional"], found.conf_int().loc["odds ratio"]
    assert list(exact) == pytest.approx(list(wald), rel=1e-5)
    assert found.params["odds ratio, conditional"] == pytest.approx(found.params["odds ratio"], rel=1e-6)
    assert found.pvalues["odds ratio, conditional"] == pytest.approx(found.pvalues["odds ratio"], rel=0.1)


def test_cutting_a_large_table_changes_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis_lib.models.rates import noncentral

    data = pd.DataFrame({"arm": [1, 0], "cases": [3_012, 2_904], "n": [9_000, 8_500]})
    whole = compare_risks(data, n_events="cases", n="n", by="arm").table
    monkeypatch.setattr(noncentral, "_WHOLE", 100)
    cut = compare_risks(data, n_events="cases", n="n", by="arm").table
    numbers = ["estimate", "ci_low", "ci_high", "p_value"]
    np.testing.assert_allclose(cut[numbers].to_numpy(float), whole[numbers].to_numpy(float), rtol=1e-9)


def test_dask_frames_and_files_give_the_same_as_frames(tmp_path: Any) -> None:
    import dask.dataframe as dd

    draw = np.random.default_rng(0)
    rows = pd.DataFrame(
        {"arm": draw.choice(["a", "b"], 400), "site": draw.integers(0, 4, 400), "t": draw.random(400) + 0.1}
    )
    rows["ill"] = draw.random(400) < 0.3
    rows.to_parquet(tmp_path / "rows.parquet")
    for call in (
        lambda data: compare_rates(data, time="t", event="ill", by="arm", units_per_year=1),
        lambda data: mantel_haenszel(data, event="ill", by="arm", strata="site"),
        lambda data: prevalence(data, event="ill", by=["arm", "site"]),
    ):
        frame = call(rows).to_frame()
        pd.testing.assert_frame_equal(frame, call(tmp_path / "rows.parquet").to_frame())
        pd.testing.assert_frame_equal(frame, call(dd.from_pandas(rows, npartitions=3)).to_frame())


@pytest.mark.parametrize("of_table", [False, True])
def test_the_sets_of_a_matched_study_are_strata_however_many(of_table: bool) -> None:
    """Of pairs, the Mantel-Haenszel odds ratio is McNemar's: pairs with only one ill, this way over that way."""
    draw = np.random.default_rng(8)
    pairs = 3_000
    data = pd.DataFrame({"pair": np.repeat(np.arange(pairs), 2), "arm": np.tile(["a", "b"], pairs)})
    data["ill"] = (draw.random(2 * pairs) < np.where(data["arm"] == "b", 0.4, 0.3)).astype(int)
    how = {"n_events": "ill", "n": "n"} if of_table else {"event": "ill"}
    found = mantel_haenszel(data.assign(n=1), by="arm", strata="pair", continuity=False, **how)  # type: ignore[arg-type]
    wide = data.pivot_table(index="pair", columns="arm", values="ill")
    this, that = int((wide["b"] > wide["a"]).sum()), int((wide["b"] < wide["a"]).sum())
    assert found.params["odds ratio"] == pytest.approx(this / that)
    assert found.tests["statistic"][0] == pytest.approx((this - that) ** 2 / (this + that))
    ill = data.groupby("arm")["ill"].sum()
    assert found.persons == {
        "all": 2 * pairs,
        "events": int(ill.sum()),
        "arm=a": pairs,
        "arm=a, events": int(ill["a"]),
        "arm=b": pairs,
        "arm=b, events": int(ill["b"]),
    }


def test_a_comparison_within_no_strata_is_refused() -> None:
    data = pd.DataFrame({"arm": ["a", "b"], "ill": [0, 1]})
    with pytest.raises(ModelInputError, match="strata must name at least one column"):
        mantel_haenszel(data, event="ill", by="arm", strata=[])


def test_small_differences_and_proportions_are_not_shown_as_zero() -> None:
    data = pd.DataFrame({"arm": ["a", "b"], "ill": [15, 41], "n": [1_901_700, 280_100], "years": [19_017, 28_010]})
    risks = compare_risks(data, n_events="ill", n="n", by="arm")
    assert "0.00014" in repr(risks)
    rates = compare_rates(data, n_events="ill", time="years", by="arm", units_per_year=1, per=1)
    assert "0.00067" in repr(rates)
    assert "0.00079" in repr(prevalence(data, n_events="ill", n="n", by="arm"))
