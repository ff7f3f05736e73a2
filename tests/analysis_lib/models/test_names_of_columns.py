"""Where the name of a column belongs, its values are refused, and never printed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.errors import ModelInputError
from analysis_lib.models import cox, glm, kaplan_meier
from analysis_lib.models.prediction import check_leakage, performance, risk_model
from analysis_lib.models.rates import (
    compare_rates,
    compare_risks,
    incidence_rates,
    mantel_haenszel,
    prevalence,
    standardised_rates,
)
from analysis_lib.models.regression import conditional_logistic, gee, mixed
from analysis_lib.models.regression.penalised import elastic_net
from analysis_lib.models.survival import cumulative_incidence, fine_gray, logrank
from analysis_lib.report import compare_subgroups, table_one

MARK = "kv7-secret"
DATA = pd.DataFrame(
    {"x": np.sin(np.arange(40)), "days": np.arange(1, 41), "event": [0, 1, 1, 0] * 10, "arm": [0, 1] * 20}
).assign(site=[MARK, "b", "c", "d", "e"] * 8, w=1.25)
SITE, WEIGHT = DATA["site"], DATA["w"]
GLM, COX = "event ~ x", "Surv(days, event) ~ x"
CALLS: dict[str, Callable[[], Any]] = {
    "cox weights": lambda: cox(COX, DATA, weights=WEIGHT),
    "cox cluster": lambda: cox(COX, DATA, cluster=SITE),
    "cox time": lambda: cox(DATA, time=DATA["days"], event="event", covariates=["x"]),
    "fine_gray": lambda: fine_gray(COX, DATA, cause=1, weights=WEIGHT),
    "glm weights": lambda: glm(GLM, DATA, family="binomial", sampling_weights=WEIGHT),
    "glm cluster": lambda: glm(GLM, DATA, family="binomial", cluster=SITE),
    "glm array": lambda: glm(GLM, DATA, family="binomial", offset=WEIGHT.to_numpy()),
    "gee": lambda: gee(GLM, DATA, cluster=SITE, family="binomial"),
    "mixed": lambda: mixed("x ~ days", DATA, cluster=SITE),
    "conditional": lambda: conditional_logistic(GLM, DATA, strata=SITE),
    "elastic_net": lambda: elastic_net(GLM, DATA, family="binomial", weights=WEIGHT),
    "kaplan_meier": lambda: kaplan_meier(DATA, time="days", event="event", by=SITE),
    "logrank": lambda: logrank("Surv(days, event) ~ arm", DATA, strata=SITE),
    "cumulative_incidence": lambda: cumulative_incidence("Surv(days, event) ~ arm", DATA, weights=WEIGHT),
    "prevalence": lambda: prevalence(DATA, event=DATA["event"]),
    "incidence_rates": lambda: incidence_rates(DATA, time=DATA["days"], event="event"),
    "compare_rates": lambda: compare_rates(DATA, time="days", event="event", by=DATA["arm"]),
    "compare_risks": lambda: compare_risks(DATA, event="event", by=DATA["arm"]),
    "mantel_haenszel": lambda: mantel_haenszel(DATA, event="event", by="arm", strata=SITE),
    "standardised_rates": lambda: standardised_rates(DATA, time="days", event="event", age=SITE, standard={MARK: 1}),
    "performance": lambda: performance(DATA, outcome="event", risk="x", by=SITE),
    "risk_model": lambda: risk_model(["x"], DATA, outcome=DATA["event"]),
    "check_leakage": lambda: check_leakage(DATA, outcome=DATA["event"]),
    "table_one": lambda: table_one(DATA, by=SITE),
    "compare_subgroups": lambda: compare_subgroups(DATA, time="days", event="event", treatment="arm", subgroups=SITE),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_values_in_place_of_a_name_are_refused_and_not_printed(call: Callable[[], Any]) -> None:
    with pytest.raises(ModelInputError, match="names a column of the data; found values, in a") as caught:
        call()
    assert MARK not in str(caught.value)


@pytest.mark.parametrize("call", [cox, glm], ids=["cox", "glm"])
def test_several_columns_where_one_is_meant_are_refused(call: Callable[..., Any]) -> None:
    with pytest.raises(ModelInputError, match="one column is named here, as text; found a list"):
        call(COX if call is cox else "x ~ days", DATA, cluster=["site", "arm"])
