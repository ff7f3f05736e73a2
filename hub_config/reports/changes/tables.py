"""Tables as rows of cells, and which of their columns say what a row is."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hub_config.reports.changes.cells import Number, Raw, as_raw, is_plain_number, is_value, label_key, read_cell
from hub_config.reports.changes.declared_outputs import read_up_to

__all__ = ["Key", "Table", "TableReader", "labels_shared", "read_table", "row_keys", "table_of_estimates"]

Key = tuple[Number | str, ...]
Problem = Literal["table-missing", "table-too-large", "table-unreadable"]
LARGEST_TABLE = 32 * 2**20
MOST_ROWS = 100_000
MOST_COLUMNS = 2_000
LONGEST_NAME = 300
MOST_CELLS = 500_000
#: Cells of all tables that one comparison reads; a few seconds.
MOST_CELLS_IN_ALL = 2_000_000
BYTES_OF_A_CELL = 16


@dataclass(frozen=True)
class Table:
    """A table as it was read.

    Parameters
    ----------
    columns : tuple of str
        Names, each once: a name that is there twice is ``name (2)`` the second time.
    rows : tuple of tuple
        Cells, as many in each row as there are columns.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Raw, ...], ...]
    _keys: dict[str, list[Number | str]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def keys(self, name: str) -> list[Number | str]:
        """Give what the labels of one column are compared by; `row_keys` tells of headings.

        Parameters
        ----------
        name : str
            One of `columns`.

        Returns
        -------
        list
            In the order of the rows; read once.
        """
        if name not in self._keys:
            self._keys[name] = _under_headings(self.column(name))
        return self._keys[name]

    def column(self, name: str) -> list[Raw]:
        """Give the cells of one column.

        Parameters
        ----------
        name : str
            One of `columns`.

        Returns
        -------
        list
            In the order of the rows.
        """
        place = self.columns.index(name)
        return [row[place] for row in self.rows]


@dataclass
class TableReader:
    """Reads tables until there were as many cells as one comparison may take.

    Parameters
    ----------
    cells_left : int
        How many more.
    """

    cells_left: int = MOST_CELLS_IN_ALL

    def read(self, folder: Path, path: str) -> Table | Problem:
        """Read a table, unless there were enough.

        Parameters
        ----------
        folder : Path
            The run's folder.
        path : str
            The CSV file, relative to it.

        Returns
        -------
        Table or str
            As `read_table` gives them.
        """
        if self.cells_left <= 0:
            return "table-too-large"
        content = read_up_to(folder, path, limit=LARGEST_TABLE)
        found = _table(content)
        cells = 0 if isinstance(found, str) else len(found.rows) * len(found.columns)
        # Long texts cost as well, and a file that is refused may have taken as long as one that was read.
        self.cells_left -= max(cells, len(content or b"") // BYTES_OF_A_CELL)
        return found


def read_table(folder: Path, path: str) -> Table | Problem:
    """Read a table of a run.

    Parameters
    ----------
    folder : Path
        The run's folder.
    path : str
        The CSV file, relative to it.

    Returns
    -------
    Table or str
        Why not, as the code of a remark: a table that is too large is not read in part, as half a table would look
        like rows that have gone.
    """
    return _table(read_up_to(folder, path, limit=LARGEST_TABLE))


def _table(content: bytes | None) -> Table | Problem:
    if content is None:
        return "table-missing"
    if len(content) > LARGEST_TABLE:
        return "table-too-large"
    try:
        return _parse(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, csv.Error):
        return "table-unreadable"


def _parse(text: str) -> Table | Problem:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    names = next(lines, [])
    if len(names) > MOST_COLUMNS:
        return "table-too-large"
    columns = tuple(_distinct([str(as_raw(name, longest=LONGEST_NAME)) for name in names]))
    width = len(columns)
    rows: list[tuple[Raw, ...]] = []
    for line in lines:
        if len(line) > width:
            return "table-unreadable"
        if line:
            rows.append(tuple(line) if len(line) == width else (*line, *([None] * (width - len(line)))))
        if len(rows) > MOST_ROWS or len(rows) * width > MOST_CELLS:
            return "table-too-large"
    return Table(columns, tuple(rows))


def _distinct(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    counts: dict[str, int] = {}
    found = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        candidate = name if counts[name] == 1 else f"{name} ({counts[name]})"
        while candidate != name and candidate in seen:
            candidate += "'"
        found.append(candidate)
    return found


def table_of_estimates(estimates: Sequence[Mapping[str, Raw]]) -> Table:
    """Make a table of the unrounded numbers of a result.

    Parameters
    ----------
    estimates : sequence of mapping
        One per row.

    Returns
    -------
    Table
        With the columns of all rows, in the order in which they are found.
    """
    columns = tuple(dict.fromkeys(name for row in estimates for name in row))
    return Table(columns, tuple(tuple(row.get(name) for name in columns) for row in estimates))


def labels_shared(before: Table, after: Table) -> tuple[str, ...]:
    """Choose the columns that say what a row is, the same in both tables.

    They are the first columns of text, as few as tell all rows apart; where they do not, further columns of text are
    taken, and then, if the same labels come again and again (as groups do in a curve over time), columns of numbers.
    Without any text it is the first column, unless the tables have one row at most.

    Parameters
    ----------
    before, after : Table
        The table in two runs; twice the same table to choose for one.

    Returns
    -------
    tuple of str
        Names that both have; may be empty.
    """
    shared = _shared(before, after)
    texts = [name for name in shared if _is_text(before, name) and _is_text(after, name)]
    first = [name for name in texts if _leads(before, name) and _leads(after, name)]
    if not first:
        if max(len(before.rows), len(after.rows)) <= 1 or not shared or before.columns[0] != after.columns[0]:
            return ()
        first = [before.columns[0]]
    for n in range(1, len(first) + 1):
        if _tells_apart(before, first[:n]) and _tells_apart(after, first[:n]):
            return tuple(first[:n])
    return tuple(_extended(first, before=before, after=after, texts=texts, shared=shared))


def _shared(before: Table, after: Table) -> list[str]:
    """List the names that both have, in an order that does not ask which of the two came first."""
    places = {
        name: before.columns.index(name) + after.columns.index(name) for name in {*before.columns} & {*after.columns}
    }
    return sorted(places, key=lambda name: (places[name], name))


def _extended(first: list[str], *, before: Table, after: Table, texts: list[str], shared: list[str]) -> list[str]:
    labels = list(first)
    for name in [name for name in texts if name not in labels]:
        labels.append(name)
        if _tells_apart(before, labels) and _tells_apart(after, labels):
            return labels
    # A value would make a bad label: every change of it would look like a row that went and one that came.
    repeats = max(_share_repeated(before, first), _share_repeated(after, first)) >= 0.5
    candidates = [name for name in shared if name not in texts and name not in first]
    for n in range(1, min(len(candidates), 3) + 1 if repeats else 0):
        longer = [*first, *candidates[:n]]
        if _tells_apart(before, longer) and _tells_apart(after, longer):
            return longer
    return first


def _is_text(table: Table, name: str) -> bool:
    """Tell whether a column has labels; one without anything in it has, in a table without rows."""
    if not table.rows:
        return True
    cells = (read_cell(raw) for raw in set(table.column(name)) if not is_plain_number(raw))
    return any(not cell.is_missing and not is_value(cell) for cell in cells)


def _leads(table: Table, name: str) -> bool:
    return all(_is_text(table, other) for other in table.columns[: table.columns.index(name)])


def _tells_apart(table: Table, labels: Sequence[str]) -> bool:
    keys = row_keys(table, labels)
    return len(set(keys)) == len(keys)


def _share_repeated(table: Table, labels: Sequence[str]) -> float:
    keys = row_keys(table, labels)
    return 1 - len(set(keys)) / len(keys) if keys else 0.0


def row_keys(table: Table, labels: Sequence[str]) -> list[Key]:
    """Give what each row is matched by.

    A label that is indented, as levels are below the variable of a Table 1, is put behind the heading above it:
    ``Sex, n (%): female``.

    Parameters
    ----------
    table : Table
        The table.
    labels : sequence of str
        Columns that say what a row is.

    Returns
    -------
    list of tuple
        One per row.
    """
    columns = [table.keys(name) for name in labels]
    return list(zip(*columns, strict=True)) if columns else [()] * len(table.rows)


def _under_headings(cells: list[Raw]) -> list[Number | str]:
    heading = ""
    found: list[Number | str] = []
    for raw in cells:
        key = label_key(raw)
        indented = isinstance(raw, str) and raw[:1].isspace() and key != ""
        if not indented and isinstance(key, str):
            heading = key[:LONGEST_NAME]
        found.append(f"{heading}: {key}" if indented and heading else key)
    return found
