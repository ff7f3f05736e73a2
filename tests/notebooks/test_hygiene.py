"""Committed notebooks: what may stand in them, and in what shape."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from hub_config.shipped import notebooks_dir

NOTEBOOKS = sorted(path for path in notebooks_dir().rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
TUTORIALS = [path for path in NOTEBOOKS if path.parent.name == "tutorials"]
REPORTS = [path for path in NOTEBOOKS if path.parent.name == "reports"]
KERNEL = {"name": "cohort-analysis", "display_name": "Cohort analysis", "language": "python"}
STRIP = ["--keep-count", "--extra-keys", "metadata.papermill cell.metadata.papermill cell.metadata.execution"]
COMPARED = {"nbval-check-output", "keep_output"}
# A path of the machine that ran the notebook, in what the reader is shown.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|tmp|work|usr|var|private|Users)/")


def _id(path: Path) -> str:
    return path.relative_to(notebooks_dir()).as_posix()


every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=_id)


def _code(path: Path) -> list[Any]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def _tags(cell: Any) -> set[str]:
    return set(cell.metadata.get("tags", []))


def test_there_is_a_tutorial_and_a_report() -> None:
    assert {_id(path) for path in NOTEBOOKS} >= {
        "tutorials/01-first-study.ipynb",
        "reports/comparative_safety.ipynb",
    }


@every_notebook
def test_a_notebook_is_valid_and_asks_for_our_kernel_by_name(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata == {"kernelspec": KERNEL, "language_info": {"name": "python"}}


@every_notebook
def test_no_trace_of_an_execution_stays_but_outputs_and_counts(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        assert set(cell.metadata) <= {"tags"}


@every_notebook
def test_cells_are_counted_in_order_because_nbval_compares_nothing_without_counts(path: Path) -> None:
    assert [cell.execution_count for cell in _code(path)] == list(range(1, len(_code(path)) + 1))


@pytest.mark.parametrize("path", sorted(set(NOTEBOOKS) - set(TUTORIALS)), ids=_id)
def test_outputs_stay_only_in_tutorials(path: Path) -> None:
    assert all(cell.outputs == [] for cell in _code(path))


@pytest.mark.parametrize("path", TUTORIALS, ids=_id)
def test_a_tutorial_keeps_what_a_reader_should_see_and_no_error(path: Path) -> None:
    outputs = [output for cell in _code(path) for output in cell.outputs]
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert {"image/png", "text/html"} <= kinds
    assert "error" not in {output.output_type for output in outputs}
    assert "stderr" not in {output.get("name") for output in outputs}


@pytest.mark.parametrize("path", TUTORIALS, ids=_id)
def test_a_tutorial_shows_no_path_of_the_machine_that_ran_it(path: Path) -> None:
    for cell in _code(path):
        for output in cell.outputs:
            texts = [
                str(output.get("text", "")),
                *(str(v) for k, v in output.get("data", {}).items() if "image" not in k),
            ]
            assert not any(MACHINE_PATH.search(text) for text in texts)


@every_notebook
def test_a_cell_to_compare_carries_both_tags_and_an_output(path: Path) -> None:
    for cell in _code(path):
        if _tags(cell) & COMPARED:
            assert _tags(cell) >= COMPARED
            assert cell.outputs


@pytest.mark.parametrize("path", REPORTS, ids=_id)
def test_a_report_begins_with_typed_and_commented_parameters(path: Path) -> None:
    cells = _code(path)
    assert [position for position, cell in enumerate(cells) if "parameters" in _tags(cell)] == [0]
    lines = cells[0].source.splitlines()
    declared = [statement for statement in ast.parse(cells[0].source).body if not isinstance(statement, ast.ImportFrom)]
    assert declared
    for statement in declared:
        assert isinstance(statement, ast.AnnAssign)
        assert re.search(r"  # \S.{5,}", lines[(statement.end_lineno or 0) - 1])


@pytest.mark.parametrize("path", sorted(set(NOTEBOOKS) - set(REPORTS)), ids=_id)
def test_only_reports_have_a_parameters_cell(path: Path) -> None:
    assert not any("parameters" in _tags(cell) for cell in _code(path))


@every_notebook
def test_logic_lives_in_the_library(path: Path) -> None:
    for cell in _code(path):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 5, (
                    "a definition of over five lines belongs in the library"
                )


@every_notebook
def test_stripping_once_more_changes_nothing(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    keep = ["--keep-output"] if path in TUTORIALS else []
    subprocess.run([sys.executable, "-m", "nbstripout", *STRIP, *keep, str(copy)], check=True, timeout=60)
    assert copy.read_bytes() == path.read_bytes()
