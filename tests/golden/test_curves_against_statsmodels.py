"""Curves and tests against statsmodels, which is installed beside the library and implements the same formulas.

Source: statsmodels.duration.survfunc (SurvfuncRight, survdiff, CumIncidenceRight), run here on R's mgus2, lung,
colon and heart data; r/curves.R says where they are from.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight, survdiff

from analysis_lib.models.survival import cumulative_incidence, kaplan_meier, logrank

DATA = Path(__file__).parent / "data"


def _data(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}.csv")


@pytest.mark.parametrize("weights", [None, "counts"])
def test_survival_curve_agrees(weights: str | None) -> None:
    data = _data("lung_weighted")
    theirs = SurvfuncRight(data["time"], data["died"], freq_weights=None if weights is None else data[weights])
    ours = kaplan_meier("Surv(time, died) ~ 1", data, weights=weights).survival_at(theirs.surv_times)
    assert ours["survival"].to_list() == pytest.approx(list(theirs.surv_prob), rel=1e-12, abs=1e-14)
    if weights is None:
        known = ours["survival"] > 0
        assert ours["se"][known].to_list() == pytest.approx(list(theirs.surv_prob_se[known]), rel=1e-12)


def test_survival_curve_with_late_entry_agrees() -> None:
    data = _data("heart")
    theirs = SurvfuncRight(data["stop"], data["event"], entry=data["start"])
    ours = kaplan_meier("Surv(start, stop, event) ~ 1", data).survival_at(theirs.surv_times)
    assert ours["survival"].to_list() == pytest.approx(list(theirs.surv_prob), rel=1e-12)
    assert ours["se"].to_list() == pytest.approx(list(theirs.surv_prob_se), rel=1e-12)


def test_logrank_tests_agree() -> None:
    data = _data("colon_deaths")
    for strata in (None, "extent"):
        kept = None if strata is None else data[strata]
        theirs, p_value = survdiff(data["time"], data["status"], data["rx"], strata=kept)
        ours = logrank(data, time="time", event="status", by="rx", strata=strata)
        assert ours.chi2 == pytest.approx(theirs, rel=1e-11)
        assert ours.p_value == pytest.approx(p_value, rel=1e-9)
    theirs, _p_value = survdiff(data["time"], data["status"], data["rx"], weight_type="fh", fh_p=1)
    assert logrank("Surv(time, status) ~ rx", data, rho=1).chi2 == pytest.approx(theirs, rel=1e-11)
    heart = _data("heart")
    theirs, _p_value = survdiff(heart["stop"], heart["event"], heart["arm"], entry=heart["start"])
    assert logrank("Surv(start, stop, event) ~ arm", heart).chi2 == pytest.approx(theirs, rel=1e-11)


def test_cumulative_incidences_agree() -> None:
    data = _data("mgus2")
    codes = data["cause"].map({"censor": 0, "progression": 1, "death": 2})
    with np.errstate(divide="ignore", invalid="ignore"):  # theirs divides by zero where all have had an event
        theirs = CumIncidenceRight(data["months"].to_numpy(), codes.to_numpy())
    ours = cumulative_incidence("Surv(months, cause) ~ 1", data, censored="censor")
    for index, cause in enumerate(["progression", "death"]):
        read = ours.incidence_at(theirs.times)
        read = read[read["cause"] == cause]
        assert read["cumulative_incidence"].to_list() == pytest.approx(list(theirs.cinc[index]), rel=1e-11, abs=1e-14)
        known = np.isfinite(theirs.cinc_se[index])
        assert known.sum() > 200
        np.testing.assert_allclose(read["se"][known], theirs.cinc_se[index][known], rtol=1e-8, atol=1e-12)
