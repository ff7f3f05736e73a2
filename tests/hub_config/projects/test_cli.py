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


@pytest.fixture
def typed(call: Callable[..., Result], home: Path) -> Callable[..., Result]:
    """Call a command about secrets of a project that there is, with something on standard input."""
    assert call(*NEW).exception is None

    def invoke(*words: str, text: str | bytes = "") -> Result:
        session = Session(home=home, as_json=True)
        return CliRunner().invoke(group, ["secret", *words], obj=session, standalone_mode=False, input=text)

    return invoke


def test_a_secret_is_read_from_standard_input_kept_private_and_never_shown(typed, home):
    written = typed("set", "ward-quality", "login", text="correct-horse\n")
    assert json.loads(written.stdout) == {"project": "ward-quality", "secret": "login", "replaced": False}
    file = home / "projects" / "ward-quality" / "secrets" / "login"
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("correct-horse", 0o600)
    assert json.loads(typed("set", "ward-quality", "login", text="battery-staple").stdout)["replaced"] is True
    shown = typed("list", "ward-quality")
    assert json.loads(shown.stdout)["secrets"] == ["login"]
    assert file.read_text() == "battery-staple"
    assert not any("horse" in one.output or "staple" in one.output for one in (written, shown))
    assert [one.name for one in file.parent.iterdir()] == ["login"]
    assert json.loads(typed("remove", "ward-quality", "login").stdout)["removed"] is True
    assert typed("remove", "ward-quality", "login").return_value == 1
    assert list(file.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("a/b", "x" * 9), ("..", "x" * 9), ("", "x" * 9), ("login", "short"), ("login", ""), ("login", "y" * 70_000),
     ("login", "nul\0nul-nul"), (".hidden", "x" * 9)],
)  # fmt: skip
def test_a_secret_that_could_not_be_used_is_refused_without_repeating_it(typed, home, name, value):
    refused = typed("set", "ward-quality", name, text=value)
    assert isinstance(refused.exception, ProjectError)
    assert value == "" or value not in str(refused.exception)
    assert list((home / "projects" / "ward-quality" / "secrets").iterdir()) == []


def test_secrets_of_no_project_are_refused_and_a_link_is_not_followed(typed, home, tmp_path):
    assert isinstance(typed("set", "nowhere", "login", text="correct-horse").exception, ProjectNotFoundError)
    secrets = home / "projects" / "ward-quality" / "secrets"
    secrets.rmdir()
    secrets.symlink_to(tmp_path)
    assert isinstance(typed("set", "ward-quality", "login", text="correct-horse").exception, ProjectError)
    assert not (tmp_path / "login").exists()
