"""The page of a project: purpose, members, limits, reports; broken files for operators."""

import pytest

from .conftest import PROJECT, Bench


def break_file(bench: Bench) -> None:
    folder = bench.home / "projects" / "sick"
    folder.mkdir(mode=0o700)
    (folder / "project.toml").write_text('title = "Sick"\ncolour = "red"\n[members]\nkim = "lead"\n')
    (folder / "project.toml").chmod(0o600)


@pytest.mark.parametrize(
    ("language", "button", "role"), [("en", "New report", "lead kim"), ("ko", "새 보고서", "책임자 kim")]
)
def test_it_tells_what_the_project_is_and_offers_a_new_report(
    bench: Bench, language: str, button: str, role: str
) -> None:
    page = bench.reader("lee", language).get("projects/wards")
    assert "Ward <b>quality</b>" in page.words
    assert "<b>quality" not in page.text
    assert "To see how wards do." in page.words
    assert role in page.words
    assert "ops, ward-desk" in page.words
    assert button in page.words
    assert button not in bench.reader("rho", language).get("projects/wards").words


def test_its_reports_are_listed_with_schedule_and_marks(bench: Bench) -> None:
    bench.save(schedule=["0 7 * * *"])
    bench.save("lee", approve=False, schedule=["0 8 * * *"])
    page = bench.reader("rho").get("projects/wards")
    assert "every day at 07:00, Asia/Seoul" in page.words
    assert "needs approval" in page.words
    assert "/projects/wards/reports/monthly" in page.text


def test_strangers_do_not_learn_that_it_exists(bench: Bench) -> None:
    assert bench.reader("max").get("projects/wards").status == 404
    assert bench.reader("max").get("projects/none").status == 404


def test_broken_files_are_told_to_operators_and_to_nobody_else(bench: Bench) -> None:
    break_file(bench)
    operator, kim = bench.reader("operator"), bench.reader("kim")
    assert "colour" in operator.get("projects/sick").words
    assert "colour" in operator.get("projects/wards").words
    assert kim.get("projects/sick").status == 404
    assert "colour" not in kim.get("projects/wards").words


def test_a_project_that_has_ended_offers_nothing_new(bench: Bench) -> None:
    file = bench.folder / "project.toml"
    file.write_text(PROJECT.replace("[members]", "expires = 2026-01-31\n\n[members]"), encoding="utf-8")
    page = bench.reader("kim").get("projects/wards")
    assert "has ended" in page.words
    assert "New report" not in page.words
