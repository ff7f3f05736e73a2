"""A known number of rows is spoilt in files of every format; the quality report counts them to the row."""

from pathlib import Path

import pytest

from analysis_lib.catalog import import_omop
from analysis_lib.catalog.quality.findings import RULES
from analysis_lib.testing import Mess, synthetic_omop

SHARES = [name for name in Mess.__dataclass_fields__ if name != "header_rows"]
# What the form of a source brings with it, whatever its rows are.
OF_THE_FORM = {"table-missing", "column-missing", "table-not-in-model"}


@pytest.mark.parametrize("version", ["5.3", "5.4"])
@pytest.mark.parametrize("kind", ["duckdb", "parquet", "csv", "csv.gz"])
def test_the_report_counts_what_was_planted_rule_by_rule_and_table_by_table(
    tmp_path: Path, kind: str, version: str
) -> None:
    mess = Mess(**dict.fromkeys(SHARES, 0.03), header_rows=True)
    data = synthetic_omop(
        tmp_path / "source",
        persons=600,
        seed=11,
        measurements_per_person=15,
        mess=mess,
        format=kind,  # type: ignore[arg-type]
        cdm_version=version,
        wide_ids=True,
    )
    quality = import_omop(data.path, name="messy", data=tmp_path / "data", bucket_count=3).dataset.quality
    counted = {rule: quality.of_rule(rule) for rule in RULES if rule not in OF_THE_FORM}
    assert {rule: n for rule, n in counted.items() if n} == {
        rule: data.planned_of_rule(rule) for rule in {known for known, _ in data.planned}
    }
    assert len({rule for rule, _ in data.planned}) >= 13
