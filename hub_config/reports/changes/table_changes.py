"""What changed in a table: rows by their labels, columns by their names, cells number by number."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from hub_config.reports.changes.cells import Cell, Raw, as_raw, raw_text, read_cell, shown
from hub_config.reports.changes.declared_outputs import Remark
from hub_config.reports.changes.differences import Difference, Tolerance, compute_difference
from hub_config.reports.changes.tables import LONGEST_NAME, Key, Table, labels_shared, row_keys

__all__ = ["CellChange", "TableChange", "compare_tables"]

#: Rows and cells that a document names; all are counted.
MOST_LISTED = 200
Row = tuple[Raw, ...]


@dataclass(frozen=True)
class CellChange:
    """A cell that is another one, by more than the tolerance.

    Parameters
    ----------
    row : tuple of str
        The row's labels.
    column : str
        The column's name.
    before, after : str
        What stands there; '' where nothing does.
    differences : tuple of Difference
        Of the numbers in it, in order; empty where the text itself is another one.
    """

    row: tuple[str, ...]
    column: str
    before: str
    after: str
    differences: tuple[Difference, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the change as types that JSON knows.

        Returns
        -------
        dict
            Keys row, column, before, after, differences.
        """
        return {
            "row": list(self.row),
            "column": self.column,
            "before": self.before,
            "after": self.after,
            "differences": [difference.to_dict() for difference in self.differences],
        }


