"""What an edit of a template changed, for the one who approves it.

Everything that decides what the notebook does or says is compared: kernel, cells, tags, parameters. Outputs and counts
of executions, which a run replaces, are not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hub_config.errors import ParametersCellError
from hub_config.reports.changes.notebooks.cells import Alignment, Budget, CellText, align_cells
from hub_config.reports.changes.notebooks.lines import BUDGET, LineChange, compare_sources
from hub_config.reports.parameters import Parameter, read_parameters
from hub_config.reports.templates.notebook_files import PARAMETERS_TAG, parse_notebook

__all__ = ["CellDiff", "NotebookDiff", "ParameterChange", "Status", "diff_notebooks"]

Status = Literal["same", "added", "removed", "changed", "moved"]
# What Jupyter, papermill and the runner write into metadata, and what a run does not look at.
LEFT_BY_RUNS = {"execution", "papermill", "ExecuteTime", "tags"}
LEFT_IN_NOTEBOOK = {"kernelspec", "language_info", "papermill", "cohorthub", "widgets"}


@dataclass(frozen=True, kw_only=True)
class CellDiff:
    """One cell in both notebooks, or in one of them.

    Parameters
    ----------
    status : {"same", "added", "removed", "changed", "moved"}
        ``moved`` is a cell that stands before or behind others now; its lines may have changed as well.
    kind : str
        ``code``, ``markdown`` or ``raw``.
    before, after : int or None
        Its place in the old and the new notebook; 1 is the first cell of any kind.
    lines : tuple of LineChange
        All lines of both; of a cell that is the same, none.
    tags_added, tags_removed : tuple of str
        Tags.
    metadata : tuple of str
        Names of other metadata that changed.
    is_parameters : bool
        Whether it is, or was, the parameters cell.
    """

    status: Status
    kind: str
    before: int | None
    after: int | None
    lines: tuple[LineChange, ...] = ()
    tags_added: tuple[str, ...] = ()
    tags_removed: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()
    is_parameters: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Give the cell as types that JSON knows.

        Returns
        -------
        dict
            The attributes.
        """
        lists = ("tags_added", "tags_removed", "metadata")
        plain = {name: getattr(self, name) for name in ("status", "kind", "before", "after", "is_parameters")}
        named = {name: list(getattr(self, name)) for name in lists}
        return plain | named | {"lines": [line.to_dict() for line in self.lines]}


@dataclass(frozen=True)
class ParameterChange:
    """A parameter that is new, gone, or another one.

    Parameters
    ----------
    kind : {"added", "removed", "type", "default", "help"}
        What changed.
    name : str
        The parameter.
    before, after : str
        Its type, its default as Python writes it, or its help text; for one that is new or gone, ``type = default``.
    """

    kind: Literal["added", "removed", "type", "default", "help"]
    name: str
    before: str
    after: str

    def to_dict(self) -> dict[str, str]:
        """Give the change as types that JSON knows.

        Returns
        -------
        dict
            Keys kind, name, before, after.
        """
        return {"kind": self.kind, "name": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True, kw_only=True)
