"""`cohorthub report schedule`: from a file to a report definition of a project."""

import re
from pathlib import Path
from typing import Any

import click

from hub_config.reports.command.service_options import Session, client_of, service_options

__all__ = ["schedule"]

MOST_BYTES = 2**18
VERSION = "[0-9a-f]{32}"


@click.command(short_help="Write a report definition of a project from a file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only check, and show when it would be due and what would change.")
@click.option("--approve", is_flag=True, help="Approve it in the same step, as a lead of the project.")
@click.option(
    "--if-version",
    metavar="VERSION",
    callback=lambda _, __, value: _version(value),
    help="Write only over this version, which --dry-run and --json show: what others have written since stays.",
)
@click.option("--new", is_flag=True, help="Write only if the project has no definition of this name.")
@service_options
@click.pass_obj
def schedule(
    session: Session, /, file: Path, *, dry_run: bool, approve: bool, if_version: str | None, new: bool, **options: Any
) -> None:
    """Check the report definition in FILE (TOML or JSON) and write it as a draft, which a lead approves.

    The next five times and the differences to what is approved are shown. All that is wrong is told at once, and then
    nothing is written. Without --if-version or --new it takes the place of whatever is there.

    Example: cohorthub report schedule monthly.toml --project wards --dry-run
    """
    if not options["project"]:
        raise click.UsageError("Say for which project: --project NAME.")
    if new and if_version is not None:
        raise click.UsageError("--new and --if-version contradict each other: what is new has no version.")
    from hub_config.reports.command.printing import change_lines, time_lines
    from hub_config.reports.definitions import read_definition

    definition = read_definition(_content(file), "json" if file.suffix.lower() == ".json" else "toml")
    answer = client_of(session, options).ask(
        "PUT",
        "projects",
        options["project"],
        "definitions",
        definition.name,
        query={"dry_run": "true" if dry_run else None, "approve": "true" if approve else None},
        body=definition.to_document(),
        headers=_conditions(if_version, new=new),
    )
    if not answer["written"]:
        result = f"{answer['name']} can be written; nothing was, as this is a dry run."
        result += f" Version {answer['version']} stands there now." if answer.get("version") else ""
    elif answer["approved"]:
        result = f"{answer['name']} is written and approved."
    else:
        result = f"{answer['name']} is written as a draft; a lead of {answer['project']} approves it on its page."
    # An older service does not say whether anything was approved.
    changes = change_lines(answer["changes"], is_first=answer.get("is_first", False))
    session.emit(answer, "\n".join([*changes, *time_lines(answer["next"]), result]))


def _version(value: str | None) -> str | None:
    if value is not None and re.fullmatch(VERSION, value) is None:
        raise click.BadParameter("it is no version; found other text. Take it from --dry-run.")
    return value


def _conditions(version: str | None, *, new: bool) -> dict[str, str]:
    if new:
        return {"If-None-Match": "*"}
    return {"If-Match": f'"{version}"'} if version is not None else {}


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as unreadable:
        raise click.BadParameter(
            f"the file cannot be read; found {type(unreadable).__name__}. Give the path of a TOML or JSON file.",
            param_hint="FILE",
        ) from unreadable
