"""Tutorials executed for real, in the kernel that researchers get, on GiBleed."""

import time
from typing import Any

import nbformat
import pytest

from hub_config.shipped import notebooks_dir

MINUTES_FOR_A_TUTORIAL = 2


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
