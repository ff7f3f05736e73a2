"""Values of the Python package tableone for tests/golden/test_table_one_against_tableone.py.

Run once, from the folder of this script, in an environment with tableone 0.9.6: python tableone_values.py
Data: ../data/lung.csv and ../data/rossi.csv; where they are from is said in ../data/survival_reference.R.
"""

import json
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from tableone import TableOne

rossi = pd.read_csv("../data/rossi.csv")
lung = pd.read_csv("../data/lung.csv").dropna(subset=["ph.ecog"])
lung["ecog"] = lung["ph.ecog"].clip(upper=2).astype(int).astype(str)
lung["karno"] = lung["ph.karno"].fillna(80).astype(int).astype(str)


def of(frame, by, categorical, nonnormal, numbers):
    table = TableOne(
        frame,
        columns=[*numbers, *nonnormal, *categorical],
        categorical=categorical,
        nonnormal=nonnormal,
        groupby=by,
        smd=True,
        pval=True,
    )
    described = table.cont_describe
    return {
        "smd": {
            name: [abs(value) for value in row]
            for name, row in zip(table.smd_table.index, table.smd_table.to_numpy(), strict=True)
        },
        "p": {name: float(value) for name, value in table.htest_table["P-Value"].items()},
        "test": table.htest_table["Test"].to_dict(),
        "numbers": {
            f"{name}|{group}": [
                float(described.loc[name, (f, group)]) for f in ("count", "mean", "std", "q25", "median", "q75")
            ]
            for name in described.index
            for group in described["mean"].columns
        },
    }


values = {
    "made_by": {name: version(name) for name in ("tableone", "pandas", "scipy", "numpy")},
    "rossi": of(rossi, "fin", ["race", "mar", "paro"], ["prio"], ["age"]),
    "lung": of(lung, "sex", ["ecog", "karno"], ["meal.cal"], ["age", "wt.loss"]),
    "three": of(lung, "ecog", ["sex", "karno"], ["meal.cal"], ["age", "wt.loss"]),
}
Path("../data/tableone.json").write_text(json.dumps(values, indent=1))
