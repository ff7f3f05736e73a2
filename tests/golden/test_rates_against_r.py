"""Rates, proportions, comparisons and standardisation against R, and against numbers in print.

Source: R 4.2.2 with epitools 0.5-10.1, epiR 2.0.57, Epi 2.47. Script: r/rates.R; its output: data/rates_reference.json.
`fisher.test` and ``mantelhaen.test(exact = TRUE)`` find their roots to 1e-4 only, so the script also solves their
equations to full precision; both are compared here. In print: Garwood 1936; Breslow and Day 1980, section 4.4
(alcohol and oesophageal cancer: odds ratio 5.158, Breslow-Day 9.32); Gross 1976 (Oswego: risk ratio 5.574); Benjamini
and Hochberg 1995, section 4.1 (four of 15 hypotheses rejected, three by Bonferroni).
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis_lib.models.rates import (
    adjust_p_values,
    compare_rates,
    compare_risks,
    incidence_rate,
    mantel_haenszel,
    prevalence,
    split_follow_up,
    standardised_rates,
    standardised_ratios,
)
from analysis_lib.models.rates.effect_measures import EffectMeasures

R: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "rates_reference.json").read_text())


def _triple(found: EffectMeasures, measure: str) -> list[float]:
    return [found.params[measure], *found.conf_int().loc[measure]]


@pytest.mark.parametrize(
    ("events", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390), (30, 20.24, 42.83)]
)
def test_limits_match_garwood_1936_table(events: int, low: float, high: float) -> None:
    found = incidence_rate(events, 1.0, per=1.0)
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=6e-3, rel=1e-3)


@pytest.mark.parametrize("interval", ["wilson", "clopper-pearson", "agresti-coull"])
@pytest.mark.parametrize("case", R["proportions"], ids=lambda case: f"{case['events']} of {case['n']}")
def test_proportion_limits_agree_with_r(case: dict[str, Any], interval: Any) -> None:
    data = pd.DataFrame({"cases": [case["events"]], "n": [case["n"]]})
    found = prevalence(data, n_events="cases", n="n", interval=interval).table.iloc[0]
    assert [found["ci_low"], found["ci_high"]] == pytest.approx(case[interval], rel=1e-9, abs=1e-13)


@pytest.mark.parametrize(
    ("case", "interval"),
    [
        (case, kind) for case in R["rates"] for kind in ("exact", "midp", "wald") if kind in case
    ],  # none with zero counts
    ids=str,
)
def test_rate_ratio_agrees_with_r(case: dict[str, Any], interval: Any) -> None:
    events, years, control, control_years = case["counts"]
    data = pd.DataFrame({"arm": [1, 0], "d": [events, control], "y": [years, control_years]})
    found = compare_rates(data, time="y", n_events="d", by="arm", units_per_year=1, interval=interval)
    ratio = float("inf") if case["ratio"] in {"Inf", None} else case["ratio"]
    limits = [float("inf") if value in {"Inf", None} else value for value in case[interval]]
    assert _triple(found, "rate ratio") == pytest.approx([ratio, *limits], rel=1e-9)
    if interval == "exact":
        assert found.pvalues["rate ratio"] == pytest.approx(case["p"], rel=1e-9)


@pytest.mark.parametrize("name", R["tables"])
def test_two_by_two_table_agrees_with_r(name: str) -> None:
    case = R["tables"][name]
    a, b, c, d = case["counts"]
    data = pd.DataFrame({"exposed": [True, False], "cases": [a, c], "n": [a + b, c + d]})
    found = compare_risks(data, n_events="cases", n="n", by="exposed")
    conditional = _triple(found, "odds ratio, conditional")
    infinite = [float("inf") if value is None else value for value in case["precise"]]
    assert conditional == pytest.approx(infinite, rel=1e-9)
    assert conditional == pytest.approx([float("inf") if v is None else v for v in case["fisher"]], rel=1e-2)
    tests = found.tests.set_index("test")
    assert tests.loc["Fisher's exact test", "p_value"] == pytest.approx(case["fisher_p"], rel=1e-9)
    assert tests.loc["Pearson's chi-square", "statistic"] == pytest.approx(case["chi2"], rel=1e-9)
    assert tests.loc["Pearson's chi-square, Yates", "statistic"] == pytest.approx(case["yates"], rel=1e-9)
    if "rr" in case:
        assert _triple(found, "risk ratio") == pytest.approx(case["rr"], rel=1e-9)
        assert _triple(found, "odds ratio") == pytest.approx(case["or"], rel=1e-9)


def test_vanilla_ice_cream_in_oswego_has_the_risk_ratio_in_print() -> None:
    data = pd.DataFrame({"vanilla": ["no", "yes"], "ill": [3, 43], "n": [21, 54]})
    assert compare_risks(data, n_events="ill", n="n", by="vanilla").params["risk ratio"] == pytest.approx(
        5.574, abs=5e-4
    )


def test_newcombe_interval_matches_his_table() -> None:
    """Newcombe 1998, table II, method 10: 56/70 against 48/80 is 0.0524 to 0.3339; 10/10 against 0/10 0.6075 to 1."""
    for counts, limits in (((56, 70, 48, 80), (0.0524, 0.3339)), ((10, 10, 0, 10), (0.6075, 1.0))):
        data = pd.DataFrame({"arm": [1, 0], "cases": counts[::2], "n": counts[1::2]})
        found = compare_risks(data, n_events="cases", n="n", by="arm")
        assert tuple(found.conf_int().loc["risk difference"]) == pytest.approx(limits, abs=5e-5)


@pytest.mark.parametrize(
    ("counts", "limits"),
    [
        ((56, 70, 48, 80), (0.0528, 0.3382)),
        ((9, 10, 3, 10), (0.1700, 0.8406)),
        ((5, 56, 0, 29), (-0.0326, 0.1933)),
        ((10, 10, 0, 10), (0.6636, 1.0)),
    ],
)
def test_score_limits_of_a_risk_difference_match_newcombes_table(
    counts: tuple[int, int, int, int], limits: tuple[float, float]
) -> None:
    """Newcombe 1998, table II, method 6 (Miettinen and Nurminen)."""
    data = pd.DataFrame({"arm": [1, 0], "cases": counts[::2], "n": counts[1::2]})
    found = compare_risks(data, n_events="cases", n="n", by="arm", difference="score")
    assert tuple(found.conf_int().loc["risk difference"]) == pytest.approx(limits, abs=5e-5)


def _strata(name: str) -> pd.DataFrame:
    rows = [
        (stratum, arm, cases, n)
        for stratum, (a, n1, c, n0) in enumerate(R[name]["rows"])
        for arm, cases, n in ((1, a, n1), (0, c, n0))
    ]
    return pd.DataFrame(rows, columns=["stratum", "arm", "cases", "n"])


@pytest.mark.parametrize("name", ["ucb", "esophagus"])
def test_mantel_haenszel_estimates_agree_with_r(name: str) -> None:
    case = R[name]
    found = mantel_haenszel(_strata(name), n_events="cases", n="n", by="arm", strata="stratum", exact=True)
    assert _triple(found, "odds ratio") == pytest.approx(case["or"], rel=1e-9)
    assert _triple(found, "risk ratio") == pytest.approx(case["rr"], rel=1e-9)
    assert _triple(found, "risk difference") == pytest.approx(case["rd_sato"], rel=1e-9)
    assert _triple(found, "odds ratio, conditional") == pytest.approx(case["exact"], rel=1e-3)
    assert found.pvalues["odds ratio, conditional"] == pytest.approx(case["exact_p"], rel=1e-7)
    tests = found.tests.set_index("test")["statistic"]
    assert tests["Mantel-Haenszel test of no association, continuity corrected"] == pytest.approx(
        case["chi2"], rel=1e-9
    )
    assert tests["Breslow-Day test of equal odds ratios"] == pytest.approx(case["breslow_day"], rel=1e-9)
    plain = mantel_haenszel(_strata(name), n_events="cases", n="n", by="arm", strata="stratum", continuity=False)
    assert plain.tests["statistic"].iloc[0] == pytest.approx(case["chi2_plain"], rel=1e-9)


def test_mantel_haenszel_estimates_match_those_in_print() -> None:
    ucb = mantel_haenszel(_strata("ucb"), n_events="cases", n="n", by="arm", strata="stratum")
    assert ucb.params["odds ratio"] == pytest.approx(0.904696828, abs=5e-10)
    alcohol = mantel_haenszel(_strata("esophagus"), n_events="cases", n="n", by="arm", strata="stratum")
    assert alcohol.params["odds ratio"] == pytest.approx(5.158, abs=5e-4)
    assert alcohol.tests.set_index("test").loc["Breslow-Day test of equal odds ratios", "statistic"] == pytest.approx(
        9.32, abs=5e-3
    )


def test_mantel_haenszel_rate_ratio_agrees_with_epir() -> None:
    found = mantel_haenszel(
        pd.DataFrame(R["person_time"]["rows"]), n_events="d", time="y", by="x", strata="s", per=1, units_per_year=1
    )
    assert _triple(found, "rate ratio") == pytest.approx(R["person_time"]["irr"], rel=1e-9)
    assert found.params["rate difference"] == pytest.approx(R["person_time"]["ird"][0], rel=1e-9)


@pytest.mark.parametrize("case", ["direct", "zero"])
def test_direct_standardisation_agrees_with_epitools(case: str) -> None:
    s = R["standardised"]
    counts, population, standard = (
        (s["count"], s["population"], s["standard"]) if case == "direct" else ([0, 2, 1], [1000, 2000, 500], [3, 2, 1])
    )
    data = pd.DataFrame({"age": [f"g{i}" for i in range(len(counts))], "cases": counts, "years": population})
    weights = dict(zip(data["age"], standard, strict=True))
    found = standardised_rates(
        data, n_events="cases", time="years", age="age", standard=weights, per=1, units_per_year=1
    ).table.iloc[0]
    assert found[["crude_rate", "rate", "ci_low", "ci_high"]].to_list() == pytest.approx(s[case], rel=1e-9)


def test_indirect_standardisation_agrees_with_epitools() -> None:
    s = R["standardised"]
    data = pd.DataFrame({"age": list("abcdef"), "cases": s["count"], "years": s["population"]})
    rates = {age: n / of for age, n, of in zip("abcdef", s["stdcount"], s["standard"], strict=True)}
    found = standardised_ratios(
        data, n_events="cases", time="years", strata="age", reference=rates, units_per_year=1, interval="log"
    ).table.iloc[0]
    assert found[["observed", "expected", "ratio", "ci_low", "ci_high"]].to_list() == pytest.approx(
        s["indirect"], rel=1e-9
    )


@pytest.mark.parametrize("case", R["smr"], ids=lambda case: f"{case['observed']} of {case['expected']}")
def test_exact_interval_and_p_value_of_an_smr_agree_with_poisson_test(case: dict[str, Any]) -> None:
    data = pd.DataFrame({"age": ["a"], "cases": [case["observed"]], "years": [1.0]})
    found = standardised_ratios(
        data, n_events="cases", time="years", strata="age", reference={"a": case["expected"]}, units_per_year=1
    ).table.iloc[0]
    assert found[["ci_low", "ci_high"]].to_list() == pytest.approx(case["exact"], rel=1e-9)
    assert found["p_value"] == pytest.approx(case["p"], rel=1e-9)


@pytest.mark.parametrize("observed", [10, 24, 100, 1000])
def test_byar_limits_are_as_near_to_the_exact_ones_as_public_health_england_says(observed: int) -> None:
    """Technical Guide: Confidence Intervals (2018): within 0.2 % for ten events or more."""
    data = pd.DataFrame({"age": ["a"], "cases": [observed], "years": [1.0]})
    limits = {}
    for interval in ("exact", "byar"):
        found = standardised_ratios(
            data,
            n_events="cases",
            time="years",
            strata="age",
            reference={"a": 15.0},
            units_per_year=1,
            interval=interval,
        ).table.iloc[0]
        limits[interval] = found[["ci_low", "ci_high"]].to_list()
    assert limits["byar"] == pytest.approx(limits["exact"], rel=2e-3)


def test_split_follow_up_agrees_with_lexis() -> None:
    people = pd.DataFrame(R["lexis"]["people"]).assign(
        start=lambda frame: pd.to_datetime(frame["start"]), event=lambda frame: frame["event"] == 1
    )
    split = split_follow_up(
        people, start="start", time="days", event="event", calendar_bands="year", entry_bands=[0, 30, 365, 1000]
    )
    found = split.frame.groupby(["calendar_period", "time_since_entry"], observed=True)[["days", "event"]].sum()
    names = {0: "0-29", 30: "30-364", 365: "365-999", 1000: "1000+"}
    expected = {
        (str(cell["year"]), names[cell["since"]]): (cell["lex.dur"], cell["event"]) for cell in R["lexis"]["cells"]
    }
    assert {key: tuple(row) for key, row in found.iterrows()} == expected


@pytest.mark.parametrize(
    ("method", "rejected"), [("benjamini-hochberg", 4), ("bonferroni", 3), ("holm", 3), ("hochberg", 3)]
)
def test_adjusted_p_values_agree_with_p_adjust_and_with_the_paper(method: Any, rejected: int) -> None:
    found = adjust_p_values(R["p_adjust"]["p"], method=method)
    assert found.adjusted.to_list() == pytest.approx(R["p_adjust"][method], rel=1e-12)
    assert int(found.rejected.sum()) == rejected
