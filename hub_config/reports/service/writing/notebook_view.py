"""The differences of two notebooks, made ready for a page: cells that differ, and their lines, folded where long."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub_config.reports.changes import diff_notebooks
from hub_config.reports.changes.notebooks.comparing import CellDiff, NotebookDiff
from hub_config.reports.changes.notebooks.lines import LineChange
from hub_config.reports.changes.texts import text as change_text

__all__ = ["CellView", "NotebookView", "Piece", "view_of"]

AROUND = 3  # lines that are the same, shown on both sides of a change
LONG_CELL, CELLS_OPEN = 60, 40


@dataclass(frozen=True)
class Piece:
    """Some lines of a cell: those that changed with their surroundings, or a stretch that is the same.

    Parameters
    ----------
    lines : sequence of LineChange
        In order.
    is_folded : bool
        Whether nothing changed in them, and they are many.
    """

    lines: Sequence[LineChange]
    is_folded: bool


@dataclass(frozen=True)
class CellView:
    """One cell that differs.

    Parameters
    ----------
    status : str
        ``added``, ``removed``, ``changed`` or ``moved``.
    title : str
        Its status and place, in words.
    remarks : sequence of str
        Tags and metadata that changed.
    is_parameters : bool
        Whether it is the parameters cell.
    pieces : sequence of Piece
        Its lines.
    n_lines : int
        How many there are.
    is_long : bool
        Whether it is shown folded.
    """

    status: str
    title: str
    remarks: Sequence[str]
    is_parameters: bool
    pieces: Sequence[Piece]
    n_lines: int
    is_long: bool


@dataclass(frozen=True)
class NotebookView:
    """Two notebooks.

    Parameters
    ----------
    is_changed : bool
        Whether they differ.
    summary : str
        Counts in a sentence.
    remarks : sequence of str
        Kernel, metadata, parameters, and how closely was compared.
    cells : sequence of CellView
        Those shown at once.
    more : sequence of CellView
        The others, folded.
    """

    is_changed: bool
    summary: str
    remarks: Sequence[str]
    cells: Sequence[CellView]
    more: Sequence[CellView]


def view_of(old: bytes, new: bytes, *, language: str) -> NotebookView:
    """Compare two notebooks for a page.

    Parameters
    ----------
    old, new : bytes
        The files.
    language : str
        The reader's.

    Returns
    -------
    NotebookView
        Plain text in all its parts, which the page escapes.

    Raises
    ------
    HubError
        If one is no notebook that can be read.
    """
    found = diff_notebooks(old, new)
    cells = [_cell(one, language) for one in found.cells if one.status != "same"]
    counts = {status: found.count(status) for status in ("added", "removed", "changed", "moved", "same")}
    summary = (
        change_text("notebook_counts", language, **counts)
        if found.is_changed
        else change_text("notebook_same", language)
    )
    return NotebookView(found.is_changed, summary, _remarks(found, language), cells[:CELLS_OPEN], cells[CELLS_OPEN:])


def _remarks(found: NotebookDiff, language: str) -> list[str]:
    said = [change_text("notebook_fallback", language)] if found.is_rough else []
    if found.kernel_before != found.kernel_after:
        before, after = (name or change_text("none", language) for name in (found.kernel_before, found.kernel_after))
        said.append(change_text("kernel_changed", language, before=before, after=after))
    if found.metadata:
        said.append(change_text("notebook_metadata", language, names=", ".join(found.metadata)))
    if not found.parameters_readable:
        said.append(change_text("parameters_unreadable", language))
    for change in found.parameters:
        side = change.after or change.before
        declared, _, default = side.partition(" = ")
        said.append(
            change_text(
                f"parameter_{change.kind}",
                language,
                name=change.name,
                type=declared,
                default=default,
                before=change.before,
                after=change.after,
            )
        )
    return said


def _cell(cell: CellDiff, language: str) -> CellView:
    remarks = [
        change_text(key, language, names=", ".join(names))
        for key, names in (
            ("tags_added", cell.tags_added),
            ("tags_removed", cell.tags_removed),
            ("metadata_changed", cell.metadata),
        )
        if names
    ]
    return CellView(
        status=cell.status,
        title=change_text(f"cell_{cell.status}", language, before=cell.before, after=cell.after),
        remarks=([change_text("cell_parameters", language)] if cell.is_parameters else []) + remarks,
        is_parameters=cell.is_parameters,
        pieces=_pieces(cell.lines),
        n_lines=len(cell.lines),
        is_long=len(cell.lines) > LONG_CELL and not cell.is_parameters,
    )


def _pieces(lines: Sequence[LineChange]) -> list[Piece]:
    """Fold stretches that are the same and longer than what surrounds changes."""
    changed = [number for number, line in enumerate(lines) if line.kind != "same"]
    near = {at for number in changed for at in range(number - AROUND, number + AROUND + 1)}
    pieces: list[Piece] = []
    begin = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or (at in near) != (begin in near):
            stretch = lines[begin:at]
            pieces.append(Piece(stretch, is_folded=begin not in near and len(stretch) > AROUND))
            begin = at
    return pieces
