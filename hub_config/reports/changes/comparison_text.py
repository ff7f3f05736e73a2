"""Two runs side by side, for a terminal."""

from collections.abc import Iterator

from hub_config.reports.changes.run_facts import RunFacts
from hub_config.reports.changes.side_by_side import RunComparison
from hub_config.reports.changes.table_changes import TableChange
from hub_config.reports.changes.terminal import columns_of_text, plain_line
from hub_config.reports.changes.texts import TEXTS, text
from hub_config.reports.changes.what_changed import Changes
from hub_config.reports.changes.wording import cell_texts, count_name, difference_texts, short_text

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
            *(short_text(side) if side is not None else text("none", language) for side in (fact.before, fact.after)),
        ]
        for fact in changes.facts
    ]
    return columns_of_text(heads, rows, numbers_from=3) if rows else []


def _outputs(changes: Changes, language: str) -> Iterator[str]:
    for key, outputs in (("output_added", changes.outputs_added), ("output_removed", changes.outputs_removed)):
        for output in outputs:
            kind = text(f"kind_{output.kind}", language)
            yield "  " + text(key, language, output=output.id, kind=kind)


def _heads(language: str) -> list[str]:
    return [text(f"column_{name}", language) for name in ("what", "before", "after", "difference", "relative")]


def _numbers(changes: Changes, language: str) -> list[str]:
    rows = [[number.output, *difference_texts(number.difference, language)] for number in changes.numbers]
    return columns_of_text(_heads(language), rows) if rows else []


def _counts(changes: Changes, language: str) -> list[str]:
    rows = [
        [count_name(count, language), *difference_texts(count.difference, language)]
        for count in changes.counts[:MOST_LINES]
    ]
    lines = columns_of_text(_heads(language), rows) if rows else []
    return lines + _more(changes.n_counts_changed - len(rows), language)


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
    cells = [[f"{_joined(cell.row)} · {plain_line(cell.column)}", *cell_texts(cell, language)] for cell in table.cells]
    lines += ["  " + line for line in columns_of_text(_heads(language), cells[:MOST_LINES])] if cells else []
    return lines + _more(table.n_cells_changed - min(len(cells), MOST_LINES), language)


def _joined(row: tuple[str, ...]) -> str:
    return plain_line(" | ".join(part for part in row if part), longest=100)


def _more(n: int, language: str) -> list[str]:
    return ["    " + text("and_more", language, n=f"{n:,}")] if n > 0 else []


def _remarks(changes: Changes, language: str) -> list[str]:
    lines = []
    for remark in changes.all_remarks:
        side = f" ({text(f'run_{remark.side}', language)})" if remark.side else ""
        about = f"{remark.output}: " if remark.output else ""
        lines.append(f"  {about}{text(f'remark_{remark.code}', language)}{side}")
    return list(dict.fromkeys(lines))