@dataclass(frozen=True, kw_only=True)
class TableChange:
    """A table in two runs.

    Parameters
    ----------
    output, title : str
        Which table.
    source : {"table", "estimates", "both"}
        Whether its file was compared, its unrounded estimates, or both with the same outcome.
    labels : tuple of str
        Columns that say what a row is.
    columns_added, columns_removed : tuple of str
        Columns of one side only.
    rows_before, rows_after : int
        How many rows.
    rows_added, rows_removed : tuple of tuple of str
        Labels of rows of one side only; at most 200.
    cells : tuple of CellChange
        Cells that changed; at most 200.
    n_rows_added, n_rows_removed, n_cells_changed : int
        How many in all.
    n_cells_compared, n_cells_within : int
        Cells that both sides have; those among them that differ by no more than the tolerance.
    remarks : tuple of Remark
        What was not compared, or only in part.
    """

    output: str
    title: str
    source: Literal["table", "estimates", "both"]
    labels: tuple[str, ...] = ()
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    rows_before: int = 0
    rows_after: int = 0
    rows_added: tuple[tuple[str, ...], ...] = ()
    rows_removed: tuple[tuple[str, ...], ...] = ()
    cells: tuple[CellChange, ...] = ()
    n_rows_added: int = 0
    n_rows_removed: int = 0
    n_cells_changed: int = 0
    n_cells_compared: int = 0
    n_cells_within: int = 0
    remarks: tuple[Remark, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether anything is other by more than the tolerance, or could not be compared and is other."""
        found = (self.columns_added, self.columns_removed, self.n_rows_added, self.n_rows_removed, self.n_cells_changed)
        return any(found) or any(remark.code == "table-differs" for remark in self.remarks)

    def to_dict(self) -> dict[str, Any]:
        """Give the change as types that JSON knows.

        Returns
        -------
        dict
            The attributes and ``is_changed``.
        """
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        lists = ("labels", "columns_added", "columns_removed")
        return plain | {
            **{name: list(plain[name]) for name in lists},
            "rows_added": [list(row) for row in self.rows_added],
            "rows_removed": [list(row) for row in self.rows_removed],
            "cells": [cell.to_dict() for cell in self.cells],
            "remarks": [remark.to_dict() for remark in self.remarks],
            "is_changed": self.is_changed,
        }


def compare_tables(
    before: Table,
    after: Table,
    *,
    output: str,
    title: str = "",
    source: Literal["table", "estimates"] = "table",
    tolerance: Tolerance,
) -> TableChange:
    """Compare two tables, wherever their rows and columns stand.

    Rows with the same labels are told apart by what is in them: those that are equal go together, and so do two that
    are left over. Others are rows that went and rows that came; which became which is never guessed.

    Parameters
    ----------
    before, after : Table
        The table in two runs.
    output, title : str
        Which table, for the result.
    source : {"table", "estimates"}
        Where it comes from, for the result.
    tolerance : Tolerance
        When two numbers count as the same.

    Returns
    -------
    TableChange
        What differs.
    """
    labels = labels_shared(before, after)
    common = [name for name in before.columns if name in after.columns and name not in labels]
    matched = _match(*(_by_key(table, labels=labels, common=common) for table in (before, after)))
    added, removed = matched.added, matched.removed
    cells, n_changed, n_within = _changed_cells(matched.pairs, columns=common, tolerance=tolerance)
    return TableChange(
        output=output,
        title=title,
        source=source,
        labels=labels,
        columns_added=tuple(name for name in after.columns if name not in before.columns),
        columns_removed=tuple(name for name in before.columns if name not in after.columns),
        rows_before=len(before.rows),
        rows_after=len(after.rows),
        rows_added=tuple(map(_words, added[:MOST_LISTED])),
        rows_removed=tuple(map(_words, removed[:MOST_LISTED])),
        cells=tuple(cells),
        n_rows_added=len(added),
        n_rows_removed=len(removed),
        n_cells_changed=n_changed,
        n_cells_compared=len(matched.pairs) * len(common),
        n_cells_within=n_within,
        remarks=_remarks(
            matched, output=output, has_labels=bool(labels), longest=max(len(added), len(removed), n_changed)
        ),
    )


def _remarks(matched: "_Matched", *, output: str, has_labels: bool, longest: int) -> tuple[Remark, ...]:
    told = {
        "labels-twice": matched.is_ambiguous and has_labels,
        "no-labels": matched.is_ambiguous and not has_labels,
        "list-cut": longest > MOST_LISTED,
    }
    return tuple(Remark(code, output) for code, is_so in told.items() if is_so)


def _changed_cells(
    pairs: Sequence[tuple[Key, Row, Row]], *, columns: Sequence[str], tolerance: Tolerance
) -> tuple[list[CellChange], int, int]:
    """List the first cells that changed, and count all, and those within the tolerance."""
    found: list[CellChange] = []
    n_changed = n_within = 0
    for key, old, new in pairs:
        for name, one, other in zip(columns, old, new, strict=True):
            if one == other:
                continue
            verdict, differences = _compare_cells(read_cell(one), read_cell(other), tolerance=tolerance)
            n_within += verdict == "within"
            n_changed += verdict == "changed"
            if verdict == "changed" and n_changed <= MOST_LISTED:
                found.append(CellChange(_words(key), name, raw_text(one), raw_text(other), differences))
    return found, n_changed, n_within


def _by_key(table: Table, *, labels: Sequence[str], common: Sequence[str]) -> dict[Key, list[Row]]:
    places = [table.columns.index(name) for name in common]
    found: dict[Key, list[Row]] = {}
    for key, row in zip(row_keys(table, labels), table.rows, strict=True):
        found.setdefault(key, []).append(tuple(row[place] for place in places))
    return found


@dataclass
class _Matched:
    """Rows with their partners, keys of rows without one, and whether labels were not enough to tell."""

    pairs: list[tuple[Key, Row, Row]] = field(default_factory=list)
    removed: list[Key] = field(default_factory=list)
    added: list[Key] = field(default_factory=list)
    is_ambiguous: bool = False


def _match(before: dict[Key, list[Row]], after: dict[Key, list[Row]]) -> _Matched:
    found = _Matched()
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key, []), after.get(key, [])
        if max(len(old), len(new)) > 1:
            found.is_ambiguous = True
            same = Counter(map(_normal, old)) & Counter(map(_normal, new))
            equal, old = _without(old, same)
            _, new = _without(new, same)
            found.pairs += [(key, row, row) for row in equal]
        if len(old) == len(new) == 1:
            found.pairs.append((key, old[0], new[0]))
        else:
            found.removed += [key] * len(old)
            found.added += [key] * len(new)
    return found


def _normal(row: Row) -> tuple[Any, ...]:
    return tuple((cell.shape, cell.numbers) for cell in map(read_cell, row))


def _without(rows: list[Row], same: Counter[tuple[Any, ...]]) -> tuple[list[Row], list[Row]]:
    """Part the rows into those that have an equal one on the other side, and the rest."""
    left = Counter(same)
    equal: list[Row] = []
    rest: list[Row] = []
    for row in rows:
        normal = _normal(row)
        (equal if left[normal] > 0 else rest).append(row)
        left[normal] -= 1
    return equal, rest


def _compare_cells(
    before: Cell, after: Cell, *, tolerance: Tolerance
) -> tuple[Literal["same", "within", "changed"], tuple[Difference, ...]]:
    one_number = len(before.numbers or after.numbers) == 1
    if (before.is_missing and after.is_number) or (after.is_missing and before.is_number):
        old, new = (cell.numbers[0] if one_number and cell.numbers else None for cell in (before, after))
        return "changed", (compute_difference(old, new, tolerance=tolerance),)
    if before.shape != after.shape or len(before.numbers) != len(after.numbers):
        return "changed", ()
    pairs = zip(before.numbers, after.numbers, strict=True)
    differences = tuple(compute_difference(old, new, tolerance=tolerance) for old, new in pairs)
    if all(difference.verdict == "same" for difference in differences):
        return "same", ()
    return ("within" if all(d.is_within for d in differences) else "changed"), differences


def _words(key: Key) -> tuple[str, ...]:
    return tuple(str(as_raw(part, longest=LONGEST_NAME)) if isinstance(part, str) else shown(part) for part in key)
