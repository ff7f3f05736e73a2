"""Make the reference pages on the command line and the library from the code, when the documentation is built."""

import importlib
import pkgutil
from pathlib import Path

import click

import analysis_lib
from hub_config.cli import root
from hub_config.settings import Settings
from hub_config.settings.sections import Section

ROOMS_IN_ORDER = ("catalog", "cohort", "features", "models", "report", "compute", "disclosure", "variables", "errors")
WIDTH = 76  # characters of help text that the theme's column holds


def write_reference_pages(folder: Path) -> None:
    """Write the pages into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"command-line.md": command_line(), "library.md": library(), "settings.md": settings()}
    for name, text in pages.items():
        path = folder / name
        # An unchanged page keeps its time, so that a second build has nothing to do.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def command_line() -> str:
    """Return the page on every command: what `--help` prints, in the order of the words."""
    parts = [
        "# Command line\n",
        "Every command also takes `--home DIR` and `--json`; its result goes to stdout, talk and progress to stderr.\n",
        "[Exit codes](../exit-codes.md) say how a command ended.\n",
    ]
    for words, command in walk(root, ("cohorthub",)):
        if len(words) > 1:
            context = click.Context(command, info_name=" ".join(words), max_content_width=WIDTH, terminal_width=WIDTH)
            parts.append(f"{'#' * len(words)} {' '.join(words)}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def settings() -> str:
    """Return the page on `cohorthub.toml`: every section with its keys, defaults and meaning."""
    parts = [
        "# Settings\n",
        "One file, `cohorthub.toml` in the home; nothing in it is required.\n",
        "What is not listed here is an error, and `cohorthub settings check` names it.\n",
    ]
    for name, section in Settings.model_fields.items():
        kind = section.annotation
        assert isinstance(kind, type)
        assert issubclass(kind, Section)
        parts.append(f"## [{name}]\n\n{section.description}\n\n| key | default | meaning |\n|---|---|---|")
        for key, value in kind.model_fields.items():
            default = "" if value.default is None else f"`{value.default}`"
            parts.append(f"| `{key}` | {default} | {value.description} |")
        parts.append("")
    return "\n".join(parts)


def walk(command: click.Command, words: tuple[str, ...]) -> list[tuple[tuple[str, ...], click.Command]]:
    """List `command` and all commands below it, each with the words that call it."""
    found = [(words, command)]
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=words[-1])
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                found.extend(walk(child, (*words, name)))
    return found


def library() -> str:
    """Return the page on every room of the library: its docstring, then the names in its `__all__`."""
    there = {module.name for module in pkgutil.iter_modules(analysis_lib.__path__)}
    parts = [
        "# The library\n",
        "Names are imported from the room, never from a module inside it: `from analysis_lib.cohort import …`.\n",
    ]
    for room in (name for name in ROOMS_IN_ORDER if name in there):
        module = importlib.import_module(f"analysis_lib.{room}")
        names = "".join(f"`{name}` · " for name in module.__all__).removesuffix(" · ")
        parts.append(f"## analysis_lib.{room}\n\n{names}\n")
        directive = f".. automodule:: analysis_lib.{room}\n   :members:\n   :imported-members:\n   :show-inheritance:\n"
        parts.append(f"```{{eval-rst}}\n{directive}```\n")
    return "\n".join(parts)
