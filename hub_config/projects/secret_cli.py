"""`cohorthub project secret`: write, list and remove the secrets of a project; none is ever shown."""

import sys
from pathlib import Path

import click

from hub_config.cli import Session

__all__ = ["secret"]


@click.group()
def secret() -> None:
    """Write, list and remove the secrets that a project's reports may name.

    Example: cohorthub project secret set ward-quality warehouse-login
    """


@secret.command(name="set")
@click.argument("name")
@click.argument("secret_name", metavar="SECRET")
@click.pass_obj
def set_one(session: Session, name: str, *, secret_name: str) -> None:
    """Write SECRET of the project NAME: asked for at the terminal, or read from standard input.

    It is never an argument, which other accounts of the machine could see.

    Example: cohorthub project secret set ward-quality warehouse-login < login.txt
    """
    from hub_config.projects.secrets import LARGEST, set_secret

    folder = _folder(session, name)
    if sys.stdin.isatty():
        value = click.prompt("Value", hide_input=True, confirmation_prompt="Once more", err=True)
    else:
        value = sys.stdin.read(LARGEST + 2)  # with the end of its line
    replaced = set_secret(folder, secret_name, value=value)
    done = "replaced" if replaced else "written"
    session.emit({"project": name, "secret": secret_name, "replaced": replaced}, f"{secret_name} {done}")


@secret.command(name="list")
@click.argument("name")
@click.pass_obj
def list_all(session: Session, name: str) -> None:
    """List the names of the secrets of the project NAME.

    Example: cohorthub project secret list ward-quality
    """
    from hub_config.projects.secrets import secret_names

    names = secret_names(_folder(session, name))
    session.emit({"project": name, "secrets": names}, "\n".join(names) or "no secrets")


@secret.command(name="remove")
@click.argument("name")
@click.argument("secret_name", metavar="SECRET")
@click.pass_obj
def remove_one(session: Session, name: str, *, secret_name: str) -> int:
    """Remove SECRET of the project NAME; exit 1 if there is none.

    Example: cohorthub project secret remove ward-quality warehouse-login
    """
    from hub_config.projects.secrets import remove_secret

    removed = remove_secret(_folder(session, name), secret_name)
    text = f"{secret_name} removed" if removed else "there is no such secret"
    session.emit({"project": name, "secret": secret_name, "removed": removed}, text)
    return 0 if removed else 1


def _folder(session: Session, name: str) -> Path:
    from hub_config.projects.cli import known_project

    return known_project(session, name)
