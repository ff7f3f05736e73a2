"""Which rows and columns of a release a cohort's SQL reads, so that a bucket loads only these."""

from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Reads", "TableRead"]


@dataclass
class TableRead:
    """What is read of one table.

    Parameters
    ----------
    columns : set of str
        Their names.
    concepts, source_concepts : dict of str to set of int
        Codesets by the column that they are compared with: a row is read if one of them holds its concept.
    whole : bool, default False
        Whether all rows are read.
    """

    columns: set[str] = field(default_factory=set)
    concepts: dict[str, set[int]] = field(default_factory=dict)
    whole: bool = False


class Reads:
    """What is read of all tables; grows while SQL is written."""

    def __init__(self) -> None:
        self.tables: dict[str, TableRead] = {}

    def add(self, table: str, *, columns: Iterable[str], column: str = "", codeset: int | None = None) -> None:
        """Note one use of a table.

        Parameters
        ----------
        table : str
            The table.
        columns : iterable of str
            Columns that are read.
        column : str, default ""
            The column that is compared with `codeset`.
        codeset : int, optional
            Only rows with a concept of this set are read; all rows, when left out.
        """
        read = self.tables.setdefault(table, TableRead())
        read.columns.update(columns)
        if codeset is None:
            read.whole = True
        else:
            read.columns.add(column)
            read.concepts.setdefault(column, set()).add(codeset)

    def merge(self, other: "Reads") -> None:
        """Take over what another cohort reads.

        Parameters
        ----------
        other : Reads
            Its reads.
        """
        for table, read in other.tables.items():
            mine = self.tables.setdefault(table, TableRead())
            mine.columns |= read.columns
            mine.whole |= read.whole
            for column, codesets in read.concepts.items():
                mine.concepts.setdefault(column, set()).update(codesets)
