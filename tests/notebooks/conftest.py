"""Notebooks executed for real, in the kernel that researchers get."""

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from hub_config.kernels import KERNEL_NAME, ensure_kernel
from hub_config.shipped import notebooks_dir

CELL_SECONDS = 200

RunNotebook = Callable[..., nbformat.NotebookNode]


@pytest.fixture
def run_notebook(gibleed_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunNotebook:
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
