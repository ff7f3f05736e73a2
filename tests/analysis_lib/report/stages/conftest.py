"""Stages in a folder of their own."""

from pathlib import Path

import pytest


@pytest.fixture
def stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name a folder for kept results, as a runner does; it is made when something is kept."""
    folder = tmp_path / "stages"
    monkeypatch.setenv("COHORTHUB_STAGES", str(folder))
    return folder


@pytest.fixture
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the folder of a run."""
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setenv("COHORTHUB_RUN_DIR", str(folder))
    return folder
