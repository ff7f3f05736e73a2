"""Concordance, with ties of risk and of time, weights and strata, against R's survival.

Source: R 4.2.2, survival 3.5-3, by the script r/concordance.R, whose output is data/concordance.json.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.models.prediction import survival_performance
from analysis_lib.models.survival.cox_regression.concordance import concordance_of_scores
from analysis_lib.models.survival.cox_regression.risk_sets import risk_sets

R: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "concordance.json").read_text())
DATA = {name: np.asarray(values, dtype=float) for name, values in R["data"].items()}


@pytest.mark.parametrize(
    ("name", "weight", "stratum", "cluster"),
    [
        ("plain", None, None, None),
        ("weighted", "w", None, None),
        ("stratified", None, "sex", None),
        ("weighted_and_stratified", "w", "sex", None),
        ("clustered", "w", None, "person"),
    ],
)
def test_pairs_index_and_error_are_those_of_survival(
    name: str, weight: str | None, stratum: str | None, cluster: str | None
) -> None:
    case = None if weight is None else DATA[weight]
    group = None if stratum is None else DATA[stratum].astype(np.int64) - 1
    sets = risk_sets(DATA["time"], DATA["event"] == 1, stratum=group, weight=case)
    whose = None if cluster is None else DATA[cluster].astype(np.int64)
    found = concordance_of_scores(DATA["risk"], sets, weight=case, cluster=whose)
    for what in ("concordant", "discordant", "tied", "estimate", "se"):
        assert getattr(found, what) == pytest.approx(R[name][what], rel=1e-12)


@pytest.mark.parametrize(("measure", "name"), [("harrell_c", "plain"), ("uno_c", "uno")])
def test_a_prediction_has_the_index_of_survival(measure: str, name: str) -> None:
    frame = pd.DataFrame({name: DATA[name] for name in ("time", "event", "risk")})
    found = survival_performance(frame, time="time", event="event", risk="risk", horizon=390, level=0.5)
    row = found.table.set_index("measure").loc[measure]
    assert row["estimate"] == pytest.approx(R[name]["estimate"], rel=1e-12)
    assert (row["ci_high"] - row["ci_low"]) / 2 / 0.6744897501960817 == pytest.approx(R[name]["se"], rel=1e-10)
