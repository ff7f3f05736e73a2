"""The cohorts that forms offer are those that the library finds: both sides know the same names and the same folder."""

from pathlib import Path

from analysis_lib.report.shipped.definitions import COHORTS_VARIABLE, shipped_definitions
from hub_config.reports.desk.choices import SHIPPED_COHORTS
from hub_config.reports.execution.kernel_environment import kernel_environment


def test_the_platform_knows_the_definitions_that_come_with_the_library():
    assert list(SHIPPED_COHORTS) == shipped_definitions()


def test_a_report_without_a_project_is_told_of_the_definitions_of_the_home(tmp_path: Path):
    told = kernel_environment({}, run_dir=tmp_path, home=tmp_path, scratch=tmp_path)
    assert told[COHORTS_VARIABLE] == str(tmp_path / "cohorts")
    told = kernel_environment({COHORTS_VARIABLE: "/own"}, run_dir=tmp_path, home=tmp_path, scratch=tmp_path)
    assert told[COHORTS_VARIABLE] == "/own"
