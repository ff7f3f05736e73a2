"""Numbers that papers and books print.

Cox D. R. (1972), J. R. Stat. Soc. B 34(2), 187-220, on the remission times of leukaemia patients (Gehan 1965, also in
Cox and Oakes 1984, table 1.1): the coefficient of treatment is 1.51 there, 1.509191 to more places with Breslow's ties
(Cox's own data are tied) and 1.572125 with Efron's, as in the documentation of R's survival, SAS PHREG and Stata.
Garwood F. (1936), Biometrika 28(3/4), 437-442, table I: exact limits for a Poisson mean.
Lung cancer (Loprinzi et al. 1994): the log-rank statistic and medians that R's survival prints in its documentation.
Recidivism (Rossi et al. 1980): Fox J., Weisberg S., Cox Proportional-Hazards Regression for Survival Data, appendix to
An R Companion to Applied Regression, the model of seven covariates.
"""

from pathlib import Path

import pandas as pd
import pytest

from analysis_lib.models import cox, incidence_rate, kaplan_meier, logrank

DATA = Path(__file__).parent / "data"
CONTROL = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
TREATED_RELAPSED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
TREATED_CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def _leukaemia() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "weeks": CONTROL + TREATED_RELAPSED + TREATED_CENSORED,
            "relapsed": [True] * 30 + [False] * 12,
            "arm": pd.Categorical(["control"] * 21 + ["6-MP"] * 21, categories=["6-MP", "control"]),
        }
    )


def _lung() -> pd.DataFrame:
    return pd.read_csv(DATA / "lung.csv").assign(died=lambda data: data["status"] == 2)


@pytest.mark.parametrize(("ties", "coefficient"), [("efron", 1.572125), ("breslow", 1.509191)])
def test_leukaemia_coefficient_is_that_of_cox_1972(ties: str, coefficient: float) -> None:
    fit = cox(_leukaemia(), time="weeks", event="relapsed", covariates="arm", ties=ties)
    assert fit.params["arm[T.control]"] == pytest.approx(coefficient, abs=5e-7)


def test_median_remission_is_8_weeks_for_control_and_23_for_treated() -> None:
    medians = kaplan_meier(_leukaemia(), time="weeks", event="relapsed", by="arm").medians
    assert medians.set_index("group")["median"].to_dict() == {"6-MP": 23.0, "control": 8.0}


def test_lung_survival_differs_by_sex_as_in_the_documentation() -> None:
    test = logrank(_lung(), time="time", event="died", by="sex")
    assert test.chi2 == pytest.approx(10.3267419549, abs=5e-11)
    assert test.p_value == pytest.approx(0.00131, abs=5e-6)


@pytest.mark.parametrize(("ci", "limits"), [("log", (285, 363)), ("log-log", (284, 361))])
def test_lung_median_has_the_printed_interval(ci: str, limits: tuple[float, float]) -> None:
    median = kaplan_meier(_lung(), time="time", event="died", ci=ci).medians.iloc[0]
    assert (median["median"], median["ci_low"], median["ci_high"]) == (310, *limits)


def test_lung_survival_at_one_year_is_the_printed_one() -> None:
    curve = kaplan_meier(_lung(), time="time", event="died")
    assert curve.survival_at([365])["survival"].iloc[0] == pytest.approx(0.40924, abs=5e-6)


def test_recidivism_model_is_the_printed_one() -> None:
    fit = cox(
        pd.read_csv(DATA / "rossi.csv"),
        time="week",
        event="arrest",
        covariates=["fin", "age", "race", "wexp", "mar", "paro", "prio"],
    )
    printed = [-0.37942, -0.05744, -0.31390, -0.14980, 0.43370, -0.08487, 0.09150]
    assert (fit.n, fit.events) == (432, 114)
    assert fit.params.to_list() == pytest.approx(printed, abs=5e-6)
    assert fit.bse.to_list() == pytest.approx([0.19138, 0.02200, 0.30799, 0.21222, 0.38187, 0.19576, 0.02865], abs=5e-6)


@pytest.mark.parametrize(
    ("events", "limits"),
    [(0, (0.0, 3.689)), (1, (0.0253, 5.572)), (5, (1.623, 11.668)), (10, (4.795, 18.390)), (50, (37.111, 65.919))],
)
def test_limits_match_garwood_1936_table(events: int, limits: tuple[float, float]) -> None:
    assert incidence_rate(events, 1.0, per=1.0)[1:] == pytest.approx(limits, abs=5e-4)
