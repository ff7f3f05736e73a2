"""What the root command gives to every command of the library."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import click

__all__ = ["Session", "data_folder_of"]


class Session(Protocol):
    """What the root command gives to every command."""

    @property
    def home(self) -> Path:
        """Where CohortHub keeps its state."""

    def emit(self, document: Mapping[str, Any], text: str) -> None:
        """Write the result.

        Parameters
        ----------
        document : mapping
            For a machine.
        text : str
            For a person.
        """

    def say(self, message: str) -> None:
        """Tell about progress.

        Parameters
        ----------
        message : str
            One line.
        """


def data_folder_of(session: Session) -> Path:
    """Find the data folder: that of ``--home`` when given, else ``COHORTHUB_DATA``, else that of the home.

    Parameters
    ----------
    session : Session
        Of the command that runs.

    Returns
    -------
    Path
        It need not exist.
    """
    from analysis_lib.catalog.paths import data_folder

    given = click.get_current_context().get_parameter_source("home") == click.core.ParameterSource.COMMANDLINE
    return data_folder(home=session.home) if given else data_folder()
