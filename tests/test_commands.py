"""Promises that every command keeps: an example in its help, --home and --json, the nearest word for a wrong one."""

import importlib.metadata
import subprocess
import sys

import click
import pytest

from hub_config.cli import root


def walk(command: click.Command, words: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(words, command)]
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=words[-1] if words else "cohorthub")
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None, name
            found += walk(child, (*words, name))
    return found


def cohorthub(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hub_config.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def every() -> dict[tuple[str, ...], click.Command]:
    """All commands and groups, by the words that call them."""
    return dict(walk(root, ()))


@pytest.fixture(scope="module")
def leaves(every) -> dict[tuple[str, ...], click.Command]:
    return {words: command for words, command in every.items() if not isinstance(command, click.Group)}


def test_every_declared_entry_point_loads():
    for entry in importlib.metadata.entry_points(group="cohorthub.commands"):
        assert isinstance(entry.load(), click.Command), entry


def test_the_commands_of_the_readme_are_there(leaves):
    spoken = {
        ("up",),
        ("down",),
        ("doctor",),
        ("data", "import", "omop"),
        ("data", "list"),
        ("data", "check"),
        ("data", "report"),
    }
    assert spoken | {("report", "run"), ("report", "inspect")} <= leaves.keys()


def test_every_help_has_an_example(every):
    without = [
        words
        for words, command in every.items()
        if "Example: cohorthub" not in command.get_help(click.Context(command, info_name=" ".join(words)))
    ]
    assert without == []


def test_every_command_takes_home_and_json(leaves):
    options = {words: {option for p in command.params for option in p.opts} for words, command in leaves.items()}
    assert [words for words, there in options.items() if not {"--home", "--json"} <= there] == []


def test_every_option_is_explained(leaves):
    silent = [
        (words, p.name)
        for words, command in leaves.items()
        for p in command.params
        if isinstance(p, click.Option) and not p.help
    ]
    assert silent == []


def test_a_wrong_word_names_the_nearest_right_one(every):
    for words, group in every.items():
        if not isinstance(group, click.Group):
            continue
        right = group.list_commands(click.Context(group))[0]
        done = cohorthub(*words, right[:-1] + "q")
        assert (done.returncode, done.stdout) == (2, ""), words
        assert f"Did you mean '{right}'?" in done.stderr, words
        assert "Traceback" not in done.stderr, words
