"""Hazard ratios in subgroups, and tests of interaction, against R.

Source: R 4.2.2 and survival 3.5-3, by r/subgroups.R; its values are in data/subgroups.json with the versions.
Data: data/rossi.csv; where they are from is said in data/survival_reference.R.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis_lib.report import compare_subgroups

DATA = Path(__file__).parent / "data"
R = json.loads((DATA / "subgroups.json").read_text())


@pytest.fixture
def rossi() -> pd.DataFrame:
    data = pd.read_csv(DATA / "rossi.csv")
    priors = pd.cut(data["prio"], [-np.inf, 0, 2, np.inf], labels=["none", "1-2", "3+"])
    return data.assign(aid=(data["fin"] == "yes").astype(int), priors=priors, wexp=data["wexp"])


@pytest.mark.parametrize(
    ("column", "adjust_for", "key"),
    [("race", [], "race"), ("priors", [], "priors"), ("priors", ["age", "wexp"], "adjusted")],
)
def test_ratios_counts_and_interaction_agree_with_r(
    rossi: pd.DataFrame, column: str, adjust_for: list[str], key: str
) -> None:
    found = compare_subgroups(
        rossi, time="week", event="arrest", treatment="aid", subgroups=[column], adjust_for=adjust_for
    ).to_frame()
    lines = found[found["subgroup"] != ""].set_index("label")
    assert list(lines.index) == list(R[key]["levels"])
    for label, expected in R[key]["levels"].items():
        assert lines.loc[label, list(expected)].to_dict() == pytest.approx(expected, rel=1e-8)
        assert lines.loc[label, "p_interaction"] == pytest.approx(R[key]["p_interaction"], rel=1e-7)
    if not adjust_for:
        assert found.loc[0, list(R["all"])].to_dict() == pytest.approx(R["all"], rel=1e-8)
