"""The book of projects, asked for names that people write into addresses."""

import pytest

from hub_config.reports.desk import ProjectBook


@pytest.mark.parametrize("name", ["~", "~4", "~-", "~Kim", "~kim/..", "~kim\n", "~병동", "~" + "k" * 33, "~~kim"])
def test_no_personal_project_belongs_to_a_name_that_no_account_can_have(bench, name):
    assert ProjectBook(bench.home).get(name) is None


def test_everybody_with_an_account_name_has_a_project(bench):
    project = ProjectBook(bench.home).get("~kim")
    assert project is not None
    assert project.account == "kim"


def test_a_persons_own_project_is_not_called_broken_once_it_has_runs(bench):
    (bench.home / "projects" / "~kim" / "runs").mkdir(parents=True, mode=0o700)
    book = ProjectBook(bench.home)
    assert book.refused() == {}
    assert book.get("~kim") is not None
