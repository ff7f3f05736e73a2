"""Which notebooks of a project can be chosen as a template: its own, and none that a definition may not name."""

from pathlib import Path

from hub_config.reports.definitions.template_paths import locate_template, templates_in


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")


def test_notebooks_of_the_project_are_listed_as_a_definition_names_them(tmp_path: Path) -> None:
    good = ["b.ipynb", "a/한글.ipynb", "a/b/c/d/deep.ipynb", "a/runs/x.ipynb"]
    write(tmp_path, *good, "runs/r-1/report.ipynb", "secrets/x.ipynb", ".hidden/x.ipynb", ".x.ipynb", "notes.txt")
    write(tmp_path, "a/b/c/d/e/too-deep.ipynb", "{brace}.ipynb", " padded.ipynb")
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "b.ipynb")
    (tmp_path / "linked").symlink_to(tmp_path / "a")
    found = templates_in(tmp_path)
    assert found == sorted(good)
    assert all(locate_template(name, folder=tmp_path).is_file() for name in found)


def test_a_folder_that_is_not_there_or_is_very_large_holds_nobody_up(tmp_path: Path) -> None:
    assert templates_in(tmp_path / "none") == []
    write(tmp_path, *(f"{number:04d}.ipynb" for number in range(2_100)))
    assert len(templates_in(tmp_path)) == 2_000
