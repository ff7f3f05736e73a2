"""Outputs that count few people are found, and named without the counts."""

from pathlib import Path

from analysis_lib.report import Report
from analysis_lib.report.shipped import small_counts


def _report(folder: Path, **persons: int) -> Report:
    report = Report(title="Wards", run_dir=folder)
    report.number("rate", 1.5, title="Rate", persons={"all": 40, **persons})
    return report


def test_an_output_with_a_small_count_is_named(tmp_path: Path) -> None:
    found = small_counts(_report(tmp_path, here=4, there=2), fewest=5)
    assert found.outputs == {"Rate": 2}
    assert "Rate: 2" in found.describe()
    assert "Rate: 2" in found._repr_html_()


def test_zero_and_the_fewest_themselves_are_not_small(tmp_path: Path) -> None:
    assert "No output" in small_counts(_report(tmp_path, here=0, there=5), fewest=5).describe()


def test_where_every_count_may_be_shown_none_is_said_to_be_small(tmp_path: Path) -> None:
    assert "told that every count may be shown" in small_counts(_report(tmp_path, here=1), fewest=1).describe()
