"""An argument of the wrong kind is named with what it was, whatever the function."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import ModelInputError
from analysis_lib.models import cox
from analysis_lib.models.effectiveness import e_value, empirical_null, error_model
from analysis_lib.models.prediction import check_leakage, risk_model, tripod_appendix
from analysis_lib.models.rates import incidence_rates
from analysis_lib.models.regression import quantile_regression
from analysis_lib.models.regression.penalised import elastic_net

WRONG: Any = "a"
DATA = pd.DataFrame({"x": np.sin(np.arange(60)), "days": np.arange(1, 61), "event": [0, 1, 1, 0] * 15})
NULL = empirical_null([0.1, 0.2, 0.05, 0.3, -0.1, 0.2], [0.1] * 6)
LEARNED = risk_model(["x"], DATA, outcome="event", model="penalised")
CALLS: dict[str, tuple[Callable[[], Any], str]] = {
    "e_value": (lambda: e_value(WRONG), "a ratio or limit must be a number; found str"),
    "calibrate": (lambda: NULL.calibrate(WRONG, 1.0), "log_estimate must be a number; found str"),
    "controls": (lambda: empirical_null([WRONG] * 6, [0.1] * 6), "log_estimates must be numbers"),
    "error_model": (lambda: error_model([0.1] * 6, [0.1] * 6, true_log_effects=[WRONG] * 6), "must be numbers"),
    "q": (lambda: quantile_regression("x ~ days", DATA, q=WRONG), "q must be a number; found str"),
    "alpha": (lambda: elastic_net("event ~ x", DATA, family="binomial", alpha=WRONG), "alpha must be a number"),
    "per": (lambda: incidence_rates(DATA, time="days", event="event", per=WRONG), "per must be a number; found str"),
    "times": (
        lambda: cox("Surv(days, event) ~ x", DATA).predict_survival(DATA, times=WRONG),
        "times must be numbers; found others",
    ),
    "features": (
        lambda: check_leakage(DATA, outcome="event", features=[WRONG]),
        "features must be Features; found list. Columns are named by predictors=",
    ),
    "concepts": (
        lambda: check_leakage(DATA, outcome="event", outcome_concepts=[192671]),
        "outcome_concepts must be ConceptSet; found int",
    ),
    "split": (lambda: risk_model(["x"], DATA, outcome="event", split=WRONG), "split must be PersonSplit; found str"),
    "cohort": (lambda: tripod_appendix(LEARNED, cohort=WRONG), "cohort must be Cohort; found str"),
    "performance": (lambda: tripod_appendix(LEARNED, performance=WRONG), "performance must be PerformanceResult or"),
}


@pytest.mark.parametrize(("call", "message"), CALLS.values(), ids=CALLS.keys())
def test_the_wrong_kind_is_named(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ModelInputError) as caught:
        call()
    assert message in str(caught.value)