class NotebookDiff:
    """Two notebooks.

    Parameters
    ----------
    cells : tuple of CellDiff
        All cells of both, in order.
    parameters : tuple of ParameterChange
        What changed in what the report may be told.
    parameters_readable : bool
        False where one of the parameters cells breaks its rules, so that `parameters` is empty.
    kernel_before, kernel_after : str
        Names of the kernels.
    metadata : tuple of str
        Names of the notebook's other metadata that changed.
    is_rough : bool
        Whether cells were matched by their lines alone, as a close comparison would have taken too long.
    """

    cells: tuple[CellDiff, ...]
    parameters: tuple[ParameterChange, ...]
    parameters_readable: bool
    kernel_before: str
    kernel_after: str
    metadata: tuple[str, ...]
    is_rough: bool

    @property
    def is_changed(self) -> bool:
        """Whether anything differs that the comparison looks at."""
        return self.kernel_before != self.kernel_after or bool(self.metadata) or self.count("same") < len(self.cells)

    def count(self, status: Status) -> int:
        """Count the cells of one status.

        Parameters
        ----------
        status : {"same", "added", "removed", "changed", "moved"}
            Which.

        Returns
        -------
        int
            How many.
        """
        return sum(cell.status == status for cell in self.cells)

    def to_dict(self) -> dict[str, Any]:
        """Give the comparison as types that JSON knows.

        Returns
        -------
        dict
            The attributes, ``is_changed``, and ``counts`` by status.
        """
        statuses: tuple[Status, ...] = ("same", "added", "removed", "changed", "moved")
        return {
            "is_changed": self.is_changed,
            "is_rough": self.is_rough,
            "counts": {status: self.count(status) for status in statuses},
            "kernel_before": self.kernel_before,
            "kernel_after": self.kernel_after,
            "metadata": list(self.metadata),
            "parameters_readable": self.parameters_readable,
            "parameters": [change.to_dict() for change in self.parameters],
            "cells": [cell.to_dict() for cell in self.cells],
        }


def diff_notebooks(old: bytes, new: bytes) -> NotebookDiff:
    """Compare two notebooks.

    Parameters
    ----------
    old, new : bytes
        The content of two notebook files.

    Returns
    -------
    NotebookDiff
        Frozen; ``to_dict()`` gives it as JSON knows it.

    Raises
    ------
    TemplateUnreadableError
        If one is no notebook that can be read.
    """
    one, other = parse_notebook(old, name="the old notebook"), parse_notebook(new, name="the new notebook")
    before, after = _cell_texts(one), _cell_texts(other)
    alignment = align_cells(before, after)
    parameters, readable = _parameter_changes(before, after)
    return NotebookDiff(
        cells=tuple(_cells(before, after, alignment=alignment)),
        parameters=parameters,
        parameters_readable=readable,
        kernel_before=_kernel(one),
        kernel_after=_kernel(other),
        metadata=_changed_names(_settings(one), _settings(other), without=LEFT_IN_NOTEBOOK),
        is_rough=alignment.is_rough,
    )


def _kernel(notebook: Any) -> str:
    spec = notebook.metadata.get("kernelspec")
    return str(spec.get("name", "")) if isinstance(spec, dict) else ""


def _settings(notebook: Any) -> dict[str, Any]:
    """Take the metadata, with the language: papermill chooses by it how parameters are written into the notebook."""
    found = [notebook.metadata.get(key) for key in ("language_info", "kernelspec")]
    info, spec = (part if isinstance(part, dict) else {} for part in found)
    return {**notebook.metadata, "language": info.get("name") or spec.get("language")}


def _cell_texts(notebook: Any) -> list[CellText]:
    return [
        CellText(
            cell.cell_type,
            cell.source if not cell.source or cell.source.endswith("\n") else f"{cell.source}\n",
            cell.get("id", ""),
            tuple(str(tag) for tag in cell.metadata.get("tags", [])),
            {"attachments": cell.get("attachments", {})}
            | {key: value for key, value in cell.metadata.items() if key not in LEFT_BY_RUNS},
        )
        for cell in notebook.cells
    ]


def _changed_names(old: dict[str, Any], new: dict[str, Any], *, without: set[str]) -> tuple[str, ...]:
    names = sorted({*old, *new} - without)
    return tuple(name for name in names if old.get(name) != new.get(name))


def _cells(before: Sequence[CellText], after: Sequence[CellText], *, alignment: Alignment) -> Iterator[CellDiff]:
    moved = _moved(before, after, alignment=alignment)
    budget = Budget(BUDGET)
    origins = {j: i for i, j in moved.items()}
    one = other = 0
    for i, j in [*alignment.pairs, (len(before), len(after))]:
        yield from (_alone("removed", before[n], before=n + 1) for n in range(one, i) if n not in moved)
        for n in range(other, j):
            if n in origins:
                yield _both(before[origins[n]], after[n], before=origins[n], after=n, budget=budget, is_moved=True)
            else:
                yield _alone("added", after[n], after=n + 1)
        if i < len(before) and j < len(after):
            yield _both(before[i], after[j], before=i, after=j, budget=budget)
        one, other = i + 1, j + 1


