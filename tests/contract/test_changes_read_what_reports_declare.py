"""What the platform finds changed is what a report of the library declared otherwise: for every kind of result."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis_lib.report import Report, table_one
from hub_config.reports.changes import check_alerts, parse_alert, what_changed
from hub_config.reports.changes.what_changed import Changes

from .test_results_have_one_shape import RESULTS, people  # noqa: F401 - the people are a fixture


def declared(folder: Path, result: Any) -> Path:
    folder.mkdir()
    Report(title="All", run_dir=folder).add("it", result, title="It")
    return folder


def compared(tmp_path: Path, before: Any, after: Any) -> Changes:
    return what_changed(declared(tmp_path / "before", before), declared(tmp_path / "after", after))


@pytest.mark.parametrize("kind", RESULTS)
def test_a_result_made_twice_has_not_changed_and_its_rows_are_told_apart(
    people: pd.DataFrame,  # noqa: F811
    tmp_path: Path,
    kind: str,
) -> None:
    found = compared(tmp_path, RESULTS[kind](people), RESULTS[kind](people))
    assert not found.is_changed
    assert found.all_remarks == ()
    assert found.tables
    for table in found.tables:
        assert table.n_cells_compared > 0
        assert table.rows_before == table.rows_after > 0


@pytest.mark.parametrize("kind", ["CoxResult", "GlmResult", "IncidenceRates", "EffectMeasures"])
def test_a_result_of_other_people_differs_by_what_pandas_finds(
    people: pd.DataFrame,  # noqa: F811
    tmp_path: Path,
    kind: str,
) -> None:
    before, after = RESULTS[kind](people), RESULTS[kind](people.iloc[:-7])
    found = compared(tmp_path, before, after)
    table = found.tables[0]
    old, new = before.to_frame(), after.to_frame()
    apart = ~np.isclose(old.select_dtypes("number"), new.select_dtypes("number"), rtol=1e-9, atol=0, equal_nan=True)
    assert table.n_cells_changed == apart.sum() > 0
    biggest = (
        new - old if kind in {"CoxResult", "GlmResult"} else new.select_dtypes("number") - old.select_dtypes("number")
    )
    in_document = sorted(d.difference for c in table.cells for d in c.differences)
    by_pandas = biggest.select_dtypes("number").to_numpy()[apart]
    np.testing.assert_allclose(in_document, np.sort(by_pandas), rtol=1e-9)
    assert {c.label: (c.difference.before, c.difference.after) for c in found.counts if c.kind == "persons"}["all"] == (
        before.persons["all"],
        after.persons["all"],
    )


def test_a_table_one_is_compared_line_by_line(people: pd.DataFrame, tmp_path: Path) -> None:  # noqa: F811
    variables = ["age", "old", "event", "x"]
    before = table_one(people, by="arm", variables=variables, nonnormal=["age"])
    changed = people.assign(old=people["old"].where(people.index != 5, "60+" if people["old"][5] == "<60" else "<60"))
    after = table_one(changed, by="arm", variables=variables, nonnormal=["age"])
    found = compared(tmp_path, before, after)
    table = found.tables[0]
    assert table.remarks == ()
    assert {cell.row[0].partition(":")[0] for cell in table.cells} == {"Old, n (%)"}
    arm = people["arm"][5]
    counts = {cell.row[0]: cell.differences[0].difference for cell in table.cells if cell.column == arm}
    assert sorted(counts.values()) == [-1, 1]
    (young,) = check_alerts(
        [parse_alert(f'it["<60","{arm}"] changed')], before=tmp_path / "before", after=tmp_path / "after"
    )
    assert (young.state, young.difference.before) == (
        "fired",
        int(((people["arm"] == arm) & (people["old"] == "<60")).sum()),
    )
