"""Make the reference pages on the command line and the library from the code, when the documentation is built."""

import importlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path

import click

from analysis_lib.cohort.language.attributes import DEMOGRAPHICS, EVENTS, Attribute
from analysis_lib.cohort.language.conditions import OPERATORS
from hub_config.cli import root
from hub_config.settings import Settings
from hub_config.settings.sections import Section

ROOMS_IN_ORDER = (
    *("catalog", "cohort", "cohort.exits", "cohort.language", "cohort.language.computed", "windows", "features"),
    *("models", "models.regression", "models.survival", "models.rates", "models.rates.units", "models.effectiveness"),
    *("models.prediction", "report", "report.shipped", "testing", "compute", "disclosure", "variables", "errors"),
)
WIDTH = 76  # characters of help text that the theme's column holds


def write_reference_pages(folder: Path) -> None:
    """Write the pages into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"command-line.md": command_line(), "library.md": library(), "settings.md": settings()}
    pages["cohort-fields.md"] = cohort_fields()
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
            default = "" if value.default in (None, ()) else f"`{value.default}`"
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
    parts = [
        "# The library\n",
        "Names are imported from the room, never from a module inside it: `from analysis_lib.cohort import …`.\n",
    ]
    for room in (name for name in ROOMS_IN_ORDER if importlib.util.find_spec(f"analysis_lib.{name}")):
        module = importlib.import_module(f"analysis_lib.{room}")
        names = "".join(f"`{name}` · " for name in module.__all__).removesuffix(" · ")
        parts.append(f"## analysis_lib.{room}\n\n{names}\n")
        directive = f".. automodule:: analysis_lib.{room}\n   :members:\n   :imported-members:\n   :show-inheritance:\n"
        parts.append(f"```{{eval-rst}}\n{directive}```\n")
    return "\n".join(parts)


def cohort_fields() -> str:
    """Return the page on what a cohort definition can ask of each table: the fields of `Where`."""
    parts = [
        "# Fields of cohort definitions\n",
        "What `Where` can ask of an event, by its table, and how Circe calls it. [The language](../cohort-language.md)",
        "says what the parts are. A few conditions change nothing, as in Circe:",
        "[these](../../methods/cohorts.md#conditions-that-change-nothing).\n",
        "## Operators\n\n| compared with | operators |\n|---|---|",
        *(f"| {_in_words(kind)} | {', '.join(f'`{word}`' for word in words)} |" for kind, words in OPERATORS.items()),
    ]
    for domain, table in EVENTS.items():
        parts.append(f"\n## {domain}\n\nCirce: `{table.circe}`.")
        if not table.first:
            parts.append("`first` cannot be asked.")
        if table.source:
            parts.append("Takes `source_concept_set`.")
        parts += _field_rows(table.attributes.values())
    parts.append("\n## Demographics\n\nCirce: `DemographicCriteriaList`.")
    parts += _field_rows(DEMOGRAPHICS.values())
    return "\n".join(parts) + "\n"


def _field_rows(attributes: Iterable[Attribute]) -> list[str]:
    rows = [f"| `{one.name}` | {_compared_with(one)} | `{one.circe}` |" for one in attributes]
    return ["\n| field | compared with | in Circe |\n|---|---|---|", *rows] if rows else []


def _compared_with(attribute: Attribute) -> str:
    if attribute.kind != "concepts":
        return _in_words(attribute.kind)
    ways = ["listed concepts"] * attribute.listed + ["a concept set"] * attribute.chosen
    unless = (
        "; `not in` needs a concept set" if attribute.listed and attribute.chosen and not attribute.exclusion else ""
    )
    return " or ".join(ways) + unless


def _in_words(kind: str) -> str:
    return "whole number" if kind == "whole" else kind.replace("_", " ")
