"""Two runs side by side, for a terminal."""

import math
from collections.abc import Iterator

from hub_config.reports.changes.cells import Number, read_cell, shown
from hub_config.reports.changes.differences import Difference
from hub_config.reports.changes.run_facts import RunFacts
from hub_config.reports.changes.side_by_side import RunComparison
from hub_config.reports.changes.table_changes import CellChange, TableChange
from hub_config.reports.changes.terminal import columns_of_text, plain_line
from hub_config.reports.changes.texts import TEXTS, text
from hub_config.reports.changes.what_changed import Changes, CountChange

__all__ = ["comparison_text"]

MOST_LINES = 20


def comparison_text(comparison: RunComparison, language: str = "en") -> str:
    """Write two runs side by side for a terminal.

    Parameters
    ----------
    comparison : RunComparison
        From `compare_runs`.
    language : str, default 'en'
        ``en`` or ``ko``.

    Returns
    -------
    str
        Lines; parts without anything to say are left out.
    """
    changes = comparison.changes
    sections = [
        ("compared", _runs(comparison, language)),
        ("made_differently", _facts(changes, language)),
        ("outputs", list(_outputs(changes, language))),
        ("numbers", _numbers(changes, language)),
        ("counts", _counts(changes, language)),
        ("tables", [line for table in changes.tables for line in _table(table, language)]),
        ("remarks", _remarks(changes, language)),
    ]
    parts = ["\n".join([text(head, language), *lines]) for head, lines in sections if lines]
    if not changes.is_changed and not changes.all_remarks:
        parts.append(text("nothing_changed", language))
    return "\n\n".join(parts) + "\n"


def _runs(comparison: RunComparison, language: str) -> list[str]:
    rows = [
        [
            text(f"fact_{name}", language),
            *(_fact(facts, name, language=language) for facts in (comparison.before, comparison.after)),
        ]
        for name in ("run_id", "status", "started_at", "duration_s")
    ]
    heads = ["", text("run_before", language), text("run_after", language)]
    return columns_of_text(heads, rows, numbers_from=3)


def _fact(facts: RunFacts, name: str, *, language: str) -> str:
    value = getattr(facts, name)
    if value is None or value == "":
        return text("none", language)
    if name == "status" and f"state_{value}" in TEXTS["en"]:
        return text(f"state_{value}", language)
    return text("seconds", language, n=f"{value:.1f}") if name == "duration_s" else str(value)


def _facts(changes: Changes, language: str) -> list[str]:
    heads = [text(key, language) for key in ("column_what", "column_before", "column_after")]
    rows = [
        [
            text(f"fact_{fact.kind}", language, name=fact.name),
            *(_short(side) if side is not None else text("none", language) for side in (fact.before, fact.after)),
        ]
        for fact in changes.facts
    ]
    return columns_of_text(heads, rows, numbers_from=3) if rows else []


def _short(value: str) -> str:
    """Shorten a hash, which nobody reads to its end."""
    is_hash = len(value) == 64 and set(value) <= set("0123456789abcdef")
    return value[:12] if is_hash else value


def _outputs(changes: Changes, language: str) -> Iterator[str]:
    for key, outputs in (("output_added", changes.outputs_added), ("output_removed", changes.outputs_removed)):
        for output in outputs:
            kind = text(f"kind_{output.kind}", language)
            yield "  " + text(key, language, output=output.id, kind=kind)


def _heads(language: str) -> list[str]:
    return [text(f"column_{name}", language) for name in ("what", "before", "after", "difference", "relative")]


def _numbers(changes: Changes, language: str) -> list[str]:
    rows = [[number.output, *_cells(number.difference, language)] for number in changes.numbers]
    return columns_of_text(_heads(language), rows) if rows else []


def _counts(changes: Changes, language: str) -> list[str]:
    rows = [[_count(count, language), *_cells(count.difference, language)] for count in changes.counts[:MOST_LINES]]
    lines = columns_of_text(_heads(language), rows) if rows else []
    return lines + _more(changes.n_counts_changed - len(rows), language)


