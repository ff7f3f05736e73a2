"""Mess on purpose: what was spoilt is what the quality report of an import counts, to the row."""

from pathlib import Path

import pytest

from analysis_lib.catalog import import_omop
from analysis_lib.errors import SyntheticDataError
from analysis_lib.testing import Mess, SyntheticData, synthetic_omop

SHARES = {
    "missing_units": {"unit-missing"},
    "values_out_of_range": {"value-out-of-range"},
    "concept_zero": {"concept-zero"},
    "orphan_persons": {"owner-unknown"},
    "orphan_visits": {"visit-unknown"},
    "impossible_dates": {"date-too-early", "date-in-future", "before-birth", "after-death", "outside-observation"},
    "events_before_birth": {"before-birth", "outside-observation"},
    "events_after_death": {"after-death", "outside-observation"},
    "outside_observation": {"outside-observation"},
    "end_before_start": {"end-before-start"},
    "duplicates": {"row-duplicate"},
    "overlapping_periods": {"period-overlap"},
    "unobserved_persons": {"person-unobserved"},
}
NOTES = {"table-missing", "column-missing", "table-not-in-model"}


def counted(data: SyntheticData, folder: Path) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for finding in import_omop(data.path, name="messy", data=folder).dataset.quality.findings:
        if finding.rule not in NOTES:
            found[finding.rule, finding.table] = found.get((finding.rule, finding.table), 0) + finding.count
    return found


def test_every_kind_of_mess_has_a_test() -> None:
    assert {*SHARES, "header_rows"} == set(Mess.__dataclass_fields__)


@pytest.mark.parametrize(("name", "rules"), SHARES.items())
def test_each_mess_alone_breaks_its_rules_and_no_other(name: str, rules: set[str], tmp_path: Path) -> None:
    mess = Mess(**{name: 0.1})
    data = synthetic_omop(tmp_path / "x.duckdb", persons=1_500, measurements_per_person=20, mess=mess, seed=2)
    assert {rule for rule, _ in data.planned} == rules
    assert counted(data, tmp_path / "data") == data.planned


def test_all_mess_together_is_counted_to_the_row_over_several_blocks(tmp_path: Path) -> None:
    mess = Mess(**dict.fromkeys(SHARES, 0.02), header_rows=True)
    data = synthetic_omop(tmp_path / "x.duckdb", persons=6_000, measurements_per_person=20, mess=mess, wide_ids=True)
    assert counted(data, tmp_path / "data") == data.planned
    assert data.planned_of_rule("header-as-data")["note_nlp"] == 1
    assert data.planned_of_rule("row-duplicate").keys() == {"condition_occurrence", "drug_exposure", "measurement"}


def test_shares_are_kept(tmp_path: Path) -> None:
    mess = Mess(missing_units=0.3)
    data = synthetic_omop(tmp_path / "x.duckdb", persons=2_000, measurements_per_person=20, mess=mess)
    share = data.planned["unit-missing", "measurement"] / data.rows["measurement"]
    assert share == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_what_is_no_share_is_refused(share: float) -> None:
    with pytest.raises(SyntheticDataError, match=r"Mess\.duplicates must be a share"):
        Mess(duplicates=share)
