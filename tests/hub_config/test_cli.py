"""The root command: how words, results and errors reach a person or a program."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from hub_config import cli
from hub_config.errors import HubError


def run(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hub_config.cli", *words], capture_output=True, text=True, check=False, env=env
    )


class NotTodayError(HubError):
    """A failure made for these tests."""

    code = "TEST-NOT-TODAY"
    exit_code = 49


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> dict[str, click.Command]:
    """Give the root these commands instead of the installed ones."""

    class Entry:
        def __init__(self, name: str) -> None:
            self.name = name

        def load(self) -> click.Command:
            command = known[self.name]
            if isinstance(command, Exception):
                raise command
            return command

    known: dict[str, click.Command] = {}

    def entries(*, group: str, name: str | None = None) -> list[Entry]:
        assert group == "cohorthub.commands"
        return [Entry(word) for word in known if name in {None, word}]

    monkeypatch.setattr(cli, "entry_points", entries)
    return known


def exit_of(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    return ended.value.code if isinstance(ended.value.code, int) else 0


def test_a_wrong_word_names_the_nearest_right_one():
    result = run("completoin")
    assert result.returncode == 2
    assert "Did you mean 'completion'?" in result.stderr


def test_a_wrong_word_below_a_group_names_the_nearest_right_one(commands, capsys):
    commands["thing"] = click.Group("thing", commands={"inspect": click.Command("inspect")})
    assert exit_of("thing", "inspekt") == 2
    assert "Did you mean 'inspect'?" in capsys.readouterr().err


def test_json_errors_are_one_document_on_stdout():
    result = run("completion", "tcsh", "--json")
    assert result.returncode == 2
    assert json.loads(result.stdout)["error"]["code"] == "USAGE"


def test_every_command_is_given_home_and_json(commands, tmp_path, capsys):
    @click.command("where")
    @click.pass_obj
    def where(session: cli.Session) -> None:
        session.emit({"home": str(session.home)}, f"home is {session.home}")

    commands["where"] = where
    assert exit_of("where", "--json", "--home", str(tmp_path)) == 0
    assert json.loads(capsys.readouterr().out) == {"home": str(tmp_path)}
    assert exit_of("where", "--home", str(tmp_path)) == 0
    assert capsys.readouterr().out == f"home is {tmp_path}\n"


def test_the_home_comes_from_the_environment_when_not_given(commands, tmp_path, capsys, monkeypatch):
    @click.command("where")
    @click.pass_obj
    def where(session: cli.Session) -> None:
        session.emit({}, str(session.home))

    commands["where"] = where
    monkeypatch.setenv("COHORTHUB_HOME", str(tmp_path / "elsewhere"))
    exit_of("where")
    assert Path(capsys.readouterr().out.strip()) == tmp_path / "elsewhere"


def test_a_known_failure_is_one_line_with_its_code_and_exit_code(commands, capsys):
    @click.command("fail")
    def fail() -> None:
        raise NotTodayError("the hub is asleep; found night. Come back tomorrow.")

    commands["fail"] = fail
    assert exit_of("fail") == 49
    captured = capsys.readouterr()
    assert captured.err == "error [TEST-NOT-TODAY]: the hub is asleep; found night. Come back tomorrow.\n"
    assert captured.out == ""


def test_an_unforeseen_error_shows_no_traceback_and_none_of_its_values(commands, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    @click.command("fail")
    def fail() -> None:
        raise KeyError("person 4711, born 1950-01-01")

    commands["fail"] = fail
    assert exit_of("fail") == cli.INTERNAL
    captured = capsys.readouterr()
    assert "4711" not in captured.err
    assert "Traceback" not in captured.err
    (kept,) = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "4711" in kept.read_text(encoding="utf-8")


def test_a_command_whose_half_is_missing_says_which_package_it_lacks(commands, capsys):
    commands["data"] = ModuleNotFoundError("No module named 'duckdb'", name="duckdb")  # type: ignore[assignment]
    assert exit_of("data", "import", "--name", "x") == 31
    assert "duckdb" in capsys.readouterr().err
    assert exit_of("--help") == 0
    assert "not available here" in capsys.readouterr().out


def test_the_result_an_exit_code_says_no_is_passed_on(commands):
    @click.command("check")
    def check() -> int:
        return 1

    commands["check"] = check
    assert exit_of("check") == 1


def test_no_words_at_all_show_the_help_and_are_misuse():
    result = run()
    assert result.returncode == 2
    assert result.stderr.startswith("Usage: cohorthub")
    assert "error [" not in result.stderr


SAYS_NO = """
import click
from hub_config import cli

@click.command()
@click.pass_obj
def check(session):
    session.say("looking")
    session.say("still looking")
    session.emit({}, "found something")
    return 57

cli.AssembledGroup.get_command = lambda *_: check
cli.AssembledGroup.list_commands = lambda *_: ["check"]
cli.main(["check"])
"""


@pytest.mark.parametrize("gone", ["stdout", "stderr"])
def test_a_reader_that_has_gone_changes_no_exit_code(gone):
    reader, writer = os.pipe()
    os.close(reader)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, gone: writer}
    done = subprocess.run([sys.executable, "-c", SAYS_NO], **streams, text=True, check=False)
    os.close(writer)
    assert done.returncode == 57
    if gone == "stderr":
        assert done.stdout == "found something\n"
    else:
        assert done.stderr == "looking\nstill looking\n"


def test_a_failure_keeps_its_exit_code_when_nobody_reads_it():
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "hub_config.cli", "completion", "tcsh", "--json"]
    done = subprocess.run(words, stdout=writer, stderr=writer, check=False)
    os.close(writer)
    assert done.returncode == 2
