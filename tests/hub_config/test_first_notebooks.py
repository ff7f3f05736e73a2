"""Each person is given the shipped notebooks once; what is theirs is never written over."""

import os
from pathlib import Path

import pytest

from hub_config.first_notebooks import give_notebooks


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "shipped"
    (root / "tutorials" / "pictures").mkdir(parents=True)
    (root / "reports").mkdir()
    (root / "tutorials" / "01.ipynb").write_text("first")
    (root / "tutorials" / ".gitkeep").write_text("")
    (root / "tutorials" / "pictures" / "a.svg").write_text("<svg/>")
    (root / "reports" / "safety.ipynb").write_text("report")
    monkeypatch.setattr("hub_config.first_notebooks.notebooks_dir", lambda: root)
    return root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "ada"
    folder.mkdir()
    return folder


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "ada.json"


def test_a_new_person_finds_tutorials_and_report_templates(shipped: Path, folder: Path, record: Path) -> None:
    give_notebooks(folder, record)
    found = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    assert found == ["report-templates/safety.ipynb", "tutorials/01.ipynb", "tutorials/pictures/a.svg"]
    assert os.access(folder / "tutorials" / "01.ipynb", os.W_OK)


def test_changed_and_deleted_ones_stay_as_they_are(shipped: Path, folder: Path, record: Path) -> None:
    give_notebooks(folder, record)
    (folder / "tutorials" / "01.ipynb").write_text("my work")
    (folder / "report-templates" / "safety.ipynb").unlink()
    (shipped / "tutorials" / "01.ipynb").write_text("second edition")
    give_notebooks(folder, record)
    assert (folder / "tutorials" / "01.ipynb").read_text() == "my work"
    assert not (folder / "report-templates" / "safety.ipynb").exists()


def test_new_ones_of_a_later_version_arrive(shipped: Path, folder: Path, record: Path) -> None:
    give_notebooks(folder, record)
    (shipped / "tutorials" / "02.ipynb").write_text("second")
    give_notebooks(folder, record)
    assert (folder / "tutorials" / "02.ipynb").read_text() == "second"


def test_a_file_that_was_there_before_is_kept(shipped: Path, folder: Path, record: Path) -> None:
    (folder / "tutorials").mkdir()
    (folder / "tutorials" / "01.ipynb").write_text("older work")
    give_notebooks(folder, record)
    assert (folder / "tutorials" / "01.ipynb").read_text() == "older work"


def test_nothing_is_written_through_a_link(shipped: Path, folder: Path, record: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / "tutorials").symlink_to(elsewhere)
    (folder / "report-templates").mkdir()
    (folder / "report-templates" / "safety.ipynb").symlink_to(elsewhere / "made-by-link")
    give_notebooks(folder, record)
    assert list(elsewhere.iterdir()) == []


def test_a_damaged_record_overwrites_nothing(shipped: Path, folder: Path, record: Path) -> None:
    give_notebooks(folder, record)
    (folder / "tutorials" / "01.ipynb").write_text("my work")
    record.write_text("{")
    give_notebooks(folder, record)
    assert (folder / "tutorials" / "01.ipynb").read_text() == "my work"


def test_a_folder_that_cannot_be_written_keeps_nobody_from_working(
    shipped: Path, folder: Path, record: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "tutorials").write_text("a file where the folder should be")
    give_notebooks(folder, record)
    assert (folder / "report-templates" / "safety.ipynb").exists()
    assert "could not be given" in caplog.text