def _count(count: CountChange, language: str) -> str:
    name = text(f"count_{count.kind}", language, output=count.output, label=count.label)
    return f"{name}: {count.label}" if count.label and count.kind != "cohort_persons" else name


def _cells(difference: Difference, language: str) -> list[str]:
    apart = _number(difference.difference, language, sign=True, digits=6)
    if difference.verdict == "within":
        apart = text("within", language)
    share = difference.relative
    relative = text("none", language) if share is None or math.isinf(share) else f"{share:+.1%}"
    if difference.from_zero:
        relative = text("from_zero", language)
    return [_number(difference.before, language), _number(difference.after, language), apart, relative]


def _number(number: Number | None, language: str, *, sign: bool = False, digits: int = 10) -> str:
    """Write a number for reading; the document has it unrounded."""
    if number is None:
        return text("none", language)
    plus = "+" if sign and number > 0 else ""
    if isinstance(number, int):
        return f"{plus}{number:,}"
    return plus + (shown(number) if math.isinf(number) else f"{number:,.{digits}g}")


def _table(table: TableChange, language: str) -> list[str]:
    name = text("estimates_of", language, output=table.output) if table.source == "estimates" else table.output
    if not table.is_changed:
        compared = bool(table.n_cells_compared or not table.remarks)
        return ["  " + text("table_same", language, output=name, n=f"{table.rows_after:,}")] if compared else []
    counts = {"cells": table.n_cells_changed, "added": table.n_rows_added, "removed": table.n_rows_removed}
    lines = ["  " + text("table_counts", language, output=name, **{key: f"{n:,}" for key, n in counts.items()})]
    for key, names in (("columns_added", table.columns_added), ("columns_removed", table.columns_removed)):
        if names:
            lines.append("    " + text(key, language, names=plain_line(", ".join(names), longest=100)))
    for key, rows, n in (
        ("row_added", table.rows_added, table.n_rows_added),
        ("row_removed", table.rows_removed, table.n_rows_removed),
    ):
        lines += ["    " + text(key, language, name=_joined(row)) for row in rows[:MOST_LINES]]
        lines += _more(n - min(len(rows), MOST_LINES), language)
    cells = [[f"{_joined(cell.row)} · {plain_line(cell.column)}", *_cell(cell, language)] for cell in table.cells]
    lines += ["  " + line for line in columns_of_text(_heads(language), cells[:MOST_LINES])] if cells else []
    return lines + _more(table.n_cells_changed - min(len(cells), MOST_LINES), language)


def _joined(row: tuple[str, ...]) -> str:
    return plain_line(" | ".join(part for part in row if part), longest=100)


def _cell(cell: CellChange, language: str) -> list[str]:
    """Show a cell as it is written, with the difference of its first number that changed."""
    none = text("none", language)
    first = next((found for found in cell.differences if found.verdict == "changed"), None)
    apart = _cells(first, language)[2:] if first else [none, none]
    return [_written(side, language) or none for side in (cell.before, cell.after)] + apart


def _written(side: str, language: str) -> str:
    """Write a cell; one that is a number with many digits is rounded, as nobody reads them all."""
    cell = read_cell(side)
    is_long = cell.is_number and isinstance(cell.numbers[0], float) and len(side) > 10
    return _number(cell.numbers[0], language, digits=6) if is_long else side


def _more(n: int, language: str) -> list[str]:
    return ["    " + text("and_more", language, n=f"{n:,}")] if n > 0 else []


def _remarks(changes: Changes, language: str) -> list[str]:
    lines = []
    for remark in changes.all_remarks:
        side = f" ({text(f'run_{remark.side}', language)})" if remark.side else ""
        about = f"{remark.output}: " if remark.output else ""
        lines.append(f"  {about}{text(f'remark_{remark.code}', language)}{side}")
    return list(dict.fromkeys(lines))
