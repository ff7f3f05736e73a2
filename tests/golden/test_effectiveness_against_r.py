"""Propensity scores, matching, weights, balance and negative controls against R and against print.

Sources: R 4.2.2, MatchIt 4.5.1, script r/effectiveness.R and its output data/effectiveness.json; VanderWeele and Ding
2017 (Ann. Intern. Med. 167(4), 268-274) for E-values; van Houwelingen et al. 2002 (Stat. Med. 21(4), 589-624) for the
maximum likelihood of a normal distribution of effects; the vignette "Empirical calibration of p-values" of OHDSI's
EmpiricalCalibration 3.1.4 for a calibrated p value (its data are not repeated here); its vignette "Empirical
calibration of confidence intervals" for a calibrated interval; r/error_model.R for the fit of an error model.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.models.effectiveness import (
    EmpiricalNull,
    PropensityScores,
    e_value,
    empirical_null,
    error_model,
    propensity_score,
)
from analysis_lib.models.effectiveness.trimming import crump_cutoff

REFERENCE: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "effectiveness.json").read_text())


@pytest.fixture(scope="module")
def scores() -> PropensityScores:
    data = pd.DataFrame(REFERENCE["lalonde"]).assign(row=lambda frame: np.arange(len(frame)))
    return propensity_score("treat ~ age + educ + C(race) + married + nodegree + re74 + re75", data)


def test_the_score_is_that_of_glm(scores: PropensityScores) -> None:
    assert scores.score == pytest.approx(REFERENCE["score"], rel=1e-8)


def test_greedy_matching_finds_the_pairs_of_matchit(scores: PropensityScores) -> None:
    frame = scores.match(order="largest", caliper=None).frame
    pairs = frame.pivot_table(index="matched_set", columns="treat", values="row", aggfunc="first")
    found = dict(zip(pairs[1], pairs[0], strict=True))
    listed = zip(REFERENCE["matched"]["treated"], REFERENCE["matched"]["untreated"], strict=True)
    expected = {treated: untreated for treated, untreated in listed if untreated is not None}
    assert found.keys() == expected.keys()
    logit = np.log(scores.score / (1 - scores.score))
    gaps, wanted = (
        np.array(sorted(abs(logit[int(one)] - logit[int(other)]) for one, other in pairs.items()))
        for pairs in (found, expected)
    )
    # Ours are those of a search through all pairs (see below); ten of MatchIt 4.5.1's are up to 0.009 farther.
    assert (gaps <= wanted + 0.01).all()
    assert gaps.sum() == pytest.approx(wanted.sum(), rel=3e-4)
    assert np.isclose(gaps, wanted, atol=1e-9).sum() >= 175


def test_greedy_matching_finds_the_pairs_of_a_search_through_all(scores: PropensityScores) -> None:
    logit = np.log(scores.score / (1 - scores.score))
    caliper = 0.2 * logit.std(ddof=1)
    free, gaps = set(np.flatnonzero(~scores.treated)), []
    for one in sorted(np.flatnonzero(scores.treated), key=lambda row: -logit[row]):
        nearest = min(free, key=lambda other: abs(logit[one] - logit[other]))
        if abs(logit[one] - logit[nearest]) <= caliper:
            gaps.append(abs(logit[one] - logit[nearest]))
            free.discard(nearest)
    frame = scores.match(order="largest").frame
    value = np.log(frame["propensity_score"] / (1 - frame["propensity_score"]))
    found = value.groupby(frame["matched_set"]).agg(np.ptp)
    assert sorted(found) == pytest.approx(sorted(gaps), abs=1e-9)


def test_balance_before_matching_agrees_with_matchit(scores: PropensityScores) -> None:
    table = scores.match(order="largest", caliper=None).balance(spread="treated").table.set_index("covariate")
    names = {"raceblack": "race: black", "racehispan": "race: hispan", "racewhite": "race: white"}
    rows = [names.get(name, name) for name in REFERENCE["balance"]["names"]]
    assert table.loc[rows, "smd"].to_numpy() == pytest.approx(REFERENCE["balance"]["before"], rel=1e-7)
    ratios = pd.Series(REFERENCE["balance"]["ratio_before"], index=rows, dtype=float).dropna()
    assert table.loc[ratios.index, "variance_ratio"].to_numpy() == pytest.approx(ratios.to_numpy(), rel=1e-7)
    after = np.array(REFERENCE["balance"]["after"])
    assert table.loc[rows, "smd_after"].to_numpy() == pytest.approx(after, abs=0.05)  # a few pairs differ, see above


@pytest.mark.parametrize("estimand", ["ate", "att", "overlap", "matching"])
def test_weights_and_weighted_differences_agree_with_their_definition_in_r(
    scores: PropensityScores, estimand: str
) -> None:
    weighted = scores.weight(estimand, stabilised=False)
    assert weighted.frame["weight"].to_numpy() == pytest.approx(REFERENCE["weights"][estimand], rel=1e-7)
    table = weighted.balance(REFERENCE["smd_names"]).table
    assert table["smd_after"].to_numpy() == pytest.approx(REFERENCE["smd"][estimand], rel=1e-6, abs=1e-9)


def test_overlap_weights_balance_the_covariates_of_the_score_exactly(scores: PropensityScores) -> None:
    """A property proved by Li, Morgan and Zaslavsky 2018 (J. Am. Stat. Assoc. 113(521), 390-400), theorem 3."""
    assert scores.weight("overlap").balance().largest() < 1e-6


def test_strata_are_cut_at_the_quantiles(scores: PropensityScores) -> None:
    assert scores.stratify(5).frame["stratum"].tolist() == REFERENCE["strata"]


def test_crumps_cut_off_solves_its_equation(scores: PropensityScores) -> None:
    assert crump_cutoff(scores.score) == pytest.approx(REFERENCE["crump"], rel=1e-9)
    low, high = REFERENCE["percentiles"]
    kept = scores.trim("percentiles").score
    assert kept.tolist() == scores.score[(scores.score >= low - 1e-9) & (scores.score <= high + 1e-9)].tolist()


@pytest.mark.parametrize(
    ("ratio", "low", "high", "expected", "limit"),
    [
        (3.9, 1.8, 8.7, 7.26, 3.0),  # formula feeding and death from respiratory infection, Victora et al. 1987
        (0.80, 0.71, 0.91, 1.81, 1.43),
        (2.0, None, None, 3.41, float("nan")),
    ],
)
def test_e_values_are_those_in_print(
    ratio: float, low: float | None, high: float | None, expected: float, limit: float
) -> None:
    found = e_value(ratio, low, ci_high=high)
    assert found == pytest.approx((expected, limit), abs=0.006, nan_ok=True)


def test_the_empirical_null_is_the_maximum_of_its_likelihood() -> None:
    expected = REFERENCE["null"]
    null = empirical_null(expected["log_estimate"], expected["se"])
    assert (null.mean, null.sd, null.llf) == pytest.approx(
        (expected["mean"], expected["sd"], expected["llf"]), rel=1e-6
    )
    assert (null.mean, null.sd**2) == pytest.approx((-0.742, 0.302), abs=0.001)  # van Houwelingen et al. 2002


def test_the_calibrated_p_value_of_sertraline_is_that_of_the_vignette() -> None:
    """Mean 0.7922 and SD 0.2834 as printed there; the uncalibrated estimate is 2.1 with p < 2.2e-16."""
    made = empirical_null(np.zeros(5), np.ones(5))
    null = EmpiricalNull(**{**vars(made), "mean": 0.7922, "sd": 0.2834})
    found = null.calibrate(0.7326235, 0.07371708)
    assert found.p_value == pytest.approx(0.84, abs=0.005)
    assert found.uncalibrated_p_value < 2.2e-16


ERRORS: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "error_model.json").read_text())


def test_an_error_model_agrees_with_the_likelihood_maximised_in_r() -> None:
    model = error_model(ERRORS["estimate"], ERRORS["se"], true_log_effects=ERRORS["truth"])
    found = (model.mean_intercept, model.mean_slope, model.sd_intercept, model.sd_slope)
    assert found == pytest.approx(ERRORS["parameters"], abs=1e-6)
    assert model.llf >= ERRORS["llf"] - 1e-10
    one = model.calibrate(0.5, 0.1)
    assert (one.estimate, one.ci_low, one.ci_high) == pytest.approx(ERRORS["calibrated"], rel=1e-5)


def test_a_calibrated_interval_agrees_with_the_vignette_of_empirical_calibration() -> None:
    """Dabigatran against warfarin, bleeding: 0.6994 (0.6137 to 0.7971) before, 0.7321 (0.4800 to 1.1126) after.

    R's ``uniroot`` stops within 1e-4 there.
    """
    model = error_model(ERRORS["estimate"], ERRORS["se"], true_log_effects=ERRORS["truth"])
    printed: dict[str, Any] = {"mean_intercept": -0.066550795, "mean_slope": 0.933292141}
    printed |= {"sd_intercept": 0.187468405, "sd_slope": 0.002979502}
    log_estimate, se = np.log(0.6994063), (np.log(0.797068) - np.log(0.6137108)) / (2 * 1.959964)
    found = replace(model, **printed).calibrate(log_estimate, se)
    assert (found.estimate, found.ci_low, found.ci_high) == pytest.approx((0.7321498, 0.4800058, 1.112606), rel=5e-5)
