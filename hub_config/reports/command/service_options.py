"""The options that lead a command to the reports service."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from hub_config.reports.command.service_client import ServiceClient, connect

__all__ = ["client_of", "service_options", "wants_service"]

Command = TypeVar("Command", bound=Callable[..., Any])
NAMES = ("project", "url", "token_file")


class Session(Protocol):
    """What the root command hands to every command."""

    home: Path
    as_json: bool

    def emit(self, document: Mapping[str, Any], text: str) -> None:
        """Write the result to stdout."""

    def say(self, message: str) -> None:
        """Tell a person about progress, on stderr."""


def service_options(command: Command) -> Command:
    """Add ``--project``, ``--url`` and ``--token-file`` to a command.

    Parameters
    ----------
    command : callable
        Any.

    Returns
    -------
    callable
        The same.
    """
    for option in (
        click.option(
            "--token-file", type=click.Path(path_type=Path), help="A token of the hub.  [default: $COHORTHUB_TOKEN]"
        ),
        click.option("--url", metavar="URL", help="Address of a hub elsewhere.  [default: the one on this home]"),
        click.option("--project", metavar="NAME", help="Ask the reports service, for this project."),
    ):
        command = option(command)
    return command


def wants_service(options: Mapping[str, Any]) -> bool:
    """Tell whether a command was sent to the service.

    Parameters
    ----------
    options : mapping
        Of the command.

    Returns
    -------
    bool
        True if one of the options was given.
    """
    return any(options.get(name) for name in NAMES)


def client_of(session: Session, options: Mapping[str, Any]) -> ServiceClient:
    """Find the service that a command was sent to.

    Parameters
    ----------
    session : Session
        Knows the home.
    options : mapping
        Of the command.

    Returns
    -------
    ServiceClient
        With the token.
    """
    return connect(session.home, url=options.get("url"), token_file=options.get("token_file"))
