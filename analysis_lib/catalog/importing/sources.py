"""What an import needs to know of a source, whatever its kind.

A source is something DuckDB can scan, if need be after its rows were copied into files that it can. A further kind is
one more module with a class of this shape, named in `analysis_lib.catalog.importing.opening`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import duckdb

from analysis_lib.catalog.quoting import literal_path, text_literal

Say = Callable[[str], None]


@dataclass(frozen=True)
class SourceTable:
    """One table of a source, as it lies there."""

    name: str
    """Lower-case."""
    from_clause: str
    """What to write after FROM in the connection the source is attached to."""
    columns: tuple[tuple[str, str], ...]
    """Names as the source spells them, with DuckDB's name of the type."""
    typed: bool = True
    """False where the source has no types, as CSV has none: every column is text."""
    lines_lost: tuple[int, ...] = ()
    """Numbers of the first lines that could not be read as rows."""
    n_lines_lost: int = 0
    kept_texts: Mapping[str, str] = field(default_factory=dict)
    """For columns whose values were read on the way here: the column with the texts of those that say more."""
    values_lost: Mapping[str, int] = field(default_factory=dict)
    """Values, by column, that the way here could not carry, such as the date 'infinity'."""


class OmopSource(Protocol):
    """A place that holds OMOP tables."""

    def identity(self) -> str | None:
        """Name the content, before it is read.

        Returns
        -------
        str or None
            A sha256, equal for equal content; None where only reading everything could tell.
        """

    def attach(self, connection: duckdb.DuckDBPyConnection, *, scratch: Path, say: Say) -> None:
        """Make the tables readable in `connection`, and nothing else.

        Parameters
        ----------
        connection : DuckDBPyConnection
            An empty in-memory database.
        scratch : Path
            A folder, not yet there, for copies of what the engine cannot scan where it lies.
        say : callable
            Told what is being done.
        """

    def tables(self, connection: duckdb.DuckDBPyConnection) -> dict[str, SourceTable]:
        """List the tables, by lower-case name.

        Parameters
        ----------
        connection : DuckDBPyConnection
            Where `attach` was called.

        Returns
        -------
        dict of str to SourceTable
            All tables of the schema that holds `person`.
        """

    def facts(self) -> dict[str, Any]:
        """Describe the source for the manifest: its kind, name, size and sha256, never a path or a password.

        Returns
        -------
        dict
            JSON types only.
        """

    def check_unchanged(self) -> None:
        """Refuse when the source changed since `identity` was taken."""


def shut(connection: duckdb.DuckDBPyConnection, *, open_folders: tuple[Path, ...] = ()) -> None:
    """Shut the engine's doors: what a source holds must not make it read other files or fetch extensions.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Where everything needed is attached.
    open_folders : tuple of Path, optional
        Folders that may still be read.
    """
    if open_folders:
        # The engine compares both a pattern and what it finds with these.
        spelled = dict.fromkeys(f"{name}/" for folder in open_folders for name in (str(folder), literal_path(folder)))
        listed = ", ".join(map(text_literal, spelled))
        connection.execute(f"SET allowed_directories = [{listed}]")
    connection.execute("SET enable_external_access = false")
