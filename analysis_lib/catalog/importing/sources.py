"""What an import needs to know of a source, whatever its kind.

A source is something DuckDB can scan. A further kind is one more module with a class of this shape, named in the
dispatch of `analysis_lib.catalog.importing.omop.import_omop`.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import duckdb


@dataclass(frozen=True)
class SourceTable:
    """One table of a source, as it lies there."""

    name: str
    """Lower-case."""
    from_clause: str
    """What to write after FROM in the connection the source is attached to."""
    columns: tuple[tuple[str, str], ...]
    """Names as the source spells them, with DuckDB's name of the type."""


class OmopSource(Protocol):
    """A place that holds OMOP tables."""

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the tables readable in `connection`, and nothing else.

        Parameters
        ----------
        connection : DuckDBPyConnection
            An empty in-memory database.
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
        """Describe the source for the manifest: its kind, name, size and sha256, never a path.

        Returns
        -------
        dict
            JSON types only.
        """

    def check_unchanged(self) -> None:
        """Refuse when the source changed since `facts` was taken."""
