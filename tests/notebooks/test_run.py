"""Tutorials and reports executed for real, in the kernel that researchers get, on GiBleed."""

import json
import re
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from hub_config.kernels import KERNEL_NAME, ensure_kernel
from hub_config.shipped import notebooks_dir

MINUTES_FOR_A_TUTORIAL = 2
CELL_SECONDS = 200


@pytest.fixture
def run_notebook(gibleed_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Execute a shipped notebook in a folder of its own; give it back with its outputs."""
    monkeypatch.setenv("JUPYTER_PATH", str(ensure_kernel(tmp_path / "home")))
    monkeypatch.setenv("COHORTHUB_DATA", str(gibleed_data))
    monkeypatch.delenv("COHORTHUB_HOME", raising=False)

    def run(name: str, *, run_dir: Path | None = None) -> nbformat.NotebookNode:
        if run_dir is None:
            monkeypatch.delenv("COHORTHUB_RUN_DIR", raising=False)
        else:
            monkeypatch.setenv("COHORTHUB_RUN_DIR", str(run_dir))
        notebook = nbformat.read(notebooks_dir() / name, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = []
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        client = NotebookClient(
            notebook,
            kernel_name=KERNEL_NAME,
            timeout=CELL_SECONDS,
            resources={"metadata": {"path": str(folder)}},
        )
        return client.execute()

    return run


def _shown(cell: Any) -> list[str]:
    return [str(output.get("text") or output.get("data", {}).get("text/plain", "")).strip() for output in cell.outputs]


@pytest.mark.parametrize("name", sorted(p.name for p in (notebooks_dir() / "tutorials").glob("*.ipynb")))
def test_a_tutorial_runs_in_under_two_minutes_and_shows_what_it_showed(run_notebook: Any, name: str) -> None:
    began = time.monotonic()
    ran = run_notebook(f"tutorials/{name}")
    assert time.monotonic() - began < MINUTES_FOR_A_TUTORIAL * 60
    kept = nbformat.read(notebooks_dir() / "tutorials" / name, as_version=4)
    compared = 0
    for before, now in zip(kept.cells, ran.cells, strict=True):
        if "nbval-check-output" in before.metadata.get("tags", []):
            assert _shown(now) == _shown(before)
            compared += 1
    assert compared
    kinds = [
        [(output.output_type, sorted(output.get("data", {}))) for output in cell.get("outputs", [])]
        for cell in ran.cells
    ]
    assert kinds == [
        [(output.output_type, sorted(output.get("data", {}))) for output in cell.get("outputs", [])]
        for cell in kept.cells
    ]


def test_the_report_declares_the_published_numbers(run_notebook: Any, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    run_dir.mkdir()
    run_notebook("reports/comparative_safety.ipynb", run_dir=run_dir)
    declared = json.loads((run_dir / "outputs.json").read_text(encoding="utf-8"))
    numbers = {entry["id"]: entry["value"] for entry in declared["outputs"] if entry["kind"] == "number"}
    assert round(numbers["hazard-ratio"], 5) == 1.34612
    assert round(numbers["log-hazard-ratio"], 5) == 0.29723
    assert {cohort["name"]: cohort["persons"] for cohort in declared["cohorts"]} == {
        "celecoxib": 1800,
        "diclofenac": 830,
    }
    assert all((run_dir / entry["file"]).is_file() for entry in declared["outputs"] if entry["file"])
    assert {entry["kind"] for entry in declared["outputs"]} == {"number", "table", "figure"}
    assert all(entry["persons"] for entry in declared["outputs"])
    estimates = (run_dir / "outputs" / "estimates.csv").read_text(encoding="utf-8")
    low, high = (float(value) for value in re.search(r"1\.34612,([\d.]+),([\d.]+)", estimates).groups())  # type: ignore[union-attr]
    assert (low, high) == (pytest.approx(1.10065, abs=1e-4), pytest.approx(1.65741, abs=1e-4))
