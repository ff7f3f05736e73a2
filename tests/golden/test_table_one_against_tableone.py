"""Table 1 against the Python package tableone.

Source: tableone 0.9.6 (Pollard et al. 2018, JAMIA Open 1(1), 26-31). data/tableone.json is made by
r/tableone_values.py, which says the versions; the numbers written here by ``TableOne(rossi, columns=[...],
categorical=["race", "wexp", "mar", "paro"], groupby="fin", smd=True).smd_table``, and the same for lung by sex with
``nonnormal=["meal.cal"]``. Its differences are signed; ours are absolute. It counts missing values as a level of their
own, which we do not, so the people without ph.ecog are dropped. Its analysis of variance for three groups assumes equal
variances; ours does so if asked.
Data: data/rossi.csv and data/lung.csv; where they are from is said in data/survival_reference.R.
"""

import json
from pathlib import Path

import pandas as pd
import pytest

from analysis_lib.report import table_one

DATA = Path(__file__).parent / "data"


def test_standardised_differences_of_rossi_agree() -> None:
    rossi = pd.read_csv(DATA / "rossi.csv")
    table = table_one(rossi, by="fin", variables=["age", "prio", "race", "wexp", "mar", "paro"], overall=True)
    assert table.smd.to_dict() == pytest.approx(
        {
            "age": 0.12277114594421551,
            "prio": 0.0015967365930140399,
            "race": 0.1272601330250866,
            "wexp": 0.009356219608508045,
            "mar": 0.07060133073466308,
            "paro": 0.028588937363943835,
        }
    )


def test_difference_over_four_levels_agrees() -> None:
    lung = pd.read_csv(DATA / "lung.csv").dropna(subset=["ph.ecog"]).astype({"ph.ecog": "int64"})
    table = table_one(lung.astype({"ph.ecog": str}), by="sex", variables=["age", "ph.ecog"])
    assert table.smd.to_dict() == pytest.approx({"age": 0.2538719121319913, "ph.ecog": 0.16497759801639228})


def test_cells_of_lung_agree() -> None:
    table = table_one(
        pd.read_csv(DATA / "lung.csv"), by="sex", variables=["age", "meal.cal", "wt.loss"], nonnormal=["meal.cal"]
    )
    frame = table.to_frame().set_index("characteristic")
    assert frame.loc["Age, mean (SD)", ["1", "2"]].to_list() == ["63.3 (9.1)", "61.1 (8.8)"]
    medians = frame.loc["Meal.cal, median [IQR]", ["1", "2"]].to_list()
    assert medians == ["1025.0 [768.0 to 1175.0]", "925.0 [588.0 to 1067.5]"]
    assert frame.loc["Wt.loss, mean (SD)", ["1", "2"]].to_list() == ["11.2 (13.0)", "7.8 (13.2)"]


VALUES = json.loads((DATA / "tableone.json").read_text(encoding="utf-8"))
#: What tableone calls its tests, in our words; it corrects tables of two by two as we do.
TESTS = {"Welch’s T-test": "welch", "One-way ANOVA": "student", "Kruskal-Wallis": "kruskal"}


def _people(name: str) -> tuple[pd.DataFrame, str]:
    if name == "rossi":
        return pd.read_csv(DATA / "rossi.csv"), "fin"
    lung = pd.read_csv(DATA / "lung.csv").dropna(subset=["ph.ecog"])
    lung["ecog"] = lung["ph.ecog"].clip(upper=2).astype(int).astype(str)
    lung["karno"] = lung["ph.karno"].fillna(80).astype(int).astype(str)
    return lung, "sex" if name == "lung" else "ecog"


@pytest.mark.parametrize("name", ["rossi", "lung", "three"])
def test_numbers_differences_and_tests_agree(name: str) -> None:
    data, by = _people(name)
    expected = VALUES[name]
    tests = {variable: TESTS.get(test, "chi-square") for variable, test in expected["test"].items()}
    nonnormal = [variable for variable, test in tests.items() if test == "kruskal"]
    table = table_one(
        data.astype({"sex": str} if "sex" in data else {}),
        by=by,
        variables=list(tests),
        nonnormal=nonnormal,
        tests=tests,
    )
    assert table.p_values.to_dict() == pytest.approx(expected["p"], rel=1e-9)
    assert table.smd.to_dict() == pytest.approx({key: max(pairs) for key, pairs in expected["smd"].items()}, rel=1e-9)
    found = table.numbers.set_index(["variable", "group"])
    for key, (n, mean, sd, low, middle, high) in expected["numbers"].items():
        row = found.loc[tuple(key.split("|"))]
        assert row[["n", "mean", "sd"]].to_list() == pytest.approx([n, mean, sd], rel=1e-12)
        if key.split("|")[0] in nonnormal:
            assert row[["q1", "median", "q3"]].to_list() == [low, middle, high]
