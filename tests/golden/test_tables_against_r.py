"""Tests between groups, and quartiles, against R.

Source: R 4.2.2 (stats), by r/tables.R; its values are in data/tables.json with the versions that made them.
Data: data/lung.csv and data/rossi.csv; where they are from is said in data/survival_reference.R.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.report import table_one
from analysis_lib.report.columns import levels, numbers
from analysis_lib.report.group_tests import GroupTest, Ranks, fisher, wilcoxon

DATA = Path(__file__).parent / "data"
R = json.loads((DATA / "tables.json").read_text())


@pytest.fixture(params=["few rows", "compiled loops"])
def lung(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    if request.param == "compiled loops":
        for module in (numbers, levels):
            monkeypatch.setattr(module, "SMALL", 0)
    data = pd.read_csv(DATA / "lung.csv")
    return data.assign(ecog=data["ph.ecog"].clip(upper=2))


def _found(data: pd.DataFrame, variable: str, test: str, *, by: str) -> GroupTest:
    data = data.dropna(subset=[by])
    nonnormal = [variable] if test in {"kruskal", "wilcoxon"} else []
    table = table_one(data, by=by, variables=[variable], nonnormal=nonnormal, tests={variable: test}, overall=True)
    return next(line.test for line in table.lines if line.test is not None)


def _agrees(found: GroupTest, expected: dict[str, Any]) -> None:
    assert found.p_value == pytest.approx(expected["p"], rel=1e-10)
    if "statistic" in expected:
        assert found.statistic == pytest.approx(expected["statistic"], rel=1e-10)
    if "df" in expected:
        assert list(found.df) == pytest.approx(np.atleast_1d(expected["df"]).tolist(), rel=1e-10)


@pytest.mark.parametrize(
    ("variable", "test", "by", "key"),
    [
        ("meal.cal", "welch", "sex", "welch_two"),
        ("meal.cal", "student", "sex", "student_two"),
        ("meal.cal", "welch", "ecog", "welch_more"),
        ("meal.cal", "student", "ecog", "student_more"),
        ("meal.cal", "kruskal", "sex", "kruskal_two"),
        ("wt.loss", "kruskal", "ecog", "kruskal_more"),
        ("wt.loss", "wilcoxon", "sex", "wilcoxon"),
    ],
)
def test_tests_of_numbers_agree_with_r(lung: pd.DataFrame, variable: str, test: str, by: str, key: str) -> None:
    _agrees(_found(lung, variable, test, by=by), R[key])


def test_tests_of_counts_agree_with_r(lung: pd.DataFrame) -> None:
    rossi = pd.read_csv(DATA / "rossi.csv")
    _agrees(_found(rossi, "race", "chi-square uncorrected", by="fin"), R["chi_square_plain"])
    _agrees(_found(rossi, "race", "chi-square", by="fin"), R["chi_square_corrected"])
    _agrees(_found(rossi, "race", "fisher", by="fin"), R["fisher_race"])
    found = _found(lung.assign(karno=lung["ph.karno"].astype("category")), "karno", "chi-square", by="sex")
    _agrees(found, R["chi_square"])
    assert found.caution


EXACT = json.loads((DATA / "exact_test.json").read_text())


@pytest.mark.parametrize("name", [name for name in EXACT if name != "made_by"])
def test_fishers_test_of_larger_tables_agrees_with_r(name: str) -> None:
    """R 4.2.2's fisher.test, script r/exact_test.R; two of the tables are those of its help page."""
    found = fisher(EXACT[name]["table"])
    drawn = "drawn" in found.name
    assert found.p_value == pytest.approx(EXACT[name]["p"], rel=None if drawn else 1e-6, abs=4e-3 if drawn else None)
    assert drawn == (name in {"job", "mp6"})
    turned = fisher(np.array(EXACT[name]["table"]).T[::-1])
    assert turned.p_value == pytest.approx(found.p_value, rel=None if drawn else 1e-6, abs=8e-3 if drawn else None)


def test_small_tables_and_ties_agree_with_r() -> None:
    _agrees(fisher([[3, 1], [1, 9]]), R["fisher_small"])
    ranks = pd.Series([1, 2, 2, 5, 2, 3, 7, 8, 8]).rank().to_numpy()
    sums = np.array([ranks[:4].sum(), ranks[4:].sum()])
    _agrees(wilcoxon(Ranks(np.array([4, 5]), sums, (27 - 3) + (8 - 2))), R["wilcoxon_small"])


def test_quartiles_are_type_7_of_r(lung: pd.DataFrame) -> None:
    found = table_one(lung, by="sex", variables=["wt.loss", "meal.cal"], nonnormal=["wt.loss", "meal.cal"]).numbers
    found = found.set_index(["variable", "group"])
    for variable, group in (("wt.loss", "1"), ("meal.cal", "2")):
        assert found.loc[(variable, group), ["q1", "median", "q3"]].to_list() == R["quantiles"][variable]
    assert found.loc[("meal.cal", "1"), "mean"] == pytest.approx(R["moments"]["mean"], rel=1e-14)
    assert found.loc[("meal.cal", "1"), "sd"] == pytest.approx(R["moments"]["sd"], rel=1e-14)
    few = table_one(pd.DataFrame({"x": [0.1, 0.7, 1.9, 2.2, 11.3, 12.8]}), nonnormal=["x"]).numbers
    assert few.loc[0, ["q1", "median", "q3"]].to_list() == pytest.approx(R["quantiles"]["interpolated"], rel=1e-15)
