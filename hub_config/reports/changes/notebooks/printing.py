"""A comparison of two notebooks, for a terminal."""

from collections.abc import Iterator, Sequence

from hub_config.reports.changes.notebooks.comparing import CellDiff, NotebookDiff, ParameterChange, Status
from hub_config.reports.changes.notebooks.lines import LineChange
from hub_config.reports.changes.terminal import plain_line
from hub_config.reports.changes.texts import text

__all__ = ["notebook_diff_text"]

CONTEXT = 3
LONGEST_LINE = 400
_SIGNS = {"same": " ", "added": "+", "removed": "-"}


def notebook_diff_text(diff: NotebookDiff, language: str = "en") -> str:
    """Write a comparison of two notebooks for a terminal, as ``cohorthub report diff`` shows it.

    Parameters
    ----------
    diff : NotebookDiff
        From `diff_notebooks`.
    language : str, default 'en'
        ``en`` or ``ko``.

    Returns
    -------
    str
        Lines; cells that are the same are counted and not shown, and of long cells three lines around each change.
    """
    if not diff.is_changed:
        return text("notebook_same", language) + "\n"
    statuses: tuple[Status, ...] = ("added", "removed", "changed", "moved", "same")
    head = [text("notebook_counts", language, **{status: diff.count(status) for status in statuses})]
    if diff.is_rough:
        head.append(text("notebook_fallback", language))
    if diff.kernel_before != diff.kernel_after:
        sides = (plain_line(side) or text("none", language) for side in (diff.kernel_before, diff.kernel_after))
        head.append(text("kernel_changed", language, **dict(zip(("before", "after"), sides, strict=True))))
    if diff.metadata:
        head.append(text("notebook_metadata", language, names=plain_line(", ".join(diff.metadata))))
    parts = ["\n".join(head)]
    if diff.parameters or not diff.parameters_readable:
        lines = [_parameter(change, language) for change in diff.parameters]
        lines += [] if diff.parameters_readable else ["  " + text("parameters_unreadable", language)]
        parts.append("\n".join([text("parameters", language), *lines]))
    parts += ["\n".join(_cell(cell, language)) for cell in diff.cells if cell.status != "same"]
    return "\n\n".join(parts) + "\n"


def _parameter(change: ParameterChange, language: str) -> str:
    before, after = plain_line(change.before, longest=200), plain_line(change.after, longest=200)
    if change.kind in {"added", "removed"}:
        kind, _, default = (before or after).partition(" = ")
        return "  " + text(f"parameter_{change.kind}", language, name=change.name, type=kind, default=default)
    return "  " + text(f"parameter_{change.kind}", language, name=change.name, before=before, after=after)


def _cell(cell: CellDiff, language: str) -> Iterator[str]:
    notes = [cell.kind, *([text("cell_parameters", language)] if cell.is_parameters else [])]
    yield f"@@ {text(f'cell_{cell.status}', language, before=cell.before, after=cell.after)} ({', '.join(notes)}) @@"
    for key, names in (
        ("tags_added", cell.tags_added),
        ("tags_removed", cell.tags_removed),
        ("metadata_changed", cell.metadata),
    ):
        if names:
            yield "   " + text(key, language, names=plain_line(", ".join(names)))
    yield from _lines(cell.lines)


def _lines(lines: Sequence[LineChange]) -> Iterator[str]:
    """Show the changes with some lines around them."""
    near = {
        n
        for place, line in enumerate(lines)
        if line.kind != "same"
        for n in range(place - CONTEXT, place + CONTEXT + 1)
    }
    was_shown = True
    for place, line in enumerate(lines):
        if place in near:
            yield f"{_SIGNS[line.kind]} {plain_line(line.text, longest=LONGEST_LINE)}".rstrip()
        elif was_shown:
            yield "  …"
        was_shown = place in near
