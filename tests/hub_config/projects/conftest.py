"""A home with projects, small and readable."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hub_config.home import Home, make_home

ONE = 'title = "Ward quality"\n[members]\nada = "lead"\n'
WriteProject = Callable[..., Path]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = Home(tmp_path / "home")
    make_home(home)
    home.record.write_text('{"layout": 1}')
    (home.path / "projects").mkdir(mode=0o700, exist_ok=True)
    return home.path


@pytest.fixture
def write_project(home: Path) -> WriteProject:
    """Write a project's file below the home; gives its folder."""

    def write(name: str, text: str = ONE) -> Path:
        folder = home / "projects" / name
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "project.toml").write_text(text, encoding="utf-8")
        (folder / "project.toml").chmod(0o600)
        return folder

    return write
