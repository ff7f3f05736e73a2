"""Finding and inspecting templates; what is no report is refused."""

import json
import os
from pathlib import Path

import pytest

from hub_config.errors import ParametersCellError, TemplateNotFoundError, TemplateUnreadableError
from hub_config.reports import find_template, inspect_template, shipped_templates

from ..conftest import Bench, code, notebook, parameters, text


def test_a_template_tells_title_description_and_cells(bench: Bench):
    path = bench.template(
        text("Some words before.\n\n# Steps *per* day\n\nHow many steps\ndo people walk?\n\nMore."),
        parameters(),
        code(""),
        code("1"),
    )
    found = inspect_template(path)
    assert (found.name, found.title, found.n_cells) == ("steps", "Steps per day", 2)
    assert found.kernel_name == "cohort-analysis"
    assert len(found.sha256) == 64
    assert json.loads(json.dumps(found.to_dict()))["parameters"][0]["name"] == "days"


def test_the_description_is_the_first_paragraph_below_the_title(bench: Bench):
    path = bench.template(text("# Steps\n\nHow many steps\ndo people walk?\n\nMore.\n\n## Next"), parameters())
    assert inspect_template(path).description == "How many steps do people walk?"


@pytest.mark.parametrize(
    ("cells", "count"),
    [([code("1")], "no cell"), ([parameters(), parameters()], "2 cells"), ([], "no cell")],
)
def test_a_template_has_one_parameters_cell(bench: Bench, cells: list[dict[str, object]], count: str):
    with pytest.raises(ParametersCellError, match=f"{count} tagged 'parameters', wanted one"):
        inspect_template(bench.template(*cells))


def test_the_parameters_cell_is_code(bench: Bench):
    cell = text("days: int = 7") | {"metadata": {"tags": ["parameters"]}}
    with pytest.raises(ParametersCellError, match="is markdown"):
        inspect_template(bench.template(cell))


GOOD = notebook(parameters())


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "not JSON"),
        ("hello", "not JSON"),
        ("[1, 2]", "another kind"),
        ("{}", "without a notebook's nbformat number"),
        (json.dumps({"nbformat": "four"}), "nbformat number"),
        (json.dumps(GOOD | {"nbformat": 5}), "newer Jupyter"),
        (json.dumps(GOOD | {"nbformat_minor": 99}), "newer Jupyter"),
        (json.dumps(GOOD | {"cells": 3}), "not a valid notebook"),
        (json.dumps(GOOD | {"cells": [{"cell_type": "strange"}]}), "not a valid notebook"),
        (json.dumps(GOOD | {"metadata": []}), "nbformat number"),
        (json.dumps({"nbformat": 3, "worksheets": 1}), "not a valid notebook"),
        ("[" * 200_000, "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"\x80\x04\x95pickle", "not JSON"),
    ],
)
def test_a_file_that_is_no_readable_notebook_is_refused(tmp_path: Path, content: str | bytes, found: str):
    path = tmp_path / "x.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TemplateUnreadableError, match=found):
        inspect_template(path)


def test_a_pipe_a_folder_and_a_missing_file_are_refused_without_waiting(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    for name in ("pipe.ipynb", "folder.ipynb", "missing.ipynb"):
        with pytest.raises(TemplateUnreadableError):
            inspect_template(tmp_path / name)


def test_an_old_notebook_of_format_3_is_read(tmp_path: Path):
    cell = {
        "cell_type": "code",
        "input": "days: int = 7",
        "language": "python",
        "outputs": [],
        "metadata": {"tags": ["parameters"]},
    }
    old = {"metadata": {}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": [cell], "metadata": {}}]}
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(old))
    assert inspect_template(path).parameters[0].name == "days"


def test_nothing_in_a_template_is_executed_when_it_is_inspected(bench: Bench):
    mark = bench.path / "executed"
    inspect_template(bench.template(parameters(), code(f"open({str(mark)!r}, 'w')")))
    assert not mark.exists()


def test_a_template_is_found_by_path_and_by_name_in_the_current_folder(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    path = bench.template(parameters(), name="mine")
    monkeypatch.chdir(bench.path)
    for word in (str(path), "mine.ipynb", "mine", "./mine"):
        assert find_template(word) == path


def test_shipped_templates_are_found_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    for path in shipped_templates():
        assert find_template(path.stem) == path
        assert inspect_template(path).parameters


@pytest.mark.parametrize("word", ["", "nothing-like-this", "../../etc", "a" * 5000, "x\0y", "/", ".", "a/../b"])
def test_a_word_that_names_no_template_is_refused_with_the_shipped_names(word: str):
    with pytest.raises(TemplateNotFoundError, match="shipped are"):
        find_template(word)


def test_the_name_nearest_to_a_shipped_one_is_offered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "comparative_safety.ipynb").write_text("{}")
    monkeypatch.setattr("hub_config.reports.templates.templates.notebooks_dir", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TemplateNotFoundError, match=r"Did you mean comparative_safety\?"):
        find_template("comparative_saftey")
