"""`cohorthub project`: list, check, show, new."""

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from hub_config.cli import Session
from hub_config.projects import load_project
from hub_config.projects.cli import project as group
from hub_config.projects.errors import ProjectError, ProjectNotFoundError


@pytest.fixture
def call(home: Path) -> Callable[..., Result]:
    def invoke(*words: str, as_json: bool = False) -> Result:
        session = Session(home=home, as_json=as_json)
        return CliRunner().invoke(group, list(words), obj=session, standalone_mode=False)

    return invoke


NEW = ("new", "ward-quality", "--title", 'Ward "quality" 병동', "--lead", "ada")


def test_a_new_project_is_private_and_can_be_read_back(call, home):
    made = call(*NEW, "--analyst", "grace", "--dataset", "ehr", "--timezone", "Asia/Seoul", "--purpose", "a\nb")
    assert made.exception is None, made.exception
    assert "there is no account ada yet" in made.stderr
    folder = home / "projects" / "ward-quality"
    project = load_project(folder)
    assert project.title == 'Ward "quality" 병동'
    assert project.members == {"ada": "lead", "grace": "analyst"}
    assert project.may_use("ehr")
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "project.toml": 0o600,
        "runs": 0o700,
        "secrets": 0o700,
    }
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_name_that_is_taken_or_wrong_makes_nothing(call, home):
    call(*NEW)
    before = sorted(str(path) for path in (home / "projects").rglob("*"))
    assert isinstance(call(*NEW).exception, ProjectError)
    assert isinstance(call("new", "../x", "--title", "T", "--lead", "ada").exception, ProjectError)
    assert isinstance(call("new", "x", "--title", "a\nb", "--lead", "ada").exception, ProjectError)
    assert isinstance(call("new", "x", "--title", "\udcff", "--lead", "ada").exception, ProjectError)
    assert isinstance(call("new", "x", "--title", "T", "--lead", "ada", "--account", "root").exception, ProjectError)
    assert isinstance(call("new", "x", "--title", "T").exception, click.UsageError)
    assert sorted(str(path) for path in (home / "projects").rglob("*")) == before


def test_a_dry_run_shows_the_file_and_makes_nothing(call, home):
    shown = call(*NEW, "--dry-run")
    assert "[members]" in shown.stdout
    assert list((home / "projects").iterdir()) == []


def test_the_list_also_has_what_cannot_be_used(call, write_project):
    assert "no projects" in call("list").stdout
    write_project("good")
    write_project("broken", "title = ")
    assert "Ward quality" in call("list").stdout
    assert json.loads(call("list", as_json=True).stdout) == {
        "projects": [{"name": "good", "title": "Ward quality"}],
        "refused": ["broken"],
    }


def test_check_says_no_with_the_reason(call, write_project):
    write_project("good")
    assert call("check").return_value == 0
    write_project("broken", "title = ")
    checked = call("check")
    assert checked.return_value == 1
    assert "good: valid" in checked.stdout
    assert "broken: project.toml is not TOML" in checked.stdout
    assert call("check", "good").return_value == 0
    assert "did you mean good?" in str(call("check", "god").exception)


def test_show_lists_every_setting_with_its_default(call, write_project):
    write_project("good")
    shown = call("show", "good").stdout
    assert "limits.max_queued  500" in shown
    assert "expires  (not set)" in shown
    document = json.loads(call("show", "good", as_json=True).stdout)
    assert document["project"]["members"] == {"ada": "lead"}
    write_project("broken", "title = ")
    assert isinstance(call("show", "broken").exception, ProjectError)
    assert isinstance(call("show", "absent").exception, ProjectNotFoundError)


def test_without_a_home_nothing_is_made(tmp_path):
    session = Session(home=tmp_path / "absent")
    for words in (["list"], ["check"], list(NEW)):
        refused = CliRunner().invoke(group, words, obj=session, standalone_mode=False).exception
        assert "there is no home yet" in str(refused)
    assert not (tmp_path / "absent").exists()