def _moved(before: Sequence[CellText], after: Sequence[CellText], *, alignment: Alignment) -> dict[int, int]:
    """Find cells that were taken out at one place and put in at another: the same source, or else the same id."""
    old_taken, new_taken = {i for i, _ in alignment.pairs}, {j for _, j in alignment.pairs}
    found: dict[int, int] = {}
    for key in (_by_source, _by_id):
        places: dict[str, list[int]] = {}
        for j, cell in enumerate(after):
            if j not in new_taken:
                places.setdefault(key(cell), []).append(j)
        for i, cell in enumerate(before):
            waiting = places.get(key(cell)) if i not in old_taken and key(cell) else None
            if waiting:
                found[i] = waiting.pop(0)
                old_taken.add(i)
                new_taken.add(found[i])
    return found


def _by_source(cell: CellText) -> str:
    return f"{cell.kind} {cell.source}" if cell.source.strip() else ""


def _by_id(cell: CellText) -> str:
    return f"{cell.kind} {cell.id}" if cell.id else ""


def _alone(
    status: Literal["added", "removed"], cell: CellText, *, before: int | None = None, after: int | None = None
) -> CellDiff:
    return CellDiff(
        status=status,
        kind=cell.kind,
        before=before,
        after=after,
        lines=tuple(LineChange(status, line) for line in cell.source.splitlines()),
        tags_added=cell.tags if status == "added" else (),
        tags_removed=cell.tags if status == "removed" else (),
        is_parameters=PARAMETERS_TAG in cell.tags,
    )


def _both(old: CellText, new: CellText, *, before: int, after: int, budget: Budget, is_moved: bool = False) -> CellDiff:
    is_same = old.source == new.source
    tags_added = tuple(tag for tag in new.tags if tag not in old.tags)
    tags_removed = tuple(tag for tag in old.tags if tag not in new.tags)
    metadata = _changed_names(old.metadata, new.metadata, without=set())
    changed = not is_same or tags_added or tags_removed or metadata
    return CellDiff(
        status="moved" if is_moved else "changed" if changed else "same",
        kind=new.kind,
        before=before + 1,
        after=after + 1,
        lines=() if is_same else compare_sources(old.source, new.source, budget=budget),
        tags_added=tags_added,
        tags_removed=tags_removed,
        metadata=metadata,
        is_parameters=PARAMETERS_TAG in (*old.tags, *new.tags),
    )


def _parameter_changes(
    before: Sequence[CellText], after: Sequence[CellText]
) -> tuple[tuple[ParameterChange, ...], bool]:
    try:
        old, new = ({p.name: p for p in _parameters(cells)} for cells in (before, after))
    except ParametersCellError:
        return (), False
    changes: list[ParameterChange] = []
    for name in [*old, *(name for name in new if name not in old)]:
        changes += _one_parameter(name, old=old.get(name), new=new.get(name))
    return tuple(changes), True


def _parameters(cells: Sequence[CellText]) -> Iterator[Parameter]:
    for cell in cells:
        if cell.kind == "code" and PARAMETERS_TAG in cell.tags:
            yield from read_parameters(cell.source)


def _one_parameter(name: str, *, old: Parameter | None, new: Parameter | None) -> Iterator[ParameterChange]:
    if old is None or new is None:
        sides = [f"{side.type.text} = {side.default!r}" if side else "" for side in (old, new)]
        yield ParameterChange("added" if old is None else "removed", name, *sides)
        return
    if old.type != new.type:
        yield ParameterChange("type", name, old.type.text, new.type.text)
    if old.default != new.default or type(old.default) is not type(new.default):
        yield ParameterChange("default", name, repr(old.default), repr(new.default))
    if old.help != new.help:
        yield ParameterChange("help", name, old.help, new.help)
